//! The size of a value as it reads: a small one that holds itself again and again reads as a huge one.

use smallvec::SmallVec;

use crate::cancellation::ask;
use crate::filter::run::meter::reserve;
use crate::value::{List, Map, Val, View};

/// The size that a value takes at least when it is alone.
const ALONE: usize = 32;

/// The number of parts that are measured between two looks at the limit.
const STRETCH: usize = 1 << 12;

/// Ends the run if a value would have no room when nothing in it were shared. O(size as it reads).
pub(in crate::filter) fn measure(value: &Val) {
    measure_new(value, None);
}

/// [Measures](measure) what of a value is new: not at the same place in the old one. Where an array became longer or
/// shorter, what stands before and behind it is not new. O(size of what is new).
pub(in crate::filter) fn measure_new<'v>(value: &'v Val, old: Option<&'v Val>) {
    let mut parts = Parts { bytes: 0, count: 0, open: SmallVec::new() };
    if !old.is_some_and(|old| value.is_shared(old)) {
        parts.add(value, old);
    }
    while let Some((value, old)) = parts.open.pop() {
        parts.look_into(value, old);
    }
    reserve(parts.bytes);
}

/// The new parts of a value.
struct Parts<'v> {
    /// What those take that were found, and how many they are.
    bytes: usize,
    count: usize,
    /// Arrays and objects whose own parts were not looked at, with what stood there before.
    open: SmallVec<[(&'v Val, Option<&'v Val>); 8]>,
}

impl<'v> Parts<'v> {
    fn add(&mut self, value: &'v Val, old: Option<&'v Val>) {
        self.bytes = self.bytes.saturating_add(ALONE);
        self.count += 1;
        ask();
        if self.count.is_multiple_of(STRETCH) {
            reserve(self.bytes);
        }
        match value.view() {
            View::Str(text) => self.bytes = self.bytes.saturating_add(text.len()),
            View::Arr(_) | View::Obj(_) => self.open.push((value, old)),
            View::Null | View::Bool(_) | View::Num(_) => {}
        }
    }

    /// Adds the new parts of an array or object.
    fn look_into(&mut self, value: &'v Val, old: Option<&'v Val>) {
        match (value.view(), old.map(Val::view)) {
            (View::Arr(items), Some(View::Arr(old))) => {
                for (before, now) in List::differing(old, items) {
                    let mut before = old.range(before);
                    items.range(now).for_each(|item| self.add(item, before.next()));
                }
            }
            (View::Obj(entries), Some(View::Obj(old))) => {
                for (_, before, now) in Map::differing(old, entries) {
                    now.into_iter().for_each(|value| self.add(value, before));
                }
            }
            (View::Arr(items), _) => items.iter().for_each(|item| self.add(item, None)),
            (View::Obj(entries), _) => entries.values().for_each(|value| self.add(value, None)),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use std::panic::catch_unwind;

    use super::*;
    use crate::filter::run::meter::Limited;
    use crate::value::parse;

    /// Tells whether the new part of a value takes at most so many bytes.
    fn fits(limit: u64, value: &Val, old: Option<&Val>) -> bool {
        let (value, old) = (value.clone(), old.cloned());
        let measure = move || {
            let _limited = Limited::to(Some(limit));
            measure_new(&value, old.as_ref());
        };
        catch_unwind(std::panic::AssertUnwindSafe(measure)).is_ok()
    }

    fn list(items: &[&Val]) -> Val {
        items.iter().copied().cloned().collect()
    }

    #[test]
    fn what_was_there_before_is_not_measured() {
        let small = parse("1").unwrap();
        let item = || parse(&format!("[{}0]", "0,".repeat(1_000))).unwrap();
        let [a, b, new] = [item(), item(), item()];
        let old = list(&[&a, &b]);
        let object = |c: &Val| crate::value::object([("a", a.clone()), ("b", b.clone()), ("c", c.clone())]);
        let rows = [
            (list(&[&a, &b]), old.clone(), true),
            (list(&[&small, &a, &b]), old.clone(), true),
            (list(&[&a, &small, &b]), old.clone(), true),
            (list(&[&a, &b, &small]), old.clone(), true),
            (list(&[&b]), old.clone(), true),
            (list(&[&a, &new, &b]), old.clone(), false),
            (list(&[&a, &b, &a]), old.clone(), false),
            (object(&Val::NULL), object(&small), true),
            (object(&new), object(&small), false),
            (a.clone(), small.clone(), false),
            (parse(&format!("\"{}\"", "x".repeat(10_000))).unwrap(), small.clone(), false),
        ];
        for (at, (value, old, is_small)) in rows.iter().enumerate() {
            assert_eq!(fits(8_000, value, Some(old)), *is_small, "row {at}");
            assert!(!fits(8_000, value, None), "row {at}");
        }
    }

    #[test]
    fn a_value_that_holds_itself_again_and_again_is_huge() {
        let mut value = Val::NULL;
        for _ in 0..60 {
            value = list(&[&value, &value]);
        }
        assert!(!fits(1 << 20, &value, None));
        assert!(!fits(1 << 20, &value, Some(&Val::NULL)));
        assert!(fits(1 << 20, &value, Some(&value.clone())));
    }
}
