//! What the prompt knows of a line that is being typed: completions, hints, what each word is.

use proptest::prelude::*;
use rejoin::filter::LexemeKind;
use rejoin::session::{EntryKind, HighlightKind, Session, partner};

/// A session with a ref, a branch, a clock and a patch.
fn session() -> Session {
    let mut session = Session::default();
    for line in [
        r#"ref origin {"name": "Foo", "items": [{"id": 1, "tags": []}], "two words": {"x": 1}}"#,
        "branch origin as my-branch",
        "clock origin as seen",
        "patch-from-clock origin {} as news",
        r#"reset my-branch {"other": 1}"#,
    ] {
        session.run(line).unwrap();
    }
    session
}

/// The candidates at the end of a line, each as the line would be with it.
fn complete(session: &Session, line: &str) -> Vec<String> {
    let found = session.complete(line, line.len());
    found.candidates.iter().map(|candidate| format!("{}{}", &line[..found.start], candidate.text)).collect()
}

#[test]
fn given_the_start_of_a_word_then_commands_and_names_complete_it() {
    let session = session();
    let rows: &[(&str, &[&str])] = &[
        ("sw", &["swap "]),
        ("mer", &["merge "]),
        ("ori", &["origin"]),
        ("  ori", &["  origin"]),
        ("swap o", &["swap origin "]),
        ("swap my", &["swap my-branch "]),
        ("swap se", &[]),
        ("swap nope", &[]),
        ("merge origin ", &["merge origin origin ", "merge origin my-branch ", "merge origin news "]),
        ("patch-from-clock origin ", &["patch-from-clock origin seen "]),
        ("patch origin s", &["patch origin seen "]),
        ("patch origin seen ", &["patch origin seen as "]),
        ("at origin s", &["at origin seen "]),
        ("drop s", &["drop seen "]),
        ("same origin my", &["same origin my-branch "]),
        ("branch origin ", &["branch origin as "]),
        ("branch origin as ", &[]),
        ("ref ", &[]),
        ("show origin -", &["show origin --all "]),
        ("help mo", &["help model ", "help modf"]),
        ("help group", &["help group_by"]),
        ("help R05", &["help R050", "help R051", "help R052", "help R053", "help R054", "help R055"]),
        ("set the", &["set theme "]),
        ("set theme l", &["set theme light "]),
        ("refs ", &["refs --all "]),
        ("undo ", &[]),
        ("rename se", &["rename seen "]),
        ("rename seen ", &["rename seen as "]),
        ("rename seen as ", &[]),
        ("# swap", &[]),
        ("swap origin . # .n", &[]),
    ];
    for (line, lines) in rows {
        assert_eq!(complete(&session, line), *lines, "{line}");
    }
    let all = complete(&session, "");
    assert!(
        ["swap ", "help ", "origin", "seen"].iter().all(|word| all.contains(&(*word).to_owned())),
        "{all:?}"
    );
}

