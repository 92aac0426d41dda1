//! `undo` and `redo`: the session is what it was, whatever the command did.

use rejoin::session::{Entry, Options, Session};
use rejoin::value::{Val, apply, same};

/// A session with refs that diverged, a clock, a patch, a watch and a validator.
const SETUP: &[&str] = &[
    r#"ref a {"n": 1, "name": "Foo", "items": [0, {"x": 1}], "body": "hello"}"#,
    "text a .body",
    "pop-patches a",
    "branch a as b",
    "clock a as seen",
    "swap a .n = 2 | .body = \"hello world\"",
    "swap b .n = 3 | .items += [9] | .body = \"oh, hello\"",
    "patch b seen as p",
    "merge a b",
    "watch a",
    "validate b .n > 0",
    "ref other [1]",
];

/// Commands that change something, each on its own.
const CHANGES: &[&str] = &[
    "ref c {\"new\": true}",
    "branch a as c",
    "swap a .items[1].x += 1",
    "swap b .moved = .items | del(.items)",
    "swap a {}",
    "reset a 5",
    "cas other [1] [2]",
    "counter a .n",
    "text a .name",
    "plain a .body",
    "merge b a",
    "squash other a",
    "clock b as seen",
    "clock b as later",
    "patch a seen as q",
    "pop-patches a as sent",
    "pop-patches b",
    "watch b",
    "unwatch a",
    "validate a .n",
    "validate b .n > 1",
    "validate b",
    "rename a as z",
    "rename b as z",
    "rename seen as later",
    "rename p as q",
    "drop a",
    "drop b",
    "drop seen",
    "drop p",
];

fn after(lines: &[&str]) -> Session {
    let mut session = Session::default();
    for line in lines {
        session.run(line).unwrap_or_else(|error| panic!("{line}: {error}"));
    }
    session
}

/// All that can be seen of a session; looking changes nothing of it.
fn look(session: &mut Session) -> String {
    let names: Vec<String> = session.entries().map(|(name, _)| name.to_owned()).collect();
    let refs = session.entries().filter(|(_, entry)| matches!(entry, Entry::Ref(_)));
    let refs: Vec<String> = refs.map(|(name, _)| name.to_owned()).collect();
    let mut seen = String::new();
    let mut ask = |line: String| match session.run(&line) {
        Ok(reply) => {
            let values: Vec<String> = reply.values.iter().map(ToString::to_string).collect();
            seen.push_str(&format!("{line}\n{}\n{}\n", values.join("\n"), reply.lines().join("\n")));
        }
        Err(error) => seen.push_str(&format!("{line}\n{error}\n")),
    };
    ask("refs".to_owned());
    for name in names {
        ask(format!("${name}"));
    }
    for name in &refs {
        for command in ["log", "waiting", "conflicts", "peek-patches"] {
            ask(format!("{command} {name}"));
        }
    }
    for (name, entry) in session.entries() {
        if let Entry::Ref(reference) = entry {
            reference.check().unwrap_or_else(|error| panic!("{name}: {error}"));
        }
    }
    seen
}

/// What the same commands do next: watchers, validators, ids and actors show there.
fn go_on(session: &mut Session) -> String {
    let lines = [
        "swap a .n = 0",
        "swap b .n = 0",
        "swap a .n = 7 | .items += [1]",
        "swap b .n = 8",
        "merge a b",
        "branch a as d",
        "ref e 1",
        "patch a seen as again",
    ];
    let mut told = String::new();
    for line in lines {
        match session.run(line) {
            Ok(reply) => told.push_str(&format!("{line}\n{}\n", reply.lines().join("\n"))),
            Err(error) => told.push_str(&format!("{line}\n{error}\n")),
        }
    }
    told + &look(session)
}

#[test]
fn given_a_command_when_it_is_undone_then_the_session_is_as_if_it_had_not_been_run() {
    for change in CHANGES {
        let mut undone = after(SETUP);
        let before = look(&mut undone);
        undone.run(change).unwrap_or_else(|error| panic!("{change}: {error}"));
        let reply = undone.run("undo").unwrap();
        assert_eq!(reply.lines()[0], format!("undid `{change}`"));
        assert_eq!(look(&mut undone), before, "{change}");
        assert_eq!(go_on(&mut undone), go_on(&mut after(SETUP)), "{change}");
    }
}

