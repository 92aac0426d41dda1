//! What is to be run, and what it has shown so far.

use std::path::PathBuf;

use crate::contestants::{Who, Work};
use crate::measure::{self, Lane, Measured};
use crate::report::{Cell, Goal, Measure, Report, Row};
use crate::traces::{self, Concurrent, Typing};

/// What the user asked for; an empty list stands for all.
pub(crate) struct Selection {
    pub(crate) workloads: Vec<String>,
    pub(crate) contestants: Vec<Who>,
}

/// One piece of work and the rows that it fills.
pub(crate) struct Rows<'a> {
    pub(crate) group: &'static str,
    pub(crate) name: &'a str,
    /// What is measured, with its goal.
    pub(crate) measures: &'a [(Measure, Goal)],
}

/// Runs workloads and collects their rows.
pub(crate) struct Bench {
    selection: Selection,
    runs: usize,
    quick: bool,
    traces: Option<PathBuf>,
    report: Report,
}

impl Bench {
    pub(crate) fn new(selection: Selection, runs: usize, quick: bool, traces: Option<PathBuf>) -> Self {
        Self { selection, runs, quick, traces, report: Report::default() }
    }

    pub(crate) fn report(&self) -> &Report {
        &self.report
    }

    /// Whether some row of the workload is to be run.
    pub(crate) fn wants_some_of(&self, group: &str) -> bool {
        let names = |wanted: &String| wanted.split('/').next() == Some(group);
        self.selection.workloads.is_empty() || self.selection.workloads.iter().any(names)
    }

    /// Whether a row is to be run.
    pub(crate) fn wants(&self, group: &str, name: &str) -> bool {
        let names = |wanted: &String| match wanted.split_once('/') {
            None => wanted == group,
            Some((wanted, start)) => wanted == group && name.starts_with(start),
        };
        self.selection.workloads.is_empty() || self.selection.workloads.iter().any(names)
    }

    /// The sequential traces, or a generated one when there is no folder of traces.
    pub(crate) fn typing(&mut self, names: &[&str]) -> Vec<Typing> {
        match &self.traces {
            None => vec![traces::generated()],
            Some(folder) => {
                let loaded = names.iter().map(|name| Typing::load(folder, name)).collect::<Result<_, _>>();
                loaded.unwrap_or_else(|error| {
                    self.report.failures.push(error);
                    Vec::new()
                })
            }
        }
    }

    /// A concurrent trace; `None` when there is no folder of traces.
    pub(crate) fn concurrent(&mut self, name: &str) -> Option<Concurrent> {
        let Some(folder) = &self.traces else {
            eprintln!("concurrent/{name} needs --traces");
            return None;
        };
        Concurrent::load(folder, name).map_err(|error| self.report.failures.push(error)).ok()
    }

    /// Lets all contestants do the work, and adds a row for each measure.
    pub(crate) fn race(&mut self, rows: &Rows<'_>, work: &impl Work) {
        let is_selected =
            |who: &Who| self.selection.contestants.is_empty() || self.selection.contestants.contains(who);
        let takers = Who::ALL.iter().copied().filter(|who| who.takes(work) && is_selected(who));
        let (skipped, runners): (Vec<Who>, Vec<Who>) =
            takers.partition(|who| self.quick && work.is_long(*who));
        eprintln!("{}/{}", rows.group, rows.name);
        let lanes: Vec<Lane<'_>> = runners.iter().flat_map(|who| who.lanes(work)).collect();
        let skipped: Vec<&str> = skipped.iter().flat_map(|who| who.names(work)).collect();
        self.compare(rows, lanes, &skipped);
    }

    /// Lets lanes run, and adds a row for each measure; those that are skipped are named.
    pub(crate) fn compare(&mut self, rows: &Rows<'_>, lanes: Vec<Lane<'_>>, skipped: &[&'static str]) {
        let measured = match measure::compare(lanes, self.runs) {
            Ok(measured) => measured,
            Err(failure) => {
                self.report.failures.push(format!("{}/{}: {failure}", rows.group, rows.name));
                return;
            }
        };
        for &(measure, goal) in rows.measures {
            let mut cells: Vec<Cell> = measured.iter().map(|lane| self.cell(lane, measure)).collect();
            cells.extend(skipped.iter().map(|&lane| Cell { lane, figure: None, runs: 0, is_short: false }));
            self.add(Row { group: rows.group, name: rows.name.to_owned(), measure, cells, goal });
        }
    }

    fn cell(&self, lane: &Measured, measure: Measure) -> Cell {
        let seconds = lane.time.as_secs_f64();
        let (figure, is_timed) = match measure {
            Measure::Milliseconds => (seconds * 1e3, true),
            Measure::Microseconds => (seconds * 1e6, true),
            Measure::PerSecond => (1.0 / seconds, true),
            Measure::Live => (lane.live as f64 / 1e3, false),
            Measure::Peak => (lane.peak as f64 / 1e3, false),
            Measure::Size => (lane.size as f64, false),
            Measure::Growth => unreachable!("it is made of two rows"),
        };
        Cell {
            lane: lane.name,
            figure: Some(figure),
            runs: lane.runs,
            is_short: is_timed && lane.runs < self.runs,
        }
    }

    /// Adds a row that says how many times as long `large` takes as `small`, if both were run.
    pub(crate) fn growth(&mut self, group: &'static str, small: &str, large: &str, goal: Goal) {
        let find = |name: &str| self.report.rows.iter().find(|row| row.group == group && row.name == name);
        let (Some(from), Some(to)) = (find(small), find(large)) else { return };
        let cells = to.cells.iter().filter_map(|cell| {
            let before = from.cells.iter().find(|before| before.lane == cell.lane)?;
            Some(Cell { figure: Some(cell.figure? / before.figure?), ..cell.clone() })
        });
        let cells = cells.collect();
        self.add(Row { group, name: format!("{large} ÷ {small}"), measure: Measure::Growth, cells, goal });
    }

    fn add(&mut self, row: Row) {
        self.report.rows.push(row);
    }
}
