//! `help NAME` for the filters and signs of jq: a line of what each does, and an example.

use crate::filter;
use crate::session::Session;
use crate::session::answer::words;
use crate::session::evaluation::expressions::Snippet;

/// The filters and signs, each with its names, how it is called, what it does, and an example. Between them stands
/// a tab. What the example yields is found by running it: so it is true of this jq.
const TABLE: &str = include_str!("filters.txt");

/// A filter or sign of jq.
struct Row {
    names: &'static str,
    usage: &'static str,
    summary: &'static str,
    example: &'static str,
}

fn rows() -> impl Iterator<Item = Row> {
    TABLE.lines().filter_map(|line| {
        let mut columns = line.split('\t');
        let mut next = || columns.next();
        Some(Row { names: next()?, usage: next()?, summary: next()?, example: next()? })
    })
}

impl Session {
    /// Returns the page that explains a filter or sign of jq; `None` if there is none of that name.
    pub(in crate::session) fn explain_filter(&mut self, name: &str) -> Option<String> {
        // Whoever asks writes `map(f)` too.
        let bare = name.split_once('(').map_or(name, |(bare, _)| if bare.is_empty() { name } else { bare });
        let is = |row: &Row| row.names.split(' ').any(|known| known == name || known == bare);
        let explained: String = rows().filter(is).filter_map(|row| self.explain_row(&row)).collect();
        if !explained.is_empty() {
            return Some(format!("{explained}`help jq` has the basics."));
        }
        if filter::is_denied(bare) {
            let code = Snippet::from(bare);
            let error = self.compile(&code).err()?;
            return Some(error.to_string());
        }
        let arities: Vec<String> = arities(bare).map(|arity| words::count(arity, "argument")).collect();
        (!arities.is_empty()).then(|| format!("{bare}\n  a filter of jq with {}", arities.join(" or ")))
    }

    /// Returns a row with what its example yields; `None` where jq has it and filters here have not.
    fn explain_row(&self, row: &Row) -> Option<String> {
        let mut session = self.fresh();
        let reply = session.run(row.example).ok()?;
        let yielded = reply.values.iter().map(|value| format!("  #=> {value}\n"));
        let yielded: String = yielded.collect();
        Some(format!("{}\n  {}\n\n  {}\n{yielded}\n", row.usage, row.summary, row.example))
    }
}

/// Tells whether there is a filter or sign of that name.
pub(in crate::session) fn is_known(name: &str) -> bool {
    arities(name).next().is_some() || rows().any(|row| row.names.split(' ').any(|known| known == name))
}

/// Returns the names of all filters, each once.
pub(in crate::session) fn names() -> impl Iterator<Item = &'static str> {
    let mut last = "";
    filter::builtins().map(|(name, _)| name).filter(move |name| std::mem::replace(&mut last, name) != *name)
}

fn arities(name: &str) -> impl Iterator<Item = usize> {
    filter::builtins().filter(move |(known, _)| *known == name).map(|(_, arity)| arity)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_filter_that_can_be_called_is_explained() {
        let explained: BTreeSet<(&str, usize)> = rows()
            .map(|row| (row.names, row.usage.matches(';').count() + usize::from(row.usage.contains('('))))
            .collect();
        let missing: Vec<String> = filter::builtins()
            .filter(|signature| !explained.contains(signature))
            .map(|(name, arity)| format!("{name}/{arity}"))
            .collect();
        assert_eq!(missing, [""; 0], "src/session/commands/help/filters.txt has no line of them");
    }

    #[test]
    fn every_line_is_whole_and_its_example_runs_if_the_filter_is_there() {
        assert_eq!(rows().count(), TABLE.lines().count());
        for Row { names, usage, summary, example } in rows() {
            assert!(!summary.ends_with('.') && usage.len() < 60 && summary.len() < 90, "{usage}");
            let name = names.split(' ').next().unwrap_or_default();
            let run = Session::default().run(example);
            if arities(name).next().is_some() {
                assert!(run.is_ok_and(|reply| !reply.values.is_empty()), "{usage}: {example}");
            }
        }
    }
}
