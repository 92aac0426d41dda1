//! Dates: seconds since 1970, broken down times, and texts. All in UTC, by the Gregorian calendar.

use std::fmt::Write;

use arcstr::ArcStr;
use jaq_core::native::{self, Fun, bome, v};
use jaq_core::{Error, RunPtr, ValR};

use crate::filter::run::environment::Data;
use crate::filter::val::whole;
use crate::value::{Num, Val};

const DAY: i64 = 86_400;
/// No date is further away from 1970, in seconds.
const MOST: f64 = 9e12;
const DAYS: [&str; 7] = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// Returns the native filters.
pub(in crate::filter) fn natives() -> impl Iterator<Item = Fun<Data>> {
    let natives: [native::Filter<RunPtr<Data>>; 4] = [
        ("gmtime", v(0), |(_, value)| bome(seconds(&value).map(|seconds| Time::of(seconds).to_val()))),
        ("mktime", v(0), |(_, value)| bome(Time::read(&value).map(|time| Val::from(time.epoch())))),
        ("strftime", v(1), |(mut context, value)| {
            let format = context.pop_var();
            bome(format_time(&value, &format))
        }),
        ("strptime", v(1), |(mut context, value)| {
            let format = context.pop_var();
            bome(parse_time(&value, &format))
        }),
    ];
    natives.map(native::run::<Data>).into_iter()
}

/// A broken down time.
#[derive(Clone, Copy, Default)]
struct Time {
    year: i64,
    /// From 0 on.
    month: i64,
    day: i64,
    hour: i64,
    minute: i64,
    second: f64,
    weekday: i64,
    /// From 0 on.
    year_day: i64,
}

/// Counts how many days there are from 1970 to the first of January of a year.
fn days_before_year(year: i64) -> i64 {
    let before = year - 1;
    365 * (year - 1970) + before.div_euclid(4) - before.div_euclid(100) + before.div_euclid(400) - 477
}

fn is_leap(year: i64) -> bool {
    year.rem_euclid(4) == 0 && (year.rem_euclid(100) != 0 || year.rem_euclid(400) == 0)
}

/// Counts how many days there are in a year before a month.
fn days_before_month(year: i64, month: i64) -> i64 {
    const BEFORE: [i64; 12] = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334];
    BEFORE[month.rem_euclid(12) as usize] + i64::from(month > 1 && is_leap(year))
}

/// Counts how many days there are from 1970 to a date. The month may be any number.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let (year, month) = (year + month.div_euclid(12), month.rem_euclid(12));
    days_before_year(year) + days_before_month(year, month) + day - 1
}

impl Time {
    /// Makes the time so many seconds after 1970.
    fn of(seconds: f64) -> Self {
        let whole = seconds.floor() as i64;
        let (day, rest) = (whole.div_euclid(DAY), whole.rem_euclid(DAY));
        let mut year = 1970 + day.div_euclid(366);
        while days_before_year(year + 1) <= day {
            year += 1;
        }
        let year_day = day - days_before_year(year);
        let month = (0..12).rev().find(|month| days_before_month(year, *month) <= year_day).unwrap_or(0);
        Self {
            year,
            month,
            day: year_day - days_before_month(year, month) + 1,
            hour: rest / 3600,
            minute: rest / 60 % 60,
            second: (rest % 60) as f64 + (seconds - seconds.floor()),
            weekday: (day + 4).rem_euclid(7),
            year_day,
        }
    }

    /// Returns the seconds since 1970.
    fn epoch(&self) -> i64 {
        days(self.year, self.month, self.day) * DAY
            + self.hour * 3600
            + self.minute * 60
            + self.second.floor() as i64
    }

