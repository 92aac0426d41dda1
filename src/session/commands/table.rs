//! The commands: one table for the interpreter, the help and its tests.

use crate::session::commands::{
    edits, files, guards, help, inspect, kinds, merge, refs, request, set, undo, versions,
};
use crate::session::language::command::Command;

/// All commands, in the order in which one meets them.
pub const COMMANDS: &[Command] = &[
    refs::MAKE_REF,
    refs::BRANCH,
    edits::SWAP,
    edits::RESET,
    edits::CAS,
    kinds::TEXT,
    kinds::COUNTER,
    kinds::PLAIN,
    merge::MERGE,
    merge::SQUASH,
    versions::TAKE_CLOCK,
    versions::AT,
    versions::PATCH_FROM_CLOCK,
    versions::PEEK_PATCHES,
    versions::POP_PATCHES,
    inspect::WAITING,
    merge::DROP_WAITING,
    inspect::CONFLICTS,
    inspect::REFS,
    inspect::LOG,
    inspect::SAME,
    guards::WATCH,
    guards::UNWATCH,
    guards::VALIDATE,
    refs::DROP,
    refs::RENAME,
    undo::UNDO,
    undo::REDO,
    request::READ,
    request::RECORD,
    files::EXPORT,
    files::PIPE,
    files::SAVE,
    files::OPEN,
    inspect::SHOW,
    set::SET,
    help::HELP,
    request::QUIT,
];
