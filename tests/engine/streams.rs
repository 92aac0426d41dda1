//! Streams of patches: what was told once is not told again, and what is cut or damaged is found.

use crate::common::cases::for_all;
use crate::common::history::{World, histories};
use crate::common::{actor, branch, change_set, document, id, patch, replica, set, text};
use proptest::prelude::*;
use rejoin::crdt::{
    Change, Clock, ConvergentRef, DecodeReason, DocumentId, Kind, Limits, MergeError, Op, OpId, Patch,
    PatchReader, PatchWriter, Side, StreamError,
};
use rejoin::value::Path;

fn writer() -> PatchWriter {
    PatchWriter::new(document())
}

/// Reads all whole patches of a stream, and returns how many bytes are left.
fn read(reader: &mut PatchReader, mut bytes: &[u8]) -> (Vec<Patch>, usize) {
    let mut patches = Vec::new();
    while let Some(patch) = reader.read(&mut bytes).unwrap() {
        patches.push(patch);
    }
    (patches, bytes.len())
}

/// A text of two replicas who type by turns, each keystroke a patch.
fn keystrokes(count: usize) -> (ConvergentRef, Vec<Patch>) {
    let mut ann = replica("ann", "{}");
    let mut transaction = ann.transaction().unwrap();
    let text = transaction.put_new(&id("1@ann"), "t", Kind::Text).unwrap();
    transaction.commit().unwrap();
    let mut patches = vec![ann.patch_from_clock(&Clock::new())];
    let mut ben = branch(&ann, "ben");
    for at in 0..count {
        let (writer, other) = if at / 10 % 2 == 0 { (&mut ann, &mut ben) } else { (&mut ben, &mut ann) };
        let seen = writer.clock().clone();
        let mut transaction = writer.transaction().unwrap();
        transaction.splice(&text, at, 0, "x").unwrap();
        transaction.commit().unwrap();
        patches.push(writer.patch_from_clock(&seen));
        other.merge_patch(patches.last().unwrap()).unwrap();
    }
    (ann, patches)
}

#[test]
fn given_random_histories_when_each_replica_is_written_as_it_goes_then_its_stream_reads_as_it() {
    for_all(256, (histories(1..30), 1..200usize), |(history, piece)| {
        let mut world = World::start(&history);
        let mut logs: Vec<(PatchWriter, Vec<u8>, Clock, Vec<Patch>)> = Vec::new();
        for step in &history.steps {
            world.step(step);
            logs.resize_with(world.replicas.len(), || (writer(), Vec::new(), Clock::new(), Vec::new()));
            for (replica, (writer, bytes, seen, patches)) in world.replicas.iter().zip(&mut logs) {
                if replica.clock() != seen {
                    patches.push(replica.patch_from_clock(seen));
                    writer.write(&patches[patches.len() - 1], bytes).unwrap();
                    *seen = replica.clock().clone();
                    // One that says that there is nothing new, with and without what that follows.
                    for empty in [Patch::new(document(), []), replica.patch_from_clock(seen)] {
                        writer.write(&empty, bytes).unwrap();
                        patches.push(empty);
                    }
                }
            }
        }
        for (replica, (_, bytes, _, written)) in world.replicas.iter().zip(&logs) {
            let mut reread = ConvergentRef::new(document(), actor("reader"));
            let (mut reader, mut come, mut written) = (PatchReader::new(), Vec::new(), written.iter());
            for piece in bytes.chunks(piece) {
                come.extend_from_slice(piece);
                let mut rest = &come[..];
                while let Some(patch) = reader.read(&mut rest).unwrap() {
                    prop_assert!(patch.changes().eq(written.next().unwrap().changes()));
                    prop_assert_eq!(&Patch::from_bytes(&patch.to_bytes()).unwrap(), &patch);
                    reread.merge_patch(&patch).unwrap();
                }
                come = rest.to_vec();
            }
            prop_assert!(come.is_empty() && written.next().is_none());
            prop_assert_eq!(text(&reread), text(replica));
            prop_assert_eq!(change_set(&reread), change_set(replica));
        }
        Ok(())
    });
}

