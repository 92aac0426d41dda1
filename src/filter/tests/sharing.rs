//! Identity: where that of a value goes, and what stays one in memory; see [`val`](super::super::val).

use super::*;
use crate::value::{Identity, Origin};

/// Returns a document in which everything that can have an identity has one. Each row of the tests names a thing in
/// it by its path.
fn document() -> Val {
    const DOCUMENT: &str = r#"{
        "a": {"b": 0, "c": [1]},
        "s": {"t": [2]},
        "l": [[3], [1], [2]],
        "o": [{"id": 1, "n": "x"}, {"id": 2, "n": "y"}],
        "e": [],
        "f": {},
        "text": "abc",
        "none": "",
        "count": 5,
        "other": 7
    }"#;
    identified(val(DOCUMENT))
}

/// Returns the value as one of a document, in which everything that can have an identity has one.
pub(super) fn identified(value: Val) -> Val {
    let origin = Arc::new(Origin { document: "document".into(), actor: "actor".into() });
    known(value, &origin, &mut 0)
}

fn known(value: Val, origin: &Arc<Origin>, counter: &mut u64) -> Val {
    *counter += 1;
    let identity = Identity::new(Arc::clone(origin), *counter);
    let mut part = |value: Val| known(value, origin, counter);
    let value = match value.into_list().map_err(Val::into_map) {
        Ok(items) => items.into_iter().map(part).collect(),
        Err(Ok(entries)) => entries.into_iter().map(|(key, value)| (key, part(value))).collect(),
        Err(Err(scalar)) => scalar,
    };
    value.with_identity(Some(identity))
}

