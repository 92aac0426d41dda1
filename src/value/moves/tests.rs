use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use jaq_core::data::JustLut;
use jaq_core::load::{Arena, File, Loader};
use jaq_core::{Compiler, Ctx, Vars, unwrap_valr};
use proptest::prelude::*;

use super::*;
use crate::value::{Step, is_container, parse, shared};

fn jq(filter: &str, input: &Val) -> Option<Val> {
    let arena = Arena::default();
    let defs = jaq_core::defs().chain(jaq_std::defs()).chain(jaq_json::defs());
    let modules = Loader::new(defs).load(&arena, File { code: filter, path: () }).expect(filter);
    let funs = jaq_core::funs::<JustLut<Val>>().chain(jaq_std::funs()).chain(jaq_json::funs());
    let filter = Compiler::default().with_funs(funs).compile(modules).expect(filter);
    let context = Ctx::<JustLut<Val>>::new(&filter.lut, Vars::new([]));
    filter.id.run((context, input.clone())).map(unwrap_valr).next()?.ok()
}

/// What the moves say, when they are followed from the root of the new value: `from → to`, with the place
/// of each container in the old value. Checks that no container of the old value stands twice, and that
/// what is kept holds nothing that moved.
fn followed(old: &Val, new: &Val) -> Vec<String> {
    let mut moves = Moves::between(old, new);
    let left: HashSet<String> = moves.all().iter().map(|found| found.from.to_string()).collect();
    assert_eq!(left.len(), moves.all().len(), "each moves once: {left:?}");
    let mut seen = HashSet::new();
    let mut kept: Vec<Path> = Vec::new();
    let mut lines = Vec::new();
    // The old place of the container that stands there, its value, the new place, the new value.
    let mut open = vec![(Some(Path::default()), Some(old.clone()), Path::default(), new.clone())];
    while let Some((here, value, to, new)) = open.pop() {
        if !is_container(&new) {
            continue;
        }
        if let (Some(here), Some(value)) = (&here, &value)
            && shared(value, &new)
        {
            kept.push(here.clone());
            continue;
        }
        let source = match moves.take(&new) {
            Some(found) => {
                let found = &moves.all()[found];
                assert!(shared(found.new, &new) && same_kind(found.old, &new));
                lines.push(format!("{} → {to}", found.from));
                Some((found.from.clone(), found.old.clone()))
            }
            None => here.zip(value).filter(|(here, value)| {
                same_kind(value, &new) && moves.is_edit(value, &new) && !left.contains(&here.to_string())
            }),
        };
        if let Some((from, value)) = &source {
            if shared(value, &new) {
                kept.push(from.clone());
                continue;
            }
            assert!(seen.insert(from.to_string()), "{from} stands twice");
        }
        let mut inside = |step: Step, old_step: Option<Step>, value: Option<&Val>, new: &Val| {
            let with = |path: &Path, step: Step| Path([&path.0[..], &[step]].concat());
            let here = source.as_ref().zip(old_step).map(|((from, _), step)| with(from, step));
            open.push((here, value.cloned(), with(&to, step), new.clone()));
        };
        match (source.as_ref().map(|(_, value)| value), &new) {
            (old, Val::Obj(entries)) => {
                for (key, new) in entries.iter().rev() {
                    let old = old.and_then(|old| match old {
                        Val::Obj(old) => old.get(key),
                        _ => None,
                    });
                    inside(Step::key(key), Some(Step::key(key)), old, new);
                }
            }
            (old, Val::Arr(items)) => {
                let mut olds: HashMap<usize, (usize, Val)> = HashMap::new();
                let mut equal = HashSet::new();
                if let Some(Val::Arr(old_items)) = old {
                    let edits = moves.align(old.expect("is one"), &new);
                    let pairs = search::in_place(old_items.len(), &edits);
                    let edited: HashSet<usize> = edits.iter().filter_map(search::edited_item).collect();
                    equal.extend(pairs.iter().filter(|(old, _)| !edited.contains(old)).map(|(_, new)| *new));
                    olds.extend(pairs.into_iter().map(|(o, n)| (n, (o, old_items[o].clone()))));
                }
                for (at, new) in items.iter().enumerate().rev() {
                    let old = olds.get(&at);
                    if let Some((old, value)) = old.filter(|_| equal.contains(&at)) {
                        // Items that no edit names stay as they are.
                        let from = source.as_ref().map(|(from, _)| from.0.clone()).unwrap_or_default();
                        if is_container(value) {
                            kept.push(Path([from, vec![Step::Index(*old)]].concat()));
                        }
                        continue;
                    }
                    inside(Step::Index(at), old.map(|(at, _)| Step::Index(*at)), old.map(|(_, v)| v), new);
                }
            }
            _ => {}
        }
    }
    for kept in &kept {
        assert!(seen.insert(kept.to_string()), "{kept} stands twice");
        let inside = |path: &&String| path.starts_with(&kept.to_string()) && **path != kept.to_string();
        // Only for paths of plain keys, which is what the tests have.
        let found = left
            .iter()
            .find(inside)
            .filter(|path| kept.0.is_empty() || path[kept.to_string().len()..].starts_with(['.', '[']));
        assert!(found.is_none(), "{kept} stays, and {found:?} inside leaves");
    }
    lines
}

