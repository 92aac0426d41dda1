//! What `help` says is true: every example runs, and every command is explained.

use std::collections::BTreeSet;
use std::convert::Infallible;

use rejoin::script::{Failure, Outcome, Ran, Script, run_with};
use rejoin::session::{CODES, COMMANDS, Command, Explanation, Session};

/// Runs a session into which somebody types; says how it went and what did not hold.
fn verify(text: &str) -> (Outcome, Vec<String>) {
    let mut wrong = Vec::new();
    let each = |ran: Ran<'_>| {
        if let Ran::Step { step, failure: Some(failure), .. } = ran {
            wrong.push(match failure {
                Failure::Error(error) => format!("{}: {error}", step.text),
                Failure::Mismatches(mismatches) => format!("{}: {mismatches:?}", step.text),
            });
        }
        Ok::<_, Infallible>(())
    };
    let outcome =
        run_with(&mut crate::shelf::host(), &mut Session::default(), &Script::parse(text), each).unwrap();
    (outcome, wrong)
}

/// The lines that `help` answers.
fn help(line: &str) -> Vec<String> {
    let reply = Session::default().run(line).unwrap();
    assert!(reply.values.is_empty(), "{line}");
    reply.lines()
}

#[test]
fn given_the_example_of_a_command_when_it_runs_then_all_expectations_hold() {
    for command in COMMANDS {
        let (outcome, wrong) = verify(&command.example.join("\n"));
        assert_eq!(wrong, [""; 0], "{}", command.name);
        assert!(outcome.commands > 0, "{}", command.name);
        assert!(outcome.expectations > 0 || command.name == "quit", "{}", command.name);
    }
}

#[test]
fn given_a_command_then_its_example_uses_it() {
    for command in COMMANDS {
        let uses = |line: &&str| command.names().any(|name| line.split_whitespace().next() == Some(name));
        assert!(command.example.iter().any(uses), "{}", command.name);
    }
}

#[test]
fn given_a_command_then_it_has_words() {
    for Command { name, summary, details, .. } in COMMANDS {
        assert!(!summary.trim().is_empty() && !summary.ends_with('.'), "{name}: {summary}");
        assert!(details.ends_with('.'), "{name}: {details}");
        assert!(!format!("{summary}{details}").contains("  "), "{name}: a gap in the words");
    }
}

#[test]
fn given_all_commands_then_their_names_differ() {
    let names: Vec<&str> = COMMANDS.iter().flat_map(Command::names).collect();
    assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len());
}

#[test]
fn given_help_alone_then_every_command_is_named_and_the_first_ones_explained() {
    let lines = help("help");
    let text = lines.join("\n");
    let mut words: BTreeSet<&str> = text.split(|c: char| !(c.is_alphanumeric() || c == '-')).collect();
    for command in COMMANDS {
        assert!(words.remove(command.name), "{}", command.name);
    }
    let row = |line: &String| COMMANDS.iter().any(|c| line.starts_with(&format!("  {} ", c.usage())));
    let explained: Vec<&String> = lines.iter().filter(|line| row(line)).collect();
    assert!(explained.len() >= 8, "{text}");
    for line in explained {
        assert!(COMMANDS.iter().any(|command| line.ends_with(command.summary)), "{line}");
    }
    for topic in TOPICS {
        assert!(text.contains(&format!("`{topic}`")), "{topic}");
    }
}

/// What `help` explains besides commands and errors.
const TOPICS: [&str; 5] = ["help jq", "help jq-differences", "help model", "help keys", "help errors"];
/// Those that are lists, longer than a screen.
const LISTS: [&str; 2] = ["help jq-differences", "help errors"];

#[test]
fn given_help_then_it_fits_a_terminal_of_80_columns_and_24_lines() {
    const WIDEST: usize = 80;
    // One more is the prompt's.
    const LONGEST: usize = 23;
    for topic in ["help"].iter().chain(&TOPICS).filter(|topic| !LISTS.contains(topic)) {
        let lines = help(topic);
        assert!(lines.len() <= LONGEST, "{topic}: {} lines", lines.len());
    }
    let commands = COMMANDS.iter().map(|command| format!("help {}", command.name));
    let topics = TOPICS.iter().map(|topic| (*topic).to_owned());
    for line in commands.chain(topics).chain(["help".to_owned()]).flat_map(|topic| help(&topic)) {
        assert!(line.chars().count() <= WIDEST, "{line}");
    }
}

