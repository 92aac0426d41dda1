//! The bound that the docs of `Limits` state is held: an allocator counts what files take that stand for as much as
//! they can.
#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]
#![allow(dead_code, unreachable_pub, reason = "it uses a part of what it includes")]

#[path = "../shared/allocations.rs"]
mod allocations;
#[path = "../shared/file.rs"]
mod file;
#[path = "../shared/hostile.rs"]
mod hostile;

use allocations::{Counting, peak_of};
use hostile::Columns;
use rejoin::crdt::{
    Actor, ConvergentRef, DecodeError, DecodeReason, DocumentId, Limits, MergeError, OverLimit, Patch,
    SavedRef,
};
use rejoin::value::{Val, parse};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// The number of ops: enough that what is beside does not count. More take too long in some ways.
const OPS: u64 = 8_000;
/// The number of ops of a file that needs zeros.
const MANY: u64 = 40_000;

const DOCUMENT: &str = "d";

/// What `Limits` says.
fn bound(bytes: usize) -> usize {
    2_048 * bytes + (16 << 20)
}

/// The memory that an estimate comes to.
fn claimed<T>(read: Result<T, DecodeError>) -> Option<u64> {
    match read.err()?.reason {
        DecodeReason::Inflated { memory, .. } => Some(memory),
        DecodeReason::Limit(OverLimit::Memory { found, .. }) => Some(found),
        _ => None,
    }
}

/// The estimate for a file, which is given no memory at all, step by step more.
fn estimate(read: impl Fn(&Limits) -> Option<u64>) -> u64 {
    let mut memory = 0;
    while let Some(found) = read(&Limits { memory, ..Limits::default() }) {
        memory = found;
    }
    memory
}

/// A file with as many zeros as it needs to be read.
fn filled(make: impl Fn(usize) -> Vec<u8>, read: impl Fn(&[u8]) -> Option<u64>) -> Vec<u8> {
    let mut filler = 0;
    loop {
        let file = make(filler);
        let Some(memory) = read(&file) else { return file };
        filler += 1 + ((memory as usize).saturating_sub(16 << 20) / 2_048).saturating_sub(file.len());
    }
}

fn fresh() -> ConvergentRef {
    ConvergentRef::new(DocumentId::new(DOCUMENT).unwrap(), Actor::new("y").unwrap())
}

// Counts are of the whole process: one test.
#[test]
fn given_hostile_files_when_they_are_read_and_merged_then_no_more_memory_is_taken_than_was_estimated() {
    for ((name, applied), (_, waiting)) in hostile::all(OPS, 0).into_iter().zip(hostile::all(OPS, 5)) {
        a_ref(name, &applied, &Columns::default());
        a_ref(name, &Columns::default(), &waiting);
        a_patch(name, &applied);
        one_that_waits(name, &waiting);
    }
    for (name, part) in [
        ("nulls", "null"),
        ("lists", "[]"),
        ("lists of one", "[null]"),
        ("maps", "{}"),
        ("maps of one", r#"{"a":null}"#),
        ("maps of two", r#"{"a":null,"b":null}"#),
        ("maps of nine", r#"{"a":1,"b":1,"c":1,"d":1,"e":1,"f":1,"g":1,"h":1,"i":1}"#),
        (
            "larger maps",
            &format!("{{{}}}", (0..40).map(|key| format!(r#""{key}":0"#)).collect::<Vec<_>>().join(",")),
        ),
        ("nested lists", "[[[[[[[[]]]]]]]]"),
        ("empty strings", r#""""#),
        ("short strings", r#""a""#),
        ("decimals", "1.50"),
        ("long numbers", "12345678901234567890"),
    ] {
        a_value(name, part);
    }
    for (name, changes) in hostile::all(MANY, 0).into_iter().filter(|(name, _)| *name == "lists in lists") {
        a_ref(name, &changes, &Columns::default());
        a_patch(name, &changes);
    }
}

/// The value of a ref of so many parts, each of which takes much for its bytes.
fn a_value(name: &str, part: &str) {
    let value: Val = (0..OPS).map(|_| parse(part).unwrap()).collect();
    let mut replica = fresh();
    replica.reset(value).unwrap();
    let file = replica.to_bytes_with_value();
    let read = |limits: &Limits| claimed(SavedRef::from_bytes_within(file.clone(), limits));
    let estimate = estimate(read);
    let (_, peak) = peak_of(|| SavedRef::from_bytes(file.clone()).unwrap());
    held(name, "a value", &file, estimate, peak);
}

fn a_ref(name: &str, applied: &Columns, waiting: &Columns) {
    let make = |filler| applied.replica(waiting, DOCUMENT, filler);
    let file = filled(make, |file| claimed(ConvergentRef::from_bytes(file)));
    let estimate = estimate(|limits| claimed(ConvergentRef::from_bytes_within(&file, limits)));
    let (_, peak) = peak_of(|| {
        let read = ConvergentRef::from_bytes(&file).unwrap_or_else(|error| panic!("{name}: {error}"));
        read.value();
        read
    });
    held(name, "a ref", &file, estimate, peak);
    // Without the zeros it is refused, and takes next to nothing.
    let file = make(0);
    if bound(file.len()) < estimate as usize {
        let (read, peak) = peak_of(|| claimed(ConvergentRef::from_bytes(&file)));
        assert!(read.is_some(), "{name}: {} bytes took {estimate}", file.len());
        assert!(peak <= bound(file.len()), "{name}: {peak} bytes for a file that is refused");
    }
    let (_, peak) = peak_of(|| {
        let limits = Limits { memory: 1 << 20, ..Limits::default() };
        assert!(ConvergentRef::from_bytes_within(&file, &limits).is_err() || estimate <= 1 << 20, "{name}");
    });
    assert!(peak <= 1 << 20, "{name}: {peak} bytes within a limit of 1 MiB");
}

fn a_patch(name: &str, changes: &Columns) {
    let file = filled(|filler| changes.patch(DOCUMENT, filler), |file| claimed(Patch::from_bytes(file)));
    let estimate = estimate(|limits| claimed(Patch::from_bytes_within(&file, limits)));
    let (_, peak) = peak_of(|| {
        let patch = Patch::from_bytes(&file).unwrap_or_else(|error| panic!("{name}: {error}"));
        let mut replica = fresh();
        replica.merge_patch(&patch).unwrap_or_else(|error| panic!("{name}: {error}"));
        replica
    });
    held(name, "a patch", &file, estimate, peak);
}

fn one_that_waits(name: &str, changes: &Columns) {
    let file = filled(|filler| changes.patch(DOCUMENT, filler), |file| claimed(Patch::from_bytes(file)));
    let patch = Patch::from_bytes(&file).unwrap_or_else(|error| panic!("{name}: {error}"));
    let mut replica = fresh();
    let (merged, peak) = peak_of(|| replica.merge_patch(&patch));
    assert!(matches!(merged, Ok(_) | Err(MergeError::TooLarge { .. })), "{name}: {merged:?}");
    assert!(peak <= 256 << 20, "{name}: {peak} bytes of what waits");
}

fn held(name: &str, what: &str, file: &[u8], estimate: u64, peak: usize) {
    let (bytes, most) = (file.len(), bound(file.len()));
    assert!(peak <= estimate as usize + (1 << 20), "{name}: {what} took {peak}, the estimate is {estimate}");
    assert!(peak <= most, "{name}: {what} of {bytes} bytes took {peak}, the bound is {most}");
}
