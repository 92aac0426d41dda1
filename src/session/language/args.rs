//! The arguments that a line gives its command.

use std::ops::Range;

use smallvec::SmallVec;

use crate::session::language::arguments::Wants;

/// A piece of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::session) struct Word<'a> {
    pub(in crate::session) text: &'a str,
    pub(in crate::session) span: Range<usize>,
}

/// The arguments that a line gives its command, in their order, each with what it is.
pub(in crate::session) struct Args<'a>(std::iter::Peekable<smallvec::IntoIter<[(Wants, Word<'a>); 4]>>);

impl<'a> Args<'a> {
    pub(in crate::session) fn new(words: SmallVec<[(Wants, Word<'a>); 4]>) -> Self {
        Self(words.into_iter().peekable())
    }

    /// Returns the arguments that the command cannot do without: the table has so many of them.
    pub(in crate::session) fn required<const N: usize>(&mut self) -> [Word<'a>; N] {
        std::array::from_fn(|_| self.next().expect("the line was cut by the table of commands"))
    }

    /// Returns the next argument if it is of this kind.
    pub(in crate::session) fn optional(&mut self, wanted: Wants) -> Option<Word<'a>> {
        self.0.next_if(|(wants, _)| *wants == wanted).map(|(_, word)| word)
    }

    /// Tells whether a flag is among those that come next. Each is asked for once.
    pub(in crate::session) fn flags<const N: usize>(&mut self, wanted: [&str; N]) -> [bool; N] {
        let mut found = [false; N];
        while let Some((_, word)) = self.0.next_if(|(wants, _)| matches!(wants, Wants::Flag(_))) {
            for (flag, found) in wanted.iter().zip(&mut found) {
                *found |= word.text == *flag;
            }
        }
        found
    }
}

/// The arguments that are there.
impl<'a> Iterator for Args<'a> {
    type Item = Word<'a>;

    fn next(&mut self) -> Option<Word<'a>> {
        self.0.next().map(|(_, word)| word)
    }
}
