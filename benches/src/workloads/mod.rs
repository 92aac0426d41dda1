//! What is measured. `README.md` says why, and what counts.

mod actors;
mod at;
mod build;
mod bytes;
mod concurrent;
mod merge;
mod replicas;
#[cfg(feature = "rejoin")]
mod session;
#[cfg(feature = "rejoin")]
mod swap;
mod sync;
#[cfg(feature = "rejoin")]
mod values;
mod waiting;

use crate::bench::Bench;

/// A table of the report.
pub(crate) struct Workload {
    pub(crate) name: &'static str,
    pub(crate) about: &'static str,
    pub(crate) run: fn(&mut Bench),
}

/// All workloads, in the order of the report.
pub(crate) const ALL: &[Workload] = &[
    Workload { name: "text", about: "typing traces, one change for each edit", run: build::text },
    Workload { name: "list", about: "100,000 numbers into a list in one change", run: build::list },
    Workload { name: "map", about: "100,000 keys, or one key 100,000 times, in one change", run: build::map },
    Workload { name: "nested", about: "10,000 objects into a list in one change", run: build::nested },
    Workload { name: "changes", about: "10,000 changes of one edit", run: build::changes },
    Workload { name: "bytes", about: "the whole history: size, writing, reading", run: bytes::run },
    Workload { name: "merge", about: "taking in what another replica did", run: merge::run },
    Workload { name: "actors", about: "taking in what 100 replicas did, one by one", run: actors::run },
    Workload { name: "waiting", about: "100,000 changes that wait for the first one", run: waiting::run },
    Workload { name: "at", about: "the text at an older time of a long history", run: at::run },
    Workload { name: "replicas", about: "the memory of 1,000 replicas of one document", run: replicas::run },
    Workload { name: "sync", about: "one more edit after a long history: out and in", run: sync::run },
    Workload {
        name: "concurrent",
        about: "traces of several authors, live and as updates",
        run: concurrent::run,
    },
    #[cfg(feature = "rejoin")]
    Workload {
        name: "swap",
        about: "a small change by a filter, beside the filter alone and beside jaq on its own value",
        run: swap::run,
    },
    #[cfg(feature = "rejoin")]
    Workload {
        name: "values",
        about: "large values: after one merge, read from a file, in another order with the merge of it",
        run: values::run,
    },
    #[cfg(feature = "rejoin")]
    Workload { name: "session", about: "a session file of 100,000 small swaps", run: session::run },
];

impl Workload {
    /// Whether an argument names this workload or some of its rows.
    pub(crate) fn is_named_by(&self, argument: &str) -> bool {
        argument.split('/').next() == Some(self.name)
    }
}
