//! Texts that want to break something.

use super::*;

/// A small generator of numbers, so that a failure can be repeated.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % end as u64) as usize
    }
}

/// Compiles `code`; whatever comes of it, it comes without a panic and with a usable span.
fn survives(code: &str) {
    needs_more(code);
    if let Err(error) = compile(code) {
        assert!(code.get(error.span.clone()).is_some(), "{code:?}: {error:?}");
        assert!(!error.message.contains("defect"), "{code:?}: {error:?}");
        assert!(!error.message.contains('\n'), "{code:?}: {error:?}");
    }
}

#[test]
fn random_bytes() {
    let mut random = Random(0x2545_f491_4f6c_dd1d);
    for _ in 0..5_000 {
        let bytes: Vec<u8> = (0..random.below(40)).map(|_| random.below(256) as u8).collect();
        survives(&String::from_utf8_lossy(&bytes));
    }
}

#[test]
fn random_words() {
    let words = [
        "(", ")", "[", "]", "{", "}", "\"", "\\(", "\\u", "\\", "#", "\n", " ", ".", "..", "a", "$a",
        "@json", "|", ",", ":", ";", "?", "//", "|=", "-", "1", "1e", "def", "f", "as", "if", "then", "else",
        "end", "reduce", "foreach", "try", "catch", "label", "break", "import", "é", "&", "m::f", "map",
        "and", "\u{0}", "\u{85}", "💣",
    ];
    let mut random = Random(88_172_645_463_325_252);
    for _ in 0..10_000 {
        let code: String = (0..random.below(25)).map(|_| words[random.below(words.len())]).collect();
        survives(&code);
    }
}

#[test]
fn odd_texts() {
    let rows = [
        "\"",
        "\"\\",
        "\"\\(",
        "\\(",
        "\"\\u",
        "\"\\ud",
        "\"\\ud800\"",
        "\"\\ud800\\udc00\"",
        "\"\\uffff\"",
        "\"\\(\"\\(\"\\(",
        "\u{feff}.",
        "\0",
        "1e999999999",
        "99999999999999999999999999",
        "#\\",
        "a::",
        "::a",
        ". as {$a: $b} | 1",
        ". as [$a, $a] | $a",
        "def f(f): f; f(1)",
        "def f($f): $f; f(1)",
        "{(1):}",
        "reduce",
        "@",
        "..a",
        ".[",
        "-",
        "?",
        "1?//2",
        "break",
        "label",
        "def",
        "try",
        "if",
        "{",
        "{}[]",
    ];
    rows.iter().for_each(|code| survives(code));
}

#[test]
fn deep_nesting_is_refused() {
    let message = "brackets are nested too deeply, the most is 500";
    for open in ["(", "[", "{a:", "\"\\(", "(\")\"+", "(#)\n"] {
        let code = open.repeat(100_000);
        let error = compile(&code).err().unwrap();
        assert_eq!((&*error.message, error.span), (message, 0..code.len()), "{open}");
        assert!(!needs_more(&code));
        survives(&open.repeat(500));
    }
    let nested = |depth: usize| format!("{}1{}", "[".repeat(depth), "]".repeat(depth));
    assert!(run("null", &nested(500)).is_ok());
    assert!(compile(&nested(501)).is_err());
    assert!(needs_more(&"[".repeat(500)));
    give("null", &format!("\"{}\" | length", "(".repeat(100_000)), "100000");
}

#[test]
fn long_texts_have_room() {
    let parts = [
        "-",
        "1|",
        "1+",
        "1,",
        "try ",
        "if 1 then ",
        "1 as $x|",
        "label $x|",
        "def f:",
        "def f:1;",
        ".a",
        "[1]",
        "1//",
        "reduce ",
        ".[",
        "?",
        "{a:1}+",
        "\"\\(1)\"+",
        ".a|=",
        "1 as [$x]|",
        "..",
        "not|",
    ];
    for part in parts {
        for count in [60, 1_000, 6_600] {
            let code = format!("{}1", part.repeat(count));
            survives(&code);
        }
    }
    let error = compile(&"1|".repeat(20_000)).err().unwrap();
    assert_eq!(error.message, "the filter has 40000 words and signs, the most is 20000");
}

