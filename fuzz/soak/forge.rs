//! Steps in which somebody lies: patches that are well formed, and say what did not happen.

use rejoin::crdt::{
    Change, Clock, Content, ConvergentRef, Kind, MAX_COUNTER, MergeError, MergeReport, Op, OpId, OpSpan,
    Patch, Scalar, SlotId,
};
use rejoin::value::{self, Val, View, object};

use crate::common::{actor, document, is_told, patch, text};
use crate::shared::file::{PATCH, body, columns, framed, repaired};

use super::damage::damaged;
use super::parcel::json;
use super::random::Random;
use super::seen::Seen;
use super::world::World;

/// An actor that never writes: what depends on it waits for ever.
const GHOST: &str = "ghost";

/// Replicas that take lies at the same time.
const GULLIBLE: usize = 2;

impl World {
    /// Makes changes that nobody made out of those that somebody made.
    pub fn forge_changes(&mut self, random: &mut Random) {
        if self.ledger.is_empty() {
            return;
        }
        let mut lies = Vec::new();
        for _ in 0..=random.below(2) {
            let from = if random.one_in(2) { 0 } else { self.ledger.len().saturating_sub(20) };
            let honest = random.pick(&self.ledger[from..]).clone();
            lies.push(self.forged(honest, random));
        }
        let forged = match random.below(8) {
            0 => Patch::new(rejoin::crdt::DocumentId::new("other").unwrap(), lies),
            1 => patch(lies.into_iter().chain(self.something(random).changes())),
            _ => patch(lies),
        };
        self.figures.forged += 1;
        match random.below(3) {
            0 => self.bytes_arrive(&forged.to_bytes(), random),
            1 => self.json_arrives(&forged.to_json(), random),
            _ => self.hear(&forged, random),
        }
    }

    fn forged(&self, mut change: Change, random: &mut Random) -> Change {
        for _ in 0..=random.below(2) {
            self.lie(&mut change, random);
        }
        if !random.one_in(3) {
            let deps = change.deps.iter().filter(|(name, _)| **name != change.actor);
            change.deps = deps.map(|(name, last)| (name.clone(), last)).collect();
            change.first = change.previous.max(change.deps.highest()).saturating_add(1);
        }
        change
    }

    /// Changes one thing of a change.
    fn lie(&self, change: &mut Change, random: &mut Random) {
        let somebody = self.replicas[self.anyone(random)].replica.actor().clone();
        let clock = self.replicas[self.anyone(random)].replica.clock();
        let numbers = [
            0,
            1,
            change.first,
            change.first.saturating_add(1),
            change.previous,
            MAX_COUNTER,
            u64::MAX,
            1 << 41,
        ];
        match random.below(13) {
            0 => change.deps.advance(&actor(GHOST), 1 + random.below(9) as u64),
            1 => change.deps.advance(&somebody, *random.pick(&numbers)),
            2 => change.deps = Clock::new(),
            3 => change.previous = *random.pick(&numbers),
            4 => change.first = *random.pick(&numbers),
            5 => change.actor = if random.one_in(2) { somebody } else { actor("mallory") },
            6 => change.ops.truncate(random.below(change.ops.len() + 1)),
            7 => change.ops.extend(change.ops.first().cloned()),
            8 => change.ops.reverse(),
            9 => change.ops.clone_from(&random.pick(&self.ledger).ops),
            10 => change.ops.push(strange(&OpId::new(1 + random.below(20) as u64, somebody), random)),
            11 => {
                if let Some(Op::Put { content, .. } | Op::Insert { content, .. }) = change.ops.last_mut() {
                    *content = self.content(random);
                }
            }
            // What an actor may do next: nothing in it is wrong but that somebody else does it.
            _ => {
                change.actor = if random.one_in(2) { somebody } else { actor("mallory") };
                change.previous = clock.get(&change.actor);
                let others = clock.iter().filter(|(name, _)| **name != change.actor);
                change.deps = others.map(|(name, last)| (name.clone(), last)).collect();
                change.first = clock.highest() + 1;
                let content = self.content(random);
                change.ops = vec![Op::Put { slot: SlotId::Root, over: Vec::new(), content }];
            }
        }
    }

