//! Random histories: replicas that edit, branch and merge, and a network between them that splits,
//! delays, shuffles, repeats and loses what it carries.

use proptest::prelude::*;
use rejoin::crdt::{Clock, ConvergentRef, DocumentId, Kind, MergeReport, OpId, Patch, Swap};
use rejoin::value::{Path, Val, parse};

use super::edit::{self, Edit, Json, built, container, documents, edits, reordered};
use super::transact::{self, TxEdit, edit_all, tx_edits};
use super::{Snapshot, actor, document, json, mirror, singles};

const MOST_REPLICAS: usize = 5;

/// What happened, to be played from the start.
#[derive(Debug, Clone)]
pub struct History {
    /// What the first replica holds before the others branch off; with `None` they all begin empty.
    pub start: Option<Json>,
    /// Whether that has a text `t` and a counter `n`.
    pub typed: bool,
    pub replicas: usize,
    pub steps: Vec<Step>,
}

/// Replicas and parcels are numbers, taken modulo what is there.
#[derive(Debug, Clone)]
pub enum Step {
    /// Edits in one swap.
    Swap { who: usize, edits: Vec<Edit>, made: Made },
    /// Edits in one transaction, which is dropped unless `commit`.
    Transact { who: usize, edits: Vec<TxEdit>, commit: bool },
    /// Sets a value that is another replica's: it knows what its parts are.
    Borrow { who: usize, from: usize },
    /// Puts into the value an array or object that a replica once had, or that is of another document.
    Recall { who: usize, what: usize, from: Option<usize>, into: usize, at: usize },
    /// Takes what another replica has.
    Merge { into: usize, from: usize },
    /// Asks another replica for what is new since the clock, or for everything. The answer travels.
    Ask { who: usize, from: usize, everything: bool, split: bool, bytes: bool },
    /// The network delivers a parcel; `again`: and keeps it, to deliver it once more.
    Deliver { parcel: usize, again: bool },
    /// The network loses a parcel.
    Lose { parcel: usize },
    /// One more replica.
    Branch { of: usize },
    /// A replica is written as bytes and read again.
    Codec { who: usize },
    /// Looks at the value that it was at a clock that somebody once had.
    At { who: usize, clock: usize },
}

/// How the new value of a swap was made.
#[derive(Debug, Clone, Copy)]
pub enum Made {
    /// What was not edited is shared with the old value, and what was edited is what it was.
    Shared,
    /// Every third array or object is built anew of what it held, as filters do.
    Built(usize),
    /// It was read from a text: nothing knows what it was.
    Rebuilt,
    /// The same, and every object has its keys in another order.
    Reordered,
}

/// What a step did to which replica.
pub enum Done {
    Nothing,
    Swapped {
        who: usize,
        wanted: Val,
        swap: Swap,
    },
    Transacted {
        who: usize,
        wanted: Val,
        change: Option<OpId>,
    },
    Dropped {
        who: usize,
    },
    Merged {
        who: usize,
        report: MergeReport,
    },
    Branched {
        who: usize,
    },
    Reread {
        who: usize,
    },
    /// The value at a clock; only when the replica has all that the clock covers.
    Looked {
        who: usize,
        clock: Clock,
        value: Val,
    },
}

impl Done {
    /// The replica that did something.
    pub fn who(&self) -> Option<usize> {
        match self {
            Self::Nothing => None,
            Self::Swapped { who, .. }
            | Self::Transacted { who, .. }
            | Self::Dropped { who }
            | Self::Merged { who, .. }
            | Self::Branched { who }
            | Self::Reread { who }
            | Self::Looked { who, .. } => Some(*who),
        }
    }
}

pub fn histories(steps: std::ops::Range<usize>) -> impl Strategy<Value = History> {
    let start = prop::option::weighted(0.7, documents());
    (start, any::<bool>(), 3..=5usize, prop::collection::vec(self::steps(), steps))
        .prop_map(|(start, typed, replicas, steps)| History { start, typed, replicas, steps })
}

