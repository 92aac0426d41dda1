//! Splices: the characters that were typed, which lead from one string to another.
//!
//! Lines are compared first, words in the lines that differ, characters in the words that differ. In
//! a stretch that was written anew, the few letters that happen to agree are not kept.

use std::collections::HashMap;
use std::ops::Range;

use super::common::common;
use super::myers::{Myers, Run};

/// A place of a string where characters go and others come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Splice<'n> {
    /// Where: the number of characters (Unicode scalar values) before it in the old string.
    pub position: usize,
    /// How many characters of the old string go.
    pub delete: usize,
    /// What comes in their place.
    pub insert: &'n str,
}

/// Returns the splices that lead from `old` to `new`, in their order; at least one character stays between two
/// of them. None when the strings are equal. O(n log n) at most, in the length of what lies between the
/// first and the last difference; what is equal before and behind it costs next to nothing.
///
/// ```
/// use rejoin::value::{Splice, splices};
///
/// let found = splices("The quick fox jumps.", "The slow fox jumped.");
/// let quick = Splice { position: 4, delete: 5, insert: "slow" };
/// let jumps = Splice { position: 18, delete: 1, insert: "ed" };
/// assert_eq!(found, [quick, jumps]);
/// ```
pub fn splices<'n>(old: &str, new: &'n str) -> Vec<Splice<'n>> {
    let edits = match only_one(old, new) {
        Some(edit) => vec![edit],
        None => {
            let mut comparison = Comparison { old, new, myers: Myers::new(EFFORT), edits: Vec::new() };
            comparison.compare(0..old.len(), 0..new.len(), Unit::Line);
            without_chance(comparison.edits).into_iter().map(|edit| edit.trimmed(old, new)).collect()
        }
    };

    let (mut at, mut position) = (0, 0);
    let splice = |edit: Edit| {
        position += old[at..edit.old.start].chars().count();
        let delete = old[edit.old.clone()].chars().count();
        let splice = Splice { position, delete, insert: &new[edit.new] };
        (at, position) = (edit.old.end, position + delete);
        splice
    };
    edits.into_iter().map(splice).collect()
}

/// The steps that every comparison by characters may make, and those that a byte adds to them.
const EFFORT: usize = 1 << 21;
const EFFORT_EACH: usize = 1;

/// Bytes of `old` that `new` has otherwise, at character boundaries.
#[derive(Debug, Clone)]
struct Edit {
    old: Range<usize>,
    new: Range<usize>,
}

impl Edit {
    fn size(&self) -> usize {
        self.old.len().max(self.new.len())
    }

    /// Returns it without the characters at its ends that are equal.
    fn trimmed(self, old: &str, new: &str) -> Self {
        let head = head(&old[self.old.clone()], &new[self.new.clone()], Unit::Char);
        let (o, n) = (self.old.start + head..self.old.end, self.new.start + head..self.new.end);
        let tail = tail(&old[o.clone()], &new[n.clone()], Unit::Char);
        Self { old: o.start..o.end - tail, new: n.start..n.end - tail }
    }
}

/// Returns the edit when something was only inserted, or only deleted, at one place. Of the places that it may
/// have been (`foo ba[z ba]r`), it is the one that keeps lines or words whole (`foo [baz ]bar`).
fn only_one(old: &str, new: &str) -> Option<Edit> {
    /// Characters that an edit is shifted at most.
    const SHIFT: usize = 1_000;
    let edit = Edit { old: 0..old.len(), new: 0..new.len() }.trimmed(old, new);
    let (text, range) = match (edit.old.is_empty(), edit.new.is_empty()) {
        (true, false) => (new, edit.new.clone()),
        (false, true) => (old, edit.old.clone()),
        _ => return None,
    };
    let shifted = |unit: Unit| {
        let mut starts = text[..range.start].char_indices().rev();
        let mut ends = text[..range.end].char_indices().rev();
        let mut at = range.clone();
        for _ in 0..SHIFT {
            if unit.ends_at(text, at.start) && unit.ends_at(text, at.end) {
                return Some(range.start - at.start);
            }
            let ((start, first), (end, last)) = (starts.next()?, ends.next()?);
            if first != last {
                return None;
            }
            at = start..end;
        }
        None
    };
    let shift = shifted(Unit::Line).or_else(|| shifted(Unit::Word)).unwrap_or(0);
    let back = |range: Range<usize>| range.start - shift..range.end - shift;
    Some(Edit { old: back(edit.old), new: back(edit.new) })
}