    /// Reads a broken down time: an array of at least six numbers.
    fn read(value: &Val) -> ValR<Self, Val> {
        let fail = || Error::typ(value.clone(), "broken down time, an array of at least six numbers");
        let items = value.as_list().filter(|items| items.len() >= 6).ok_or_else(fail)?;
        let number = |at: usize| {
            let number = items.get(at).and_then(Val::as_num).map(Num::as_f64);
            number.filter(|number| number.abs() < MOST / 1e3).ok_or_else(fail)
        };
        Ok(Self {
            year: number(0)? as i64,
            month: number(1)? as i64,
            day: number(2)? as i64,
            hour: number(3)? as i64,
            minute: number(4)? as i64,
            second: number(5)?,
            ..Self::default()
        })
    }

    fn to_val(self) -> Val {
        let second = whole(Num::Float(self.second));
        let [year, month, day, hour, minute] =
            [self.year, self.month, self.day, self.hour, self.minute].map(Val::from);
        let [weekday, year_day] = [self.weekday, self.year_day].map(Val::from);
        [year, month, day, hour, minute, second.into(), weekday, year_day].into_iter().collect()
    }

    /// Returns the week of the year, by weeks that begin on a day of the week.
    fn week(&self, first: i64) -> i64 {
        (self.year_day + 7 - (self.weekday - first).rem_euclid(7)) / 7
    }

    /// Returns the year and the week by ISO 8601.
    fn iso_week(&self) -> (i64, i64) {
        // That of the Thursday in the same week.
        let thursday = days(self.year, 0, 1) + self.year_day - (self.weekday + 6) % 7 + 3;
        let at = Self::of((thursday * DAY) as f64);
        (at.year, at.year_day / 7 + 1)
    }
}

fn seconds(value: &Val) -> ValR<f64, Val> {
    let seconds = value.as_num().map(Num::as_f64).filter(|seconds| seconds.abs() < MOST);
    seconds.ok_or_else(|| Error::typ(value.clone(), "number of seconds since 1970"))
}

/// Writes a time: seconds since 1970, or a broken down time.
fn format_time(value: &Val, format: &Val) -> ValR<Val> {
    let time = match value.as_list() {
        // So that the day of the week fits the date.
        Some(_) => {
            let time = Time::read(value)?;
            Time::of(time.epoch() as f64 + time.second.fract())
        }
        None => Time::of(seconds(value)?),
    };
    let text = format.as_str().ok_or_else(|| Error::typ(format.clone(), "string"))?;
    let mut new = String::new();
    write_time(&mut new, &time, text)?;
    Ok(ArcStr::from(new).into())
}

