//! Texts that are no filters, and what is said about them.

use std::collections::BTreeSet;

use super::compile::library;
use super::*;

fn refuse(code: &str, message: &str, part: &str, hint: Option<&str>) {
    let known = || vec!["branch".to_owned(), "head".to_owned()];
    let result = Filters::new().compile(code, |name| known().contains(&name.to_owned()), known);
    let Err(error) = result else {
        panic!("{code} is a filter");
    };
    assert_eq!(error.message, message, "{code}");
    assert_eq!(&code[error.span.clone()], part, "{code}");
    if part.is_empty() {
        assert_eq!(error.span.start, code.len(), "{code}");
    }
    assert_eq!(error.hint.as_deref(), hint, "{code}");
}

const UNICODE: &str = r"such as \u00e9; a character may also stand there as it is";

#[test]
fn errors_of_the_lexer() {
    refuse("", "the filter is empty", "", None);
    refuse(" # nothing", "the filter is empty", "", None);
    refuse("(1", "`(` is never closed", "(", None);
    refuse("[1", "`[` is never closed", "[", None);
    refuse("{a: [1}", "expected a closing bracket ]", "}", None);
    refuse("{a: 1", "`{` is never closed", "{", None);
    refuse("\"abc", "`\"` is never closed", "\"", None);
    refuse("\"a\\(1", "`(` is never closed", "(", None);
    refuse(
        r#""\x""#,
        "unknown escape sequence \\x",
        "x",
        Some(
            r#"a string knows \" \\ \/ \b \f \n \r \t \uXXXX and \(FILTER); for the two characters write \\x"#,
        ),
    );
    refuse("\"\\", "expected an escape sequence", "", None);
    let half = Some("half of a surrogate pair is no character");
    refuse(r#""\ud800""#, "expected a character as four hexadecimal digits", "d", half);
    refuse(r#""\ud83d\ude00 \uzzzz""#, "expected a character as four hexadecimal digits", "z", Some(UNICODE));
    refuse(r#""\u12""#, "expected a character as four hexadecimal digits", "\"", Some(UNICODE));
    refuse(". & 1", "unexpected \"&\"", "&", Some("jq says `and`"));
    refuse("\"ü\" | é", "unexpected \"é\"", "é", None);
    refuse(".)", "unexpected \")\"", ")", None);
    refuse("1.. ", "expected a digit", ".", None);
    refuse("1e+ ", "expected a digit", " ", None);
    refuse("1. | \"\\ud83d\\ude00\" | 2. | y", "unknown filter `y`", "y", None);
    refuse("\"\\ud83d\\ude00\" + 1. | 2. | y", "unknown filter `y`", "y", None);
    refuse("$", "expected a name", "", None);
}

#[test]
fn errors_of_the_parser() {
    refuse("| .", "unexpected \"|\"", "|", None);
    refuse(". | | .", "unexpected \"|\"", "|", None);
    refuse(". |", "expected a filter at the end", "", Some("something must stand behind `|`"));
    refuse("1 2", "unexpected \"2\"", "2", None);
    refuse("()", "unexpected \")\"", ")", None);
    refuse(". [1] {a: 1}", "unexpected \"{a: 1}\"", "{a: 1}", None);
    refuse(
        "1 \"a string that is long\"",
        "unexpected \"a string that is lo…",
        "\"a string that is long\"",
        None,
    );
    refuse("1 as x | 2", "expected a variable or a pattern such as [$x], found \"x\"", "x", None);
    refuse("if 1 else 2 end", "expected \"then\", found \"else\"", "else", None);
    refuse("if 1 then 2", "expected \"else\" or \"end\" at the end", "", None);
    refuse("{a b}", "expected \",\" or \"}\", found \"b\"", "b", None);
    refuse(".a.", "expected a key at the end", "", None);
    refuse("def f: ; f", "unexpected \";\"", ";", None);
    refuse("def f: 1", "expected \";\" at the end", "", None);
    refuse(r#""\()""#, "unexpected \")\"", ")", None);
}

/// Returns the hint for a text that is no filter.
fn hint(code: &str) -> Option<String> {
    Filters::new()
        .compile(code, |_| false, Vec::new)
        .map_or_else(|error| error.hint, |_| panic!("{code} is a filter"))
}

#[test]
fn hints_say_how_jq_says_it() {
    let rows = [
        (&["1 < 2 < 3", "(.a == 1 != 2)", "[1 >= 2 > .a]"][..], "comparisons do not follow each other"),
        (&[".a = 1 = 2", ".a += 1 |= 2"], "assignments do not follow each other"),
        (&["a && b", "1 & 2"], "jq says `and`"),
        (&["1 || 2"], "jq says `or`"),
        (&["!true", "1 | !.a"], "jq says `CONDITION | not`"),
        (&[".a === 1"], "jq says `==`"),
        (&["1 <> 2", "1 !== 2"], "jq says `!=`"),
        (&["2 ** 3", "2 ^ 3"], "jq says `pow(a; b)`"),
        (&[".a++", "++.a"], "`.n += 1` adds one"),
        (&[".a =+ 1"], "did you mean `+=`?"),
        (&[".a := 1"], "did you mean `=`?"),
        (&[".a ?? 1"], "jq says `a // b`"),
        (&["'a'", "{'a': 1}", "“a”"], "a string has double quotes"),
        (&[".a == null ? 1 : 2"], "jq says `if CONDITION then a else b end`"),
        (
            &[r#""a\qb""#],
            r#"a string knows \" \\ \/ \b \f \n \r \t \uXXXX and \(FILTER); for the two characters write \\q"#,
        ),
        (&[r#""\u12""#], r"such as \u00e9"),
        (&[".n =", ".n = "], "something must stand behind `=`, such as `.n = 1`"),
        (&[".n //= "], "something must stand behind `//=`, such as `.n //= 1`"),
        (&["1 //"], "something must stand behind `//`"),
        (&["true and"], "something must stand behind `and`"),
        (&["if 1 then"], "something must stand behind `then`"),
        (&[".a,"], "something must stand behind `,`"),
        (&["keys()", "1 | keys( )"], "a filter without arguments has no brackets: `keys`"),
        (&[".a()", ".b | .a( )"], "a key has no brackets: `.a`"),
        (&["1 as $x | $x()"], "a variable has no brackets: `$x`"),
        (&[".a | # or", ".a | # or\n", ".a |\n# a\n# and"], "something must stand behind `|`"),
        (&["\"#\" and"], "something must stand behind `and`"),
        (&["add(1; 2)"], "it is called as `add` or `add(a)`"),
        (&["sub(1, 2)"], "it is called as `sub(a; b)` or `sub(a; b; c)`"),
        (&["range"], "it is called as `range(a)`, `range(a; b)` or `range(a; b; c)`"),
        (&[".a | select .b"], "it is called as `select(a)`"),
    ];
    for (codes, wanted) in rows {
        for code in codes {
            let told = hint(code).unwrap_or_default();
            assert!(told.starts_with(wanted), "{code}: {told}");
        }
    }
    for code in [
        "",
        "(",
        ". | | .",
        "1 2",
        "{a b}",
        "1..2",
        ".expand",
        "$",
        "(1))",
        "| .",
        "if()",
        "1 | try( )",
        "()",
    ] {
        if Filters::new().compile(code, |_| false, Vec::new).is_err() {
            assert_eq!(hint(code), None, "{code}");
        }
    }
}

#[test]
fn errors_of_names() {
    refuse("y", "unknown filter `y`", "y", None);
    refuse(".a | lenght", "unknown filter `lenght`", "lenght", Some("did you mean `length`?"));
    refuse("zzzzzzzz", "unknown filter `zzzzzzzz`", "zzzzzzzz", None);
    refuse("map", "`map` takes 1 argument, not 0", "map", Some("it is called as `map(a)`"));
    refuse("length(1)", "`length` takes no arguments, not 1", "length", Some("it is called as `length`"));
    refuse(
        "range",
        "`range` takes 1, 2 or 3 arguments, not 0",
        "range",
        Some("it is called as `range(a)`, `range(a; b)` or `range(a; b; c)`"),
    );
    refuse(
        "reduce . as $x (1)",
        "`reduce` takes 2 arguments, not 1",
        "reduce",
        Some("it is called as `reduce SOURCE as $x (START; UPDATE)`"),
    );
    refuse(
        "foreach . as $x (1)",
        "`foreach` takes 2 or 3 arguments, not 1",
        "foreach",
        Some(
            "it is called as `foreach SOURCE as $x (START; UPDATE)` or `foreach SOURCE as $x (START; UPDATE; OUTPUT)`",
        ),
    );
    refuse("@jsn", "unknown format `@jsn`", "@jsn", Some("did you mean `@json`?"));
    refuse("$brnch", "unknown variable $brnch", "$brnch", Some("did you mean `$branch`?"));
    refuse(r#""\($haed)""#, "unknown variable $haed", "$haed", Some("did you mean `$head`?"));
    refuse("$zzzzz", "unknown variable $zzzzz", "$zzzzz", None);
    refuse("(1 as $x | $x), $x", "unknown variable $x", "$x", None);
    refuse("break $x", "unknown label $x", "$x", None);
    refuse("m::f", "unknown module `m`", "m", None);
    refuse("frist, lenght", "unknown filter `frist`", "frist", Some("did you mean `first`?"));
}

/// Tries every spelling that could reach what is denied.
#[test]
fn denied_names_are_unreachable() {
    for (name, reason) in library::DENIED {
        let message = format!("`{name}` is not available: {reason}");
        refuse(name, &message, name, None);
        if name.starts_with('$') || matches!(*name, "import" | "include" | "module") {
            continue;
        }
        for code in [format!("{name}(1)"), format!("[1] | map(\"\\({name})\")")] {
            refuse(&code, &message, name, None);
        }
        assert!(builtins().all(|(builtin, _)| builtin != *name), "{name}");
    }
    let outside = "a filter sees the values of the session and nothing else";
    for code in ["import \"m\" as $m; $m", "include \"m\"; .", "module {}; .", "import \"m\" as m; ."] {
        let word = code.split(' ').next().unwrap();
        refuse(code, &format!("`{word}` is not available: {outside}"), word, None);
    }
    refuse("debug(1)", "`debug` is not available: a filter yields values and prints nothing", "debug", None);
    refuse("{$ENV}", &format!("`$ENV` is not available: {outside}"), "$ENV", None);
}

/// Verifies that what each native filter of the interpreter does has been read; a new one has to be, too.
#[test]
fn native_filters_are_known() {
    let all: BTreeSet<&str> = library::of_the_interpreter().map(|(name, ..)| name).collect();
    assert_eq!(all.into_iter().collect::<Vec<_>>().join(" "), KNOWN_NATIVES);
}

const KNOWN_NATIVES: &str = "acos acosh ascii_downcase ascii_upcase asin asinh atan atan2 atanh cbrt cos cosh endswith erf erfc \
    error_empty exp exp10 exp2 explode expm1 fdim first fma fmod frexp group_by hypot ilogb j0 j1 jn \
    key_values keys_unsorted last ldexp lgamma limit log log10 log1p log2 max_by_or_empty \
    min_by_or_empty nextafter path path_value remainder scalbln sin sinh skip sort sort_by sqrt \
    startswith tan tanh tgamma unescape_html utf8bytelength y0 y1 yn";
