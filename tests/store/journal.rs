//! A journal: whatever ended the process that wrote it, it opens, with all that was answered.

use std::fs;
use std::path::Path;

use rejoin::store::{Cut, Journal, JournalError, Opened};

/// An open journal, its state, its records, and what was cut off.
type Found = (Journal, Option<Vec<u8>>, Vec<Vec<u8>>, Option<Cut>);

fn open(folder: &Path) -> Found {
    let Opened { journal, state, records, cut } = Journal::open(folder, false).unwrap();
    (journal, state, records, cut)
}

fn records(count: usize) -> Vec<Vec<u8>> {
    (1..=count).map(|n| vec![n as u8; 3 * n]).collect()
}

/// A folder with a journal of some records, and perhaps a state before them.
fn written(state: Option<&[u8]>, count: usize) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let (mut journal, ..) = open(folder.path());
    if let Some(state) = state {
        journal.append(b"before").unwrap();
        journal.checkpoint(state).unwrap();
    }
    records(count).iter().for_each(|record| journal.append(record).unwrap());
    folder
}

#[test]
fn given_records_and_states_when_it_is_opened_again_then_they_are_there() {
    let folder = tempfile::tempdir().unwrap();
    let inner = folder.path().join("a/b");
    for syncs in [true, false] {
        let mut opened = Journal::open(&inner, syncs).unwrap();
        opened.journal.append(b"one").unwrap();
    }
    let (mut journal, state, records, cut) = open(&inner);
    assert_eq!((state, records, cut), (None, vec![b"one".to_vec(), b"one".to_vec()], None));
    assert!(!journal.is_long());
    journal.checkpoint(b"state").unwrap();
    journal.append(b"two").unwrap();
    drop(journal);
    let (journal, state, records, cut) = open(&inner);
    assert_eq!((state.as_deref(), records, cut), (Some(&b"state"[..]), vec![b"two".to_vec()], None));
    drop(journal);
    let mut names: Vec<String> = fs::read_dir(&inner)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(names, ["lock", "log-1", "state-1"]);
}

/// The bytes in front of a record, and in front of all.
const FRAME: usize = 12;
const MAGIC: usize = 8;

/// The files that were put aside.
fn aside(folder: &Path) -> Vec<String> {
    let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.filter(|name| name.starts_with("cut-")).collect()
}

#[test]
fn given_a_log_that_is_cut_at_any_byte_then_it_opens_with_every_whole_record() {
    for state in [None, Some(&b"the state"[..])] {
        let folder = written(state, 6);
        let log = folder.path().join(if state.is_some() { "log-1" } else { "log-0" });
        let whole = fs::read(&log).unwrap();
        for length in 0..=whole.len() {
            // Nothing, or what a disk puts there.
            for tail in [&b""[..], &[0; 40]] {
                fs::write(&log, [&whole[..length], tail].concat()).unwrap();
                if length < MAGIC && length > 0 && !tail.is_empty() {
                    continue;
                }
                let (mut journal, found, read, cut) = open(folder.path());
                assert_eq!(found.as_deref(), state);
                assert_eq!(read, records(6)[..read.len()], "{length}");
                let kept: usize = MAGIC + read.iter().map(|record| FRAME + record.len()).sum::<usize>();
                assert!(kept + FRAME + 3 * (read.len() + 1) > length, "{length}: a whole record was lost");
                let bytes = if length < MAGIC { 0 } else { length + tail.len() - kept };
                assert_eq!(cut.as_ref().map_or(0, |cut| cut.bytes), bytes as u64, "{length}");
                // It goes on from there.
                journal.append(b"next").unwrap();
                drop(journal);
                let (_, _, again, cut) = open(folder.path());
                assert_eq!((again.len(), cut), (read.len() + 1, None));
            }
        }
    }
}

#[test]
fn given_damage_anywhere_then_what_stands_before_it_is_there_and_the_rest_is_put_aside() {
    let folder = written(Some(b"the state"), 6);
    let log = folder.path().join("log-1");
    let whole = fs::read(&log).unwrap();
    for at in MAGIC..whole.len() {
        let mut damaged = whole.clone();
        damaged[at] ^= 0x10;
        fs::write(&log, &damaged).unwrap();
        let (journal, _, read, cut) = open(folder.path());
        drop(journal);
        assert_eq!(read, records(6)[..read.len()], "{at}");
        let Cut { bytes, aside: file } = cut.unwrap();
        let kept = whole.len() - bytes as usize;
        assert!(kept <= at && at < kept + FRAME + 3 * (read.len() + 1), "{at}");
        // A last record that is damaged may have been torn; of all others there is more behind.
        match file {
            Some(file) => assert_eq!(fs::read(file).unwrap(), damaged[kept..]),
            None => assert_eq!(read.len(), 5),
        }
        assert_eq!(open(folder.path()).3, None, "it is cut once");
    }
    assert!(!aside(folder.path()).is_empty());
}

