//! What is typed becomes a session file that holds, without the random ends of actors.
#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

use std::path::Path;
use std::sync::{Arc, Mutex};

use rejoin::script::{Files, Host, Script, run};
use rejoin::session::{Entry, Options, Session};

/// A file that is written.
#[derive(Clone, Default)]
struct Paper(Arc<Mutex<String>>);

impl Files for Paper {
    fn read(&self, _: &Path) -> Result<String, String> {
        Ok("swap a .read = true\nswap a .read = null\n".to_owned())
    }

    fn create(&self, _: &Path) -> Result<(), String> {
        Ok(())
    }

    fn write(&self, _: &Path, text: &str) -> Result<(), String> {
        text.clone_into(&mut self.0.lock().unwrap());
        Ok(())
    }
}

/// Somebody who types.
struct Prompt {
    session: Session,
    host: Host,
    paper: Paper,
}

impl Prompt {
    fn new() -> Self {
        let paper = Paper::default();
        let session = Session::new(Options { seed: 7, unique_actors: true });
        Self { session, host: Host::new(paper.clone()).typed(), paper }
    }

    fn type_line(&mut self, line: &str) -> Vec<String> {
        match self.host.run(&mut self.session, line, &mut |_| {}) {
            Ok(reply) => {
                let (values, lines) = reply.shown();
                values.iter().map(ToString::to_string).chain(lines).collect()
            }
            Err(error) => vec![format!("error: {error}")],
        }
    }

    fn type_lines(&mut self, lines: &[&str]) {
        for line in lines {
            self.type_line(line);
        }
    }

    /// The actor of a ref.
    fn actor(&self, name: &str) -> String {
        let entry = self.session.entries().find(|(known, _)| *known == name).unwrap().1;
        let Entry::Ref(reference) = entry else { panic!("{name} is no ref") };
        reference.actor().to_string()
    }

    /// Ends the recording: what is said, and the file, which must hold.
    fn stop(&mut self) -> (Vec<String>, String) {
        let report = self.type_line("record stop");
        let text = self.paper.0.lock().unwrap().clone();
        let checked = run(&mut Session::default(), &Script::parse(&text), |_| Ok::<_, ()>(())).unwrap();
        assert_eq!(checked.failures, 0, "{text}");
        (report, text)
    }
}

