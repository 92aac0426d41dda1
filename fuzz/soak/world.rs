//! Honest replicas, a network between them, and those who are told lies.

use std::fmt;

use rejoin::crdt::{Change, Clock, ConvergentRef, MergeError, MergeReport, OpId, Patch, Version};
use rejoin::value::Val;

use crate::common::history::World as Beginning;
use crate::common::{actor, is_told, text};
use crate::shared::story::Story;

use super::figures::Figures;
use super::files::{Files, Stored};
use super::parcel::Parcel;
use super::random::Random;
use super::seen::Seen;

/// One document and everybody who has to do with it.
pub struct World {
    pub replicas: Vec<Honest>,
    /// Every change that an honest replica made, as it was then, and that was not taken back.
    pub ledger: Vec<Change>,
    pub network: Vec<Parcel>,
    /// Replicas that take what they are told, lies also. Nobody takes anything from them before all is settled.
    pub gullible: Vec<ConvergentRef>,
    /// Clocks that honest replicas had, and how they read then.
    pub moments: Vec<(Clock, String)>,
    pub files: Files,
    pub figures: Figures,
    /// The number of the step.
    pub step: u64,
    /// The number of actors that came later than the first ones.
    came: usize,
    /// Whether to print what happens.
    traced: bool,
}

/// A replica that keeps to the rules.
pub struct Honest {
    pub replica: ConvergentRef,
    /// Where it may go back to, and whether lies waited there: nothing that it made since has left it.
    pub version: Option<(Version, Seen, bool)>,
    /// Whether lies may wait here.
    pub deceived: bool,
    /// Whether less may wait here than usual.
    pub limited: bool,
}

impl Honest {
    pub fn new(replica: ConvergentRef) -> Self {
        Self { replica, version: None, deceived: false, limited: false }
    }

    /// Lets as much wait as usual.
    pub fn unlimit(&mut self) {
        self.replica.set_waiting_limit(64 << 20);
        self.limited = false;
    }
}

/// Clocks that are looked at again.
const MOMENTS: usize = 60;

impl World {
    pub fn new(random: &mut Random, traced: bool) -> Self {
        let bytes = random.bytes();
        let replicas = Beginning::start(&Story::new(&bytes).start()).replicas;
        let ledger = replicas.first().map(|replica| replica.changes().collect()).unwrap_or_default();
        let mut world = Self {
            replicas: replicas.into_iter().map(Honest::new).collect(),
            ledger,
            network: Vec::new(),
            gullible: Vec::new(),
            moments: Vec::new(),
            files: Files::new(),
            figures: Figures { histories: 1, ..Figures::default() },
            step: 0,
            came: 0,
            traced,
        };
        for _ in 0..random.below(3) {
            let new = world.newcomer(random.below(3), "late");
            world.replicas.push(Honest::new(new));
        }
        world
    }

    /// Makes a branch of an honest replica, which may write there.
    pub fn newcomer(&mut self, of: usize, name: &str) -> ConvergentRef {
        self.came += 1;
        let name = format!("{name}{}", self.came);
        let mut new = self.replicas[of].replica.branch(actor(&name)).unwrap();
        new.set_waiting_limit(64 << 20);
        new
    }

    /// Says what happens, if somebody listens.
    #[allow(clippy::print_stdout, reason = "a trace is asked for")]
    pub fn tell(&self, what: impl FnOnce() -> String) {
        if self.traced {
            println!("  {}: {}", self.step, what());
        }
    }

    pub fn anyone(&self, random: &mut Random) -> usize {
        random.below(self.replicas.len())
    }

    /// Picks two honest replicas.
    pub fn two(&self, random: &mut Random) -> (usize, usize) {
        let (one, other) = (self.anyone(random), random.below(self.replicas.len() - 1));
        (one, other + usize::from(other >= one))
    }

    pub fn store(&mut self, bytes: &[u8]) -> Stored {
        self.figures.files += 1;
        self.files.store(bytes)
    }