/// Drops what was found equal by chance: less than it takes to be a coincidence, and no longer than the
/// edits on both sides.
fn without_chance(edits: Vec<Edit>) -> Vec<Edit> {
    /// Bytes; as long as a few short words.
    const CHANCE: usize = 16;
    let mut kept: Vec<Edit> = Vec::with_capacity(edits.len());
    for mut edit in edits {
        while let Some(last) = kept.last() {
            let equal = edit.old.start - last.old.end;
            if equal >= CHANCE || equal > last.size().min(edit.size()) {
                break;
            }
            edit = Edit { old: last.old.start..edit.old.end, new: last.new.start..edit.new.end };
            kept.pop();
        }
        kept.push(edit);
    }
    kept
}

/// The unit by which strings are compared.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Unit {
    /// Up to and with a line feed.
    Line,
    /// Letters and digits, or one other character; with the blanks that follow.
    Word,
    Char,
}

impl Unit {
    fn finer(self) -> Self {
        match self {
            Self::Line => Self::Word,
            Self::Word | Self::Char => Self::Char,
        }
    }

    /// Tells whether a unit may end between two neighbours.
    fn ends(self, before: char, after: char) -> bool {
        match self {
            Self::Line => before == '\n',
            Self::Word if before == '\n' => true,
            Self::Word => !(after.is_whitespace() || before.is_alphanumeric() && after.is_alphanumeric()),
            Self::Char => true,
        }
    }

    /// Tells whether a unit ends at this place of a text.
    fn ends_at(self, text: &str, at: usize) -> bool {
        let (before, after) = (text[..at].chars().next_back(), text[at..].chars().next());
        before.zip(after).is_none_or(|(before, after)| self.ends(before, after))
    }

    /// Returns the units of a text: where each ends.
    fn ends_of(self, text: &str) -> Vec<usize> {
        let mut ends: Vec<usize> = match self {
            Self::Line => text.match_indices('\n').map(|(at, _)| at + 1).collect(),
            _ => {
                let pairs = text.char_indices().zip(text.char_indices().skip(1));
                pairs.filter(|((_, a), (_, b))| self.ends(*a, *b)).map(|(_, (at, _))| at).collect()
            }
        };
        ends.push(text.len());
        ends.dedup();
        ends
    }
}

struct Comparison<'a> {
    old: &'a str,
    new: &'a str,
    myers: Myers,
    edits: Vec<Edit>,
}

impl Comparison<'_> {
    /// Adds the edits of two ranges, compared by this unit and then by finer ones.
    fn compare(&mut self, mut o: Range<usize>, mut n: Range<usize>, unit: Unit) {
        let (old, new) = (&self.old[o.clone()], &self.new[n.clone()]);
        let head = head(old, new, unit);
        let tail = tail(&old[head..], &new[head..], unit);
        let (old, new) = (&old[head..old.len() - tail], &new[head..new.len() - tail]);
        (o.start, n.start) = (o.start + head, n.start + head);
        (o.end, n.end) = (o.end - tail, n.end - tail);
        if o.is_empty() && n.is_empty() {
            return;
        }
        if o.is_empty() || n.is_empty() {
            return self.edits.push(Edit { old: o, new: n });
        }
        let runs = match unit {
            Unit::Char => self.chars(old, new),
            _ => match units(old, new, unit) {
                Some(runs) => runs,
                None => return self.edits.push(Edit { old: o, new: n }),
            },
        };
        let (mut at_o, mut at_n) = (o.start, n.start);
        for run in runs.into_iter().chain([Run { old: old.len(), new: new.len(), len: 0 }]) {
            let (run_o, run_n) = (o.start + run.old, n.start + run.new);
            if unit == Unit::Char {
                if at_o < run_o || at_n < run_n {
                    self.edits.push(Edit { old: at_o..run_o, new: at_n..run_n });
                }
            } else {
                self.compare(at_o..run_o, at_n..run_n, unit.finer());
            }
            (at_o, at_n) = (run_o + run.len, run_n + run.len);
        }
    }

    /// Returns the characters that two texts have in common, in bytes.
    fn chars(&mut self, old: &str, new: &str) -> Vec<Run> {
        self.myers.allow(EFFORT_EACH * (old.len() + new.len()));
        if old.is_ascii() && new.is_ascii() {
            return self.myers.runs(old.as_bytes(), new.as_bytes(), 0..old.len(), 0..new.len()).0;
        }
        let split = |text: &str| -> (Vec<usize>, Vec<char>) {
            text.char_indices().chain([(text.len(), '\0')]).unzip()
        };
        let ((old_at, old), (new_at, new)) = (split(old), split(new));
        let (runs, _) = self.myers.runs(&old, &new, 0..old.len() - 1, 0..new.len() - 1);
        let bytes = |run: Run| Run {
            old: old_at[run.old],
            new: new_at[run.new],
            len: old_at[run.old + run.len] - old_at[run.old],
        };
        runs.into_iter().map(bytes).collect()
    }
}

