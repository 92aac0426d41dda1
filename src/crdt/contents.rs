//! Contents of writes, packed: a byte that says what it is, and as many more as it needs.
//!
//! A small whole number takes one byte, a string its length and its bytes. The same form is kept in
//! the history and travels in patches.

use super::{Kind, growth, varint};
use crate::value::{Num, Val, View};

const NULL: u8 = 0;
const FALSE: u8 = 1;
const TRUE: u8 = 2;
const INT: u8 = 3;
const NUMBER: u8 = 4;
const STRING: u8 = 5;
pub(super) const MAP: u8 = 6;
pub(super) const LIST: u8 = 7;
const TEXT: u8 = 8;
const COUNTER: u8 = 9;
const MOVE: u8 = 10;
/// From here on the byte is the whole number itself.
const SMALL: u8 = 16;

/// The content that a packed one stands for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Content<'a> {
    Scalar(Packed<'a>),
    Make(Kind),
    /// A move; of which container, stands elsewhere.
    Move,
}

/// A packed scalar.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Packed<'a>(&'a [u8]);

/// Appends a scalar. Numbers other than machine integers are kept as their text, so that a computed
/// `0.5` and one that was read have one form.
pub(super) fn pack(bytes: &mut Vec<u8>, scalar: &Val) {
    let long = |bytes: &mut Vec<u8>, tag, text: &[u8]| {
        bytes.push(tag);
        varint::write(bytes, text.len() as u64);
        bytes.extend_from_slice(text);
    };
    match scalar.view() {
        View::Bool(false) => bytes.push(FALSE),
        View::Bool(true) => bytes.push(TRUE),
        View::Num(Num::Int(number)) => pack_int(bytes, *number),
        // One that was made by hand may be short.
        View::Num(number @ Num::Big(_)) if number.as_i64().is_some() => {
            pack_int(bytes, number.as_i64().unwrap_or_default());
        }
        View::Num(number) => long(bytes, NUMBER, number.to_string().as_bytes()),
        View::Str(text) => long(bytes, STRING, text.as_bytes()),
        // Callers pack only scalars that are JSON.
        View::Null | View::Arr(_) | View::Obj(_) => bytes.push(NULL),
    }
}

/// Returns how many bytes a scalar takes, at most; a long number may take more.
pub(super) fn most_packed(scalar: &Val) -> usize {
    scalar.as_str().map_or(24, |text| text.len() + 10)
}

fn pack_int(bytes: &mut Vec<u8>, number: i64) {
    match u8::try_from(number).ok().and_then(|number| number.checked_add(SMALL)) {
        Some(small) => bytes.push(small),
        None => {
            bytes.push(INT);
            varint::write(bytes, varint::zigzag(number));
        }
    }
}

/// Appends a content.
pub(super) fn pack_content(bytes: &mut Vec<u8>, content: Content<'_>) {
    match content {
        Content::Scalar(Packed(packed)) => bytes.extend_from_slice(packed),
        Content::Make(Kind::Map) => bytes.push(MAP),
        Content::Make(Kind::List) => bytes.push(LIST),
        Content::Make(Kind::Text) => bytes.push(TEXT),
        Content::Make(Kind::Counter) => bytes.push(COUNTER),
        Content::Move => bytes.push(MOVE),
    }
}

impl<'a> Content<'a> {
    /// Takes the next content from the front, without a look at what it says; `None` at the end, and for
    /// what is no content.
    pub(super) fn read(bytes: &mut &'a [u8]) -> Option<Self> {
        let all = *bytes;
        let mut rest = all.get(1..)?;
        let content = match all[0] {
            NULL | FALSE | TRUE | SMALL.. => None,
            INT => {
                varint::read(&mut rest)?;
                None
            }
            NUMBER | STRING => {
                let length = usize::try_from(varint::read(&mut rest)?).ok()?;
                rest = rest.get(length..)?;
                None
            }
            MAP => Some(Self::Make(Kind::Map)),
            LIST => Some(Self::Make(Kind::List)),
            TEXT => Some(Self::Make(Kind::Text)),
            COUNTER => Some(Self::Make(Kind::Counter)),
            MOVE => Some(Self::Move),
            _ => return None,
        };
        *bytes = rest;
        Some(content.unwrap_or_else(|| Self::Scalar(Packed(&all[..all.len() - rest.len()]))))
    }
}

impl<'a> Packed<'a> {
    /// Packs a scalar into a buffer, which is emptied first.
    pub(super) fn new(scalar: &Val, buffer: &'a mut Vec<u8>) -> Self {
        buffer.clear();
        pack(buffer, scalar);
        Self(buffer)
    }

