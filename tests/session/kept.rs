//! A session that is kept: made again of its state and records, it is what it was, and `undo` works on.
#![cfg(feature = "store")]

use std::cell::RefCell;
use std::rc::Rc;

use rejoin::crdt::{ConvergentRef, DocumentId};
use rejoin::session::{Entry, ErrorCode, FileError, Keeper, Outside, SETTINGS, Session};
use rejoin::store::{Blocking, CheckIn, Cleaned, Remote, Seen, Store, StoreError, Way};

/// What is kept, in memory.
#[derive(Default)]
struct Paper {
    state: Option<Vec<u8>>,
    records: Vec<Vec<u8>>,
    /// After so many records a state is due.
    long: usize,
    is_full: bool,
    /// Where refs meet others.
    store: Option<Store>,
    /// What `undo` would answer if the process ended while a check-in goes on.
    undone: Option<String>,
}

/// An outside that keeps the session, and has a store.
#[derive(Clone, Default)]
struct Desk(Rc<RefCell<Paper>>);

impl Outside for Desk {
    fn remote(&mut self, _: &str) -> Result<Box<dyn Remote>, StoreError> {
        let store = self.0.borrow_mut().store.get_or_insert_with(Store::in_memory).clone();
        Ok(Box::new(Watched { store: Blocking::new(store)?, desk: self.clone() }))
    }

    fn keeper(&mut self) -> Option<&mut dyn Keeper> {
        Some(self)
    }
}

/// A place that notes what is kept of the session when it is reached.
struct Watched {
    store: Blocking,
    desk: Desk,
}

impl Remote for Watched {
    fn documents(&mut self) -> Result<Vec<DocumentId>, StoreError> {
        self.store.documents()
    }

    fn check_in(
        &mut self,
        replica: &mut ConvergentRef,
        seen: &mut Seen,
        way: Way,
    ) -> Result<CheckIn, StoreError> {
        let undone = self
            .desk
            .restored()
            .run("undo")
            .map_or_else(|error| error.to_string(), |reply| reply.lines().concat());
        self.desk.0.borrow_mut().undone = Some(undone);
        self.store.check_in(replica, seen, way)
    }

    fn probe(&mut self) -> Result<(), StoreError> {
        self.store.probe()
    }

    fn clean(&mut self, document: &DocumentId, seconds: u64) -> Result<Cleaned, StoreError> {
        self.store.clean(document, seconds)
    }
}

impl Keeper for Desk {
    fn keep(&mut self, record: &[u8]) -> Result<bool, FileError> {
        let mut paper = self.0.borrow_mut();
        if paper.is_full {
            return Err(FileError::Unwritable { file: "desk".to_owned(), reason: "it is full".to_owned() });
        }
        paper.records.push(record.to_vec());
        Ok(paper.records.len() > paper.long)
    }

    fn checkpoint(&mut self, state: &[u8]) -> Result<(), FileError> {
        let mut paper = self.0.borrow_mut();
        if paper.is_full {
            return Err(FileError::Unwritable { file: "desk".to_owned(), reason: "it is full".to_owned() });
        }
        paper.state = Some(state.to_vec());
        paper.records.clear();
        Ok(())
    }
}

impl Desk {
    fn new(long: usize) -> Self {
        let desk = Self::default();
        desk.0.borrow_mut().long = long;
        desk
    }

    /// The session of what is kept.
    fn restored(&self) -> Session {
        let paper = self.0.borrow();
        let mut session = Session::default();
        session.restore(paper.state.as_deref(), &paper.records).unwrap();
        session
    }
}

/// What is kept of a session and can be seen without a change.
fn look(session: &mut Session) -> String {
    let entry = |(name, entry): (&str, &Entry)| match entry {
        Entry::Ref(reference) => format!("{name} {} {:?}", reference.actor(), reference.to_bytes()),
        other => format!("{name} {} {}", other.kind(), other.value()),
    };
    let mut seen: Vec<String> = session.entries().map(entry).collect();
    seen.extend(session.run("refs").unwrap().lines());
    for setting in SETTINGS {
        seen.extend(session.run(&format!("set {}", setting.name)).unwrap().lines());
    }
    seen.join("\n")
}

