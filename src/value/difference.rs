use std::collections::HashMap;
use std::fmt;

use super::similar::by_identity;
use super::{ItemEdit, Move, MoveSigns, Moves, Path, Step, Val, is_container, shared, text};

/// What changed at one path.
#[derive(Debug, Clone)]
pub struct PathChange {
    /// Where: in the new value. Of what was removed, the last step is that of the old value.
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
    /// An array or object is here that was elsewhere. What was edited in it on the way follows, at its new
    /// paths.
    Moved {
        /// Where it was in the old value.
        from: Path,
    },
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

/// The paths at which two values differ, in the order of the new value (what was removed stands
/// where it stood). An array or object that left one place and stands in another is one that moved, as a
/// swap takes it. Shared parts cost nothing; the rest costs its size, a list its length.
pub fn differences(old: &Val, new: &Val) -> Vec<PathChange> {
    let mut walk = Walk::default();
    walk.visit(old, new);
    if walk.signs.of_moves() {
        let moves = Moves::between(old, new);
        if !moves.all().is_empty() {
            walk = Walk::with(moves);
            walk.visit(old, new);
        }
    }
    walk.found
}

/// The first path at which two values differ, place by place: nothing is taken for moved. Costs as
/// [`differences`].
pub fn first_difference(old: &Val, new: &Val) -> Option<PathChange> {
    let mut walk = Walk::default();
    walk.visit(old, new);
    walk.found.into_iter().next()
}

#[derive(Default)]
struct Walk<'v> {
    /// Where the walk is in the new value, and where in the old one.
    path: Path,
    from: Path,
    moves: Moves<'v>,
    /// The moves of each container by identity.
    leaving: HashMap<u64, Vec<usize>>,
    /// How many moves did not arrive yet.
    open: usize,
    signs: MoveSigns,
    found: Vec<PathChange>,
}

impl<'v> Walk<'v> {
    fn with(moves: Moves<'v>) -> Self {
        let mut leaving: HashMap<u64, Vec<usize>> = HashMap::new();
        for (which, moved) in moves.all().iter().enumerate() {
            leaving.entry(by_identity(moved.old)).or_default().push(which);
        }
        Self { open: moves.all().len(), moves, leaving, ..Self::default() }
    }

    /// Compares what stands in the same place of both values.
    fn visit(&mut self, old: &'v Val, new: &'v Val) {
        if shared(old, new) {
            return;
        }
        let left = self.has_left(old);
        if let Some(which) = self.take(new) {
            if self.moves.all()[which].from == self.from {
                return self.edited(old, new);
            }
            if !left {
                self.note(Difference::Removed(old.clone()));
            }
            return self.arrive(which);
        }
        if !left && self.is_edit(old, new) {
            return self.edited(old, new);
        }
        self.signs.gone |= is_container(old);
        let value = new.clone();
        self.note(if left { Difference::Added(value) } else { Difference::Changed(old.clone(), value) });
        self.arrivals(new);
    }

    /// Compares the parts of two containers that are one.
    fn edited(&mut self, old: &'v Val, new: &'v Val) {
        match (old, new) {
            (Val::Obj(a), Val::Obj(b)) => {
                for (key, old) in a.iter().filter(|(key, _)| !b.contains_key(*key)) {
                    self.remove(Step::key(key), old);
                }
                for (key, new) in b.iter() {
                    match a.get(key) {
                        Some(old) if shared(old, new) => {}
                        Some(old) => self.inside(Step::key(key), Step::key(key), |walk| walk.visit(old, new)),
                        None => self.add(Step::key(key), new),
                    }
                }
            }
            (Val::Arr(a), Val::Arr(b)) => {
                for edit in self.moves.align(old, new) {
                    match edit {
                        ItemEdit::Edit { old, new } => {
                            let (from, to) = (Step::Index(old), Step::Index(new));
                            self.inside(from, to, |walk| walk.visit(&a[old], &b[new]));
                        }
                        ItemEdit::Delete { old } => self.remove(Step::Index(old), &a[old]),
                        ItemEdit::Insert { new, .. } => self.add(Step::Index(new), &b[new]),
                    }
                }
            }
            _ => {}
        }
    }

    /// Whether what stands in one place are two containers that are one, edited.
    fn is_edit(&mut self, old: &Val, new: &Val) -> bool {
        if !matches!((old, new), (Val::Obj(_), Val::Obj(_)) | (Val::Arr(_), Val::Arr(_))) {
            return false;
        }
        self.signs.edited(old, new);
        self.moves.is_edit(old, new)
    }

    fn remove(&mut self, step: Step, old: &'v Val) {
        self.signs.gone |= is_container(old);
        self.inside(step.clone(), step, |walk| {
            if !walk.has_left(old) {
                walk.note(Difference::Removed(old.clone()));
            }
        });
    }

