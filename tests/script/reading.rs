//! Files that are read into a session in which somebody types.

use std::path::Path;

use rejoin::script::{Files, Host, Ran, WriteError};
use rejoin::session::{Options, Session};

/// One file.
struct OneFile(&'static str);

impl Files for OneFile {
    fn read(&self, _: &Path) -> Result<Vec<u8>, String> {
        Ok(self.0.as_bytes().to_vec())
    }

    fn create(&self, _: &Path, _: &[u8]) -> Result<(), WriteError> {
        Err(WriteError::System("read only".to_owned()))
    }

    fn append(&self, _: &Path, _: &str, _: &str) -> Result<(), WriteError> {
        Err(WriteError::System("read only".to_owned()))
    }

    fn replace(&self, _: &Path, _: Option<&str>, _: &[u8]) -> Result<(), WriteError> {
        Err(WriteError::System("read only".to_owned()))
    }
}

/// A session whose actors have random ends.
fn typed() -> Session {
    Session::new(Options { seed: 7, unique_actors: true })
}

/// What a command answers, as lines.
fn answer(host: &mut Host, session: &mut Session, line: &str, each: &mut dyn FnMut(Ran<'_>)) -> Vec<String> {
    match host.run(session, line, each) {
        Ok(reply) => {
            let (values, lines) = reply.shown();
            values.iter().map(ToString::to_string).chain(lines).collect()
        }
        Err(error) => vec![format!("error: {error}")],
    }
}

#[test]
fn given_a_file_that_makes_refs_when_it_is_read_then_their_actors_are_those_that_it_expects() {
    let text = "ref a 1\n#=> actor a\nbranch a as b\n#=> actor b\nbranch mine as c\n";
    let (mut host, mut session) = (Host::new(OneFile(text)).typed(), typed());
    let made = answer(&mut host, &mut session, "ref mine 1", &mut |_| {});
    assert!(made[1].starts_with("actor mine-"), "{made:?}");
    let mut actors = Vec::new();
    let read = answer(&mut host, &mut session, "read lesson.rejoin", &mut |ran| {
        if let Ran::Step { answer: Ok(reply), .. } = ran {
            actors.extend(reply.shown().1);
        }
    });
    assert_eq!(read, ["3 commands, 2 expectations: all hold"]);
    // What was there before the file may be elsewhere too.
    assert!(actors[2].starts_with("actor c-"), "{actors:?}");
    let later = answer(&mut host, &mut session, "branch a as d", &mut |_| {});
    assert!(later[1].starts_with("actor d-"), "{later:?}");
}

#[test]
fn given_a_file_that_is_read_when_somebody_interrupts_then_it_stops_before_its_next_command() {
    let text = "ref a 1\nclock a as seen\nref b 2\n";
    let (mut host, mut session) = (Host::new(OneFile(text)).typed(), typed());
    let interrupt = session.interrupt();
    let read = answer(&mut host, &mut session, "read long.rejoin", &mut |_| interrupt.raise());
    assert_eq!(read, ["error: long.rejoin:2: interrupted before this command"]);
    interrupt.clear();
    assert_eq!(answer(&mut host, &mut session, "a", &mut |_| {}), ["1"]);
    assert_eq!(answer(&mut host, &mut session, "seen", &mut |_| {}).len(), 1);
    assert!(session.entries().all(|(name, _)| name == "a"));
}

#[test]
fn given_a_file_that_was_read_when_it_is_undone_then_all_of_it_goes_and_comes_again() {
    let text = "ref a {\"n\": 0}\nbranch a as b\nswap a .n += 1\nundo\nswap b .n += 5\nmerge a b\n";
    let (mut host, mut session) = (Host::new(OneFile(text)).typed(), typed());
    answer(&mut host, &mut session, "ref mine 1", &mut |_| {});
    answer(&mut host, &mut session, "read lesson.rejoin", &mut |_| {});
    let names = |session: &Session| session.entries().map(|(name, _)| name.to_owned()).collect::<Vec<_>>();
    assert_eq!(names(&session), ["mine", "a", "b"]);
    let undone = answer(&mut host, &mut session, "undo", &mut |_| {});
    assert_eq!(undone.last().unwrap(), "undid `read lesson.rejoin`");
    assert_eq!(names(&session), ["mine"]);
    answer(&mut host, &mut session, "redo", &mut |_| {});
    assert_eq!(answer(&mut host, &mut session, "a.n", &mut |_| {}), ["5"]);
    assert_eq!(names(&session), ["mine", "a", "b"]);
    answer(&mut host, &mut session, "undo", &mut |_| {});
    answer(&mut host, &mut session, "undo", &mut |_| {});
    assert!(names(&session).is_empty());
}
