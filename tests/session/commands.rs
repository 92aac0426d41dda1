//! The session language as its users see it: lines go in, values and report lines come out.

use std::collections::BTreeSet;

use rejoin::session::{CommandError, Entry, Options, Session};
use rejoin::value::MAX_DEPTH;

/// Two replicas of one document, another document, a clock, a patch; the last value is `"Foo"`.
const SETUP: &[&str] = &[
    r#"ref origin {"name": "Foo", "items": [0, 1]}"#,
    "branch origin as other-one",
    r#"ref elsewhere {"n": 1}"#,
    "clock origin as seen",
    "swap other-one .items += [2]",
    "patch-from-clock other-one seen as new",
    "origin.name",
];

/// The session after some lines, none of which may fail.
fn after(lines: &[&str]) -> Session {
    let mut session = Session::default();
    for line in lines {
        session.run(line).unwrap_or_else(|error| panic!("{line}: {error}"));
    }
    session
}

/// What a line answers: values, then report lines, or `error: …`.
fn answer(session: &mut Session, line: &str) -> Vec<String> {
    match session.run(line) {
        Ok(reply) => reply.values.iter().map(ToString::to_string).chain(reply.lines()).collect(),
        Err(error) => vec![format!("error: {error}")],
    }
}

/// Runs lines in one session, and compares what each answers.
fn check(setup: &[&str], rows: &[(&str, &[&str])]) {
    let mut session = after(setup);
    for (line, expected) in rows {
        assert_eq!(answer(&mut session, line), *expected, "{line}");
    }
}

fn fail(session: &mut Session, line: &str) -> CommandError {
    session.run(line).expect_err(line)
}

// --- commands ---

