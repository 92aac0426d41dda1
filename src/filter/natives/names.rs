//! Names of native filters that only rewritten filters call: no text can spell them.

/// The check that every definition starts with.
pub(in crate::filter) const GUARD: &str = "!room";
/// A path of constant keys and ranges: the path, and its steps as an array of what
/// [`Step::read`](super::steps::Step::read) reads.
pub(in crate::filter) const KEYS: &str = "!keys";
/// Any other path that is updated.
pub(in crate::filter) const PATHS: &str = "!paths";
/// A variable or a number in a path.
pub(in crate::filter) const LOCATED: &str = "!located";
/// The last output of its argument, or null.
pub(in crate::filter) const LAST: &str = "!last";
/// No output.
pub(in crate::filter) const NONE: &str = "!none";
/// Null.
pub(in crate::filter) const NULL: &str = "!null";
/// The outputs of the first argument, and from its first error on those of the second one.
pub(in crate::filter) const OTHERWISE: &str = "!otherwise";
/// The product of the second argument and the first one.
pub(in crate::filter) const TIMES: &str = "!times";
/// The quotient of the second argument and the first one.
pub(in crate::filter) const OVER: &str = "!over";
/// The input, measured before it is written out.
pub(in crate::filter) const MEASURED: &str = "!measured";
/// The input, if there is room for its characters as values.
pub(in crate::filter) const RESERVED: &str = "!reserved";