#[test]
fn given_a_damaged_state_or_a_log_without_its_state_then_nothing_is_touched() {
    let folder = written(Some(b"the state"), 6);
    let (state, log) = (folder.path().join("state-1"), folder.path().join("log-1"));
    let whole = fs::read(&state).unwrap();
    for at in 0..whole.len() {
        let mut damaged = whole.clone();
        damaged[at] ^= 0x10;
        fs::write(&state, &damaged).unwrap();
        let error = Journal::open(folder.path(), false).unwrap_err();
        match error {
            JournalError::Form(_) => assert_eq!(at, MAGIC - 1),
            // What does not begin as one is none, and so the log has none.
            JournalError::Gone(_) => assert!(at < MAGIC - 1),
            JournalError::Damaged(_) => assert!(at >= MAGIC),
            error => panic!("{at}: {error}"),
        }
        assert_eq!(fs::read(&state).unwrap(), damaged);
    }
    fs::remove_file(&state).unwrap();
    let before = fs::read(&log).unwrap();
    assert!(matches!(Journal::open(folder.path(), false), Err(JournalError::Gone(_))));
    assert_eq!(fs::read(&log).unwrap(), before);
    fs::write(&state, &whole).unwrap();
    assert_eq!(open(folder.path()).2, records(6));
}

#[test]
fn given_a_checkpoint_that_did_not_come_to_its_end_then_what_was_before_counts() {
    let folder = written(Some(b"first"), 2);
    let put = |name: &str, bytes: &[u8]| fs::write(folder.path().join(name), bytes).unwrap();
    // It had made the log, and a part of the state.
    put("log-2", b"rejoinJ\x01");
    put("state.new", b"rejoi");
    let (_, state, read, _) = open(folder.path());
    assert_eq!((state.as_deref(), read), (Some(&b"first"[..]), records(2)));
    assert!(!folder.path().join("log-2").exists() && !folder.path().join("state.new").exists());
    // It was done but for the files of before.
    let other = written(Some(b"second"), 0);
    fs::copy(other.path().join("state-1"), folder.path().join("state-2")).unwrap();
    put("log-2", b"rejoinJ\x01");
    let (_, state, read, _) = open(folder.path());
    assert_eq!((state.as_deref(), read), (Some(&b"second"[..]), Vec::new()));
    assert!(!folder.path().join("log-1").exists() && !folder.path().join("state-1").exists());
}

#[test]
fn given_a_journal_that_is_open_or_a_folder_of_something_else_then_it_is_refused() {
    let folder = written(None, 1);
    let (journal, ..) = open(folder.path());
    assert!(matches!(Journal::open(folder.path(), false), Err(JournalError::Locked)));
    drop(journal);
    open(folder.path());
    let foreign = tempfile::tempdir().unwrap();
    for name in ["letter.txt", "log-1", "log-20241128", "state-3", "state.new", "log-007", "lock"] {
        fs::write(foreign.path().join(name), "mine").unwrap();
    }
    assert!(matches!(Journal::open(foreign.path(), false), Err(JournalError::Foreign)));
    for entry in fs::read_dir(foreign.path()).unwrap() {
        assert_eq!(fs::read_to_string(entry.unwrap().path()).unwrap(), "mine");
    }
    // What somebody puts beside the files of a journal stays there.
    for name in ["letter.txt", "log-9", "log-007", "log-+5"] {
        fs::write(folder.path().join(name), "mine").unwrap();
        assert_eq!(open(folder.path()).2.len(), 1);
        assert_eq!(fs::read_to_string(folder.path().join(name)).unwrap(), "mine");
    }
    let file = foreign.path().join("letter.txt");
    assert!(matches!(Journal::open(&file, false), Err(JournalError::Foreign)));
    let (mut journal, ..) = open(folder.path());
    assert!(matches!(journal.append(b""), Err(JournalError::Length(0))));
    assert!(matches!(journal.checkpoint(b""), Err(JournalError::Io { .. } | JournalError::Length(0))));
    journal.append(b"more").unwrap();
}

#[test]
fn given_a_long_log_then_a_checkpoint_is_due() {
    let folder = tempfile::tempdir().unwrap();
    let (mut journal, ..) = open(folder.path());
    journal.append(&vec![7; 1 << 20]).unwrap();
    assert!(journal.is_long());
    journal.checkpoint(&vec![8; 3 << 20]).unwrap();
    journal.append(&vec![7; 2 << 20]).unwrap();
    assert!(!journal.is_long(), "a state that is larger is not written for so little");
    journal.append(&vec![7; 2 << 20]).unwrap();
    assert!(journal.is_long());
}

#[test]
fn given_a_log_that_somebody_else_changes_then_nothing_more_is_answered() {
    for change in ["cut", "longer", "gone", "another"] {
        let folder = written(None, 2);
        let (mut journal, ..) = open(folder.path());
        let log = folder.path().join("log-0");
        let whole = fs::read(&log).unwrap();
        match change {
            "cut" => fs::write(&log, &whole[..20]).unwrap(),
            "longer" => fs::write(&log, [&whole[..], b"more"].concat()).unwrap(),
            "gone" => fs::remove_file(&log).unwrap(),
            _ => {
                fs::remove_file(&log).unwrap();
                fs::write(&log, &whole).unwrap();
            }
        }
        assert!(matches!(journal.append(b"next"), Err(JournalError::Changed)), "{change}");
        assert!(matches!(journal.append(b"next"), Err(JournalError::Broken)), "{change}");
    }
}
