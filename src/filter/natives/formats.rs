//! The formats that write a value as text of another language, and read it: `@csv`, `@base64d`.

use std::fmt::Write;

use arcstr::ArcStr;
use jaq_core::native::{self, Fun, bome, v};
use jaq_core::{Error, RunPtr, ValR};

use crate::cancellation::ask;
use crate::filter::run::environment::Data;
use crate::filter::run::measure::measure;
use crate::filter::run::meter::reserve;
use crate::filter::val::json;
use crate::value::{Val, View};

const BASE64: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// Returns the native filters.
pub(in crate::filter) fn natives() -> impl Iterator<Item = Fun<Data>> {
    let natives: [native::Filter<RunPtr<Data>>; 10] = [
        ("@csv", v(0), |(_, value)| bome(row(&value, ",", csv))),
        ("@tsv", v(0), |(_, value)| bome(row(&value, "\t", tsv))),
        ("@html", v(0), |(_, value)| bome(written(&value, html))),
        ("@sh", v(0), |(_, value)| bome(shell(&value))),
        ("@uri", v(0), |(_, value)| bome(written(&value, uri))),
        ("@urid", v(0), |(_, value)| bome(of_uri(&value))),
        ("@base64", v(0), |(_, value)| bome(written(&value, |text| encoded(text, BASE64, 6)))),
        ("@base64d", v(0), |(_, value)| bome(decoded(&value, BASE64, 6, "base64 data"))),
        ("@base32", v(0), |(_, value)| bome(written(&value, |text| encoded(text, BASE32, 5)))),
        ("@base32d", v(0), |(_, value)| bome(decoded(&value, BASE32, 5, "base32 data"))),
    ];
    natives.map(native::run::<Data>).into_iter()
}

/// Returns a string as it is, any other value as JSON.
fn text(value: &Val) -> ArcStr {
    value.shared_str().cloned().unwrap_or_else(|| {
        measure(value);
        json(value).into()
    })
}

fn written(value: &Val, write: fn(&str) -> String) -> ValR<Val> {
    let text = text(value);
    // What is written is up to six times as long.
    reserve(text.len().saturating_mul(6));
    Ok(ArcStr::from(write(&text)).into())
}

/// Returns the items of an array with a separator between them.
fn row(value: &Val, separator: &str, item: fn(&Val) -> Option<String>) -> ValR<Val> {
    let Some(items) = value.as_list() else { return Err(Error::typ(value.clone(), "array, for a row")) };
    let mut row = String::new();
    for (at, value) in items.iter().enumerate() {
        ask();
        if at > 0 {
            row.push_str(separator);
        }
        row.push_str(&item(value).ok_or_else(|| Error::typ(value.clone(), "part of a row"))?);
    }
    Ok(ArcStr::from(row).into())
}

fn scalar(value: &Val, string: impl FnOnce(&str) -> String) -> Option<String> {
    match value.view() {
        View::Null => Some(String::new()),
        View::Bool(_) | View::Num(_) => Some(json(value)),
        View::Str(text) => Some(string(text)),
        View::Arr(_) | View::Obj(_) => None,
    }
}

fn csv(value: &Val) -> Option<String> {
    scalar(value, |text| format!("\"{}\"", text.replace('"', "\"\"")))
}

fn tsv(value: &Val) -> Option<String> {
    scalar(value, |text| {
        replaced(text, |c| match c {
            '\\' => Some("\\\\"),
            '\t' => Some("\\t"),
            '\n' => Some("\\n"),
            '\r' => Some("\\r"),
            _ => None,
        })
    })
}

fn html(text: &str) -> String {
    replaced(text, |c| match c {
        '<' => Some("&lt;"),
        '>' => Some("&gt;"),
        '&' => Some("&amp;"),
        '\'' => Some("&#39;"),
        '"' => Some("&quot;"),
        _ => None,
    })
}

fn replaced(text: &str, by: impl Fn(char) -> Option<&'static str>) -> String {
    let mut new = String::with_capacity(text.len());
    for c in text.chars() {
        match by(c) {
            Some(text) => new.push_str(text),
            None => new.push(c),
        }
    }
    new
}

/// Returns words of a POSIX shell.
fn shell(value: &Val) -> ValR<Val> {
    let word = |value: &Val| match value.view() {
        View::Str(text) => Ok(format!("'{}'", text.replace('\'', r"'\''"))),
        View::Arr(_) | View::Obj(_) => Err(Error::typ(value.clone(), "word of a shell")),
        _ => Ok(json(value)),
    };
    let words = match value.as_list() {
        Some(items) => items.iter().map(word).collect::<ValR<Vec<String>, Val>>()?.join(" "),
        None => word(value)?,
    };
    Ok(ArcStr::from(words).into())
}

fn uri(text: &str) -> String {
    let mut new = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            new.push(char::from(byte));
        } else {
            // Writing to a string does not fail.
            let _ = write!(new, "%{byte:02X}");
        }
    }
    new
}

fn of_uri(value: &Val) -> ValR<Val> {
    let text = text(value);
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((byte, after)) = rest.split_first() {
        rest = after;
        if *byte != b'%' {
            bytes.push(*byte);
            continue;
        }
        let digit = |at: usize| char::from(*after.get(at)?).to_digit(16);
        let (Some(high), Some(low)) = (digit(0), digit(1)) else {
            return Err(Error::typ(value.clone(), "percent-encoded text"));
        };
        bytes.push((high << 4 | low) as u8);
        rest = &after[2..];
    }
    match String::from_utf8(bytes) {
        Ok(text) => Ok(ArcStr::from(text).into()),
        Err(_) => Err(Error::typ(value.clone(), "percent-encoded text")),
    }
}

/// Returns the bytes of a text in digits of so many bits, filled up to whole groups.
fn encoded(text: &str, digits: &[u8], bits: u32) -> String {
    let group = if bits == 6 { 4 } else { 8 };
    let mut new = String::with_capacity(text.len() * 2);
    let (mut buffer, mut count) = (0_u32, 0);
    for byte in text.bytes() {
        buffer = buffer << 8 | u32::from(byte);
        count += 8;
        while count >= bits {
            count -= bits;
            new.push(char::from(digits[(buffer >> count) as usize % digits.len()]));
        }
        buffer &= (1 << count) - 1;
    }
    if count > 0 {
        new.push(char::from(digits[(buffer << (bits - count)) as usize % digits.len()]));
    }
    while !new.len().is_multiple_of(group) {
        new.push('=');
    }
    new
}

/// Returns the text that digits of so many bits stand for; U+FFFD where that is not UTF-8.
fn decoded(value: &Val, digits: &[u8], bits: u32, kind: &'static str) -> ValR<Val> {
    let text = text(value);
    let fail = || Error::typ(value.clone(), kind);
    let content = text.trim_end_matches('=');
    let mut bytes = Vec::with_capacity(content.len());
    let (mut buffer, mut count) = (0_u32, 0);
    for byte in content.bytes() {
        let digit = digits.iter().position(|digit| *digit == byte).ok_or_else(fail)?;
        buffer = buffer << bits | digit as u32;
        count += bits;
        if count >= 8 {
            count -= 8;
            bytes.push((buffer >> count) as u8);
        }
        buffer &= (1 << count) - 1;
    }
    // One digit alone is no byte.
    if (count >= bits || content.is_empty()) && !text.is_empty() {
        return Err(fail());
    }
    Ok(ArcStr::from(String::from_utf8_lossy(&bytes)).into())
}
