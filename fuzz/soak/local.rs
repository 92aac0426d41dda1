//! Steps that one honest replica makes alone.

use rejoin::cancellation::Interrupt;
use rejoin::crdt::{ConvergentRef, OpId, SwapError};
use rejoin::value::{Val, object, parse, same, text as printed};

use crate::common::edit::{Edit, Json, built, container, reordered};
use crate::common::transact::edit_all;
use crate::common::{is_told, json, mirror, text};
use crate::shared::story::Story;

use super::random::Random;
use super::seen::Seen;
use super::world::{Honest, World};

impl World {
    /// Edits the value in one swap.
    pub fn swap(&mut self, random: &mut Random) {
        let who = self.anyone(random);
        let old = self.replicas[who].replica.value().clone();
        let edits = Story::new(&random.bytes()).several(Story::edit);
        let edited = edits.iter().fold(old.clone(), |value, edit| edit.apply(&value));
        let wanted = match random.below(12) {
            0 => parse(&printed(&edited)).unwrap(),
            1 => reordered(&edited),
            2..=4 => built(&edited, random.below(3)),
            _ => edited,
        };
        self.tell(|| format!("{} swaps {edits:?}", self.replicas[who].replica.actor()));
        self.set(who, wanted, false, random);
    }

    /// Sets a value that is another replica's, or one that holds a part of what somebody once had: it knows what its
    /// parts are.
    pub fn borrow(&mut self, random: &mut Random) {
        let (who, from) = self.two(random);
        let theirs = self.replicas[from].replica.value().clone();
        self.tell(|| format!("{} borrows of {from}", self.replicas[who].replica.actor()));
        // What another one has is not known here yet, or was deleted.
        let value = match container(&theirs, random.below(8)) {
            Some(part) if random.one_in(2) => {
                let edit = Edit::Insert { place: random.below(8), at: random.below(8), value: Json(part) };
                edit.apply(self.replicas[who].replica.value())
            }
            _ => theirs,
        };
        self.set(who, value, true, random);
    }

    fn set(&mut self, who: usize, wanted: Val, borrowed: bool, random: &mut Random) {
        let replica = &mut self.replicas[who].replica;
        let (old, before) = (replica.value().clone(), replica.changes().len());
        let swapped = match random.below(4) {
            0 => replica.compare_and_set(&old, wanted.clone()).map(|swap| swap.expect("it is what it is")),
            _ => replica.swap(|_| wanted.clone()),
        };
        let Some(swap) = self.allowed(who, swapped) else { return };
        let value = self.replicas[who].replica.value();
        assert!(same(value, &wanted), "swap to {} gave {}", printed(&wanted), printed(value));
        // What was a plain number may be a counter now.
        let is_other = !same(&old, &wanted);
        assert!(swap.change.is_some() == is_other || borrowed && !is_other, "a change, if there is any");
        self.made(who, swap.change.as_ref(), before, &old, random);
    }

    /// Makes edits in one transaction, which is dropped now and then.
    pub fn transact(&mut self, random: &mut Random) {
        let who = self.anyone(random);
        let bytes = random.bytes();
        let mut story = Story::new(&bytes);
        let edits =
            if random.one_in(3) { story.several(Story::tx_move) } else { story.several(Story::tx_edit) };
        self.tell(|| format!("{} transacts {edits:?}", self.replicas[who].replica.actor()));
        let replica = &mut self.replicas[who].replica;
        let (old, before) = (replica.value().clone(), replica.changes().len());
        let seen = random.one_in(10).then(|| Seen::of(replica, random));
        let mut mirror = mirror(replica);
        let transaction = replica.transaction().map(|mut transaction| {
            edit_all(&edits, &mut mirror, &mut transaction);
            if seen.is_some() { Ok(None) } else { transaction.commit().map(Some) }
        });
        let Some(done) = self.allowed(who, transaction) else { return };
        let replica = &self.replicas[who].replica;
        match (seen, done.unwrap()) {
            (Some(seen), _) => seen.is_unchanged(replica, "a dropped transaction"),
            (None, made) => {
                let (value, wanted) = (replica.value(), mirror.value());
                assert!(same(value, &wanted), "meant {} and gave {}", printed(&wanted), printed(value));
                let made = made.flatten().map(|first| OpId::new(first, replica.actor().clone()));
                self.made(who, made.as_ref(), before, &old, random);
            }
        }
    }

    /// Allows an edit to be refused when changes wait under the name of its actor, which must be lies: they go.
    fn allowed<T>(&mut self, who: usize, edit: Result<T, SwapError>) -> Option<T> {
        match edit {
            Ok(done) => Some(done),
            Err(SwapError::Behind(_)) => {
                let honest = &mut self.replicas[who];
                let name = honest.replica.actor();
                assert!(honest.deceived && honest.replica.waiting().any(|change| change.actor == *name));
                honest.replica.drop_waiting();
                honest.deceived = false;
                self.figures.refused += 1;
                None
            }
            Err(error) => panic!("an edit was refused: {error}"),
        }
    }

