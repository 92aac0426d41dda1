//! Texts that are JSON and texts that are not.

use proptest::prelude::*;

use super::*;
use crate::value::{Path, from_serde, same, text};

#[test]
fn numbers_survive() {
    let long = "1234567890".repeat(4);
    for text in ["1", "1.0", "-2.50", "1e400", "1E+5", "-0", "-0.0", "0", "1e-7", long.as_str()] {
        assert_eq!(parse(text).unwrap().to_string(), text);
    }
}

#[test]
fn values_are_read_as_they_are_printed() {
    let rows = [
        ("null", "null"),
        (" \t\r\ntrue ", "true"),
        ("[ ]", "[]"),
        ("{ }", "{}"),
        ("[ 1 , [ ] , { } , [ [ false ] ] ]", "[1,[],{},[[false]]]"),
        (
            r#" { "a" : { "b" : [ null , { "c" : "d" } ] } , "" : 1 } "#,
            r#"{"a":{"b":[null,{"c":"d"}]},"":1}"#,
        ),
        // The last value counts, in the place of the first.
        (r#"{"a":1,"b":2,"a":{"a":3}}"#, r#"{"a":{"a":3},"b":2}"#),
        (r#"{"\u0061":1,"a":2}"#, r#"{"a":2}"#),
        (r#""\"\\\/\b\f\n\r\t""#, r#""\"\\/\b\f\n\r\t""#),
        (r#""\u00e9\u65E5\ud83d\uDE00 é日😀""#, r#""é日😀 é日😀""#),
        (r#""\u0000\ufffe\uffff""#, "\"\\u0000\u{fffe}\u{ffff}\""),
        ("\"\u{7f}\"", r#""\u007f""#),
    ];
    for (json, printed) in rows {
        assert_eq!(text(&parse(json).unwrap()), printed, "{json}");
    }
}

#[test]
fn keys_are_one_in_memory() {
    let value = parse(r#"[{"key": 1, "other": {"key": 2}}, {"k\u0065y": 3}]"#).unwrap();
    let key = |path: &str| {
        let part = path.parse::<Path>().unwrap().get(&value).unwrap();
        part.as_map().unwrap().get_entry("key").unwrap().0.clone()
    };
    assert!(key(".[0]").is_shared(&key(".[0].other")));
    assert!(key(".[0]").is_shared(&key(".[1]")));
}

#[test]
fn errors_name_the_place() {
    let rows = [
        ("", "not JSON, byte offset 0: expected a value, found the end"),
        ("  {", "not JSON, byte offset 3: expected a key or `}`, found the end"),
        ("[1,]", "not JSON, byte offset 3: expected a value, found `]`"),
        ("[1 2]", "not JSON, byte offset 3: expected `,` or `]`, found `2`"),
        ("[1", "not JSON, byte offset 2: expected `,` or `]`, found the end"),
        ("[1}", "not JSON, byte offset 2: expected `,` or `]`, found `}`"),
        ("{\"a\":1,}", "not JSON, byte offset 7: expected a key, found `}`"),
        ("{\"a\" 1}", "not JSON, byte offset 5: expected `:`, found `1`"),
        ("{\"a\":1 \"b\":2}", "not JSON, byte offset 7: expected `,` or `}`, found `\"`"),
        ("{1:2}", "not JSON, byte offset 1: expected a key or `}`, found `1`"),
        ("nul", "not JSON, byte offset 0: expected a value, found `n`"),
        ("nulls", "not JSON, byte offset 4: expected the end, found `s`"),
        ("1 2", "not JSON, byte offset 2: expected the end, found `2`"),
        ("NaN", "not JSON, byte offset 0: expected a value, found `N`"),
        ("ä", "not JSON, byte offset 0: expected a value, found `ä`"),
        ("\"", "not JSON, byte offset 1: expected `\"`, found the end"),
        ("\"\\", "not JSON, byte offset 2: expected one of `\"\\/bfnrtu`, found the end"),
        ("\"\\é\"", "not JSON, byte offset 2: expected one of `\"\\/bfnrtu`, found `é`"),
        ("\"\\u12é4\"", "not JSON, byte offset 5: expected four hexadecimal digits, found `é`"),
        ("\"\\u+123\"", "not JSON, byte offset 3: expected four hexadecimal digits, found `+`"),
        ("\"a\n\"", "not JSON, byte offset 2: a control character in a string"),
        ("\"x\\ud800\"", "not JSON, byte offset 2: a lone surrogate"),
        ("01", "not JSON, byte offset 0: a number with zeros in front"),
        ("[-00.5]", "not JSON, byte offset 2: a number with zeros in front"),
        ("1.", "not JSON, byte offset 2: expected a digit, found the end"),
        ("1.x", "not JSON, byte offset 2: expected a digit, found `x`"),
        ("1e+,", "not JSON, byte offset 3: expected a digit, found `,`"),
        ("#\"\n[", "not JSON, byte offset 0: expected a value, found `#`"),
    ];
    for (json, error) in rows {
        assert_eq!(parse(json).unwrap_err().to_string(), error, "{json}");
    }
}

#[test]
fn hostile_text_is_refused() {
    let texts = [
        "",
        "{",
        "[1,]",
        "nul",
        "\"",
        "1 2",
        "NaN",
        "[Infinity]",
        "-Infinity",
        "{1:2}",
        "b\"x\"",
        "'x'",
        "01",
        "00.5",
        "-01",
        "+1",
        "1.",
        ".5",
        "1e",
        "1e+",
        "--1",
        "1-2",
        "\"\\",
        "\"\\ud800\"",
        "\"\\ud800x\"",
        "\"\\ud800\\n\"",
        "\"\\ud800\\ud800\"",
        "\"\\udc00\"",
        "\"\\udc00\\ud800\"",
        "\"\\ud800\\u\"",
        "\"\\u\"",
        "\"\\x41\"",
        "\"\\'\"",
        "\"\u{0}\"",
        "\"\t\"",
        "[\u{a0}1]",
        "\u{feff}1",
        "[1]]",
        "{}}",
        "]",
        "}",
        ",",
        ":",
        "[,1]",
        "{,}",
        "{\"a\"}",
        "{\"a\":}",
        "{\"a\":,}",
        "{\"a\":1,,}",
        "{:1}",
        "{null:1}",
        "[1//x\n]",
        "[1/**/]",
        "TRUE",
        "truefalse",
        "[1,2",
        "{\"a\":[1}]",
        "0x10",
        "1_000",
    ];
    for text in texts {
        assert!(matches!(parse(text), Err(ParseError::Syntax { .. })), "{text}");
    }
}

#[test]
fn depth_has_a_limit() {
    for open in ["[", "{\"a\":"] {
        assert_eq!(parse(&open.repeat(1_000_000)), Err(ParseError::TooDeep));
    }
    let nested = |levels: usize, inner: &str| "[".repeat(levels) + inner + &"]".repeat(levels);
    for inner in ["[]", "{}", "[1]"] {
        assert!(parse(&nested(MAX_DEPTH - 1, inner)).is_ok());
        assert_eq!(parse(&nested(MAX_DEPTH, inner)), Err(ParseError::TooDeep));
    }
    let deepest = "{\"a\":".repeat(MAX_DEPTH) + "1" + &"}".repeat(MAX_DEPTH);
    assert_eq!(text(&parse(&deepest).unwrap()), deepest);
    // A quote in a comment hides no brackets.
    assert!(parse(&("#\"\n".to_owned() + &"[".repeat(1_000_000))).is_err());
}

fn json() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        any::<u64>().prop_map(Into::into),
        any::<f64>().prop_filter_map("finite", |f| f.is_finite().then(|| f.into())),
        any::<String>().prop_map(Into::into),
        ".{0,5}".prop_map(Into::into),
    ];
    leaf.prop_recursive(4, 40, 6, |inner| {
        let entries = proptest::collection::vec(("[a-c\"ü\n]{0,2}", inner.clone()), 0..6);
        prop_oneof![
            proptest::collection::vec(inner, 0..6).prop_map(Into::into),
            entries.prop_map(|entries| serde_json::Value::Object(entries.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn reads_what_serde_json_writes(value in json()) {
        for written in [value.to_string(), serde_json::to_string_pretty(&value).unwrap()] {
            let (read, converted) = (parse(&written).unwrap(), from_serde(&value).unwrap());
            prop_assert!(same(&read, &converted), "{} and {}", read, converted);
        }
    }

    #[test]
    fn agrees_with_serde_json_on_what_is_json(text in r#"[\[\]{}",: \\unte0-9.+\-E]{0,12}"#) {
        // That refuses numbers that are too large, which come up here too rarely to matter.
        let theirs = serde_json::from_str::<serde_json::Value>(&text);
        let too_large = theirs.as_ref().is_err_and(|e| e.to_string().contains("out of range"));
        prop_assert!(too_large || parse(&text).is_ok() == theirs.is_ok(), "{} {:?}", text, theirs);
    }

    #[test]
    fn no_text_does_harm(text in ".{0,40}") {
        let _ = parse(&text);
        let _ = parse(&format!("[\"{text}\"]"));
    }
}
