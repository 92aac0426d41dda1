//! Differences between filters here and those of jq, and the reasons.

/// Something that jq does otherwise.
#[derive(Debug)]
pub struct JqDifference {
    /// What is otherwise here, in a sentence.
    pub what: &'static str,
    /// Why: a sentence.
    pub why: &'static str,
    /// Filters that show it.
    pub examples: &'static [JqExample],
}

/// A filter that jq answers otherwise.
#[derive(Debug)]
pub struct JqExample {
    /// The filter.
    pub filter: &'static str,
    /// Its input, as JSON.
    pub input: &'static str,
    /// What jq gives, as JSON.
    pub in_jq: &'static str,
}

const fn example(filter: &'static str, input: &'static str, in_jq: &'static str) -> JqExample {
    JqExample { filter, input, in_jq }
}

/// All differences; what is not among them is as in jq 1.8.
pub const DIFFERENCES: &[JqDifference] = &[
    JqDifference {
        what: "There is no outside: `env`, `$ENV`, `input`, `inputs`, `input_filename`, `input_line_number`, `now`, \
            `localtime`, `strflocaltime`, `debug`, `stderr`, `halt`, `halt_error`, and modules do not exist.",
        why: "A filter gives the same answer every time, to everybody, and leaves no trace.",
        examples: &[example("$ENV.PAGER", "null", "\"less\""), example("env.PAGER", "null", "\"less\"")],
    },
    JqDifference {
        what: "Whole numbers are computed exactly, however long they are.",
        why: "A document that is merged must not lose digits; jq computes with 53 bits.",
        examples: &[
            example(". + 0", "9007199254740993", "9007199254740992"),
            example(
                ". as $big | [$big, $big + 1] | map(. > 10000000000000000000000000000000) | \
                 . == if have_decnum then [true, false] else [false, false] end",
                "10000000000000000000000000000001",
                "true",
            ),
        ],
    },
    JqDifference {
        what: "A number that was written keeps its form, and one that was computed has the shortest text that reads \
            back as it: from 1e21 on, and below 1e-5, with an exponent.",
        why: "What nobody changed must not change in a document; jq writes its own form of both.",
        examples: &[
            example(
                "map([., . == 1]) | tojson == if have_decnum then \
                 \"[[1,true],[1.000,true],[1.0,true],[1.00,true]]\" else \
                 \"[[1,true],[1,true],[1,true],[1,true]]\" end",
                "[1, 1.000, 1.0, 100e-2]",
                "true",
            ),
            example(". / 3e7 | tojson", "3", "\"1e-07\""),
            example("1e1000 | tojson", "null", "\"1.7976931348623157e+308\""),
            example("1e17 * 1 | tojson", "null", "\"1e+17\""),
        ],
    },
    JqDifference {
        what: "A zero that is computed has no sign, unless it is that of `-(0)`.",
        why: "Whole numbers have no zero below zero, and a document is to say the same to every program that reads it.",
        examples: &[
            example("0 * -1 | tojson", "null", "\"-0\""),
            example("-0.5 | ceil | tojson", "null", "\"-0\""),
        ],
    },
    JqDifference {
        what: "NaN and infinities are errors where they would come out of a filter.",
        why: "JSON has no such numbers: jq writes null, or the largest number.",
        examples: &[
            example("[nan]", "null", "[null]"),
            example("-infinite", "null", "-1.7976931348623157e+308"),
        ],
    },
    JqDifference {
        what: "Errors have other words.",
        why: "They are those of this shell, with the value that was wrong.",
        examples: &[example(
            "try (1 + {}) catch .",
            "null",
            "\"number (1) and object ({}) cannot be added\"",
        )],
    },
    JqDifference {
        what: "A part of a string can be set.",
        why: "So an edit of a text that several write reaches just that part.",
        examples: &[example("try (.[0:1] = \"x\") catch \"error\"", "\"abc\"", "\"error\"")],
    },
    JqDifference {
        what: "An index at most a million items behind the end of an array can be set, and what is set or read nests at most \
            1,024 levels.",
        why: "A slip of the keyboard must not fill the memory, and whoever reads the document must have the stack for it.",
        examples: &[
            example(".[2000000] = 1 | length", "null", "2000001"),
            example("reduce range(2000) as $i (0; [.]) | tojson | fromjson | length", "null", "1"),
        ],
    },
    JqDifference {
        what: "A search for a match that goes back more than a million steps is an error.",
        why: "There are expressions that never come to an end.",
        examples: &[example("\"a\" * 40 | test(\"^(a|aa)+(?!a)b$\")", "null", "false")],
    },
    JqDifference {
        what: "`tojson` and `@json` escape characters that turn the direction of text.",
        why: "A value from outside must not rearrange what a terminal shows.",
        examples: &[example("\"\\u202e\" | tojson | length", "null", "3")],
    },
    JqDifference {
        what: "A path through `foreach` wants rounds with one output each.",
        why: "The outputs of a round are put into an array on the way, which has no path.",
        examples: &[example("[path(foreach 1 as $x (.; .a, .b))]", "null", "[[\"a\"],[\"b\"]]")],
    },
    JqDifference {
        what: "An escape of half a character, such as \\ud83d, is an error without the other half.",
        why: "It stands for no character; jq puts another one in its place.",
        examples: &[example("\"\\ud83d\"", "null", "\"\u{fffd}\"")],
    },
    JqDifference {
        what: "There are filters that jq has not: `isboolean`, `isnumber`, `isstring`, `isarray`, `isobject`, `isfinite`, `@htmld`.",
        why: "The interpreter has them, and they have been of use.",
        examples: &[example("try (1 | isnumber) catch 0", "null", "0")],
    },
];

/// Returns the differences as a page of `help`: each with its reason, and with the examples that are short.
pub fn differences() -> String {
    const SHORT: usize = 44;
    let mut page = String::from("Filters are those of jq 1.8, but for this:\n");
    for JqDifference { what, why, examples } in DIFFERENCES {
        page.push_str(&format!("\n{what} {why}\n"));
        for JqExample { filter, input, in_jq } in *examples {
            let input = if *input == "null" { String::new() } else { format!("{input} | ") };
            if input.len() + filter.len() <= SHORT {
                page.push_str(&format!("  {input}{filter}\tin jq: {in_jq}\n"));
            }
        }
    }
    page.truncate(page.trim_end().len());
    page
}
