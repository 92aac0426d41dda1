//! Some elements of a sequence, in its order.

use super::span::Span;
use super::{Lv, Order, Sequence};

impl Sequence {
    /// Makes a sequence that is to be read only: it has some of the elements, given as stretches of Lvs, all visible,
    /// in the order of this one. O(k log n) for k stretches of elements that stand side by side here.
    pub(crate) fn part(&self, stretches: &[(Lv, u32)]) -> Self {
        let mut pieces = Vec::with_capacity(stretches.len());
        let mut last = None;
        for &(first, count) in stretches {
            let (mut at, end) = (first, Lv(first.0 + count));
            while at < end {
                let near = last.and_then(|(leaf, _)| self.order.within(leaf, at));
                let spot = near.or_else(|| self.locate(at));
                let spot = spot.expect("an element of this sequence");
                let rank = match last {
                    Some((leaf, rank)) if leaf == spot.leaf => rank,
                    _ => self.order.rank(spot.leaf),
                };
                last = Some((spot.leaf, rank));
                let here = (self.order.span(spot).count() - spot.offset).min(end.0 - at.0);
                pieces.push((rank, spot.span, spot.offset, Span::new(at, here, true)));
                at = Lv(at.0 + here);
            }
        }
        pieces.sort_unstable_by_key(|&(rank, span, offset, _)| (rank, span, offset));
        let mut order = Order::default();
        pieces.into_iter().for_each(|(.., span)| order.append(span));
        Self { order, ..Self::default() }
    }
}