/// Which refs are watched and which have a validator; afterwards none is and none has.
fn guards(session: &mut Session) -> Vec<(String, bool, bool)> {
    let names: Vec<String> = session.entries().map(|(name, _)| name.to_owned()).collect();
    let mut had = |line: String| session.run(&line).is_ok();
    names
        .into_iter()
        .map(|name| (name.clone(), had(format!("unwatch {name}")), had(format!("validate {name}"))))
        .collect()
}

/// Lines that change something, or fail; `$R`, `$O` are names.
const LINES: &[&str] = &[
    r#"ref $R {"n": $N, "l": [1, {"x": 2}], "t": "hello"}"#,
    "branch $O as $R",
    "swap $R .n += $N",
    "swap $R .l |= reverse",
    "swap $R .k$N = {\"a\": []} | del(.t)",
    "text $R .t",
    "swap $R .t |= . + \"日$N\"",
    "counter $R .n",
    "merge $R $O",
    "merge $R p",
    "branch p as $R",
    "patch $R as p",
    "patch $R seen as p",
    "clock $R as seen",
    "pop-patches $R as p",
    "pop-patches $R",
    "drop-waiting $R",
    "squash $R $O",
    "watch $R",
    "unwatch $R",
    "validate $R (.n | type) == \"number\"",
    "validate $R",
    "drop $R",
    "drop p",
    "rename $R as $O",
    "rename p as seen",
    "sync $R $O",
    "sync $R ./s",
    "push $R ./s",
    "pull $R",
    "clone ./s as $R",
    "set limit $N",
    "set filter-timeout $Ns",
    "undo",
    "undo",
    "undo",
    "redo",
    "redo",
    "$R | .n",
];

/// Begins or ends a file that is read.
const FILE: &str = "(file)";

#[test]
fn given_random_lines_when_the_session_is_made_again_at_any_time_then_it_is_the_same() {
    let rounds = if cfg!(debug_assertions) { 400 } else { 4_000 };
    for round in 0..rounds {
        let mut seed = 77 + round as u64;
        let mut random = |n: usize| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (seed >> 33) as usize % n
        };
        let desk = Desk::new([3, 10, 1_000][round % 3]);
        let mut session = Session::default();
        let mut typed: Vec<String> = Vec::new();
        for _ in 0..50 {
            let line = if random(8) == 0 { FILE } else { LINES[random(LINES.len())] };
            let line = line
                .replace("$R", ["a", "b", "c"][random(3)])
                .replace("$O", ["a", "b", "c"][random(3)])
                .replace("$N", &(1 + random(5)).to_string());
            typed.push(line.clone());
            match (line == FILE, session.is_reading()) {
                (true, true) if random(3) > 0 => session.end_file(),
                (true, _) => session.begin_file(&format!("read {}", typed.len())),
                (false, _) => drop(session.run_with(&line, &mut desk.clone())),
            }
            if random(4) == 0 && !session.is_reading() {
                let story = || format!("round {round}:\n{}", typed.join("\n"));
                assert_eq!(look(&mut desk.restored()), look(&mut session), "{}", story());
            }
        }
        while session.is_reading() {
            session.end_file();
        }
        let story = typed.join("\n");
        let mut again = desk.restored();
        assert_eq!(look(&mut again), look(&mut session), "round {round}:\n{story}");
        // What can be undone there is what was done last here.
        for undo in 0.. {
            let undone = again.run("undo").map(|reply| reply.lines());
            if undone.is_err() {
                break;
            }
            let here = session.run("undo").map(|reply| reply.lines());
            assert_eq!(undone.ok(), here.ok(), "round {round}, undo {undo}:\n{story}");
            assert_eq!(
                look_at_names(&again),
                look_at_names(&session),
                "round {round}, undo {undo}:\n{story}"
            );
        }
        assert_eq!(guards(&mut again), guards(&mut session), "round {round}:\n{story}");
    }
}

fn look_at_names(session: &Session) -> Vec<String> {
    session.entries().map(|(name, entry)| format!("{name} {}", entry.value())).collect()
}

#[test]
fn given_a_session_that_goes_on_elsewhere_then_what_it_does_there_is_kept_too() {
    let desk = Desk::new(2);
    for part in [
        &["ref a [1]", "swap a . + [2]", "branch a as b"][..],
        &["swap b . + [3]", "merge a b"],
        &["undo", "swap a . + [4]"],
    ] {
        let mut session = desk.restored();
        for line in part {
            session.run_with(line, &mut desk.clone()).unwrap();
        }
        assert_eq!(look_at_names(&desk.restored()), look_at_names(&session));
    }
    assert_eq!(look_at_names(&desk.restored()), ["a [1,2,4]", "b [1,2,3]"]);
}

