//! Filters give what they give in jq, but for the differences that `help jq-differences` lists.
#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

use std::fmt::Write;

use rejoin::filter::{DIFFERENCES, Filters, JqExample, differences};
use rejoin::session::Session;
use rejoin::value::{Val, parse};

/// A filter, its input, and what jq gives.
struct Case<'s> {
    filter: &'s str,
    input: &'s str,
    outputs: Vec<&'s str>,
}

/// The cases of a file: lines with an empty line or a comment between cases.
fn cases(text: &str) -> Vec<Case<'_>> {
    let lines: Vec<&str> = text.lines().collect();
    let blocks = lines.split(|line| line.trim().is_empty() || line.starts_with('#'));
    blocks
        .filter(|block| !block.is_empty())
        .map(|block| Case { filter: block[0], input: block[1], outputs: block[2..].to_vec() })
        .collect()
}

/// The outputs of a filter; an error ends them.
fn outputs(filter: &str, input: &str) -> Result<Vec<Val>, String> {
    let compiled = Filters::new().compile(filter, |_| false, Vec::new).map_err(|error| error.to_string())?;
    compiled.run(parse(input).unwrap(), Vec::new()).map_err(|error| error.to_string())
}

/// Whether the outputs are those wanted; a number that is not finite is no JSON, which is what may come out.
fn holds(outputs: &Result<Vec<Val>, String>, wanted: &[&str]) -> bool {
    let json = |value: &Val| parse(&value.to_string()).ok();
    outputs.as_ref().is_ok_and(|outputs| {
        outputs.len() == wanted.len()
            && outputs.iter().zip(wanted).all(|(output, wanted)| json(output) == parse(wanted).ok())
    })
}

#[test]
fn given_a_case_of_jq_then_filters_give_the_same() {
    let mut wrong = String::new();
    for text in
        [include_str!("jq/language.test"), include_str!("jq/library.test"), include_str!("jq/paths.test")]
    {
        for Case { filter, input, outputs: wanted } in cases(text) {
            let given = outputs(filter, input);
            let is_listed = DIFFERENCES
                .iter()
                .flat_map(|difference| difference.examples)
                .any(|example| example.filter == filter && example.input == input);
            if holds(&given, &wanted) == is_listed {
                writeln!(wrong, "{filter}\n  of {input}\n  in jq {wanted:?}\n  here  {}", shown(&given))
                    .unwrap();
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

fn shown(outputs: &Result<Vec<Val>, String>) -> String {
    match outputs {
        Ok(outputs) => outputs.iter().map(|output| format!("{output:}  ")).collect(),
        Err(error) => error.clone(),
    }
}

#[test]
fn given_a_difference_then_its_examples_differ() {
    for difference in DIFFERENCES {
        for JqExample { filter, input, in_jq } in difference.examples {
            assert!(parse(in_jq).is_ok(), "{filter}: {in_jq}");
            assert!(!holds(&outputs(filter, input), &[in_jq]), "{filter} gives what it gives in jq");
        }
    }
}

#[test]
fn given_a_difference_then_help_names_it_with_its_reason() {
    let page = differences();
    for difference in DIFFERENCES {
        assert!(page.contains(difference.what) && page.contains(difference.why), "{}", difference.what);
        assert!(difference.what.ends_with('.') && difference.why.ends_with('.'), "{}", difference.what);
        assert!(!difference.examples.is_empty(), "{}", difference.what);
    }
    let help = Session::default().run("help jq-differences").unwrap().lines().join(" ");
    assert!(help.contains("Whole numbers are computed exactly"), "{help}");
}

#[test]
fn given_a_long_text_then_gsub_takes_memory_in_proportion() {
    // A text of 400 kB in which every second character is replaced, under a limit that would not hold ten of them.
    let mut filters = Filters::new();
    filters.set_limits(rejoin::session::Limits { time: None, memory: Some(64 << 20) });
    for code in [
        "\"ab\" * 200000 | gsub(\"a\"; \"xy\") | length",
        "\"ab\" * 200000 | gsub(\"(?<c>a)\"; \"\\(.c)\\(.c)\") | length",
    ] {
        let filter = filters.compile(code, |_| false, Vec::new).unwrap();
        assert_eq!(filter.run_one(Val::NULL, Vec::new()), Ok(600_000.into()), "{code}");
    }
    let filter =
        filters.compile("\"ab\" * 200000 | sub(\"b$\"; \"\") | length", |_| false, Vec::new).unwrap();
    assert_eq!(filter.run_one(Val::NULL, Vec::new()), Ok(399_999.into()));
}
