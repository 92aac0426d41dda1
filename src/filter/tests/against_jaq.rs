//! Comparison with jaq: random filters on random values give what they give on the value type that the interpreter
//! comes with, but for what is listed: there the language here is jq's, and jaq's is another.
//!
//! `PROPTEST_CASES` scales the number of cases (256 is the usual one).

mod oracle;

use super::random::{Case, bounded, count, outputs};
use super::*;
use oracle::Oracle;

/// The differences: a word or sign, what it does here, and an input and a filter that show it.
const OTHERWISE: &[(&str, &str, &str, &str)] = &[
    ("ltrimstr", "what is no string stays as it is", "1", r#"ltrimstr("a")"#),
    ("rtrimstr", "what is no string stays as it is", "1", r#"rtrimstr("a")"#),
    ("reverse", "strings are turned around", r#"["ab"]"#, "map(reverse)"),
    ("skip", "negative counts are errors", "null", "skip(-1; 1)"),
    ("nth", "negative counts are errors", "null", "nth(-2; 1)"),
    ("limit", "negative counts are errors", "null", "limit(-1; 1)"),
    ("range", "a step of 0 yields nothing", "null", "[limit(2; range(1; 2; 0))]"),
    ("flatten", "only arrays and objects can be", "1", "flatten"),
    ("contains", "another type is an error", "{}", "contains([])"),
    ("in", "another type is an error", "[]", "in([])"),
    ("abs", "only numbers have it", "[]", "abs"),
    ("pick", "takes items", "[1]", "pick(.[0])"),
    ("//", "errors to its left count as nothing", "1", "error // 2"),
    ("join", "only plain values can be", r#"[{}, 1]"#, r#"join("-")"#),
    ("infinite", "reads as the largest number", "null", "[infinite] | tojson"),
    ("from_entries", "keys may be missing, or no strings", r#"[{"a": 1}]"#, "from_entries"),
    ("with_entries", "arrays have entries", "[1]", "with_entries(.)"),
    ("path", "a slice has both bounds", "[1]", "path(.[1:])"),
    ("mktime", "counts whole seconds", "1.5", "gmtime | mktime"),
    ("match", "groups that did not take part are there", r#""a""#, r#"match("(a)|(b)")"#),
    ("combinations", "only arrays have them", r#"{"a": [1]}"#, "[combinations]"),
    ("del", "of all there is leaves null", "3", "del(.)"),
    ("inside", "another type is an error", "[]", "inside(null)"),
    ("has", "nothing is at an index below zero", "[1]", "has(-1)"),
    ("@base64d", "takes any value, as text", "1425599621", "@base64d"),
    ("*", "a string no times is empty", "null", r#""a" * 0"#),
    ("|=", "of all there is may leave null", "1", ". |= empty"),
    ("pow", "whole results are whole", "null", "pow(5; 2) | tojson"),
    ("fabs", "whole numbers stay exact", "9007199254740993", "fabs"),
    ("trunc", "whole numbers stay exact", "9007199254740993", "trunc"),
    ("@html", "writes ' as a number", r#""'""#, "@html"),
    ("capture", "groups that did not take part are there", r#""a""#, r#"capture("(?<x>a)|(?<y>b)")"#),
    ("indices", "of null are null", "null", r#"indices("a")"#),
    (":]", "a slice of null is null", "null", ".[1:]"),
    ("[:", "a slice of null is null", "null", ".[:1]"),
    ("[1:3]", "a slice of null is null", "null", ".[1:3]"),
    ("reduce", "an update that yields nothing leaves null", "1", "reduce (1, 2) as $v (.; empty)"),
];

/// The number of filters that are compiled together.
const BATCH: u64 = 100;

#[test]
fn random_filters_give_what_they_give_on_the_value_of_the_interpreter() {
    // jq recurses along values that are nested deeply.
    let thread = std::thread::Builder::new().stack_size(1 << 30).spawn(compare);
    thread.unwrap().join().unwrap();
}

fn compare() {
    // What takes long here would take long there.
    let (count, mut filters) = (count(), bounded());
    let mut compared = 0;
    for start in (1..=count).step_by(BATCH as usize) {
        let cases: Vec<Case> = (start..start + BATCH).map(Case::new).collect();
        let oracle = Oracle::new(cases.iter().map(|case| &*case.code));
        for (at, case) in cases.iter().enumerate() {
            if is_otherwise(&case.code) {
                continue;
            }
            if let Some(outputs) = outputs(&mut filters, case) {
                let theirs =
                    oracle.outputs(at, &case.input).unwrap_or_else(|error| panic!("{error}: {case}"));
                assert!(agree(&case.code, &outputs, &theirs), "{case}\n{outputs:?}\n{theirs:?}");
                compared += 1;
            }
        }
    }
    assert!(compared * 3 >= count, "{compared} of {count} filters were compared");
}

/// Tells whether a filter has something that is not the same there. Each case has one `limit` around it.
fn is_otherwise(code: &str) -> bool {
    let lexemes = lexemes(code);
    let mut words = lexemes.iter().map(|lexeme| &code[lexeme.span.clone()]);
    words.next();
    words.any(|word| OTHERWISE.iter().any(|(listed, ..)| *listed == word))
        || OTHERWISE.iter().any(|(listed, ..)| listed.contains(':') && code.contains(listed))
}

/// Tells whether outputs are the same. Whole results are whole here (`4`, not `4.0`). The right side of an operator
/// is asked first here: where it fails, it does not matter that the left one yields nothing.
fn agree(code: &str, ours: &[String], theirs: &[String]) -> bool {
    let whole = |outputs: &[String]| -> Vec<String> {
        outputs.iter().map(|text| text.replace(".0,", ",").replace(".0]", "]").replace(".0}", "}")).collect()
    };
    let (ours, theirs) = (whole(ours), whole(theirs));
    let ends = |text: &String| text.strip_suffix(".0").unwrap_or(text).to_owned();
    let failed = |outputs: &[String]| outputs == ["\"failed\""];
    let has_operator =
        || lexemes(code).iter().any(|lexeme| "+-*/%<=>=!".contains(&code[lexeme.span.clone()]));
    ours.iter().map(ends).eq(theirs.iter().map(ends))
        || (failed(&ours) || failed(&theirs) && ours.is_empty()) && has_operator()
}

#[test]
fn what_is_listed_differs() {
    let oracle = Oracle::new(OTHERWISE.iter().map(|(.., code)| *code));
    for (at, (word, what, input, code)) in OTHERWISE.iter().enumerate() {
        let case = Case { seed: 0, input: (*input).to_owned(), code: (*code).to_owned() };
        let filter = Filters::new().compile(&case.code, |_| false, Vec::new).unwrap();
        let ours = filter.run(val(&case.input), Vec::new()).ok();
        let ours = ours.map(|outputs| outputs.iter().map(ToString::to_string).collect::<Vec<_>>());
        assert!(ours != oracle.outputs(at, input).ok(), "{word} ({what}): {case}");
        assert!(is_otherwise(&format!("limit({code})")), "{case}");
    }
}
