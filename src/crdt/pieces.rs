//! A sorted list in pieces.

use super::lv::Lv;

/// Most items in a piece. Small in tests, so that small histories split things.
const PIECE: usize = if cfg!(test) { 4 } else { 64 };

/// An item of [`Pieces`]: something that starts with an element.
pub(in crate::crdt) trait Item: Copy {
    fn start(&self) -> Lv;
}

impl Item for Lv {
    fn start(&self) -> Lv {
        *self
    }
}

/// Items in an order that their user knows, in a list of short lists, so that one can be put between two
/// others and few have to move. Items that are added at the end make full pieces.
#[derive(Debug, Clone)]
pub(in crate::crdt) struct Pieces<T> {
    /// Invariant: none is empty.
    pieces: Vec<Piece<T>>,
}

#[derive(Debug, Clone)]
struct Piece<T> {
    /// The start of the first item: the search for a piece reads nothing else.
    first: Lv,
    items: Vec<T>,
}

/// The place of an item; valid until the next insertion or removal.
#[derive(Debug, Clone, Copy)]
pub(in crate::crdt) struct Position {
    piece: usize,
    item: usize,
}

impl<T> Default for Pieces<T> {
    fn default() -> Self {
        Self { pieces: Vec::new() }
    }
}

impl<T: Item> Pieces<T> {
    pub(in crate::crdt) fn first(&self) -> Option<&T> {
        self.pieces.first()?.items.first()
    }

    pub(in crate::crdt) fn last(&self) -> Option<&T> {
        self.pieces.last()?.items.last()
    }

    pub(in crate::crdt) fn last_mut(&mut self) -> Option<&mut T> {
        self.pieces.last_mut()?.items.last_mut()
    }

    pub(in crate::crdt) fn iter(&self) -> impl DoubleEndedIterator<Item = &T> {
        self.pieces.iter().flat_map(|piece| &piece.items)
    }

    /// Returns the last item that is `before` something, by its start; all before it are. O(log n).
    pub(in crate::crdt) fn find(&self, before: impl Fn(Lv) -> bool) -> Option<Position> {
        let piece = self.piece(&before)?;
        let item = self.pieces[piece].items.partition_point(|item| before(item.start())).checked_sub(1)?;
        Some(Position { piece, item })
    }

    /// Returns the last item that does not start behind `element`, if items are in order of Lv. O(log n). Where
    /// they start at even distances, it reads one item in one piece: what is not in the processor's cache
    /// costs more than all the comparisons.
    pub(in crate::crdt) fn find_lv(&self, element: Lv) -> Option<Position> {
        let piece = self.piece(|start| start <= element)?;
        let Piece { first, items } = &self.pieces[piece];
        let end = self.pieces.get(piece + 1).map(|next| next.first).or(items.last().map(Item::start))?;
        let distance = |lv: Lv| u64::from(lv.0 - first.0);
        let guess = distance(element) * items.len() as u64 / distance(end).max(1);
        let guess = (guess as usize).min(items.len() - 1);
        let found = |items: &[T]| items.partition_point(|item| item.start() <= element);
        let item = if element < items[guess].start() {
            found(&items[..guess])
        } else if items.get(guess + 1).is_none_or(|next| element < next.start()) {
            guess + 1
        } else {
            guess + 1 + found(&items[guess + 1..])
        };
        Some(Position { piece, item: item.checked_sub(1)? })
    }

    pub(in crate::crdt) fn at(&self, slot: Position) -> &T {
        &self.pieces[slot.piece].items[slot.item]
    }

    pub(in crate::crdt) fn at_mut(&mut self, slot: Position) -> &mut T {
        &mut self.pieces[slot.piece].items[slot.item]
    }

    /// Returns the item behind a slot; the first one behind none.
    pub(in crate::crdt) fn after(&self, slot: Option<Position>) -> Option<&T> {
        let Some(slot) = slot else { return self.first() };
        let here = self.pieces[slot.piece].items.get(slot.item + 1);
        here.or_else(|| self.pieces.get(slot.piece + 1)?.items.first())
    }

