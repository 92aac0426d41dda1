//! Random histories: replicas that edit, branch and merge, and a network between them that splits,
//! delays, shuffles, repeats and loses what it carries.

use proptest::prelude::*;
use rejoin::crdt::{Clock, ConvergentRef, MergeReport, Patch, Swap};
use rejoin::value::{Val, parse};

use super::edit::{Edit, Json, documents, edits, reordered};
use super::{actor, document, singles};

const MOST_REPLICAS: usize = 5;

/// What happened, to be played from the start.
#[derive(Debug, Clone)]
pub struct History {
    /// What the first replica holds before the others branch off; with `None` they all begin empty.
    pub start: Option<Json>,
    pub replicas: usize,
    pub steps: Vec<Step>,
}

/// Replicas and parcels are numbers, taken modulo what is there.
#[derive(Debug, Clone)]
pub enum Step {
    /// Edits in one swap.
    Swap { who: usize, edits: Vec<Edit>, made: Made },
    /// Sets a value that was another replica's: whole parts come again, and they are not shared.
    Borrow { who: usize, from: usize },
    /// Takes what another replica has.
    Merge { into: usize, from: usize },
    /// Asks another replica for what is new since the clock, or for everything. The answer travels.
    Ask { who: usize, from: usize, everything: bool, split: bool },
    /// The network delivers a parcel; `again`: and keeps it, to deliver it once more.
    Deliver { parcel: usize, again: bool },
    /// The network loses a parcel.
    Lose { parcel: usize },
    /// One more replica.
    Branch { of: usize },
}

/// How the new value of a swap was made.
#[derive(Debug, Clone, Copy)]
pub enum Made {
    /// What was not edited is shared with the old value.
    Shared,
    /// Nothing is shared, as when it was read from a text.
    Rebuilt,
    /// Nothing is shared, and every object has its keys in another order.
    Reordered,
}

/// What a step did to which replica.
pub enum Done {
    Nothing,
    Swapped { who: usize, wanted: Val, swap: Swap },
    Merged { who: usize, before: String, report: MergeReport },
    Branched { who: usize },
}

pub fn histories(steps: std::ops::Range<usize>) -> impl Strategy<Value = History> {
    let start = prop::option::weighted(0.7, documents());
    (start, 3..=5usize, prop::collection::vec(self::steps(), steps))
        .prop_map(|(start, replicas, steps)| History { start, replicas, steps })
}

fn steps() -> impl Strategy<Value = Step> {
    let who = || 0..MOST_REPLICAS;
    let several = prop::collection::vec(edits(), 1..4);
    let made = prop_oneof![6 => Just(Made::Shared), 1 => Just(Made::Rebuilt), 1 => Just(Made::Reordered)];
    let flag = prop::bool::weighted;
    prop_oneof![
        12 => (who(), several, made).prop_map(|(who, edits, made)| Step::Swap { who, edits, made }),
        1 => (who(), who()).prop_map(|(who, from)| Step::Borrow { who, from }),
        6 => (who(), who()).prop_map(|(into, from)| Step::Merge { into, from }),
        6 => (who(), who(), flag(0.2), flag(0.7))
            .prop_map(|(who, from, everything, split)| Step::Ask { who, from, everything, split }),
        10 => (0..16usize, flag(0.3)).prop_map(|(parcel, again)| Step::Deliver { parcel, again }),
        2 => (0..16usize).prop_map(|parcel| Step::Lose { parcel }),
        1 => who().prop_map(|of| Step::Branch { of }),
    ]
}

/// The replicas, and the parcels on their way: whom to, and a patch as text.
pub struct World {
    pub replicas: Vec<ConvergentRef>,
    network: Vec<(usize, String)>,
}

impl World {
    pub fn start(history: &History) -> Self {
        let names = (0..history.replicas).map(|who| actor(NAMES[who]));
        let replicas = match &history.start {
            None => names.map(|name| ConvergentRef::new(document(), name)).collect(),
            Some(value) => {
                let first = ConvergentRef::with_value(document(), actor("first"), value.0.clone()).unwrap();
                names.map(|name| first.branch(name).unwrap()).collect()
            }
        };
        Self { replicas, network: Vec::new() }
    }

