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
    refuse(r#""\x""#, "unknown escape sequence \\x", "x", None);
    refuse("\"\\", "expected an escape sequence", "", None);
    refuse(r#""\ud800""#, "expected a character as four hexadecimal digits", "d", None);
    refuse(r#""\ud83d\ude00 \uzzzz""#, "expected a character as four hexadecimal digits", "z", None);
    refuse(r#""\u12""#, "expected a character as four hexadecimal digits", "\"", None);
    refuse(". & 1", "unexpected \"&\"", "&", None);
    refuse("\"ü\" | é", "unexpected \"é\"", "é", None);
    refuse(".)", "unexpected \")\"", ")", None);
    refuse("1. ", "expected a digit", " ", None);
    refuse("$", "expected a name", "", None);
}

#[test]
fn errors_of_the_parser() {
    refuse("| .", "unexpected \"|\"", "|", None);
    refuse(". | | .", "unexpected \"|\"", "|", None);
    refuse(". |", "expected a filter at the end", "", None);
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

#[test]
fn errors_of_names() {
    refuse("y", "unknown filter `y`", "y", None);
    refuse(".a | lenght", "unknown filter `lenght`", "lenght", Some("did you mean `length`?"));
    refuse("zzzzzzzz", "unknown filter `zzzzzzzz`", "zzzzzzzz", None);
    refuse("map", "`map` takes 1 argument, not 0", "map", None);
    refuse("length(1)", "`length` takes no arguments, not 1", "length", None);
    refuse("range", "`range` takes 1, 2 or 3 arguments, not 0", "range", None);
    refuse("reduce . as $x (1)", "`reduce` takes 2 arguments, not 1", "reduce", None);
    refuse("foreach . as $x (1)", "`foreach` takes 2 or 3 arguments, not 1", "foreach", None);
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

const KNOWN_NATIVES: &str = "acos acosh ascii_downcase ascii_upcase asin asinh atan atan2 atanh cbrt ceil copysign \
    cos cosh endswith erf erfc error_empty exp exp10 exp2 explode expm1 fabs fdim first floor fma fmax fmin fmod frexp \
    group_by hypot ilogb j0 j1 jn key_values keys_unsorted last ldexp lgamma limit log log10 log1p log2 \
    max_by_or_empty min_by_or_empty modf nextafter path path_value pow remainder rint round scalbln sin sinh skip \
    sort sort_by sqrt startswith tan tanh tgamma trunc unescape_html utf8bytelength y0 y1 yn";
