//! Counts of what happened.

use std::fmt;
use std::ops::AddAssign;

macro_rules! figures {
    ($($name:ident: $words:literal,)*) => {
        /// How often something happened.
        #[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
        pub struct Figures {
            $(pub $name: u64,)*
        }

        impl Figures {
            /// What happened, and how often.
            pub fn each(&self) -> impl Iterator<Item = (&'static str, u64)> {
                [$(($words, self.$name),)*].into_iter()
            }
        }

        impl AddAssign for Figures {
            fn add_assign(&mut self, other: Self) {
                $(self.$name += other.$name;)*
            }
        }

        impl fmt::Display for Figures {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                for (index, (words, count)) in self.each().enumerate() {
                    write!(f, "{}{words} {count}", if index == 0 { "" } else { ", " })?;
                }
                Ok(())
            }
        }
    };
}

figures! {
    steps: "steps",
    histories: "histories",
    edits: "local changes",
    merges: "merges",
    refused: "refused",
    sent: "sent",
    late: "late",
    doubled: "doubled",
    lost: "lost",
    damaged: "damaged",
    forged: "forged",
    believed: "forged and taken",
    forks: "forks found",
    rewinds: "rewinds",
    cancelled: "cancelled",
    looks: "looks at older clocks",
    files: "files",
    settled: "settled",
    judged: "held against the oracle",
}
