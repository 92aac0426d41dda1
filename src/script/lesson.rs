//! The lessons that come with the shell.

/// A session file that teaches one idea.
#[derive(Debug, Clone, Copy)]
pub struct Lesson {
    /// Its name.
    pub name: &'static str,
    /// The session file.
    pub text: &'static str,
}

impl Lesson {
    /// Returns the lesson of that name.
    pub fn find(name: &str) -> Option<&'static Self> {
        LESSONS.iter().find(|lesson| lesson.name == name)
    }

    /// Returns its first line, in which it says what it is about.
    pub fn title(&self) -> &'static str {
        self.text.lines().next().unwrap_or_default().trim_start_matches(['#', ' '])
    }
}

macro_rules! lessons {
    ($($name:literal)*) => {
        &[$(Lesson { name: $name, text: include_str!(concat!("../../examples/", $name, ".rejoin")) }),*]
    };
}

/// The lessons, in an order in which one can take them: the files of the folder `examples`.
pub const LESSONS: &[Lesson] = lessons! {
    "blog-1-merge"
    "blog-2-patches"
    "clocks"
    "late-and-twice"
    "strangers"
    "saved-and-opened"
    "over-the-wire"
    "conflict"
    "delete-and-edit"
    "lists"
    "moves"
    "text-and-counters"
    "time-travel"
};