    fn add(&mut self, step: Step, new: &'v Val) {
        self.inside(step.clone(), step, |walk| match walk.take(new) {
            Some(which) => walk.arrive(which),
            None => {
                walk.note(Difference::Added(new.clone()));
                walk.arrivals(new);
            }
        });
    }

    // --- moves ---

    /// Whether the container that stood here is elsewhere now.
    fn has_left(&self, old: &Val) -> bool {
        let Some(moves) = self.leaving.get(&by_identity(old)).filter(|_| is_container(old)) else {
            return false;
        };
        moves.iter().any(|&which| self.moves.all()[which].from == self.from)
    }

    /// The move that brings this container here.
    fn take(&mut self, new: &Val) -> Option<usize> {
        let taken = if self.open > 0 { self.moves.take(new) } else { None };
        self.open -= usize::from(taken.is_some());
        taken
    }

    /// Notes a move, and what was edited on the way.
    fn arrive(&mut self, which: usize) {
        let Move { old, new, ref from } = self.moves.all()[which];
        let from = from.clone();
        // Others that come and go beside it may leave it where it was.
        if from != self.path {
            self.note(Difference::Moved { from: from.clone() });
        }
        if !shared(old, new) {
            let before = std::mem::replace(&mut self.from, from);
            self.edited(old, new);
            self.from = before;
        }
    }