#[test]
fn given_a_command_that_was_undone_when_it_is_redone_then_the_session_is_as_after_it() {
    for change in CHANGES {
        let done = || after(&[SETUP, &[change]].concat());
        let mut redone = done();
        for _ in 0..3 {
            redone.run("undo").unwrap();
            let reply = redone.run("redo").unwrap();
            assert_eq!(reply.lines()[0], format!("redid `{change}`"));
        }
        assert_eq!(look(&mut redone), look(&mut done()), "{change}");
        assert_eq!(go_on(&mut redone), go_on(&mut done()), "{change}");
    }
}

/// The value of a ref.
fn value(session: &Session, name: &str) -> Val {
    match session.entries().find(|(other, _)| *other == name) {
        Some((_, Entry::Ref(reference))) => reference.value().clone(),
        _ => panic!("{name} is a ref"),
    }
}

/// Runs a line, and checks that the changes that it tells lead from the old value of a ref to the new one.
fn lead(session: &mut Session, name: &str, line: &str) {
    let old = value(session, name);
    let reply = session.run(line).unwrap_or_else(|error| panic!("{line}: {error}"));
    let changes: Vec<_> = reply.changes().cloned().collect();
    let new = apply(&old, &changes).unwrap_or_else(|error| panic!("{line}: {error}"));
    assert!(same(&new, &value(session, name)), "{line}: {old} {:?} {new}", reply.lines());
}

#[test]
fn given_an_edit_when_it_is_undone_and_redone_then_what_is_told_leads_from_value_to_value() {
    let edits = [
        "swap a .n = 5 | .items[1].x = 7",
        "swap a .items |= reverse",
        "swap a .items = [{\"y\": 2}] + .items | del(.n)",
        "swap a .items |= map({y: .x?})",
        "swap b .moved = .items | del(.items)",
        "swap b .items[1].in = .name | .items[1] as $it | .items = [[$it]]",
        "swap a [.body, .items[1], .n]",
        "swap a .body |= \"Well, \" + .",
        "reset a {\"items\": [{\"x\": 1}, 1, 0], \"body\": \"hello\"}",
        "cas other [1] [2, 1]",
        "counter a .n",
        "plain a .body",
        "merge b a",
        "squash other a",
    ];
    for edit in edits {
        let name = edit.split_whitespace().nth(1).unwrap();
        let mut session = after(SETUP);
        for line in [edit, "undo", "redo", "undo", "redo"] {
            lead(&mut session, name, line);
        }
    }
}

#[test]
fn given_a_ref_that_is_watched_when_it_goes_back_and_forth_then_the_watch_tells_it() {
    let mut session = after(&["ref a 1", "watch a", "swap a 2"]);
    assert_eq!(session.run("undo").unwrap().lines(), ["undid `swap a 2`", "~ . 2 → 1", "a: ~ . 2 → 1"]);
    assert_eq!(session.run("redo").unwrap().lines(), ["redid `swap a 2`", "~ . 1 → 2", "a: ~ . 1 → 2"]);
}

// --- files ---

#[test]
fn given_a_file_when_it_is_undone_then_what_is_told_is_all_of_it() {
    let mut session = after(SETUP);
    let before = look(&mut session);
    session.begin_file("read all");
    for line in ["swap a .n = 5", "swap b .n = 9", "watch b", "swap a .items[1].x = 7", "merge a b"] {
        session.run(line).unwrap();
    }
    session.end_file();
    let done = look(&mut session);
    for _ in 0..2 {
        lead(&mut session, "a", "undo");
        assert_eq!(look(&mut session), before);
        lead(&mut session, "a", "redo");
        assert_eq!(look(&mut session), done);
    }
}

