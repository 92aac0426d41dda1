//! Rewrites a pattern so that it stands for another value, and keeps its dots.

use crate::script::dots::DOTS;
use crate::script::pattern::{Marks, Pattern, without_dots};
use crate::value::{Key, List, Map, Val, View, object, parse, text};

/// In lists up to this many pairs of items, items that still fit are looked for everywhere.
const COMPARED: usize = 1 << 16;

impl Pattern {
    /// Returns the pattern that stands for `value` and keeps what it can of the pattern that `old` writes: the dots,
    /// and all that still fits. The rest becomes what the value has there.
    ///
    /// Dots in a string that does not fit any more go, and so do those of a list in which nothing is found again of
    /// what stood between them. O(size of both); in lists without `...` as an item, O(n m) of what differs.
    pub(crate) fn updated(old: &str, value: &Val) -> Self {
        let plain = Self { value: value.clone(), marks: None };
        if !old.contains(DOTS) {
            return plain;
        }
        // The marks must not be in the strings of the value either.
        let marks = Marks::new(&format!("{old}{}", text(value)));
        let Ok(read) = parse(&without_dots(old, &marks)) else { return plain };
        let old = Self { value: read, marks: Some(marks) };
        let new = Self { value: old.refit(&old.value, value), marks: old.marks.clone() };
        if new.matches(value) { new } else { plain }
    }

    /// Returns how many `...` the pattern has.
    pub(crate) fn dots(&self) -> usize {
        let Some(Marks { any, some }) = &self.marks else { return 0 };
        let text = text(&self.value);
        text.matches(any.as_str()).count() + text.matches(some.as_str()).count()
    }

    fn is_dots(&self, item: &Val) -> bool {
        self.is_any(item.as_str())
    }

    fn refit(&self, old: &Val, value: &Val) -> Val {
        match (old.view(), value.view()) {
            (View::Str(text), _) if self.is_any(Some(text)) => old.clone(),
            (View::Str(text), View::Str(new)) if self.matches_string(text, new) => old.clone(),
            (View::Obj(old), View::Obj(new)) => self.refit_map(old, new),
            (View::Arr(items), View::Arr(new)) if items.iter().any(|item| self.is_dots(item)) => {
                match self.fits(old, value) {
                    true => old.clone(),
                    false => self.refit_around_dots(items, new).unwrap_or_else(|| value.clone()),
                }
            }
            (View::Arr(old), View::Arr(new)) => self.refit_items(old, new),
            _ => value.clone(),
        }
    }

    /// Updates the keys that are named: with dots among them, only those stay named.
    fn refit_map(&self, old: &Map, new: &Map) -> Val {
        let renewed = |key: &Key, value: &Val| match old.get(key) {
            Some(before) => self.refit(before, value),
            None => value.clone(),
        };
        let has_dots = old.keys().any(|key| self.is_any(Some(key)));
        if !has_dots {
            return object(new.iter().map(|(key, value)| (key.clone(), renewed(key, value))));
        }
        let stay = old.iter().filter_map(|(key, before)| match new.get(key) {
            _ if self.is_any(Some(key)) => Some((key.clone(), before.clone())),
            value => value.map(|value| (key.clone(), renewed(key, value))),
        });
        object(stay)
    }

    /// Updates items around dots: what stands in front of the first dots stays in front, what stands behind the last
    /// ones stays at the end, and
    /// what stands between dots must be found again. `None` where that cannot be.
    fn refit_around_dots(&self, old: &List, new: &List) -> Option<Val> {
        let old: Vec<&Val> = old.iter().collect();
        let new: Vec<&Val> = new.iter().collect();
        let runs: Vec<&[&Val]> = old.split(|item| self.is_dots(item)).collect();
        let [head, between @ .., tail] = &runs[..] else { return None };
        let middle = head.len()..new.len().checked_sub(tail.len())?;
        let mut rest = new.get(middle.clone())?;
        for run in between.iter().filter(|run| !run.is_empty()) {
            let fits = |window: &[&Val]| run.iter().zip(window).all(|(old, new)| self.fits(old, new));
            let found = rest.windows(run.len()).position(fits)?;
            rest = &rest[found + run.len()..];
        }
        let pair = |(old, new): (&&Val, &&Val)| self.refit(old, new);
        let front = head.iter().zip(&new[..middle.start]).map(pair);
        let back = tail.iter().zip(&new[middle.end..]).map(pair);
        let kept = old[head.len()..old.len() - tail.len()].iter().map(|item| (*item).clone());
        Some(front.chain(kept).chain(back).collect())
    }

    /// Pairs items: those that still fit stay; of the others those between them are paired in their order.
    fn refit_items(&self, old: &List, new: &List) -> Val {
        let (old, new): (Vec<&Val>, Vec<&Val>) = (old.iter().collect(), new.iter().collect());
        let head = old.iter().zip(&new).take_while(|(old, new)| self.fits(old, new)).count();
        let (o, n) = (&old[head..], &new[head..]);
        let tail = o.iter().rev().zip(n.iter().rev()).take_while(|(old, new)| self.fits(old, new)).count();
        let mut pairs: Vec<(usize, usize)> = (0..head).map(|at| (at, at)).collect();
        let (o, n) = (o.len() - tail, n.len() - tail);
        pairs.extend(
            self.common(&old[head..head + o], &new[head..head + n]).map(|(o, n)| (head + o, head + n)),
        );
        pairs.extend((0..=tail).map(|at| (head + o + at, head + n + at)));
        let (mut o, mut n) = (0, 0);
        let mut items = Vec::with_capacity(new.len());
        for (next_old, next_new) in pairs {
            while n < next_new {
                let before = if o < next_old { Some(old[o]) } else { None };
                items.push(before.map_or_else(|| new[n].clone(), |before| self.refit(before, new[n])));
                (o, n) = (o + 1, n + 1);
            }
            if let (Some(before), Some(value)) = (old.get(next_old), new.get(next_new)) {
                items.push(self.refit(before, value));
            }
            (o, n) = (next_old + 1, next_new + 1);
        }
        items.into_iter().collect()
    }

