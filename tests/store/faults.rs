//! Random histories over a store that goes wrong: replicas edit, merge each other, check in, crash and begin, while others
//! clean up. Afterwards all have the same, and nothing is lost that a check-in said is there.
//!
//! `FAULTS=1000000` sets the number of steps, `FAULTS_SEED=…` the first history.

#![allow(clippy::print_stderr, reason = "a long run says what it did")]

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use rejoin::crdt::{Actor, Clock, ConvergentRef, DocumentId, Kind};
use rejoin::store::{Seen, Store, StoreError, Way};
use rejoin::value::{Path, Step, parse};

use crate::shaky::{Dice, Faults, Shaky};

/// The steps of all histories together, unless something else is asked for.
const STEPS: u64 = 10_000;

/// The steps of one history: short ones find more, since faults are forgotten in the end.
const SHORT: usize = 120;
const LONG: usize = 1500;

/// Something is cleaned away when it is older than this, in seconds.
const GRACE: u64 = 20;

/// Lists are never older than this, in milliseconds.
const LAG: u64 = 3000;

const MOST_PEERS: usize = 6;

/// A replica, and what is left of it when it crashes.
struct Peer {
    replica: ConvergentRef,
    seen: Seen,
    saved: Vec<u8>,
    saved_seen: Seen,
    /// Whether somebody may have got changes that it made since it was saved.
    is_exposed: bool,
}

struct World {
    seed: u64,
    dice: Dice,
    objects: Shaky,
    store: Store,
    peers: Vec<Peer>,
    names: usize,
    /// All that a check-in said is there, and perhaps more.
    witness: ConvergentRef,
    answered: Clock,
    /// Lists tell what is so, and who cleans up is alone: then no age is needed.
    is_calm: bool,
    /// Histories that ended with something in the store that lacks what nobody has any more.
    torn: u64,
}

type Task<'t> = Pin<Box<dyn Future<Output = Done> + 't>>;

enum Done {
    Checked(usize, Way, Result<(), StoreError>),
    Cleaned(Result<(), StoreError>),
}

fn document() -> DocumentId {
    DocumentId::new("document").unwrap()
}

fn actor(number: usize) -> Actor {
    Actor::new(&format!("actor-{number}")).unwrap()
}

/// Waits for what needs no waiting.
fn block<T>(future: impl Future<Output = T>) -> T {
    let mut future = Box::pin(future);
    let mut context = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(done) = future.as_mut().poll(&mut context) {
            return done;
        }
    }
}