#[test]
fn given_keystrokes_when_written_to_a_stream_then_each_takes_a_few_bytes() {
    let (_, patches) = keystrokes(1_000);
    let (mut writer, mut stream) = (writer(), Vec::new());
    patches.iter().for_each(|patch| writer.write(patch, &mut stream).unwrap());
    let alone: usize = patches.iter().map(|patch| patch.to_bytes().len()).sum();
    assert!(stream.len() <= 14 * patches.len(), "{} bytes of {alone}", stream.len());
    assert!(alone <= 45 * patches.len(), "{alone} bytes");
}

#[test]
fn given_a_stream_that_is_cut_anywhere_then_the_whole_patches_before_are_read_and_it_can_go_on() {
    let (ann, patches) = keystrokes(25);
    let (mut writer, mut stream, mut ends) = (writer(), Vec::new(), vec![0]);
    for patch in &patches {
        writer.write(patch, &mut stream).unwrap();
        ends.push(stream.len());
    }
    for cut in 0..=stream.len() {
        let whole = ends.iter().filter(|end| **end <= cut).count() - 1;
        let mut reader = PatchReader::new();
        let (read_now, left) = read(&mut reader, &stream[..cut]);
        assert_eq!(read_now.len(), whole, "cut at {cut}");
        // Behind what is whole another writer goes on.
        let mut mended = stream[..cut - left].to_vec();
        let Some(mut writer) = reader.into_writer() else {
            assert_eq!(mended, b"");
            continue;
        };
        patches[whole..].iter().for_each(|patch| writer.write(patch, &mut mended).unwrap());
        let mut reread = ConvergentRef::new(document(), actor("reader"));
        let (patches, left) = read(&mut PatchReader::new(), &mended);
        patches.iter().for_each(|patch| drop(reread.merge_patch(patch).unwrap()));
        assert_eq!((left, text(&reread)), (0, text(&ann)), "cut at {cut}");
    }
}

#[test]
fn given_a_stream_with_a_damaged_byte_when_read_then_nothing_wrong_comes_of_it() {
    let (_, patches) = keystrokes(25);
    let (mut writer, mut stream) = (writer(), Vec::new());
    patches.iter().for_each(|patch| writer.write(patch, &mut stream).unwrap());
    for at in 0..stream.len() {
        let mut damaged = stream.clone();
        damaged[at] ^= 0x11;
        let (mut reader, mut rest, mut expected) = (PatchReader::new(), &damaged[..], patches.iter());
        while let Ok(Some(patch)) = reader.read(&mut rest) {
            assert!(patch.changes().eq(expected.next().unwrap().changes()), "damaged at {at}");
        }
        assert!(!rest.is_empty(), "damaged at {at}");
    }
}