/// Returns the lines or words that two texts have in common, in bytes; `None` when there are many words, and
/// none in common: a text that was written anew.
fn units(old: &str, new: &str, unit: Unit) -> Option<Vec<Run>> {
    const MANY: usize = 32;
    let (old_ends, new_ends) = (unit.ends_of(old), unit.ends_of(new));
    let mut names: HashMap<&str, u32> = HashMap::with_capacity(old_ends.len().min(new_ends.len()));
    let old_names = named(old, &old_ends, &mut names);
    let new_names = named(new, &new_ends, &mut names);
    let runs = common(&old_names, &new_names, names.len());
    if runs.is_empty() && unit == Unit::Word && old_ends.len().min(new_ends.len()) >= MANY {
        return None;
    }
    let start = |ends: &[usize], at: usize| at.checked_sub(1).map_or(0, |before| ends[before]);
    let bytes = |run: Run| {
        let (old, new) = (start(&old_ends, run.old), start(&new_ends, run.new));
        Run { old, new, len: old_ends[run.old + run.len - 1] - old }
    };
    Some(runs.into_iter().map(bytes).collect())
}

/// Returns the units of a text as small numbers, the same for the same text.
fn named<'a>(text: &'a str, ends: &[usize], names: &mut HashMap<&'a str, u32>) -> Vec<u32> {
    let mut start = 0;
    let name = |&end: &usize| {
        let next = names.len() as u32;
        let name = *names.entry(&text[start..end]).or_insert(next);
        start = end;
        name
    };
    ends.iter().map(name).collect()
}

/// Counts how many bytes at the start are equal, up to the end of a unit on both sides.
fn head(old: &str, new: &str, unit: Unit) -> usize {
    /// Whole blocks compare faster than bytes.
    const BLOCK: usize = 256;
    let (a, b) = (old.as_bytes(), new.as_bytes());
    let equal = a.chunks_exact(BLOCK).zip(b.chunks_exact(BLOCK)).take_while(|(a, b)| a == b).count() * BLOCK;
    let mut at = equal + a[equal..].iter().zip(&b[equal..]).take_while(|(a, b)| a == b).count();
    at = floor(old, at);
    while !(unit.ends_at(old, at) && unit.ends_at(new, at)) {
        at = floor(old, at - 1);
    }
    at
}

/// Counts how many bytes at the end are equal, from the end of a unit on both sides.
fn tail(old: &str, new: &str, unit: Unit) -> usize {
    const BLOCK: usize = 256;
    let (a, b) = (old.as_bytes(), new.as_bytes());
    let blocks = a.rchunks_exact(BLOCK).zip(b.rchunks_exact(BLOCK));
    let equal = blocks.take_while(|(a, b)| a == b).count() * BLOCK;
    let rest = a[..a.len() - equal].iter().rev().zip(b[..b.len() - equal].iter().rev());
    let mut from_end = equal + rest.take_while(|(a, b)| a == b).count();
    loop {
        let (o, n) = (old.len() - from_end, new.len() - from_end);
        if old.is_char_boundary(o) && unit.ends_at(old, o) && unit.ends_at(new, n) {
            return from_end;
        }
        from_end -= 1;
    }
}