    /// Goes back to an earlier version, and forth again or elsewhere; or takes the version to go back to.
    pub fn go_back(&mut self, random: &mut Random) {
        let noted = self.replicas.iter().position(|honest| honest.version.is_some());
        let who = noted.filter(|_| !random.one_in(4)).unwrap_or_else(|| self.anyone(random));
        let Honest { replica, version, deceived, .. } = &mut self.replicas[who];
        let Some((version, seen, lies)) = version.take() else {
            let now = replica.version();
            assert!(replica.is_at(&now));
            *version = Some((now, Seen::of(replica, random), *deceived));
            self.tell(|| format!("{} notes its version", self.replicas[who].replica.actor()));
            return;
        };
        self.figures.rewinds += 1;
        let (now, old) = (Seen::of(replica, random), replica.value().clone());
        let rewound = replica.rewind(version).unwrap();
        seen.is_unchanged(replica, "a rewind");
        is_told(&old, &replica.delta(), replica.value()).unwrap();
        let stays = random.one_in(2);
        if stays {
            let (name, last) = (replica.actor().clone(), replica.clock().get(replica.actor()));
            self.ledger.retain(|change| change.actor != name || change.first <= last);
            *deceived = lies;
            self.moments.retain(|(clock, _)| clock.get(&name) <= last);
        } else {
            replica.replay(rewound).unwrap();
            now.is_unchanged(replica, "a rewind and a replay");
        }
        self.tell(|| {
            format!(
                "{} goes back{}",
                self.replicas[who].replica.actor(),
                if stays { "" } else { " and forth" }
            )
        });
    }

    /// Reads an older clock.
    pub fn look(&mut self, random: &mut Random) {
        if self.moments.is_empty() {
            return;
        }
        let (clock, then) = random.pick(&self.moments);
        let replica = &self.replicas[self.anyone(random)].replica;
        self.tell(|| format!("{} looks at {clock}", replica.actor()));
        match replica.at(clock) {
            Ok(value) => assert_eq!(&printed(&value), then, "{} at {clock}", replica.actor()),
            Err(error) => {
                assert!(!replica.clock().covers_all(clock), "{} at {clock}: {error}", replica.actor())
            }
        }
        self.figures.looks += 1;
    }

    /// Interrupts an edit or a merge: it leaves no trace, or is done.
    pub fn cancel(&mut self, random: &mut Random) {
        let (who, from) = self.two(random);
        let other = self.replicas[from].replica.branch(crate::common::actor("nobody")).unwrap();
        let replica = &mut self.replicas[who].replica;
        self.figures.cancelled += 1;
        let seen = Seen::of(replica, random);
        let version = replica.version();
        let interrupt = Interrupt::default();
        interrupt.raise();
        let merges = random.one_in(2);
        let done = replica.cancellable(&interrupt, |replica| {
            if merges {
                let _ = replica.merge(&other);
            } else {
                let _ = replica.swap(|value| object([("all", value.clone())]));
            }
        });
        // What was too short to be interrupted goes back.
        if done.is_ok() && !replica.is_at(&version) {
            replica.rewind(version).unwrap();
        }
        seen.is_unchanged(replica, "cancelled work");
        self.tell(|| format!("{} is cancelled", self.replicas[who].replica.actor()));
    }

    /// Writes a replica and reads it again, as bytes or changes in JSON, from memory or a file.
    pub fn write(&mut self, random: &mut Random) {
        let who = self.anyone(random);
        self.tell(|| format!("{} is written and read", self.replicas[who].replica.actor()));
        let seen = Seen::of(&self.replicas[who].replica, random);
        if random.one_in(4) {
            let replica = &self.replicas[who].replica;
            let all = super::parcel::json(&replica.patch_from_clock(&Default::default()));
            let (then, name) = (text(replica), replica.document().clone());
            let file = self.store(all.as_bytes());
            let read = json(std::str::from_utf8(&file.read()).unwrap());
            let mut reader = ConvergentRef::new(name, crate::common::actor("reader"));
            reader.merge_patch(&rejoin::crdt::Patch::from_json(&read).unwrap()).unwrap();
            assert_eq!(text(&reader), then, "all changes as JSON");
            return;
        }
        let (in_file, limit) = (random.one_in(2), self.replicas[who].replica.waiting_memory());
        let mut read = self.read_again(who, in_file);
        assert_eq!(read.waiting_memory(), limit);
        seen.is_unchanged(&read, "writing and reading");
        std::mem::swap(&mut self.replicas[who].replica, &mut read);
    }

    /// Limits what may wait, or forgets what waits.
    pub fn limit(&mut self, random: &mut Random) {
        let who = self.anyone(random);
        let honest = &mut self.replicas[who];
        match random.below(4) {
            0 => {
                let waited = honest.replica.waiting_len();
                assert_eq!(honest.replica.drop_waiting(), waited);
                assert_eq!((honest.replica.waiting_len(), honest.replica.waiting_memory()), (0, 0));
                honest.deceived = false;
            }
            1 => honest.unlimit(),
            _ => {
                honest.replica.set_waiting_limit(*random.pick(&[0, 500, 3_000, 1 << 20]));
                honest.limited = true;
            }
        }
        self.tell(|| format!("{} limits what waits", self.replicas[who].replica.actor()));
    }

    /// A newcomer takes the place of an honest replica, and knows what that knew.
    pub fn replace(&mut self, random: &mut Random) {
        let who = self.anyone(random);
        let new = self.newcomer(who, "new");
        self.tell(|| format!("{} takes the place of {}", new.actor(), self.replicas[who].replica.actor()));
        let deceived = self.replicas[who].deceived;
        self.replicas[who] = Honest { deceived, ..Honest::new(new) };
    }
}
