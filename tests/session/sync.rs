//! `sync`, `push`, `pull`, `clone` and `store`, as somebody types them. A script keeps its places in memory.
#![cfg(feature = "store")]

use rejoin::script::Host;
use rejoin::session::{ErrorCode, Reply, Session};

/// A session with places of its own.
struct Typed {
    host: Host,
    session: Session,
}

impl Typed {
    fn new(lines: &[&str]) -> Self {
        let mut typed = Self { host: Host::without_files(), session: Session::default() };
        lines.iter().for_each(|line| drop(typed.run(line)));
        typed
    }

    fn run(&mut self, line: &str) -> Reply {
        let reply = self.host.run(&mut self.session, line, &mut |_| {});
        reply.unwrap_or_else(|error| panic!("{line}: {error}"))
    }

    fn fails(&mut self, line: &str) -> (ErrorCode, String, Option<String>) {
        let error = self.host.run(&mut self.session, line, &mut |_| {}).expect_err(line);
        (error.code(), error.to_string(), error.hint.clone())
    }

    fn value(&mut self, line: &str) -> String {
        self.run(line).values[0].to_string()
    }
}

/// Without numbers of bytes, which a better encoding may change.
fn lines(reply: &Reply) -> Vec<String> {
    let without = |line: String| match line.split_once(" byte") {
        Some((before, _)) => before.rsplit_once(", ").map_or(before, |(before, _)| before).to_owned(),
        None => line,
    };
    reply.lines().into_iter().map(without).collect()
}