    /// Plays a whole history.
    pub fn play(history: &History) -> Self {
        let mut world = Self::start(history);
        for step in &history.steps {
            world.step(step);
        }
        world
    }

    pub fn step(&mut self, step: &Step) -> Done {
        let count = self.replicas.len();
        match step {
            Step::Swap { who, edits, made } => self.swap(who % count, |value| {
                let edited = edits.iter().fold(value.clone(), |value, edit| edit.apply(&value));
                match made {
                    Made::Shared => edited,
                    Made::Rebuilt => parse(&edited.to_string()).unwrap(),
                    Made::Reordered => reordered(&edited),
                }
            }),
            Step::Borrow { who, from } => {
                let value = self.replicas[from % count].value().clone();
                self.swap(who % count, |_| value)
            }
            Step::Merge { into, from } if into % count == from % count => Done::Nothing,
            Step::Merge { into, from } => {
                let mut other = std::mem::replace(&mut self.replicas[from % count], spare());
                let done = self.merge(into % count, |replica| replica.merge(&other).unwrap());
                std::mem::swap(&mut other, &mut self.replicas[from % count]);
                done
            }
            Step::Ask { who, from, everything, split } => {
                let empty = Clock::new();
                let since = if *everything { &empty } else { self.replicas[who % count].clock() };
                let answer = self.replicas[from % count].patch_from_clock(since);
                if answer.is_empty() {
                    return Done::Nothing;
                }
                let parcels = if *split { singles(&answer) } else { vec![answer] };
                self.network.extend(parcels.iter().map(|parcel| (who % count, parcel.to_json().to_string())));
                Done::Nothing
            }
            Step::Deliver { .. } | Step::Lose { .. } if self.network.is_empty() => Done::Nothing,
            Step::Deliver { parcel, again } => {
                let place = parcel % self.network.len();
                let (who, text) =
                    if *again { self.network[place].clone() } else { self.network.swap_remove(place) };
                let patch = Patch::from_json(&parse(&text).unwrap()).unwrap();
                self.merge(who, |replica| replica.merge_patch(&patch).unwrap())
            }
            Step::Lose { parcel } => {
                self.network.swap_remove(parcel % self.network.len());
                Done::Nothing
            }
            Step::Branch { .. } if count == MOST_REPLICAS => Done::Nothing,
            Step::Branch { of } => {
                let new = self.replicas[of % count].branch(actor(NAMES[count])).unwrap();
                self.replicas.push(new);
                Done::Branched { who: count }
            }
        }
    }

    /// Everybody takes what everybody has.
    pub fn exchange(&mut self) {
        let names = ["x", "y"].map(actor);
        for name in names {
            let mut hub = ConvergentRef::new(document(), name);
            self.replicas.iter().for_each(|replica| drop(hub.merge(replica).unwrap()));
            self.replicas.iter_mut().for_each(|replica| drop(replica.merge(&hub).unwrap()));
        }
    }

    fn swap(&mut self, who: usize, edit: impl FnOnce(&Val) -> Val) -> Done {
        let wanted = edit(self.replicas[who].value());
        let swap = self.replicas[who].swap(|_| wanted.clone()).unwrap();
        Done::Swapped { who, wanted, swap }
    }

    fn merge(&mut self, who: usize, merge: impl FnOnce(&mut ConvergentRef) -> MergeReport) -> Done {
        let before = self.replicas[who].value().to_string();
        let report = merge(&mut self.replicas[who]);
        Done::Merged { who, before, report }
    }
}

const NAMES: [&str; MOST_REPLICAS] = ["ann", "bob", "cid", "dan", "eve"];

fn spare() -> ConvergentRef {
    ConvergentRef::new(document(), actor("nobody"))
}
