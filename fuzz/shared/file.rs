//! The layout of the binary form, as far as an input must follow it to get past the checksum.

/// What is not known from the input: everything before the document.
pub const PATCH: &[u8] = b"rejoin\x03p";
pub const REF: &[u8] = b"rejoin\x03r";

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

/// The columns of changes, and of their keys when there are any.
const COLUMNS: usize = 12;
const KEYS: usize = 2;
/// Which of the columns has the lengths of changes, counted from the last.
const LENGTHS: usize = 11;

/// A body of framed parts: the first is the head without the numbers of changes and ops, which follow from
/// the others, columns that are not compressed.
pub fn columns(framed: &[u8]) -> Vec<u8> {
    let mut parts = split(framed).into_iter();
    let head = parts.next().unwrap_or_default();
    let columns: Vec<&[u8]> = parts.collect();
    let lengths = columns.len().checked_sub(LENGTHS).map_or(&[][..], |at| columns[at]);
    let (changes, ops) = totals(lengths).unwrap_or_default();
    let base = base(head).unwrap_or(0);
    let mut body = head[..base].to_vec();
    number(&mut body, changes);
    number(&mut body, ops);
    body.extend(&head[base..]);
    for column in columns {
        number(&mut body, column.len() as u64 * 2);
        body.extend(column);
    }
    // No zeros: what would need some is refused.
    number(&mut body, 0);
    body
}

/// A body in framed parts, which [`columns`] puts together again; `None` when a column is compressed.
pub fn framed(body: &[u8]) -> Option<Vec<u8>> {
    let base = base(body)?;
    let mut rest = &body[base..];
    let wire = wire(&mut rest)?;
    let mut framed = body[..base].to_vec();
    framed.extend(wire.names);
    for column in wire.columns {
        framed.extend(SEPARATOR);
        framed.extend(column?);
    }
    Some(framed)
}

/// How many ops a file says that it has; `None` when it cannot be read that far. A run of deletes costs the
/// same bytes however long it is.
pub fn claimed(file: &[u8]) -> Option<u64> {
    let is_ref = file.starts_with(REF);
    let mut rest = file.strip_prefix(if is_ref { REF } else { PATCH })?;
    rest = rest.get(..rest.len().checked_sub(4)?)?;
    skip(&mut rest)?;
    if is_ref {
        skip(&mut rest)?;
        read(&mut rest)?;
        return Some(wire(&mut rest)?.ops.saturating_add(wire(&mut rest)?.ops));
    }
    rest = &rest[base(rest)?..];
    Some(wire(&mut rest)?.ops)
}

/// Changes in a file.
struct Wire<'f> {
    ops: u64,
    /// The actors, and the number of keys.
    names: &'f [u8],
    /// `None` for those that are compressed.
    columns: Vec<Option<&'f [u8]>>,
}

fn wire<'f>(rest: &mut &'f [u8]) -> Option<Wire<'f>> {
    let _changes = read(rest)?;
    let ops = read(rest)?;
    let start = *rest;
    for _ in 0..read(rest)? {
        skip(rest)?;
    }
    let has_keys = read(rest)? > 0;
    let names = &start[..start.len() - rest.len()];
    let columns = COLUMNS + if has_keys { KEYS } else { 0 };
    let columns: Option<Vec<Option<&[u8]>>> = (0..columns).map(|_| column(rest)).collect();
    let filler = usize::try_from(read(rest)?).ok()?;
    *rest = rest.get(filler..)?;
    Some(Wire { ops, names, columns: columns? })
}

/// Where the base of a patch ends.
fn base(body: &[u8]) -> Option<usize> {
    let mut rest = body;
    for _ in 0..read(&mut rest)? {
        read(&mut rest)?;
        skip(&mut rest)?;
        read(&mut rest)?;
    }
    Some(body.len() - rest.len())
}

/// How many changes and ops there are, by the column of lengths.
fn totals(mut lengths: &[u8]) -> Option<(u64, u64)> {
    let (mut changes, mut ops) = (0u64, 0u64);
    while !lengths.is_empty() {
        let (length, times) = (read(&mut lengths)?, read(&mut lengths)?);
        changes = changes.saturating_add(times);
        ops = ops.saturating_add(length.saturating_mul(times));
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