#[test]
fn long_filters_run() {
    for part in ["-", "1|", "1+", "1,", "try ", "1 as $x|", "label $x|", "def f:1;", "1//", "1*2+", "not|"] {
        for count in [30, 1_000] {
            let code = format!("[{} 1] | length", part.repeat(count));
            let length = if part == "1," { count + 1 } else { 1 };
            give("null", &code, &length.to_string());
        }
    }
    let keys: Vec<String> = (0..1_000).map(|n| format!("k{n}: {n}")).collect();
    give("null", &format!("{{{}}} | length", keys.join(", ")), "1000");
    let elements: Vec<String> = (0..5_000).map(|n| n.to_string()).collect();
    give("null", &format!("[{}] | length", elements.join(", ")), "5000");
}

#[test]
fn recursion_without_end_is_an_error() {
    let rows = [
        "def f: 1 + f; f",
        "def f: f + 1; f",
        "def f: [f]; f",
        "def f: {a: f}; f",
        "def f: def g: f + 1; g; f",
        "\"\\(def f: 1 + f; f)\"",
        "def f: f as $x | 1; f",
        "def f: reduce f as $x (0; 1); f",
        "def f: if f then 1 else 2 end; f",
        "def f: f.a; f |= 1",
    ];
    for code in rows {
        // Filters that recurse at their end only would run on without end.
        let outcome = run("null", code);
        assert_eq!(outcome, Err(RunError::Failed("the filter recurses too deeply".into())), "{code}");
    }
}

#[test]
fn deep_recursion_gets_a_stack_of_its_own() {
    let sum = "def sum: if . == 0 then 0 else . + (. - 1 | sum) end; sum";
    give("10", sum, "55");
    give("1000", sum, "500500");
    // A `catch` does not hide that there was more room to be had.
    give("1000", &format!("try ({sum}) catch 0"), "500500");
}

#[test]
fn recursion_at_the_end_of_a_definition_takes_no_room() {
    give("0", "def f: if . < 100000 then . + 1 | f else . end; f", "100000");
    give("0", "last(limit(100000; repeat(1)))", "1");
    give("0", "[recurse(if . < 50000 then . + 1 else empty end)] | length", "50001");
    give("0", "until(. >= 50000; . + 1)", "50000");
}

#[test]
fn defects_of_the_interpreter_are_errors() {
    // Overflows are panics in some builds only.
    for code in ["(-9223372036854775807 - 1) | length", "[-9223372036854775807 - 1] | implode"] {
        let _ = run("null", code);
    }
    let nans = "[range(1000) | if . % 3 == 0 then nan else -. end] | sort | length";
    give("null", nans, "1000");
    let deep = run("null", "\"[\" * 100000 | fromjson").unwrap_err().to_string();
    assert!(deep.ends_with("as JSON: nesting deeper than 1024 levels"), "{deep}");
    let deep = run("null", "\"#\\\"\\n\" + \"[\" * 100000 | fromjson").unwrap_err().to_string();
    assert!(deep.ends_with("expected a value, found `#`"), "{deep}");
}

#[test]
fn whole_numbers_of_too_many_digits() {
    let long = "9".repeat(500_000);
    let refused = |input: &str, code: &str| {
        let error = compile(code).map_or_else(
            |error| error.message,
            |filter| {
                filter
                    .run(val(input), Vec::new())
                    .map_or_else(|error| error.to_string(), |outputs| text(&outputs))
            },
        );
        assert!(
            error.contains("a whole number of more than 20000 digits"),
            "{}",
            &error[..error.len().min(200)]
        );
    };
    refused("null", &long);
    refused("null", &format!("[{}{long}]", "0".repeat(100_000)));
    for native in ["tonumber", "fromjson"] {
        refused(&format!("\"{long}\""), native);
    }
    give("null", &"7".repeat(40), &"7".repeat(40));
    give("null", &format!("{}7", "0".repeat(1_000)), "7");
}
