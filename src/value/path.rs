use std::fmt;

use super::{Val, as_str, string, text};

/// A way from the root of a value to a part of it; prints as a jq path, `.items[2].name`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Path(pub Vec<Step>);

/// One step of a [`Path`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Into an object.
    Key(String),
    /// Into an array, counted from 0.
    Index(usize),
}

impl Step {
    /// The step to a key of an object; a key that is not a string is shown as its JSON.
    pub(crate) fn key(key: &Val) -> Self {
        Self::Key(as_str(key).map_or_else(|| text(key), str::to_owned))
    }
}

impl Path {
    /// ` at .items[2]` to go behind an error; nothing for the root, and not all of what is very long.
    pub(crate) fn suffix(&self) -> String {
        const LONGEST: usize = 20;
        match self.0.len() {
            0 => String::new(),
            1..=LONGEST => format!(" at {self}"),
            _ => format!(" at {}…", Self(self.0[..LONGEST].to_vec())),
        }
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !matches!(self.0.first(), Some(Step::Key(key)) if is_plain(key)) {
            f.write_str(".")?;
        }
        for step in &self.0 {
            match step {
                Step::Key(key) if is_plain(key) => write!(f, ".{key}")?,
                Step::Key(key) => write!(f, "[{}]", text(&string(key.as_str())))?,
                Step::Index(index) => write!(f, "[{index}]")?,
            }
        }
        Ok(())
    }
}

/// Whether jq reads the key without quotes.
fn is_plain(key: &str) -> bool {
    let mut chars = key.chars();
    chars.next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_')
        && chars.all(|c| c.is_ascii_alphanumeric() || c == '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_print_as_jq() {
        let key = |k: &str| Step::Key(k.into());
        let rows = [
            (vec![], "."),
            (vec![key("a"), key("b")], ".a.b"),
            (vec![Step::Index(0), key("b")], ".[0].b"),
            (vec![key("items"), Step::Index(2)], ".items[2]"),
            (vec![key("two words"), key("x")], r#".["two words"].x"#),
            (vec![key("")], r#".[""]"#),
            (vec![key("a"), key("q\"")], r#".a["q\""]"#),
        ];
        for (steps, text) in rows {
            assert_eq!(Path(steps).to_string(), text);
        }
    }
}
