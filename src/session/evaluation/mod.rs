//! Evaluation of the words of a line: names become what they stand for, JSON and jq become values.

pub(in crate::session) mod data;
pub(in crate::session) mod expressions;
mod habits;
mod names;
