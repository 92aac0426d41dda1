//! Alternating runs, medians and memory.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::{Duration, Instant};

use cpu_time::ProcessTime;
use serde_json::Value;

use crate::memory;

/// A lane whose work takes longer when it is counted is timed once.
const LONG: Duration = Duration::from_secs(3);

/// A lane that takes longer in all, with what is not measured, is not run again: its figure is that of
/// the run that was counted.
const VERY_LONG: Duration = Duration::from_secs(20);

static PROCESSOR: AtomicBool = AtomicBool::new(false);

/// From now on, [`Meter::time`] measures what all threads together took of the processor.
pub(crate) fn use_processor_time() {
    PROCESSOR.store(true, Relaxed);
}

enum Stopwatch {
    Clock(Instant),
    Processor(ProcessTime),
}

impl Stopwatch {
    fn start() -> Self {
        match PROCESSOR.load(Relaxed) {
            true => Self::Processor(ProcessTime::now()),
            false => Self::Clock(Instant::now()),
        }
    }

    fn elapsed(&self) -> Duration {
        match self {
            Self::Clock(start) => start.elapsed(),
            Self::Processor(start) => start.elapsed(),
        }
    }
}

/// One contestant's way through a piece of work.
pub(crate) struct Lane<'a> {
    name: &'static str,
    run: Box<dyn FnMut(&mut Meter) -> Value + 'a>,
}

impl<'a> Lane<'a> {
    /// `run` does the work once, lets the meter measure what counts, and returns a value on which all
    /// lanes must agree.
    pub(crate) fn new(name: &'static str, run: impl FnMut(&mut Meter) -> Value + 'a) -> Self {
        Self { name, run: Box::new(run) }
    }
}

/// What measures one run.
pub(crate) struct Meter {
    /// Allocated when the run began.
    start: isize,
    sample: Sample,
}

/// What one run measured.
#[derive(Debug, Clone, Copy, Default)]
struct Sample {
    time: Duration,
    /// What the whole run took.
    in_all: Duration,
    live: isize,
    peak: isize,
    size: usize,
}

impl Meter {
    fn new() -> Self {
        Self { start: memory::live(), sample: Sample::default() }
    }

    /// Measures what `work` takes, and its peak of memory.
    pub(crate) fn time<T>(&mut self, work: impl FnOnce() -> T) -> T {
        memory::reset_peak();
        let before = memory::live();
        let stopwatch = Stopwatch::start();
        let made = work();
        self.sample.time = stopwatch.elapsed();
        self.sample.peak = memory::peak() - before;
        made
    }

    /// The work that was timed was done so many times: the time of one counts.
    #[cfg(feature = "rejoin")]
    pub(crate) fn each(&mut self, times: usize) {
        self.sample.time /= times as u32;
    }

    /// Sets a time that was measured in another way.
    pub(crate) fn took(&mut self, time: Duration) {
        self.sample.time = time;
    }

    /// What this run has allocated, and holds now, is what the work leaves.
    pub(crate) fn live(&mut self) {
        self.sample.live = memory::live() - self.start;
    }

    /// What this run holds is so many of the same: the memory of one counts.
    pub(crate) fn live_each(&mut self, count: usize) {
        self.live();
        self.sample.live /= count as isize;
    }

    /// The work made so many bytes.
    pub(crate) fn size(&mut self, bytes: usize) {
        self.sample.size = bytes;
    }
}

/// What all runs of a lane measured.
#[derive(Debug, Clone)]
pub(crate) struct Measured {
    pub(crate) name: &'static str,
    /// The median.
    pub(crate) time: Duration,
    /// How many runs the median is of.
    pub(crate) runs: usize,
    pub(crate) live: isize,
    pub(crate) peak: isize,
    pub(crate) size: usize,
}

/// Runs all lanes once to warm up and to count memory, then `runs` times in turn without counting.
///
/// # Errors
/// The names of two lanes that disagree about the value.
pub(crate) fn compare(mut lanes: Vec<Lane<'_>>, runs: usize) -> Result<Vec<Measured>, String> {
    memory::count(true);
    let counted: Vec<(Sample, Value)> = lanes.iter_mut().map(run).collect();
    memory::count(false);
    let mut answers = counted.iter().zip(&lanes);
    if let Some(((_, expected), first)) = answers.next()
        && let Some((_, other)) = answers.find(|((_, answer), _)| answer != expected)
    {
        return Err(format!("{} ends with another value than {}", other.name, first.name));
    }
    let mut times: Vec<Vec<Duration>> = vec![Vec::new(); lanes.len()];
    for round in 0..runs {
        for (index, lane) in lanes.iter_mut().enumerate() {
            let (sample, expected) = &counted[index];
            if sample.in_all > VERY_LONG || (sample.time > LONG && round > 0) {
                continue;
            }
            let (sample, answer) = run(lane);
            if answer != *expected {
                return Err(format!("{} ends with another value each time", lane.name));
            }
            times[index].push(sample.time);
        }
    }
    let measured = lanes.iter().zip(counted).zip(times).map(|((lane, (sample, _)), times)| Measured {
        name: lane.name,
        time: median(&times).unwrap_or(sample.time),
        runs: times.len().max(1),
        live: sample.live,
        peak: sample.peak,
        size: sample.size,
    });
    Ok(measured.collect())
}

fn run(lane: &mut Lane<'_>) -> (Sample, Value) {
    let mut meter = Meter::new();
    let start = Instant::now();
    let answer = (lane.run)(&mut meter);
    meter.sample.in_all = start.elapsed();
    (meter.sample, answer)
}

/// The median of times, if there are any.
pub(crate) fn median(times: &[Duration]) -> Option<Duration> {
    let mut sorted = times.to_vec();
    sorted.sort_unstable();
    let upper = *sorted.get(sorted.len() / 2)?;
    let lower = sorted[(sorted.len() - 1) / 2];
    Some((lower + upper) / 2)
}
