//! The layout of the binary form, as far as an input must follow it to get past the checksum.

/// What is not known from the input: everything before the document.
pub const PATCH: &[u8] = b"rejoin\x01p";
pub const REF: &[u8] = b"rejoin\x01r";

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

/// A body of framed parts: the first as it is, the others as columns that are not compressed.
pub fn columns(framed: &[u8]) -> Vec<u8> {
    let mut parts = split(framed).into_iter();
    let mut body = parts.next().unwrap_or_default().to_vec();
    for column in parts {
        number(&mut body, column.len() as u64 * 2);
        body.extend(column);
    }
    body
}

/// A body in framed parts, which [`columns`] puts together again; `None` when a column is compressed.
pub fn framed(body: &[u8]) -> Option<Vec<u8>> {
    let mut rest = body;
    for _ in 0..read(&mut rest)? {
        read(&mut rest)?;
        skip(&mut rest)?;
        read(&mut rest)?;
    }
    read(&mut rest)?;
    for _ in 0..read(&mut rest)? {
        skip(&mut rest)?;
    }
    read(&mut rest)?;
    let mut framed = body[..body.len() - rest.len()].to_vec();
    while !rest.is_empty() {
        let length = read(&mut rest).filter(|number| number % 2 == 0)? / 2;
        let (column, after) = rest.split_at_checked(usize::try_from(length).ok()?)?;
        framed.extend(SEPARATOR);
        framed.extend(column);
        rest = after;
    }
    Some(framed)
}

/// How many ops the lengths of the wires in a file add up to; `None` when it cannot be read that far. A run
/// of deletes costs the same bytes however long it is.
pub fn claimed(file: &[u8]) -> Option<u64> {
    let is_ref = file.starts_with(REF);
    let mut rest = file.strip_prefix(if is_ref { REF } else { PATCH })?;
    rest = rest.get(..rest.len().checked_sub(4)?)?;
    skip(&mut rest)?;
    if is_ref {
        skip(&mut rest)?;
        read(&mut rest)?;
    } else {
        for _ in 0..read(&mut rest)? {
            read(&mut rest)?;
            skip(&mut rest)?;
            read(&mut rest)?;
        }
    }
    let mut claimed = 0u64;
    for _ in 0..1 + usize::from(is_ref) {
        let changes = read(&mut rest)?;
        for _ in 0..read(&mut rest)? {
            skip(&mut rest)?;
        }
        let columns = if read(&mut rest)? > 0 { 12 } else { 10 };
        let columns: Option<Vec<Option<&[u8]>>> = (0..columns).map(|_| column(&mut rest)).collect();
        let columns = columns?;
        let mut lengths = columns[columns.len() - 9]?;
        let mut ops = 0u64;
        while !lengths.is_empty() {
            ops = ops.saturating_add(read(&mut lengths)?.saturating_mul(read(&mut lengths)?));
        }
        claimed = claimed.saturating_add(ops).max(changes);
    }
    Some(claimed)
}

/// The next column; the inner `None` when it is compressed.
fn column<'f>(file: &mut &'f [u8]) -> Option<Option<&'f [u8]>> {
    const RATIO: usize = 256;
    let number = usize::try_from(read(file)?).ok()?;
    let (is_packed, length) = (number % 2 == 1, number / 2);
    let taken = match is_packed {
        false => length,
        true => {
            let frame = usize::try_from(read(file)?).ok()?;
            frame.checked_add(length.div_ceil(RATIO).saturating_sub(frame))?
        }
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
