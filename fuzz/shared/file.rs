//! The layout of the binary form, as far as an input must follow it to get past the checksum.

/// What is not known from the input: everything before the document.
pub const PATCH: &[u8] = b"\xf5\x04";
pub const REF: &[u8] = b"rejoin\x04";

/// What changes say in their first byte.
pub mod form {
    /// They are in columns, and not in one strip.
    pub const COLUMNS: u8 = 0x01;
    /// Zeros stand behind them.
    pub const FILLED: u8 = 0x02;
    /// Where the numbers of actors, of changes in the base, and of keys are; 3 says that a number follows.
    pub const COUNTS: [u32; 3] = [2, 4, 6];
    pub const MANY: u8 = 3;
}

/// Stands between the parts of a framed input. A text never holds it, a number seldom.
const SEPARATOR: [u8; 2] = [0xfe, 0xfd];

/// A file of this head, document and body, with its checksum.
pub fn repaired(head: &[u8], document: &str, body: &[u8]) -> Vec<u8> {
    let mut file =
        [head, &[u8::try_from(document.len()).expect("short")], document.as_bytes(), body].concat();
    let checksum = crc32fast::hash(&file);
    file.extend(checksum.to_le_bytes());
    file
}

/// The body of a file of this head and document; `None` for another one.
pub fn body<'f>(head: &[u8], document: &str, file: &'f [u8]) -> Option<&'f [u8]> {
    let rest = file.strip_prefix(head)?.get(1..)?.strip_prefix(document.as_bytes())?;
    rest.get(..rest.len().checked_sub(4)?)
}

/// A stream of this document whose frames are the framed parts.
pub fn stream(document: &str, framed: &[u8]) -> Vec<u8> {
    let mut header = Vec::new();
    number(&mut header, document.len() as u64);
    header.extend(document.as_bytes());
    let mut stream = b"\xf6\x04".to_vec();
    for part in std::iter::once(&header[..]).chain(split(framed)) {
        number(&mut stream, part.len() as u64 + 4);
        stream.extend(part);
        stream.extend(crc32fast::hash(part).to_le_bytes());
    }
    stream
}

/// The frames of a stream behind its header, as [`stream`] takes them.
pub fn unframed(stream: &[u8]) -> Option<Vec<u8>> {
    let mut rest = stream.get(2..)?;
    let mut parts = Vec::new();
    while !rest.is_empty() {
        let length = usize::try_from(read(&mut rest)?).ok()?;
        let (part, after) = rest.split_at_checked(length)?;
        parts.push(part.get(..length.checked_sub(4)?)?);
        rest = after;
    }
    Some(parts.get(1..)?.join(&SEPARATOR[..]))
}

/// The columns of changes, and of their keys when there are any.
const COLUMNS: usize = 12;
const KEYS: usize = 2;

/// A body of framed parts: the first is the names without the numbers of changes and ops, which follow from
/// the others, columns that are not compressed.
pub fn columns(framed: &[u8]) -> Vec<u8> {
    let mut parts = split(framed).into_iter();
    let names = parts.next().unwrap_or_default();
    let columns: Vec<&[u8]> = parts.collect();
    let of_changes = columns.len().checked_sub(COLUMNS).map(|at| (columns[at], columns[at + 1]));
    let (changes, ops) = of_changes.and_then(|(heads, lengths)| totals(heads, lengths)).unwrap_or_default();
    let mut body = names.to_vec();
    if let Some(says) = body.first_mut() {
        // No zeros: what would need some is refused.
        *says = (*says | form::COLUMNS) & !form::FILLED;
    }
    number(&mut body, changes);
    number(&mut body, ops);
    for column in columns {
        number(&mut body, column.len() as u64 * 2);
        body.extend(column);
    }
    body
}

/// A body in framed parts, which [`columns`] puts together again; `None` when it is a strip, when a column is
/// compressed, and when it has zeros.
pub fn framed(mut body: &[u8]) -> Option<Vec<u8>> {
    let whole = body;
    let wire = wire(&mut body, true)?;
    let mut framed = wire.names.to_vec();
    for column in wire.columns? {
        framed.extend(SEPARATOR);
        framed.extend(column?);
    }
    (columns(&framed) == whole).then_some(framed)
}

/// How many ops a file says that it has, or more; `None` when it cannot be read that far. A run of deletes costs the
/// same bytes however long it is.
pub fn claimed(file: &[u8]) -> Option<u64> {
    let is_ref = file.starts_with(REF);
    let mut rest = file.strip_prefix(if is_ref { REF } else { PATCH })?;
    rest = rest.get(..rest.len().checked_sub(4)?)?;
    skip(&mut rest)?;
    if is_ref {
        skip(&mut rest)?;
        read(&mut rest)?;
        beside(&mut rest)?;
        return Some(wire(&mut rest, false)?.ops.saturating_add(wire(&mut rest, false)?.ops));
    }
    Some(wire(&mut rest, true)?.ops)
}

/// Skips the clock and the value before a history, if they are there.
fn beside(rest: &mut &[u8]) -> Option<()> {
    if read(rest)? == 0 {
        return Some(());
    }
    for _ in 0..read(rest)? {
        skip(rest)?;
        read(rest)?;
    }
    let _keys = read(rest)?;
    for _ in 0..6 {
        column(rest)?;
    }
    Some(())
}