fn write_time(new: &mut String, time: &Time, format: &str) -> ValR<(), Val> {
    let mut chars = format.chars();
    while let Some(c) = chars.next() {
        if c != '%' {
            new.push(c);
            continue;
        }
        let mut directive = chars.next();
        let mut pad = None;
        while let Some(flag @ ('-' | '_' | '0' | '^' | '#' | 'E' | 'O')) = directive {
            pad = Some(flag);
            directive = chars.next();
        }
        let directive = directive.unwrap_or('%');
        let hour12 = (time.hour + 11) % 12 + 1;
        let number = match directive {
            'C' => Some((time.year.div_euclid(100), 2, '0')),
            'd' => Some((time.day, 2, '0')),
            'e' => Some((time.day, 2, '_')),
            'G' => Some((time.iso_week().0, 1, '0')),
            'g' => Some((time.iso_week().0.rem_euclid(100), 2, '0')),
            'H' => Some((time.hour, 2, '0')),
            'I' => Some((hour12, 2, '0')),
            'j' => Some((time.year_day + 1, 3, '0')),
            'k' => Some((time.hour, 2, '_')),
            'l' => Some((hour12, 2, '_')),
            'M' => Some((time.minute, 2, '0')),
            'm' => Some((time.month + 1, 2, '0')),
            'S' => Some((time.second as i64, 2, '0')),
            's' => Some((time.epoch(), 1, '0')),
            'U' => Some((time.week(0), 2, '0')),
            'u' => Some(((time.weekday + 6) % 7 + 1, 1, '0')),
            'V' => Some((time.iso_week().1, 2, '0')),
            'W' => Some((time.week(1), 2, '0')),
            'w' => Some((time.weekday, 1, '0')),
            'Y' => Some((time.year, 1, '0')),
            'y' => Some((time.year.rem_euclid(100), 2, '0')),
            _ => None,
        };
        if let Some((number, width, usual)) = number {
            // Writing to a string does not fail.
            let _ = match pad.unwrap_or(usual) {
                '-' => write!(new, "{number}"),
                '_' => write!(new, "{number:width$}"),
                _ => write!(new, "{number:0width$}"),
            };
            continue;
        }
        let (day, month) = (DAYS[time.weekday as usize % 7], MONTHS[time.month as usize % 12]);
        let start = new.len();
        match directive {
            'A' => new.push_str(day),
            'a' => new.push_str(&day[..3]),
            'B' => new.push_str(month),
            'b' | 'h' => new.push_str(&month[..3]),
            'c' => write_time(new, time, "%a %b %e %H:%M:%S %Y")?,
            'D' | 'x' => write_time(new, time, "%m/%d/%y")?,
            'F' => write_time(new, time, "%Y-%m-%d")?,
            'n' => new.push('\n'),
            'P' => new.push_str(if time.hour < 12 { "am" } else { "pm" }),
            'p' => new.push_str(if time.hour < 12 { "AM" } else { "PM" }),
            'R' => write_time(new, time, "%H:%M")?,
            'r' => write_time(new, time, "%I:%M:%S %p")?,
            'T' | 'X' => write_time(new, time, "%H:%M:%S")?,
            't' => new.push('\t'),
            'Z' => new.push_str("UTC"),
            'z' => new.push_str("+0000"),
            '%' => new.push('%'),
            other => return Err(Error::str(format_args!("strftime has no directive %{other}"))),
        }
        if pad == Some('^') {
            let upper = new[start..].to_uppercase();
            new.replace_range(start.., &upper);
        }
    }
    Ok(())
}

/// Reads a text into a broken down time.
fn parse_time(value: &Val, format: &Val) -> ValR<Val> {
    let text = value.as_str();
    let text = text.ok_or_else(|| Error::typ(value.clone(), "string"))?;
    let pattern = format.as_str().ok_or_else(|| Error::typ(format.clone(), "string"))?;
    let fail = || Error::str(format_args!("date {value} does not match format {format}"));
    let mut reader =
        Reader { rest: text, time: Time { year: 1900, day: 1, ..Time::default() }, pm: None, century: None };
    if reader.read(pattern).is_none() || !reader.rest.is_empty() {
        return Err(fail());
    }
    let mut time = reader.time;
    if let Some(pm) = reader.pm {
        time.hour = time.hour % 12 + if pm { 12 } else { 0 };
    }
    let day = days(time.year, time.month, time.day);
    time.weekday = (day + 4).rem_euclid(7);
    time.year_day = day - days_before_year(time.year);
    Ok(time.to_val())
}

/// The part of a text that has not been read, and what has been read of it.
struct Reader<'t> {
    rest: &'t str,
    time: Time,
    pm: Option<bool>,
    century: Option<i64>,
}

