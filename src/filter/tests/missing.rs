//! Updates of what is not there: in `null`, and past the end of an array.

use super::*;

fn fail(input: &str, code: &str, message: &str) {
    assert_eq!(run(input, code), Err(RunError::Failed(message.into())), "{code}");
}

#[test]
fn assignments_make_what_they_lead_to() {
    give("null", ".x = 1", r#"{"x":1}"#);
    give("{}", ".tags.urgent = true", r#"{"tags":{"urgent":true}}"#);
    give("{}", ".a.b += 1", r#"{"a":{"b":1}}"#);
    give("{}", ".a.b //= 3", r#"{"a":{"b":3}}"#);
    give("{}", ".a.b |= [.]", r#"{"a":{"b":[null]}}"#);
    give("{}", ".items += [2]", r#"{"items":[2]}"#);
    give("null", ".a[1].b[2] = 1", r#"{"a":[null,{"b":[null,null,1]}]}"#);
    give(r#"{"a":[{},null]}"#, ".a[].x += 1", r#"{"a":[{"x":1},{"x":1}]}"#);
    give("{}", ".a.b = null", r#"{"a":{"b":null}}"#);
    give("{}", r#".["a"]["b"].c = 1"#, r#"{"a":{"b":{"c":1}}}"#);
    give("{}", ".a?.b = 1", r#"{"a":{"b":1}}"#);
    give("{}", r#"setpath(["a", "b"]; 1), (getpath(["a", 1]) |= 7)"#, r#"{"a":{"b":1}} {"a":[null,7]}"#);
}

#[test]
fn arrays_grow() {
    give("[1]", ".[3] = 9", "[1,null,null,9]");
    give("null", ".[2] = 1", "[null,null,1]");
    give("{}", ".items[0] = 1", r#"{"items":[1]}"#);
    give("[[1]]", ".[0][2] = 1", "[[1,null,1]]");
    give("null", "[range(3)] | .[5] |= 1", "[0,1,2,null,null,1]");
    give("[]", "setpath([2]; 1)", "[null,null,1]");
    fail("[]", ".[1000001] = 1", "index 1000001 is too far past the end of the array");
    fail(
        "null",
        ".[9223372036854775807] = 1",
        "index 9223372036854775807 is too far past the end of the array",
    );
}

#[test]
fn keys_may_be_computed() {
    give("{}", r#""k" as $k | .a[$k].b = 1"#, r#"{"a":{"k":{"b":1}}}"#);
    give("{}", "2 as $i | .a[$i] = 1", r#"{"a":[null,null,1]}"#);
    give(r#"{"k":"x"}"#, ".[.k].y = 1", r#"{"k":"x","x":{"y":1}}"#);
    give(r#"{"k":"x"}"#, ".a[.k] = 1", r#"{"k":"x","a":{"x":1}}"#);
    give("{}", r#".["a", "b"].x = 1"#, r#"{"a":{"x":1},"b":{"x":1}}"#);
    give("null", r#"reduce ("a", "b", "a") as $x (.; .[$x] += 1)"#, r#"{"a":2,"b":1}"#);
    give("[]", r#"("k", 1) as $k | .[$k]? = 2"#, "[] [null,2]");
    give("[[1,2],[3]]", ".[1:2][0][0] = 4, (.[0], .[1]) |= empty", "[[1,2],[4]] []");
    give("[1]", "label $out | .[0] |= (., break $out)", "[1]");
    give("[[0],[1]]", "([0], {}) as $k | .[$k]? |= [2]", "[[0],[1]] [2]");
}

#[test]
fn paths_are_found_behind_other_words() {
    let made = r#"{"a":{"b":1}}"#;
    for code in [
        "(.a | .b) = 1",
        "((.a).b) = 1",
        "(if true then .a.b else .c end) = 1",
        r#"("b" as $x | .a[$x]) = 1"#,
        "(.x // .a.b) = 1",
        "(def f: 1; .a.b) = 1",
        "def f: .a.b = 1; f",
        "(def f: .a.b = 1; f)",
        "[1] | map(. as $x | {} | .a.b = $x) | .[0]",
        "reduce 1 as $x (.; .a.b = $x)",
        "foreach 1 as $x (.; .a.b = $x)",
        "{a: (.b = 1)}",
        "\"\\(.a.b = 1)\" | fromjson",
        "if (.a.b = 1) then .a.b = 1 else . end",
        "try (.a.b = 1) catch .",
        "[.a.b = 1] as [$x] | $x",
        "label $out | .a.b = 1",
    ] {
        give("{}", code, made);
    }
    give("{}", "(.a.b, .c[1]) = 1", r#"{"a":{"b":1},"c":[null,1]}"#);
}

#[test]
fn the_right_side_sees_the_input() {
    give("{}", ".a.b = (.a)", r#"{"a":{"b":null}}"#);
    give("{}", ".a.b = .", r#"{"a":{"b":{}}}"#);
    give("{}", ".a.b += (.a | length) + 1", r#"{"a":{"b":1}}"#);
    give("{}", ".a.b = (1, 2)", r#"{"a":{"b":1}} {"a":{"b":2}}"#);
    give("{}", "try (.a.b |= error(\"x\")) catch .", r#""x""#);
}

#[test]
fn deletions_make_nothing() {
    let rows = [
        ("null", "del(.a), del(.a.b), del(.[0]), del(.[-1])", "null null null null"),
        ("{}", "del(.a.b), del(.a | .b), del(.a[1].b)", "{} {} {}"),
        (r#"{"a":null}"#, "del(.a.b), del(.a.b.c)", r#"{"a":null} {"a":null}"#),
        ("[1]", "del(.[5]), del(.[-5]), del(.[3].a)", "[1] [1] [1]"),
        (r#"[null,{"a":1}]"#, "del(.[].a)", "[null,{}]"),
        ("{}", "(.a |= empty), (.a.b |= empty), (.a[]?.x |= empty)", "{} {} {}"),
        ("[1,2]", ".[5] |= empty", "[1,2]"),
        (r#"{"k":"x"}"#, "del(.[.k].y)", r#"{"k":"x"}"#),
        ("{}", r#"delpaths([["a", "b"]])"#, "{}"),
        ("[0,1,2]", "delpaths([[0], [1], [0]]), delpaths([[5], [0]])", "[2] [1,2]"),
    ];
    for (input, code, output) in rows {
        give(input, code, output);
    }
}

#[test]
fn what_has_no_keys_stays_an_error() {
    fail("null", ".[-1] = 1", "cannot use null as iterable (array or object)");
    fail("[1]", ".[-5] = 1", "index -5 out of bounds");
    fail(r#"{"a":5}"#, ".a.b = 1", "cannot use 5 as iterable (array or object)");
    fail(r#"{"a":5}"#, ".a[.k] = 1", "cannot index 5 with null");
    fail("null", ".[] = 1", "cannot use null as iterable (array or object)");
    fail("{}", ".a[].x = 1", "cannot use null as iterable (array or object)");
    give(r#"{"a":5}"#, ".a.b? = 1", r#"{"a":5}"#);
}

#[test]
fn long_paths_are_refused() {
    give("null", r#"setpath([range(1000) | "a"]; 1) | [recurse(.a?; . != null)] | length"#, "1001");
    fail("null", r#"setpath([range(2000) | "a"]; 1)"#, "the path is too long, the most is 1024 keys");
}
