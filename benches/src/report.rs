//! What was measured, as tables or JSON.

use std::fmt::Write;

use serde_json::{Map, Value, json};

/// All rows, and what went wrong.
#[derive(Default)]
pub(crate) struct Report {
    pub(crate) rows: Vec<Row>,
    pub(crate) failures: Vec<String>,
}

/// One thing that was measured, of every contestant.
pub(crate) struct Row {
    pub(crate) group: &'static str,
    pub(crate) name: String,
    pub(crate) measure: Measure,
    pub(crate) cells: Vec<Cell>,
    pub(crate) goal: Goal,
}

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Measure {
    Milliseconds,
    Microseconds,
    Live,
    Peak,
    Size,
    /// How many times as much as in a smaller case.
    Growth,
    /// More is better.
    #[cfg_attr(not(feature = "rejoin"), expect(dead_code, reason = "only rejoin has such rows"))]
    PerSecond,
}

/// One contestant's figure.
#[derive(Debug, Clone)]
pub(crate) struct Cell {
    pub(crate) lane: &'static str,
    /// `None`: it was left out.
    pub(crate) figure: Option<f64>,
    /// How many runs the figure stands for.
    pub(crate) runs: usize,
    /// Whether it had fewer runs than the others.
    pub(crate) is_short: bool,
}

/// What rejoin should reach.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Goal {
    /// Nothing; the row informs.
    None,
    /// At most so many times the best of these contestants.
    Times(&'static [Limit]),
    AtMost(f64),
    #[cfg_attr(not(feature = "rejoin"), expect(dead_code, reason = "only rejoin has such rows"))]
    AtLeast(f64),
}

/// At most `factor` times the best of these lanes.
#[derive(Debug)]
pub(crate) struct Limit {
    pub(crate) factor: f64,
    /// A contestant stands for all its lanes.
    pub(crate) of: &'static [&'static str],
    pub(crate) called: &'static str,
}

/// The contestants with a whole JSON model.
pub(crate) const JSON: &[&str] = &["automerge", "loro", "yrs"];

/// Those that are peers in text, and keep the history.
pub(crate) const ALL: &[&str] = &["automerge", "loro", "yrs", "diamond-types"];

/// What does the same work and more is compared with these; yrs with garbage collection keeps no history.
const COUNTED: &[&str] = &["automerge", "loro", "yrs", "diamond-types", "jaq"];

const SELF: &str = "rejoin";

impl Measure {
    fn unit(self) -> &'static str {
        match self {
            Self::Milliseconds => "ms",
            Self::Microseconds => "µs",
            Self::Live => "live kB",
            Self::Peak => "peak kB",
            Self::Size => "bytes",
            Self::Growth => "times",
            Self::PerSecond => "per s",
        }
    }

    fn format(self, figure: f64) -> String {
        match self {
            Self::Size | Self::PerSecond => format!("{figure:.0}"),
            _ => short(figure),
        }
    }
}

/// Three digits that count.
fn short(figure: f64) -> String {
    let decimals = match figure.abs() {
        size if size >= 99.95 => 0,
        size if size >= 9.995 => 1,
        size if size >= 0.9995 => 2,
        _ => 3,
    };
    format!("{figure:.decimals$}")
}

impl Row {
    fn figure(&self, lane: &str) -> Option<f64> {
        self.cells.iter().find(|cell| cell.lane == lane)?.figure
    }

    /// The best figure of these lanes.
    fn best(&self, of: &[&str]) -> Option<f64> {
        let counts = |cell: &&Cell| {
            let contestant = cell.lane.split(' ').next().unwrap_or_default();
            of.contains(&cell.lane) || of.contains(&contestant)
        };
        let figures = self.cells.iter().filter(counts).filter_map(|cell| cell.figure);
        match self.measure {
            Measure::PerSecond => figures.reduce(f64::max),
            _ => figures.reduce(f64::min),
        }
    }

    /// rejoin's figure in relation to the best peer's.
    fn ratio(&self) -> Option<f64> {
        Some(self.figure(SELF)? / self.best(COUNTED)?)
    }

    /// Whether the goal holds, if there is one, and what it is compared with was measured.
    fn holds(&self) -> Option<bool> {
        let own = self.figure(SELF)?;
        match self.goal {
            Goal::None => None,
            Goal::Times(limits) => {
                let holds = |limit: &Limit| Some(own <= limit.factor * self.best(limit.of)?);
                limits.iter().map(holds).try_fold(true, |all, one| Some(all && one?))
            }
            Goal::AtMost(most) => Some(own <= most),
            Goal::AtLeast(least) => Some(own >= least),
        }
    }

