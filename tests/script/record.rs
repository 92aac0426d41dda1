//! What is typed becomes a session file that holds, without the random ends of actors.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard};

use rejoin::script::{Files, Host, Script, WriteError, run};
use rejoin::session::{Entry, Options, Session};

/// A disk.
#[derive(Clone, Default)]
struct Paper(Arc<Mutex<Disk>>);

#[derive(Default)]
struct Disk {
    files: BTreeMap<PathBuf, String>,
    is_full: bool,
    /// How often a file was written whole.
    replaced: usize,
}

impl Paper {
    fn disk(&self) -> MutexGuard<'_, Disk> {
        self.0.lock().unwrap()
    }

    fn text(&self, name: &str) -> String {
        self.disk().files.get(Path::new(name)).cloned().unwrap_or_default()
    }
}

impl Files for Paper {
    fn read(&self, _: &Path) -> Result<Vec<u8>, String> {
        Ok(b"swap a .read = true\nswap a .read = null\n".to_vec())
    }

    fn create(&self, path: &Path, bytes: &[u8]) -> Result<(), WriteError> {
        let mut disk = self.disk();
        if disk.files.contains_key(path) {
            return Err(WriteError::Taken);
        }
        disk.files.insert(path.to_owned(), String::from_utf8(bytes.to_vec()).unwrap());
        Ok(())
    }

    fn append(&self, path: &Path, old: &str, more: &str) -> Result<(), WriteError> {
        let mut disk = self.disk();
        if disk.is_full {
            return Err(WriteError::System("no space left".to_owned()));
        }
        let file = disk.files.get_mut(path).filter(|file| *file == old).ok_or(WriteError::Changed)?;
        file.push_str(more);
        Ok(())
    }

