//! Differences of two lists, told from what they share.
//!
//! Two versions of a list share all nodes that no change has touched, wherever these stand now. So:
//!
//! 1. From the roots down, level by level, a node that is in both trees is kept whole, and any other one gives
//!    way to its children. This leaves two sequences of nodes. The way down is as long as the changed part.
//! 2. Nodes that are in both sequences are matched, in order, such that they hold as many items as possible.
//! 3. What lies between two matches is compared again in the same way, if it holds nodes that were kept whole
//!    for the sake of a match that is not made. Else it is a stretch, but for the items at its ends that are
//!    shared.

use std::collections::{HashMap, HashSet, VecDeque};
use std::ops::Range;
use std::sync::Arc;

use smallvec::{SmallVec, smallvec};

use super::ends::{self, End};
use super::tree::{LEAF, Node, start};
use super::{Items, List};
use crate::value::Val;

/// A stretch: positions in the old list, and in the new one.
type Stretch = (Range<usize>, Range<usize>);

type Stretches = SmallVec<[Stretch; 2]>;

type Hashes = foldhash::fast::RandomState;

/// The number of times that what lies between matches is compared again. Each time it is shorter or made of lower
/// nodes. Only nodes that stand in a list many times need more, and then the stretches are longer than they had to
/// be.
const ROUNDS: usize = 32;

pub(super) fn differing(old: &List, new: &List) -> Stretches {
    if old.is_shared(new) {
        return Stretches::new();
    }
    if let (Items::Many(a), Items::Many(b)) = (&old.0.items, &new.0.items)
        && let Some(stretches) = in_place(a, b).or_else(|| in_one_place(old, new, a, b))
    {
        return stretches;
    }
    let mut search = Search { old, new, stretches: Stretches::new() };
    match (&old.0.items, &new.0.items) {
        (Items::Many(a), Items::Many(b)) => search.compare(&[Piece::root(a)], &[Piece::root(b)], ROUNDS),
        _ => search.add(0..old.len(), 0..new.len()),
    }
    search.stretches
}

/// The most leaves that differ where nothing came or went.
const LEAVES: usize = 4;

/// Finds the most usual difference, quickly: nothing came or went, and few items are others. `None` when it is
/// something else. else.
fn in_place(old: &Arc<Node>, new: &Arc<Node>) -> Option<Stretches> {
    let mut stretches = Stretches::new();
    let mut leaves = 0;
    let mut open: SmallVec<[_; 8]> = smallvec![(old, new, 0)];
    while let Some((old, new, from)) = open.pop() {
        match (&**old, &**new) {
            (Node::Inner(a), Node::Inner(b)) if a.len() == b.len() => {
                // The first one is looked at first.
                for (at, (a_child, b_child)) in a.iter().zip(b).enumerate().rev() {
                    if a_child.end != b_child.end {
                        return None;
                    }
                    if !Arc::ptr_eq(&a_child.node, &b_child.node) {
                        open.push((&a_child.node, &b_child.node, from + start(a, at)));
                    }
                }
            }
            (Node::Leaf(a), Node::Leaf(b)) if a.len() == b.len() && leaves < LEAVES => {
                leaves += 1;
                for at in (0..a.len()).filter(|&at| !a[at].is_shared(&b[at])) {
                    let at = from + at;
                    match stretches.last_mut() {
                        Some((old, new)) if old.end == at => (old.end, new.end) = (at + 1, at + 1),
                        _ => stretches.push((at..at + 1, at..at + 1)),
                    }
                }
            }
            _ => return None,
        }
    }
    Some(stretches)
}

/// The most items that lie between what is the same at both ends.
const BETWEEN: usize = 8 * LEAF;

/// Finds the next most usual difference: something came or went in one place. `None` when it is something else.
fn in_one_place(old: &List, new: &List, a: &Arc<Node>, b: &Arc<Node>) -> Option<Stretches> {
    let (from, to) = (old.len(), new.len());
    let head = ends::shared(a, b, End::Head);
    let tail = ends::shared(a, b, End::Tail).min(from.min(to) - head);
    if from.max(to) - head - tail > BETWEEN {
        return None;
    }
    let mut search = Search { old, new, stretches: Stretches::new() };
    search.add(head..from - tail, head..to - tail);
    Some(search.stretches)
}