#[test]
fn given_the_filters_of_help_jq_when_they_run_then_they_yield_what_stands_there() {
    let lines = help("help jq");
    let mut session = Session::default();
    let given = lines.iter().find(|line| line.starts_with("  ref ")).unwrap();
    session.run(given.trim()).unwrap();
    let rows = lines.iter().filter(|line| line.starts_with("  ") && !line.starts_with("  ref "));
    /// Where the results stand.
    const COLUMN: usize = 31;
    let mut filters = 0;
    for row in rows {
        let (filter, rest) = row.split_at(COLUMN);
        let (filter, rest) = (filter.trim(), rest.trim());
        let yielded = session.run(&format!("$a | {filter}")).unwrap().values;
        let yielded: Vec<String> = yielded.iter().map(ToString::to_string).collect();
        assert!(rest.starts_with(&yielded.join(" ")), "{filter} yields {yielded:?}: {row}");
        filters += 1;
    }
    assert_eq!(filters, 10);
}

#[test]
fn given_help_errors_then_every_code_has_a_line() {
    let lines = help("help errors");
    for Explanation { code, title, .. } in CODES {
        assert!(lines.contains(&format!("{code}  {title}")), "{code}: {lines:?}");
    }
}

#[test]
fn given_a_name_or_an_alias_then_help_explains_the_command() {
    for command in COMMANDS {
        for name in command.names() {
            let lines = help(&format!("help {name}"));
            let usage = command.usage();
            assert_eq!(lines[0], usage.trim_end());
            let text = lines.join("\n");
            assert!(command.aliases.iter().all(|alias| text.contains(alias)), "{text}");
            let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
            assert!(words(&text).contains(&words(command.details)), "{text}");
            assert!(command.example.iter().all(|line| text.contains(line)), "{text}");
        }
    }
}

