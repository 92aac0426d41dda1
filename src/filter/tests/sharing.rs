//! What a filter does not change stays the same container, not only an equal one.

use super::*;

/// The container at `path`: keys and positions.
fn at(value: &Val, path: &str) -> Val {
    filter(path).run_one(value.clone(), Vec::new()).unwrap()
}

fn same(a: &Val, b: &Val) -> bool {
    match (a, b) {
        (Val::Arr(a), Val::Arr(b)) => Arc::ptr_eq(a, b),
        (Val::Obj(a), Val::Obj(b)) => Arc::ptr_eq(a, b),
        _ => false,
    }
}

/// After `code`, what was at `before` is the same container at `after`.
fn keeps(input: &str, code: &str, before: &str, after: &str) {
    let input = val(input);
    let output = filter(code).run_one(input.clone(), Vec::new()).unwrap();
    assert!(same(&at(&input, before), &at(&output, after)), "{code}: {output}");
}

#[test]
fn untouched_containers_are_shared() {
    let tree = r#"{"a":{"b":0,"c":[1]},"s":{"t":[2]},"l":[[3],[1],[2]]}"#;
    keeps(tree, ".a.b = 1", ".s", ".s");
    keeps(tree, ".a.b = 1", ".a.c", ".a.c");
    keeps(tree, ".a.b |= . + 1", ".l", ".l");
    keeps(tree, ".a.c += [2]", ".s.t", ".s.t");
    keeps(tree, "del(.a)", ".s", ".s");
    keeps(tree, "del(.l[0])", ".l[2]", ".l[1]");
    keeps(tree, ".l |= sort_by(.[0])", ".l[0]", ".l[2]");
    keeps(tree, ".l |= sort", ".l[1]", ".l[0]");
    keeps(tree, ".l | map(.)", ".l[0]", ".[0]");
    keeps(tree, ".l |= map(select(.[0] > 1))", ".l[2]", ".l[1]");
    keeps(tree, ".l[1:]", ".l[2]", ".[1]");
    keeps(tree, ".l[:1] = [[9], [8]]", ".l[1]", ".l[2]");
    keeps(tree, ".l += [[4]]", ".l[0]", ".l[0]");
    keeps(tree, ".l |= reverse", ".l[0]", ".l[2]");
    keeps(tree, "[.s, .a]", ".s", ".[0]");
    keeps(tree, "{new: .s} + .", ".s", ".new");
    keeps(tree, "to_entries", ".s", ".[1].value");
    keeps(tree, "with_entries(.key += \"x\")", ".s", ".sx");
    keeps(tree, "def f: .a.b = 1; f", ".s", ".s");
    keeps(tree, ".l[0] as $x | .a.b = $x", ".l[0]", ".a.b");
    keeps(tree, ".a.new.x = 1", ".a.c", ".a.c");
    keeps(tree, ".a.new.x = 1", ".l", ".l");
    keeps(tree, ".l[5].x = 1", ".l[2]", ".l[2]");
    keeps(tree, ".l[.a.b] = 1", ".l[1]", ".l[1]");
    keeps(tree, "setpath([\"a\", \"new\"]; 1)", ".s", ".s");
    keeps(tree, "del(.a.x.y)", ".a.c", ".a.c");
}

#[test]
fn the_identity_shares_everything() {
    keeps("[1]", ".", ".", ".");
    keeps("{\"a\":1}", "., empty", ".", ".");
}