#[test]
fn given_a_fork_when_the_stream_goes_on_behind_it_then_it_is_found() {
    // Two replicas write under one name.
    let ann = replica("ann", "{}");
    let (mut one, mut other) = (branch(&ann, "ben"), branch(&ann, "ben"));
    set(&mut one, r#"{"a":1}"#);
    set(&mut other, r#"{"a":2}"#);
    let seen = one.clock().clone();
    set(&mut one, r#"{"a":1,"b":1}"#);
    let (mut writer, mut stream) = (writer(), Vec::new());
    writer.write(&one.patch_from_clock(&seen), &mut stream).unwrap();
    let (patches, _) = read(&mut PatchReader::new(), &stream);
    let refused = other.merge_patch(&patches[0]);
    assert!(matches!(refused, Err(MergeError::OtherBase { .. })), "{refused:?}");
}

#[test]
fn given_a_fork_in_the_middle_of_a_stream_when_read_on_then_it_is_found_again() {
    let ann = replica("ann", "{}");
    let (mut one, mut other) = (branch(&ann, "ben"), branch(&ann, "ben"));
    set(&mut other, r#"{"a":2}"#);
    let (mut writer, mut stream) = (writer(), Vec::new());
    for value in [r#"{"a":1}"#, r#"{"a":1,"b":1}"#, r#"{"a":1,"b":2}"#] {
        let seen = one.clock().clone();
        set(&mut one, value);
        writer.write(&one.patch_from_clock(&seen), &mut stream).unwrap();
    }
    let before = text(&other);
    let patches = read(&mut PatchReader::new(), &stream).0;
    for patch in &patches {
        // By itself a patch says the same as in the stream.
        let alone = Patch::from_bytes(&patch.to_bytes()).unwrap();
        let json = Patch::from_json(&patch.to_json()).unwrap();
        assert!(alone == *patch && json == *patch);
    }
    assert!(matches!(other.merge_patch(&patches[0]), Err(MergeError::Equivocation { .. })));
    assert!(matches!(other.merge_patch(&patches[1]), Err(MergeError::OtherBase { .. })));
    // What follows the patch that was refused can only wait.
    assert_eq!(other.merge_patch(&patches[2]).unwrap().waiting, 1);
    assert_eq!(text(&other), before);
}

#[test]
fn given_a_frame_past_a_limit_when_the_stream_goes_on_before_it_then_nothing_of_it_was_heard() {
    let (mut first, mut ann) = (replica("first", "[]"), ConvergentRef::new(document(), actor("ann")));
    let (mut writer, mut stream) = (writer(), Vec::new());
    writer.write(&first.patch_from_clock(&Clock::new()), &mut stream).unwrap();
    let whole = stream.len();
    set(&mut ann, "[1,2,3,4,5,6,7,8]");
    writer.write(&ann.patch_from_clock(&Clock::new()), &mut stream).unwrap();
    let mut reader = PatchReader::within(Limits { ops: 4, ..Limits::default() });
    let mut rest = &stream[..];
    assert!(reader.read(&mut rest).unwrap().is_some());
    for _ in 0..2 {
        assert!(matches!(reader.read(&mut rest).unwrap_err().reason, DecodeReason::Limit(_)));
        assert_eq!(stream.len() - rest.len(), whole);
    }
    let mut writer = reader.into_writer().unwrap();
    stream.truncate(whole);
    first.merge(&ann).unwrap();
    writer.write(&ann.patch_from_clock(&Clock::new()), &mut stream).unwrap();
    let (patches, left) = read(&mut PatchReader::new(), &stream);
    assert_eq!((patches.len(), left), (2, 0));
    assert_eq!(patches[1].changes().collect::<Vec<_>>(), ann.changes().collect::<Vec<_>>());
}

#[test]
fn given_what_does_not_belong_in_a_stream_when_written_then_it_is_refused_and_the_stream_goes_on() {
    let ann = replica("ann", "[]");
    let (mut writer, mut stream) = (writer(), Vec::new());
    let foreign = Patch::new(DocumentId::new("other").unwrap(), []);
    let refused = writer.write(&foreign, &mut stream);
    assert!(matches!(refused, Err(StreamError::OtherDocument { .. })), "{refused:?}");
    let nothing = Op::Type { text: id("1@bob"), parent: None, side: Side::Right, chars: String::new() };
    let bob: OpId = id("2@bob");
    let typed = Change { actor: bob.actor, first: 2, previous: 1, deps: Clock::new(), ops: vec![nothing] };
    assert_eq!(writer.write(&patch([typed]), &mut stream), Err(StreamError::Malformed));
    assert_eq!(stream, b"");
    writer.write(&ann.patch_from_clock(&Clock::new()), &mut stream).unwrap();
    assert_eq!(read(&mut PatchReader::new(), &stream).0.len(), 1);
}

#[test]
fn given_bytes_that_are_no_stream_when_read_then_it_says_so() {
    let ann = replica("ann", "[1]");
    assert!(ann.container(&Path::default()).is_some());
    let refused = |bytes: &[u8]| PatchReader::new().read(&mut &bytes[..]).unwrap_err().reason;
    assert_eq!(refused(&ann.to_bytes()), DecodeReason::NotRejoin);
    assert_eq!(refused(&ann.patch_from_clock(&Clock::new()).to_bytes()), DecodeReason::NotRejoin);
    assert_eq!(refused(b"\xf6\x63"), DecodeReason::Version(99));
    assert_eq!(
        refused(&[0xf6, 4, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f]),
        DecodeReason::Damaged
    );
    let claims = [0xf6, 4, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f];
    assert!(matches!(refused(&claims), DecodeReason::Limit(_)), "a frame that never ends");
    assert_eq!(PatchReader::new().read(&mut &b""[..]), Ok(None));
}