static BOARD: LazyLock<Val> = LazyLock::new(|| {
    parse(
        r#"{
            "todo": [{"id":1,"t":"one","rank":3,"tags":["x"]},{"id":2,"t":"two","rank":1,"tags":["y"]},
                     {"id":3,"t":"three","rank":2,"tags":["z"]}],
            "done": [{"id":9,"t":"nine","rank":9,"tags":[]}],
            "a": {"x":0,"y":1,"z":2,"b":{"u":1,"v":2,"w":[1,2,3]}},
            "c": {"k":{"deep":{"r":1,"s":2}},"l":[[1,2],[3,4]]}
        }"#,
    )
    .unwrap()
});

#[test]
fn what_moved_is_told_from_what_was_copied_made_or_edited() {
    let rows: &[(&str, &[&str])] = &[
        (".", &[]),
        (".a.x = 1", &[]),
        (".todo |= map(.done = true)", &[]),
        (".done += [.todo[0]] | del(.todo[0])", &[".todo[0] → .done[1]"]),
        (".done += [.todo[0] | .done = true] | del(.todo[0])", &[".todo[0] → .done[1]"]),
        (".done = [.todo[1]] + .done | del(.todo[1])", &[".todo[1] → .done[0]"]),
        (".todo |= sort_by(.rank)", &[".todo[0] → .todo[2]"]),
        (".todo |= reverse", &[".todo[2] → .todo[0]", ".todo[1] → .todo[1]"]),
        (".todo |= (sort_by(.rank) | map(.rank += 1))", &[".todo[0] → .todo[2]"]),
        (".b = .a | del(.a)", &[".a → .b"]),
        (".b = (.a | .x = 5) | del(.a)", &[".a → .b"]),
        (".b = (.a | .b.u = 5) | del(.a)", &[".a → .b"]),
        (".b = (.a | .b.u = 5 | .x = 7) | del(.a)", &[".a → .b"]),
        // A copy, also when one of the two is edited.
        (".b = .a", &[]),
        (".b = .a | .a.x = 5", &[]),
        (".b = .a | .a.b.u = 5", &[]),
        (".b = (.a | .x = 5)", &[]),
        (".done += [.todo[0]]", &[]),
        (".b = .a | .d = .a | .a = null", &[".a → .b"]),
        // What stands in its place is something else.
        (".b = .a | .a = {}", &[".a → .b"]),
        (".b = .a | .a = null", &[".a → .b"]),
        (
            ".done += .todo | .todo = []",
            &[".todo[0] → .done[1]", ".todo[1] → .done[2]", ".todo[2] → .done[3]"],
        ),
        // Two change places, also when they are much alike.
        (".a as $a | .a = .c | .c = $a", &[".c → .a", ".a → .c"]),
        (
            ".todo[0] as $t | .todo[0] = .todo[2] | .todo[2] = $t",
            &[".todo[2] → .todo[0]", ".todo[1] → .todo[1]"],
        ),
        (
            ".todo[0] as $t | .todo[0] = .done[0] | .done[0] = $t",
            &[".done[0] → .todo[0]", ".todo[0] → .done[0]"],
        ),
        (".todo as $t | .todo = .done | .done = $t", &[".done → .todo", ".todo → .done"]),
        // Wrapped, unwrapped, rescued.
        (".x = {wrap: .a} | del(.a)", &[".a → .x.wrap"]),
        (".a = {wrap: .a}", &[".a → .a.wrap"]),
        (". = {all: .}", &[". → .all"]),
        (".a = .a.b", &[".a.b → .a"]),
        (".a", &[".a → ."]),
        (".a.b.w", &[".a.b.w → ."]),
        (".deep = .c.k.deep | del(.c)", &[".c.k.deep → .deep"]),
        (".deep = (.c.k.deep | .r = 3 | .q = 4 | .p = 5) | del(.c)", &[]),
        (".x = {y: [.c.l[1]]} | del(.c)", &[".c.l[1] → .x.y[0]"]),
        (
            ".todo |= map({item: .})",
            &[".todo[0] → .todo[0].item", ".todo[1] → .todo[1].item", ".todo[2] → .todo[2].item"],
        ),
        // A list whose items were all edited is still that list.
        (".later = (.todo | map(.late = true)) | del(.todo)", &[".todo → .later"]),
        (
            ".x = {y: (.todo | map(.late = true) | reverse)} | del(.todo)",
            &[".todo → .x.y", ".todo[2] → .x.y[0]", ".todo[1] → .x.y[1]"],
        ),
        // Half of the keys changed is another one; less is not.
        (".b = (.a | .x = 5 | .y = 6) | del(.a)", &[".a.b → .b.b"]),
        // Small things are alike by chance.
        ("del(.c.k) | .n = {r:1}", &[]),
        (".todo[0].tags = [] | .n = [] | del(.done[0].tags)", &[]),
        ("del(.c.l[0]) | .n = [1, 2]", &[".c.l[0] → .n"]),
    ];
    for (filter, expected) in rows {
        let new = jq(filter, &BOARD).expect(filter);
        assert_eq!(followed(&BOARD, &new), *expected, "{filter}");
    }
}