    /// Finds what moved into something that is new.
    fn arrivals(&mut self, new: &'v Val) {
        if self.open == 0 {
            return;
        }
        let arrival = |walk: &mut Self, step: Step, part: &'v Val| {
            walk.inside(step.clone(), step, |walk| match walk.take(part) {
                Some(which) => walk.arrive(which),
                None => walk.arrivals(part),
            });
        };
        match new {
            Val::Obj(entries) => {
                let parts = entries.iter().filter(|(_, part)| is_container(part));
                parts.for_each(|(key, part)| arrival(self, Step::key(key), part));
            }
            Val::Arr(items) => {
                let parts = items.iter().enumerate().filter(|(_, part)| is_container(part));
                parts.for_each(|(at, part)| arrival(self, Step::Index(at), part));
            }
            _ => {}
        }
    }

    // --- paths ---

    fn inside(&mut self, from: Step, to: Step, visit: impl FnOnce(&mut Self)) {
        self.from.0.push(from);
        self.path.0.push(to);
        visit(self);
        self.from.0.pop();
        self.path.0.pop();
    }

    fn note(&mut self, difference: Difference) {
        self.found.push(PathChange { path: self.path.clone(), difference });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::{MAX_DEPTH, object, parse, same, string};

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

    /// The lines for an old value and what a filter that keeps untouched parts would make of it.
    fn lines(old: &str, edit: impl FnOnce(&Val) -> Val) -> Vec<String> {
        let old = parse(old).unwrap();
        differences(&old, &edit(&old)).iter().map(ToString::to_string).collect()
    }

    fn part<'v>(value: &'v Val, key: &str) -> &'v Val {
        match value {
            Val::Obj(entries) => &entries[&string(key)],
            Val::Arr(items) => &items[key.parse::<usize>().unwrap()],
            other => panic!("{other} has no parts"),
        }
    }

    fn list(items: &[&Val]) -> Val {
        items.iter().map(|item| (*item).clone()).collect()
    }

    #[test]
    fn a_container_that_left_one_place_and_stands_in_another_moved() {
        let todo = r#"{"todo":[{"t":"a"},{"t":"b"}],"done":[]}"#;
        let first = |v: &Val| part(part(v, "todo"), "0").clone();
        let second = |v: &Val| part(part(v, "todo"), "1").clone();
        let to_done = |v: &Val| object([("todo", list(&[&second(v)])), ("done", list(&[&first(v)]))]);
        assert_eq!(lines(todo, to_done), ["> .done[0] from .todo[0]"]);
        let swapped = |v: &Val| object([("a", part(v, "b").clone()), ("b", part(v, "a").clone())]);
        let expected = ["> .a from .b", "> .b from .a"];
        assert_eq!(lines(r#"{"a":{"x":1},"b":{"x":2}}"#, swapped), expected);
        let renamed = |v: &Val| object([("c", part(v, "a").clone())]);
        assert_eq!(lines(r#"{"a":{"x":1},"b":3}"#, renamed), ["- .b 3", "> .c from .a"]);
        let sorted = |v: &Val| list(&[part(v, "2"), part(v, "0"), part(v, "1")]);
        assert_eq!(lines("[[1],[2],[0]]", sorted), ["> .[0] from .[2]"]);
        // The one in the middle stays in the middle.
        let reversed = |v: &Val| list(&[part(v, "2"), part(v, "1"), part(v, "0")]);
        assert_eq!(lines(r#"[0,{"k":1},2]"#, reversed), ["+ .[0] 2", "- .[2] 2"]);
    }

    #[test]
    fn what_a_move_makes_of_the_places_is_said_too() {
        let onto = |v: &Val| object([("a", part(v, "b").clone())]);
        let lost = ["- .a 5", "> .a from .b"];
        assert_eq!(lines(r#"{"a":5,"b":{"x":1}}"#, onto), lost);
        let behind = |v: &Val| object([("a", Val::from(5usize)), ("b", part(v, "a").clone())]);
        assert_eq!(lines(r#"{"a":{"x":1}}"#, behind), ["+ .a 5", "> .b from .a"]);
        let wrapped = |v: &Val| object([("b", object([("in", part(v, "a").clone())]))]);
        assert_eq!(lines(r#"{"a":{"x":1}}"#, wrapped), [r#"+ .b {"in":{"x":1}}"#, "> .b.in from .a"]);
        let out = |v: &Val| object([("b", part(part(v, "a"), "x").clone())]);
        let unwrapped = [r#"- .a {"x":[1,2,3]}"#, "> .b from .a.x"];
        assert_eq!(lines(r#"{"a":{"x":[1,2,3]}}"#, out), unwrapped);
    }

    #[test]
    fn what_was_edited_on_the_way_stands_at_its_new_path() {
        let old = r#"{"todo":[{"t":"a","n":[1],"done":false,"by":{"x":1}}],"done":[]}"#;
        let edit = |v: &Val| {
            let item = part(part(v, "todo"), "0");
            let mut entries = match item {
                Val::Obj(entries) => (**entries).clone(),
                other => panic!("{other}"),
            };
            entries.insert(string("done"), Val::Bool(true));
            object([("todo", list(&[])), ("done", list(&[&Val::obj(entries)]))])
        };
        assert_eq!(lines(old, edit), ["> .done[0] from .todo[0]", "~ .done[0].done false → true"]);
    }

    #[test]
    fn a_copy_is_something_new() {
        let copied = |v: &Val| object([("a", part(v, "a").clone()), ("b", part(v, "a").clone())]);
        assert_eq!(lines(r#"{"a":{"x":1}}"#, copied), [r#"+ .b {"x":1}"#]);
    }

    #[test]
    fn the_first_difference_is_one_of_places() {
        let old = parse("[[1],[2],[0]]").unwrap();
        let new = list(&[part(&old, "2"), part(&old, "0"), part(&old, "1")]);
        let first = first_difference(&old, &new).unwrap();
        assert!(!matches!(first.difference, Difference::Moved { .. }), "{first}");
        assert!(first_difference(&old, &old).is_none());
    }

    #[test]
    fn values_that_nest_deeply_are_walked() {
        let nested = |inner: &str| {
            let deep = MAX_DEPTH - 1;
            parse(&format!("{}{inner}{}", "[".repeat(deep), "]".repeat(deep))).unwrap()
        };
        let found = differences(&nested("1"), &nested("[2]"));
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].path.0.len(), MAX_DEPTH - 1);
    }

    /// What stands at a path.
    fn at<'v>(value: &'v Val, path: &Path) -> Option<&'v Val> {
        path.0.iter().try_fold(value, |value, step| match (step, value) {
            (Step::Key(key), Val::Obj(entries)) => entries.get(&string(key.as_str())),
            (Step::Index(at), Val::Arr(items)) => items.get(*at),
            _ => None,
        })
    }

    #[test]
    fn every_path_of_a_difference_is_there() {
        let mut seed = 11u64;
        let mut random = |n: usize| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (seed >> 33) as usize % n
        };
        for round in 0..3_000 {
            let mut pool: Vec<Val> = ["[]", "{}", "1", "[1,2,3]", r#"{"a":1,"b":2,"c":3}"#, "null"]
                .map(|text| parse(text).unwrap())
                .to_vec();
            for _ in 0..random(12) {
                let mut pick = || pool[random(pool.len())].clone();
                let parts = [pick(), pick(), pick()];
                let made = match random(3) {
                    0 => object(["x", "y", "z"].into_iter().zip(parts)),
                    1 => parts.into_iter().collect(),
                    _ => object(["a", "b", "c"].into_iter().zip(parts)),
                };
                pool.push(made);
            }
            let (old, new) = (&pool[random(pool.len())], &pool[pool.len() - 1]);
            let found = differences(old, new);
            assert_eq!(found.is_empty(), same(old, new), "round {round}: {old} {new}");
            let mut sources = Vec::new();
            for PathChange { path, difference } in &found {
                let holds = |value, path, part: &Val| at(value, path).is_some_and(|held| same(held, part));
                match difference {
                    Difference::Added(part) => assert!(holds(new, path, part), "round {round}: {path}"),
                    Difference::Changed(_, part) => assert!(holds(new, path, part), "round {round}: {path}"),
                    Difference::Removed(_) => {}
                    Difference::Moved { from } => {
                        let ends = [at(old, from), at(new, path)];
                        assert!(ends.into_iter().all(|end| end.is_some_and(is_container)), "round {round}");
                        assert!(!sources.contains(from), "round {round}: {from} moved twice");
                        sources.push(from.clone());
                    }
                }
            }
        }
    }
}