#[test]
fn given_a_ref_when_it_is_made_then_it_answers_its_value_and_actor() {
    check(
        &[],
        &[
            ("ref empty", &["null", "actor empty"]),
            (r#"ref doc {"n": 1.50}"#, &[r#"{"n":1.50}"#, "actor doc"]),
            ("ref from-jq $doc.n + 1", &["2.5", "actor from-jq"]),
            ("ref with-input . * 2", &["5", "actor with-input"]),
            ("ref exact 1e400", &["1e400", "actor exact"]),
            ("  ref   blanks   2   ", &["2", "actor blanks"]),
            ("ref comment # nothing", &["null", "actor comment"]),
            ("branch doc as copy", &[r#"{"n":1.50}"#, "actor copy"]),
        ],
    );
}

#[test]
fn given_a_ref_when_it_is_edited_then_the_report_names_the_paths() {
    check(
        &[r#"ref a {"name": "Foo", "items": [0, 1]}"#],
        &[
            ("swap a .items += [2]", &[r#"{"name":"Foo","items":[0,1,2]}"#, "+ .items[2] 2"]),
            ("swap a .", &[r#"{"name":"Foo","items":[0,1,2]}"#, "no difference, no change"]),
            (
                "reset a {\"name\": \"Bar\"}",
                &[r#"{"name":"Bar"}"#, "- .items [0,1,2]", r#"~ .name "Foo" → "Bar""#],
            ),
            ("reset a .name", &[r#""Bar""#, r#"~ . {"name":"Bar"} → "Bar""#]),
            ("reset a \"Bar\"", &[r#""Bar""#, "no difference, no change"]),
            ("swap a 1, 2 | select(. > 1) # the second", &["2", r#"~ . "Bar" → 2"#]),
        ],
    );
}

#[test]
fn given_values_with_blanks_when_they_are_compared_and_set_then_both_are_found() {
    check(
        &[r#"ref a {"name": "Foo"}"#],
        &[
            (r#"cas a {"name": "Foo"} {"name": "A b"}"#, &["true", r#"~ .name "Foo" → "A b""#]),
            (r#"cas a {"name": "Foo"} 1"#, &["false", "the value of a is another"]),
            (r#"cas a ({name: "A b"}) "two words""#, &["true", r#"~ . {"name":"A b"} → "two words""#]),
            (r#"cas a "two words" [1, [2, "]"]]"#, &["true", r#"~ . "two words" → [1,[2,"]"]]"#]),
            (r#"cas a [1, [2, "]"]] .[1] | length"#, &["true", r#"~ . [1,[2,"]"]] → 2"#]),
            ("cas a (. + 0) 2", &["true", "no difference, no change"]),
            ("cas a 2.0 3", &["false", "the value of a is another"]),
            ("a", &["2"]),
        ],
    );
}

#[test]
fn given_a_change_elsewhere_when_a_ref_patch_or_value_is_merged_then_it_comes_once() {
    let brought: &[&str] = &[r#"{"name":"Foo","items":[0,1,2]}"#, "1 change new", "+ .items[2] 2"];
    let known: &[&str] = &[r#"{"name":"Foo","items":[0,1,2]}"#, "1 change known"];
    let nothing: &[&str] = &[r#"{"name":"Foo","items":[0,1,2]}"#, "nothing new"];
    check(SETUP, &[("merge origin other-one", brought), ("merge origin other-one", nothing)]);
    check(SETUP, &[("merge origin new", brought), ("merge origin new", known)]);
    check(SETUP, &[("merge origin $new", brought), ("merge origin ($new | .)", known)]);
    check(SETUP, &[("merge origin new", brought), ("merge origin ($new | .changes = [])", nothing)]);
    check(SETUP, &[("merge other-one other-one", nothing), ("merge other-one new", known)]);
    let text = after(SETUP).entries().find(|(name, _)| *name == "new").unwrap().1.value().to_string();
    check(SETUP, &[(&format!("merge origin {text}"), brought)]);
}

#[test]
fn given_concurrent_writes_when_they_merge_then_conflicts_tell_of_both() {
    check(
        &["ref a {\"x\": 0}", "branch a as b", "swap a .x = 1", "swap b .x = 2"],
        &[
            (
                "merge a b",
                &[r#"{"x":2}"#, "1 change new", "~ .x 1 → 2", "conflict at .x: 2 (3@b) wins over 1 (3@a)"],
            ),
            (
                "conflicts a",
                &[
                    r#"[{"path":".x","winner":{"id":"3@b","value":2},"losers":[{"id":"3@a","value":1}]}]"#,
                    "conflict at .x: 2 (3@b) wins over 1 (3@a)",
                ],
            ),
            ("conflicts b", &["[]", "no conflicts"]),
            ("same a b", &["true"]),
        ],
    );
}

#[test]
fn given_clocks_and_patches_when_they_are_kept_then_the_name_can_be_given_again() {
    let mut session = after(&["ref a 1", "branch a as b", "swap b 2"]);
    // A line, its report, and then the value of the name that it keeps.
    let rows: &[(&str, &[&str], &str, &str)] = &[
        ("clock a as seen", &[], "seen", r#"{"a":1}"#),
        ("clock b as seen", &[], "$seen", r#"{"a":1,"b":2}"#),
        ("clock a as seen", &[], "seen.a", "1"),
        ("patch-from-clock b seen as p", &["1 change"], "p.changes[0].ops[0].value", "2"),
        ("patch b {} as p", &["2 changes"], "$p.changes | length", "2"),
        ("patch-from-clock a $seen as p", &["nothing new"], "$p.changes", "[]"),
    ];
    for (line, report, expression, value) in rows {
        assert_eq!(session.run(line).unwrap().lines(), *report, "{line}");
        assert_eq!(answer(&mut session, expression), [*value], "{line}");
    }
}

#[test]
fn given_an_empty_clock_when_a_patch_is_made_then_it_holds_the_whole_history() {
    let mut session = after(&["ref a 1", "swap a 2", "branch a as b", "swap b 3"]);
    for (clock, changes) in [("{}", 3), (r#"{"a": 1}"#, 2), (r#"{"a": 2}"#, 1), ("($_ | {a: 99, b: 99})", 0)]
    {
        let reply = session.run(&format!("patch-from-clock b {clock} as p")).unwrap();
        let line = match changes {
            0 => "nothing new".to_owned(),
            1 => "1 change".to_owned(),
            n => format!("{n} changes"),
        };
        assert_eq!(reply.lines(), [line], "{clock}");
        assert_eq!(answer(&mut session, "p | .changes | length"), [changes.to_string()], "{clock}");
    }
}

#[test]
fn given_names_when_they_are_listed_then_each_has_its_kind_and_clock() {
    let mut session = after(SETUP);
    session.run("swap other-one .n = 1").unwrap();
    session.run("clock other-one as later").unwrap();
    session.run("swap other-one .n = 2").unwrap();
    session.run("patch other-one later as late").unwrap();
    session.run("merge origin late").unwrap();
    let reply = session.run("refs").unwrap();
    assert_eq!(
        reply.lines(),
        [
            "origin     ref    actor origin, clock 5@origin, 1 change waiting",
            "other-one  ref    actor other-one, clock 5@origin, 8@other-one",
            "elsewhere  ref    actor elsewhere, clock 2@elsewhere",
            "seen       clock  5@origin",
            "new        patch  1 change",
            "later      clock  5@origin, 7@other-one",
            "late       patch  1 change",
        ]
    );
    assert_eq!(answer(&mut session, "map(.kind) | unique | join(\" \")"), [r#""clock patch ref""#]);
    assert_eq!(
        answer(&mut Session::default(), "refs"),
        ["[]", "no names yet: make a ref with `ref NAME VALUE`"]
    );
}

#[test]
fn given_a_history_when_it_is_logged_then_each_op_is_a_line() {
    let mut session = after(&["ref a [1]", "swap a . + [{}]", "swap a del(.[0])", "swap a .[0].k = true"]);
    assert_eq!(
        session.run("log a").unwrap().lines(),
        [
            "1@a after nothing",
            "  1@a puts a new list at the root",
            "  2@a inserts 1 into list 1@a at the start",
            "3@a after 2@a",
            "  3@a inserts a new map into list 1@a on the right of 2@a",
            "4@a after 3@a",
            "  4@a deletes 1 (2@a)",
            "5@a after 4@a",
            r#"  5@a puts true at key "k" of map 3@a"#,
        ]
    );
    check(&["ref a"], &[("log a", &["[]", "no changes yet"])]);
}

// --- texts and counters ---

/// A document with a string and a number, in an object and in a list, and two replicas.
const NOTES: &[&str] = &[
    r#"ref ann {"body": "hello", "likes": 2, "all": [{"t": "x"}, "y", 7], "none": null}"#,
    "branch ann as ben",
];

#[test]
fn given_a_string_or_number_when_it_becomes_a_text_or_counter_then_it_reads_as_before() {
    check(
        NOTES,
        &[
            ("text ann .body", &[NOTE, ".body is a text now"]),
            ("text ann .body", &[NOTE, ".body is a text already"]),
            ("counter ann .likes", &[NOTE, ".likes is a counter now"]),
            ("counter ann .[\"likes\"]", &[NOTE, ".likes is a counter already"]),
            ("text ann .all[0].t", &[NOTE, ".all[0].t is a text now"]),
            ("text ann .all[-2]", &[NOTE, ".all[1] is a text now"]),
            ("counter ann .all[2]", &[NOTE, ".all[2] is a counter now"]),
            ("swap ann .", &[NOTE, "no difference, no change"]),
            ("plain ann .all[1]", &[NOTE, ".all[1] is plain now: a string"]),
            ("plain ann .all[1]", &[NOTE, ".all[1] is plain already: a string"]),
            ("plain ann .all", &[NOTE, ".all is plain already: an array"]),
            ("plain ann .likes", &[NOTE, ".likes is plain now: a number"]),
            ("plain ann .none", &[NOTE, ".none is plain already: null"]),
            ("text ann .likes", &["error: .likes is 2, not a string"]),
            ("counter ann .body", &[r#"error: .body is "hello", not a whole number"#]),
        ],
    );
}

const NOTE: &str = r#"{"body":"hello","likes":2,"all":[{"t":"x"},"y",7],"none":null}"#;

#[test]
fn given_nothing_or_null_when_it_becomes_a_text_or_counter_then_it_is_empty_or_0() {
    check(
        &["ref a {\"t\": null}", "ref b", "ref c [null]"],
        &[
            ("text a .t", &[r#"{"t":""}"#, ".t is a text now", r#"~ .t null → """#]),
            ("counter a .n", &[r#"{"t":"","n":0}"#, ".n is a counter now", "+ .n 0"]),
            ("counter b .", &["0", ". is a counter now", "~ . null → 0"]),
            ("swap b . - 3", &["-3", "~ . 0 → -3"]),
            ("reset b \"é日😀\"", &["\"é日😀\"", "~ . -3 → \"é日😀\"", ". is no counter any more"]),
            ("plain b .", &["\"é日😀\"", ". is plain already: a string"]),
            ("text b .", &["\"é日😀\"", ". is a text now"]),
            ("text c .[0]", &[r#"[""]"#, ".[0] is a text now", r#"~ .[0] null → """#]),
        ],
    );
}

#[test]
fn given_a_number_when_it_becomes_a_counter_then_only_a_whole_one_of_64_bits_does() {
    let numbers = [
        ("-9223372036854775808", true),
        ("9223372036854775807", true),
        ("9223372036854775808", false),
        ("1.5", false),
        ("2.0", false),
        ("1e3", false),
    ];
    for (number, fits) in numbers {
        let mut session = after(&[&format!("ref a {number}")]);
        let expected = match fits {
            true => vec![number.to_owned(), ". is a counter now".to_owned()],
            false => vec![format!("error: . is {number}, not a whole number of at most 64 bits")],
        };
        assert_eq!(answer(&mut session, "counter a ."), expected);
    }
}

#[test]
fn given_a_text_and_a_counter_when_two_edit_at_once_then_both_edits_are_there() {
    let both = &["text ann .body", "counter ann .likes", "merge ben ann"];
    check(
        &[NOTES, both].concat(),
        &[
            (
                "swap ann .body += \" world\" | .likes += 1",
                &[
                    r#"{"body":"hello world","likes":3,"all":[{"t":"x"},"y",7],"none":null}"#,
                    r#"~ .body "hello" → "hello world""#,
                    "~ .likes 2 → 3",
                ],
            ),
            (
                "swap ben .body |= \"H\" + .[1:] | .likes -= 5",
                &[
                    r#"{"body":"Hello","likes":-3,"all":[{"t":"x"},"y",7],"none":null}"#,
                    r#"~ .body "hello" → "Hello""#,
                    "~ .likes 2 → -3",
                ],
            ),
            (
                "merge ann ben",
                &[
                    r#"{"body":"Hello world","likes":-2,"all":[{"t":"x"},"y",7],"none":null}"#,
                    "1 change new",
                    r#"~ .body "hello world" → "Hello world""#,
                    "~ .likes 3 → -2",
                ],
            ),
            ("conflicts ann", &["[]", "no conflicts"]),
            ("merge ben ann | .body", &["error: unexpected argument `| .body`"]),
            (
                "merge ben ann",
                &[
                    r#"{"body":"Hello world","likes":-2,"all":[{"t":"x"},"y",7],"none":null}"#,
                    "1 change new",
                    r#"~ .body "Hello" → "Hello world""#,
                    "~ .likes -3 → -2",
                ],
            ),
        ],
    );
}

#[test]
fn given_a_text_when_it_is_plain_again_or_swapped_to_something_else_then_the_last_writer_wins() {
    let both = &["text ann .body", "counter ann .likes", "merge ben ann"];
    let mut session = after(&[NOTES, both].concat());
    for line in ["plain ann .body", "swap ann .likes = \"many\"", "merge ben ann"] {
        session.run(line).unwrap();
    }
    for line in ["swap ann .body += \" A\"", "swap ben .body += \" B\"", "merge ann ben", "merge ben ann"] {
        session.run(line).unwrap();
    }
    assert_eq!(answer(&mut session, "ann | [.body, .likes]"), [r#"["hello B","many"]"#]);
    assert_eq!(session.run("conflicts ann").unwrap().lines().len(), 1);
    assert_eq!(answer(&mut session, "same ann ben"), ["true"]);
}

#[test]
fn given_a_validator_when_a_text_or_counter_breaks_it_then_nothing_changed() {
    let mut session = after(&["ref a {\"n\": null}", "validate a .n == null"]);
    let before = state(&mut session);
    for (line, at) in [("counter a .n", ".n"), ("text a .n", ".n")] {
        let error = fail(&mut session, line);
        assert_eq!(error.to_string(), "a stays as it is: not valid: `.n == null` is false");
        assert_eq!(&line[error.span.clone()], at);
    }
    assert_eq!(state(&mut session), before);
    assert_eq!(answer(&mut session, "text a .t"), [r#"{"n":null,"t":""}"#, ".t is a text now", r#"+ .t """#]);
}

#[test]
fn given_a_watch_when_a_text_is_made_then_it_tells_what_differs() {
    check(
        &["ref a {\"s\": \"x\"}", "watch a"],
        &[
            ("text a .s", &[r#"{"s":"x"}"#, ".s is a text now"]),
            ("text a .t", &[r#"{"s":"x","t":""}"#, ".t is a text now", r#"+ .t """#, r#"a: + .t """#]),
        ],
    );
}

#[test]
fn given_a_text_or_counter_when_an_edit_or_merge_makes_it_plain_then_the_report_says_so() {
    let both = &["text ann .body", "counter ann .likes", "merge ben ann", "watch ben"];
    check(
        &[NOTES, both].concat(),
        &[
            (
                "swap ann .likes = 2.5",
                &[
                    r#"{"body":"hello","likes":2.5,"all":[{"t":"x"},"y",7],"none":null}"#,
                    "~ .likes 2 → 2.5",
                    ".likes is no counter any more",
                ],
            ),
            ("plain ann .body", &[&NOTE.replace("2,", "2.5,"), ".body is plain now: a string"]),
            (
                "merge ben ann",
                &[
                    &NOTE.replace("2,", "2.5,"),
                    "2 changes new",
                    "~ .likes 2 → 2.5",
                    ".body is no text any more",
                    ".likes is no counter any more",
                    "ben: ~ .likes 2 → 2.5",
                    "ben: .body is no text any more",
                    "ben: .likes is no counter any more",
                ],
            ),
            (
                "undo",
                &[
                    NOTE,
                    "undid `merge ben ann`",
                    "~ .likes 2.5 → 2",
                    ".body is a text now",
                    ".likes is a counter now",
                    "ben: ~ .likes 2.5 → 2",
                    "ben: .body is a text now",
                    "ben: .likes is a counter now",
                ],
            ),
        ],
    );
}

#[test]
fn given_a_place_that_becomes_a_text_or_counter_then_every_report_of_it_says_so() {
    let a = r#"{"t":"hi","n":3,"none":null}"#;
    check(
        &[&format!("ref a {a}"), "branch a as b"],
        &[
            ("text a .t", &[a, ".t is a text now"]),
            ("undo", &[a, "undid `text a .t`", ".t is no text any more"]),
            ("redo", &[a, "redid `text a .t`", ".t is a text now"]),
            ("counter a .none", &[&a.replace("null", "0"), ".none is a counter now", "~ .none null → 0"]),
            ("undo", &[a, "undid `counter a .none`", "~ .none 0 → null", ".none is no counter any more"]),
            (
                "redo",
                &[
                    &a.replace("null", "0"),
                    "redid `counter a .none`",
                    "~ .none null → 0",
                    ".none is a counter now",
                ],
            ),
            ("undo", &[a, "undid `counter a .none`", "~ .none 0 → null", ".none is no counter any more"]),
            (
                "swap a .t = [1]",
                &[&a.replace("\"hi\"", "[1]"), "~ .t \"hi\" → [1]", ".t is no text any more"],
            ),
            ("undo", &[a, "undid `swap a .t = [1]`", "~ .t [1] → \"hi\"", ".t is a text now"]),
            ("plain a .t", &[a, ".t is plain now: a string"]),
            ("undo", &[a, "undid `plain a .t`", ".t is a text now"]),
            ("merge b a", &[a, "1 change new", ".t is a text now"]),
            ("undo", &[a, "undid `merge b a`", ".t is no text any more"]),
        ],
    );
}

#[test]
fn given_edits_in_what_goes_when_they_merge_then_the_report_says_how_it_went() {
    for (gone, fate) in [("del(.o)", "deleted"), (".o = 1", "overwritten")] {
        let lines = ["ref a {\"o\": {\"p\": 1}}", "branch a as b", "swap b .o.p = 2"];
        let mut session = after(&lines);
        session.run(&format!("swap a {gone}")).unwrap();
        let told = answer(&mut session, "merge a b");
        assert_eq!(told.last().unwrap(), &format!("the edit 4@b went with .o, which was {fate}"));
    }
}

#[test]
fn given_long_values_when_they_differ_or_conflict_then_the_place_where_they_differ_is_shown() {
    let mut session =
        after(&["ref a \"x\" * 200", "branch a as b", "swap a . + \"one\"", "swap b . + \"two\""]);
    let common = "x".repeat(20);
    let told = answer(&mut session, "same a b");
    assert_eq!(told, [format!("error: a and b differ at .: …{common}one\" and …{common}two\"")]);
    let told = answer(&mut session, "merge a b");
    let conflict = format!("conflict at .: …{common}two\" (2@b) wins over …{common}one\" (2@a)");
    assert_eq!(told.last(), Some(&conflict));
    session.run("patch-from-clock b {} as p").unwrap();
    session.run("branch a as c").unwrap();
    let error = answer(&mut session, "merge c ($p | .changes[1].ops[0].value += \"!\")");
    let common = &common[3..];
    let end = format!("2@b …{common}two\"}}] and 2@b …{common}two!\"}}]");
    assert_eq!(error, [format!("error: c stays as it is: two replicas write as b: {end}")]);
}

#[test]
fn given_copies_and_parts_taken_out_of_what_is_copied_then_all_replicas_read_the_same() {
    let cases = [
        (r#"{"users":[{"n":"A","address":{"city":"X"}}]}"#, ".backup = .users | .users[] |= .address"),
        (r#"{"l":[{"k":[]}]}"#, ".q = .l | .l[0] = .l[0].k"),
        (r#"{"m":{"x":{"w":{"v":1}}}}"#, ".q = [.m, .m] | .m.x = 1"),
        (r#"{"m":{"x":{"y":1}}}"#, ".old = . | .m = .m.x"),
        (r#"{"users":{"a":{"address":{"city":"X"}}}}"#, ".backup = .users | .users |= map_values(.address)"),
        (r#"{"m":{"n":{"x":{"y":[]}}}}"#, ".p = .m | .q = .m.n.x.y | .m.n = 1"),
        (r#"{"l":{"i":{"k":{}}}}"#, ".q = [.l] | .l.i = .l.i.k"),
        (r#"{"l":[[[1]]]}"#, ".q = .l | .l[0] = .l[0][0]"),
        (r#"{"m":{"l":[[[1]]]}}"#, ".m as $o | .m.l |= flatten(1) | .old = $o"),
        (r#"{"l":[{"k":[]},"hello"]}"#, ".l[] = .l"),
        (r#"{"m":{"x":{"w":[]},"v":0}}"#, ".m[]? = [.m]"),
        (r#"{"m":{"x":{"y":{}}}}"#, ".m[]? = [.m.x.y, .m]"),
        (r#"{"m":{"x":{"w":[{}]}}}"#, ".m.x += {w: .m.x} | .l[0] = .m.x"),
        (r#"{"l":[{},{"k":[]},{}]}"#, ".l[].sub? = {a: true, b: .l} | .l[1] = 0"),
    ];
    for (value, filter) in cases {
        let mut session = after(&[&format!("ref a {value}"), "branch a as b", &format!("swap a {filter}")]);
        answer(&mut session, "merge b a");
        assert_eq!(answer(&mut session, "a"), answer(&mut session, "b"), "{value} {filter}");
    }
    for kind in ["text a .l[0].t", "counter a .l[0].t"] {
        let start = if kind.starts_with("text") { r#""x""# } else { "1" };
        let mut session = after(&[&format!(r#"ref a {{"l":[{{"t":{start}}}]}}"#), kind, "branch a as b"]);
        answer(&mut session, "swap a .old = .l | .l[] |= .t");
        answer(&mut session, "merge b a");
        assert_eq!(answer(&mut session, "a"), answer(&mut session, "b"), "{kind}");
    }
}

#[test]
fn given_texts_counters_and_moves_when_they_are_logged_then_each_op_is_a_line() {
    let lines = [
        r#"ref a {"t": "hi", "n": 1, "from": [{"x": 1}], "to": []}"#,
        "text a .t",
        "counter a .n",
        "swap a .t = \"ho!\"",
        "swap a .n -= 3",
        "swap a .to += .from | .from = []",
        "swap a .x = .to[0] | del(.to[0])",
        "swap a del(.x)",
    ];
    let mut session = after(&lines);
    let log = session.run("log a").unwrap().lines();
    assert_eq!(
        log[8..],
        [
            "8@a after 7@a",
            r#"  8@a puts a new text at key "t" of map 1@a, over 2@a"#,
            r#"  9..10@a types "hi" into text 8@a at the start"#,
            "11@a after 10@a",
            r#"  11@a puts a new counter at key "n" of map 1@a, over 3@a"#,
            "  12@a adds 1 to counter 11@a",
            "13@a after 12@a",
            r#"  13@a deletes "i" (10@a)"#,
            r#"  14..15@a types "o!" into text 8@a on the left of 10@a"#,
            "16@a after 15@a",
            "  16@a adds -3 to counter 11@a",
            "17@a after 16@a",
            "  17@a moves 5@a into list 7@a at the start",
            "18@a after 17@a",
            r#"  18@a moves 5@a to key "x" of map 1@a"#,
            "19@a after 18@a",
            "  19@a deletes map 5@a, 17..18@a",
        ]
    );
}

// --- moves in reports ---

#[test]
fn given_a_move_when_it_is_swapped_and_merged_then_the_report_says_from_where() {
    check(
        &[
            r#"ref a {"todo": [{"t": "x", "by": 1}, {"t": "y", "by": 2}], "done": []}"#,
            "branch a as b",
            "watch b",
        ],
        &[
            (
                "swap a .done += [.todo[0] + {ok: true}] | del(.todo[0])",
                &[
                    r#"{"todo":[{"t":"y","by":2}],"done":[{"t":"x","by":1,"ok":true}]}"#,
                    "> .done[0] from .todo[0]",
                    "+ .done[0].ok true",
                ],
            ),
            (
                "merge b a",
                &[
                    r#"{"todo":[{"t":"y","by":2}],"done":[{"t":"x","by":1,"ok":true}]}"#,
                    "1 change new",
                    "> .done[0] from .todo[0]",
                    "+ .done[0].ok true",
                    "b: > .done[0] from .todo[0]",
                    "b: + .done[0].ok true",
                ],
            ),
            (
                "swap a .todo = .done | .done = []",
                &[
                    r#"{"todo":[{"t":"x","by":1,"ok":true}],"done":[]}"#,
                    "- .todo [{\"t\":\"y\",\"by\":2}]",
                    "> .todo from .done",
                    "+ .done []",
                ],
            ),
        ],
    );
}

// --- older values, local patches, squashes ---

#[test]
fn given_an_older_clock_then_the_value_was_what_its_changes_come_to() {
    check(
        &[
            "ref a {\"n\": 1}",
            "clock a as first",
            "swap a .n = 2",
            "branch a as b",
            "swap b .n = 3",
            "clock a as second",
            "merge a b",
        ],
        &[
            ("at a first", &[r#"{"n":1}"#]),
            ("at a second", &[r#"{"n":2}"#]),
            ("$_.n", &["2"]),
            ("at a {}", &["null"]),
            ("at a ($a | {a: 2})", &[r#"{"n":1}"#]),
            ("at b second", &[r#"{"n":2}"#]),
            ("at a $first", &[r#"{"n":1}"#]),
            ("a", &[r#"{"n":3}"#]),
        ],
    );
}

#[test]
fn given_local_changes_when_they_are_popped_then_each_comes_once() {
    let mut session = after(&["ref a 1", "branch a as b", "swap b 2", "swap b 3", "merge a b", "swap a 4"]);
    let patches = session.run("peek-patches b").unwrap();
    assert_eq!(patches.lines(), ["2 patches"]);
    assert_eq!(answer(&mut session, "map(.changes[].ops[].value)"), ["[2,3]"]);
    let popped = session.run("pop-patches b as news").unwrap();
    assert_eq!(
        (popped.values[0].to_string(), popped.lines()),
        (patches.values[0].to_string(), patches.lines())
    );
    assert_eq!(answer(&mut session, "peek-patches b"), ["[]", "nothing new"]);
    assert_eq!(answer(&mut session, "news.changes | length"), ["2"]);
    // What came by a merge is not among them; what made the document is.
    session.run("merge b a").unwrap();
    assert_eq!(answer(&mut session, "pop-patches b"), ["[]", "nothing new"]);
    session.run("pop-patches a").unwrap();
    assert_eq!(answer(&mut session, "map(.changes[].ops[].value)"), ["[1,4]"]);
    session.run("branch a as c").unwrap();
    assert_eq!(answer(&mut session, "peek-patches c"), ["[]", "nothing new"]);
}

#[test]
fn given_a_name_that_is_taken_when_patches_are_popped_then_they_stay_in_the_queue() {
    let mut session = after(&["ref a 1"]);
    fail(&mut session, "pop-patches a as a");
    assert_eq!(session.run("peek-patches a").unwrap().lines(), ["1 patch"]);
}

#[test]
fn given_another_document_when_it_is_squashed_then_its_value_is_one_own_change() {
    let mut session = after(&[
        r#"ref a {"items": [0, 1], "x": {"y": 1}}"#,
        "branch a as b",
        "ref draft $a",
        "swap draft .items += [2]",
        "swap draft .x.y = 2",
    ]);
    let value = r#"{"items":[0,1,2],"x":{"y":2}}"#;
    let changes = session.run("log a").unwrap().values[0].to_string().matches("\"first\"").count();
    assert_eq!(answer(&mut session, "squash a draft"), [value, "+ .items[2] 2", "~ .x.y 1 → 2"]);
    assert_eq!(answer(&mut session, "squash a draft"), [value, "no difference, no change"]);
    let logged = session.run("log a").unwrap().values[0].to_string();
    assert_eq!(logged.matches("\"first\"").count(), changes + 1);
    assert!(!logged.contains("@draft"), "{logged}");
    assert_eq!(answer(&mut session, "merge b a")[0], value);
}

#[test]
fn given_a_replica_when_it_is_squashed_then_nothing_can_come_twice() {
    let mut session = after(&["ref a [0]", "branch a as b", "swap a . + [1]"]);
    // It has nothing new: there is nothing to take.
    assert_eq!(answer(&mut session, "squash a b"), ["[0,1]", "nothing new"]);
    session.run("swap b . + [2]").unwrap();
    session.run("swap b . + [3]").unwrap();
    let before = state(&mut session);
    let error = fail(&mut session, "squash a b");
    assert_eq!(
        error.to_string(),
        "a stays as it is: b has 2 changes of this document, which a later merge would bring again"
    );
    assert_eq!(state(&mut session), before);
    // What the hint says to do instead.
    assert_eq!(answer(&mut session, "merge a b")[0], "[0,1,2,3]");
    assert_eq!(answer(&mut session, "squash a b"), ["[0,1,2,3]", "nothing new"]);
    assert_eq!(answer(&mut session, "merge a b"), ["[0,1,2,3]", "nothing new"]);
}

#[test]
fn given_a_watch_when_the_value_changes_then_every_answer_tells_of_it() {
    check(
        &["ref a {\"n\": 1}", "branch a as b"],
        &[
            ("watch a", &["a is watched"]),
            ("watch a", &["a is watched already"]),
            ("swap a .n = 2", &[r#"{"n":2}"#, "~ .n 1 → 2", "a: ~ .n 1 → 2"]),
            ("reset a {\"n\": 3}", &[r#"{"n":3}"#, "~ .n 2 → 3", "a: ~ .n 2 → 3"]),
            ("cas a {\"n\": 3} {\"n\": 4}", &["true", "~ .n 3 → 4", "a: ~ .n 3 → 4"]),
            ("swap b .m = 1", &[r#"{"n":1,"m":1}"#, "+ .m 1"]),
            ("merge a b", &[r#"{"n":4,"m":1}"#, "1 change new", "+ .m 1", "a: + .m 1"]),
        ],
    );
}

#[test]
fn given_a_watch_when_nothing_changes_or_it_ended_then_nothing_is_told() {
    check(
        &["ref a {\"n\": 1}", "branch a as b", "watch a"],
        &[
            ("swap a .", &[r#"{"n":1}"#, "no difference, no change"]),
            ("reset a {\"n\": 1}", &[r#"{"n":1}"#, "no difference, no change"]),
            ("cas a 5 6", &["false", "the value of a is another"]),
            ("merge a b", &[r#"{"n":1}"#, "nothing new"]),
            ("swap a error(\"no\")", &["error: `error(\"no\")` failed on a: no"]),
            ("swap b .n = 2", &[r#"{"n":2}"#, "~ .n 1 → 2"]),
            ("unwatch a", &["a is no longer watched"]),
            ("swap a .n = 9", &[r#"{"n":9}"#, "~ .n 1 → 9"]),
            ("watch a", &["a is watched"]),
            ("drop a", &["dropped the ref a"]),
            ("branch b as a", &[r#"{"n":2}"#, "actor a-2"]),
            ("swap a .n = 3", &[r#"{"n":3}"#, "~ .n 2 → 3"]),
        ],
    );
}

#[test]
fn given_a_validator_when_an_edit_breaks_it_then_only_edits_are_refused() {
    let refused: &[&str] = &["error: a stays as it is: not valid: `length < 3` is false"];
    check(
        &["ref a [1, 2]", "branch a as b", "swap b . + [3]"],
        &[
            ("validate a length < 3", &["edits of a must satisfy `length < 3`"]),
            ("swap a . + [3]", refused),
            ("reset a [1, 2, 3]", refused),
            ("cas a [1, 2] [1, 2, 3]", refused),
            ("cas a 7 [1, 2, 3]", &["false", "the value of a is another"]),
            ("a", &["[1,2]"]),
            (
                "merge a b",
                &[
                    "[1,2,3]",
                    "1 change new",
                    "+ .[2] 3",
                    "the merged value is not valid: `length < 3` is false",
                ],
            ),
            ("swap a .[0] = 0", refused),
            ("swap a .[:1]", &["[1]", "- .[1] 2", "- .[2] 3"]),
            ("validate a", &["edits of a are no longer validated"]),
            ("swap a . + [2, 3, 4]", &["[1,2,3,4]", "+ .[1] 2", "+ .[2] 3", "+ .[3] 4"]),
        ],
    );
}

#[test]
fn given_a_dropped_ref_when_its_name_is_given_again_then_another_actor_writes() {
    check(
        &["ref a {}", "branch a as b", "branch a as c", "swap b .x = 1", "merge c b"],
        &[
            ("drop b", &["dropped the ref b"]),
            ("b", &["error: `b` is neither a command nor a name"]),
            ("branch a as b", &["{}", "actor b-2"]),
            ("swap b .y = 2", &[r#"{"y":2}"#, "+ .y 2"]),
            ("merge c b", &[r#"{"x":1,"y":2}"#, "1 change new", "+ .y 2"]),
            ("drop b", &["dropped the ref b"]),
            ("ref b 1", &["1", "actor b-3"]),
            ("clock a as seen", &[r#"{"a":1}"#]),
            ("drop seen", &["dropped the clock seen"]),
            (
                "patch a {} as seen",
                &[
                    r#"{"document":"e220a8397b1dcdaf","changes":[{"actor":"a","first":1,"previous":0,"deps":{},"ops":[{"op":"put","root":true,"make":"map"}]}]}"#,
                    "1 change",
                ],
            ),
            ("drop seen", &["dropped the patch seen"]),
        ],
    );
}

#[test]
fn given_quit_or_exit_when_it_runs_then_the_reply_says_so() {
    for (line, quits) in [("quit", true), ("exit", true), ("quit # now", true), ("1", false), ("", false)] {
        assert_eq!(Session::default().run(line).unwrap().quit, quits, "{line}");
    }
}

// --- expressions ---

#[test]
fn given_a_known_name_in_first_place_then_it_needs_no_dollar() {
    check(
        &["ref origin {\"items\": [0, 1]}", "ref other-one [5, 6]", "ref other 10", "clock origin as c-1"],
        &[
            ("origin", &[r#"{"items":[0,1]}"#]),
            ("  origin", &[r#"{"items":[0,1]}"#]),
            ("origin.items", &["[0,1]"]),
            ("origin | .items | length", &["2"]),
            ("origin.items|length", &["2"]),
            ("other-one", &["[5,6]"]),
            ("other-one[0]", &["5"]),
            ("other-one|length", &["2"]),
            ("other-one as $x | $x[1]", &["6"]),
            ("other-1", &["9"]),
            ("other - 1", &["9"]),
            ("other -1", &["9"]),
            ("c-1", &[r#"{"origin":4}"#]),
            ("c-1.origin", &["4"]),
            ("origin == $origin # the same", &["true"]),
        ],
    );
}

#[test]
fn given_names_with_a_minus_then_their_variables_have_an_underscore() {
    check(
        SETUP,
        &[
            ("$other_one.items | length", &["3"]),
            ("[$origin, $other_one] | map(.items | length)", &["[2,3]"]),
            ("$origin == $other_one", &["false"]),
            ("$new.changes[0].actor", &[r#""other-one""#]),
            ("reset origin $other_one", &[r#"{"name":"Foo","items":[0,1,2]}"#, "+ .items[2] 2"]),
            ("swap origin .name = $elsewhere.n", &[r#"{"name":1,"items":[0,1,2]}"#, r#"~ .name "Foo" → 1"#]),
        ],
    );
}

#[test]
fn given_any_number_of_outputs_then_all_are_answered_and_the_last_is_kept() {
    check(
        &["ref a [1, 2, 3]"],
        &[
            ("a[]", &["1", "2", "3"]),
            ("$_", &["3"]),
            ("empty", &[]),
            ("$_", &["3"]),
            (". + $_", &["6"]),
            ("$_ * 2", &["12"]),
            ("1, \"two\"", &["1", "\"two\""]),
            ("# a comment", &[]),
            ("", &[]),
            ("refs | empty", &["error: unexpected argument `| empty`"]),
            ("watch a", &["a is watched"]),
            ("$_", &["\"two\""]),
            ("clock a", &[r#"{"a":4}"#]),
            (".a", &["4"]),
        ],
    );
}

// --- determinism ---

#[test]
fn given_the_same_lines_then_two_sessions_answer_the_same_text() {
    let lines =
        SETUP.iter().copied().chain(["refs", "log other-one", "merge origin new", "patch origin {}", "help"]);
    let lines: Vec<&str> = lines.collect();
    let answers = |options: &Options| -> Vec<Vec<String>> {
        let mut session = Session::new(options.clone());
        lines.iter().map(|line| answer(&mut session, line)).collect()
    };
    for seed in [0, 7] {
        for unique_actors in [false, true] {
            let options = Options { seed, unique_actors };
            assert_eq!(answers(&options), answers(&options), "{options:?}");
        }
    }
    let seeded = |seed| answers(&Options { seed, unique_actors: false });
    assert_ne!(seeded(0), seeded(7), "document ids derive from the seed");
}

#[test]
fn given_unique_actors_then_each_has_a_suffix_of_its_own() {
    let mut actors = BTreeSet::new();
    for seed in 0..50 {
        let mut session = Session::new(Options { seed, unique_actors: true });
        for line in ["ref origin 1", "branch origin as b-1"] {
            let line = session.run(line).unwrap().lines().remove(0);
            let (name, suffix) = line.strip_prefix("actor ").unwrap().rsplit_once('-').unwrap();
            assert!(["origin", "b-1"].contains(&name), "{line}");
            assert_eq!(suffix.len(), 12, "{line}");
            assert!(suffix.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit()), "{line}");
            actors.insert(line);
        }
    }
    assert_eq!(actors.len(), 100);
}

// --- wrong lines ---

/// Wrong lines as the shell shows them: the line, a caret under what is to blame and what is wrong with
/// it, and perhaps a hint. Each runs in a session of its own, after [`SETUP`]. With `BLESS` in the
/// environment the test writes the file anew: read the difference before you keep it.
const WRONG: &str = include_str!("wrong_lines.txt");

/// The wrong lines with what is shown for them.
fn wrong() -> impl Iterator<Item = (&'static str, &'static str)> {
    let blocks = WRONG.split("\n\n").map(str::trim_end).filter(|block| !block.starts_with("## "));
    blocks.map(|block| (block.lines().next().unwrap(), block))
}

/// What is shown for a line that failed.
fn shown(line: &str, error: &CommandError) -> String {
    let indent = " ".repeat(line[..error.span.start].chars().count());
    let carets = "^".repeat(line[error.span.clone()].chars().count().max(1));
    let hint = error.hint.iter().map(|hint| format!("\nhint: {hint}"));
    format!("{line}\n{indent}{carets} {error}{}", hint.collect::<String>())
}

/// Everything that a line could have changed: names, values, clocks, histories, the last value.
fn state(session: &mut Session) -> Vec<String> {
    let mut state: Vec<String> = Vec::new();
    for (name, entry) in session.entries() {
        state.push(format!("{name} {} {}", entry.kind(), entry.value()));
        if let Entry::Ref(reference) = entry {
            assert_eq!(reference.check(), Ok(()), "{name}");
            let (clock, waiting) = (reference.clock().to_json(), reference.waiting_len());
            let (document, actor) = (reference.document(), reference.actor());
            state.push(format!("{document:?} {actor} {clock} {} {waiting}", reference.changes().len()));
        }
    }
    state.extend(answer(session, "$_"));
    state
}

#[test]
fn given_a_wrong_line_then_the_message_the_place_and_the_hint_are_these() {
    assert!(wrong().count() >= 40);
    if std::env::var_os("BLESS").is_some() {
        let blocks = WRONG.split("\n\n").map(|block| match block.trim_end() {
            heading if heading.starts_with("## ") => heading.to_owned(),
            block => {
                let line = block.lines().next().unwrap();
                shown(line, &fail(&mut after(SETUP), line))
            }
        });
        let text = blocks.collect::<Vec<_>>().join("\n\n") + "\n";
        std::fs::write(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/session/wrong_lines.txt"), text).unwrap();
        return;
    }
    for (line, expected) in wrong() {
        let error = fail(&mut after(SETUP), line);
        assert_eq!(shown(line, &error), expected, "{line}");
    }
}

#[test]
fn given_a_wrong_line_then_its_message_is_one_tidy_line() {
    for (line, _) in wrong() {
        let message = fail(&mut after(SETUP), line).to_string();
        assert!(!message.contains(char::is_control) && !message.is_empty(), "{line}: {message:?}");
        assert!(!message.ends_with(['.', ' ']) || message.ends_with(" at ."), "{line}: {message:?}");
    }
}

#[test]
fn given_a_wrong_line_then_everything_is_as_it_was() {
    for (line, _) in wrong() {
        let mut session = after(SETUP);
        let before = state(&mut session);
        fail(&mut session, line);
        assert_eq!(state(&mut session), before, "{line}");
    }
}

/// Lines that show what a session would do next: the ids it would give, whom it watches and validates.
const NEXT: &[&str] = &[
    "ref x 1",
    "branch origin as copy",
    "swap copy .z = 1",
    "swap origin .name = \"Bar\"",
    "merge origin copy",
    "merge origin new",
    "clock origin as s",
    "patch-from-clock origin {} as p",
    "refs",
    "log origin",
];

#[test]
fn given_a_wrong_line_then_what_comes_next_is_as_if_it_had_not_been() {
    let next = |session: &mut Session| -> Vec<Vec<String>> {
        NEXT.iter().map(|line| answer(session, line)).collect()
    };
    let expected = next(&mut after(SETUP));
    for (line, _) in wrong() {
        let mut session = after(SETUP);
        fail(&mut session, line);
        assert_eq!(next(&mut session), expected, "{line}");
    }
}

#[test]
fn given_a_ref_whose_value_is_not_json_then_its_actor_is_still_free() {
    for value in ["nan", "[infinite]"] {
        let mut session = Session::default();
        fail(&mut session, &format!("ref x {value}"));
        assert_eq!(answer(&mut session, "ref x 1"), ["1", "actor x"], "{value}");
    }
}

#[test]
fn given_an_actor_that_has_written_when_a_branch_takes_its_name_then_it_gets_another_actor() {
    let mut session = after(SETUP);
    session.run("merge origin ($new | .changes[0].actor = \"zed\")").unwrap();
    assert_eq!(answer(&mut session, "branch origin as zed")[1], "actor zed-2");
}

#[test]
fn given_a_number_that_json_does_not_have_then_what_is_printed_is_json_all_the_same() {
    for value in ["00.5", "-01.5", "[1, 00.5]", "01e5"] {
        for printed in answer(&mut Session::default(), &format!("ref a {value}")) {
            let is_json = serde_json::from_str::<serde_json::Value>(&printed).is_ok();
            assert!(is_json || printed.starts_with("actor ") || printed.starts_with("error: "), "{printed}");
        }
    }
}

#[test]
fn given_any_filter_that_fails_then_the_message_is_one_tidy_line() {
    for line in
        ["swap origin {\n  x: error}", r#"error("a\nb")"#, r#"error("blank ")"#, r#"error("\u001b[31m")"#]
    {
        let message = fail(&mut after(SETUP), line).to_string();
        assert!(!message.contains(char::is_control), "{message:?}");
        assert_eq!(message.trim(), message);
    }
}

#[test]
fn given_a_value_that_nests_too_deep_then_it_is_refused() {
    let text = format!("{}{}", "[".repeat(MAX_DEPTH + 1), "]".repeat(MAX_DEPTH + 1));
    let filter = format!("reduce range({}) as $i (0; [.])", MAX_DEPTH + 1);
    for value in [text, filter] {
        for command in ["reset origin", "cas origin .", "swap origin"] {
            let (mut session, line) = (after(SETUP), format!("{command} {value}"));
            let before = state(&mut session);
            let error = fail(&mut session, &line);
            assert_eq!(line[error.span.clone()], value, "{command}");
            assert_eq!(state(&mut session), before, "{command}");
        }
    }
    let deepest = format!("{}{}", "[".repeat(MAX_DEPTH), "]".repeat(MAX_DEPTH));
    assert!(after(SETUP).run(&format!("reset origin {deepest}")).is_ok());
}

#[test]
fn given_a_line_of_several_lines_or_wide_letters_then_the_place_is_right() {
    let rows = [
        ("swap origin\n  .name | lenght", "lenght", (2, 11), "  .name | lenght\n          ^^^^^^"),
        ("reset origin {\n  x: nope}", "nope", (2, 6), "  x: nope}\n     ^^^^"),
        (
            r#"swap origin "日本" | lenght"#,
            "lenght",
            (1, 20),
            "swap origin \"日本\" | lenght\n                     ^^^^^^",
        ),
        ("swap origin .é", "é", (1, 14), "swap origin .é\n             ^"),
        ("swap origin [", "[", (1, 13), "swap origin [\n            ^"),
        ("swap origin", "", (1, 12), "swap origin\n           ^"),
    ];
    for (line, under, place, caret) in rows {
        let error = fail(&mut after(SETUP), line);
        assert_eq!(&line[error.span.clone()], under, "{line}");
        let found = error.location(line);
        assert_eq!((found.line, found.column), place, "{line}");
        assert_eq!(found.to_string(), caret, "{line}");
    }
}

#[test]
fn given_no_last_value_or_a_filter_that_does_not_look_at_it_then_no_error_names_it() {
    let mut session = Session::default();
    let error = |session: &mut Session, line: &str| session.run(line).unwrap_err().to_string();
    assert_eq!(error(&mut session, "error(\"x\")"), "`error(\"x\")` failed: x");
    assert_eq!(error(&mut session, "ref a error(\"x\")"), "`error(\"x\")` failed: x");
    session.run("1 + 1").unwrap();
    assert_eq!(error(&mut session, "error"), "`error` failed on the last value: 2");
    assert_eq!(error(&mut session, "$_.x"), "`$_.x` failed on the last value: cannot index 2 with \"x\"");
    assert_eq!(error(&mut session, "[1] | .x"), "`[1] | .x` failed: cannot index [1] with \"x\"");
    assert_eq!(error(&mut session, "at a ([1] - 1)"), "nothing has the name `a`");
}

#[test]
fn given_a_name_when_it_is_renamed_then_all_that_belonged_to_it_has_the_new_one() {
    let mut session = Session::default();
    let mut run = |line: &str| {
        let reply = session.run(line);
        match reply {
            Ok(reply) => {
                let values = reply.values.iter().map(ToString::to_string);
                values.chain(reply.lines()).collect::<Vec<_>>().join("; ")
            }
            Err(error) => error.to_string(),
        }
    };
    let rows = [
        ("ref a {\"n\": 1}", "{\"n\":1}; actor a"),
        ("branch a as b", "{\"n\":1}; actor b"),
        ("clock a as seen", "{\"a\":2}"),
        ("watch a", "a is watched"),
        ("validate a .n > 0", "edits of a must satisfy `.n > 0`"),
        ("rename a as my-doc", "the ref a is called my-doc now"),
        ("rename seen as before", "the clock seen is called before now"),
        // A name that differs only in what is one in a variable.
        ("rename my-doc as my_doc", "the ref my-doc is called my_doc now"),
        ("a", "`a` is neither a command nor a name"),
        ("swap my_doc .n = 2", "{\"n\":2}; ~ .n 1 → 2; my_doc: ~ .n 1 → 2"),
        ("swap my_doc .n = 0", "my_doc stays as it is: not valid: `.n > 0` is false"),
        ("$my_doc.n", "2"),
        ("unwatch my_doc", "my_doc is no longer watched"),
        ("merge b my_doc", "{\"n\":2}; 1 change new; ~ .n 1 → 2"),
        ("rename b as my_doc", "`my_doc` is taken by a ref"),
        ("rename b as b", "`b` is taken by a ref"),
        ("rename b as swap", "`swap` cannot be a name"),
        ("rename b as my-doc", "`my-doc` would be the variable $my_doc, which stands for `my_doc`"),
        ("rename nobody as somebody", "nothing has the name `nobody`"),
        ("rename b", "`as NAME` is missing"),
        ("rename b to c", "expected `as NAME`, not `to`"),
        ("rename b as c d", "unexpected argument `d`"),
        // The name is free, the actor is not.
        ("ref a 1", "1; actor a-2"),
    ];
    for (line, answer) in rows {
        assert_eq!(run(line), answer, "{line}");
    }
    let names: Vec<&str> = session.entries().map(|(name, _)| name).collect();
    assert_eq!(names, ["my_doc", "b", "before", "a"], "a name keeps its place");
}

#[test]
fn given_a_rename_between_edits_when_all_are_taken_back_then_each_goes_to_the_ref_that_it_was() {
    let mut session = Session::default();
    let lines = ["ref a 1", "swap a 2", "rename a as b", "swap b 3", "ref a 7", "swap a 8", "rename a as c"];
    let states = |session: &Session| -> Vec<String> {
        session.entries().map(|(name, entry)| format!("{name} {}", entry.value())).collect()
    };
    let mut seen = vec![states(&session)];
    for line in lines {
        session.run(line).unwrap();
        seen.push(states(&session));
    }
    for (at, state) in seen[..lines.len()].iter().enumerate().rev() {
        session.run("undo").unwrap();
        assert_eq!(states(&session), *state, "before `{}`", lines[at]);
    }
    for (at, state) in seen[1..].iter().enumerate() {
        session.run("redo").unwrap();
        assert_eq!(states(&session), *state, "after `{}`", lines[at]);
    }
    // As one step, which a file that is read is.
    let mut session = Session::default();
    session.begin_file("read file");
    for line in lines {
        session.run(line).unwrap();
    }
    session.end_file();
    session.run("undo").unwrap();
    assert_eq!(states(&session), [""; 0]);
    session.run("redo").unwrap();
    assert_eq!(states(&session), seen[lines.len()]);
}
