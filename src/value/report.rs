//! Reports of changes: paths, and what differs there; and how they are applied.

use crate::cancellation::ask;
use std::cmp::Ordering;
use std::fmt;

use thiserror::Error;

use super::{Map, Path, Step, Val, text};

/// The change at one path.
#[derive(Debug, Clone)]
pub struct PathChange {
    /// Where: in the old value for what was removed, in the new one for the rest.
    pub path: Path,
    /// What.
    pub difference: Difference,
}

/// The way in which a part of a value changed.
#[derive(Debug, Clone)]
pub enum Difference {
    /// Something is there that was not. What moved into it is not part of it: that follows.
    Added(Val),
    /// Something is gone.
    Removed(Val),
    /// Another value is in its place: old, new.
    Changed(Val, Val),
    /// Something is here that was elsewhere. What was edited in it on the way follows, at its new paths.
    Moved {
        /// Where it was in the old value.
        from: Path,
    },
}

impl PathChange {
    /// Tells what was changed to something else that is neither: a `text` (a string) or a `counter` (a number).
    pub fn made_plain(&self) -> Option<&'static str> {
        let (old, new) = self.kinds()?;
        if new.is_none() { old } else { None }
    }

    /// Tells what something that was not such before is now: a `text` (a string) or a `counter` (a number).
    pub fn made(&self) -> Option<&'static str> {
        let (old, new) = self.kinds()?;
        if old == new { None } else { new }
    }

    /// Makes the kind of an edit: whether the old value was a text or counter, and whether the new one is.
    fn kinds(&self) -> Option<(Option<&'static str>, Option<&'static str>)> {
        let kind = |value: &Val| match value.identity() {
            Some(_) if value.as_str().is_some() => Some("text"),
            Some(_) if value.as_num().is_some() => Some("counter"),
            _ => None,
        };
        match &self.difference {
            Difference::Changed(old, new) => Some((kind(old), kind(new))),
            _ => None,
        }
    }
}

/// One line: `+ .items[2] 2`, `- .old 1`, `~ .name "Foo" → "Bar"`, `> .done[0] from .todo[0]`.
impl fmt::Display for PathChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = &self.path;
        match &self.difference {
            Difference::Added(new) => write!(f, "+ {path} {}", text(new)),
            Difference::Removed(old) => write!(f, "- {path} {}", text(old)),
            Difference::Changed(old, new) => write!(f, "~ {path} {} → {}", text(old), text(new)),
            Difference::Moved { from } => write!(f, "> {path} from {from}"),
        }
    }
}

/// A report that does not fit a value.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("there is nothing at {0}")]
pub struct Misfit(pub Path);

/// Applies a report to the old value: the outcome is the new one, with keys in any order.
///
/// First what was removed or moved away is taken out, at the old paths. Then, in the order of the report,
/// what was added or moved in is put in, and what was edited is set, at the new paths. O(log n) for each line.
///
/// ```
/// use rejoin::value::{Difference, Path, PathChange, apply, parse};
///
/// let old = parse(r#"{"todo":["a","b"],"done":[]}"#)?;
/// let at = |path: &str| path.parse::<Path>().expect("it is a path");
/// let report = [
///     PathChange { path: at(".done[0]"), difference: Difference::Moved { from: at(".todo[0]") } },
///     PathChange { path: at(".name"), difference: Difference::Added("list".into()) },
/// ];
/// assert_eq!(apply(&old, &report)?, parse(r#"{"todo":["b"],"done":["a"],"name":"list"}"#)?);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// When a path of the report is not there.
pub fn apply(old: &Val, report: &[PathChange]) -> Result<Val, Misfit> {
    let mut value = old.clone();
    let mut leaving: Vec<&Path> = report
        .iter()
        .filter_map(|change| match &change.difference {
            Difference::Removed(_) => Some(&change.path),
            Difference::Moved { from } => Some(from),
            Difference::Added(_) | Difference::Changed(..) => None,
        })
        .collect();
    // The last and innermost ones first: the others keep their paths.
    leaving.sort_by(|a, b| compare(b, a));
    let mut taken: Vec<(&Path, Val)> = Vec::new();
    for path in leaving {
        ask();
        let part = take(&mut value, &path.0).ok_or_else(|| Misfit(path.clone()))?;
        taken.push((path, part));
    }
    for PathChange { path, difference } in report {
        ask();
        let fits = match difference {
            Difference::Removed(_) => continue,
            Difference::Added(new) => put(&mut value, &path.0, new.clone()),
            Difference::Changed(_, new) => set(&mut value, &path.0, new.clone()),
            Difference::Moved { from } => {
                let at = taken.binary_search_by(|(other, _)| compare(from, other));
                at.is_ok_and(|at| put(&mut value, &path.0, std::mem::take(&mut taken[at].1)))
            }
        };
        if !fits {
            return Err(Misfit(path.clone()));
        }
    }
    Ok(value)
}

