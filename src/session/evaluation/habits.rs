//! Hints for whole lines that are habits from elsewhere, or from the other half of this language: what fails as a command
//! or an expression and is the other one.

use crate::session::hints;
use crate::session::language::layout::Layout;
use crate::session::language::name::name_length;
use crate::session::{Entry, Session};

impl Session {
    /// Returns what was meant by a line that failed, if it is a habit.
    pub(in crate::session) fn habit(&self, layout: &Layout<'_>, line: &str) -> Option<String> {
        let line = line.trim();
        let Some((command, word)) = &layout.command else { return self.habit_of_expression(line) };
        let rest = line[word.text.len()..].trim_start();
        match command.name {
            "show" => self.shown_expression(rest),
            "set" => {
                let (name, rest) = rest.split_once(char::is_whitespace)?;
                let is_ref = matches!(self.names.get(name), Some(Entry::Ref(_)));
                let assigns = rest.trim_start().starts_with(['.', '=']) && rest.contains('=');
                let instead = assignment(name, rest).filter(|_| is_ref && assigns)?;
                Some(format!("`{instead}`"))
            }
            _ => None,
        }
    }

    /// Explains `show origin[0]`: what is more than a name is an expression.
    fn shown_expression(&self, rest: &str) -> Option<String> {
        let code = rest.strip_suffix("--all").map_or(rest, str::trim_end);
        let begins = code.starts_with(['.', '$', '(', '[', '{']) || self.leading_name(code).is_some();
        // Another word behind a name is no expression.
        let behind = code[name_length(code)..].trim_start();
        let goes_on = behind.starts_with(|c: char| c.is_ascii_punctuation() && !"#-_".contains(c));
        (begins && goes_on).then(|| format!("an expression needs no `show`: `{}`", short(code, "EXPRESSION")))
    }

    fn habit_of_expression(&self, line: &str) -> Option<String> {
        if let Some(name) = self.leading_name(line)
            && line[name.len()..].trim() == "--all"
        {
            return Some(format!("`show {name} --all` shows everything"));
        }
        let (word, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        let rest = rest.trim_start();
        let next = &rest[..name_length(rest)];
        match word {
            _ if self.names.get(word).is_some() => None,
            "let" | "var" | "const" => {
                let behind = rest[next.len()..].trim_start();
                let assigns = !next.is_empty() && behind.starts_with('=');
                assigns.then(|| format!("`ref {next} VALUE` makes a ref"))
            }
            "git" => {
                let meant = hints::command(self.commands(), next);
                meant.or_else(|| {
                    Some("leave `git` out: `branch`, `merge`, `log` and `undo` are commands".to_owned())
                })
            }
            _ => None,
        }
    }
}

/// Writes the command that does what `NAME.path = VALUE` would, from the name and what stands behind it. What is behind a
/// pipe would fail there as well.
pub(in crate::session) fn assignment(name: &str, rest: &str) -> Option<String> {
    let rest = rest.trim();
    if let Some(value) = rest.strip_prefix('=').filter(|value| !value.starts_with('=')) {
        return Some(format!("reset {name} {}", short(value.trim_start(), "VALUE")));
    }
    if rest.starts_with('|') && !rest.starts_with("|=") {
        return None;
    }
    Some(match short(rest, "FILTER") {
        filter if filter == "FILTER" || filter.starts_with('.') => format!("swap {name} {filter}"),
        filter if filter.starts_with('[') => format!("swap {name} .{filter}"),
        filter => format!("swap {name} . {filter}"),
    })
}

/// Returns code as a hint has it: what is long by the name of what stands there.
fn short<'a>(code: &'a str, name: &'a str) -> &'a str {
    const LONGEST: usize = 60;
    let fits = code.len() <= LONGEST && !code.contains('\n') && !code.is_empty();
    if fits { code } else { name }
}