    /// Returns pairs of items that fit, in the order of both lists: as many as can be.
    fn common(&self, old: &[&Val], new: &[&Val]) -> impl Iterator<Item = (usize, usize)> + use<> {
        let mut pairs = Vec::new();
        if old.len().saturating_mul(new.len()) <= COMPARED {
            let fits: Vec<Vec<bool>> =
                old.iter().map(|old| new.iter().map(|new| self.fits(old, new)).collect()).collect();
            // How many items the rests have in common.
            let mut longest = vec![vec![0_u32; new.len() + 1]; old.len() + 1];
            for o in (0..old.len()).rev() {
                for n in (0..new.len()).rev() {
                    longest[o][n] = match fits[o][n] {
                        true => longest[o + 1][n + 1] + 1,
                        false => longest[o + 1][n].max(longest[o][n + 1]),
                    };
                }
            }
            let (mut o, mut n) = (0, 0);
            while o < old.len() && n < new.len() {
                if fits[o][n] {
                    pairs.push((o, n));
                    (o, n) = (o + 1, n + 1);
                } else if longest[o + 1][n] >= longest[o][n + 1] {
                    o += 1;
                } else {
                    n += 1;
                }
            }
        }
        pairs.into_iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dots_stay_where_they_can() {
        let rows = [
            // What is said becomes what came; what is not said stays unsaid.
            (r#"{"id": "n-...", "n": 1}"#, r#"{"id":"n-7","n":2}"#, r#"{"id":"n-...","n":2}"#),
            (r#"{"id": ..., "n": 1}"#, r#"{"id":[],"n":2}"#, r#"{"id":...,"n":2}"#),
            (r#"{"b": 1, "a": 1, ...}"#, r#"{"a":2,"b":1,"c":3}"#, r#"{"b":1,"a":2,...}"#),
            (r#"{"a": {"x": 1, ...}, "b": 1}"#, r#"{"a":{"x":2,"y":1}}"#, r#"{"a":{"x":2,...}}"#),
            (r#"{"a": 1, "gone": 1, ...}"#, r#"{"a":1,"new":1}"#, r#"{"a":1,...}"#),
            (r#"{"id": "m-...", "n": ...}"#, r#"{"id":"n-7","n":2}"#, r#"{"id":"n-7","n":...}"#),
            // Lists keep what stands at either end of the dots.
            ("[1, ...]", "[2,3]", "[2,...]"),
            ("[0, ..., 9]", "[0,1,8]", "[0,...,8]"),
            ("[..., 9]", "[1,2]", "[...,2]"),
            ("[[1, ...], ..., 3]", "[[2,1],5,6,4]", "[[2,...],...,4]"),
            ("[1, ..., 5, ..., 9]", "[2,4,5,6,8]", "[2,...,5,...,8]"),
            // What stands between dots, or has no room, cannot be found again.
            ("[..., 5, ...]", "[1,2]", "[1,2]"),
            ("[1, 2, ..., 3]", "[1,2]", "[1,2]"),
            ("[1, ...]", "{}", "{}"),
            (r#"{"a": 1, ...}"#, "[1]", "[1]"),
            // Items that fit keep their dots when others come and go.
            (r#"["a-...", "b-..."]"#, r#"["x","a-1","b-2"]"#, r#"["x","a-...","b-..."]"#),
            (r#"["a-...", "b-...", "c-..."]"#, r#"["a-1","c-2"]"#, r#"["a-...","c-..."]"#),
            (r#"[{"id": ..., "n": 1}, 5]"#, r#"[{"id":4,"n":2},6]"#, r#"[{"id":...,"n":2},6]"#),
            // What only looks like dots is written as what it is.
            (r#"["a...", 1]"#, r#"["b...",2]"#, r#"["b\...",2]"#),
            (r#"{"k...": 1, "x": ...}"#, r#"{"k...":2,"x":1}"#, r#"{"k\...":2,"x":...}"#),
            ("[..., 1]", "[\"\u{f8ff}\",\"\u{f8ff}\u{f8ff}\",2]", "[...,2]"),
            (
                r#"{"a": ..., "b": 1}"#,
                "{\"a\":1,\"b\":\"\u{f8ff}\u{f8fe}\"}",
                "{\"a\":...,\"b\":\"\u{f8ff}\u{f8fe}\"}",
            ),
        ];
        for (old, value, new) in rows {
            let value = parse(value).unwrap();
            let updated = Pattern::updated(old, &value);
            assert_eq!(updated.written(text), new, "{old}");
            assert!(updated.matches(&value), "{old}");
            assert!(Pattern::parse(&updated.written(text)).unwrap().matches(&value), "{old}");
        }
    }
}