/// Returns what is at `path`.
fn at(value: &Val, path: &str) -> Val {
    filter(path).run_one(value.clone(), Vec::new()).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn output(code: &str) -> Val {
    at(&document(), code)
}

/// Verifies that, after `code`, what is at `after` is what was at `before`: the same thing, changed or not.
fn keeps(code: &str, before: &str, after: &str) {
    let (document, output) = (document(), output(code));
    let identity = at(&document, before).identity().cloned();
    assert!(identity.is_some(), "{before}");
    assert_eq!(at(&output, after).identity(), identity.as_ref(), "{code}: {output}");
}

/// Verifies the same, and that it is unchanged and still one in memory.
fn shares(code: &str, before: &str, after: &str) {
    let document = document();
    let output = at(&document, code);
    let (old, new) = (at(&document, before), at(&output, after));
    assert!(new.is_shared(&old), "{code}: {output}");
    assert!(old.identity().is_some() && new.identity() == old.identity(), "{code}: {output}");
}

/// Verifies that, after `code`, what is at `path` is new.
fn builds(code: &str, path: &str) {
    let output = output(code);
    assert_eq!(at(&output, path).identity(), None, "{code}: {output}");
}

#[test]
fn what_is_handed_on_keeps_its_identity_and_is_shared() {
    let rows = [
        (".", ".", "."),
        ("., empty", ".", "."),
        (".a", ".a", "."),
        (". as $x | $x", ".", "."),
        ("def f: .a; f", ".a", "."),
        ("def f($x): $x; f(.a)", ".a", "."),
        ("null + .a, empty", ".a", "."),
        (".a + null", ".a", "."),
        (".nothing // .a", ".a", "."),
        (".text | ltrimstr(\"x\")", ".text", "."),
        (".text | trim", ".text", "."),
        (".count | floor", ".count", "."),
        (".l[0] as $x | .a.b = $x", ".l[0]", ".a.b"),
        ("[.s, .a]", ".s", ".[0]"),
        ("[.text, .count]", ".text", ".[0]"),
        ("[.text, .count]", ".count", ".[1]"),
        ("{new: .s}", ".s", ".new"),
        ("{text}", ".text", ".text"),
        (".l | map(.)", ".l[0]", ".[0]"),
        (".l | .[1:]", ".l[2]", ".[1]"),
        (".l | sort", ".l[1]", ".[0]"),
        (".l | sort_by(.[0])", ".l[0]", ".[2]"),
        (".l | reverse", ".l[0]", ".[2]"),
        (".l | group_by(. == [1])", ".l[1]", ".[1][0]"),
        (".l | unique", ".l[2]", ".[1]"),
        (".l | min, empty", ".l[1]", "."),
        (".l | max_by(.[0])", ".l[0]", "."),
        (".l | first", ".l[0]", "."),
        (".o | map(select(.id == 2))", ".o[1]", ".[0]"),
        (".o | INDEX", ".o[1]", ".[\"2\"]"),
        ("to_entries", ".s", ".[1].value"),
        ("with_entries(.key += \"x\")", ".s", ".sx"),
        ("[.l[] | select(. != [1])]", ".l[2]", ".[1]"),
        ("[paths as $p | getpath($p)]", ".a", ".[0]"),
        ("[limit(1; .l[])]", ".l[0]", ".[0]"),
        ("reduce .l[] as $x ([]; . + [$x])", ".l[1]", ".[1]"),
    ];
    for (code, before, after) in rows {
        let code = code.replace("INDEX", "map({key: \"\\(.id)\", value: .}) | from_entries");
        shares(&code, before, after);
    }
}

#[test]
fn what_is_not_changed_is_shared() {
    let rows = [
        (".a.b = 1", ".s", ".s"),
        (".a.b = 1", ".a.c", ".a.c"),
        (".a.b |= . + 1", ".l", ".l"),
        (".a.c += [2]", ".s.t", ".s.t"),
        ("del(.a)", ".s", ".s"),
        ("del(.l[0])", ".l[2]", ".l[1]"),
        (".l |= sort", ".l[1]", ".l[0]"),
        (".l |= map(select(.[0] > 1))", ".l[2]", ".l[1]"),
        (".l[:1] = [[9], [8]]", ".l[1]", ".l[2]"),
        (".l[0:0] = [[9]]", ".l[0]", ".l[1]"),
        (".l += [[4]]", ".l[0]", ".l[0]"),
        ("{new: .s} + .", ".s", ".new"),
        ("def f: .a.b = 1; f", ".s", ".s"),
        (".a.new.x = 1", ".a.c", ".a.c"),
        (".l[5].x = 1", ".l[2]", ".l[2]"),
        (".l[.a.b] = 1", ".l[1]", ".l[1]"),
        ("setpath([\"a\", \"new\"]; 1)", ".s", ".s"),
        ("del(.a.x.y)", ".a.c", ".a.c"),
        (".a * {b: 1}", ".a.c", ".c"),
    ];
    for (code, before, after) in rows {
        shares(code, before, after);
    }
}

#[test]
fn an_update_without_effect_changes_nothing() {
    for code in [
        ".a |= .",
        ".s = .s",
        ".a.b |= .",
        ".count += 0",
        ".text += \"\"",
        ".text[0:1] |= .",
        ".l |= map_values(.)",
        ".l[] |= .",
        ".[] |= .",
        ".l[1:] |= .",
        ".l[1:1] = []",
        ".l += []",
        ".l -= []",
        ".l -= [7]",
        ".a += {}",
        ".a += {c: .a.c}",
        ". as {$a} | . * {a: {c: $a.c}}",
        ". + {text}",
        "walk(.)",
        ".. |= .",
        "del(.nothing)",
        "del(.l[7])",
        "del(.l[] | select(. == 7))",
        "(.o[] | select(.id == 7) | .n) = 1",
        "map_values(.)",
        "{} + .",
        "{} * .",
        "{a: 1} + .",
    ] {
        shares(code, ".", ".");
    }
    shares("[] + .l", ".l", ".");
    shares(".l + []", ".l", ".");
    shares(".text | \"\" + .", ".text", ".");
}

#[test]
fn an_update_keeps_the_identity_of_what_it_changes() {
    let rows = [
        (".a.b = 1", ".", "."),
        (".a.b = 1", ".a", ".a"),
        (".a.b |= . + 1", ".a", ".a"),
        (".a.b += 1", ".a", ".a"),
        (".a.b -= 1", ".a", ".a"),
        (".a.b *= 2", ".a", ".a"),
        (".a.b /= 2", ".a", ".a"),
        (".a.b %= 2", ".a", ".a"),
        (".a.z //= 2", ".a", ".a"),
        (".a.x.y = 1", ".a", ".a"),
        ("del(.a.b)", ".a", ".a"),
        ("del(.l[0])", ".l", ".l"),
        ("del(.l[0, 1])", ".l", ".l"),
        ("del(.l[1:])", ".l", ".l"),
        ("del(.l[])", ".l", ".l"),
        ("del(.l[] | select(. == [1]))", ".l", ".l"),
        ("delpaths([[\"l\", 0], [\"a\", \"b\"]])", ".l", ".l"),
        ("delpaths([[\"l\", 0], [\"a\", \"b\"]])", ".a", ".a"),
        ("setpath([\"a\", \"b\"]; 1)", ".a", ".a"),
        ("setpath([\"l\", 5]; 1)", ".l", ".l"),
        (".a | map_values(. == 0)", ".a", "."),
        (".l | map_values(.[0])", ".l", "."),
        (".l | map_values(., .)", ".l", "."),
        (".l | map_values(empty)", ".l", "."),
        (".l[] |= [9]", ".l", ".l"),
        (".l[0][0] = 9", ".l[0]", ".l[0]"),
        (".l[0:1] = [9, 9]", ".l", ".l"),
        (".l[0:1] |= map(9)", ".l", ".l"),
        (".l[{start: 0, end: 1}] = []", ".l", ".l"),
        (".l[7] = 9", ".l", ".l"),
        (".l += [9]", ".l", ".l"),
        (".l -= [[1]]", ".l", ".l"),
        (".a += {z: 9}", ".a", ".a"),
        (".a *= {z: 9}", ".a", ".a"),
        (". * {a: {z: 9}}", ".a", ".a"),
        (".text += \"d\"", ".text", ".text"),
        (".text |= \"d\" + .", ".text", ".text"),
        (".text[0:1] = \"d\"", ".text", ".text"),
        (".text[1:] |= ascii_upcase", ".text", ".text"),
        (".text[{start: 1}] = \"d\"", ".text", ".text"),
        (".count += 1", ".count", ".count"),
        (".count -= 1", ".count", ".count"),
        (".count |= 1 + .", ".count", ".count"),
        (".o[1].n = \"z\"", ".o[1]", ".o[1]"),
        ("(.o[] | select(.id == 2) | .n) = 9", ".o[1]", ".o[1]"),
        (".o |= map(.n += \"!\")", ".o[0]", ".o[0]"),
        (".o |= map_values(.n += \"!\")", ".o", ".o"),
        (".. |= (numbers += 1)", ".a.c", ".a.c"),
        ("walk(if type == \"number\" then . + 1 else . end)", ".s.t", ".s.t"),
        ("reduce range(3) as $i (.; .l[$i] = $i)", ".l", ".l"),
        ("to_entries[0].value.b = 1", ".a", ".[0].value"),
    ];
    for (code, before, after) in rows {
        let code = if code.starts_with("to_entries") { "to_entries | .[0].value.b = 1" } else { code };
        keeps(code, before, after);
    }
}

#[test]
fn sums_keep_the_identity_of_the_left_operand_or_else_of_the_right_one() {
    let rows = [
        (".l + [1]", ".l"),
        ("[1] + .l", ".l"),
        ("[1, 2, 3, 4, 5] + .l", ".l"),
        ("[] + .l", ".l"),
        (".l + .a.c", ".l"),
        (".e + .l", ".e"),
        (".l + .e", ".l"),
        (".l - [[1]]", ".l"),
        ("[[1], 2] - .l", ".l"),
        (".l - .e", ".l"),
        (".a + {x: 1}", ".a"),
        ("{x: 1} + .a", ".a"),
        ("{x: 1, y: 2, z: 3} + .a", ".a"),
        ("{b: 1} + .a", ".a"),
        (".a + .s", ".a"),
        (".f + .s", ".f"),
        (".s + .f", ".s"),
        (".a * {x: 1}", ".a"),
        ("{x: 1} * .a", ".a"),
        (".a * .s", ".a"),
        (".text + \"!\"", ".text"),
        ("\"!\" + .text", ".text"),
        ("\"\" + .text", ".text"),
        (".text + \"\"", ".text"),
        (".none + \"!\"", ".none"),
        ("\"!\" + .none", ".none"),
        (".text + .none", ".text"),
        (".none + .text", ".none"),
        (".count + 1", ".count"),
        ("1 + .count", ".count"),
        (".count - 1", ".count"),
        ("1 - .count", ".count"),
        ("[.l, [1], .e] | add", ".l"),
    ];
    for (code, operand) in rows {
        keeps(code, operand, ".");
    }
    // In a product of objects that both have, too.
    keeps("{a: {x: 1}} * .", ".a", ".a");
    keeps("{a: .s} * .", ".s", ".a");
}

#[test]
fn what_is_built_has_no_identity() {
    let rows = [
        (".count + .other", "."),
        (".count - .other", "."),
        (".count * 2", "."),
        ("-.count", "."),
        (".count / 1", "."),
        (".count % 3", "."),
        (".text * 2", "."),
        ("\"\\(.text)\"", "."),
        ("\"\\(.text)!\"", "."),
        ("\"!\\(.text)\"", "."),
        (".text | tostring", "."),
        (".text | @json \"\\(.)\"", "."),
        ("[.text, .text] | join(\", \")", "."),
        (".text | ascii_upcase", "."),
        (".text | ltrimstr(\"a\")", "."),
        (".text | .[1:]", "."),
        (".text | gsub(\"a\"; \"b\")", "."),
        (".text / \"b\"", ".[0]"),
        (".l | .[0:]", "."),
        (".l | .[0:3]", "."),
        (".l | map(.)", "."),
        (".l | sort", "."),
        (".l | reverse", "."),
        (".l | unique", "."),
        (".l | flatten", "."),
        (".a | with_entries(.)", "."),
        (".a | to_entries", "."),
        (".a | to_entries | from_entries", "."),
        (".a | keys", "."),
        (".a | tojson | fromjson", "."),
        ("{a, s}", "."),
        ("[.a]", "."),
        ("pick(.a.b)", "."),
        ("pick(.a.b)", ".a"),
        (".l |= map(.)", ".l"),
        (".a.x.y = 1", ".a.x"),
    ];
    for (code, path) in rows {
        builds(code, path);
    }
}

/// Verifies that parts of a value that nothing else holds are changed in place; the result is as if they were not.
#[test]
fn a_variable_does_not_change_with_what_was_taken_from_it() {
    give("{\"a\":{\"b\":[1]}}", ". as $x | .a.b[0] = 2 | [$x, .]", r#"[{"a":{"b":[1]}},{"a":{"b":[2]}}]"#);
    give("null", "{a: {b: [1]}} | .a.b[0] = 2 | .a.b += [3]", r#"{"a":{"b":[2,3]}}"#);
    give("null", "[[1], [2]] | .[0] as $x | .[0][0] = 3 | [., $x]", "[[[3],[2]],[1]]");
    give("null", "{a: {b: 1}} | (.a, .a) |= (.b += 1)", r#"{"a":{"b":3}}"#);
    give("null", "{a: {b: 1}} | try (.a |= error(\"x\")) catch .", r#""x""#);
    give("null", "{a: {b: 1}} | .a |= empty", "{}");
}

#[test]
fn a_list_that_is_a_sum_is_what_it_would_be_without_identities() {
    let document = document();
    for (code, plain) in [
        ("[1, 2] + .l", "[1,2,[3],[1],[2]]"),
        ("{x: 1, b: 5} + .a", r#"{"x":1,"b":0,"c":[1]}"#),
        ("{c: 1, x: 2} + .a + {b: 7}", r#"{"c":[1],"x":2,"b":7}"#),
        ("{b: 1} + .a", r#"{"b":0,"c":[1]}"#),
        ("{c: 1} + .a", r#"{"c":[1],"b":0}"#),
        ("[[1], 4, [2], 5] - .l", "[4,5]"),
    ] {
        assert_eq!(at(&document, code).to_string(), plain, "{code}");
    }
}
