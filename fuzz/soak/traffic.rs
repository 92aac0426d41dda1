//! Steps in which patches travel: sent, delivered, late, twice, or lost.

use rejoin::crdt::{Clock, ConvergentRef, Patch};

use crate::common::{actor, document, singles};

use super::parcel::{Form, Parcel, json};
use super::random::Random;
use super::world::World;

/// More patches than these are not on their way: the first are lost.
const ON_THEIR_WAY: usize = 48;

/// Patches of more changes are not taken apart.
const FEW: usize = 6;

impl World {
    /// Sends what another replica lacks, or more than that: at once, or change by change.
    pub fn send(&mut self, random: &mut Random) {
        let (from, to) = self.two(random);
        let theirs = self.replicas[to].replica.clock();
        let since: Clock = match random.below(8) {
            0 => Clock::new(),
            // It knew less when it asked.
            1..=2 => theirs
                .iter()
                .map(|(name, last)| (name.clone(), last.saturating_sub(random.below(4) as u64)))
                .collect(),
            _ => theirs.clone(),
        };
        let patch = self.leaves(from).patch_from_clock(&since);
        self.tell(|| format!("{from} sends {to} since {since}: {}", json(&patch)));
        if patch.is_empty() && !random.one_in(8) {
            return;
        }
        let is_split = patch.len() <= FEW && random.one_in(2);
        self.post(to, if is_split { singles(&patch) } else { vec![patch] }, random);
    }

    /// Takes what is queued, and sends each change to somebody.
    pub fn pop(&mut self, random: &mut Random) {
        let from = self.anyone(random);
        self.leaves(from);
        let replica = &mut self.replicas[from].replica;
        let patches = if random.one_in(3) { replica.peek_patches() } else { replica.pop_patches() };
        self.tell(|| format!("{from} pops {} changes", patches.len()));
        // The first ones of many are lost.
        for patch in patches.into_iter().rev().take(FEW).rev() {
            let to = self.anyone(random);
            self.post(to, vec![patch], random);
        }
    }

    fn post(&mut self, to: usize, patches: Vec<Patch>, random: &mut Random) {
        for patch in patches {
            let form = Form::of(patch, &mut self.files, random);
            self.figures.files += u64::from(form.is_in_file());
            self.figures.sent += 1;
            let is_late = random.one_in(12);
            self.figures.late += u64::from(is_late);
            let due = if is_late { self.step + random.below(300) as u64 } else { 0 };
            self.network.push(Parcel { to, form, due });
        }
        while self.network.len() > ON_THEIR_WAY {
            self.network.remove(0);
            self.figures.lost += 1;
        }
    }

    /// Delivers a patch, not in the order in which they were sent, and keeps it now and then to deliver it again.
    pub fn deliver(&mut self, random: &mut Random) {
        let due: Vec<usize> =
            (0..self.network.len()).filter(|&place| self.network[place].due <= self.step).collect();
        if due.is_empty() {
            return self.merge(random);
        }
        let place = *random.pick(&due);
        let again = random.one_in(5);
        self.figures.doubled += u64::from(again);
        let parcel = if again { self.network[place].clone() } else { self.network.swap_remove(place) };
        self.arrive(&parcel, random);
    }

    pub fn arrive(&mut self, parcel: &Parcel, random: &mut Random) {
        for patch in parcel.form.open() {
            self.tell(|| format!("{} gets {}", parcel.to, json(&patch)));
            self.take_patch(parcel.to, &patch, random);
        }
    }

    pub fn lose(&mut self, random: &mut Random) {
        if !self.network.is_empty() {
            self.network.swap_remove(random.below(self.network.len()));
            self.figures.lost += 1;
        }
    }

    /// Lets a replica take what another has, what waits there included.
    pub fn merge(&mut self, random: &mut Random) {
        let (into, from) = self.two(random);
        self.tell(|| format!("{into} merges {from}"));
        self.leaves(from);
        self.replicas[into].deceived |= self.replicas[from].deceived;
        let spare = ConvergentRef::new(document(), actor("nobody"));
        let other = std::mem::replace(&mut self.replicas[from].replica, spare);
        self.take(into, random, |replica| replica.merge(&other));
        self.replicas[from].replica = other;
    }
}
