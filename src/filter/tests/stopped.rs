//! Filters that do not end by themselves, or take more than there is.

use core::time::Duration;
use std::sync::mpsc;
use std::thread;

use super::*;

const TIME: Duration = Duration::from_millis(30);
const MEMORY: u64 = 8 << 20;

/// Filters that go on for ever without growing.
const ENDLESS: &[&str] = &[
    "def f: f; f",
    "repeat(.) | empty",
    "last(range(infinite))",
    "first(range(infinite) | select(. < 0))",
    "skip(1e12; range(infinite))",
    "reduce range(infinite) as $i (0; $i)",
    "foreach range(infinite) as $i (0; .; empty)",
    "until(false; .)",
    "while(true; .) | empty",
    "recurse(.) | empty",
    "limit(1e12; repeat(1)) | empty",
    "isempty(range(infinite) | empty)",
    "all(range(infinite); true)",
    "label $out | range(infinite) | if . < 0 then break $out else empty end",
    "[range(1000)] | .[] as $a | .[] as $b | .[] as $c | .[] as $d | empty",
    "[range(1000)] | [.[] + .[] + .[] + .[]] | length",
    "[range(30)] | [range(20) as $i | .] | combinations | empty",
    "reduce range(60) as $i (0; [., .]) | .. | empty",
    "[reduce range(60) as $i (0; [., .]) | ..] | length",
    "reduce range(60) as $i (0; [., .]) | flatten | length",
    "try (def f: f; f) catch 1",
    "(def f: f; f)?",
    "(def f: f; f) // 1",
    "[limit(1e12; repeat(1) | empty)]",
    "path(repeat(.)) | empty",
    "last(repeat(.))",
    "[1] | .[0 | repeat(0)] |= .",
    "(repeat(.)) |= 1",
    "(def f: f; f) |= 1",
    "del(repeat(.) | empty)",
    // Lists that are long and take little.
    "reduce range(28) as $i ([1]; . + .) | .[] += 1 | length",
    "reduce range(28) as $i ([1]; . + .) | . - [2] | length",
    "reduce range(28) as $i ([1]; . + .) | indices(2) | length",
    "reduce range(28) as $i ([1]; . + .) | indices([1, 2]) | length",
    "reduce range(28) as $i ([1]; . + .) | tojson | length",
];

/// Filters that grow for ever, or far beyond what there is.
const GREEDY: &[&str] = &[
    "[range(infinite)]",
    "[repeat(1)]",
    "[limit(1e9; repeat(1))]",
    "[recurse(. + 1)] | length",
    "reduce range(infinite) as $i ([]; . + [$i])",
    "reduce range(infinite) as $i ({}; .[\"\\($i)\"] = $i)",
    "reduce range(60) as $i (\"x\"; . + .)",
    "reduce range(60) as $i (\"x\"; . += .)",
    "reduce range(60) as $i (\"x\"; \"\\(.)\\(.)\")",
    "reduce range(60) as $i ([1]; . + .)",
    "reduce range(60) as $i ([1]; .[0:0] = .)",
    "reduce range(60) as $i ([1]; [.[], .[]])",
    "reduce range(18) as $i ([1]; . + .) | [.[] | 0]",
    "reduce range(60) as $i (\"\\\"\"; tojson)",
    "reduce range(60) as $i ({}; {a: ., b: .})",
    "reduce range(60) as $i (0; [., .])",
    "reduce range(60) as $i (0; [., .]) | tojson | length",
    "reduce range(60) as $i (0; [., .]) | tostring | length",
    "reduce range(60) as $i (0; [., .]) | @text \"\\(.)\" | length",
    "reduce range(60) as $i (0; [., .]) | @base64 | length",
    "\"x\" * 10000000",
    "\"x\" * 1000000 | explode",
    "\"x\" * 1000000 | . / \"\"",
    "\"x\" * 1000000 | split(\"\")",
    "\"x\" * 1000000 | [splits(\"\")]",
    "\"x\" * 1000000 | [match(\"\"; \"g\")]",
    "\"x\" * 1000000 | gsub(\"x\"; \"yyyyyyyyyyyyyyyyyyyyyyyyy\")",
    "\"x\" * 10000 | [limit(100000; gsub(\"x\"; \"y\" | repeat(.)))]",
    "\"x\" * 1000000 | [limit(1000; repeat(.))]",
    "\"x\" * 1000000 as $x | [$x, $x] | until(false; . + .)",
];

fn under(limits: Limits, code: &str) -> Result<Vec<Val>, RunError> {
    let mut filters = Filters::new();
    filters.set_limits(limits);
    let filter = filters.compile(code, |_| false, Vec::new).unwrap_or_else(|error| panic!("{code}: {error}"));
    filter.run(Val::NULL, Vec::new())
}

