//! Iterators over lists.

use std::collections::VecDeque;
use std::iter::FusedIterator;
use std::ops::Range;
use std::sync::Arc;
use std::{slice, vec};

use super::tree::Node;
use crate::value::Val;

/// The items of a [`List`](super::List), or of a part of one, in order.
#[derive(Clone)]
pub struct Iter<'l> {
    front: slice::Iter<'l, Val>,
    back: slice::Iter<'l, Val>,
    /// The tree, and the positions in it between the front and the back.
    middle: Option<(&'l Node, Range<usize>)>,
}

impl<'l> Iter<'l> {
    pub(super) fn of_few(items: &'l [Val]) -> Self {
        Self { front: items.iter(), back: [].iter(), middle: None }
    }

    pub(super) fn of_many(root: &'l Node, range: Range<usize>) -> Self {
        Self { front: [].iter(), back: [].iter(), middle: Some((root, range)) }
    }

    fn middle(&self) -> usize {
        self.middle.as_ref().map_or(0, |(_, range)| range.len())
    }

    /// Goes on to the next leaf; to the back where there is none.
    fn refill_front(&mut self) -> Option<&'l Val> {
        match &mut self.middle {
            Some((root, range)) if range.start < range.end => {
                let (leaf, at) = root.leaf_at(range.start);
                let end = leaf.len().min(at + range.len());
                range.start += end - at;
                self.front = leaf[at..end].iter();
                self.front.next()
            }
            _ => self.back.next(),
        }
    }

    fn refill_back(&mut self) -> Option<&'l Val> {
        match &mut self.middle {
            Some((root, range)) if range.start < range.end => {
                let (leaf, last) = root.leaf_at(range.end - 1);
                let end = last + 1;
                let at = end.saturating_sub(range.len());
                range.end -= end - at;
                self.back = leaf[at..end].iter();
                self.back.next_back()
            }
            _ => self.front.next_back(),
        }
    }
}

impl<'l> Iterator for Iter<'l> {
    type Item = &'l Val;

    #[inline]
    fn next(&mut self) -> Option<&'l Val> {
        match self.front.next() {
            Some(item) => Some(item),
            None => self.refill_front(),
        }
    }

    fn nth(&mut self, mut skip: usize) -> Option<&'l Val> {
        if skip < self.front.len() {
            return self.front.nth(skip);
        }
        skip -= self.front.len();
        self.front = [].iter();
        if let Some((_, range)) = &mut self.middle {
            let jump = skip.min(range.len());
            range.start += jump;
            skip -= jump;
            if range.start < range.end {
                return self.refill_front();
            }
        }
        self.back.nth(skip)
    }

    #[inline]
    fn size_hint(&self) -> (usize, Option<usize>) {
        let len = self.front.len() + self.middle() + self.back.len();
        (len, Some(len))
    }
}

impl DoubleEndedIterator for Iter<'_> {
    #[inline]
    fn next_back(&mut self) -> Option<Self::Item> {
        match self.back.next_back() {
            Some(item) => Some(item),
            None => self.refill_back(),
        }
    }
}

impl ExactSizeIterator for Iter<'_> {}

impl FusedIterator for Iter<'_> {}

/// The items of a [`List`](super::List), moved out where nothing else holds them.
pub struct IntoIter {
    front: vec::IntoIter<Val>,
    back: vec::IntoIter<Val>,
    /// What lies between the front and the back.
    middle: VecDeque<Arc<Node>>,
    /// The number of items in the middle.
    len: usize,
}

impl IntoIter {
    pub(super) fn of_few(items: Box<[Val]>) -> Self {
        let front = items.into_vec().into_iter();
        Self { front, back: Vec::new().into_iter(), middle: VecDeque::new(), len: 0 }
    }

    pub(super) fn of_many(root: Arc<Node>) -> Self {
        let len = root.len();
        let (front, back) = (Vec::new().into_iter(), Vec::new().into_iter());
        Self { front, back, middle: VecDeque::from([root]), len }
    }

    fn refill_front(&mut self) -> Option<Val> {
        while let Some(node) = self.middle.pop_front() {
            match Arc::unwrap_or_clone(node) {
                Node::Leaf(items) => {
                    self.len -= items.len();
                    self.front = items.into_iter().collect::<Vec<_>>().into_iter();
                    return self.front.next();
                }
                Node::Inner(children) => {
                    children.into_iter().rev().for_each(|child| self.middle.push_front(child.node));
                }
            }
        }
        self.back.next()
    }

    fn refill_back(&mut self) -> Option<Val> {
        while let Some(node) = self.middle.pop_back() {
            match Arc::unwrap_or_clone(node) {
                Node::Leaf(items) => {
                    self.len -= items.len();
                    self.back = items.into_iter().collect::<Vec<_>>().into_iter();
                    return self.back.next_back();
                }
                Node::Inner(children) => {
                    children.into_iter().for_each(|child| self.middle.push_back(child.node));
                }
            }
        }
        self.front.next_back()
    }
}

impl Iterator for IntoIter {
    type Item = Val;

    #[inline]
    fn next(&mut self) -> Option<Val> {
        match self.front.next() {
            Some(item) => Some(item),
            None => self.refill_front(),
        }
    }

    #[inline]
    fn size_hint(&self) -> (usize, Option<usize>) {
        let len = self.front.len() + self.len + self.back.len();
        (len, Some(len))
    }
}

impl DoubleEndedIterator for IntoIter {
    #[inline]
    fn next_back(&mut self) -> Option<Val> {
        match self.back.next_back() {
            Some(item) => Some(item),
            None => self.refill_back(),
        }
    }
}

impl ExactSizeIterator for IntoIter {}

impl FusedIterator for IntoIter {}
