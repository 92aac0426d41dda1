//! The slots of one map in an order that is not that of their numbers.

/// Slots, in pieces: a slot is put in at the cost of one piece, whatever there is in all.
#[derive(Clone)]
pub(super) struct Order(
    /// Invariant: none is empty.
    Vec<Vec<u32>>,
);

/// The most slots of a piece.
const FULL: usize = 256;

impl Order {
    /// So many slots, in the order of their numbers.
    pub(super) fn of(count: usize) -> Self {
        let slots: Vec<u32> = (0..count as u32).collect();
        Self(slots.chunks(FULL / 2).map(<[u32]>::to_vec).collect())
    }

    pub(super) fn last(&self) -> Option<u32> {
        self.0.last()?.last().copied()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = u32> {
        self.0.iter().flatten().copied()
    }

    /// The slots from the first one on of which something is not so; it is so of all before it. O(log n) for the first.
    pub(super) fn from(&self, is_before: impl Fn(u32) -> bool) -> impl Iterator<Item = u32> {
        let (piece, at) = self.find(is_before);
        let rest = self.0.get(piece).map_or(&[][..], |piece| &piece[at..]);
        rest.iter().chain(self.0.iter().skip(piece + 1).flatten()).copied()
    }

    /// Puts a slot behind those of which something is so. O(log n), and the size of a piece.
    pub(super) fn insert(&mut self, slot: u32, is_before: impl Fn(u32) -> bool) {
        let (mut piece, mut at) = self.find(is_before);
        if piece == self.0.len() {
            match self.0.last() {
                Some(last) => (piece, at) = (piece - 1, last.len()),
                None => self.0.push(Vec::new()),
            }
        }
        let slots = &mut self.0[piece];
        slots.insert(at, slot);
        if slots.len() > FULL {
            let rest = slots.split_off(FULL / 2);
            self.0.insert(piece + 1, rest);
        }
    }

    /// Takes out the slot that stands behind those of which something is so. O(log n), and the size of a piece.
    pub(super) fn remove(&mut self, is_before: impl Fn(u32) -> bool) {
        let (piece, at) = self.find(is_before);
        if let Some(slots) = self.0.get_mut(piece) {
            slots.remove(at);
            if slots.is_empty() {
                self.0.remove(piece);
            }
        }
    }

    /// The piece of the first slot of which something is not so, and its place there.
    fn find(&self, is_before: impl Fn(u32) -> bool) -> (usize, usize) {
        let piece = self.0.partition_point(|piece| piece.last().is_some_and(|&last| is_before(last)));
        let at = self.0.get(piece).map_or(0, |piece| piece.partition_point(|&slot| is_before(slot)));
        (piece, at)
    }
}

#[cfg(test)]
mod tests {
    use super::Order;

    #[test]
    fn given_slots_in_any_order_then_each_stands_in_its_place() {
        // Given: the rank of slot `n` is `ranks[n]`, some of them once more after they were taken out.
        let ranks: Vec<u32> = (0..2_000).map(|slot: u32| slot.wrapping_mul(7_919) % 2_003).collect();
        let mut order = Order::of(0);
        for slot in 0..2_000 {
            order.insert(slot, |other| ranks[other as usize] < ranks[slot as usize]);
        }
        // When
        for slot in (0..2_000).step_by(3) {
            order.remove(|other| ranks[other as usize] < ranks[slot as usize]);
        }
        for slot in (0..2_000).step_by(6) {
            order.insert(slot, |other| ranks[other as usize] < ranks[slot as usize]);
        }
        // Then
        let mut expected: Vec<u32> = (0..2_000).filter(|slot| slot % 3 != 0 || slot % 6 == 0).collect();
        expected.sort_by_key(|slot| ranks[*slot as usize]);
        assert_eq!(order.iter().collect::<Vec<_>>(), expected);
        assert_eq!(order.last(), expected.last().copied());
        let later: Vec<u32> = order.from(|other| ranks[other as usize] < 1_000).collect();
        assert_eq!(
            later,
            expected.iter().copied().filter(|slot| ranks[*slot as usize] >= 1_000).collect::<Vec<_>>()
        );
    }
}