fn stopped(cause: Cause) -> Result<Vec<Val>, RunError> {
    Err(RunError::Stopped(cause))
}

#[test]
fn what_does_not_end_comes_to_the_limit_of_time() {
    for code in ENDLESS {
        assert_eq!(
            under(Limits { time: Some(TIME), memory: None }, code),
            stopped(Cause::Time(TIME)),
            "{code}"
        );
    }
}

#[test]
fn what_grows_comes_to_the_limit_of_memory() {
    let limits = Limits { time: None, memory: Some(MEMORY) };
    for code in GREEDY {
        assert_eq!(under(limits, code), stopped(Cause::Memory(MEMORY)), "{code}");
    }
}

#[test]
fn what_came_to_the_limit_of_memory_leaves_nothing_behind() {
    let mut filters = Filters::new();
    filters.set_limits(Limits { time: None, memory: Some(MEMORY) });
    let greedy = filters.compile("[range(infinite)]", |_| false, Vec::new).unwrap();
    let short = filters.compile("1", |_| false, Vec::new).unwrap();
    for _ in 0..3 {
        assert_eq!(greedy.run(Val::NULL, Vec::new()), stopped(Cause::Memory(MEMORY)));
        assert!(!filters.interrupt().is_raised());
        assert_eq!(short.run_one(Val::NULL, Vec::new()), Ok(val("1")));
        // Long enough for whoever looks after it to fall asleep.
        thread::sleep(Duration::from_millis(150));
    }
    // Other limits hold for the next run.
    filters.set_limits(Limits { time: None, memory: Some(2 * MEMORY) });
    assert_eq!(greedy.run(Val::NULL, Vec::new()), stopped(Cause::Memory(2 * MEMORY)));
}

#[test]
fn several_can_run_at_a_time_under_a_limit_of_memory() {
    let mut filters = Filters::new();
    filters.set_limits(Limits { time: None, memory: Some(1 << 30) });
    let endless = filters.compile("def f: f; f", |_| false, Vec::new).unwrap();
    let short = filters.compile("1", |_| false, Vec::new).unwrap();
    let runs = thread::spawn(move || endless.run(Val::NULL, Vec::new()));
    for _ in 0..50 {
        assert_eq!(short.run_one(Val::NULL, Vec::new()), Ok(val("1")));
        thread::sleep(Duration::from_millis(1));
    }
    filters.interrupt().raise();
    assert_eq!(runs.join().unwrap(), stopped(Cause::Interrupt));
}

#[test]
fn what_is_interrupted_stops_with_and_without_limits() {
    let long = Duration::from_secs(600);
    let memory = Limits { time: None, memory: Some(1 << 30) };
    for limits in [Limits::default(), Limits { time: Some(long), memory: None }, memory] {
        let mut filters = Filters::new();
        filters.set_limits(limits);
        let endless = filters.compile("def f: f; f", |_| false, Vec::new).unwrap();
        let short = filters.compile("1", |_| false, Vec::new).unwrap();
        let interrupt = filters.interrupt();
        let (answer, answers) = mpsc::channel();
        thread::spawn(move || answer.send(endless.run(Val::NULL, Vec::new())));
        assert!(answers.recv_timeout(TIME).is_err(), "it runs until it is interrupted");
        interrupt.raise();
        assert_eq!(answers.recv_timeout(Duration::from_secs(20)), Ok(stopped(Cause::Interrupt)));
        // The interruption is over with it.
        assert!(!interrupt.is_raised());
        assert_eq!(short.run_one(Val::NULL, Vec::new()), Ok(val("1")));
    }
}

/// Single steps of the interpreter that take for ever: small values in them read as huge ones.
const LONG_STEPS: &[&str] = &[
    "[big] == [big]",
    "{a: big} == {a: big}",
    "[big] < [big, 0]",
    "[[big], [big]] | sort",
    "[[big], [big]] | unique",
    "[[big], [big], [big]] | index([[big]])",
    "[big] | contains([big])",
    "[big] | tojson",
    "[big] | tostring",
    "\"\\([big])\"",
    "[big] | @text",
    "[big] - [big]",
    "[[big]] | bsearch([big])",
    "[big] | flatten",
];

