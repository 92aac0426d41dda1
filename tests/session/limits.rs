//! A filter that is stopped leaves the session as it was, wherever it runs.

use std::thread;
use std::time::Duration;

use rejoin::session::{Limits, Session};

const TIME: Duration = Duration::from_millis(20);

/// Lines with a filter that does not end, in every place where a filter can stand.
const RUNAWAYS: &[&str] = &[
    "swap a (def f: f; f)",
    "swap a .n = (def f: f; f)",
    "swap a .items |= until(false; .)",
    "reset a (def f: f; f)",
    "cas a (def f: f; f) 1",
    "cas a $a (def f: f; f)",
    "ref new (def f: f; f)",
    "merge a (def f: f; f)",
    "at a (def f: f; f)",
    "patch a (def f: f; f) as new",
    "validate a (def f: f; f)",
    "def f: f; f",
    "a | until(false; .)",
    "1, 2, (def f: f; f)",
];

fn session() -> Session {
    let mut session = Session::default();
    for line in [
        r#"ref a {"n": 1, "items": [0, 1]}"#,
        "branch a as b",
        "clock a as seen",
        "swap b .n = 2",
        "patch b seen as p",
        "validate b if .n > 2 then until(false; .) else true end",
    ] {
        session.run(line).unwrap();
    }
    session
}

/// All that the session holds, in words.
fn state(session: &mut Session) -> Vec<String> {
    let lines = ["refs", "[$a, $b, $seen, $p]", "log a", "log b", "peek-patches b"];
    let replies = lines.map(|line| session.run(line).unwrap());
    replies
        .iter()
        .flat_map(|reply| reply.values.iter().map(ToString::to_string).chain(reply.lines()))
        .collect()
}

#[test]
fn given_a_limit_of_time_when_a_filter_comes_to_it_then_the_session_is_as_it_was() {
    let mut session = session();
    let before = state(&mut session);
    session.set_filter_limits(Limits { time: Some(TIME), memory: None });
    for line in RUNAWAYS {
        let error = session.run(line).unwrap_err().to_string();
        assert!(error.ends_with("the filter ran longer than 20ms"), "{line}: {error}");
        assert_eq!(state(&mut session), before, "{line}");
    }
    session.run("swap a .n += 1").unwrap();
}

#[test]
fn given_a_validator_that_does_not_end_then_the_edit_is_refused() {
    let mut session = session();
    session.set_filter_limits(Limits { time: Some(TIME), memory: None });
    let before = state(&mut session);
    let error = session.run("swap b .n = 3").unwrap_err().to_string();
    assert!(error.starts_with("b stays as it is: not valid: "), "{error}");
    assert!(error.ends_with("failed: the filter ran longer than 20ms"), "{error}");
    assert_eq!(state(&mut session), before);
}

#[test]
fn given_a_filter_that_runs_when_it_is_interrupted_then_the_session_is_as_it_was() {
    for limits in [Limits::default(), Limits { time: None, memory: Some(1 << 30) }] {
        let mut session = session();
        session.set_filter_limits(limits);
        assert_eq!(session.filter_limits(), limits);
        let before = state(&mut session);
        let interrupt = session.interrupt();
        let hand = thread::spawn(move || {
            thread::sleep(TIME);
            interrupt.raise();
        });
        let error = session.run("swap a def f: f; f").unwrap_err().to_string();
        assert_eq!(error, "`def f: f; f` failed on a: the filter was interrupted");
        hand.join().unwrap();
        assert_eq!(state(&mut session), before);
        session.run("swap a .n += 1").unwrap();
    }
}

#[test]
fn given_a_small_value_that_reads_as_a_huge_one_then_it_is_refused_under_a_limit_of_memory() {
    let mut session = session();
    session.set_filter_limits(Limits { time: None, memory: Some(32 << 20) });
    let before = state(&mut session);
    for line in ["swap a reduce range(60) as $i (.; [., .])", "reduce range(60) as $i (0; {a: ., b: .})"] {
        let error = session.run(line).unwrap_err().to_string();
        assert!(error.ends_with("the filter took more than 32 MiB of memory"), "{line}: {error}");
        assert_eq!(state(&mut session), before, "{line}");
    }
}

#[test]
fn given_limits_that_filters_keep_then_they_answer_as_without() {
    let lines =
        ["swap a .n += 1", "merge a b", "swap a .items |= map(. + 1)", "a | tojson", "a, b", "swap a 1, 2"];
    let answers = |limits| {
        let mut session = session();
        session.set_filter_limits(limits);
        let answer = |line| match session.run(line) {
            Ok(reply) => format!("{:?} {:?}", reply.values, reply.lines()),
            Err(error) => error.to_string(),
        };
        lines.map(answer)
    };
    let limited = Limits { time: Some(Duration::from_secs(60)), memory: Some(1 << 30) };
    assert_eq!(answers(limited), answers(Limits::default()));
}

#[test]
fn given_a_file_that_sets_limits_when_it_ends_then_they_are_what_they_were() {
    let mut session = Session::default();
    let mut limits = |lines: &[&str]| {
        lines.iter().for_each(|line| match *line {
            "(file)" => session.begin_file("read other.rejoin"),
            "(end)" => session.end_file(),
            line => drop(session.run(line).unwrap()),
        });
        let mut shown = |name: &str| session.run(&format!("set {name}")).unwrap().lines().concat();
        [shown("filter-memory"), shown("filter-timeout"), shown("limit")]
    };
    let before = ["filter-memory is 64M", "filter-timeout is 2s", "limit is 50"].map(str::to_owned);
    assert_eq!(limits(&["set filter-memory 64M", "set filter-timeout 2s", "set limit 50"]), before);
    assert_eq!(
        limits(&["(file)", "set filter-memory none", "(file)", "set filter-timeout none"])[1],
        "filter-timeout is none"
    );
    assert_eq!(limits(&["(end)"])[..2], ["filter-memory is none", "filter-timeout is 2s"]);
    assert_eq!(limits(&["(end)"]), before);
}