#[test]
fn given_two_refs_when_they_check_in_then_each_has_what_the_other_had_and_both_ways_are_told() {
    let mut typed = Typed::new(&[
        r#"ref backend {"n": [0]}"#,
        "branch backend as client",
        "swap client .n += [1]",
        "swap client .n += [2]",
        "swap backend .m = true",
    ]);
    let reply = typed.run("sync client backend");
    assert_eq!(reply.values[0].to_string(), r#"{"n":[0,1,2],"m":true}"#);
    assert_eq!(
        lines(&reply),
        [
            "client → backend: 2 changes",
            "backend: + .n[1] 1",
            "backend: + .n[2] 2",
            "backend → client: 1 change",
            "1 change new",
            "+ .m true"
        ]
    );
    assert_eq!(typed.value("$client == $backend"), "true");
    assert_eq!(lines(&typed.run("sync client backend")), ["nothing new"]);
    // Both go back together.
    typed.run("undo");
    assert_eq!(typed.value("[$client, $backend]"), r#"[{"n":[0,1,2]},{"n":[0],"m":true}]"#);
}

#[test]
fn given_a_place_when_refs_meet_there_then_they_have_the_same_and_remember_it() {
    let mut typed = Typed::new(&[r#"ref a {"n": 1}"#]);
    assert_eq!(
        lines(&typed.run("sync a ./shop")),
        ["a → ./shop in memory: 1 change", "./shop in memory → a: nothing new"]
    );
    assert_eq!(lines(&typed.run("clone ./shop as b")), ["./shop in memory → b: 1 change", "actor b"]);
    typed.run("swap b .n = 2");
    assert_eq!(lines(&typed.run("push b")), ["b → ./shop in memory: 1 change"]);
    typed.run("swap a .m = 3");
    assert_eq!(lines(&typed.run("pull a")), ["./shop in memory → a: 1 change", "1 change new", "~ .n 1 → 2"]);
    assert_eq!(
        lines(&typed.run("sync a")),
        ["a → ./shop in memory: 1 change", "./shop in memory → a: nothing new"]
    );
    assert_eq!(lines(&typed.run("sync a")), ["nothing new"]);
    assert_eq!(
        lines(&typed.run("sync b ./shop")),
        ["b → ./shop in memory: nothing new", "./shop in memory → b: 1 change", "1 change new", "+ .m 3"]
    );
    assert_eq!(typed.value("$a == $b"), "true");
    let refs = typed.run("refs").lines();
    assert!(refs.iter().all(|line| line.ends_with(", meets others at ./shop")), "{refs:?}");
}

#[test]
fn given_changes_that_were_sent_then_neither_they_nor_what_came_before_can_be_undone() {
    let mut typed = Typed::new(&["ref a 1", "swap a 2", "push a ./s", "swap a 3"]);
    typed.run("undo");
    assert_eq!(typed.value("a"), "2");
    let (code, message, hint) = typed.fails("undo");
    assert_eq!((code, &*message), (ErrorCode::NothingTo, "nothing to undo"));
    assert_eq!(hint.as_deref(), Some("what was sent to ./s is known there"));
    // What a check-in only brought can be.
    for line in ["clone ./s as b", "swap b 4", "push b", "pull a"] {
        typed.run(line);
    }
    assert_eq!(typed.value("a"), "4");
    typed.run("undo");
    assert_eq!(typed.value("a"), "2");
    let again =
        ["a → ./s in memory: nothing new", "./s in memory → a: 1 change", "1 change new", "~ . 2 → 4"];
    assert_eq!(lines(&typed.run("sync a")), again);
}

#[test]
fn given_a_copy_of_an_actor_when_both_write_then_the_second_finds_out_at_its_first_write() {
    let mut typed = Typed::new(&[
        "ref a 1",
        "push a ./s",
        "clone ./s as other",
        "swap other 9",
        "push other",
        "save a",
        "swap a 2",
    ]);
    typed.run("push a");
    // The same actor again, from before: as a copy of a folder would have it.
    let mut copy = Typed { host: typed.host, session: Session::default() };
    for line in ["ref a 1", "swap a 3"] {
        copy.run(line);
    }
    // The ids of documents derive from the same seed here.
    for line in ["sync a ./s", "push a ./s"] {
        let (code, message, hint) = copy.fails(line);
        assert_eq!(code, ErrorCode::Equivocation, "{message}");
        assert!(message.starts_with("what is at `./s` does not fit: two replicas write as a"), "{message}");
        assert!(hint.is_some_and(|hint| hint.starts_with("a replica was copied")));
        assert_eq!(copy.value("a"), "3");
    }
}

#[test]
fn given_what_is_no_place_or_has_no_document_then_the_error_says_what_helps() {
    let mut typed = Typed::new(&["ref a 1", "clock a as seen"]);
    let rows = [
        ("sync a", "`a` remembers no place", "`sync a ./FOLDER` brings it to a folder, and remembers that"),
        ("sync a shop", "nothing has the name `shop`", "a folder is written `./shop`"),
        ("push a shop", "`shop` is no place for documents", "a folder is written `./shop`"),
        ("sync a seen", "`seen` is a clock, not a ref", ""),
        (
            "clone ./nowhere as b",
            "`./nowhere` has no document",
            "a script has places in memory; `rejoin run --outside` reaches those on the disk",
        ),
        (
            "sync a http://localhost:1",
            "`http://localhost:1` is out of reach of a script",
            "`rejoin run --outside` lets a script reach it",
        ),
        (
            "clone s3://shop as b",
            "`s3://shop` is out of reach of a script",
            "`rejoin run --outside` lets a script reach it",
        ),
    ];
    for (line, wanted, helps) in rows {
        let (_, message, hint) = typed.fails(line);
        assert_eq!((&*message, hint.as_deref().unwrap_or("")), (wanted, helps), "{line}");
    }
    typed.run("push a ./s");
    typed.run("ref b 2");
    typed.run("push b ./s");
    assert_eq!(typed.run("store ./s").lines(), ["2 documents"]);
    let (_, message, hint) = typed.fails("clone ./s as c");
    assert_eq!(message, "`./s` has 2 documents");
    let hint = hint.expect("it says what to do");
    let line = hint.split('`').nth(3).expect("it has a line").replace("NAME", "c");
    typed.run(&line);
    let (_, message, _) = typed.fails("clone ./s#nothing as d");
    assert_eq!(message, "`./s` has no document `nothing`");
}

#[test]
fn given_a_place_that_was_cleaned_then_who_knew_it_before_goes_on() {
    let mut typed = Typed::new(&["ref a []", "sync a ./s", "clone ./s as b"]);
    for n in 0..5 {
        typed.run(&format!("swap a . + [{n}]"));
        typed.run("sync a");
    }
    // Nothing is old enough.
    assert!(typed.run("store gc ./s").lines()[0].contains("0 objects removed"), "nothing is old");
    assert!(typed.run("store gc ./s --now").lines()[0].contains("5 objects removed"));
    assert!(typed.run("store gc ./s --now").lines()[0].contains("0 objects removed"));
    assert_eq!(typed.value("pull b"), "[0,1,2,3,4]");
    typed.run("swap b . + [5]");
    typed.run("sync b");
    assert_eq!(typed.value("sync a"), "[0,1,2,3,4,5]");
    assert_eq!(typed.value("clone ./s as c"), "[0,1,2,3,4,5]");
}

#[test]
fn given_another_place_of_the_same_name_then_what_is_known_of_the_first_does_not_count() {
    let mut typed = Typed::new(&["ref a 1", "branch a as b", "swap a 2", "push a ./s"]);
    // As for a folder that was removed and made anew by somebody who has less.
    typed.host = Host::without_files();
    assert_eq!(lines(&typed.run("push b ./s")), ["b → ./s in memory: 1 change"]);
    assert_eq!(lines(&typed.run("push a")), ["a → ./s in memory: 1 change"]);
    assert_eq!(typed.value("clone ./s as c"), "2");
}

#[test]
fn given_a_place_that_has_all_already_then_nothing_is_sent_and_all_can_be_undone() {
    let mut typed =
        Typed::new(&["ref a 1", "push a ./s", "branch a as b", "swap b 2", "push b ./s", "merge a b"]);
    typed.run("swap a 3");
    typed.run("push a ./other");
    typed.run("clone ./other as c");
    typed.run("ref d 1");
    assert_eq!(lines(&typed.run("sync c ./other")), ["nothing new"]);
    // It is a branch, and knows no place: what it has is there.
    typed.run("branch c as e");
    assert_eq!(lines(&typed.run("sync e ./other")), ["nothing new"]);
    assert_eq!(lines(&typed.run("undo")), ["undid `sync e ./other`"]);
    assert_eq!(lines(&typed.run("undo")), ["undid `branch c as e`"]);
}

#[test]
fn given_two_refs_that_wrote_under_one_actor_when_one_is_squashed_then_its_value_is_taken() {
    let mut typed =
        Typed::new(&["ref a 1", "branch a as b", "branch a as c", "swap b 2", "patch-from-clock b {} as p"]);
    // As a copy of b that wrote something else would have it.
    typed.run("merge c ($p | .changes[1].ops[0].value = 3 | del(.base))");
    assert_eq!(typed.value("c"), "3");
    assert_eq!(typed.fails("merge b c").0, ErrorCode::Equivocation);
    assert_eq!(typed.value("squash b c"), "3");
    assert_eq!(lines(&typed.run("squash b c")), ["no difference, no change"]);
}