impl World {
    fn new(seed: u64) -> Self {
        let mut dice = Dice(seed);
        let objects = Shaky::new(dice.next());
        let store = Store::over(Arc::new(objects.clone()), "somewhere", "shaky");
        let start = parse(r#"{"list":["a","b"],"inner":{"n":0}}"#).unwrap();
        let first = ConvergentRef::with_value(document(), actor(0), start).unwrap();
        let witness = ConvergentRef::new(document(), Actor::new("witness").unwrap());
        let is_calm = dice.falls(250);
        let mut world = Self {
            seed,
            dice,
            objects,
            store,
            peers: Vec::new(),
            names: 1,
            witness,
            answered: Clock::new(),
            is_calm,
            torn: 0,
        };
        world.peers.push(Peer::new(first));
        for _ in 0..world.dice.below(3) {
            world.branch();
        }
        world
    }

    fn trouble(&mut self) {
        let much = [5, 40, 120][self.dice.below(3)];
        let (lag, list_is_stale) = if self.is_calm { (0, 0) } else { (LAG, 8 * much) };
        let faults =
            Faults { fails: much, answer_is_lost: much, comes_twice: much, list_is_stale, lag, waits: 4 };
        self.objects.set_faults(faults);
    }

    fn name(&mut self) -> Actor {
        self.names += 1;
        actor(self.names - 1)
    }

    fn branch(&mut self) {
        let (of, name) = (self.dice.below(self.peers.len()), self.name());
        self.peers[of].is_exposed = true;
        let replica = self.peers[of].replica.branch(name).unwrap();
        self.peers.push(Peer::new(replica));
    }

    fn step(&mut self) {
        let who = self.dice.below(self.peers.len());
        match self.dice.below(100) {
            0..36 => edit(&mut self.peers[who].replica, &mut self.dice),
            36..42 => self.merge(who),
            42..46 => {
                let Peer { replica, seen, saved, saved_seen, is_exposed } = &mut self.peers[who];
                (*saved, *saved_seen, *is_exposed) = (replica.to_bytes(), seen.clone(), false);
            }
            46..49 => self.crash(who),
            49..51 if self.peers.len() < MOST_PEERS => self.branch(),
            51..54 if self.peers.len() < MOST_PEERS => {
                // It begins with what is there.
                let name = self.name();
                self.peers.push(Peer::new(ConvergentRef::new(document(), name)));
            }
            54..56 if self.peers.len() > 1 => drop(self.peers.swap_remove(who)),
            56..64 => {
                let milliseconds = self.dice.next() % 15_000;
                self.objects.sleep(milliseconds);
            }
            _ => self.meet(),
        }
    }

    fn merge(&mut self, into: usize) {
        let from = self.dice.below(self.peers.len());
        if into == from {
            return;
        }
        let [into, from] = self.peers.get_disjoint_mut([into, from]).unwrap();
        from.is_exposed = true;
        into.replica.merge(&from.replica).unwrap();
    }

    /// A replica is what it was when it was saved. What others may have of it since would be made anew under the same
    /// ids, so it writes under another name then.
    fn crash(&mut self, who: usize) {
        let fresh = self.name();
        let (keeps_seen, loses_seen) = (self.dice.falls(300), self.dice.falls(300));
        let peer = &mut self.peers[who];
        let mut replica = ConvergentRef::from_bytes(&peer.saved).unwrap();
        if peer.is_exposed {
            replica = replica.with_actor(fresh).unwrap();
        }
        peer.replica = replica;
        // What it remembers of the store may be of any time.
        if loses_seen {
            peer.seen = Seen::default();
        } else if !keeps_seen {
            peer.seen = peer.saved_seen.clone();
        }
        (peer.saved, peer.is_exposed) = (peer.replica.to_bytes(), false);
    }

    /// Some check in at the same time, and somebody may clean up.
    fn meet(&mut self) {
        let Self { dice, store, peers, is_calm, .. } = self;
        let store = &*store;
        let (mut tasks, mut going): (Vec<Task<'_>>, _) = (Vec::new(), 1 + dice.below(3));
        let cleaners = if dice.falls(150) { 1 + dice.below(2) } else { 0 };
        if *is_calm && cleaners > 0 {
            going = 0;
        }
        for (who, peer) in peers.iter_mut().enumerate() {
            if going == 0 || !dice.falls(600) {
                continue;
            }
            going -= 1;
            let way = [Way::Both, Way::Both, Way::Both, Way::Push, Way::Pull][dice.below(5)];
            peer.is_exposed |= way != Way::Pull;
            let Peer { replica, seen, .. } = peer;
            tasks.push(Box::pin(async move {
                Done::Checked(who, way, store.check_in(replica, seen, way).await.map(drop))
            }));
        }
        for _ in 0..if *is_calm { cleaners.min(1) } else { cleaners } {
            let seconds = if *is_calm { 0 } else { GRACE };
            tasks.push(Box::pin(
                async move { Done::Cleaned(store.clean(&document(), seconds).await.map(drop)) },
            ));
        }
        let mut done = Vec::new();
        let mut context = Context::from_waker(Waker::noop());
        while !tasks.is_empty() {
            let at = dice.below(tasks.len());
            if dice.falls(2) {
                // The process ends.
                drop(tasks.swap_remove(at));
            } else if let Poll::Ready(ended) = tasks[at].as_mut().poll(&mut context) {
                drop(tasks.swap_remove(at));
                done.push(ended);
            }
        }
        drop(tasks);
        for done in done {
            self.note(done);
        }
    }

    fn note(&mut self, done: Done) {
        use StoreError::{Lacks, Restless, Unreachable};
        match done {
            Done::Checked(who, way, Ok(())) => {
                let replica = &self.peers[who].replica;
                if way != Way::Pull {
                    self.answered.join(replica.clock());
                    self.witness.merge(replica).unwrap();
                }
            }
            Done::Cleaned(Ok(())) => {}
            Done::Checked(_, _, Err(Unreachable { .. } | Restless(_))) => {}
            Done::Cleaned(Err(Unreachable { .. } | Restless(_) | Lacks { .. })) => {}
            Done::Checked(who, _, Err(error)) => panic!("seed {}: actor {who}: {error}", self.seed),
            Done::Cleaned(Err(error)) => panic!("seed {}: cleaning up: {error}", self.seed),
        }
    }

    /// Nothing goes wrong any more, and everybody checks in until nothing is new.
    fn end(&mut self) {
        self.objects.set_faults(Faults::default());
        self.objects.sleep(LAG);
        let seed = self.seed;
        let is_said =
            |what: &str, error: &dyn std::fmt::Display| -> ! { panic!("seed {seed}: {what}: {error}") };
        for round in 0.. {
            assert!(round < 6, "seed {seed}: there is always something new");
            let mut is_news = false;
            for peer in &mut self.peers {
                let checked = block(self.store.check_in(&mut peer.replica, &mut peer.seen, Way::Both));
                let checked = checked.unwrap_or_else(|error| is_said("in the end", &error));
                is_news |= checked.sent.changes + checked.received.changes > 0;
            }
            if !is_news {
                break;
            }
        }
        let mut clone = Peer::new(ConvergentRef::new(document(), Actor::new("clone").unwrap()));
        let cloned = block(self.store.check_in(&mut clone.replica, &mut clone.seen, Way::Both));
        cloned.unwrap_or_else(|error| is_said("a clone", &error));
        self.peers.push(clone);
        for peer in &self.peers {
            self.witness.merge(&peer.replica).unwrap();
        }
        let mut is_whole = true;
        for Peer { replica, .. } in &self.peers {
            let who = replica.actor();
            // Who brought it crashed before it brought all, and so did all others who had the rest: nobody was told that
            // it is there.
            is_whole &= replica.waiting_len() == 0;
            let missing = replica.missing();
            let is_anywhere = missing.iter().any(|id| self.witness.clock().covers(id));
            assert!(!is_anywhere, "seed {seed}: {who}: {missing:?} in {:#?}", self.objects.paths());
            assert!(replica.clock().covers_all(&self.answered), "seed {seed}: {who} lost what was answered");
            assert_eq!(replica.clock(), self.witness.clock(), "seed {seed}: {who}");
            let (value, all) = (replica.value().to_string(), self.witness.value().to_string());
            assert_eq!(value, all, "seed {seed}: {who}");
            replica.check().unwrap_or_else(|error| is_said("check", &error));
        }
        // What is cleaned up now is nobody's.
        match block(self.store.clean(&document(), 0)) {
            Ok(_) => assert!(!block(self.store.clean(&document(), 0)).unwrap().checkpoint, "seed {seed}"),
            Err(StoreError::Lacks { .. }) if !is_whole => {}
            Err(error) => is_said("cleaning in the end", &error),
        }
        self.torn += u64::from(!is_whole);
        let mut last = Peer::new(ConvergentRef::new(document(), Actor::new("last").unwrap()));
        block(self.store.check_in(&mut last.replica, &mut last.seen, Way::Both)).unwrap();
        assert_eq!(last.replica.value().to_string(), self.witness.value().to_string(), "seed {seed}");
        for peer in &mut self.peers {
            let checked = block(self.store.check_in(&mut peer.replica, &mut peer.seen, Way::Both)).unwrap();
            assert_eq!(checked.sent.changes + checked.received.changes, 0, "seed {seed}");
            assert!(
                checked.requests == 1 || !is_whole || peer.replica.actor().as_str() == "clone",
                "seed {seed}: {checked:?}"
            );
        }
    }
}

impl Peer {
    fn new(replica: ConvergentRef) -> Self {
        let saved = replica.to_bytes();
        Self { replica, seen: Seen::default(), saved, saved_seen: Seen::default(), is_exposed: false }
    }
}

/// Edits something, which says who did it.
fn edit(replica: &mut ConvergentRef, dice: &mut Dice) {
    let at = |replica: &ConvergentRef, steps: &[&str]| {
        let steps = steps.iter().map(|step| Step::Key((*step).to_owned())).collect();
        replica.container(&Path(steps)).filter(|_| true)
    };
    let root = Path::default();
    let Some(map) = replica.container(&root).filter(|_| replica.kind_at(&root) == Some(Kind::Map)) else {
        return;
    };
    let list = at(replica, &["list"]);
    let len = replica.value()["list"].as_list().map_or(0, |list| list.len());
    let inner = at(replica, &["inner"]);
    let text = format!("\"{} {}\"", replica.actor(), dice.below(1000));
    let value = parse(&text).unwrap();
    let key = ["a", "b", "c", "d"][dice.below(4)];
    let mut transaction = replica.transaction().unwrap();
    for _ in 0..=dice.below(3) {
        match (dice.below(8), &list, &inner) {
            (0..4, Some(list), _) if len < 30 => {
                drop(transaction.insert(list, dice.below(len + 1).min(len), value.clone()))
            }
            (4, Some(list), _) if len > 0 => drop(transaction.delete(list, 0, 1)),
            (5, Some(list), Some(inner)) => drop(transaction.move_to_key(list, inner, key)),
            (6, _, Some(inner)) => drop(transaction.put(inner, key, value.clone())),
            (7, _, Some(inner)) => drop(transaction.move_to_key(inner, &map, key)),
            _ => drop(transaction.put(&map, key, value.clone())),
        }
    }
    transaction.commit().unwrap();
}

#[test]
fn given_a_store_that_goes_wrong_when_all_check_in_then_nothing_is_lost_and_all_have_the_same() {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let (most, first) = (number("FAULTS").unwrap_or(STEPS), number("FAULTS_SEED").unwrap_or(1));
    let (mut steps, mut requests, mut torn, mut seed) = (0, 0, 0, first);
    while steps < most {
        let mut world = World::new(seed);
        let length = if world.dice.falls(30) { LONG } else { SHORT };
        world.trouble();
        for _ in 0..length {
            world.step();
            if world.dice.falls(20) {
                world.trouble();
            }
        }
        world.end();
        steps += length as u64;
        requests += world.objects.requests();
        torn += world.torn;
        seed += 1;
    }
    if number("FAULTS").is_some() {
        eprintln!("{steps} steps, {requests} requests, {} histories, {torn} of them torn", seed - first);
    }
}
