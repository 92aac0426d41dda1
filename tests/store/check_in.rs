//! Check-ins with a store, and cleaning up there.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path as FilePath, PathBuf};
use std::sync::{Arc, Mutex};

use rejoin::crdt::{Actor, ConvergentRef, DocumentId, MergeError, Patch};
use rejoin::store::{Blocking, CheckIn, Remote, Seen, Store, StoreError, Way};
use rejoin::value::parse;

use crate::shaky::Shaky;

fn actor(name: &str) -> Actor {
    Actor::new(name).unwrap()
}

fn document() -> DocumentId {
    DocumentId::new("doc").unwrap()
}

/// A replica that checks in, and what it remembers.
struct Peer {
    replica: ConvergentRef,
    seen: Seen,
}

impl Peer {
    fn new(name: &str) -> Self {
        Self { replica: ConvergentRef::new(document(), actor(name)), seen: Seen::default() }
    }

    fn branch(&self, name: &str) -> Self {
        Self { replica: self.replica.branch(actor(name)).unwrap(), seen: Seen::default() }
    }

    fn set(&mut self, value: &str) -> &mut Self {
        self.replica.reset(parse(value).unwrap()).unwrap();
        self
    }

    fn checks_in(&mut self, store: &mut Blocking, way: Way) -> CheckIn {
        self.tries(store, way).unwrap()
    }

    fn tries(&mut self, store: &mut Blocking, way: Way) -> Result<CheckIn, StoreError> {
        let checked = store.check_in(&mut self.replica, &mut self.seen, way);
        self.replica.check().unwrap();
        checked
    }

    fn text(&self) -> String {
        self.replica.value().to_string()
    }
}

/// What somebody gets who begins with a store.
fn clone_of(store: &mut Blocking) -> Peer {
    let mut clone = Peer::new("clone");
    clone.checks_in(store, Way::Pull);
    assert_eq!(clone.replica.missing(), []);
    assert_eq!(clone.replica.waiting_len(), 0);
    clone
}

fn in_memory() -> Blocking {
    Blocking::new(Store::in_memory()).unwrap()
}

fn in_folder(folder: &FilePath) -> Blocking {
    Blocking::new(Store::in_folder(folder).unwrap()).unwrap()
}

/// Does something with a store in memory, and with one in a folder that does not exist yet.
fn with_both(test: impl Fn(&mut Blocking)) {
    test(&mut in_memory());
    let folder = tempfile::tempdir().unwrap();
    test(&mut in_folder(&folder.path().join("not/there yet")));
}

/// The files below a folder, in order.
fn files(folder: &FilePath) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found.sort();
    found
}

