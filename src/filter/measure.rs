//! How large a value reads: a small one that holds itself again and again reads as a huge one.

use smallvec::SmallVec;

use super::watch::Watch;
use crate::value::{Val, shared};

/// What a value takes at least when it is alone.
const ALONE: usize = 32;

/// So many containers are measured between two looks.
const STRETCH: usize = 1 << 10;

impl Watch {
    /// Ends the run if a value would have no room when nothing in it were shared. O(size as it reads).
    pub(super) fn measure(&self, value: &Val) {
        self.measure_new(value, None);
    }

    /// [Measures](Self::measure) what of a value is new: not at the same place in the old one. Where an
    /// array became longer or shorter in one place, what stands before and behind it is not new.
    pub(super) fn measure_new<'v>(&self, value: &'v Val, old: Option<&'v Val>) {
        let (mut bytes, mut count) = (0_usize, 0);
        let mut open: SmallVec<[(&Val, Option<&Val>); 8]> = SmallVec::new();
        let mut next = Some((value, old));
        while let Some((value, old)) = next {
            let mut part = |value: &'v Val, old: Option<&'v Val>| {
                bytes = bytes.saturating_add(ALONE);
                match value {
                    Val::TStr(text) | Val::BStr(text) => bytes = bytes.saturating_add(text.len()),
                    Val::Arr(_) | Val::Obj(_) => open.push((value, old)),
                    _ => {}
                }
            };
            match (value, old) {
                (value, Some(old)) if shared(value, old) => {}
                (Val::Arr(items), Some(Val::Arr(old))) => {
                    let is_old = |(a, b): &(&Val, &Val)| shared(a, b);
                    let head = items.iter().zip(old.iter()).take_while(is_old).count();
                    let (items, old) = (&items[head..], &old[head..]);
                    let tail = items.iter().rev().zip(old.iter().rev()).take_while(is_old).count();
                    let (items, old) = (&items[..items.len() - tail], &old[..old.len() - tail]);
                    items.iter().enumerate().for_each(|(at, item)| part(item, old.get(at)));
                }
                (Val::Obj(entries), Some(Val::Obj(old))) => {
                    for (at, (key, value)) in entries.iter().enumerate() {
                        let stayed = || old.get_index(at).is_some_and(|(_, old)| shared(value, old));
                        match value {
                            Val::Null | Val::Bool(_) | Val::Num(_) => part(value, None),
                            _ if stayed() => {}
                            value => part(value, old.get(key)),
                        }
                    }
                }
                (Val::Arr(items), _) => items.iter().for_each(|item| part(item, None)),
                (Val::Obj(entries), _) => entries.values().for_each(|value| part(value, None)),
                (scalar, _) => part(scalar, None),
            }
            count += 1;
            if count % STRETCH == 0 {
                self.look();
                self.reserve(bytes);
            }
            next = open.pop();
        }
        self.reserve(bytes);
    }
}

#[cfg(test)]
mod tests {
    use std::panic::catch_unwind;
    use std::sync::Arc;

    use super::*;
    use crate::value::parse;

    /// Whether the new part of a value takes at most so many bytes.
    fn fits(limit: u64, value: &Val, old: Option<&Val>) -> bool {
        let (value, old) = (value.clone(), old.cloned());
        let measure = move || Watch::new(Arc::default(), Some(limit)).measure_new(&value, old.as_ref());
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
            (object(&Val::Null), object(&small), true),
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
        let mut value = Val::Null;
        for _ in 0..60 {
            value = list(&[&value, &value]);
        }
        assert!(!fits(1 << 20, &value, None));
        assert!(!fits(1 << 20, &value, Some(&Val::Null)));
        assert!(fits(1 << 20, &value, Some(&value.clone())));
    }
}