    fn content(&self, random: &mut Random) -> Content {
        let id = random.pick(&self.ledger).id();
        match random.below(3) {
            0 => Content::Scalar(Scalar::new(7.into()).unwrap()),
            1 => Content::Make(*random.pick(&Kind::ALL)),
            _ => Content::Move(id),
        }
    }

    /// Replaces parts of the JSON of a patch by other parts of it, or by what does not belong there.
    pub fn forge_json(&mut self, random: &mut Random) {
        let mut json = self.something(random).to_json();
        let mut parts = Vec::new();
        leaves(&json, &mut parts);
        for text in HOSTILE {
            parts.push(value::parse(text).unwrap());
        }
        for _ in 0..=random.below(3) {
            let honest = parts.len() - HOSTILE.len();
            let new =
                if random.one_in(3) { random.pick(&parts) } else { random.pick(&parts[..honest.max(1)]) };
            json = replaced(&json, &mut random.below(honest.max(1)), new);
        }
        self.figures.forged += 1;
        self.json_arrives(&json, random);
    }

    /// Changes the columns of a patch, which stay columns.
    pub fn forge_columns(&mut self, random: &mut Random) {
        let document = document();
        let bytes = self.something(random).to_bytes();
        let framed = body(PATCH, document.as_str(), &bytes).and_then(framed);
        let Some(framed) = framed else { return };
        let forged = repaired(PATCH, document.as_str(), &columns(&damaged(framed, random)));
        self.figures.forged += 1;
        self.bytes_arrive(&forged, random);
    }

    // --- those who hear it ---

    /// Lets somebody take a patch that may be a lie.
    pub fn hear(&mut self, patch: &Patch, random: &mut Random) {
        self.tell(|| format!("a lie: {}", json(patch)));
        if random.one_in(2) {
            let gullible = self.gullible(random);
            let replica = &mut self.gullible[gullible];
            let taken = heard(replica, random, |replica| replica.merge_patch(patch));
            self.count(taken);
        } else {
            self.honest_hears(patch, random);
        }
    }

    /// Lets one who is told lies take a ref that may be one.
    pub fn hear_ref(&mut self, other: &ConvergentRef, random: &mut Random) {
        let gullible = self.gullible(random);
        let replica = &mut self.gullible[gullible];
        let taken = heard(replica, random, |replica| replica.merge(other));
        self.count(taken);
    }

    fn count(&mut self, taken: bool) {
        self.figures.believed += u64::from(taken);
        self.figures.refused += u64::from(!taken);
    }

    fn gullible(&mut self, random: &mut Random) -> usize {
        if self.gullible.len() < GULLIBLE {
            let new = self.newcomer(self.anyone(random), "gullible");
            self.gullible.push(new);
        }
        random.below(self.gullible.len())
    }

    /// An honest replica refuses a lie, lets it wait for what never comes, or is taken back.
    fn honest_hears(&mut self, patch: &Patch, random: &mut Random) {
        let who = self.anyone(random);
        let replica = &mut self.replicas[who].replica;
        let (version, seen, before) = (replica.version(), Seen::of(replica, random), replica.changes().len());
        let taken = heard(replica, random, |replica| replica.merge_patch(patch));
        self.count(taken);
        let replica = &self.replicas[who].replica;
        if replica.is_at(&version) {
            return;
        }
        if replica.changes().len() == before && random.one_in(2) && self.waits_for_ever(replica) {
            self.replicas[who].deceived = true;
            // A part of it may be true: what it says has left whoever made it.
            self.replicas.iter_mut().for_each(|honest| honest.version = None);
            return;
        }
        let replica = &mut self.replicas[who].replica;
        replica.rewind(version).unwrap();
        seen.is_unchanged(replica, "a lie that was taken back");
    }