#[test]
fn given_a_word_of_another_shell_or_language_then_the_hint_says_how_it_is_done_here() {
    let rows = [
        ("fork a as b", "`branch FROM as NAME`: make a replica with its own actor"),
        ("copy a b", "`branch FROM as NAME`: "),
        ("delete a", "`drop NAME`: forget a name; `swap REF del(PATH)` deletes a part of a value"),
        ("del a", "`drop NAME`: "),
        ("rm a", "`drop NAME`: "),
        ("mv a b", "`rename A as B`: "),
        ("load data.json", "`open FILE [as NAME]`: "),
        ("source more.rejoin", "`read FILE`: "),
        ("import \"x\"", "`ref NAME from FILE` reads JSON"),
        ("fetch a b", "`pull REF [PLACE]`: "),
        ("join a b", "`merge REF FROM`: "),
        (
            "send a",
            "`push REF [PLACE]`: bring what a ref has to a place; `merge OTHER REF` takes it to another ref",
        ),
        ("ls", "`refs`: "),
        ("?", "`help` gives an overview, `help TOPIC` explains"),
        ("? swap", "`help` gives"),
        (":help swap", "`help` gives"),
        ("\\q", "`quit` leaves the session, and so does Ctrl-D"),
        (":q", "`quit` leaves"),
        (":q!", "`quit` leaves"),
        ("exit()", "`quit` leaves"),
        ("quit;", "`quit` leaves"),
        ("/merge a b", "`merge REF FROM`: "),
        ("ref doc data.json", "`ref NAME from FILE` and `reset REF from FILE` read JSON"),
        ("reset a ../data.json", "`ref NAME from FILE` and"),
        ("merge a /tmp/patch.json", "`ref NAME from FILE` and"),
        ("data.json", "`ref NAME from data.json` makes a ref of it"),
        ("a > file", "`>` and `<` compare; `export EXPR to FILE` writes JSON"),
        ("a.n >> /tmp/out", "`>` and `<` compare"),
        ("ref b < data.json", "`>` and `<` compare"),
        ("swap a .n = 1;", "a line has no `;` at its end"),
        ("a | grep(\"x\")", "`map(select(CONDITION))` keeps"),
        ("swap a .n | size", "did you mean `length`?"),
        ("a | less", "`show NAME --all` shows everything"),
        ("set a 1", "`reset a VALUE` sets the value of a ref"),
        ("add(1; 2)", "it is called as `add` or `add(a)`"),
        ("1 < 2 < 3", "comparisons do not follow each other"),
        ("swap a .n =", "something must stand behind `=`, such as `.n = 1`"),
        ("a --all", "`show a --all` shows everything"),
        ("show a.n", "an expression needs no `show`: `a.n`"),
        ("show a[0] --all", "an expression needs no `show`: `a[0]`"),
        ("show a | .n", "an expression needs no `show`: `a | .n`"),
        ("show .n", "an expression needs no `show`: `.n`"),
        ("show a b", "usage: show NAME [--all]"),
        ("a.push(3)", "`. += [ITEM]` adds an item at the end"),
        ("swap a .items.push(3)", "`. += [ITEM]` adds"),
        ("swap a .items.size()", "did you mean `length`?"),
        ("a.items.length()", "a filter stands behind `|`, and not behind a dot: `| length`"),
        ("swap a .items.map(x => x)", "a filter stands behind `|`, and not behind a dot: `| map(…)`"),
        ("swap a .z()", "a key has no brackets: `.z`"),
        ("a.n = 5", "an expression changes nothing; try `swap a .n = 5`"),
        ("a[0] = 5", "an expression changes nothing; try `swap a .[0] = 5`"),
        ("set a .n = 1", "`swap a .n = 1`"),
        ("set a .n=1", "`swap a .n=1`"),
        ("set a = 1", "`reset a 1`"),
        ("let x = 5", "`ref x VALUE` makes a ref"),
        ("let x", "`ref NAME [VALUE|from FILE]`: "),
        ("git merge a b", "`merge REF FROM`: "),
        ("git bisect", "leave `git` out: `branch`, `merge`, `log` and `undo` are commands"),
        ("git", "leave `git` out"),
        ("patch a a", "`clock a as NAME`, then that name"),
        ("at a a", "`clock a as NAME`, then that name"),
        ("rename a as a", "it has this name already"),
        // What is spelled wrong is still told by its spelling.
        ("swop a .n", "did you mean `swap`?"),
        ("swap a .n > m", "a string needs quotes"),
        ("a | lenght", "did you mean `length`?"),
    ];
    for (line, hint) in rows {
        let mut session = Session::default();
        session.run("ref a {\"n\": 1}").unwrap();
        let error = session.run(line).unwrap_err();
        let told = error.hint.clone().unwrap_or_default();
        assert!(told.starts_with(hint), "{line}: {error}: {told}");
    }
}

#[test]
fn given_a_path_that_is_a_habit_then_it_is_answered_and_the_command_is_told_where_there_is_nothing() {
    let mut session = Session::default();
    let reply = session.run(".quit").unwrap();
    assert_eq!(reply.lines(), ["`quit` leaves the session, and so does Ctrl-D"]);
    assert_eq!(reply.shown().0, [], "the hint alone");
    session.run("{\"quit\": 1}").unwrap();
    let reply = session.run(".quit").unwrap();
    assert_eq!((reply.values[0].to_string(), reply.lines()), ("1".to_owned(), vec![]));
    session.run("[1]").unwrap();
    let error = session.run(".quit").unwrap_err();
    assert_eq!(error.hint.as_deref(), Some("`quit` leaves the session, and so does Ctrl-D"));
}

#[test]
fn given_a_name_that_is_taken_when_something_is_renamed_then_no_hint_would_lose_it() {
    let mut session = Session::default();
    for line in ["ref a 1", "ref other-one 2", "clock a as seen"] {
        session.run(line).unwrap();
    }
    for (to, taken) in [("other-one", "other-one"), ("other_one", "other-one"), ("seen", "seen")] {
        let error = session.run(&format!("rename a as {to}")).unwrap_err();
        let hint = format!("choose another name, or first `rename {taken} as OTHER`");
        assert_eq!(error.hint, Some(hint));
    }
}

#[test]
fn given_an_assignment_to_a_long_document_then_the_error_is_short() {
    let mut session = Session::default();
    session.run("ref a [range(1000)]").unwrap();
    let error = session.run("a.name = \"Z\"").unwrap_err();
    let told = error.to_string();
    assert!(told.len() < 200 && told.ends_with('…'), "{told}");
    assert_eq!(error.hint.as_deref(), Some("an expression changes nothing; try `swap a .name = \"Z\"`"));
    let long = session.run(&format!("a.name = \"{}\"", "z".repeat(99))).unwrap_err();
    assert_eq!(long.hint.as_deref(), Some("an expression changes nothing; try `swap a FILTER`"));
}

