//! Times and sizes as people write them: the limits of filters.

use core::time::Duration;

/// Reads a time with its unit: `500ms`, `2s`, `1.5m`; a number alone is seconds.
pub fn duration(text: &str) -> Result<Duration, String> {
    let wrong = || "expected a time such as 500ms, 2s or 1m".to_owned();
    let units = [("ms", 0.001), ("s", 1.0), ("m", 60.0), ("h", 3_600.0), ("", 1.0)];
    let seconds = quantity(text, &units).ok_or_else(wrong)?;
    // What is written of it is all of it.
    let milliseconds = (seconds * 1_000.0).round();
    let fits = (1.0..1e15).contains(&milliseconds);
    if fits { Ok(Duration::from_millis(milliseconds as u64)) } else { Err(wrong()) }
}

/// Reads a size with its unit, in bytes: `64M`, `64MB` and `64MiB` are all 64 · 2²⁰.
pub fn bytes(text: &str) -> Result<u64, String> {
    let [k, m, g, t] = [10, 20, 30, 40].map(|bits| (1_u64 << bits) as f64);
    let lower = text.to_ascii_lowercase();
    let text = lower.strip_suffix('b').unwrap_or(&lower);
    let text = text.strip_suffix('i').unwrap_or(text);
    let units = [("k", k), ("m", m), ("g", g), ("t", t), ("", 1.0)];
    let bytes = quantity(text, &units).filter(|bytes| (1.0..1e18).contains(bytes));
    bytes.map(|bytes| bytes as u64).ok_or_else(|| "expected a size such as 64M or 2G".to_owned())
}

/// Writes a time as [`duration`] reads it: `500ms`, `2s`.
pub fn duration_text(time: Duration) -> String {
    match time.as_millis() {
        milliseconds if milliseconds.is_multiple_of(1_000) => format!("{}s", milliseconds / 1_000),
        milliseconds => format!("{milliseconds}ms"),
    }
}

/// Writes a size as [`bytes()`] reads it: `64M`.
pub fn bytes_text(bytes: u64) -> String {
    let (number, unit) = in_largest_unit(bytes);
    format!("{number}{unit}")
}

/// Writes a size for people: `64 MiB`, `1 byte`.
pub(in crate::filter) fn bytes_in_words(bytes: u64) -> String {
    match in_largest_unit(bytes) {
        (1, "") => "1 byte".to_owned(),
        (number, "") => format!("{number} bytes"),
        (number, unit) => format!("{number} {unit}iB"),
    }
}

/// Divides a size by the largest unit of which it is a whole number: `(64, "M")`.
fn in_largest_unit(bytes: u64) -> (u64, &'static str) {
    let units = [(40, "T"), (30, "G"), (20, "M"), (10, "K")];
    let whole = units.iter().find(|(bits, _)| bytes > 0 && bytes.trailing_zeros() >= *bits);
    whole.map_or((bytes, ""), |(bits, unit)| (bytes >> bits, *unit))
}

/// Reads a positive number and one of the units, the first that fits.
fn quantity(text: &str, units: &[(&str, f64)]) -> Option<f64> {
    let text = text.trim();
    let (number, unit) = units.iter().find_map(|(unit, value)| Some((text.strip_suffix(unit)?, value)))?;
    let number: f64 = number.trim_end().parse().ok()?;
    (number.is_finite() && number > 0.0).then_some(number * unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_units() {
        let rows = [("500ms", 500), ("2s", 2_000), ("2", 2_000), ("1.5m", 90_000), ("1 h", 3_600_000)];
        for (text, milliseconds) in rows {
            assert_eq!(duration(text), Ok(Duration::from_millis(milliseconds)), "{text}");
        }
        for text in ["", "s", "-1s", "0", "1e999s", "1d", "NaN", "inf"] {
            assert!(duration(text).is_err(), "{text}");
        }
    }

    #[test]
    fn sizes_have_units() {
        let rows = [
            ("64M", 64 << 20),
            ("64mb", 64 << 20),
            ("64MiB", 64 << 20),
            ("1.5k", 1536),
            ("2g", 2 << 30),
            ("100", 100),
        ];
        for (text, size) in rows {
            assert_eq!(bytes(text), Ok(size), "{text}");
        }
        for text in ["", "M", "-1M", "0", "1e999", "10x"] {
            assert!(bytes(text).is_err(), "{text}");
        }
        for (size, short, words) in [
            (64 << 20, "64M", "64 MiB"),
            (3 << 40, "3T", "3 TiB"),
            (1_536, "1536", "1536 bytes"),
            (1, "1", "1 byte"),
            (0, "0", "0 bytes"),
        ] {
            assert_eq!((&*bytes_text(size), &*bytes_in_words(size)), (short, words));
        }
    }
}
