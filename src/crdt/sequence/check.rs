//! The invariants of a sequence, and the walk of the Fugue tree that it must agree with.

use std::collections::HashMap;

use super::newest::Newest;
use super::order::Spot;
use super::runs::follows;
use super::{IdOrder, Lv, ROOT, Sequence};
use crate::crdt::Side;

/// The runs that hang on a side of a parent, by their first elements.
type Children = HashMap<(Lv, Side), Vec<Lv>>;

impl Sequence {
    /// Verifies every invariant. O(n).
    pub(crate) fn check(&self, ids: &impl IdOrder) -> Result<(), String> {
        self.order.check()?;
        self.runs.check()?;
        let mut children = Children::new();
        for run in self.runs.iter() {
            children.entry((run.parent, run.side())).or_default().push(run.start);
        }
        for siblings in children.values_mut() {
            siblings.sort_by(|&a, &b| ids.compare(a, b));
        }
        self.check_leaves()?;
        self.check_children(&children)?;
        let order: Vec<Lv> =
            self.order.iter().flat_map(|span| (span.start.0..span.end().0).map(Lv)).collect();
        let walk = self.walk(&children);
        if order != walk {
            return Err(format!("the order {order:?} is not the walk of the Fugue tree {walk:?}"));
        }
        self.check_firsts(&children, &walk)?;
        self.newest().map_or(Ok(()), |newest| self.check_newest(newest, &children))
    }

    /// Checks that the newest elements stand where they are noted to stand, and that nothing hangs on them.
    fn check_newest(&self, newest: &Newest, children: &Children) -> Result<(), String> {
        let Newest { first, count, position, spot, cut } = *newest;
        let span = self.order.span(spot);
        let stand = span.visible()
            && span.element(spot.offset) == first
            && span.end() == newest.end()
            && self.order.position(spot) == position;
        let gap = Spot { span: spot.span + 1, offset: 0, ..spot };
        let next = self.order.next(gap).map(|next| self.order.span(next));
        let goes_on = next.is_some_and(|next| next.start == newest.end() && !next.visible());
        let hangs = |lv| [Side::Left, Side::Right].iter().any(|&side| children.contains_key(&(lv, side)));
        let last = if cut { newest.end() } else { Lv(newest.end().0 - 1) };
        let runs_on = self.runs.find(last).is_some_and(|run| run.last() > last) && !cut;
        if count == 0 || !stand || cut && !goes_on || (first.0..=last.0).map(Lv).any(hangs) || runs_on {
            return Err(format!("{newest:?} are not the newest elements"));
        }
        Ok(())
    }

    /// Checks that each element is in the leaf that its run names, and that a run continues itself.
    fn check_leaves(&self) -> Result<(), String> {
        let mut count = 0;
        for leaf in self.order.leaves_in_order() {
            for element in self.order.spans(leaf).iter().flat_map(|span| span.start.0..span.end().0) {
                count += 1;
                if self.runs.find(Lv(element)).is_none_or(|run| run.leaf() != leaf) {
                    return Err(format!("element {element} is in leaf {leaf}, but its run is not"));
                }
            }
        }
        let known: u32 = self.runs.iter().map(|run| run.count).sum();
        if known == count { Ok(()) } else { Err(format!("{known} elements are known, {count} in order")) }
    }

    /// Checks that the forks hold what the runs do not say, and nothing else.
    fn check_children(&self, children: &Children) -> Result<(), String> {
        let (mut links, mut crowds) = ([0, 0], 0);
        for (&(parent, side), siblings) in children {
            let (only, crowd) = (self.forks.only(parent, side), self.forks.crowd(parent, side));
            let holds = match siblings[..] {
                [child] if parent == ROOT || follows(parent, child) => only.is_none() && crowd.is_none(),
                [child] => {
                    links[usize::from(side == Side::Right)] += 1;
                    only == Some(child) && crowd.is_none()
                }
                _ => {
                    crowds += 1;
                    only.is_none()
                        && crowd.is_some_and(|crowd| crowd.check().is_ok() && crowd.iter().eq(siblings))
                }
            };
            let inside =
                side == Side::Right && self.runs.find(parent).is_some_and(|run| run.last() != parent);
            if !holds || inside || parent != ROOT && !self.contains(parent) {
                return Err(format!(
                    "{siblings:?} hang on the {side:?} of {parent:?}, not {only:?} {crowd:?}"
                ));
            }
        }
        let [left, right, ..] = self.forks.sizes();
        if links == [left, right] && crowds == self.forks.crowds().count() {
            Ok(())
        } else {
            Err("a link leads to no child".into())
        }
    }

    /// Checks that the first element below each later sibling is noted.
    fn check_firsts(&self, children: &Children, walk: &[Lv]) -> Result<(), String> {
        let places: HashMap<Lv, usize> =
            walk.iter().zip(0..).map(|(&element, place)| (element, place)).collect();
        let mut noted = 0;
        for later in children.values().flat_map(|siblings| &siblings[1..]) {
            let mut first = *later;
            while let Some(lowest) = children.get(&(first, Side::Left)) {
                first = lowest[0];
            }
            noted += usize::from(first != *later);
            if self.forks.first(*later) != first || places[&first] > places[later] {
                return Err(format!("{first:?} is the first below {later:?}, not what is noted"));
            }
        }
        let [.., firsts, tops] = self.forks.sizes();
        if firsts == noted && tops == noted { Ok(()) } else { Err("a first is noted for no sibling".into()) }
    }

    /// Returns all elements as the in-order walk of the Fugue tree.
    fn walk(&self, children: &Children) -> Vec<Lv> {
        enum Step {
            Open(Lv),
            Show(Lv),
        }
        let mut walk = Vec::new();
        let mut todo = Vec::new();
        let push = |todo: &mut Vec<Step>, parent, side| {
            let siblings = children.get(&(parent, side));
            todo.extend(siblings.into_iter().flatten().rev().map(|&child| Step::Open(child)));
        };
        push(&mut todo, ROOT, Side::Right);
        while let Some(step) = todo.pop() {
            match step {
                Step::Open(element) => {
                    todo.push(Step::Show(element));
                    push(&mut todo, element, Side::Left);
                }
                Step::Show(element) => {
                    walk.push(element);
                    let next = self.runs.find(element).filter(|run| run.last() != element);
                    todo.extend(next.map(|_| Step::Open(Lv(element.0 + 1))));
                    push(&mut todo, element, Side::Right);
                }
            }
        }
        walk
    }
}