/// Returns the last character boundary up to here.
fn floor(text: &str, mut at: usize) -> usize {
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn apply(old: &str, splices: &[Splice<'_>]) -> String {
        let mut rest = old.chars();
        let (mut at, mut text) = (0, String::new());
        for (i, splice) in splices.iter().enumerate() {
            assert!(splice.delete > 0 || !splice.insert.is_empty(), "{splice:?} does something");
            assert!(i == 0 || splice.position > at, "something stays between two splices");
            text.extend(rest.by_ref().take(splice.position - at));
            text.push_str(splice.insert);
            assert_eq!(rest.by_ref().take(splice.delete).count(), splice.delete);
            at = splice.position + splice.delete;
        }
        text.extend(rest);
        text
    }

    #[test]
    fn splices_are_what_a_person_would_have_typed() {
        type Row = (&'static str, &'static str, &'static [(usize, usize, &'static str)]);
        let rows: &[Row] = &[
            ("", "", &[]),
            ("same", "same", &[]),
            ("", "new", &[(0, 0, "new")]),
            ("old", "", &[(0, 3, "")]),
            ("color", "colour", &[(4, 0, "u")]),
            ("The fox", "The dog", &[(4, 3, "dog")]),
            ("The quick fox", "The slow dog", &[(4, 9, "slow dog")]),
            ("foo bar", "foo baz bar", &[(4, 0, "baz ")]),
            ("one two three", "one three", &[(4, 4, "")]),
            ("a, b and c", "a, b, and c", &[(4, 0, ",")]),
            ("walked home late", "walks home late", &[(4, 2, "s")]),
            ("it was a dark night", "it is a clear day", &[(3, 2, "i"), (9, 10, "clear day")]),
            ("größe", "größer", &[(5, 0, "r")]),
            ("größe", "grösse", &[(3, 1, "ss")]),
            ("a😀b", "a😁b", &[(1, 1, "😁")]),
            ("é", "è", &[(0, 1, "è")]),
            ("日本語", "日本国語", &[(2, 0, "国")]),
            ("aaaa", "aaa", &[(3, 1, "")]),
            ("one\ntwo\nthree\n", "one\nthree\n", &[(4, 4, "")]),
            ("one\ntwo\n", "zero\none\ntwo, too\n", &[(0, 0, "zero\n"), (7, 0, ", too")]),
            ("* milk\n* eggs\n", "* milk\n* bread\n* eggs\n", &[(7, 0, "* bread\n")]),
        ];
        for (old, new, expected) in rows {
            let found = splices(old, new);
            let plain: Vec<_> = found.iter().map(|s| (s.position, s.delete, s.insert)).collect();
            assert_eq!(plain, *expected, "{old:?} to {new:?}");
            assert_eq!(apply(old, &found), *new);
        }
    }

    proptest! {
        #[test]
        fn splices_lead_from_the_old_text_to_the_new_one(old in "[ab é😀\n.]{0,40}", new in "[ab é😀\n.]{0,40}") {
            prop_assert_eq!(apply(&old, &splices(&old, &new)), new);
        }

        #[test]
        fn what_was_only_inserted_or_deleted_is_found_as_that(
            text in "([ab é]{0,8}\n?){0,6}", at in 0usize..40, insert in "[ab é\n]{1,6}",
        ) {
            let at = floor(&text, at.min(text.len()));
            let mut longer = text.clone();
            longer.insert_str(at, &insert);
            let length = insert.chars().count();
            let inserted = splices(&text, &longer);
            prop_assert_eq!(&apply(&text, &inserted), &longer);
            prop_assert!(matches!(&inserted[..], [s] if s.delete == 0 && s.insert.chars().count() == length));
            let deleted = splices(&longer, &text);
            prop_assert_eq!(&apply(&longer, &deleted), &text);
            prop_assert!(matches!(&deleted[..], [s] if s.delete == length && s.insert.is_empty()));
        }

        #[test]
        fn edits_far_apart_are_found_each(
            words in prop::collection::vec("[a-z]{2,7}", 60..200), at in prop::collection::vec(0usize..10_000, 0..5),
        ) {
            let old = words.join(" ");
            let mut words = words;
            for at in at {
                let at = at % words.len();
                words[at] = String::from("ZZ");
            }
            let new = words.join(" ");
            let found = splices(&old, &new);
            let cost: usize = found.iter().map(|s| s.delete + s.insert.len()).sum();
            prop_assert!(cost <= 5 * 60, "{:?}", found);
            prop_assert_eq!(&apply(&old, &found), &new);
        }
    }
}