    /// Tells whether of all that waits what is not honest will never be applied.
    fn waits_for_ever(&self, replica: &ConvergentRef) -> bool {
        let never = |id: OpId| id.actor == actor(GHOST) || id.counter > 1 << 40;
        let mut lies = replica.waiting().filter(|change| !self.ledger.contains(change));
        lies.all(|change| change.lacks(replica.clock()).any(never))
    }
}

/// Lets a replica take what may be a lie; tells whether it did.
///
/// # Panics
/// When it leaves a trace though it was refused, or says something else the second time.
fn heard(
    replica: &mut ConvergentRef,
    random: &mut Random,
    what: impl Fn(&mut ConvergentRef) -> Result<MergeReport, MergeError>,
) -> bool {
    let seen = Seen::of(replica, random);
    let (old, before) = (replica.value().clone(), replica.changes().len());
    match what(replica) {
        Ok(report) => {
            assert_eq!(replica.changes().len(), before + report.new, "as many as are new");
            is_told(&old, &replica.delta(), replica.value()).unwrap();
            if random.one_in(3) {
                let seen = Seen::of(replica, random);
                let again = what(replica).unwrap_or_else(|error| panic!("taken, then refused: {error}"));
                assert_eq!(again.new, 0, "the second time nothing is new");
                seen.is_unchanged(replica, "the same once more");
            }
            true
        }
        Err(error) => {
            assert!(!error.to_string().is_empty());
            seen.is_unchanged(replica, "a lie that was refused");
            if random.one_in(8) {
                assert!(what(replica).is_err(), "refused, then taken");
            }
            let _ = text(replica);
            false
        }
    }
}

/// An op that nobody makes.
fn strange(id: &OpId, random: &mut Random) -> Op {
    let span = |count| OpSpan { first: id.clone(), count };
    let ghost = OpId::new(5, actor(GHOST));
    match random.below(10) {
        0 => Op::Delete { over: Vec::new() },
        1 => Op::Delete { over: vec![span(0)] },
        2 => Op::Delete { over: vec![span(u64::MAX)] },
        3 => Op::Delete { over: vec![span(1 << 31)] },
        4 => Op::Delete { over: vec![span(2), span(1)] },
        5 => Op::Delete { over: vec![OpSpan::one(ghost)] },
        6 => Op::Add { counter: id.clone(), by: i64::MIN },
        7 => Op::Type { text: id.clone(), parent: None, side: rejoin::crdt::Side::Left, chars: "x".into() },
        8 => Op::Type {
            text: id.clone(),
            parent: None,
            side: rejoin::crdt::Side::Right,
            chars: if random.one_in(2) { String::new() } else { "xyz".into() },
        },
        _ => Op::Insert {
            list: id.clone(),
            parent: random.one_in(2).then_some(ghost),
            side: rejoin::crdt::Side::Right,
            content: Content::Make(Kind::Map),
        },
    }
}

/// What does not belong into a patch.
const HOSTILE: [&str; 16] = [
    "null",
    "-1",
    "0",
    "1.5",
    "1e400",
    "9007199254740993",
    "18446744073709551616",
    "\"\"",
    "\"5@\"",
    "\"0@ann\"",
    "\"5@ghost\"",
    "\"1..4294967295@ann\"",
    "\"9007199254740992@ann\"",
    "[]",
    "{}",
    "[[[]]]",
];

fn leaves(json: &Val, found: &mut Vec<Val>) {
    match json.view() {
        View::Arr(items) => items.iter().for_each(|item| leaves(item, found)),
        View::Obj(entries) => entries.values().for_each(|entry| leaves(entry, found)),
        _ => found.push(json.clone()),
    }
}

/// The JSON with another leaf in the place of one, which is counted down to.
fn replaced(json: &Val, left: &mut usize, new: &Val) -> Val {
    match json.view() {
        View::Arr(items) => items.iter().map(|item| replaced(item, left, new)).collect(),
        View::Obj(entries) => {
            object(entries.iter().map(|(key, entry)| (key.clone(), replaced(entry, left, new))))
        }
        _ => {
            let is_it = *left == 0;
            *left = left.wrapping_sub(1);
            if is_it { new.clone() } else { json.clone() }
        }
    }
}