    fn replace(&self, path: &Path, old: Option<&str>, new: &[u8]) -> Result<(), WriteError> {
        self.append(path, old.unwrap(), "")?;
        let mut disk = self.disk();
        disk.replaced += 1;
        disk.files.insert(path.to_owned(), String::from_utf8(new.to_vec()).unwrap());
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
        let text = self.paper.text("file");
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
        (&["ref a {}", "read more", "undo"], &["a"], &["ref a {}"]),
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
fn given_a_file_that_was_read_and_taken_back_then_the_recording_takes_all_of_it_back() {
    let mut prompt = Prompt::new();
    prompt.type_lines(&["ref a {}", "record file", "read more", "undo", "a", "redo", "a"]);
    let (report, text) = prompt.stop();
    assert_eq!(report.len(), 1, "{report:?}");
    assert_eq!((text.matches("\nundo\n").count(), text.matches("\nredo\n").count()), (2, 2), "{text}");
    assert!(text.contains("\na\n#=> {}\n") && text.contains("\na\n#=> {\"read\":null}\n"), "{text}");
    assert!(holds("file.rejoin", &text), "{text}");
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

/// Whether a session file is sound and holds.
fn holds(name: &str, text: &str) -> bool {
    let script = Script::parse_file(Path::new(name), text);
    let checked = run(&mut Session::default(), &script, |_| Ok::<_, ()>(())).unwrap();
    script.mistakes.is_empty() && checked.failures == 0
}

#[test]
fn given_a_recording_when_a_line_was_typed_then_it_is_on_the_disk() {
    let mut prompt = Prompt::new();
    prompt.type_lines(&["ref a {\"n\": 1}", "record file"]);
    let mut before = prompt.paper.text("file");
    assert!(before.contains("ref a {\"n\": 1}\n"), "{before}");
    for line in ["# What it has.", "a.n", "swap a .n += 1", "swop", "read more"] {
        match line.starts_with('#') {
            true => prompt.host.narrate(line),
            false => drop(prompt.type_line(line)),
        }
        let now = prompt.paper.text("file");
        let more = now.strip_prefix(&*before).unwrap();
        assert!(more.contains(if line == "read more" { "swap a .read" } else { line }), "{line}: {more}");
        assert!(holds("file", &now), "{now}");
        before = now;
    }
    assert_eq!(prompt.paper.disk().replaced, 0);
    let (_, text) = prompt.stop();
    assert_eq!(text, before, "nothing was left for the end");
}

#[test]
fn given_a_full_disk_then_it_is_told_and_nothing_is_lost() {
    let mut prompt = Prompt::new();
    prompt.type_lines(&["record file", "ref a 1"]);
    let before = prompt.paper.text("file");
    prompt.paper.disk().is_full = true;
    let told = prompt.type_line("swap a 2");
    assert_eq!(told, ["2", "~ . 1 → 2", "not recorded yet: cannot write `file`: no space left"]);
    assert_eq!(prompt.type_line("record stop"), ["error: cannot write `file`: no space left"]);
    assert_eq!(prompt.type_line("record other"), ["error: `file` is being recorded"]);
    assert_eq!(prompt.paper.text("file"), before);
    prompt.paper.disk().is_full = false;
    prompt.type_line("swap a 3");
    let (report, text) = prompt.stop();
    assert_eq!(report, ["wrote file: 3 commands, 6 expectations"]);
    assert!(text.contains("swap a 2\n") && text.contains("swap a 3\n"), "{text}");
}

#[test]
fn given_a_file_that_somebody_else_changed_then_that_stays_and_the_recording_is_beside_it() {
    for theirs in [Some("theirs\n"), None] {
        let mut prompt = Prompt::new();
        prompt.type_lines(&["record file.rejoin", "ref a 1"]);
        match theirs {
            Some(text) => drop(prompt.paper.disk().files.insert("file.rejoin".into(), text.to_owned())),
            None => drop(prompt.paper.disk().files.remove(Path::new("file.rejoin"))),
        }
        prompt.paper.disk().files.insert("file-2.rejoin".into(), "also theirs\n".to_owned());
        let told = prompt.type_line("swap a 2");
        assert_eq!(told[2], "somebody else changed file.rejoin: the whole recording is in file-3.rejoin");
        assert_eq!(prompt.type_line("record stop"), ["wrote file-3.rejoin: 2 commands, 4 expectations"]);
        assert_eq!(prompt.paper.disk().files.get(Path::new("file.rejoin")).map(String::as_str), theirs);
        assert_eq!(prompt.paper.text("file-2.rejoin"), "also theirs\n");
        let text = prompt.paper.text("file-3.rejoin");
        assert!(text.contains("ref a 1\n") && holds("file-3.rejoin", &text), "{text}");
    }
}

#[test]
fn given_a_name_of_markdown_then_the_recording_is_a_fenced_block() {
    let mut prompt = Prompt::new();
    prompt.type_lines(&["ref a 1", "record m.md", "swap a 2"]);
    let text = prompt.paper.text("m.md");
    assert!(text.starts_with("```rejoin\n# What was there") && holds("m.md", &text), "{text}");
    assert_eq!(Script::parse_markdown(&text).steps().count(), 2, "also before its end: {text}");
    prompt.type_lines(&["swap a \"x\n```\ny\"", "a", "record stop"]);
    let text = prompt.paper.text("m.md");
    assert!(text.starts_with("````rejoin\n") && text.ends_with("\n````\n"), "{text}");
    assert_eq!(Script::parse_markdown(&text).steps().count(), 4, "{text}");
    assert!(holds("m.md", &text), "{text}");
    assert_eq!(prompt.type_line("record m.md"), ["error: cannot write `m.md`: it is there already"]);
}

#[test]
fn given_comments_that_begin_like_expectations_then_the_file_is_sound() {
    let mut prompt = Prompt::new();
    prompt.type_lines(&["ref a 1", "record file"]);
    prompt.host.narrate("# => so it goes");
    prompt.type_lines(&["swap a 2 #=> 3", "swap a [3, # -> three\n4]", "error(\"wait...\")", "\"a...\""]);
    let (_, text) = prompt.stop();
    assert!(holds("file", &text), "{text}");
    assert!(
        text.contains("## => so") && text.contains("swap a 2 ##=> 3") && text.contains("## -> three"),
        "{text}"
    );
    assert!(
        text.contains("failed on the last value: wait\\...") && text.contains("#=> \"a\\...\""),
        "{text}"
    );
}

#[test]
fn given_a_name_with_what_a_terminal_obeys_then_it_is_not_said() {
    let mut prompt = Prompt::new();
    let said = prompt.type_line("record \"a\\u001b[31m\\nb\"");
    assert_eq!(said, ["recording to a\u{fffd}[31m\u{fffd}b, until `record stop`"]);
    assert!(prompt.paper.disk().files.contains_key(Path::new("a\u{1b}[31m\nb")));
    let said = prompt.type_line("record stop");
    assert_eq!(said, ["wrote a\u{fffd}[31m\u{fffd}b: 0 commands, 0 expectations"]);
}

#[test]
fn given_an_interruption_of_a_recorded_command_then_it_is_told_and_what_stood_above_keeps_its_answers() {
    /// Interrupts what a recording does with the line that it is asked to put into a file.
    struct Hand(Paper, rejoin::session::Interrupt);

    impl Files for Hand {
        fn read(&self, path: &Path) -> Result<Vec<u8>, String> {
            // What is read runs in the session; its end is recorded behind it.
            self.0.read(path)
        }
        fn create(&self, path: &Path, bytes: &[u8]) -> Result<(), WriteError> {
            self.0.create(path, bytes)
        }
        fn append(&self, path: &Path, old: &str, more: &str) -> Result<(), WriteError> {
            if more.contains("now") {
                self.1.raise();
            }
            self.0.append(path, old, more)
        }
        fn replace(&self, path: &Path, old: Option<&str>, new: &[u8]) -> Result<(), WriteError> {
            self.0.replace(path, old, new)
        }
    }

    let (paper, mut session) = (Paper::default(), Session::default());
    let mut host = Host::new(Hand(paper.clone(), session.interrupt())).typed();
    let mut type_line = |line: &str| host.run(&mut session, line, &mut |_| {});
    for line in ["record file", "ref a 1", "swap a . + 1", "ref b \"now\""] {
        type_line(line).unwrap();
    }
    // The check at the end is stopped at its first command, and says so.
    let report = type_line("record stop").unwrap().lines();
    assert!(report[0].starts_with("wrote file: "), "{report:?}");
    assert_eq!(report[1], "whether it holds from line 1 on is not known: interrupted");
    assert!(paper.text("file").ends_with("ref b \"now\"\n#=> \"now\"\n#=> actor b\n"));
}
