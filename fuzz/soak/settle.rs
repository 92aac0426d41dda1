//! The step in which all that is honest comes together, and is judged.

use rejoin::crdt::{Actor, Change, Clock, ConvergentRef};
use std::collections::BTreeMap;

use crate::common::{actor, document, patch, sorted, text};
use crate::oracle::Oracle;
use crate::shared::sound::is_sound;

use super::parcel::{Form, json};
use super::random::Random;
use super::world::World;

/// Histories up to here are given to a newcomer change by change.
const FEW: usize = 200;

impl World {
    /// Lets everybody take what everybody has. Then all agree, and with the oracle.
    pub fn settle(&mut self, random: &mut Random) {
        self.tell(|| "all come together".to_owned());
        self.figures.settled += 1;
        let mut network = std::mem::take(&mut self.network);
        for honest in &mut self.replicas {
            honest.unlimit();
            if std::mem::take(&mut honest.deceived) {
                honest.replica.drop_waiting();
            }
            honest.version = None;
        }
        if random.one_in(2) {
            random.shuffle(&mut network);
            network.iter().for_each(|parcel| self.arrive(parcel, random));
        } else {
            self.figures.lost += network.len() as u64;
        }
        let mut order: Vec<usize> = (0..self.replicas.len()).collect();
        random.shuffle(&mut order);
        let last = order[order.len() - 1];
        for two in order.windows(2) {
            self.bring(two[0], two[1], random);
        }
        for to in &order[..order.len() - 1] {
            self.bring(last, *to, random);
        }
        self.judge(random);
        for gullible in std::mem::take(&mut self.gullible) {
            self.confront(gullible, random);
        }
    }

    /// Lets one replica take what another one has.
    fn bring(&mut self, from: usize, to: usize, random: &mut Random) {
        let clock = if random.one_in(8) { Clock::new() } else { self.replicas[to].replica.clock().clone() };
        let patch = self.replicas[from].replica.patch_from_clock(&clock);
        if random.one_in(4) {
            let nobody = ConvergentRef::new(document(), actor("nobody"));
            let other = std::mem::replace(&mut self.replicas[from].replica, nobody);
            self.take(to, random, |replica| replica.merge(&other));
            self.replicas[from].replica = other;
        } else {
            let form = Form::of(patch, &mut self.files, random);
            self.figures.files += u64::from(form.is_in_file());
            form.open().iter().for_each(|patch| self.take_patch(to, patch, random));
        }
    }

    /// # Panics
    /// When one of the replicas is not what follows from the honest changes.
    fn judge(&mut self, random: &mut Random) {
        let ledger: Clock = self.ledger.iter().map(|change| (change.actor.clone(), change.last())).collect();
        let judged = random.below(self.replicas.len());
        let one = &self.replicas[judged].replica;
        let heads = |replica: &ConvergentRef| json(&replica.patch_from_clock(&ledger));
        let (value, digests, conflicts) = (text(one), heads(one), one.conflicts());
        for honest in &self.replicas {
            let replica = &honest.replica;
            let name = replica.actor();
            assert_eq!(replica.clock(), &ledger, "{name}: the clock");
            assert_eq!(replica.changes().len(), self.ledger.len(), "{name}: the changes");
            assert_eq!(text(replica), value, "{name} and {}: the value", one.actor());
            assert!(replica.conflicts() == conflicts, "{name} and {}: the conflicts", one.actor());
            // The base of a patch has digests of all that it follows.
            assert!(heads(replica) == digests, "{name} and {}: the digests", one.actor());
            let waiting: Vec<&Change> = replica.waiting().collect();
            assert!(waiting.is_empty(), "{name}: {waiting:?} wait");
        }
        assert!(
            sorted(changes(one).into_iter()) == sorted(self.ledger.iter().cloned()),
            "the changes are those that were made"
        );
        is_sound(one);
        self.figures.judged += 1;
        if self.ledger.len() <= FEW && random.one_in(4) {
            let mut shuffled = self.ledger.clone();
            random.shuffle(&mut shuffled);
            let mut reader = ConvergentRef::new(document(), actor("reader"));
            shuffled.into_iter().for_each(|change| drop(reader.merge_patch(&patch([change])).unwrap()));
            assert_eq!(text(&reader), value, "in any order, one by one");
            reader.check().unwrap();
        }
    }

    /// Holds one who was told lies against an honest replica: they find out, or agree.
    fn confront(&mut self, mut gullible: ConvergentRef, random: &mut Random) {
        if random.one_in(8) && gullible.changes().len() <= FEW {
            let oracle = Oracle::new(changes(&gullible)).value();
            assert_eq!(text(&gullible), rejoin::value::text(&oracle), "lies, and the oracle");
            self.figures.judged += 1;
        }
        gullible.set_waiting_limit(64 << 20);
        let mut honest = self.newcomer(0, "judge");
        let forked = are_forked(&honest, &gullible);
        let there = honest.merge(&gullible);
        let fork_came = are_forked(&honest, &gullible);
        let back = gullible.merge(&honest);
        let told = [&there, &back].map(|told| told.as_ref().err().map(ToString::to_string));
        if forked {
            self.figures.forks += 1;
            assert!(there.is_err() && back.is_err(), "a fork is not found: {told:?}");
        } else if fork_came {
            assert!(there.is_err() || back.is_err(), "a fork is not found");
        } else {
            assert!(there.is_ok() && back.is_ok(), "nothing is forked, and it is refused: {told:?}");
            honest.merge(&gullible).unwrap();
            gullible.merge(&honest).unwrap();
            assert!(!are_forked(&honest, &gullible), "a fork is not found");
            assert_eq!(honest.clock(), gullible.clock());
            assert_eq!(text(&honest), text(&gullible), "with lies in both");
            assert!(honest.conflicts() == gullible.conflicts(), "the conflicts, with lies in both");
        }
        let either = if random.one_in(2) { honest } else { gullible };
        either.check().unwrap();
    }
}

/// All changes of a replica, unpacked together, which is faster than one by one.
fn changes(of: &ConvergentRef) -> Vec<Change> {
    of.patch_from_clock(&Clock::new()).changes().collect()
}

/// Tells whether two replicas have different changes of one actor in one place.
fn are_forked(one: &ConvergentRef, other: &ConvergentRef) -> bool {
    let [ours, theirs] = [one, other].map(|replica| {
        let mut by_actor: BTreeMap<Actor, Vec<Change>> = BTreeMap::new();
        let changes = changes(replica).into_iter();
        changes.for_each(|change| by_actor.entry(change.actor.clone()).or_default().push(change));
        by_actor
    });
    ours.iter().any(|(actor, ours)| {
        let theirs = theirs.get(actor).map_or(&[][..], Vec::as_slice);
        ours.iter().zip(theirs).any(|(ours, theirs)| ours != theirs)
    })
}
