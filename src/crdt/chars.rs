//! All characters that were ever typed, in the order in which they were applied.

use std::ops::Range;

/// A long string in which characters are found by number.
#[derive(Debug, Clone, Default)]
pub(super) struct Chars {
    text: String,
    count: u32,
    /// Where every [`STEP`]th character begins; empty as long as every character is one byte.
    marks: Vec<u32>,
}

/// The maximum number of steps that one has to walk to find a character.
const STEP: usize = 64;

impl Chars {
    /// Returns the number of characters.
    pub(super) fn len(&self) -> u32 {
        self.count
    }

    /// Appends characters and says how many. O(length); the first one of several bytes costs O(all).
    #[inline]
    pub(super) fn push(&mut self, text: &str) -> u32 {
        // Most often a single key was struck.
        if let &[byte] = text.as_bytes()
            && self.marks.is_empty()
        {
            self.text.push(char::from(byte));
            self.count += 1;
            return 1;
        }
        self.push_several(text)
    }

    fn push_several(&mut self, text: &str) -> u32 {
        let count = if text.is_ascii() { text.len() } else { text.chars().count() };
        if !self.marks.is_empty() || count != text.len() {
            self.mark(text);
        }
        self.text.push_str(text);
        self.count += count as u32;
        count as u32
    }

    fn mark(&mut self, text: &str) {
        if self.marks.is_empty() {
            self.marks.extend((0..self.count).step_by(STEP));
        }
        let before = self.text.len();
        let numbered = (self.count as usize..).zip(text.char_indices());
        self.marks.extend(
            numbered
                .filter(|(number, _)| number.is_multiple_of(STEP))
                .map(|(_, (at, _))| (before + at) as u32),
        );
    }

    /// Returns the characters with these numbers. O(1) and the length.
    pub(super) fn get(&self, numbers: Range<u32>) -> &str {
        if self.marks.is_empty() {
            return &self.text[numbers.start as usize..numbers.end as usize];
        }
        let start = self.byte(numbers.start);
        let count = numbers.end - numbers.start;
        let end = if count as usize <= STEP { self.later(start, count) } else { self.byte(numbers.end) };
        &self.text[start..end]
    }

    fn byte(&self, number: u32) -> usize {
        if self.marks.is_empty() || number == self.count {
            return if number == self.count { self.text.len() } else { number as usize };
        }
        self.later(self.marks[number as usize / STEP] as usize, number % STEP as u32)
    }

    /// Returns the byte behind so many characters from a byte on.
    fn later(&self, from: usize, count: u32) -> usize {
        let rest = &self.text.as_bytes()[from..];
        match rest.get(..count as usize) {
            Some(ascii) if ascii.is_ascii() => from + ascii.len(),
            _ => {
                let more = self.text[from..].char_indices().nth(count as usize);
                more.map_or(self.text.len(), |(at, _)| from + at)
            }
        }
    }

    /// Forgets all characters from one on.
    pub(super) fn truncate(&mut self, count: u32) {
        if count < self.count {
            self.text.truncate(self.byte(count));
            self.marks.truncate((count as usize).div_ceil(STEP));
            self.count = count;
        }
    }

    /// Tells whether so many bytes more can be kept.
    pub(super) fn has_room(&self, bytes: usize) -> bool {
        bytes < (u32::MAX as usize).saturating_sub(self.text.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_are_found_by_number() {
        let typed = ["abc", "é𝄞", "", "x".repeat(100).as_str(), "日本語", &"ü".repeat(70)].map(str::to_owned);
        let (mut chars, mut plain) = (Chars::default(), Vec::new());
        for text in &typed {
            assert_eq!(chars.push(text) as usize, text.chars().count());
            plain.extend(text.chars());
            for from in (0..=plain.len()).step_by(3) {
                let to = plain.len().min(from + 7);
                let expected: String = plain[from..to].iter().collect();
                assert_eq!(chars.get(from as u32..to as u32), expected);
            }
        }
        chars.truncate(70);
        chars.push("end");
        assert_eq!(chars.get(65..73), format!("{}end", "x".repeat(5)));
    }
}
