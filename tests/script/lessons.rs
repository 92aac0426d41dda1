//! The built-in lessons: every file of `examples/`, and each is one that can be taught.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use rejoin::script::{LESSONS, Lesson, Script, prose};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn given_the_folder_of_examples_then_every_session_file_is_a_lesson() {
    let names = fs::read_dir(root().join("examples")).unwrap().filter_map(|entry| {
        let name = entry.unwrap().file_name().into_string().unwrap();
        name.strip_suffix(".rejoin").map(str::to_owned)
    });
    let embedded = LESSONS.iter().map(|lesson| lesson.name.to_owned());
    assert_eq!(embedded.collect::<BTreeSet<_>>(), names.collect::<BTreeSet<_>>());
    for Lesson { name, text } in LESSONS {
        let file = root().join(format!("examples/{name}.rejoin"));
        assert_eq!(*text, fs::read_to_string(file).unwrap(), "{name}");
    }
}

#[test]
fn given_the_readme_then_it_lists_every_lesson_in_order() {
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    let mut rest = &*readme;
    for Lesson { name, .. } in LESSONS {
        let link = format!("[`{name}`](examples/{name}.rejoin)");
        let at = rest.find(&link);
        assert!(at.is_some(), "{link} is missing, or not in the order of the lessons");
        rest = &rest[at.unwrap()..];
    }
}

#[test]
fn given_a_lesson_then_it_has_a_title_narration_and_expectations() {
    for lesson in LESSONS {
        let title = lesson.title();
        assert!(title.ends_with('.') && title.len() <= 60, "{}: {title}", lesson.name);
        let script = Script::parse(lesson.text);
        assert!(prose(&script.items).len() > 3, "{}", lesson.name);
        assert!(script.steps().any(|step| !step.expectations.is_empty()), "{}", lesson.name);
    }
}

#[test]
fn given_a_lesson_then_its_lines_can_be_read() {
    for Lesson { name, text } in LESSONS {
        for line in text.lines().filter(|line| line.starts_with('#') && !line.starts_with("#=>")) {
            assert!(line.chars().count() <= 110, "{name}: {line}");
        }
    }
}