impl Reader<'_> {
    fn read(&mut self, format: &str) -> Option<()> {
        let mut chars = format.chars();
        while let Some(c) = chars.next() {
            if c.is_whitespace() {
                self.rest = self.rest.trim_start();
            } else if c != '%' {
                self.rest = self.rest.strip_prefix(c)?;
            } else {
                let mut directive = chars.next()?;
                while matches!(directive, '-' | '_' | '0' | '^' | '#' | 'E' | 'O') {
                    directive = chars.next()?;
                }
                self.directive(directive)?;
            }
        }
        Some(())
    }

    fn directive(&mut self, directive: char) -> Option<()> {
        match directive {
            'A' | 'a' => self.time.weekday = self.name(&DAYS)?,
            'B' | 'b' | 'h' => self.time.month = self.name(&MONTHS)?,
            'C' => self.century = Some(self.number(0, 99, 2)?),
            'c' => self.read("%a %b %e %H:%M:%S %Y")?,
            'D' | 'x' => self.read("%m/%d/%y")?,
            'd' | 'e' => self.time.day = self.number(1, 31, 2)?,
            'F' => self.read("%Y-%m-%d")?,
            'G' => drop(self.number(0, 9999, 4)?),
            'g' => drop(self.number(0, 99, 2)?),
            'H' | 'k' => self.time.hour = self.number(0, 23, 2)?,
            'I' | 'l' => self.time.hour = self.number(1, 12, 2)? % 12,
            'j' => {
                let year_day = self.number(1, 366, 3)? - 1;
                let date = Time::of(((days(self.time.year, 0, 1) + year_day) * DAY) as f64);
                (self.time.month, self.time.day) = (date.month, date.day);
            }
            'M' => self.time.minute = self.number(0, 59, 2)?,
            'm' => self.time.month = self.number(1, 12, 2)? - 1,
            'n' | 't' => self.rest = self.rest.trim_start(),
            'P' | 'p' => self.pm = Some(self.name(&["AM", "PM"])? == 1),
            'R' => self.read("%H:%M")?,
            'r' => self.read("%I:%M:%S %p")?,
            'S' => self.time.second = self.number(0, 61, 2)? as f64,
            's' => {
                let seconds = self.number(0, MOST as i64, 13)?;
                self.time = Time::of(seconds as f64);
            }
            'T' | 'X' => self.read("%H:%M:%S")?,
            'U' | 'V' | 'W' => drop(self.number(0, 53, 2)?),
            'u' => drop(self.number(1, 7, 1)?),
            'w' => drop(self.number(0, 6, 1)?),
            'Y' => self.time.year = self.number(0, 9999, 4)?,
            'y' => {
                let year = self.number(0, 99, 2)?;
                let usual = if year < 69 { 20 } else { 19 };
                self.time.year = self.century.unwrap_or(usual) * 100 + year;
            }
            'Z' => {
                let rest = self.rest.trim_start();
                self.rest = rest.trim_start_matches(|c: char| !c.is_whitespace());
            }
            'z' => self.offset()?,
            '%' => self.rest = self.rest.strip_prefix('%')?,
            _ => return None,
        }
        Some(())
    }

    /// Reads a number of so many digits at most.
    fn number(&mut self, least: i64, most: i64, width: usize) -> Option<i64> {
        let text = self.rest.trim_start_matches(' ');
        let digits = text.bytes().take(width).take_while(u8::is_ascii_digit).count();
        let number = text[..digits].parse().ok().filter(|number| (least..=most).contains(number))?;
        self.rest = &text[digits..];
        Some(number)
    }

    /// Reads one of several names, whole or by its first three letters: which one it is.
    fn name(&mut self, names: &[&str]) -> Option<i64> {
        let begins =
            |name: &str| self.rest.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name));
        let found = |short: bool| {
            names.iter().enumerate().find_map(|(at, name)| {
                let name = if short { name.get(..3).unwrap_or(name) } else { name };
                begins(name).then_some((at, name.len()))
            })
        };
        let (at, length) = found(false).or_else(|| found(true))?;
        self.rest = &self.rest[length..];
        i64::try_from(at).ok()
    }

    /// Reads how far from UTC a time is, which counts as nothing.
    fn offset(&mut self) -> Option<()> {
        let text = self.rest.trim_start();
        if let Some(rest) = text.strip_prefix('Z') {
            self.rest = rest;
            return Some(());
        }
        self.rest = text.strip_prefix(['+', '-'])?;
        self.number(0, 24, 2)?;
        self.rest = self.rest.strip_prefix(':').unwrap_or(self.rest);
        if self.rest.starts_with(|c: char| c.is_ascii_digit()) {
            self.number(0, 59, 2)?;
        }
        Some(())
    }
}