    /// Returns the bytes.
    pub(super) fn bytes(self) -> &'a [u8] {
        self.0
    }

    /// Returns the scalar; null for bytes that are none.
    pub(super) fn value(self) -> Val {
        self.scalar().unwrap_or_default()
    }

    /// Tells whether the bytes are a scalar, in the form in which it is packed here.
    pub(super) fn is_sound(self) -> bool {
        match self.0 {
            // The most common ones, quickly.
            [NULL | FALSE | TRUE | SMALL..] => true,
            [STRING, ..] => self.scalar_text().is_some(),
            [INT, long @ ..] => {
                let mut rest = long;
                let number = varint::read(&mut rest).map(varint::unzigzag);
                // In as few bytes as it needs, and not one that needs none of its own.
                let short = rest.is_empty() && (long.len() == 1 || long.last() != Some(&0));
                let needed = |number: &i64| !(0..i64::from(u8::MAX - SMALL) + 1).contains(number);
                number.filter(needed).is_some_and(|_| short)
            }
            _ => self.scalar().is_some_and(|value| {
                let mut again = Vec::with_capacity(self.0.len());
                pack(&mut again, &value);
                again == self.0
            }),
        }
    }

    /// Returns the text of a string or a long number.
    fn scalar_text(self) -> Option<&'a str> {
        let mut rest = self.0.get(1..)?;
        let length = varint::read(&mut rest)?;
        // The length in as few bytes as it needs: one form for one string.
        let short = length < 0x80 || length >> (7 * (self.0.len() - 1 - rest.len() - 1)) > 0;
        std::str::from_utf8(rest).ok().filter(|_| short)
    }

    fn scalar(self) -> Option<Val> {
        let (&tag, mut rest) = self.0.split_first()?;
        Some(match tag {
            NULL => Val::NULL,
            FALSE => false.into(),
            TRUE => true.into(),
            INT => varint::unzigzag(varint::read(&mut rest)?).into(),
            NUMBER => Num::parse(self.scalar_text()?)?.into(),
            STRING => self.scalar_text()?.into(),
            SMALL.. => i64::from(tag - SMALL).into(),
            _ => return None,
        })
    }
}

/// Contents taken apart: each part compresses better than the whole.
#[derive(Debug, Default)]
pub(super) struct Unwoven {
    /// What each content is; of a string its length.
    pub(super) tags: Vec<u8>,
    /// The whole numbers, each as the difference to the one before.
    pub(super) ints: Vec<u8>,
    /// The bytes of strings and long numbers.
    pub(super) texts: Vec<u8>,
    /// The last whole number.
    last: i64,
    /// Room to pack scalars in.
    buffer: Vec<u8>,
}

impl Unwoven {
    /// Adds a scalar.
    pub(super) fn push(&mut self, scalar: &Val) {
        let mut buffer = std::mem::take(&mut self.buffer);
        self.add(Content::Scalar(Packed::new(scalar, &mut buffer)));
        self.buffer = buffer;
    }

    fn add(&mut self, content: Content<'_>) {
        match content {
            Content::Scalar(Packed(packed)) if packed[0] == INT || packed[0] >= SMALL => {
                let number = match packed {
                    [small] => i64::from(small - SMALL),
                    _ => varint::read(&mut &packed[1..]).map_or(0, varint::unzigzag),
                };
                self.tags.push(INT);
                varint::write(&mut self.ints, varint::zigzag(number.wrapping_sub(self.last)));
                self.last = number;
            }
            Content::Scalar(Packed(packed)) if matches!(packed[0], NUMBER | STRING) => {
                let mut text = &packed[1..];
                varint::read(&mut text);
                self.tags.extend_from_slice(&packed[..packed.len() - text.len()]);
                self.texts.extend_from_slice(text);
            }
            other => pack_content(&mut self.tags, other),
        }
    }
}

/// Takes contents apart.
pub(super) fn unweave(mut contents: &[u8]) -> Unwoven {
    let mut parts = Unwoven::default();
    while let Some(content) = Content::read(&mut contents) {
        parts.add(content);
    }
    parts
}

/// A reader of contents that were taken apart.
pub(super) struct Woven<'p> {
    pub(super) tags: &'p [u8],
    pub(super) ints: &'p [u8],
    pub(super) texts: &'p str,
    last: i64,
}

impl<'p> Woven<'p> {
    pub(super) fn new(tags: &'p [u8], ints: &'p [u8], texts: &'p str) -> Self {
        Self { tags, ints, texts, last: 0 }
    }

    /// Reads the next scalar; `None` for what is none.
    pub(super) fn scalar(&mut self) -> Option<Val> {
        let (&tag, rest) = self.tags.split_first()?;
        self.tags = rest;
        Some(match tag {
            NULL => Val::NULL,
            FALSE => false.into(),
            TRUE => true.into(),
            INT => {
                self.last = self.last.wrapping_add(varint::unzigzag(varint::read(&mut self.ints)?));
                self.last.into()
            }
            NUMBER | STRING => {
                let length = usize::try_from(varint::read(&mut self.tags)?).ok()?;
                let (text, rest) = self.texts.split_at_checked(length)?;
                self.texts = rest;
                if tag == STRING { text.into() } else { Num::parse(text)?.into() }
            }
            _ => return None,
        })
    }
}

/// Counts the containers that contents with these tags make, at most.
pub(super) fn count_containers(mut tags: &[u8]) -> u64 {
    let mut count = 0;
    while let Some((&tag, rest)) = tags.split_first() {
        tags = rest;
        match tag {
            NUMBER | STRING => drop(varint::read(&mut tags)),
            MAP | LIST | TEXT | COUNTER => count += 1,
            _ => {}
        }
    }
    count
}