#[test]
fn an_item_that_stays_as_it_was_in_a_list_that_moved_does_not_move() {
    let old = parse(r#"[{"a":{},"b":[[1,-9],1,-9]},{"t":3,"c":{"t":1},"d":"x","e":""}]"#).unwrap();
    let new = r#"[{"t":3,"c":{"t":1,"f":[[1,-9],1,-9],"c":{"a":[[1,-9],1,-9]}},"d":"x","e":""},
                  {"a":{},"b":[[1,-9],1,-9]}]"#;
    assert_eq!(followed(&old, &parse(new).unwrap()), [".[0].b → .[1].b"]);
}

#[test]
fn an_item_that_went_from_a_list_that_moved_is_made_anew_where_its_equal_stands() {
    let old = parse(r#"{"a":[[1,2],5,6]}"#).unwrap();
    let new = jq("{b: [[.a[0][]], 5, 6], n: .a[0]}", &old).unwrap();
    assert_eq!(followed(&old, &new), [".a → .b", ".a[0] → .n"]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn no_container_is_in_two_places(
        steps in prop::collection::vec((0usize..14, 0usize..12, 0usize..12), 1..5),
        rebuilt: bool,
    ) {
        let places = [
            ".a", ".b", ".c", ".a.b", ".c.k", ".c.k.deep", ".c.l", ".todo", ".todo[0]", ".todo[1]", ".done[0]", ".done",
        ];
        let filter: Vec<String> = steps.iter().map(|&(what, p, q)| {
            let (p, q) = (places[p], places[q]);
            match what {
                0 | 1 => format!("{q} = {p} | del({p})"),
                2 => format!("{q} = {p}"),
                3 | 4 => format!("{p} as $p | {p} = {q} | {q} = $p"),
                5 => format!("del({p})"),
                6 => format!("{p} = {{wrap: {p}}}"),
                7 => format!("{q} = ({p} | .x? = 7) | del({p})"),
                8 => String::from(".todo |= reverse"),
                9 => String::from(".todo |= map(.n = 1)"),
                10 => format!("{p} |= (.. |= .)"),
                11 => format!("{q} = {{in: {p}, and: {p}}} | del({p})"),
                12 => format!("{p}.n = [{q}]"),
                _ => format!("{q} = [{p}, {p}] | {p} = {q}[0]"),
            }
        }).collect();
        let filter: Vec<String> = filter.iter().map(|step| format!("(. as $all | try ({step}) catch $all)")).collect();
        if let Some(new) = jq(&filter.join(" | "), &BOARD) {
            // A number as a key is no JSON.
            let again = parse(&crate::value::text(&new)).ok().filter(|_| rebuilt);
            let new = again.unwrap_or(new);
            followed(&BOARD, &new);
            followed(&new, &BOARD);
        }
    }
}
