//! Filters from their text to their outputs.
#![cfg_attr(test, allow(clippy::unwrap_used))]

use std::sync::Arc;

use super::*;
use crate::value::{Val, parse};

mod against_jaq;
mod errors;
mod hostile;
mod missing;
mod random;
mod sharing;
mod stopped;

fn val(json: &str) -> Val {
    parse(json).unwrap()
}

fn compile(code: &str) -> Result<Arc<Filter>, CompileError> {
    Filters::new().compile(code, |_| false, Vec::new)
}

fn filter(code: &str) -> Arc<Filter> {
    compile(code).unwrap_or_else(|error| panic!("{code}: {error:?}"))
}

fn run(input: &str, code: &str) -> Result<Vec<Val>, RunError> {
    filter(code).run(val(input), Vec::new())
}

fn text(outputs: &[Val]) -> String {
    outputs.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
}

fn give(input: &str, code: &str, output: &str) {
    let outputs = run(input, code).unwrap_or_else(|error| panic!("{code}: {error}"));
    assert_eq!(text(&outputs), output, "{code}");
}

#[test]
fn filters_give_outputs() {
    give("null", ".", "null");
    give(r#"{"a":{"b":1}}"#, ".a.b", "1");
    give(r#"{"items":[1]}"#, ".items += [2]", r#"{"items":[1,2]}"#);
    give("[1,2,3]", ".[]", "1 2 3");
    give("[1,2,3]", "map(select(. != 2))", "[1,3]");
    give("[3,1,2]", "sort_by(-.)", "[3,2,1]");
    give("[1,[2]]", "flatten", "[1,2]");
    give(r#"{"a":1}"#, "with_entries(.value += 1)", r#"{"a":2}"#);
    give(r#"{"b":1,"a":2}"#, "keys, to_entries[0].key", r#"["a","b"] "b""#);
    give("null", "empty", "");
    give("null", r#""a\(1 + 1)b", @json "x\([1])", @base64 "\("hi")""#, r#""a2b" "x[1]" "aGk=""#);
    give(r#""a1b22""#, r#"[scan("[0-9]+")], gsub("[0-9]"; "_")"#, r#"["1","22"] "a_b__""#);
    give("null", "def f(x): x + 1; f(f(1))", "3");
    give("null", "def f($a; $b): $a - $b; f(5; 3)", "2");
    give("5", "def fac: if . < 2 then 1 else . * (. - 1 | fac) end; fac", "120");
    give("null", "{def: 1, main: 2} | .def, .main", "1 2");
    give("null", "def main: 1; def main_: 2; main + main_", "3");
    give("null", "[limit(3; repeat(1))], [recurse(1 | select(false))]", "[1,1,1] [null]");
    give("null", "reduce range(5) as $i (0; . + $i), [foreach (1, 2) as $i (0; . + $i)]", "10 [1,3]");
    give(
        "0",
        "strftime(\"%Y\"), todate, (\"1970-01-02T00:00:00Z\" | fromdate)",
        r#""1970" "1970-01-01T00:00:00Z" 86400"#,
    );
    give("null", r##""# no comment" # a comment"##, r##""# no comment""##);
    give("null", r#""[2,\"three\"]" | fromjson"#, r#"[2,"three"]"#);
    give("null", r#"try ("1 2" | fromjson) catch "bad""#, r#""bad""#);
    give("null", r#"try ("[1,]" | fromjson) catch "bad""#, r#""bad""#);
    give("null", "[paths], [.. |= 1], (try error(\"x\") catch .)", r#"[] [1] "x""#);
    give(r#"{"a":[1]}"#, "def f: .a; path(f), (f |= 2), [paths]", r#"["a"] {"a":2} [["a"],["a",0]]"#);
    give("null", "label $out | 1, break $out, 2", "1");
}

#[test]
fn a_filter_that_runs_again_reads_the_variables_in_its_paths_again() {
    let filter =
        Filters::new().compile(".a[$k].b += 1 | .c[0] |= . + $k", |_| true, || vec!["k".into()]).unwrap();
    assert_eq!(filter.vars(), ["k"]);
    for (k, output) in [("x", r#"{"a":{"x":{"b":1}},"c":["x"]}"#), ("y", r#"{"a":{"y":{"b":1}},"c":["y"]}"#)]
    {
        assert_eq!(text(&filter.run(Val::NULL, vec![k.into()]).unwrap()), output);
    }
}

#[test]
fn local_definitions_go_before_natives_and_what_is_denied() {
    give("null", "def env: 1; def now: 2; [env, now]", "[1,2]");
    give("{}", "def not: 1; def empty: 2; def del(f): f + 1; [not, empty, del(3)]", "[1,2,4]");
    give("null", "[1] as [$ENV] | $ENV", "1");
}

#[test]
fn errors_at_run_time() {
    let rows = [
        ("error(\"no\")", "no"),
        ("error({a: 1})", r#"{"a":1}"#),
        ("error", "null"),
        ("1 + {}", "cannot calculate 1 + {}"),
        ("1, 2, error(\"late\")", "late"),
        ("[1] | .a", "cannot index [1] with \"a\""),
    ];
    for (code, message) in rows {
        let error = run("null", code).unwrap_err();
        assert_eq!(error, RunError::Failed(message.into()), "{code}");
    }
    let long = run("null", "[range(100000)] | .a").unwrap_err().to_string();
    assert!(long.starts_with("cannot index [0,1,2,") && long.ends_with(",99999] with \"a\""));
    assert!(long.chars().count() < 300 && long.contains('…'), "{long}");
}

#[test]
fn what_is_no_path_is_told_apart_from_other_errors() {
    let told = run("null", "1 as $x | $x = 2").unwrap_err();
    assert_eq!(told, RunError::NotAPath("invalid path expression with input 1".into()));
    let raised = run("null", r#"error("invalid path expression with input 1")"#).unwrap_err();
    assert_eq!(raised, RunError::Failed("invalid path expression with input 1".into()));
}

#[test]
fn one_output() {
    let one = |code: &str| filter(code).run_one(Val::NULL, Vec::new());
    assert_eq!(one("1"), Ok(val("1")));
    assert_eq!(one("empty"), Err(RunError::None));
    assert_eq!(one("1, 2"), Err(RunError::Several));
    // What comes after the second output is not computed.
    assert_eq!(one("1, 2, error(\"late\")"), Err(RunError::Several));
    assert_eq!(one("range(0; infinite)"), Err(RunError::Several));
    assert_eq!(one("1, error(\"x\")"), Err(RunError::Failed("x".into())));
}

#[test]
fn builtins_are_sorted_and_callable() {
    let names: Vec<(&str, usize)> = builtins().collect();
    assert!(names.is_sorted() && names.windows(2).all(|pair| pair[0] != pair[1]));
    for (name, arity) in names {
        let arguments = if arity == 0 { String::new() } else { format!("({})", vec!["."; arity].join("; ")) };
        filter(&format!("{name}{arguments}"));
    }
}

#[test]
fn texts_that_need_more() {
    let open = [
        "(",
        "[1, ",
        "{a: ",
        "\"abc",
        "\"a\\(",
        "\"a\\(1",
        "\"\\",
        ". | map(",
        "( # comment",
        "[\"]\"",
        "# c\n(",
    ];
    for code in open {
        assert!(needs_more(code), "{code}");
    }
    let complete =
        ["", "# (", ".", "(1)", ". |", "(]", "(&", "\"\\x", "1)", "1 2", "\"(\"", "# \"", "$", "é"];
    for code in complete {
        assert!(!needs_more(code), "{code}");
    }
}

#[test]
fn variables() {
    let mut filters = Filters::new();
    let mut compile =
        |code: &str| filters.compile(code, |name| ["a", "b", "c"].contains(&name), Vec::new).unwrap();
    let rows: [(&str, &[&str], &str); 8] = [
        ("1", &[], "1"),
        ("$b - $a", &["a", "b"], "1"),
        ("[$c, $a]", &["a", "c"], "[3,1]"),
        (r#""\($b) \("\($c)")""#, &["b", "c"], r#""2 3""#),
        ("[{$a, b: [$b]}]", &["a", "b"], r#"[{"a":1,"b":[2]}]"#),
        ("5 as $a | $a", &["a"], "5"),
        ("$a, (6 as $a | $a), $a", &["a"], "1 6 1"),
        ("def f: $a + $b; 7 as $a | def g: $a; [f, g]", &["a", "b"], "[3,7]"),
    ];
    for (code, vars, output) in rows {
        let filter = compile(code);
        assert_eq!(filter.vars(), vars, "{code}");
        let value = |name: &String| match name.as_str() {
            "a" => val("1"),
            "b" => val("2"),
            _ => val("3"),
        };
        let values: Vec<Val> = filter.vars().iter().map(value).collect();
        assert_eq!(text(&filter.run(Val::NULL, values).unwrap()), output, "{code}");
    }
    let missing = compile("$a").run(Val::NULL, Vec::new());
    assert_eq!(missing, Err(RunError::Variables { wanted: 1, given: 0 }));
}

#[test]
fn what_was_compiled_is_kept() {
    let mut filters = Filters::new();
    let first = filters.compile("5 as $x | [$x]", |_| false, Vec::new).unwrap();
    let again = filters.compile("5 as $x | [$x]", |_| false, Vec::new).unwrap();
    assert!(Arc::ptr_eq(&first, &again));
    // A variable that exists now is another filter, and the old one comes back without it.
    let global = filters.compile("5 as $x | [$x]", |_| true, Vec::new).unwrap();
    assert_eq!((first.vars(), global.vars()), (&[][..], &["x".to_owned()][..]));
    assert_eq!(text(&global.run(Val::NULL, vec![val("1")]).unwrap()), "[5]");
    let without = filters.compile("5 as $x | [$x]", |_| false, Vec::new).unwrap();
    assert!(Arc::ptr_eq(&first, &without));
    // Whether a variable exists decides each time whether the text is a filter.
    assert!(filters.compile("$y", |_| false, Vec::new).is_err());
    assert!(filters.compile("$y", |_| true, Vec::new).is_ok());
    assert!(filters.compile("$y", |_| false, Vec::new).is_err());
}

#[test]
fn what_is_kept_is_bounded() {
    let mut filters = Filters::new();
    for n in 0..3 * KEPT {
        filters.compile(&n.to_string(), |_| false, Vec::new).unwrap();
        assert!(filters.count <= KEPT && filters.kept.len() <= KEPT);
    }
}