/// Makes the contents again that [`unweave`] took apart; `None` when the parts do not fit.
pub(super) fn weave(mut tags: &[u8], mut ints: &[u8], mut texts: &[u8]) -> Option<Vec<u8>> {
    let mut contents = Vec::with_capacity(tags.len() + ints.len() + texts.len());
    let mut last = 0i64;
    while let Some((&tag, after)) = tags.split_first() {
        match tag {
            INT => {
                tags = after;
                last = last.wrapping_add(varint::unzigzag(varint::read(&mut ints)?));
                pack_int(&mut contents, last);
            }
            NUMBER | STRING => {
                let mut rest = after;
                let length = usize::try_from(varint::read(&mut rest)?).ok()?;
                let (text, left) = texts.split_at_checked(length)?;
                contents.extend_from_slice(&tags[..tags.len() - rest.len()]);
                contents.extend_from_slice(text);
                (tags, texts) = (rest, left);
            }
            _ => pack_content(&mut contents, Content::read(&mut tags)?),
        }
    }
    (ints.is_empty() && texts.is_empty()).then_some(contents)
}

/// Contents one after the other, found by number.
#[derive(Debug, Clone, Default)]
pub(super) struct Contents {
    bytes: Vec<u8>,
    /// Where every [`STEP`]th content begins.
    marks: Vec<u32>,
    count: u32,
}

/// The maximum number of steps that one has to walk to find a content.
const STEP: u32 = 4;

impl Contents {
    pub(super) fn len(&self) -> u32 {
        self.count
    }

    /// Adds a content.
    pub(super) fn push(&mut self, content: Content<'_>) {
        let more = if let Content::Scalar(Packed(packed)) = content { packed.len() } else { 1 };
        self.mark(more);
        pack_content(&mut self.bytes, content);
    }

    /// Adds a scalar.
    pub(super) fn push_scalar(&mut self, scalar: &Val) {
        self.mark(most_packed(scalar));
        pack(&mut self.bytes, scalar);
    }

    /// Counts one more content, which follows, and makes room for it.
    fn mark(&mut self, bytes: usize) {
        if self.count.is_multiple_of(STEP) {
            growth::push(&mut self.marks, self.bytes.len() as u32);
        }
        growth::make(&mut self.bytes, bytes);
        self.count += 1;
    }

    /// Returns the contents from one on. O(1).
    pub(super) fn from(&self, index: u32) -> Run<'_> {
        let Some(&mark) = self.marks.get((index / STEP) as usize) else { return Run::default() };
        let mut run = Run { bytes: &self.bytes[mark as usize..] };
        for _ in 0..index % STEP {
            run.next();
        }
        run
    }

    /// Forgets all contents from one on.
    pub(super) fn truncate(&mut self, count: u32) {
        if count < self.count {
            let end = self.bytes.len() - self.from(count).bytes.len();
            self.bytes.truncate(end);
            self.marks.truncate(count.div_ceil(STEP) as usize);
            self.count = count;
        }
    }

    /// Tells whether so many bytes more can be kept.
    pub(super) fn has_room(&self, bytes: usize) -> bool {
        bytes < (u32::MAX as usize).saturating_sub(self.bytes.len())
    }
}

/// Contents one after the other.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Run<'a> {
    bytes: &'a [u8],
}

impl<'a> Run<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes }
    }

    /// Returns the bytes.
    pub(super) fn bytes(self) -> &'a [u8] {
        self.bytes
    }

    /// Takes the first content off, if it is a scalar.
    pub(super) fn next_scalar(&mut self) -> Option<Packed<'a>> {
        match self.next() {
            Some(Content::Scalar(scalar)) => Some(scalar),
            _ => None,
        }
    }

    /// Takes the bytes of the first content off.
    pub(super) fn split_first(&mut self) -> &'a [u8] {
        let all = self.bytes;
        self.next();
        &all[..all.len() - self.bytes.len()]
    }
}

impl<'a> Iterator for Run<'a> {
    type Item = Content<'a>;

    fn next(&mut self) -> Option<Content<'a>> {
        Content::read(&mut self.bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_have_one_form() {
        for number in [0, 239, 240, -1, 1 << 40, i64::MAX, i64::MIN] {
            let mut bytes = Vec::new();
            pack(&mut bytes, &Val::from(number));
            assert!(Packed(&bytes).is_sound(), "{number}");
            // With a byte more than it needs, or without the last one.
            let mut longer = bytes.clone();
            *longer.last_mut().unwrap() |= 0x80;
            longer.push(0);
            assert!(bytes.len() == 1 || !Packed(&longer).is_sound(), "{number}");
            assert!(!Packed(&bytes[..bytes.len() - 1]).is_sound(), "{number}");
        }
        // 5 and 239 have a byte of their own.
        for small in [10, 478_u64] {
            let mut bytes = vec![INT];
            varint::write(&mut bytes, small);
            assert!(!Packed(&bytes).is_sound());
        }
        assert!(!Packed(&[INT]).is_sound() && !Packed(&[]).is_sound());
    }
}