fn steps() -> impl Strategy<Value = Step> {
    let who = || 0..MOST_REPLICAS;
    let several = prop::collection::vec(edits(), 1..4);
    let transaction = prop::collection::vec(tx_edits(), 1..6);
    let made = prop_oneof![
        6 => Just(Made::Shared),
        2 => (0..3usize).prop_map(Made::Built),
        1 => Just(Made::Rebuilt),
        1 => Just(Made::Reordered),
    ];
    let flag = prop::bool::weighted;
    prop_oneof![
        9 => (who(), several, made).prop_map(|(who, edits, made)| Step::Swap { who, edits, made }),
        9 => (who(), transaction, flag(0.9))
            .prop_map(|(who, edits, commit)| Step::Transact { who, edits, commit }),
        1 => (who(), who()).prop_map(|(who, from)| Step::Borrow { who, from }),
        2 => (who(), 0..8usize, prop::option::weighted(0.9, 0..64usize), 0..8usize, 0..8usize)
            .prop_map(|(who, what, from, into, at)| Step::Recall { who, what, from, into, at }),
        1 => who().prop_map(|of| Step::Branch { of }),
        1 => who().prop_map(|who| Step::Codec { who }),
        2 => (who(), 0..64usize).prop_map(|(who, clock)| Step::At { who, clock }),
        24 => exchanges(),
    ]
}

fn exchanges() -> impl Strategy<Value = Step> {
    let who = || 0..MOST_REPLICAS;
    let flag = prop::bool::weighted;
    prop_oneof![
        6 => (who(), who()).prop_map(|(into, from)| Step::Merge { into, from }),
        6 => (who(), who(), flag(0.2), flag(0.7), any::<bool>())
            .prop_map(|(who, from, everything, split, bytes)| Step::Ask { who, from, everything, split, bytes }),
        10 => (0..16usize, flag(0.3)).prop_map(|(parcel, again)| Step::Deliver { parcel, again }),
        2 => (0..16usize).prop_map(|parcel| Step::Lose { parcel }),
    ]
}

/// A small tree of maps and lists, the same in the beginning of all tangles.
pub const TREE: &str = r#"{"a":{"x":{},"y":[]},"b":[{},[{}]],"c":{"z":{}},"d":[]}"#;

/// Histories full of moves that cross: three actors who mostly move the containers of a small tree,
/// and sometimes delete or overwrite one.
pub fn tangles(steps: std::ops::Range<usize>) -> impl Strategy<Value = History> {
    let who = || 0..3usize;
    let moving = prop::collection::vec(transact::moves(), 1..4);
    let gone = prop_oneof![
        (0..12usize, 0..8usize).prop_map(|(map, at)| TxEdit::Remove { map, at }),
        (0..12usize, 0..8usize).prop_map(|(list, at)| TxEdit::Delete { list, at, count: 0 }),
        (0..12usize, 0..8usize).prop_map(|(map, key)| TxEdit::PutNew { map, key, kind: Kind::Map }),
    ];
    let step = prop_oneof![
        8 => (who(), moving).prop_map(|(who, edits)| Step::Transact { who, edits, commit: true }),
        3 => (who(), edit::moves())
            .prop_map(|(who, edit)| Step::Swap { who, edits: vec![edit], made: Made::Shared }),
        2 => (who(), gone).prop_map(|(who, edit)| Step::Transact { who, edits: vec![edit], commit: true }),
        2 => (who(), 0..64usize).prop_map(|(who, clock)| Step::At { who, clock }),
        4 => exchanges(),
    ];
    prop::collection::vec(step, steps).prop_map(tangle)
}