/// A node where it stands in a list.
#[derive(Clone, Copy)]
struct Piece<'l> {
    start: usize,
    len: usize,
    height: usize,
    node: &'l Arc<Node>,
}

impl<'l> Piece<'l> {
    fn root(node: &'l Arc<Node>) -> Self {
        Self { start: 0, len: node.len(), height: node.height(), node }
    }

    fn address(&self) -> usize {
        Arc::as_ptr(self.node).addr()
    }

    /// Tells whether it has several owners, as what is in two trees has.
    fn may_be_shared(&self) -> bool {
        Arc::strong_count(self.node) > 1
    }

    fn end(&self) -> usize {
        self.start + self.len
    }

    fn children(self) -> impl Iterator<Item = Self> {
        let children = match &**self.node {
            Node::Leaf(_) => &[][..],
            Node::Inner(children) => children,
        };
        children.iter().enumerate().map(move |(at, child)| {
            let before = start(children, at);
            Self {
                start: self.start + before,
                len: child.end - before,
                height: self.height - 1,
                node: &child.node,
            }
        })
    }
}

struct Search<'l> {
    old: &'l List,
    new: &'l List,
    stretches: Stretches,
}

impl<'l> Search<'l> {
    fn compare(&mut self, old: &[Piece<'l>], new: &[Piece<'l>], rounds: usize) {
        let kept = shared_nodes(old, new);
        if kept.is_empty() {
            return self.add(positions(old, 0..old.len()), positions(new, 0..new.len()));
        }
        let (old, new) = (spread(old, &kept), spread(new, &kept));
        let mut from = (0, 0);
        for to in matches(&old, &new, &kept).into_iter().chain([(old.len(), new.len())]) {
            let (a, b) = (&old[from.0..to.0], &new[from.1..to.1]);
            let is_kept = |piece: &Piece| kept.contains(&piece.address());
            if rounds > 0 && !a.is_empty() && !b.is_empty() && a.iter().chain(b).any(is_kept) {
                self.compare(a, b, rounds - 1);
            } else if !(a.is_empty() && b.is_empty()) {
                self.add(positions(&old, from.0..to.0), positions(&new, from.1..to.1));
            }
            from = (to.0 + 1, to.1 + 1);
        }
    }

    /// Adds a stretch, without the items at its ends that are shared.
    fn add(&mut self, mut old: Range<usize>, mut new: Range<usize>) {
        let shared = |(a, b): &(&Val, &Val)| a.is_shared(b);
        let (a, b) = (self.old.range(old.clone()), self.new.range(new.clone()));
        let head = a.zip(b).take_while(shared).count();
        (old.start, new.start) = (old.start + head, new.start + head);
        let (a, b) = (self.old.range(old.clone()), self.new.range(new.clone()));
        let tail = a.rev().zip(b.rev()).take_while(shared).count();
        (old.end, new.end) = (old.end - tail, new.end - tail);
        if !(old.is_empty() && new.is_empty()) {
            self.stretches.push((old, new));
        }
    }
}

/// Finds the nodes that are in both sequences, or under both: of those under each other the highest.
fn shared_nodes(old: &[Piece], new: &[Piece]) -> HashSet<usize, Hashes> {
    let top = old.iter().chain(new).map(|piece| piece.height).max().unwrap_or(0);
    let mut levels = vec![[Vec::new(), Vec::new()]; top + 1];
    for (side, pieces) in [old, new].into_iter().enumerate() {
        pieces.iter().for_each(|piece| levels[piece.height][side].push(*piece));
    }
    let mut shared = HashSet::default();
    while let Some(level) = levels.pop() {
        let [old, new] = level.each_ref().map(|pieces| pieces.iter().filter(|piece| piece.may_be_shared()));
        let in_old: HashSet<usize, Hashes> = old.map(Piece::address).collect();
        shared.extend(new.map(Piece::address).filter(|address| in_old.contains(address)));
        let Some(below) = levels.last_mut() else { break };
        for (below, pieces) in below.iter_mut().zip(level) {
            // A node that stands in a tree many times is looked into once.
            let mut seen: HashSet<usize, Hashes> = HashSet::default();
            let is_new = |piece: &Piece| {
                let address = piece.address();
                !piece.may_be_shared() || !shared.contains(&address) && seen.insert(address)
            };
            below.extend(pieces.into_iter().filter(is_new).flat_map(Piece::children));
        }
    }
    shared
}