#[test]
fn given_a_path_then_the_keys_of_the_value_complete_it() {
    let session = session();
    let rows: &[(&str, &[&str])] = &[
        ("swap origin .it", &["swap origin .items"]),
        ("swap origin .items[0].", &["swap origin .items[0].id", "swap origin .items[0].tags"]),
        ("swap origin .items[0].t", &["swap origin .items[0].tags"]),
        ("swap origin .items", &["swap origin .items[0]", "swap origin .items[]"]),
        ("swap origin .", &["swap origin .name", "swap origin .items", r#"swap origin .["two words"]"#]),
        ("swap origin ", &["swap origin .name", "swap origin .items", r#"swap origin .["two words"]"#]),
        (r#"swap origin .["two words"]."#, &[r#"swap origin .["two words"].x"#]),
        ("swap origin .items |= map(.i", &["swap origin .items |= map(.id"]),
        ("swap origin .items[] | select(.i", &["swap origin .items[] | select(.id"]),
        ("swap origin .x = $my_branch.o", &["swap origin .x = $my_branch.other"]),
        ("reset my-branch {a: .o", &["reset my-branch {a: .other"]),
        ("cas my-branch .o", &["cas my-branch .other"]),
        ("validate origin .n", &["validate origin .name"]),
        ("text origin .n", &["text origin .name"]),
        ("origin.n", &["origin.name"]),
        ("origin.items[0].i", &["origin.items[0].id"]),
        ("origin | .n", &["origin | .name"]),
        ("my-branch.o", &["my-branch.other"]),
        (".o", &[".other"]),
        ("$_.o", &["$_.other"]),
        ("news.ch", &["news.changes"]),
        ("seen.o", &["seen.origin"]),
        (
            "swap origin .items[0].id, .items[].",
            &["swap origin .items[0].id, .items[].id", "swap origin .items[0].id, .items[].tags"],
        ),
        ("$my_branch.o", &["$my_branch.other"]),
        ("swap origin .items | .[0] | .t", &["swap origin .items | .[0] | .tags"]),
        ("swap origin .name.", &[]),
        ("swap origin .nope.", &[]),
        ("swap origin \"it", &[]),
    ];
    for (line, lines) in rows {
        assert_eq!(complete(&session, line), *lines, "{line}");
    }
}

#[test]
fn given_a_bracket_or_a_quote_behind_a_path_then_indexes_and_keys_complete_it() {
    let mut session = session();
    session.run(r#"ref list [range(12)]"#).unwrap();
    session.run(r#"ref odd {"a\"b": 1, "é": {"n": 2}}"#).unwrap();
    let rows: &[(&str, &[&str])] = &[
        ("swap origin .items[", &["swap origin .items[0]", "swap origin .items[]"]),
        ("list[", &["list[0]", "list[1]", "list[2]", "list[-1]", "list[]"]),
        (
            "swap list .[",
            &["swap list .[0]", "swap list .[1]", "swap list .[2]", "swap list .[-1]", "swap list .[]"],
        ),
        ("list[1", &["list[1]", "list[10]", "list[11]"]),
        ("list[-12", &["list[-12]"]),
        ("list[99", &[]),
        (
            "swap origin .[",
            &[
                r#"swap origin .["name"]"#,
                r#"swap origin .["items"]"#,
                r#"swap origin .["two words"]"#,
                "swap origin .[]",
            ],
        ),
        (r#"swap origin .["tw"#, &[r#"swap origin .["two words"]"#]),
        (r#"swap origin ."tw"#, &[r#"swap origin ."two words""#]),
        (
            r#"swap origin .items[0]["#,
            &[
                r#"swap origin .items[0]["id"]"#,
                r#"swap origin .items[0]["tags"]"#,
                "swap origin .items[0][]",
            ],
        ),
        (r#"swap origin .items[0]."t"#, &[r#"swap origin .items[0]."tags""#]),
        (r#"odd.""#, &[r#"odd."a\"b""#, r#"odd."é""#]),
        (r#"odd["a\""#, &[r#"odd["a\"b"]"#]),
        (r#"odd."é"."#, &[r#"odd."é".n"#]),
        ("text origin .items[", &["text origin .items[0]"]),
        (r#"text origin ."two words"."#, &[r#"text origin ."two words".x"#]),
        ("map([", &[]),
        ("[\"na", &[]),
    ];
    for (line, lines) in rows {
        assert_eq!(complete(&session, line), *lines, "{line}");
    }
}

#[test]
fn given_a_comma_in_brackets_then_what_can_follow_completes_it() {
    let session = session();
    let rows: &[(&str, &[&str])] = &[
        ("swap origin [.name, .it", &["swap origin [.name, .items"]),
        ("swap origin [.items[0].id, .items[0].t", &["swap origin [.items[0].id, .items[0].tags"]),
        (
            "swap origin .items |= map([.id, ",
            &["swap origin .items |= map([.id, .id", "swap origin .items |= map([.id, .tags"],
        ),
        ("cas origin [1, .na", &["cas origin [1, .name"]),
        ("reset origin [1, $my", &["reset origin [1, $my_branch"]),
        // In an object that is built a key has no dot.
        ("swap origin {na", &["swap origin {name"]),
        ("swap origin {name, it", &["swap origin {name, items"]),
        ("swap origin {a: .name, tw", &[r#"swap origin {a: .name, "two words""#]),
        ("swap origin {a: (1, .na", &["swap origin {a: (1, .name"]),
        ("swap origin {a: .na", &["swap origin {a: .name"]),
        ("swap origin .items |= map({i", &["swap origin .items |= map({id"]),
        ("swap origin {a: 1} | {", &[]),
        ("swap origin [{name}, na", &["swap origin [{name}, nan"]),
    ];
    for (line, lines) in rows {
        assert_eq!(complete(&session, line), *lines, "{line}");
    }
}

#[test]
fn given_a_key_with_letters_that_jq_wants_in_quotes_then_it_is_completed_with_them() {
    let mut session = session();
    session.run(r#"ref odd {"ärger": {"öl": [1]}, "日本": 1, "plain": {"é": 1}}"#).unwrap();
    let rows: &[(&str, &[&str])] = &[
        ("swap odd .ä", &[r#"swap odd .["ärger"]"#]),
        ("swap odd .日", &[r#"swap odd .["日本"]"#]),
        ("swap odd .plain.é", &[r#"swap odd .plain["é"]"#]),
        (r#"swap odd .["ärger"].ö"#, &[r#"swap odd .["ärger"]["öl"]"#]),
        ("swap odd [.plain, .日本", &[r#"swap odd [.plain, .["日本"]"#]),
        ("text odd .ä", &[r#"text odd .["ärger"]"#]),
        ("odd.ä", &[r#"odd["ärger"]"#]),
        ("$odd.ä", &[r#"$odd["ärger"]"#]),
        ("swap odd {ä", &[r#"swap odd {"ärger""#]),
        ("swap odd .nö", &[]),
    ];
    for (line, lines) in rows {
        assert_eq!(complete(&session, line), *lines, "{line}");
    }
}

#[test]
fn given_a_ref_that_is_not_there_then_no_keys_are_offered() {
    let mut session = session();
    session.run("origin").unwrap();
    for line in ["swap nope .", "swap nope ", "text nope .n", "cas nope .n", "swap seen .n", "swap nope .[\""]
    {
        assert_eq!(complete(&session, line), [""; 0], "{line}");
    }
    assert_eq!(complete(&session, "swap nope $or"), ["swap nope $origin"]);
}

#[test]
fn given_the_start_of_a_variable_or_filter_then_it_is_completed() {
    let session = session();
    let rows: &[(&str, &[&str])] = &[
        ("$or", &["$origin"]),
        ("$", &["$origin", "$my_branch", "$seen", "$news", "$_"]),
        ("swap origin .name = $m", &["swap origin .name = $my_branch"]),
        ("swap origin with_e", &["swap origin with_entries("]),
        ("origin | sort_", &["origin | sort_by("]),
        ("origin.items | lengt", &["origin.items | length"]),
        ("origin | inpu", &[]),
    ];
    for (line, lines) in rows {
        assert_eq!(complete(&session, line), *lines, "{line}");
    }
    let shown: Vec<String> =
        session.complete("$a | limi", 9).candidates.into_iter().map(|candidate| candidate.shown).collect();
    assert_eq!(shown, ["limit/2"]);
}

#[test]
fn given_a_cursor_in_the_line_then_what_stands_behind_it_does_not_matter() {
    let session = session();
    let found = session.complete("swap or .items", 7);
    assert_eq!((found.start, &*found.candidates[0].text), (5, "origin "));
}

#[test]
fn given_a_large_value_then_no_more_than_some_keys_are_offered() {
    let mut session = Session::default();
    session.run("ref big ([range(100000)] | map({(\"k\\(.)\"): .}) | add)").unwrap();
    assert_eq!(complete(&session, "swap big .k").len(), 200);
    assert_eq!(complete(&session, "swap big .k123").len(), 1);
}

#[test]
fn given_any_cut_of_a_line_then_completions_replace_what_is_typed() {
    let mut session = session();
    for line in [
        r#"swap origin .items |= map(select(.id == $seen["origin"])) | {"é": "\(.name)"} # done"#,
        "  patch-from-clock my-branch ({origin: 1}) as p-2",
        "cas origin [1, \"x y\"] .[\"two words\"]?.x // 1",
        "é & ] $ origin..x",
        "swap origin .\"two w\"[0][\"é\\n\"][-1].[\"x",
    ] {
        for cut in (0..=line.len()).filter(|cut| line.is_char_boundary(*cut)) {
            let found = session.complete(line, cut);
            assert!(found.start <= cut && line.is_char_boundary(found.start), "{}", &line[..cut]);
            for highlight in session.highlights(&line[..cut]) {
                assert!(
                    line[..cut].get(highlight.span.clone()).is_some_and(|text| !text.is_empty()),
                    "{highlight:?}"
                );
            }
            session.usage_hint(&line[..cut]);
        }
    }
    // Nothing of that was run.
    assert_eq!(session.run("origin.name").unwrap().values[0].to_string(), "\"Foo\"");
}

#[test]
fn given_a_command_then_the_rest_of_its_signature_is_the_hint() {
    let session = session();
    let rows = [
        ("swap", Some(" REF FILTER")),
        ("swap ", Some("REF FILTER")),
        ("swap origin", Some(" FILTER")),
        ("swap origin .x", None),
        ("branch origin as", Some(" NAME")),
        ("patch origin seen ", Some("[as NAME]")),
        ("sw", None),
        ("origin", None),
        ("undo", None),
    ];
    for (line, hint) in rows {
        assert_eq!(session.usage_hint(line).as_deref(), hint, "{line}");
    }
}

/// A letter for the kind of each word: `C` a command, `r` a ref, `?` something unknown, `k` a key.
fn marked(session: &Session, line: &str) -> String {
    let letter = |kind| match kind {
        HighlightKind::Command => 'C',
        HighlightKind::Name(EntryKind::Ref) => 'r',
        HighlightKind::Name(EntryKind::Clock) => 'c',
        HighlightKind::Name(EntryKind::Patch) => 'p',
        HighlightKind::Word => 'w',
        HighlightKind::Unknown => '?',
        HighlightKind::Code(LexemeKind::Key) => 'k',
        HighlightKind::Code(LexemeKind::Name) => 'f',
        HighlightKind::Code(LexemeKind::Number) => 'n',
        HighlightKind::Code(LexemeKind::String) => 's',
        HighlightKind::Code(LexemeKind::Variable) => 'v',
        HighlightKind::Code(LexemeKind::Comment) => '#',
        HighlightKind::Code(LexemeKind::Keyword) => 'K',
        HighlightKind::Code(_) => '.',
    };
    let mut letters = vec![' '; line.len()];
    for highlight in session.highlights(line) {
        letters[highlight.span].fill(letter(highlight.kind));
    }
    letters.iter().collect::<String>().trim_end().to_owned()
}

#[test]
fn given_a_line_then_each_word_is_known_for_what_it_is() {
    let session = session();
    let rows = [
        ("swap origin .n + 1", "CCCC rrrrrr kk . n"),
        ("swap nope .n", "CCCC ???? kk"),
        ("swap seen .n", "CCCC ???? kk"),
        ("merge origin news", "CCCCC rrrrrr pppp"),
        ("patch origin seen as p", "CCCCC rrrrrr cccc ww"),
        ("branch origin at p", "CCCCCC rrrrrr ??"),
        ("origin.name | length", "rrrrrrkkkkk . ffffff"),
        ("$origin == $nope ", "rrrrrrr .. ?????"),
        (". as $x | $x", ". KK vv . vv"),
        ("def f($y): $y; f(1) ", "KKK f.vv.. vv. f.n."),
        ("origin | lenght ", "rrrrrr . ??????"),
        ("refs origin", "CCCC ??????"),
        ("# a comment", "###########"),
        (r#"ref a {"k": "s"}"#, "CCC   .kkk. sss."),
        ("frobnicate ", "??????????"),
        ("set hints on", "CCC wwwww"),
        ("help swop ", "CCCC ????"),
        ("help group_by", "CCCC wwwwwwww"),
        ("help // ", "CCCC ww"),
    ];
    for (line, letters) in rows {
        assert_eq!(marked(&session, line), letters, "{line}");
    }
}

#[test]
fn given_a_word_that_may_become_known_then_it_is_not_yet_unknown() {
    let session = session();
    let rows = [
        ("swa", ""),
        ("orig", ""),
        ("swap ori", "CCCC"),
        ("swap origin leng", "CCCC rrrrrr ffff"),
        ("swap origin $ori", "CCCC rrrrrr"),
        ("zz", "??"),
        ("swap zz", "CCCC ??"),
    ];
    for (line, letters) in rows {
        assert_eq!(marked(&session, line), letters, "{line}");
    }
}

#[test]
fn given_a_bracket_at_the_cursor_then_its_partner_is_found() {
    let session = session();
    let line = r#"origin | map({a: ")"})"#;
    let highlights = session.highlights(line);
    assert_eq!(partner(line, &highlights, 12), Some((12, 21)));
    assert_eq!(partner(line, &highlights, line.len()), Some((12, 21)));
    assert_eq!(partner(line, &highlights, 13), Some((13, 20)));
    assert_eq!(partner(line, &highlights, 3), None);
}

proptest! {
    /// Whatever is typed, and wherever the cursor stands, nothing panics and all spans are in the line.
    #[test]
    fn given_any_line_then_what_is_known_of_it_stands_in_it(
        words in proptest::collection::vec(proptest::sample::select(WORDS), 0..12),
        cut in 0..80_usize,
    ) {
        let session = session();
        let line = words.concat();
        let found = session.complete(&line, cut);
        prop_assert!(found.start <= line.len() && line.is_char_boundary(found.start));
        let highlights = session.highlights(&line);
        let mut end = 0;
        for highlight in &highlights {
            prop_assert!(highlight.span.start >= end && line.get(highlight.span.clone()).is_some(), "{:?} in {}", highlight, line);
            end = highlight.span.end;
        }
        partner(&line, &highlights, cut);
        session.usage_hint(&line);
    }
}

/// Pieces of lines, some of which belong nowhere.
const WORDS: &[&str] = &[
    "swap ", "origin", " as ", "patch ", "seen", "news", "help ", "set ", ".", ".items", "[", "]", "(", ")",
    "{", "}", "\"", "\\(", "\\", "$", "$x", "|", "|=", "+", ",", ":", ";", "?", "..", "0", "-1", "1e", "é",
    "日", " ", "\n", "#", "def f: ", "map(", "if ", "@csv", "'", "&", "\u{0}",
];