/// Tangles in which nothing goes: each container moves into a list, or under a key of its own.
pub fn pure_tangles(steps: std::ops::Range<usize>) -> impl Strategy<Value = History> {
    let who = || 0..3usize;
    let moving = prop::collection::vec(transact::pure_moves(), 1..4);
    let step = prop_oneof![
        8 => (who(), moving).prop_map(|(who, edits)| Step::Transact { who, edits, commit: true }),
        2 => (who(), edit::reorders())
            .prop_map(|(who, edit)| Step::Swap { who, edits: vec![edit], made: Made::Shared }),
        4 => exchanges(),
    ];
    prop::collection::vec(step, steps).prop_map(tangle)
}

fn tangle(steps: Vec<Step>) -> History {
    History { start: Some(Json(json(TREE))), typed: false, replicas: 3, steps }
}

/// The replicas, and the parcels on their way: whom to, and what.
pub struct World {
    pub replicas: Vec<ConvergentRef>,
    network: Vec<(usize, Parcel)>,
    /// The clocks that replicas had after each step.
    pub clocks: Vec<Clock>,
    /// The values that they had.
    values: Vec<Val>,
    /// A ref of another document.
    foreign: ConvergentRef,
}

/// How a patch travels.
#[derive(Clone)]
enum Parcel {
    Json(String),
    Bytes(Vec<u8>),
}

impl Parcel {
    fn open(&self) -> Patch {
        match self {
            Self::Json(text) => Patch::from_json(&parse(text).unwrap()).unwrap(),
            Self::Bytes(bytes) => Patch::from_bytes(bytes).unwrap(),
        }
    }
}

impl World {
    pub fn start(history: &History) -> Self {
        let names = (0..history.replicas).map(|who| actor(NAMES[who]));
        let replicas = match &history.start {
            None => names.map(|name| ConvergentRef::new(document(), name)).collect(),
            Some(value) => {
                let mut first =
                    ConvergentRef::with_value(document(), actor("first"), value.0.clone()).unwrap();
                if history.typed {
                    type_and_count(&mut first);
                }
                names.map(|name| first.branch(name).unwrap()).collect()
            }
        };
        // The ids are those of this document.
        let other = DocumentId::new("other").unwrap();
        let foreign = ConvergentRef::with_value(other, actor("first"), json(TREE)).unwrap();
        Self { replicas, network: Vec::new(), clocks: Vec::new(), values: Vec::new(), foreign }
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
        let done = self.take(step);
        if let Some(who) = done.who() {
            self.clocks.push(self.replicas[who].clock().clone());
            self.values.push(self.replicas[who].value().clone());
        }
        done
    }

