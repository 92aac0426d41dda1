//! Hostile bytes: what is accepted can be merged, what is refused leaves no trace.
//!
//! The low bits of the first byte say how the others are read:
//!
//! | mode | the others are |
//! | --- | --- |
//! | 0 | the bytes of a patch or ref, checksum and all |
//! | 1 | a patch after its document; head, document and checksum are added |
//! | 2 | the same of a ref |
//! | 3 | the same of a patch, the columns framed: they stay columns, however long they become |
//! | 4 | JSON |
//! | 5 | the frames of a stream; its header, their lengths and checksums are added |
//!
//! With the high bit it is merged where changes wait.
#![no_main]

#[path = "../../tests/engine/common/mod.rs"]
mod common;
#[path = "../../tests/engine/oracle/mod.rs"]
mod oracle;
#[path = "../shared/mod.rs"]
mod shared;

use common::{Snapshot, actor, document, patch, text};
use libfuzzer_sys::fuzz_target;
use rejoin::crdt::{Change, Clock, ConvergentRef, Op, OpId, Patch, PatchReader, PatchWriter, SavedRef};
use rejoin::value::{self, Step};
use shared::allocations::{Counting, peak_of};
use shared::file::{PATCH, REF, claimed, columns, repaired, stream};
use shared::{
    base,
    sound::{is_sound, ready},
};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// How much an input may allocate, as the docs of `Limits` say: so much for each byte, and so much beside.
const EACH: usize = 2_048;
const BESIDE: usize = 16 << 20;

/// Runs of deletes are as long as somebody says; unpacked, they are as large as that.
const MANY: u64 = 2_000;

/// Histories up to here are held against the oracle, which is slow.
const FEW: usize = 300;

struct Target {
    replica: ConvergentRef,
    before: Snapshot,
}

thread_local! {
    /// A replica in which nothing waits, and one in which changes wait.
    static TARGETS: [Target; 2] = [Target::of(&base::base()), Target::of(&base::waiting())];
}

impl Target {
    fn of(replica: &ConvergentRef) -> Self {
        let replica = ConvergentRef::from_bytes(&replica.to_bytes()).unwrap();
        let before = Snapshot::of(&replica);
        Self { replica, before }
    }

    /// A new branch, with what waits.
    fn replica(&self) -> ConvergentRef {
        let mut replica = self.replica.branch(actor("fuzz")).unwrap();
        let waiting = patch(self.replica.waiting().cloned());
        replica.merge_patch(&waiting).unwrap();
        replica
    }
}

fuzz_target!(|input: &[u8]| {
    let Some((mode, rest)) = input.split_first() else { return };
    TARGETS.with(|targets| {
        let target = &targets[usize::from(mode >> 7)];
        let document = document();
        let document = document.as_str();
        match mode % 8 {
            0 => {
                read_patch(rest, target);
                read_ref(rest, target);
            }
            1 => read_patch(&repaired(PATCH, document, rest), target),
            2 => read_ref(&repaired(REF, document, rest), target),
            3 => read_patch(&repaired(PATCH, document, &columns(rest)), target),
            5 => read_stream(&stream(document, rest), target),
            _ => read_json(rest, target),
        }
    });
});

/// # Panics
/// When the call allocates more than an input of this length warrants.
fn within<T>(length: usize, what: &str, call: impl FnOnce() -> T) -> T {
    let (result, peak) = peak_of(call);
    assert!(peak <= EACH * length + BESIDE, "{what} allocated {peak} bytes for an input of {length}");
    result
}

fn read_patch(bytes: &[u8], target: &Target) {
    let Ok(patch) = within(bytes.len(), "Patch::from_bytes", || Patch::from_bytes(bytes)) else { return };
    if claimed(bytes).is_none_or(|ops| ops > MANY) {
        return;
    }
    let again = Patch::from_bytes(&patch.to_bytes()).unwrap();
    let changes: Vec<Change> = within(bytes.len(), "Patch::changes", || patch.changes().collect());
    assert_eq!(changes.len(), patch.len());
    assert!(again.changes().eq(changes.iter().cloned()), "written and read again");
    merge(bytes.len(), &patch, target);
}

fn read_json(bytes: &[u8], target: &Target) {
    let Ok(json) = std::str::from_utf8(bytes) else { return };
    let Ok(json) = within(bytes.len(), "parse", || value::parse(json)) else { return };
    if let Ok(clock) = within(bytes.len(), "Clock::from_json", || Clock::from_json(&json)) {
        let again = Clock::from_json(&value::parse(&clock.to_string()).unwrap()).unwrap();
        assert_eq!(again, clock);
        let replica = target.replica();
        let sent = replica.patch_from_clock(&clock);
        assert!(sent.len() <= replica.changes().len());
        let _ = replica.at(&clock);
    }
    if let Ok(patch) = within(bytes.len(), "Patch::from_json", || Patch::from_json(&json)) {
        let again = Patch::from_json(&value::parse(&value::text(&patch.to_json())).unwrap()).unwrap();
        assert_eq!(again, patch);
        // What it says may be malformed, but somebody may pass it on as bytes.
        if !patch.changes().any(|change| change.ops.iter().any(is_empty)) {
            let _ = Patch::from_bytes(&patch.to_bytes());
        }
        merge(bytes.len(), &patch, target);
    }
}

/// Whether an op that takes or names at least one id names none.
fn is_empty(op: &Op) -> bool {
    match op {
        Op::Type { chars, .. } => chars.is_empty(),
        Op::Delete { over } => over.is_empty(),
        _ => false,
    }
}