#[test]
fn a_single_long_step_comes_to_its_limit_too() {
    let limits = Limits { time: Some(TIME), memory: None };
    let mut filters = Filters::new();
    filters.set_limits(limits);
    for step in LONG_STEPS {
        let code = format!("def big: reduce range(32) as $i (0; [., .]); {step}");
        let endless = filters.compile(&code, |_| false, Vec::new).unwrap();
        assert_eq!(endless.run(Val::NULL, Vec::new()), stopped(Cause::Time(TIME)), "{step}");
    }
    // Others run as before.
    let short = filters.compile("1", |_| false, Vec::new).unwrap();
    assert_eq!(short.run_one(Val::NULL, Vec::new()), Ok(val("1")));
}

#[test]
fn each_of_several_runs_at_a_time_has_its_own_limit_of_time() {
    let mut filters = Filters::new();
    filters.set_limits(Limits { time: Some(TIME), memory: None });
    let endless = filters.compile("def f: f; f", |_| false, Vec::new).unwrap();
    let short = filters.compile("1", |_| false, Vec::new).unwrap();
    let runs = thread::spawn(move || endless.run(Val::NULL, Vec::new()));
    while !runs.is_finished() {
        assert_eq!(short.run_one(Val::NULL, Vec::new()), Ok(val("1")));
    }
    assert_eq!(runs.join().unwrap(), stopped(Cause::Time(TIME)));
}

#[test]
fn values_that_nest_without_end_are_an_error() {
    let rows = [
        "reduce range(infinite) as $i (0; [.])",
        "reduce range(infinite) as $i (0; {a: .})",
        "reduce range(infinite) as $i (0; [1, .])",
        "def f: [.] | f; f",
        "last(recurse([.]))",
        "until(false; {a: [1, .]})",
        "reduce range(infinite) as $i (null; . as $x | {} | .a.b = $x)",
    ];
    for code in rows {
        let outcome = run("null", code);
        assert_eq!(outcome, Err(RunError::Failed("the filter nests values too deeply".into())), "{code}");
    }
    give("null", "reduce range(5000) as $i (0; [.]) | [recurse(.[]?)] | length", "5001");
}

#[test]
fn what_is_too_long_is_an_error_without_limits() {
    let rows = [
        ("\"x\" * 10000000000", "the repeated string would have more than 1073741824 bytes"),
        ("\"xy\" * 1e30 | length", "the repeated string would have more than 1073741824 bytes"),
        ("\"x\" * 100000000000000000000", "the repeated string would have more than 1073741824 bytes"),
        ("reduce range(60) as $i ([1]; . + .) | length", "the array would have more than 268435456 items"),
        (
            "reduce range(60) as $i ([1]; .[0:0] = .) | length",
            "the array would have more than 268435456 items",
        ),
        ("reduce range(60) as $i (3; . * .)", "the product would have more than 4194304 bits"),
        (".[10000000000] = 1", "index 10000000000 is too far past the end of the array"),
        ("setpath([1000000000]; 1)", "index 1000000000 is too far past the end of the array"),
    ];
    for (code, message) in rows {
        assert_eq!(run("null", code), Err(RunError::Failed(message.into())), "{code}");
    }
    let huge = run("null", "reduce range(60) as $i (0; [., .]) | .a").unwrap_err().to_string();
    assert!(huge.starts_with("cannot index [[[") && huge.chars().count() < 300, "{huge}");
}

#[test]
fn operators_give_what_they_give_in_jq() {
    give("null", "[(1, 2) * (3, 4)], [(8, 6) / (2, 1)]", "[3,6,4,8] [4,3,8,6]");
    give("null", r#""ab" * 2, 2 * "ab", "ab" * 0, "ab" * -1, "" * 5"#, r#""abab" "abab" "" null """#);
    give("null", r#"{a: {b: 1}} * {a: {c: 2}}, "a,b" / ",""#, r#"{"a":{"b":1,"c":2}} ["a","b"]"#);
    give(r#"{"n":3,"s":"a b"}"#, r#".n *= 2 | .s /= " ""#, r#"{"n":6,"s":["a","b"]}"#);
    give(r#"{"n":3}"#, ".n *= .n, (.n *= (1, 2)), (.n /= 2)", r#"{"n":9} {"n":3} {"n":6} {"n":1.5}"#);
    give(
        "null",
        "[range(3)], [range(1; 3)], [range(5; 0; -2)], [range(0; 1; 0.5)]",
        "[0,1,2] [1,2] [5,3,1] [0,0.5]",
    );
    give("null", "[limit(3; range(0; 5; 0))], [range(3; 3; 0)], [range(2; 1)]", "[] [] []");
    give("null", "[limit(2; range(0; 1; \"a\"))]?, 7", "7");
    give(
        "[1,[2]]",
        "[..], [path(..)], (.. |= .), [.. | numbers]",
        "[[1,[2]],1,[2],2] [[],[0],[1],[1,0]] [1,[2]] [1,2]",
    );
}
