//! Limits of filters: what ends one before its own end.

use core::fmt;
use core::time::Duration;

use crate::filter::units::bytes_in_words;

/// The limits of one filter: what it may use before it is stopped. The default is no limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    /// How long it may run.
    pub time: Option<Duration>,
    /// By how many bytes it may let the process grow.
    pub memory: Option<u64>,
}

/// The cause for which a filter was stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// Somebody interrupted it.
    Interrupt,
    /// It ran longer than the limit.
    Time(Duration),
    /// It took more bytes than the limit.
    Memory(u64),
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Interrupt => f.write_str("the filter was interrupted"),
            Self::Time(limit) => write!(f, "the filter ran longer than {limit:?}"),
            Self::Memory(limit) => {
                write!(f, "the filter took more than {} of memory", bytes_in_words(*limit))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn causes_in_words() {
        let rows = [
            (Cause::Interrupt, "the filter was interrupted"),
            (Cause::Time(Duration::from_millis(1_500)), "the filter ran longer than 1.5s"),
            (Cause::Memory(3 << 30), "the filter took more than 3 GiB of memory"),
            (Cause::Memory(64 << 20), "the filter took more than 64 MiB of memory"),
            (Cause::Memory(1_000), "the filter took more than 1000 bytes of memory"),
            (Cause::Memory(1), "the filter took more than 1 byte of memory"),
            (Cause::Memory(0), "the filter took more than 0 bytes of memory"),
        ];
        for (cause, words) in rows {
            assert_eq!(cause.to_string(), words);
        }
    }
}