    /// Adds an item behind all. O(1) amortised.
    pub(in crate::crdt) fn push(&mut self, item: T) {
        match self.pieces.last_mut() {
            Some(last) if last.items.len() < PIECE => last.items.push(item),
            None => {
                // Most lists stay small.
                self.pieces.reserve_exact(1);
                self.pieces.push(Piece { first: item.start(), items: vec![item] });
            }
            Some(_) => {
                let mut items = Vec::with_capacity(PIECE);
                items.push(item);
                self.pieces.push(Piece { first: item.start(), items });
            }
        }
    }

    /// Adds an item behind a slot, or before all. Moves less than a piece, and once in a while pieces.
    pub(in crate::crdt) fn insert_after(&mut self, slot: Option<Position>, item: T) {
        let Some(last) = self.pieces.len().checked_sub(1) else { return self.push(item) };
        let (piece, place) = slot.map_or((0, 0), |slot| (slot.piece, slot.item + 1));
        let items = &mut self.pieces[piece].items;
        if items.len() < PIECE {
            items.insert(place, item);
        } else if piece == last && place == PIECE {
            self.push(item);
        } else {
            let mut upper = Vec::with_capacity(PIECE);
            upper.extend(items.drain(PIECE / 2..));
            match place.checked_sub(PIECE / 2) {
                Some(place @ 1..) => upper.insert(place, item),
                _ => items.insert(place, item),
            }
            self.pieces.insert(piece + 1, Piece { first: upper[0].start(), items: upper });
        }
        self.pieces[piece].first = self.pieces[piece].items[0].start();
    }

    /// Returns the items behind a slot; all of them behind none.
    pub(in crate::crdt) fn iter_after(&self, slot: Option<Position>) -> impl Iterator<Item = &T> {
        let (piece, item) = slot.map_or((0, 0), |slot| (slot.piece, slot.item + 1));
        let here = self.pieces.get(piece).map_or(&[][..], |piece| &piece.items[item..]);
        here.iter().chain(self.pieces.iter().skip(piece + 1).flat_map(|piece| &piece.items))
    }

    /// Takes out the item behind a slot, or the first one. Moves less than a piece, and once in a while pieces.
    pub(in crate::crdt) fn remove_after(&mut self, slot: Option<Position>) -> Option<T> {
        let (mut at, mut item) = slot.map_or((0, 0), |slot| (slot.piece, slot.item + 1));
        if self.pieces.get(at)?.items.len() == item {
            (at, item) = (at + 1, 0);
        }
        let piece = self.pieces.get_mut(at)?;
        let removed = piece.items.remove(item);
        match piece.items.first() {
            Some(first) => piece.first = first.start(),
            None => drop(self.pieces.remove(at)),
        }
        Some(removed)
    }

    /// Returns the last piece that starts before something.
    fn piece(&self, before: impl Fn(Lv) -> bool) -> Option<usize> {
        match self.pieces.last() {
            // Most often what is new is of interest.
            Some(last) if before(last.first) => Some(self.pieces.len() - 1),
            _ => self.pieces.partition_point(|piece| before(piece.first)).checked_sub(1),
        }
    }

    /// Verifies the pieces. O(n).
    pub(in crate::crdt) fn check(&self) -> Result<(), String> {
        let holds = |piece: &Piece<T>| {
            piece.items.len() <= PIECE && piece.items.first().is_some_and(|item| item.start() == piece.first)
        };
        match self.pieces.iter().find(|piece| !holds(piece)) {
            None => Ok(()),
            Some(piece) => Err(format!("the piece from {:?} is malformed", piece.first)),
        }
    }
}

impl<T: Item> FromIterator<T> for Pieces<T> {
    fn from_iter<I: IntoIterator<Item = T>>(items: I) -> Self {
        let mut pieces = Self::default();
        items.into_iter().for_each(|item| pieces.push(item));
        pieces
    }
}