fn compare(a: &Path, b: &Path) -> Ordering {
    let step = |step: &Step| match step {
        Step::Index(index) => (*index, String::new()),
        Step::Key(key) => (0, key.clone()),
    };
    a.0.iter().map(step).cmp(b.0.iter().map(step))
}

/// Takes a part out of a value; of the root, null is left.
fn take(value: &mut Val, path: &[Step]) -> Option<Val> {
    let Some((last, above)) = path.split_last() else { return Some(std::mem::take(value)) };
    change(value, above, &mut |holder| match last {
        Step::Key(key) => holder.as_map_mut()?.remove(key),
        Step::Index(index) => holder.as_list_mut()?.remove(*index),
    })
}

/// Puts a part into a value: under a key, before an item.
fn put(value: &mut Val, path: &[Step], part: Val) -> bool {
    let Some((last, above)) = path.split_last() else {
        *value = part;
        return true;
    };
    let mut part = Some(part);
    let done = change(value, above, &mut |holder| match last {
        Step::Key(key) => {
            holder.as_map_mut()?.insert(key.as_str().into(), part.take()?);
            Some(())
        }
        Step::Index(index) => {
            let items = holder.as_list_mut().filter(|items| *index <= items.len())?;
            items.insert(*index, part.take()?);
            Some(())
        }
    });
    done.is_some()
}

/// Sets a part that is there.
fn set(value: &mut Val, path: &[Step], part: Val) -> bool {
    let mut part = Some(part);
    let mut replace = |there: &mut Val| {
        *there = part.take()?;
        Some(())
    };
    change(value, path, &mut replace).is_some()
}

/// Changes a part of a value in place.
fn change<T>(value: &mut Val, path: &[Step], f: &mut dyn FnMut(&mut Val) -> Option<T>) -> Option<T> {
    let Some((step, below)) = path.split_first() else { return f(value) };
    // What is taken out and put back is not copied.
    match step {
        Step::Key(key) => {
            let entries: &mut Map = value.as_map_mut()?;
            let (key, _) = entries.get_entry(key)?;
            let key = key.clone();
            let mut part = entries.insert(key.clone(), Val::NULL)?;
            let done = change(&mut part, below, f);
            entries.insert(key, part);
            done
        }
        Step::Index(index) => {
            let items = value.as_list_mut()?;
            let mut part = items.set(*index, Val::NULL)?;
            let done = change(&mut part, below, f);
            items.set(*index, part);
            done
        }
    }
}

/// Returns the first path at which two values differ, place by place, with what is there; `None` where they are the
/// [same](super::same()). Where only one has a part, the other has `None`. Shared parts cost nothing.
pub fn first_difference(a: &Val, b: &Val) -> Option<(Path, Option<Val>, Option<Val>)> {
    let mut path = Path::default();
    let found = differ(Some(a), Some(b), &mut path)?;
    Some((path, found.0.cloned(), found.1.cloned()))
}

type Sides<'v> = (Option<&'v Val>, Option<&'v Val>);

fn differ<'v>(a: Option<&'v Val>, b: Option<&'v Val>, path: &mut Path) -> Option<Sides<'v>> {
    let (Some(one), Some(other)) = (a, b) else { return Some((a, b)) };
    if one.is_shared(other) {
        return None;
    }
    let mut inside = |step: Step, a: Option<&'v Val>, b: Option<&'v Val>| {
        path.0.push(step);
        let found = differ(a, b, path);
        if found.is_none() {
            path.0.pop();
        }
        found
    };
    if let (Some(a), Some(b)) = (one.as_map(), other.as_map()) {
        let first = a.iter().find_map(|(key, a)| inside(Step::Key(key.to_string()), Some(a), b.get(key)));
        let gone = |key: &&super::Key| !a.contains_key(key);
        return first.or_else(|| {
            let key = b.keys().find(gone)?;
            inside(Step::Key(key.to_string()), None, b.get(key))
        });
    }
    if let (Some(a), Some(b)) = (one.as_list(), other.as_list()) {
        return (0..a.len().max(b.len())).find_map(|at| inside(Step::Index(at), a.get(at), b.get(at)));
    }
    if super::same(one, other) { None } else { Some((a, b)) }
}
