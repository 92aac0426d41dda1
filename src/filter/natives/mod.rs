//! The native filters: those that jq has, and those that rewritten filters call.

pub(in crate::filter) mod control;
pub(in crate::filter) mod dates;
pub(in crate::filter) mod delete;
pub(in crate::filter) mod formats;
pub(in crate::filter) mod growth;
pub(in crate::filter) mod names;
pub(in crate::filter) mod numbers;
pub(in crate::filter) mod place;
pub(in crate::filter) mod regex;
pub(in crate::filter) mod steps;
pub(in crate::filter) mod strings;
pub(in crate::filter) mod update;
pub(in crate::filter) mod values;