#[test]
fn given_a_command_with_the_random_end_of_an_actor_then_the_file_has_the_name_of_scripts() {
    let mut prompt = Prompt::new();
    prompt.type_lines(&[r#"ref a {"n": 1}"#, "branch a as b", "swap b .n = 2"]);
    let (a, b) = (prompt.actor("a"), prompt.actor("b"));
    assert!(a.starts_with("a-") && a.len() == 14, "{a}");
    let patch = prompt.type_line(&format!(r#"patch-from-clock b {{"{a}": 2}}"#)).remove(0);
    prompt.type_lines(&["record file", &format!("merge a {patch}"), &format!(r#"at b {{"{a}": 2}}"#)]);
    prompt.type_lines(&[
        "ref c 1",
        "clock a",
        &format!(".[\"{b}\"]"),
        "refs",
        "log a",
        "peek-patches b",
        "conflicts a",
    ]);
    let (report, text) = prompt.stop();
    assert_eq!(report.len(), 1, "{report:?}\n{text}");
    assert!(!text.contains(&a) && !text.contains(&b), "{text}");
    assert!(text.contains("\nat b {\"a\": 2}\n#=> {\"n\":1}\n"), "{text}");
    assert!(text.contains("#=> 1 change new\n#=> ~ .n 1 → 2\n"), "{text}");
    assert!(text.contains("\n.[\"b\"]\n#=> 3\n"), "{text}");
}

#[test]
fn given_a_line_that_is_otherwise_in_a_script_then_it_is_named() {
    let mut prompt = Prompt::new();
    prompt.type_lines(&["ref a 1", "record file", "# What it has.", "clock a"]);
    let end = prompt.actor("a")[2..].to_owned();
    prompt.type_line(&format!("keys[0] | endswith(\"{end}\")"));
    prompt.type_line("$a | if . == 1 then 3 else 4 end");
    prompt.type_line("clock a");
    prompt.type_line(&format!("if keys[0] == \"a-\" + \"{end}\" then error(\"no\") else 1 end"));
    let (report, text) = prompt.stop();
    let line = |part: &str| 1 + text.lines().position(|line| line.contains(part)).unwrap();
    let expected = [
        "wrote file: 6 commands, 5 expectations".to_owned(),
        format!("line {} answers otherwise in a script: `keys[0] | endswith(\"{end}\")`", line("endswith")),
        format!(
            "line {} does not fail in a script: `if keys[0] == \"a-\" + \"{end}\" then…`",
            line("if keys")
        ),
    ];
    assert_eq!(report, expected, "{text}");
}

#[test]
fn given_a_preamble_then_it_has_what_makes_the_session_and_no_more() {
    let rows: &[(&[&str], &[&str], &[&str])] = &[
        (&["ref a {\"n\": 1}", "swop", "show a", "log a", "a.n", "help"], &["a.n"], &["ref a {\"n\": 1}"]),
        (&["ref a 1", "swap a 2", "undo", "swap a 3"], &["a"], &["ref a 1", "swap a 3"]),
        (&["ref a 1", "swap a 2", "undo", "redo"], &["a"], &["ref a 1", "swap a 2"]),
        (&["ref a 1", "swap a 2", "undo", "undo", "redo"], &["a"], &["ref a 1"]),
        (&["ref a 1", "swap a 1", "refs"], &["a"], &["ref a 1"]),
        (&["ref a 1", "clock a", "patch-from-clock a {}"], &["a"], &["ref a 1"]),
        (&["ref a 1", "2 + 3", "refs", "ref b $_"], &["b"], &["ref a 1", "refs", "ref b $_"]),
        (&["ref a 1", "2 + 3", "ref b $_ + 1"], &["b"], &["ref a 1", "2 + 3", "ref b $_ + 1"]),
        (&["ref a 1", "[2]", ".[0]", "ref b ."], &["b"], &["ref a 1", "[2]", ".[0]", "ref b ."]),
        (&["ref a 1", "[2]", ".[0]"], &["$_ + 1"], &["ref a 1", "[2]", ".[0]"]),
        (&["ref a 1", "[2]", ".[0]"], &["a", "$_ + 1"], &["ref a 1"]),
        (&["ref a 1", "7", "swop"], &["a | . + 1"], &["ref a 1"]),
        (&["ref a 1", "swap a 2", "undo"], &["$_"], &["ref a 1", "swap a 2", "undo"]),
        (&["ref a {}", "read more"], &["a"], &["ref a {}", "swap a .read = true", "swap a .read = null"]),
        (
            &["ref a 1", "watch a", "unwatch a", "drop a", "ref b 2"],
            &["b"],
            &["ref a 1", "watch a", "unwatch a", "drop a", "ref b 2"],
        ),
        (&["ref a {}", "a", "text a .body"], &["a"], &["ref a {}", "text a .body"]),
        (&["refs", "1 + 1"], &["2"], &[]),
    ];
    for (before, after, kept) in rows {
        let mut prompt = Prompt::new();
        prompt.type_lines(before);
        prompt.type_line("record file");
        prompt.type_lines(after);
        let (report, text) = prompt.stop();
        assert_eq!(report.len(), 1, "{before:?}: {report:?}");
        let preamble = text.split_once("\n# The recording.").map_or("", |(preamble, _)| preamble);
        let commands: Vec<&str> =
            preamble.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).collect();
        assert_eq!(commands, *kept, "{before:?}");
    }
}

#[test]
fn given_a_filter_that_was_interrupted_then_it_is_not_recorded() {
    let mut prompt = Prompt::new();
    prompt.type_lines(&["ref a 1", "record file"]);
    prompt.session.interrupt().raise();
    assert!(prompt.type_line("swap a (def f: f; f)")[0].ends_with("the filter was interrupted"));
    prompt.type_line("swap a 2");
    let (report, text) = prompt.stop();
    assert_eq!(report, ["wrote file: 2 commands, 2 expectations"]);
    assert!(!text.contains("def f"), "{text}");
}

#[test]
fn given_a_line_with_a_blank_in_front_or_for_help_then_it_is_not_recorded() {
    let mut prompt = Prompt::new();
    prompt.type_lines(&["ref a {\"n\": 1}", " ref secret 1", "help", "record file"]);
    prompt.type_lines(&["help swap", "help nothing", "  a.n", "\ta.n + 1", "read more", "a.n"]);
    let (report, text) = prompt.stop();
    let left_out = "without 1 line that changed something and began with a blank";
    assert_eq!(report, ["wrote file: 4 commands, 5 expectations", left_out], "{text}");
    assert!(!text.contains("help") && !text.contains("secret"), "{text}");
    assert!(text.contains("a.n\n") && !text.contains(" a.n") && text.contains("swap a .read"), "{text}");
}
