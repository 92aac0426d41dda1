//! The codes of errors: they are unique, explained, and never change.

use std::collections::BTreeSet;

use rejoin::session::{CODES, ErrorCode, Explanation, Session};

/// Every code that was ever given away. A code keeps its meaning: new ones are added, and one whose error
/// is gone stays in this list alone.
const EVER: &str = "\
R001 UnknownCommand
R002 Missing
R003 Expected
R004 TooMuch
R005 UnknownTopic
R006 UnknownSetting
R007 BadSetting
R008 TooLong
R010 UnknownName
R011 WrongKind
R012 NameTaken
R013 VariableTaken
R014 BadName
R015 NotWatched
R016 NotValidated
R017 NothingTo
R020 Json
R021 Compile
R022 Run
R023 NoValue
R024 Several
R025 Stopped
R026 NotJson
R027 Interrupted
R030 Nothing
R031 NoParts
R032 PastEnd
R033 WrongValue
R034 Invalid
R035 InvalidNow
R036 Behind
R037 Full
R038 Edit
R039 NotSame
R040 Squash
R050 Ahead
R051 Torn
R052 Open
R053 Decode
R054 ActorInUse
R055 NotWhole
R060 OtherDocument
R061 Equivocation
R062 Corrupt
R063 Malformed
R064 TooLarge
R070 Unreadable
R071 Circle
R072 StartsSessions
R073 InFile
R074 Unwritable
R075 NotTyped
R076 Recording
R077 NotRecording
R078 NotSaved
R079 NotRun
R080 NoPrograms
R090 NoPlace
R091 Unreachable
R092 Refused
R093 Damaged
";

/// Those with which no line of a session fails, and why. A program that uses the library can meet each but the first.
const OUT_OF_REACH: &[(ErrorCode, &str)] = &[
    (
        ErrorCode::Stopped,
        "a defect of the interpreter that nobody knows of, or a system without room for a thread",
    ),
    (ErrorCode::Full, "more ops than fit into memory: the dependencies of a change say which counter it has"),
    (ErrorCode::Edit, "the commands look first at what stands at the place: R030 to R033"),
    (ErrorCode::ActorInUse, "`branch` takes the next free actor"),
    (
        ErrorCode::TooLarge,
        "more changes than a test can make in time: those of a patch that is JSON are apart already",
    ),
    (ErrorCode::NotRun, "a system without a shell"),
    (ErrorCode::Refused, "a script reaches no server"),
    (ErrorCode::Damaged, "nobody else writes to the places of a script"),
    (ErrorCode::Corrupt, "the patches of a session are JSON, which has no checksum"),
];

/// Those with which a line fails that is too long for an example.
fn too_long_to_show() -> [(ErrorCode, String); 2] {
    [
        (ErrorCode::TooLong, format!("ref a \"{}\"", "x".repeat(16 << 20))),
        (ErrorCode::Json, format!("ref a {}{}", "[".repeat(1025), "]".repeat(1025))),
    ]
}

#[test]
fn given_all_codes_then_they_are_those_that_were_given_away() {
    let now: String = CODES.iter().map(|e| format!("{} {:?}\n", e.code, e.code)).collect();
    assert_eq!(now, EVER);
}

#[test]
fn given_all_codes_then_each_is_one_and_can_be_asked_for() {
    let codes: BTreeSet<String> = CODES.iter().map(|e| e.code.to_string()).collect();
    assert_eq!(codes.len(), CODES.len());
    for Explanation { code, .. } in CODES {
        assert_eq!(ErrorCode::named(&code.to_string()), Some(*code));
        assert_eq!(ErrorCode::named(&code.to_string().to_lowercase()), Some(*code));
    }
    assert_eq!(ErrorCode::named("R999"), None);
}

#[test]
fn given_the_example_of_a_code_when_it_runs_then_its_last_command_fails_with_the_code() {
    let mut wrong = Vec::new();
    for Explanation { code, example, .. } in CODES {
        let Some((expected, commands)) = example.split_last() else { continue };
        // An example from a file says so first.
        let file = example[0].strip_prefix("# This is ").and_then(|name| name.strip_suffix('.'));
        let mut host = file.map_or_else(crate::shelf::host, crate::shelf::host_of);
        let mut session = Session::default();
        let mut run = |line: &str| host.run(&mut session, line, &mut |_| {});
        let (last, before) = commands.split_last().unwrap();
        for line in before.iter().filter(|line| !line.starts_with('#')) {
            run(line).unwrap();
        }
        let error = run(last).unwrap_err();
        if format!("#=> error: {error}") != *expected || error.code() != *code {
            wrong.push(format!("{code}: {last} fails with {}, #=> error: {error}", error.code()));
        }
    }
    assert_eq!(wrong, [""; 0]);
}

#[test]
fn given_a_code_without_an_example_then_a_long_line_fails_with_it_or_none_can() {
    let long = too_long_to_show();
    for (code, line) in &long {
        assert_eq!(Session::default().run(line).unwrap_err().code(), *code);
    }
    let long = long.iter().map(|(code, _)| *code);
    let mut without: Vec<ErrorCode> = OUT_OF_REACH.iter().map(|(code, _)| *code).chain(long).collect();
    without.sort();
    let empty = CODES.iter().filter(|it| it.example.is_empty()).map(|it| it.code);
    assert_eq!(empty.collect::<Vec<_>>(), without);
}

#[test]
fn given_a_code_when_help_is_asked_then_it_is_explained_with_its_example() {
    for Explanation { code, title, details, example } in CODES {
        let lines = Session::default().run(&format!("help {code}")).unwrap().lines();
        assert_eq!(lines[0], format!("{code}: {title}"));
        let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(words(&lines.join(" ")).contains(&words(details)), "{code}");
        assert!(example.iter().all(|line| lines.contains(&format!("  {line}"))), "{code}");
        assert!(details.ends_with('.') && !title.ends_with('.'), "{code}");
    }
}
