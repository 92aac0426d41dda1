//! jq filters on JSON values: what compiles and runs them.
//!
//! The way of a filter: `text` makes tokens of it, `compile` terms of these (`grammar`), terms that the interpreter
//! evaluates as jq does (`rewrite`), and of them and the part of the library that they call something that runs;
//! `run` runs it, under limits. `natives` are the filters that are not defined in jq, `val` is the value type as the
//! interpreter wants it.
//!
//! A filter sees its input and the variables it is given, and nothing else: it reads no files,
//! no environment and no clock, it prints nothing, and so it gives the same answer every time.
//!
//! ```
//! use rejoin::filter::Filters;
//! use rejoin::value::parse;
//!
//! let mut filters = Filters::new();
//! let filter = filters.compile(".items + [$new]", |name| name == "new", Vec::new)?;
//! assert_eq!(filter.vars(), ["new"]);
//!
//! let output = filter.run_one(parse(r#"{"items":[1]}"#)?, vec![2.into()])?;
//! assert_eq!(output.to_string(), "[1,2]");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod compile;
mod differences;
mod error;
mod natives;
mod run;
#[cfg(test)]
mod tests;
mod text;
pub mod units;
mod val;

use std::collections::HashMap;
use std::sync::Arc;

pub use crate::cancellation::Interrupt;
pub use compile::library::{builtins, is_denied};
pub use differences::{DIFFERENCES, JqDifference, JqExample, differences};
pub use error::{CompileError, RunError};
pub use run::Filter;
pub use run::limits::{Cause, Limits};
use run::supervisor::Supervisor;
pub use text::brackets::{Scan, value_length};
pub use text::completion::{Base, Ending, Hop, Reach, ending};
pub use text::input::may_read_input;
pub use text::keywords::{KEYWORDS, Keyword, keyword_named};
pub use text::lexemes::{Lexeme, LexemeKind, lexemes};
pub use text::spelling::nearest;
pub use text::tokens::needs_more;

/// The number of compiled filters that are kept.
const KEPT: usize = 1024;

/// A compiler of filters that keeps what it compiled.
#[derive(Default)]
pub struct Filters {
    kept: HashMap<String, Kept>,
    count: usize,
    supervisor: Arc<Supervisor>,
}

/// All that is kept of one text.
struct Kept {
    /// The variables that the text mentions, global or not.
    mentioned: Vec<String>,
    /// One filter for each set of global variables that the text was compiled with.
    filters: Vec<Arc<Filter>>,
}

impl Filters {
    /// Makes a compiler that has compiled nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Makes a compiler whose filters are interrupted by what interrupts others too.
    pub fn interrupted_by(interrupt: Interrupt) -> Self {
        Self { supervisor: Arc::new(Supervisor::new(interrupt)), ..Self::default() }
    }

    /// Returns what each run of a filter may use.
    pub fn limits(&self) -> Limits {
        self.supervisor.limits()
    }

    /// Sets what each run of a filter may use, of those too that were compiled before. A second thread looks after
    /// each run under a limit, every few milliseconds.
    pub fn set_limits(&self, limits: Limits) {
        self.supervisor.set_limits(limits);
    }

    /// Returns what interrupts a filter that runs.
    pub fn interrupt(&self) -> Interrupt {
        self.supervisor.interrupt.clone()
    }

    /// Compiles the filter `code`, or finds it among those that are kept.
    ///
    /// `is_var` says whether a global variable exists, by its name without `$`. `known` lists
    /// all of them; it is asked only for the hint about one that does not exist.
    pub fn compile(
        &mut self,
        code: &str,
        is_var: impl Fn(&str) -> bool,
        known: impl FnOnce() -> Vec<String>,
    ) -> Result<Arc<Filter>, CompileError> {
        if let Some(filter) = self.find(code, &is_var) {
            return Ok(filter);
        }
        let (filter, mentioned) = compile::compile(code, is_var, known, &self.supervisor)?;
        let filter = Arc::new(filter);
        self.keep(mentioned, &filter);
        Ok(filter)
    }

    fn find(&self, code: &str, is_var: impl Fn(&str) -> bool) -> Option<Arc<Filter>> {
        let kept = self.kept.get(code)?;
        let vars = || kept.mentioned.iter().filter(|name| is_var(name));
        kept.filters.iter().find(|filter| filter.vars().iter().eq(vars())).cloned()
    }

    fn keep(&mut self, mentioned: Vec<String>, filter: &Arc<Filter>) {
        if self.count == KEPT {
            // Compiling again is cheap: no need to know which ones were used last.
            self.kept.clear();
            self.count = 0;
        }
        let new = || Kept { mentioned, filters: Vec::new() };
        let kept = self.kept.entry(filter.code().to_owned()).or_insert_with(new);
        kept.filters.push(filter.clone());
        self.count += 1;
    }
}
