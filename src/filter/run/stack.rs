//! Stacks with room for recursion.
//!
//! Parsing, compiling and running recurse along a filter, and a filter may define filters that
//! recurse without end. A stack that overflows ends the process, so long filters and recursive
//! ones get a stack of their own, and every definition checks what is left of the stack.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;

use crate::cancellation::Cancelled;
use crate::filter::run::limits::Cause;
use crate::value::{Val, View};

/// The bytes that calls on the caller's own stack may use until [`has_room`] says no.
const HERE: usize = 384 << 10;
/// The bytes that recursive definitions may use of a stack of their own.
const OWN: usize = 64 << 20;
/// The bytes that are left for the calls between two checks, beyond what the length of the filter needs.
const RESERVE: usize = 8 << 20;
/// The bytes that one level of a value may need when it is dropped, compared or printed.
const PER_LEVEL: usize = 4 << 10;
/// The bytes that one token of a filter may need: a level of parsing, compiling or running.
const PER_TOKEN: usize = if cfg!(debug_assertions) { 24 << 10 } else { 6 << 10 };
/// Filters of up to so many tokens need no stack of their own.
const SHORT: usize = 64;
/// The most tokens that a filter may have.
pub(in crate::filter) const MAX_TOKENS: usize = 20_000;

/// The room in which to call something that recurses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::filter) enum Room {
    /// On the stack of the caller.
    Here,
    /// On a stack of its own, which holds at least this number of levels.
    Own(usize),
}

impl Room {
    /// Makes the room for something that recurses by `levels` at most.
    pub(in crate::filter) fn levels(levels: usize) -> Self {
        if levels <= SHORT { Self::Here } else { Self::Own(levels) }
    }
}

/// The reason why a call came to no end.
#[derive(Debug)]
pub(in crate::filter) enum Fault {
    /// It panicked.
    Panic,
    /// It was stopped.
    Stopped(Cause),
    /// The system gives no thread.
    NoThread,
    /// The stack of the caller was too small for its definitions.
    Full,
}

thread_local! {
    /// The address that the stack of this thread may not grow beyond.
    static FLOOR: Cell<usize> = const { Cell::new(0) };
    /// The maximum number of levels of a value that is made on the way: it is dropped level by level.
    static LEVELS: Cell<u32> = const { Cell::new(0) };
    /// A count of values that may be nested deeply, to look at few of them.
    static SEEN: Cell<u8> = const { Cell::new(0) };
    /// A flag: a definition found no room.
    static FULL: Cell<bool> = const { Cell::new(false) };
}

/// Calls `f` where there is room for it.
pub(in crate::filter) fn call<T: Send>(room: Room, f: impl FnOnce() -> T + Send) -> Result<T, Fault> {
    match room {
        Room::Here => {
            FULL.set(false);
            let result = limited(HERE, f);
            if FULL.get() { Err(Fault::Full) } else { result }
        }
        Room::Own(levels) => thread::scope(|scope| {
            let size = OWN + RESERVE + levels.min(MAX_TOKENS) * PER_TOKEN;
            thread::Builder::new()
                .stack_size(size)
                .spawn_scoped(scope, || limited(OWN, f))
                .map_err(|_| Fault::NoThread)?
                .join()
                .unwrap_or(Err(Fault::Panic))
        }),
    }
}

fn limited<T>(size: usize, f: impl FnOnce() -> T) -> Result<T, Fault> {
    let outer = FLOOR.replace(here().saturating_sub(size));
    let levels = LEVELS.replace(u32::try_from(size / PER_LEVEL).unwrap_or(u32::MAX));
    // Nothing that `f` leaves half-done is used after a panic: all it has is its own.
    let result = catch_unwind(AssertUnwindSafe(f)).map_err(|payload| match payload.downcast_ref::<Cause>() {
        Some(cause) => Fault::Stopped(*cause),
        None if payload.is::<Cancelled>() => Fault::Stopped(Cause::Interrupt),
        None => Fault::Panic,
    });
    FLOOR.set(outer);
    LEVELS.set(levels);
    result
}

/// Tells whether a definition may still be entered.
pub(in crate::filter) fn has_room() -> bool {
    let room = here() > FLOOR.get();
    if !room {
        FULL.set(true);
    }
    room
}

/// Tells whether a value is not nested too deeply to be dropped here.
pub(in crate::filter) fn is_shallow(value: &Val) -> bool {
    let most = LEVELS.get();
    let shallow = value.levels() <= most || is_shallow_at_its_ends(value, most);
    if !shallow {
        FULL.set(true);
    }
    shallow
}

/// Tells the same of a value that is shallower now than it may have been: every few times it is looked at along its
/// first and last items, so that a loop that nests its value once more in each round is noticed.
fn is_shallow_at_its_ends(value: &Val, most: u32) -> bool {
    let seen = SEEN.get().wrapping_add(1);
    SEEN.set(seen);
    !seen.is_multiple_of(32) || {
        let levels = std::iter::successors(Some(value), |value| inside(value));
        levels.take(most as usize + 1).count() <= most as usize
    }
}

/// Returns the first or the last part of a value, if one of them has parts.
fn inside(value: &Val) -> Option<&Val> {
    let ends = match value.view() {
        View::Arr(items) => [items.first(), items.last()],
        View::Obj(entries) => [entries.values().next(), entries.values().next_back()],
        _ => return None,
    };
    ends.into_iter().flatten().find(|value| value.is_container())
}

/// Returns an address on the stack, near its end.
#[inline(never)]
fn here() -> usize {
    let local = 0_u8;
    std::ptr::from_ref(std::hint::black_box(&local)).addr()
}