#[test]
fn given_an_outcome_that_cannot_be_kept_then_the_command_fails_and_nothing_has_changed() {
    let changes = [
        "ref new 1",
        "swap a .n = 9",
        "branch a as c",
        "watch a",
        "drop b",
        "rename a as z",
        "undo",
        "redo",
        "set limit 3",
        "clock a as seen",
        "merge a b",
        "pop-patches a",
        "sync a b",
        "sync a ./s",
        "push b ./s",
    ];
    for long in [1_000, 1] {
        for line in changes {
            let desk = Desk::new(long);
            let mut session = Session::default();
            for line in ["ref a {\"n\": 1}", "branch a as b", "swap b .n = 2", "swap a .m = 1", "undo"] {
                session.run_with(line, &mut desk.clone()).unwrap();
            }
            let before = look(&mut session);
            desk.0.borrow_mut().is_full = true;
            let error = session.run_with(line, &mut desk.clone()).unwrap_err();
            assert_eq!(
                (error.code(), &*error.to_string()),
                (ErrorCode::Unwritable, "cannot write `desk`: it is full"),
                "{line}"
            );
            assert_eq!(look(&mut session), before, "{line}");
            assert_eq!(look(&mut desk.restored()), before, "{line}");
            // What changes nothing needs no room.
            session.run_with("a.n", &mut desk.clone()).unwrap();
            desk.0.borrow_mut().is_full = false;
            session.run_with(line, &mut desk.clone()).unwrap();
            assert_eq!(look(&mut desk.restored()), look(&mut session), "{line}");
        }
    }
}

#[test]
fn given_something_else_than_what_was_kept_then_it_is_refused() {
    let desk = Desk::new(1_000);
    let mut session = Session::default();
    for line in ["ref a [1]", "swap a [2]", "patch a as p"] {
        session.run_with(line, &mut desk.clone()).unwrap();
    }
    let records = desk.0.borrow().records.clone();
    let restored =
        |records: &[Vec<u8>]| Session::default().restore(None, records).map_err(|error| error.to_string());
    assert_eq!(restored(&records), Ok(()));
    // The second without the first, twice the same, bytes of something else.
    assert_eq!(
        restored(&records[1..]),
        Err("what was kept of `a` does not fit together: it is no ref".to_owned())
    );
    assert!(restored(&[b"something else".to_vec()]).is_err());
    for record in &records {
        for length in 0..record.len() {
            assert!(Session::default().restore(None, &[record[..length].to_vec()]).is_err());
        }
        for at in 0..record.len() {
            let mut changed = record.clone();
            changed[at] ^= 0x55;
            // Whatever comes of it, nothing panics.
            let _ = Session::default().restore(None, &[records[0].clone(), changed]);
        }
    }
}

#[test]
fn given_a_check_in_that_the_process_does_not_survive_then_what_it_sent_cannot_be_undone_afterwards() {
    let desk = Desk::new(1_000);
    let mut session = Session::default();
    let mut undone = |line: &str| {
        session.run_with(line, &mut desk.clone()).unwrap();
        desk.0.borrow_mut().undone.take().unwrap_or_default()
    };
    undone("ref a 1");
    undone("swap a 2");
    assert_eq!(undone("push a ./s"), "nothing to undo");
    // Nothing of its own is on the way: what was done can be undone.
    undone("set limit 3");
    undone("ref b 1");
    assert_eq!(undone("push a"), "undid `ref b 1`");
    undone("swap a 3");
    assert_eq!(undone("pull a"), "undid `swap a 3`~ . 3 → 2");
    assert_eq!(undone("sync a"), "nothing to undo");
}

#[test]
fn given_a_check_in_that_had_nothing_to_send_after_all_then_the_session_can_be_made_again() {
    let desk = Desk::new(1_000);
    let mut session = Session::default();
    for line in
        ["ref a 1", "swap a 2", "push a ./s", "swap a 3", "push a ./s", "push a ./other", "ref b 1", "undo"]
    {
        session.run_with(line, &mut desk.clone()).unwrap();
        assert_eq!(look(&mut desk.restored()), look(&mut session), "{line}");
    }
    assert!(session.run_with("undo", &mut desk.clone()).is_err());
    assert_eq!(look(&mut desk.restored()), look(&mut session));
}