    fn goal(&self) -> String {
        match self.goal {
            Goal::None => String::new(),
            Goal::Times(limits) => {
                let each = limits.iter().map(|limit| format!("≤ {} × {}", limit.factor, limit.called));
                each.collect::<Vec<_>>().join(", ")
            }
            Goal::AtMost(most) => format!("≤ {most}"),
            Goal::AtLeast(least) => format!("≥ {least}"),
        }
    }

    fn json(&self) -> Value {
        let cell = |cell: &Cell| {
            let figure = json!({ "figure": cell.figure, "runs": cell.runs });
            (cell.lane.to_owned(), figure)
        };
        json!({
            "workload": self.group,
            "row": self.name,
            "unit": self.measure.unit(),
            "contestants": self.cells.iter().map(cell).collect::<Map<_, _>>(),
            "goal": self.goal(),
            "holds": self.holds(),
            "ratio": self.ratio(),
        })
    }
}

impl Cell {
    fn text(&self, measure: Measure) -> String {
        match self.figure {
            None => "skipped".to_owned(),
            Some(figure) if self.is_short => format!("{} ({}×)", measure.format(figure), self.runs),
            Some(figure) => measure.format(figure),
        }
    }
}

impl Report {
    fn rows_of(&self, workload: &str) -> impl Iterator<Item = &Row> {
        self.rows.iter().filter(move |row| row.group == workload)
    }

    /// One line of JSON for each row of a workload.
    pub(crate) fn json(&self, workload: &str) -> String {
        self.rows_of(workload).map(|row| format!("{}\n", row.json())).collect()
    }

    /// The rows of a workload as a Markdown table.
    pub(crate) fn table(&self, workload: &str) -> String {
        let rows: Vec<&Row> = self.rows_of(workload).collect();
        if rows.is_empty() { String::new() } else { format!("### {workload}\n\n{}\n", table(&rows)) }
    }
}

fn table(rows: &[&Row]) -> String {
    let mut lanes: Vec<&str> = Vec::new();
    for cell in rows.iter().flat_map(|row| &row.cells) {
        if !lanes.contains(&cell.lane) {
            lanes.push(cell.lane);
        }
    }
    let mut head = vec!["row".to_owned(), "unit".to_owned()];
    head.extend(lanes.iter().map(|&lane| lane.to_owned()));
    head.extend(["goal", "holds", "÷ best peer"].map(str::to_owned));
    let mut lines = vec![head];
    for row in rows {
        let mut line = vec![row.name.clone(), row.measure.unit().to_owned()];
        line.extend(lanes.iter().map(|&lane| {
            let cell = row.cells.iter().find(|cell| cell.lane == lane);
            cell.map_or_else(|| "–".to_owned(), |cell| cell.text(row.measure))
        }));
        let holds = row.holds().map_or("", |holds| if holds { "yes" } else { "**no**" });
        line.extend([row.goal(), holds.to_owned(), row.ratio().map(short).unwrap_or_default()]);
        lines.push(line);
    }
    markdown(&lines, 2..2 + lanes.len())
}

/// A Markdown table whose columns line up; those of `figures`, and the last, on the right.
fn markdown(lines: &[Vec<String>], figures: std::ops::Range<usize>) -> String {
    let columns = lines[0].len();
    let width = |column: usize| lines.iter().map(|line| line[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let on_right = |column: usize| figures.contains(&column) || column + 1 == columns;
    let mut text = String::new();
    for (index, line) in lines.iter().enumerate() {
        for (column, cell) in line.iter().enumerate() {
            let width = widths[column];
            let _ = if on_right(column) {
                write!(text, "| {cell:>width$} ")
            } else {
                write!(text, "| {cell:<width$} ")
            };
        }
        text.push_str("|\n");
        if index == 0 {
            for (column, width) in widths.iter().enumerate() {
                let _ = if on_right(column) {
                    write!(text, "| {}: ", "-".repeat(width.saturating_sub(1)))
                } else {
                    write!(text, "| {} ", "-".repeat(*width))
                };
            }
            text.push_str("|\n");
        }
    }
    text
}