/// Three runs of ann, the first of which ben has, and a folder in which they are.
fn three_runs() -> (tempfile::TempDir, Blocking, Peer, Peer) {
    let folder = tempfile::tempdir().unwrap();
    let mut store = in_folder(folder.path());
    let (mut ann, mut ben) = (Peer::new("ann"), Peer::new("ben"));
    ann.set(r#"{"n":1}"#).checks_in(&mut store, Way::Both);
    ben.checks_in(&mut store, Way::Pull);
    ann.set(r#"{"n":2}"#).checks_in(&mut store, Way::Both);
    ann.set(r#"{"n":3}"#).checks_in(&mut store, Way::Both);
    // Files tell their times in steps of some milliseconds.
    std::thread::sleep(std::time::Duration::from_millis(20));
    (folder, store, ann, ben)
}

// --- two replicas ---

#[test]
fn given_two_replicas_when_they_check_in_then_both_have_all_and_again_does_nothing() {
    with_both(|store| {
        let mut ann = Peer::new("ann");
        ann.set(r#"{"a":1}"#);
        let mut ben = ann.branch("ben");
        ann.set(r#"{"a":2}"#);
        ben.set(r#"{"a":1,"b":1}"#);
        let checked = ann.checks_in(store, Way::Both);
        assert_eq!((checked.sent.changes, checked.received.changes, checked.requests), (2, 0, 2));
        let checked = ben.checks_in(store, Way::Both);
        assert_eq!((checked.sent.changes, checked.received.changes, checked.requests), (1, 1, 3));
        let checked = ann.checks_in(store, Way::Both);
        assert_eq!((checked.sent.changes, checked.received.changes, checked.requests), (0, 1, 2));
        assert_eq!((ann.text(), ben.text()), (r#"{"a":2,"b":1}"#.into(), r#"{"a":2,"b":1}"#.into()));
        for peer in [&mut ann, &mut ben] {
            for way in [Way::Both, Way::Push, Way::Pull] {
                let checked = peer.checks_in(store, way);
                assert_eq!((checked.sent.changes, checked.received.changes, checked.requests), (0, 0, 1));
                assert!(checked.report.is_none());
            }
        }
        assert_eq!(store.documents().unwrap(), [document()]);
    });
}

#[test]
fn given_new_runs_then_each_takes_one_request() {
    with_both(|store| {
        let mut reader = Peer::new("reader");
        for new in [1, 0, 3, 7] {
            for number in 0..new {
                let mut writer = reader.branch(&format!("w{new}-{number}"));
                writer.set(&format!(r#"{{"{new}":{number}}}"#)).checks_in(store, Way::Push);
            }
            let checked = reader.checks_in(store, Way::Both);
            assert_eq!((checked.received.changes, checked.requests), (new, new + 1));
        }
        // Without a memory the last run of each actor is looked at.
        reader.seen = Seen::default();
        let checked = reader.checks_in(store, Way::Both);
        assert_eq!((checked.received.changes, checked.requests), (0, 12));
    });
}

#[test]
fn given_one_way_then_nothing_goes_the_other() {
    with_both(|store| {
        let (mut ann, mut ben) = (Peer::new("ann"), Peer::new("ben"));
        ann.set(r#"{"a":1}"#).checks_in(store, Way::Pull);
        assert_eq!(store.documents().unwrap(), []);
        ann.checks_in(store, Way::Push);
        ben.set(r#"{"b":1}"#);
        let checked = ben.checks_in(store, Way::Push);
        assert_eq!((checked.sent.changes, checked.received.changes), (1, 0));
        assert_eq!(ben.text(), r#"{"b":1}"#);
        assert_eq!(ben.checks_in(store, Way::Pull).received.changes, 1);
        assert_eq!(clone_of(store).text(), ben.text());
    });
}

#[test]
fn given_changes_that_came_from_elsewhere_then_whoever_has_them_brings_them() {
    with_both(|store| {
        let mut ann = Peer::new("ann");
        ann.set(r#"{"a":1}"#);
        let mut ben = ann.branch("ben");
        ben.set(r#"{"a":1,"b":1}"#);
        assert_eq!(ben.checks_in(store, Way::Push).sent.changes, 2);
        // Ann goes on where ben brought her to.
        let checked = ann.set(r#"{"a":2}"#).checks_in(store, Way::Both);
        assert_eq!((checked.sent.changes, checked.received.changes), (1, 1));
        assert_eq!(clone_of(store).text(), ann.text());
    });
}

// --- two writers under one name ---

/// A replica as it was, and two of the same actor that have both made a change since.
fn twins() -> [Peer; 3] {
    let mut early = Peer::new("ann");
    early.set(r#"{"n":0}"#);
    let saved = early.replica.to_bytes();
    let again = || Peer { replica: ConvergentRef::from_bytes(&saved).unwrap(), seen: Seen::default() };
    let (mut ann, mut twin) = (again(), again());
    ann.set(r#"{"n":1}"#);
    twin.set(r#"{"n":2,"more":[1,2,3]}"#);
    [early, ann, twin]
}

fn is_fork(error: &StoreError) -> bool {
    use MergeError::{Equivocation, OtherBase};
    matches!(error, StoreError::Merge { error: Equivocation { .. } | OtherBase { .. }, .. })
}

#[test]
fn given_two_replicas_that_write_as_one_actor_then_the_second_finds_out_and_keeps_what_it_has() {
    for (has_memory, has_more) in [(false, false), (true, false), (false, true), (true, true)] {
        with_both(|store| {
            let [mut early, mut ann, mut twin] = twins();
            if has_memory {
                early.checks_in(store, Way::Push);
                (ann.seen, twin.seen) = (early.seen.clone(), early.seen);
            }
            if has_more {
                // Its counters are far beyond, since it merged others in between.
                let mut eve =
                    Peer { replica: twin.replica.branch(actor("eve")).unwrap(), seen: Seen::default() };
                eve.set("[1,2,3,4,5,6,7,8,9]");
                twin.replica.merge(&eve.replica).unwrap();
                twin.set("[1]");
            }
            ann.checks_in(store, Way::Both);
            let had = twin.text();
            let error = twin.tries(store, Way::Push).unwrap_err();
            assert!(is_fork(&error), "{error}");
            assert!(error.to_string().contains("ann"), "{error}");
            assert_eq!(twin.text(), had);
            assert!(is_fork(&twin.tries(store, Way::Both).unwrap_err()));
            ann.checks_in(store, Way::Both);
            assert_eq!(
                clone_of(store).replica.clock().get(&actor("ann")),
                ann.replica.clock().get(&actor("ann"))
            );
        });
    }
}

#[test]
fn given_two_replicas_of_one_actor_that_write_at_the_same_time_then_one_of_them_finds_out() {
    for _ in 0..20 {
        let store = Store::in_memory();
        let found: Vec<bool> = std::thread::scope(|scope| {
            let [_, ann, twin] = twins();
            let threads = [ann, twin].map(|mut twin| {
                let mut store = Blocking::new(store.clone()).unwrap();
                scope.spawn(move || match twin.tries(&mut store, Way::Both) {
                    Ok(_) => false,
                    Err(error) if is_fork(&error) => true,
                    Err(error) => panic!("{error}"),
                })
            });
            threads.map(|thread| thread.join().unwrap()).into()
        });
        assert_eq!(found.iter().filter(|found| **found).count(), 1);
    }
}

// --- what is there is damaged, or somebody else's ---

#[test]
fn given_an_object_that_is_damaged_or_not_what_its_name_says_then_it_is_named_and_the_replica_is_as_it_was() {
    let (folder, mut store, ann, mut ben) = three_runs();
    let runs = files(folder.path());
    let (first, last) = (fs::read(&runs[0]).unwrap(), fs::read(&runs[2]).unwrap());
    let other =
        ConvergentRef::with_value(DocumentId::new("other").unwrap(), actor("ann"), parse("1").unwrap());
    let foreign = other.unwrap().patch_from_clock(&rejoin::crdt::Clock::new()).to_bytes();
    let stranger = ann.branch("stranger").set("1").replica.patch_of_actor(&actor("stranger"), 0).to_bytes();
    let mut flipped = last.clone();
    flipped[last.len() / 2] ^= 1;
    let empty = ann.replica.patch_from_clock(ann.replica.clock()).to_bytes();
    // The change in the middle is missing: who has it would not bring it, if the run were believed.
    let changes: Vec<_> = ann.replica.changes().collect();
    let gap = Patch::new(document(), [changes[0].clone(), changes.last().unwrap().clone()]).to_bytes();
    let cases: [&[u8]; 9] =
        [b"", b"not a patch", &last[..last.len() - 1], &flipped, &foreign, &stranger, &first, &empty, &gap];
    for bytes in cases {
        fs::write(&runs[2], bytes).unwrap();
        let (had, clock) = (ben.text(), ben.replica.clock().clone());
        for way in [Way::Both, Way::Pull] {
            let error = ben.tries(&mut store, way).unwrap_err().to_string();
            assert!(error.contains("doc/changes/ann/00000000000000"), "{error}");
            assert_eq!((ben.text(), ben.replica.clock()), (had.clone(), &clock));
        }
        let error = store.clean(&document(), 0).unwrap_err().to_string();
        assert!(error.contains("doc/changes/ann/00000000000000"), "{error}");
        assert_eq!(files(folder.path()).len(), 3);
    }
    fs::write(&runs[2], &last).unwrap();
    ben.checks_in(&mut store, Way::Both);
    assert_eq!(ben.text(), ann.text());
}

#[test]
fn given_a_checkpoint_that_is_damaged_then_it_is_named() {
    let (folder, mut store, ann, _) = three_runs();
    store.clean(&document(), 0).unwrap();
    let checkpoint =
        files(folder.path()).into_iter().find(|file| file.to_string_lossy().contains("checkpoints"));
    let checkpoint = checkpoint.unwrap();
    let whole = fs::read(&checkpoint).unwrap();
    for at in 0..whole.len() {
        let mut damaged = whole.clone();
        damaged[at] ^= 0x40;
        fs::write(&checkpoint, if at % 2 == 0 { &damaged } else { &whole[..at] }).unwrap();
        let mut clone = Peer::new("clone");
        let error = clone.tries(&mut store, Way::Pull).unwrap_err();
        assert!(
            matches!(&error, StoreError::Misnamed { object, .. } if object.contains("checkpoints")),
            "{error}"
        );
        assert_eq!(clone.text(), "null");
    }
    fs::write(&checkpoint, whole).unwrap();
    assert_eq!(clone_of(&mut store).text(), ann.text());
}

#[test]
fn given_what_somebody_else_puts_there_then_it_is_left_alone() {
    let (folder, mut store, ann, mut ben) = three_runs();
    let at = folder.path();
    let foreign = [
        "README",
        ".DS_Store",
        "doc/README",
        "doc/changes/.DS_Store",
        "doc/changes/ann/tmp#1",
        "doc/changes/ann/0000000000000000.bak",
        "doc/changes/ann/12",
        "doc/changes/a%zz/0000000000000000",
        "doc/changes/ann/deep/0000000000000000",
        "doc/other/x",
    ];
    for name in foreign {
        fs::create_dir_all(at.join(name).parent().unwrap()).unwrap();
        fs::write(at.join(name), "mine").unwrap();
    }
    ben.checks_in(&mut store, Way::Both);
    assert_eq!(ben.text(), ann.text());
    store.clean(&document(), 0).unwrap();
    assert_eq!(clone_of(&mut store).text(), ann.text());
    assert_eq!(store.documents().unwrap(), [document()]);
    for name in foreign {
        assert_eq!(fs::read_to_string(at.join(name)).unwrap(), "mine", "{name}");
    }
}

#[test]
fn given_ids_of_any_kind_then_each_is_a_document_of_its_own() {
    let long = "ü".repeat(64);
    let ids = ["..", ".", "a/b", "a", "%41", "A", "*", "a\\b", "日本#1", "con", "-", "~", long.as_str()];
    with_both(|store| {
        for (number, id) in ids.iter().enumerate() {
            let value = parse(&number.to_string()).unwrap();
            let made =
                ConvergentRef::with_value(DocumentId::new(id).unwrap(), actor(&id.replace('@', "")), value);
            store.check_in(&mut made.unwrap(), &mut Seen::default(), Way::Both).unwrap();
        }
        let found: BTreeSet<String> = store.documents().unwrap().iter().map(ToString::to_string).collect();
        assert_eq!(found, ids.iter().map(|id| (*id).to_owned()).collect());
        for (number, id) in ids.iter().enumerate() {
            let mut clone = ConvergentRef::new(DocumentId::new(id).unwrap(), actor("clone"));
            store.check_in(&mut clone, &mut Seen::default(), Way::Pull).unwrap();
            assert_eq!(clone.value().to_string(), number.to_string());
        }
    });
}

#[test]
fn given_a_folder_that_is_none_then_the_error_names_it_and_nothing_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "mine").unwrap();
    let mut store = in_folder(&file.join("inside"));
    let mut ann = Peer::new("ann");
    ann.set("1");
    let error = ann.tries(&mut store, Way::Both).unwrap_err();
    assert!(matches!(&error, StoreError::Unreachable { place, .. } if place.contains("file")), "{error}");
    fs::remove_file(&file).unwrap();
    assert_eq!(ann.checks_in(&mut store, Way::Both).sent.changes, 1);
}

#[cfg(unix)]
#[test]
fn given_a_folder_that_may_not_be_written_then_the_error_names_it() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path().join("locked");
    fs::create_dir(&at).unwrap();
    fs::set_permissions(&at, fs::Permissions::from_mode(0o500)).unwrap();
    // Whoever may do everything is not stopped by that.
    if fs::write(at.join("probe"), "").is_ok() {
        return;
    }
    let error = Peer::new("ann").set("1").tries(&mut in_folder(&at), Way::Both).unwrap_err();
    assert!(matches!(error, StoreError::Unreachable { .. }), "{error}");
}

// --- cleaning up ---

#[test]
fn given_runs_that_a_checkpoint_holds_when_cleaned_then_only_the_last_of_each_actor_stays() {
    let (folder, mut store, ann, mut ben) = three_runs();
    ben.checks_in(&mut store, Way::Both);
    ben.set(r#"{"b":1}"#).checks_in(&mut store, Way::Both);
    assert_eq!(files(folder.path()).len(), 4);
    let young = store.clean(&document(), 3600).unwrap();
    assert_eq!((young.checkpoint, young.removed, young.kept), (true, 0, 5));
    std::thread::sleep(std::time::Duration::from_millis(5));
    let old = store.clean(&document(), 0).unwrap();
    assert_eq!((old.checkpoint, old.removed, old.kept), (false, 2, 3));
    let again = store.clean(&document(), 0).unwrap();
    assert_eq!((again.checkpoint, again.removed, again.kept), (false, 0, 3));
    let mut clone = Peer::new("clone");
    let checked = clone.checks_in(&mut store, Way::Pull);
    assert_eq!((clone.text(), checked.requests), (ben.text(), 2));
    assert_eq!(ben.checks_in(&mut store, Way::Both).requests, 1);
    drop(ann);
}

#[test]
fn given_an_old_run_that_a_young_one_follows_when_cleaned_then_both_stay_until_the_young_one_is_old() {
    let objects = Shaky::new(1);
    let mut store = Blocking::new(Store::over(Arc::new(objects.clone()), "", "shaky")).unwrap();
    let mut ann = Peer::new("ann");
    ann.set("1").checks_in(&mut store, Way::Both);
    objects.sleep(100_000);
    ann.set("2").checks_in(&mut store, Way::Both);
    // Whoever gets a list in which the second is not yet must find the first.
    assert_eq!(store.clean(&document(), 20).unwrap().removed, 0);
    objects.sleep(30_000);
    assert_eq!(store.clean(&document(), 20).unwrap().removed, 1);
    assert_eq!(clone_of(&mut store).text(), "2");
}

#[test]
fn given_a_memory_from_before_when_cleaned_then_its_owner_goes_on() {
    let (_folder, mut store, mut ann, mut ben) = three_runs();
    store.clean(&document(), 0).unwrap();
    // Ben knows the first run, which is gone.
    ben.set(r#"{"n":9}"#);
    let checked = ben.checks_in(&mut store, Way::Both);
    assert_eq!((checked.sent.changes, checked.received.changes), (1, 2));
    assert_eq!(ann.set(r#"{"n":4}"#).checks_in(&mut store, Way::Both).sent.changes, 1);
    ben.checks_in(&mut store, Way::Both);
    assert_eq!((ann.text(), clone_of(&mut store).text()), (ben.text(), ben.text()));
}

#[test]
fn given_somebody_who_only_pushes_and_remembers_nothing_when_cleaned_then_no_old_run_comes_back() {
    let (folder, mut store, ann, mut ben) = three_runs();
    store.clean(&document(), 0).unwrap();
    let before = files(folder.path());
    ben.seen = Seen::default();
    assert_eq!(ben.checks_in(&mut store, Way::Push).sent.changes, 0);
    assert_eq!(files(folder.path()), before);
    assert_eq!(clone_of(&mut store).text(), ann.text());
}

#[test]
fn given_a_cleaning_that_ended_in_the_middle_then_whoever_begins_has_all_and_is_told_once() {
    for stays in [0, 1] {
        let (folder, mut store, ann, _) = three_runs();
        let run = files(folder.path())[stays].clone();
        let bytes = fs::read(&run).unwrap();
        store.clean(&document(), 0).unwrap();
        assert!(!run.exists());
        fs::write(&run, bytes).unwrap();
        let mut clone = Peer::new("clone");
        let told = Arc::new(Mutex::new(Vec::new()));
        let calls = Arc::clone(&told);
        clone.replica.watch(move |old, new, _| {
            calls.lock().unwrap().push((old.to_string(), new.to_string()));
        });
        clone.checks_in(&mut store, Way::Pull);
        assert_eq!((clone.text(), clone.replica.waiting_len()), (ann.text(), 0));
        assert_eq!(*told.lock().unwrap(), [("null".to_owned(), ann.text())]);
        assert!(store.clean(&document(), 0).unwrap().removed > 0);
        assert_eq!(clone_of(&mut store).text(), ann.text());
    }
}

#[test]
fn given_many_runs_when_somebody_only_pushes_then_the_checkpoint_that_is_made_has_also_what_they_lack() {
    let objects = Shaky::new(1);
    let mut store = Blocking::new(Store::over(Arc::new(objects.clone()), "", "shaky")).unwrap();
    let mut pusher = Peer::new("pusher");
    pusher.set("{}");
    let mut others: Vec<Peer> = (0..520).map(|number| pusher.branch(&format!("other-{number}"))).collect();
    for other in &mut others {
        other.set(r#"{"o":1}"#).checks_in(&mut store, Way::Push);
    }
    pusher.set(r#"{"p":1}"#).checks_in(&mut store, Way::Push);
    assert_eq!(pusher.text(), r#"{"p":1}"#);
    assert!(objects.paths().iter().any(|path| path.contains("checkpoints")));
    let mut clone = Peer::new("clone");
    assert!(clone.checks_in(&mut store, Way::Pull).requests < 20);
    pusher.checks_in(&mut store, Way::Both);
    assert_eq!(clone.text(), pusher.text());
}

// --- a store that is another one than before ---

#[test]
fn given_a_store_that_was_wiped_then_everything_is_given_again() {
    let (folder, mut store, mut ann, mut ben) = three_runs();
    ben.checks_in(&mut store, Way::Both);
    ben.set(r#"{"b":1}"#).checks_in(&mut store, Way::Both);
    fs::remove_dir_all(folder.path().join("doc")).unwrap();
    // It has ann's too.
    assert_eq!(ben.checks_in(&mut store, Way::Both).sent.changes, 4);
    assert_eq!(ann.checks_in(&mut store, Way::Both).received.changes, 1);
    assert_eq!(clone_of(&mut store).text(), ben.text());
}

#[test]
fn given_a_store_that_was_replaced_by_one_with_the_same_names_then_everything_is_given_again() {
    let (folder, mut store, mut ann, mut ben) = three_runs();
    for is_cleaned in [false, true] {
        fs::remove_dir_all(folder.path().join("doc")).unwrap();
        ann.checks_in(&mut store, Way::Both);
        // The name of ann's only run is that of what ben brings, which is less.
        fs::remove_dir_all(folder.path().join("doc")).unwrap();
        ben.seen = Seen::default();
        ben.checks_in(&mut store, Way::Push);
        if is_cleaned {
            store.clean(&document(), 0).unwrap();
        }
        assert_eq!(ann.checks_in(&mut store, Way::Both).sent.changes, 2);
        assert_eq!(clone_of(&mut store).text(), ann.text());
    }
}

// --- at the same time ---

#[test]
fn given_several_writers_in_one_folder_at_once_then_all_have_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let mut first = Peer::new("first");
    first.set(r#"{"list":[]}"#).checks_in(&mut in_folder(folder.path()), Way::Both);
    let mut peers: Vec<Peer> = (0..6).map(|number| first.branch(&format!("peer-{number}"))).collect();
    std::thread::scope(|scope| {
        for peer in &mut peers {
            let folder = folder.path();
            scope.spawn(move || {
                let mut store = in_folder(folder);
                for number in 0..12 {
                    let name = peer.replica.actor().to_string();
                    peer.replica
                        .swap(|value| {
                            let mut list = value["list"].clone();
                            list.as_list_mut().unwrap().push(parse(&format!("\"{name} {number}\"")).unwrap());
                            rejoin::value::object([("list", list)])
                        })
                        .unwrap();
                    peer.checks_in(&mut store, Way::Both);
                }
            });
        }
        scope.spawn(|| {
            for _ in 0..10 {
                // Nobody takes an hour here.
                in_folder(folder.path()).clean(&document(), 3600).unwrap();
            }
        });
    });
    let mut store = in_folder(folder.path());
    peers.iter_mut().for_each(|peer| drop(peer.checks_in(&mut store, Way::Both)));
    let all = clone_of(&mut store);
    assert_eq!(all.replica.value()["list"].as_list().unwrap().len(), 72);
    for peer in &mut peers {
        peer.checks_in(&mut store, Way::Both);
        assert_eq!(peer.text(), all.text());
    }
    store.clean(&document(), 0).unwrap();
    assert_eq!(clone_of(&mut store).text(), all.text());
}
