use std::fmt;

use super::{ItemEdit, Path, Step, Val, align, shared, text};

/// What changed at one path.
#[derive(Debug, Clone)]
pub struct PathChange {
    /// Where: in the new value, but for [`Difference::Removed`] in the old one.
    pub path: Path,
    /// What.
    pub difference: Difference,
}

/// How a part of a value changed.
#[derive(Debug, Clone)]
pub enum Difference {
    /// Something is where nothing was.
    Added(Val),
    /// Nothing is where something was.
    Removed(Val),
    /// Another value is in its place: old, new.
    Changed(Val, Val),
}

/// One line: `+ .items[2] 2`, `- .old 1`, `~ .name "Foo" → "Bar"`.
impl fmt::Display for PathChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = &self.path;
        match &self.difference {
            Difference::Added(new) => write!(f, "+ {path} {}", text(new)),
            Difference::Removed(old) => write!(f, "- {path} {}", text(old)),
            Difference::Changed(old, new) => write!(f, "~ {path} {} → {}", text(old), text(new)),
        }
    }
}

/// The paths at which two values differ, in the order of the new value (what was removed stands
/// where it stood). Shared parts cost nothing; the rest costs its size, a list its length.
pub fn differences(old: &Val, new: &Val) -> Vec<PathChange> {
    let mut walk = Walk { path: Path::default(), found: Vec::new() };
    walk.visit(old, new);
    walk.found
}

struct Walk {
    path: Path,
    found: Vec<PathChange>,
}

impl Walk {
    fn visit(&mut self, old: &Val, new: &Val) {
        match (old, new) {
            _ if shared(old, new) => {}
            (Val::Obj(a), Val::Obj(b)) => {
                for (key, old) in a.iter().filter(|(key, _)| !b.contains_key(*key)) {
                    self.note(Step::key(key), Difference::Removed(old.clone()));
                }
                for (key, new) in b.iter() {
                    match a.get(key) {
                        Some(old) if shared(old, new) => {}
                        Some(old) => self.inside(Step::key(key), old, new),
                        None => self.note(Step::key(key), Difference::Added(new.clone())),
                    }
                }
            }
            (Val::Arr(a), Val::Arr(b)) => {
                for edit in align(a, b) {
                    match edit {
                        ItemEdit::Edit { old, new } => self.inside(Step::Index(new), &a[old], &b[new]),
                        ItemEdit::Delete { old } => {
                            self.note(Step::Index(old), Difference::Removed(a[old].clone()));
                        }
                        ItemEdit::Insert { new, .. } => {
                            self.note(Step::Index(new), Difference::Added(b[new].clone()));
                        }
                    }
                }
            }
            _ => self.found.push(PathChange {
                path: self.path.clone(),
                difference: Difference::Changed(old.clone(), new.clone()),
            }),
        }
    }

    fn inside(&mut self, step: Step, old: &Val, new: &Val) {
        self.path.0.push(step);
        self.visit(old, new);
        self.path.0.pop();
    }

    fn note(&mut self, step: Step, difference: Difference) {
        let mut path = self.path.clone();
        path.0.push(step);
        self.found.push(PathChange { path, difference });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::parse;

    #[test]
    fn each_changed_path_is_a_line() {
        let old = parse(r#"{"name":"Foo","items":[0,1],"old":1,"deep":{"a":{"b":1}}}"#).unwrap();
        let new = parse(r#"{"name":"Bar","items":[0,1,2],"deep":{"a":{"b":2}},"new":{}}"#).unwrap();
        let lines: Vec<String> = differences(&old, &new).iter().map(ToString::to_string).collect();
        assert_eq!(
            lines,
            ["- .old 1", r#"~ .name "Foo" → "Bar""#, "+ .items[2] 2", "~ .deep.a.b 1 → 2", "+ .new {}"]
        );
        assert!(differences(&new, &parse(&new.to_string()).unwrap()).is_empty());
        let whole = &differences(&Val::Null, &parse("[1]").unwrap())[0];
        assert_eq!(whole.to_string(), "~ . null → [1]");
    }
}