/// Changes in a file.
struct Wire<'f> {
    ops: u64,
    /// The form, the actors, the base, and the number of keys.
    names: &'f [u8],
    /// `None` for a strip, and for those that are compressed.
    columns: Option<Vec<Option<&'f [u8]>>>,
}

/// Reads changes; a strip of a patch ends with it.
fn wire<'f>(rest: &mut &'f [u8], is_patch: bool) -> Option<Wire<'f>> {
    let start = *rest;
    let (&says, after) = rest.split_first()?;
    *rest = after;
    let mut counts = [0; 3];
    for (count, at) in counts.iter_mut().zip(form::COUNTS) {
        let few = says >> at & form::MANY;
        *count = if few == form::MANY { read(rest)? } else { u64::from(few) };
    }
    let [actors, base, keys] = counts;
    for _ in 0..actors {
        skip(rest)?;
    }
    for _ in 0..base {
        let is_half = read(rest)? & 1 == 1 || read(rest)? & 1 == 1;
        *rest = rest.get(if is_half { 2 } else { 4 }..)?;
    }
    let names = &start[..start.len() - rest.len()];
    let (ops, columns) = if says & form::COLUMNS == 0 {
        for _ in 0..keys {
            skip(rest)?;
        }
        let strip = *rest;
        if is_patch && says & form::FILLED == 0 {
            *rest = &[]
        } else {
            skip(rest)?
        }
        // Any number in it may be a length.
        let strip = &strip[..strip.len() - rest.len()];
        let numbers = (0..strip.len()).filter_map(|at| read(&mut &strip[at..]));
        (numbers.filter(|number| *number <= u64::from(u32::MAX)).max().unwrap_or(0), None)
    } else {
        let _changes = read(rest)?;
        let ops = read(rest)?;
        let columns = COLUMNS + if keys > 0 { KEYS } else { 0 };
        let columns: Option<Vec<Option<&[u8]>>> = (0..columns).map(|_| column(rest)).collect();
        (ops, Some(columns?))
    };
    if says & form::FILLED != 0 {
        let filler = usize::try_from(read(rest)?).ok()?;
        *rest = rest.get(filler..)?;
    }
    Some(Wire { ops, names, columns })
}

/// What a header says in its first byte.
pub mod head {
    pub const DEPS: u8 = 0x03;
    pub const OTHER: u8 = 0x04;
    pub const GAP: u8 = 0x08;
    pub const JUMP: u8 = 0x10;
    pub const ONE: u8 = 0x20;
    pub const SINGLE: u8 = 0x40;
}

/// How many changes and ops there are, by the columns of headers and lengths.
fn totals(mut heads: &[u8], mut lengths: &[u8]) -> Option<(u64, u64)> {
    let (mut changes, mut ops) = (0u64, 0u64);
    while let Some((&says, rest)) = heads.split_first() {
        heads = rest;
        let numbers = [head::OTHER, head::GAP].iter().filter(|flag| says & **flag != 0).count();
        for _ in 0..numbers {
            read(&mut heads)?;
        }
        let deps = match says & head::DEPS {
            head::DEPS => read(&mut heads)?,
            few => u64::from(few),
        };
        for _ in 0..deps.checked_mul(2)? + u64::from(says & head::JUMP != 0) {
            read(&mut heads)?;
        }
        let is_one = says & (head::ONE | head::SINGLE) != 0;
        for _ in 0..if is_one { 1 } else { read(&mut heads)? } {
            let length = if says & head::SINGLE != 0 { 1 } else { read(&mut lengths)? };
            let times = if is_one { 1 } else { read(&mut lengths)? };
            changes = changes.saturating_add(times);
            ops = ops.saturating_add(length.saturating_mul(times));
        }
    }
    Some((changes, ops))
}

/// The next column; the inner `None` when it is compressed.
fn column<'f>(file: &mut &'f [u8]) -> Option<Option<&'f [u8]>> {
    let number = usize::try_from(read(file)?).ok()?;
    let (is_packed, length) = (number % 2 == 1, number / 2);
    let taken = match is_packed {
        false => length,
        true => usize::try_from(read(file)?).ok()?,
    };
    let (column, rest) = file.split_at_checked(taken)?;
    *file = rest;
    Some((!is_packed).then_some(column))
}

fn split(framed: &[u8]) -> Vec<&[u8]> {
    let mut parts = Vec::new();
    let (mut start, mut at) = (0, 0);
    while at + 1 < framed.len() {
        if framed[at..at + 2] == SEPARATOR {
            parts.push(&framed[start..at]);
            at += 2;
            start = at;
        } else {
            at += 1;
        }
    }
    parts.push(&framed[start..]);
    parts
}

fn skip(bytes: &mut &[u8]) -> Option<()> {
    let length = usize::try_from(read(bytes)?).ok()?;
    *bytes = bytes.get(length..)?;
    Some(())
}

fn read(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for shift in (0..64).step_by(7) {
        let (&byte, rest) = bytes.split_first()?;
        *bytes = rest;
        number |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Some(number);
        }
    }
    None
}

fn number(bytes: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}