fn merge(length: usize, patch: &Patch, target: &Target) {
    let mut replica = target.replica();
    let merged = within(length, "merge_patch", || replica.merge_patch(patch));
    let Ok(report) = merged else {
        assert_eq!(Snapshot::of(&replica), target.before, "a patch that was refused leaves no trace");
        return;
    };
    let few = replica.changes().len() + replica.waiting_len() <= FEW;
    let ops = replica.clock().iter().map(|(_, counter)| counter).sum::<u64>();
    if !few || ops > 20_000 {
        replica.check().unwrap();
        let _ = text(&replica);
        return;
    }
    is_sound(&replica);

    // It reads back from bytes and from JSON as it is.
    let changes: Vec<Change> = patch.changes().collect();
    let bytes = Patch::from_bytes(&patch.to_bytes()).unwrap();
    let json = Patch::from_json(&value::parse(&value::text(&patch.to_json())).unwrap());
    let json = match json {
        Ok(json) => json,
        // Bytes may name a base that has no name in JSON.
        Err(error) if error.path.0.first() == Some(&Step::Key("base".into())) => return,
        Err(error) => panic!("by way of JSON: {error}"),
    };
    assert!(json.changes().eq(changes.iter().cloned()), "by way of JSON");
    if !replica.waiting().any(|change| changes.contains(change)) {
        assert!(
            bytes.changes().map(common::typed_whole).eq(changes.iter().cloned().map(common::typed_whole)),
            "by way of bytes"
        );
    }

    // Once more, it is known.
    let now = Snapshot::of(&replica);
    let second = replica.merge_patch(patch).unwrap();
    assert_eq!((second.new, second.refused.len()), (0, 0));
    assert_eq!(Snapshot::of(&replica), now, "the second time changes nothing");

    // The last change first, one by one.
    if report.refused.is_empty() && changes.len() <= 50 {
        let mut backwards = target.replica();
        for change in changes.into_iter().rev() {
            let merged = backwards.merge_patch(&common::patch([change]));
            assert!(merged.is_ok_and(|report| report.refused.is_empty()), "one by one");
        }
        assert_eq!(text(&backwards), text(&replica), "one by one, the last first");
        assert_eq!(backwards.clock(), replica.clock());
        backwards.check().unwrap();
    }

    written_again(&replica);
    edited(replica);
}

/// Each patch is taken as if it had come alone.
fn read_stream(bytes: &[u8], target: &Target) {
    let (mut reader, mut rest, mut patches) = (PatchReader::new(), bytes, Vec::new());
    while let Ok(Some(patch)) = reader.read(&mut rest) {
        patches.push(patch);
    }
    let mut writer = PatchWriter::new(document());
    let mut again = Vec::new();
    for patch in &patches {
        let alone = patch.to_bytes();
        assert_eq!(&Patch::from_bytes(&alone).unwrap(), patch, "written alone");
        read_patch(&alone, target);
        writer.write(patch, &mut again).unwrap();
    }
    let (mut reader, mut rest) = (PatchReader::new(), &again[..]);
    for patch in &patches {
        let read = reader.read(&mut rest).unwrap().unwrap();
        assert!(read.changes().eq(patch.changes()), "written to a stream");
    }
    assert!(rest.is_empty());
}

fn read_ref(bytes: &[u8], target: &Target) {
    if claimed(bytes).is_none_or(|ops| ops > MANY) {
        return;
    }
    let saved = within(bytes.len(), "SavedRef::from_bytes", || SavedRef::from_bytes(bytes.to_vec()));
    if let Ok(opened) = saved.as_ref().map_err(|_| ()).and_then(|saved| saved.open().map_err(|_| ())) {
        let saved = saved.unwrap();
        assert!(value::same(opened.value(), saved.value()), "a saved value is that of the history");
        assert_eq!(opened.clock(), saved.clock());
    }
    let Ok(read) = within(bytes.len(), "ConvergentRef::from_bytes", || ConvergentRef::from_bytes(bytes))
    else {
        return;
    };
    let few = read.changes().len() + read.waiting_len() <= FEW;
    let ops = read.clock().iter().map(|(_, counter)| counter).sum::<u64>();
    if !few || ops > 20_000 {
        read.check().unwrap();
        let _ = text(&read);
        return;
    }
    let mut read = read;
    if ready(&read).is_some() {
        // It may have been written so. The next merge looks at what waits.
        written_again(&read);
        if read.document() != &document() || read.merge(&target.replica()).is_err() {
            return;
        }
    }
    is_sound(&read);
    written_again(&read);
    if read.document() == &document() && read.actor() != &actor("fuzz") {
        let mut replica = target.replica();
        match within(bytes.len(), "merge", || replica.merge(&read)) {
            Err(_) => {
                assert_eq!(Snapshot::of(&replica), target.before, "a ref that was refused leaves no trace")
            }
            Ok(_) => {
                is_sound(&replica);
                let now = text(&replica);
                replica.merge(&read).unwrap();
                assert_eq!(text(&replica), now);
            }
        }
    }
    edited(read);
}

fn written_again(replica: &ConvergentRef) {
    let again = ConvergentRef::from_bytes(&replica.to_bytes()).unwrap();
    assert_eq!(Snapshot::of(&again), Snapshot::of(replica), "written and read again");
}

/// An edit, if the actor may make one, says what it did.
fn edited(mut replica: ConvergentRef) {
    let value = replica.value().clone();
    let Ok(swap) = replica.swap(|value| [value.clone(), 1isize.into()].into_iter().collect()) else { return };
    assert!(swap.change.as_ref().is_some_and(|id: &OpId| id.actor == *replica.actor()));
    replica.check().unwrap();
    replica.reset(value.clone()).unwrap();
    assert!(value::same(replica.value(), &value), "{} and not {}", text(&replica), value::text(&value));
    is_sound(&replica);
}