    /// Reads a replica again from its bytes, sometimes by way of a file.
    pub fn read_again(&mut self, who: usize, in_file: bool) -> ConvergentRef {
        let bytes = self.replicas[who].replica.to_bytes();
        let bytes = if in_file { self.store(&bytes).read() } else { bytes };
        ConvergentRef::from_bytes(&bytes).unwrap()
    }

    /// What a replica has leaves it: it cannot go back any more.
    pub fn leaves(&mut self, who: usize) -> &ConvergentRef {
        self.replicas[who].version = None;
        &self.replicas[who].replica
    }

    /// Writes down the change that a replica made just now, and looks at what it says it did.
    ///
    /// # Panics
    /// When it says something else than what it did.
    pub fn made(&mut self, who: usize, made: Option<&OpId>, before: usize, old: &Val, random: &mut Random) {
        let replica = &self.replicas[who].replica;
        assert_eq!(replica.changes().len(), before + usize::from(made.is_some()), "a change, if any");
        let Some(id) = made else { return };
        let change = replica.changes().next_back().unwrap();
        assert_eq!(&change.id(), id);
        assert_eq!(&change.actor, replica.actor());
        if random.one_in(8) {
            is_told(old, &replica.delta(), replica.value()).unwrap();
        }
        if random.one_in(16) {
            self.moments.truncate(MOMENTS - 1);
            self.moments
                .insert(random.below(self.moments.len() + 1), (replica.clock().clone(), text(replica)));
        }
        self.ledger.push(change);
        self.figures.edits += 1;
    }

    /// Lets an honest replica take something honest.
    ///
    /// # Panics
    /// When it is refused without a reason, is reported wrongly, or leaves a trace though it was refused.
    pub fn take(
        &mut self,
        who: usize,
        random: &mut Random,
        what: impl Fn(&mut ConvergentRef) -> Result<MergeReport, MergeError>,
    ) {
        let honest = &mut self.replicas[who];
        let Honest { deceived, limited, replica, .. } = honest;
        let (deceived, limited) = (*deceived, *limited);
        let seen = Seen::of(replica, random);
        let (old, before) = (replica.value().clone(), replica.changes().len());
        match what(replica) {
            Ok(report) => {
                self.figures.merges += 1;
                let name = replica.actor();
                assert_eq!(replica.changes().len(), before + report.new, "{name}: as many as are new");
                assert!(deceived || report.refused.is_empty(), "{name}: {:?}", report.refused);
                if random.one_in(8) {
                    is_told(&old, &replica.delta(), replica.value()).unwrap();
                }
                // What did not fit may fit now.
                if !limited && random.one_in(8) {
                    self.figures.doubled += 1;
                    let seen = Seen::of(replica, random);
                    let again = what(replica).unwrap_or_else(|error| panic!("taken, then refused: {error}"));
                    assert_eq!(again.new, 0, "the second time nothing is new");
                    seen.is_unchanged(replica, "the same once more");
                }
            }
            Err(error) => {
                self.figures.refused += 1;
                let name = replica.actor();
                let reason = match &error {
                    MergeError::TooLarge { .. } => limited,
                    // Of two that wait, nobody knows which is the lie.
                    MergeError::Equivocation { .. } => deceived,
                    _ => false,
                };
                assert!(reason, "{name}: something honest was refused: {error}");
                seen.is_unchanged(replica, "something that was refused");
            }
        }
    }

    /// Lets an honest replica take a patch.
    pub fn take_patch(&mut self, who: usize, patch: &Patch, random: &mut Random) {
        self.take(who, random, |replica| replica.merge_patch(patch));
    }
}

impl fmt::Display for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for honest in &self.replicas {
            let replica = &honest.replica;
            let (name, clock, waiting) = (replica.actor(), replica.clock(), replica.waiting_len());
            writeln!(f, "  {name} {clock} {} ({waiting} wait)", text(replica))?;
        }
        Ok(())
    }
}
