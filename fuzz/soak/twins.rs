//! The step in which two replicas write under one actor by mistake: one was read from a file, and the other went on.

use rejoin::crdt::{Change, ConvergentRef, MergeError, Patch};
use rejoin::value;

use crate::common::edit::Edit;
use crate::shared::story::Story;

use super::parcel::{Form, json};
use super::random::Random;
use super::seen::Seen;
use super::world::World;

impl World {
    /// Lets a copy of a replica go on beside it. As soon as both wrote something else, each finds out, whatever comes
    /// from the other, and so does everybody who has heard of both.
    pub fn part(&mut self, random: &mut Random) {
        let (who, other) = self.two(random);
        if self.replicas[other].deceived {
            return;
        }
        let honest = &mut self.replicas[who];
        honest.replica.drop_waiting();
        honest.unlimit();
        honest.deceived = false;
        honest.replica.pop_patches();
        honest.version = None;
        let in_file = random.one_in(2);
        let mut twin = self.read_again(who, in_file);
        let common = twin.changes().len();
        if random.one_in(3) {
            self.leaves(other);
            twin.merge(&self.replicas[other].replica).unwrap();
        }
        for _ in 0..=random.below(3) {
            write(&mut twin, random);
        }
        if random.one_in(3) {
            self.leaves(other);
            let theirs = self.replicas[other].replica.patch_from_clock(&Default::default());
            self.take_patch(who, &theirs, random);
        }
        for _ in 0..=random.below(3) {
            let replica = &mut self.replicas[who].replica;
            let (old, before) = (replica.value().clone(), replica.changes().len());
            let made = write(replica, random);
            self.made(who, made.as_ref(), before, &old, random);
        }
        let ours = own(&self.replicas[who].replica, common);
        let Some(at) = ours.iter().zip(own(&twin, common)).position(|(ours, theirs)| *ours != theirs) else {
            return;
        };
        self.figures.forks += 1;
        self.tell(|| {
            format!(
                "{} has a twin, which wrote {}",
                twin.actor(),
                value::text(&own(&twin, common)[at].to_json())
            )
        });
        for _ in 0..2 {
            let way = random.below(7);
            let ours = &mut self.replicas[who].replica;
            let (to, from) = if random.one_in(2) { (ours, &mut twin) } else { (&mut twin, ours) };
            let seen = Seen::of(to, random);
            let told = self::go(way, to, from, &mut self.files, random);
            finds_out(told, to, way);
            seen.is_unchanged(to, "what a twin sent");
        }
        self.witnessed(who, other, &twin, &ours[at], random);
    }

    /// One who hears of both finds out, and whoever hears of one from it.
    fn witnessed(
        &mut self,
        who: usize,
        other: usize,
        twin: &ConvergentRef,
        parted: &Change,
        random: &mut Random,
    ) {
        let mut witness = self.newcomer(other, "witness");
        let told = witness.merge(twin);
        if witness.clock().covers(&parted.id()) && told.is_err() {
            return finds_out(told.map(drop), &witness, 0);
        }
        // It knew nothing of the change, or it waited there.
        told.unwrap();
        let ours = &mut self.replicas[who].replica;
        let patch = ours.patch_from_clock(&Default::default());
        finds_out(witness.merge_patch(&patch).map(drop), &witness, 4);
        let seen = Seen::of(ours, random);
        finds_out(ours.merge(&witness).map(drop), ours, 0);
        seen.is_unchanged(ours, "what a witness of its twin sent");
    }
}

/// Edits a replica.
fn write(replica: &mut ConvergentRef, random: &mut Random) -> Option<rejoin::crdt::OpId> {
    let edits = Story::new(&random.bytes()).several(Story::edit);
    let apply =
        |value: &value::Val| edits.iter().fold(value.clone(), |value, edit: &Edit| edit.apply(&value));
    replica.swap(apply).unwrap().change
}

/// The changes that a replica made itself, after so many.
fn own(replica: &ConvergentRef, after: usize) -> Vec<Change> {
    let all = replica.changes();
    let new = all.len() - after;
    all.rev()
        .take(new)
        .filter(|change| change.actor == *replica.actor())
        .collect::<Vec<_>>()
        .into_iter()
        .rev()
        .collect()
}

/// Tells a replica what another one has.
fn go(
    way: usize,
    to: &mut ConvergentRef,
    from: &mut ConvergentRef,
    files: &mut super::files::Files,
    random: &mut Random,
) -> Result<(), MergeError> {
    let since = from.patch_from_clock(to.clock());
    let patches = match way {
        0 => return to.merge(from).map(drop),
        1 => vec![since],
        2 => vec![Patch::from_bytes(&since.to_bytes()).unwrap()],
        3 => vec![Patch::from_json(&value::parse(&json(&since)).unwrap()).unwrap()],
        4 => vec![from.patch_from_clock(&Default::default())],
        5 => from.peek_patches(),
        _ => Form::of(since, files, random).open(),
    };
    patches.iter().try_for_each(|patch| to.merge_patch(patch).map(drop))
}

fn finds_out(told: Result<(), MergeError>, who: &ConvergentRef, way: usize) {
    let is_found = matches!(told, Err(MergeError::Equivocation { .. } | MergeError::OtherBase { .. }));
    assert!(is_found, "{} does not find out, by way {way}: {told:?}", who.actor());
}