/// Returns the same items as nodes that are kept whole, and leaves.
fn spread<'l>(pieces: &[Piece<'l>], kept: &HashSet<usize, Hashes>) -> Vec<Piece<'l>> {
    let mut result = Vec::new();
    let mut rest: Vec<Piece> = pieces.iter().rev().copied().collect();
    while let Some(piece) = rest.pop() {
        if piece.height == 0 || kept.contains(&piece.address()) {
            result.push(piece);
        } else {
            let from = rest.len();
            rest.extend(piece.children());
            rest[from..].reverse();
        }
    }
    result
}

/// Returns the positions of the items of some of the pieces.
fn positions(pieces: &[Piece], some: Range<usize>) -> Range<usize> {
    let end = pieces.last().map_or(0, Piece::end);
    let start = |at: usize| pieces.get(at).map_or(end, |piece| piece.start);
    start(some.start)..start(some.end)
}

/// Matches equal nodes of two sequences, in the order of both.
fn matches(old: &[Piece], new: &[Piece], kept: &HashSet<usize, Hashes>) -> Vec<(usize, usize)> {
    let same = |(a, b): &(&Piece, &Piece)| Arc::ptr_eq(a.node, b.node);
    let head = old.iter().zip(new).take_while(same).count();
    let (a, b) = (&old[head..], &new[head..]);
    let tail = a.iter().rev().zip(b.iter().rev()).take_while(same).count();
    let mut places: HashMap<usize, VecDeque<usize>, Hashes> = HashMap::default();
    for (at, piece) in new.iter().enumerate().take(new.len() - tail).skip(head) {
        if kept.contains(&piece.address()) {
            places.entry(piece.address()).or_default().push_back(at);
        }
    }
    // Of a node that stands there many times, the first goes with the first.
    let between = old.iter().enumerate().take(old.len() - tail).skip(head).filter_map(|(at, piece)| {
        let place = places.get_mut(&piece.address())?.pop_front()?;
        Some(Match { old: at, new: place, weight: piece.len })
    });
    let between = heaviest(between.collect(), new.len()).into_iter().map(|found| (found.old, found.new));
    let tail = (1..=tail).rev().map(|back| (old.len() - back, new.len() - back));
    (0..head).map(|at| (at, at)).chain(between).chain(tail).collect()
}

/// A node of the old sequence that stands in the new one.
#[derive(Clone, Copy)]
struct Match {
    old: usize,
    new: usize,
    weight: usize,
}

/// Returns the matches that hold the most items among those that keep the order of both sequences: the heaviest
/// increasing subsequence. They come in the old order; the new sequence has so many nodes. O(m log m).
fn heaviest(matches: Vec<Match>, len: usize) -> Vec<Match> {
    if matches.is_sorted_by_key(|found| found.new) {
        return matches;
    }
    // A Fenwick tree: the heaviest chains that end before a place, each as its weight and its last match.
    let mut best: Vec<(usize, Option<usize>)> = vec![(0, None); len + 1];
    let mut before = Vec::with_capacity(matches.len());
    for (at, found) in matches.iter().enumerate() {
        let mut chain = (0, None);
        let mut place = found.new;
        while place > 0 {
            chain = chain.max(best[place]);
            place &= place - 1;
        }
        before.push(chain.1);
        chain = (chain.0 + found.weight, Some(at));
        place = found.new + 1;
        while place <= len {
            best[place] = best[place].max(chain);
            place += place & place.wrapping_neg();
        }
    }
    let mut last = best.into_iter().max().and_then(|(_, last)| last);
    let mut chain: Vec<Match> = std::iter::from_fn(|| {
        let at = last?;
        last = before[at];
        Some(matches[at])
    })
    .collect();
    chain.reverse();
    chain
}
