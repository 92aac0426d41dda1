//! The arguments that a line gives its command.

use std::ops::Range;

use smallvec::SmallVec;

/// A piece of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::session) struct Word<'a> {
    pub(in crate::session) text: &'a str,
    pub(in crate::session) span: Range<usize>,
}

/// The arguments that a line gives its command, in their order.
pub(in crate::session) struct Args<'a>(smallvec::IntoIter<[Word<'a>; 4]>);

impl<'a> Args<'a> {
    pub(in crate::session) fn new(words: SmallVec<[Word<'a>; 4]>) -> Self {
        Self(words.into_iter())
    }

    /// Returns the arguments that the command cannot do without: the table has so many of them.
    pub(in crate::session) fn required<const N: usize>(&mut self) -> [Word<'a>; N] {
        std::array::from_fn(|_| self.0.next().expect("the line was cut by the table of commands"))
    }
}

/// The arguments that are there.
impl<'a> Iterator for Args<'a> {
    type Item = Word<'a>;

    fn next(&mut self) -> Option<Word<'a>> {
        self.0.next()
    }
}