#[test]
fn given_a_file_of_whatever_length_then_it_is_one_step_and_those_before_stay() {
    for count in [1, 1_000, 1_001] {
        let mut session = after(&["ref a 0", "swap a -1", "swap a -2"]);
        let before = look(&mut session);
        session.begin_file("read long");
        for n in 0..count {
            session.run(&format!("swap a {n}")).unwrap();
            session.run(&format!("ref r{n} {n}")).unwrap();
        }
        session.end_file();
        let done = look(&mut session);
        assert_eq!(session.run("undo").unwrap().lines()[0], "undid `read long`");
        assert_eq!(look(&mut session), before, "{count}");
        assert_eq!(session.run("undo").unwrap().lines(), ["undid `swap a -2`", "~ . -2 → -1"]);
        session.run("redo").unwrap();
        session.run("redo").unwrap();
        assert_eq!(look(&mut session), done, "{count}");
    }
}

#[test]
fn given_a_file_with_any_commands_when_it_is_undone_then_the_session_is_as_before_and_as_after_when_redone() {
    // A small generator of numbers (splitmix64).
    let mut state = 7_u64;
    let mut below = move |n: usize| {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let x = (state ^ state >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        ((x ^ x >> 31) % n as u64) as usize
    };
    let all =
        [SETUP, CHANGES, &["ref a 1", "ref b 2", "drop later", "drop q", "undo", "undo", "redo"]].concat();
    for round in 0..40 {
        let mut session = after(SETUP);
        let before = look(&mut session);
        session.begin_file("read any");
        for _ in 0..10 + 8 * (round % 20) {
            // Some meet what is not there, and fail.
            let _ = session.run(all[below(all.len())]);
        }
        session.end_file();
        let done = look(&mut session);
        if session.run("undo").is_ok_and(|reply| reply.lines()[0] == "undid `read any`") {
            assert!(look(&mut session) == before, "round {round}");
            session.run("redo").unwrap();
            assert!(look(&mut session) == done, "round {round}");
            session.run("undo").unwrap();
            assert_eq!(go_on(&mut session), go_on(&mut after(SETUP)), "round {round}");
        }
    }
}

#[test]
fn given_a_file_that_undoes_then_it_takes_back_its_own_commands_alone() {
    let mut session = after(&["ref a 1", "swap a 2"]);
    session.begin_file("read it");
    assert_eq!(session.run("undo").unwrap_err().to_string(), "nothing to undo");
    session.run("swap a 3").unwrap();
    session.begin_file("read inner");
    session.run("swap a 4").unwrap();
    session.run("swap a 5").unwrap();
    assert_eq!(session.run("undo").unwrap().lines()[0], "undid `swap a 5`");
    session.end_file();
    assert_eq!(session.run("undo").unwrap().lines(), ["undid `read inner`", "~ . 4 → 3"]);
    session.end_file();
    assert_eq!(session.run("undo").unwrap().lines(), ["undid `read it`", "~ . 3 → 2"]);
    assert_eq!(session.run("undo").unwrap().lines(), ["undid `swap a 2`", "~ . 2 → 1"]);
}

#[test]
fn given_a_whole_session_when_all_is_undone_and_redone_then_every_step_is_met_again() {
    let mut session = Session::default();
    let mut there = vec![look(&mut session)];
    for line in [SETUP, CHANGES].concat() {
        // Some meet what an earlier one dropped, and fail.
        let _ = session.run(line);
        there.push(look(&mut session));
    }
    let mut back = vec![look(&mut session)];
    while session.run("undo").is_ok() {
        back.push(look(&mut session));
    }
    assert_eq!(session.entries().count(), 0);
    let mut again = vec![look(&mut session)];
    while session.run("redo").is_ok() {
        again.push(look(&mut session));
    }
    back.reverse();
    // What is watched or validated does not show.
    for seen in [&mut there, &mut back, &mut again] {
        seen.dedup();
    }
    assert_eq!((there.len(), again.len()), (back.len(), back.len()));
    for (step, seen) in there.iter().enumerate() {
        assert!(*seen == back[step] && *seen == again[step], "step {step}");
    }
}

#[test]
fn given_what_changes_nothing_then_it_is_not_what_undo_takes_back() {
    let mut session = after(&["ref a 1", "swap a . + 1"]);
    for line in
        ["a", "a + 1", "clock a", "swap a .", "same a a", "help", "merge a a", "log a", "# a comment", ""]
    {
        session.run(line).unwrap();
    }
    for line in ["swap a error", "swap a (", "drop b", "pop-patches b", "ref a 2", "nonsense"] {
        assert!(session.run(line).is_err(), "{line}");
    }
    assert_eq!(session.run("undo").unwrap().lines(), ["undid `swap a . + 1`", "~ . 2 → 1"]);
    // And it does not keep from doing again what was undone.
    session.run("a").unwrap();
    assert_eq!(session.run("redo").unwrap().lines(), ["redid `swap a . + 1`", "~ . 1 → 2"]);
}

#[test]
fn given_a_new_change_then_what_was_undone_is_gone() {
    let mut session = after(&["ref a 1", "swap a . + 1", "undo", "swap a . + 5"]);
    assert_eq!(session.run("redo").unwrap_err().to_string(), "nothing to redo");
    assert_eq!(session.run("a").unwrap().values[0].to_string(), "6");
}

#[test]
fn given_nothing_that_changed_something_then_there_is_nothing_to_undo() {
    let mut session = Session::default();
    assert_eq!(session.run("undo").unwrap_err().to_string(), "nothing to undo");
    assert_eq!(session.run("redo").unwrap_err().to_string(), "nothing to redo");
    assert_eq!(session.run("undo 3").unwrap_err().to_string(), "unexpected argument `3`");
}

#[test]
fn given_many_changes_then_the_last_thousand_can_be_undone() {
    let mut session = after(&["ref a 0"]);
    for _ in 0..1_150 {
        session.run("swap a . + 1").unwrap();
    }
    let undone = std::iter::from_fn(|| session.run("undo").ok()).count();
    assert_eq!(undone, 1_000);
    assert_eq!(session.run("a").unwrap().values[0].to_string(), "150");
}

#[test]
fn given_a_long_command_then_undo_names_its_start() {
    let mut session = after(&[&format!("ref a \"{}\"", "x".repeat(1000)), "reset a {\n\"n\": 1}"]);
    assert_eq!(session.run("undo").unwrap().lines()[0], "undid `reset a {…`");
    let line = session.run("undo").unwrap().lines().remove(0);
    assert!(line.starts_with("undid `ref a \"xxx") && line.ends_with("x…`") && line.len() < 100, "{line}");
}

#[test]
fn given_changes_that_wait_when_a_merge_is_undone_then_they_wait_no_more() {
    let setup = [
        "ref a 0",
        "branch a as b",
        "branch a as c",
        "clock b as t0",
        "swap b 1",
        "clock b as t1",
        "swap b 2",
    ];
    let mut session = after(&setup);
    session.run("patch b t1 as late").unwrap();
    session.run("patch b t0 as early").unwrap();
    let before = look(&mut session);
    assert_eq!(session.run("merge c late").unwrap().lines()[0], "1 change waiting for others");
    let waiting = look(&mut session);
    assert_eq!(session.run("drop-waiting c").unwrap().lines()[0], "1 change dropped");
    assert_eq!(session.run("waiting c").unwrap().lines()[0], "nothing waits");
    session.run("undo").unwrap();
    assert_eq!(look(&mut session), waiting);
    session.run("merge c early").unwrap();
    let merged = look(&mut session);
    session.run("undo").unwrap();
    assert_eq!(look(&mut session), waiting);
    session.run("undo").unwrap();
    assert_eq!(look(&mut session), before);
    session.run("redo").unwrap();
    session.run("redo").unwrap();
    assert_eq!(look(&mut session), merged);
}

#[test]
fn given_ids_that_are_unique_in_the_world_when_a_ref_is_undone_then_no_other_one_gets_them() {
    // What was undone may be in a file that was saved.
    let mut session = Session::new(Options { seed: 7, unique_actors: true });
    let mut ids = |lines: &[&str]| {
        lines.iter().for_each(|line| drop(session.run(line).unwrap()));
        session.run("refs").unwrap().values[0].to_string()
    };
    let first = ids(&["ref a 1"]);
    let other = ids(&["undo", "ref a 1"]);
    let field = |text: &str, name: &str| text.split(name).nth(1).unwrap()[3..19].to_owned();
    assert_ne!(field(&first, "document"), field(&other, "document"));
    assert_ne!(field(&first, "actor"), field(&other, "actor"));
    // Redone, it is what it was.
    assert_eq!(ids(&["undo", "redo"]), other);
}