    fn take(&mut self, step: &Step) -> Done {
        let count = self.replicas.len();
        match step {
            Step::Swap { who, edits, made } => self.swap(who % count, |value| {
                let edited = edits.iter().fold(value.clone(), |value, edit| edit.apply(&value));
                match made {
                    Made::Shared => edited,
                    Made::Built(from) => built(&edited, *from),
                    Made::Rebuilt => parse(&edited.to_string()).unwrap(),
                    Made::Reordered => reordered(&edited),
                }
            }),
            Step::Transact { who, edits, commit } => self.transact(who % count, edits, *commit),
            Step::Borrow { who, from } => {
                let value = self.replicas[from % count].value().clone();
                self.swap(who % count, |_| value)
            }
            Step::Recall { who, what, from, into, at } => {
                let then = match from {
                    Some(from) if !self.values.is_empty() => &self.values[from % self.values.len()],
                    _ => self.foreign.value(),
                };
                let Some(part) = container(then, *what) else { return Done::Nothing };
                let edit = Edit::Insert { place: *into, at: *at, value: Json(part) };
                self.swap(who % count, |value| edit.apply(value))
            }
            Step::Merge { into, from } if into % count == from % count => Done::Nothing,
            Step::Merge { into, from } => {
                let mut other = std::mem::replace(&mut self.replicas[from % count], spare());
                let done = self.merge(into % count, |replica| replica.merge(&other).unwrap());
                std::mem::swap(&mut other, &mut self.replicas[from % count]);
                done
            }
            Step::Ask { who, from, everything, split, bytes } => {
                let empty = Clock::new();
                let since = if *everything { &empty } else { self.replicas[who % count].clock() };
                let answer = self.replicas[from % count].patch_from_clock(since);
                if answer.is_empty() {
                    return Done::Nothing;
                }
                let patches = if *split { singles(&answer) } else { vec![answer] };
                let parcels = patches.iter().map(|patch| match bytes {
                    true => Parcel::Bytes(patch.to_bytes()),
                    false => Parcel::Json(patch.to_json().to_string()),
                });
                self.network.extend(parcels.map(|parcel| (who % count, parcel)));
                Done::Nothing
            }
            Step::Deliver { .. } | Step::Lose { .. } if self.network.is_empty() => Done::Nothing,
            Step::Deliver { parcel, again } => {
                let place = parcel % self.network.len();
                let (who, parcel) =
                    if *again { self.network[place].clone() } else { self.network.swap_remove(place) };
                let patch = parcel.open();
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
            Step::Codec { who } => {
                let replica = &mut self.replicas[who % count];
                let before = Snapshot::of(replica);
                *replica = ConvergentRef::from_bytes(&replica.to_bytes()).unwrap();
                assert_eq!(Snapshot::of(replica), before, "written and read again");
                Done::Reread { who: who % count }
            }
            Step::At { .. } if self.clocks.is_empty() => Done::Nothing,
            Step::At { who, clock } => {
                let clock = &self.clocks[clock % self.clocks.len()];
                let replica = &self.replicas[who % count];
                let value = replica.at(clock);
                match value {
                    Ok(value) if replica.clock().covers_all(clock) => {
                        Done::Looked { who: who % count, clock: clock.clone(), value }
                    }
                    Err(error) if replica.clock().covers_all(clock) => panic!("at {clock}: {error}"),
                    _ => Done::Nothing,
                }
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

    /// # Panics
    /// When the transaction refuses what can be done or does what cannot, or leaves a trace though it
    /// was dropped.
    fn transact(&mut self, who: usize, edits: &[TxEdit], commit: bool) -> Done {
        let replica = &mut self.replicas[who];
        let before = (!commit).then(|| Snapshot::of(replica));
        let mut mirror = mirror(replica);
        let mut transaction = replica.transaction().unwrap();
        edit_all(edits, &mut mirror, &mut transaction);
        if commit {
            let first = transaction.commit().unwrap();
            let change = first.map(|first| OpId::new(first, replica.actor().clone()));
            return Done::Transacted { who, wanted: mirror.value(), change };
        }
        drop(transaction);
        assert_eq!(Some(Snapshot::of(replica)), before, "a dropped transaction leaves no trace");
        Done::Dropped { who }
    }

    fn merge(&mut self, who: usize, merge: impl FnOnce(&mut ConvergentRef) -> MergeReport) -> Done {
        Done::Merged { who, report: merge(&mut self.replicas[who]) }
    }
}

/// Puts a text and a counter into an object.
fn type_and_count(replica: &mut ConvergentRef) {
    let root = replica.container(&Path::default()).unwrap();
    let mut transaction = replica.transaction().unwrap();
    let text = transaction.put_new(&root, "t", Kind::Text).unwrap();
    transaction.splice(&text, 0, 0, "naïve 👩\u{200d}👧 e\u{301}").unwrap();
    let counter = transaction.put_new(&root, "n", Kind::Counter).unwrap();
    transaction.add(&counter, 5).unwrap();
    transaction.commit().unwrap();
}

const NAMES: [&str; MOST_REPLICAS] = ["ann", "bob", "cid", "dan", "eve"];

fn spare() -> ConvergentRef {
    ConvergentRef::new(document(), actor("nobody"))
}