#[test]
fn given_a_flag_where_a_name_is_missing_then_the_error_says_so() {
    let mut session = Session::default();
    for (line, message) in [
        ("conflicts --all", "the ref is missing"),
        ("log --all", "the ref is missing"),
        ("show --all", "the name is missing"),
    ] {
        let error = session.run(line).unwrap_err();
        assert_eq!(error.to_string(), message, "{line}");
        assert_eq!(&line[error.span], "--all");
    }
}

#[test]
fn given_a_filter_of_jq_then_help_says_what_it_does_and_what_its_example_yields() {
    let rows: [(&str, &[&str]); 6] = [
        (
            "group_by",
            &[
                "group_by(f)",
                "  the items in arrays of those for which f is equal, in the order of f",
                "",
                r#"  [{"a":2},{"a":1},{"a":2}] | group_by(.a)"#,
                r#"  #=> [[{"a":1}],[{"a":2},{"a":2}]]"#,
            ],
        ),
        ("ltrimstr", &["ltrimstr(TEXT)", "  the input without TEXT at its start"]),
        ("map(f)", &["map(f)"]),
        (
            "@base64",
            &["@base64", "  the base64 code of a text", "", r#"  "hi" | @base64"#, r#"  #=> "aGk=""#],
        ),
        ("//", &["A // B"]),
        ("now", &["`now` is not available: a filter gives the same answer every time"]),
    ];
    for (name, lines) in rows {
        let help = help(&format!("help {name}"));
        assert!(
            help.starts_with(&lines.iter().map(|line| (*line).to_owned()).collect::<Vec<_>>()),
            "{help:?}"
        );
    }
    // One that takes several numbers of arguments, and one that is also a command.
    let text = help("help limit").join("\n") + &help("help any").join("\n") + &help("help log").join("\n");
    for usage in [
        "limit(N; A)\n",
        "any\n",
        "any(f)\n",
        "any(A; f)\n",
        "log REF [--all]\n",
        "\nlog\n  the natural logarithm",
    ] {
        assert!(text.contains(usage), "{usage}: {text}");
    }
}

#[test]
fn given_any_filter_of_jq_then_help_fits_a_terminal_and_does_not_touch_the_session() {
    let mut session = Session::default();
    session.run("ref a 1").unwrap();
    session.run("41").unwrap();
    let names: BTreeSet<&str> = rejoin::filter::builtins().map(|(name, _)| name).collect();
    assert!(names.len() > 150);
    for name in names {
        let reply = session.run(&format!("help {name}")).unwrap();
        let wide = reply.lines().into_iter().find(|line| line.chars().count() > 80);
        assert_eq!(wide, None, "{name}");
    }
    assert_eq!(session.run("$_ + $a").unwrap().values[0].to_string(), "42");
    let error = session.run("help sort_bi").unwrap_err();
    assert_eq!(error.hint.as_deref(), Some("did you mean `sort_by`?"));
    let error = session.run("help size").unwrap_err();
    assert_eq!(error.hint.as_deref(), Some("did you mean `length`?"));
}

#[test]
fn given_the_readme_then_its_table_of_commands_is_that_of_the_session() {
    const START: &str = "<!-- The table of commands: `BLESS=1 cargo test --test session` writes it. -->\n";
    const END: &str = "<!-- commands end -->\n";
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/README.md");
    let readme = std::fs::read_to_string(file).unwrap();
    let (before, rest) = readme.split_once(START).expect("the marker of its start is there");
    let (table, after) = rest.split_once(END).expect("the marker of its end is there");
    let cell = |text: &str| text.replace('|', "\\|");
    let row = |command: &Command| format!("| `{}` | {} |\n", cell(&command.usage()), cell(command.summary));
    let rows: String = COMMANDS.iter().map(row).collect();
    let expected = format!("| command | |\n| --- | --- |\n{rows}");
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(file, format!("{before}{START}{expected}{END}{after}")).unwrap();
        return;
    }
    assert_eq!(table, expected, "`BLESS=1 cargo test --test session` writes it anew");
}
