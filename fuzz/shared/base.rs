//! The document into which inputs are merged, and edits of all kinds beside it.

use rejoin::crdt::{Change, ConvergentRef, Kind, OpId, Patch};

use crate::common::{at, branch, document, edit, json, patch, replica, set};

/// A document with maps, lists, a text, a counter and a moved container.
pub fn base() -> ConvergentRef {
    let mut base = replica("ann", r#"{"m":{"a":1,"b":{"x":"y"}},"l":[1,2,[3],{"k":null}],"e":{}}"#);
    let root = at(&base, "");
    let (text, counter) = edit(&mut base, |tx| {
        let text = tx.put_new(&root, "t", Kind::Text).unwrap();
        tx.splice(&text, 0, 0, "naïve 😀 text").unwrap();
        let counter = tx.put_new(&root, "n", Kind::Counter).unwrap();
        tx.add(&counter, 5).unwrap();
        (text, counter)
    });
    let mut other = branch(&base, "bob");
    let (moved, list) = (at(&other, "m.b"), at(&other, "l"));
    edit(&mut other, |tx| {
        tx.move_to_item(&moved, &list, 1).unwrap();
        tx.splice(&text, 2, 3, "I").unwrap();
        tx.add(&counter, -7).unwrap();
    });
    set(&mut base, r#"{"m":{"a":2},"l":[2,[3,4],{"k":true}],"e":{},"t":"naïve 😀 test","n":5}"#);
    base.merge(&other).unwrap();
    base
}

/// Replicas that went on from the base, each in its own way.
pub fn others() -> Vec<ConvergentRef> {
    let base = base();
    let edits: [&dyn Fn(&mut ConvergentRef); 9] =
        [&scalars, &nested, &typing, &deleting, &counting, &moving, &crossing, &changes, &contests];
    let mut others = Vec::new();
    for (index, edit) in edits.into_iter().enumerate() {
        let mut other = branch(&base, &format!("o{index}"));
        edit(&mut other);
        others.push(other);
    }
    let mut all = branch(&base, "all");
    others.iter().for_each(|other| drop(all.merge(other).unwrap()));
    all.swap(|value| [value.clone()].into_iter().collect()).unwrap();
    others.push(all);
    others
}

/// The base, and beside it a replica in which changes wait: of the others only every second came.
pub fn waiting() -> ConvergentRef {
    let mut late = branch(&base(), "late");
    for other in others() {
        let changes: Vec<Change> = other.patch_from_clock(base().clock()).changes().collect();
        late.merge_patch(&patch(changes.into_iter().skip(1).step_by(2))).unwrap();
    }
    late
}

/// What the others have more than the base: at once, and the last change alone.
pub fn patches() -> Vec<Patch> {
    let base = base();
    let since = |other: &ConvergentRef| other.patch_from_clock(base.clock());
    let mut patches: Vec<Patch> = others().iter().map(since).collect();
    let lasts: Vec<Patch> =
        others().iter().filter_map(|other| Some(patch([other.changes().last()?]))).collect();
    patches.extend(lasts);
    patches.push(base.patch_from_clock(&rejoin::crdt::Clock::new()));
    patches.push(Patch::new(document(), []));
    patches
}

fn scalars(of: &mut ConvergentRef) {
    let (map, list) = (at(of, "m"), at(of, "l"));
    edit(of, |tx| {
        for (key, value) in
            [("a", "1.0"), ("b", "1e400"), ("c", "null"), ("", "\"é\""), ("d", "-12345678901234567890")]
        {
            tx.put(&map, key, json(value)).unwrap();
            tx.insert(&list, 0, json(value)).unwrap();
        }
        tx.insert(&list, 3, json("true")).unwrap();
        tx.set(&list, 2, json("false")).unwrap();
    });
    set(of, "[1,2,3,4]");
}

fn nested(of: &mut ConvergentRef) {
    let root = at(of, "");
    edit(of, |tx| tx.put(&root, "deep", json(r#"[{"a":[{"b":[[]]}]},{},"x"]"#)).unwrap());
    edit(of, |tx| tx.put_root(json(r#"{"a":{"b":{}}}"#)).unwrap());
}

fn text_of(of: &ConvergentRef) -> OpId {
    at(of, "t")
}

fn typing(of: &mut ConvergentRef) {
    let text = text_of(of);
    for (index, char) in "typed one by one".chars().enumerate() {
        edit(of, |tx| tx.splice(&text, index, 0, &char.to_string()).unwrap());
    }
    edit(of, |tx| {
        tx.splice(&text, 3, 4, "é😀").unwrap();
        tx.splice(&text, 0, 0, "pasted").unwrap();
    });
}

fn deleting(of: &mut ConvergentRef) {
    let (text, list, root) = (text_of(of), at(of, "l"), at(of, ""));
    for _ in 0..2 {
        edit(of, |tx| tx.splice(&text, 1, 1, "").unwrap());
    }
    for index in (0..3).rev() {
        edit(of, |tx| tx.splice(&text, index, 1, "").unwrap());
    }
    edit(of, |tx| tx.delete(&list, 0, 2).unwrap());
    edit(of, |tx| {
        tx.remove(&root, "e").unwrap();
        tx.splice(&text, 0, 1, "").unwrap();
        tx.splice(&text, 1, 2, "").unwrap();
    });
}

fn counting(of: &mut ConvergentRef) {
    let (counter, root) = (at(of, "n"), at(of, ""));
    edit(of, |tx| {
        tx.add(&counter, i64::MAX).unwrap();
        tx.add(&counter, i64::MIN).unwrap();
        tx.add(&counter, 1).unwrap();
        let new = tx.put_new(&root, "n2", Kind::Counter).unwrap();
        tx.add(&new, -1).unwrap();
    });
}

fn moving(of: &mut ConvergentRef) {
    let (root, map, list, empty) = (at(of, ""), at(of, "m"), at(of, "l"), at(of, "e"));
    edit(of, |tx| tx.move_to_key(&map, &empty, "in").unwrap());
    edit(of, |tx| {
        tx.move_to_item(&empty, &list, 1).unwrap();
        tx.move_to_key(&map, &root, "back").unwrap();
    });
}

/// Crosses the moves of [`moving`].
fn crossing(of: &mut ConvergentRef) {
    let (map, list, empty) = (at(of, "m"), at(of, "l"), at(of, "e"));
    edit(of, |tx| tx.move_to_key(&empty, &map, "in").unwrap());
    edit(of, |tx| tx.move_to_key(&list, &empty, "list").unwrap());
}

fn changes(of: &mut ConvergentRef) {
    let list = at(of, "l");
    for index in 0..12 {
        edit(of, |tx| tx.insert(&list, index, index.into()).unwrap());
    }
    for _ in 0..5 {
        edit(of, |tx| tx.delete(&list, 1, 1).unwrap());
    }
}

fn contests(of: &mut ConvergentRef) {
    let mut beside = branch(of, "beside");
    set(of, r#"{"m":{"a":7,"z":{"p":1}},"l":[0],"t":"x","n":6}"#);
    set(&mut beside, r#"{"m":{"a":8,"z":{"q":2}},"l":[[],5],"t":"y","n":3,"e":{"z":1}}"#);
    of.merge(&beside).unwrap();
    set(of, r#"{"m":{"a":9}}"#);
}
