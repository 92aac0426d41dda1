//! A session file that grows line by line, in memory and on the disk.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use super::preamble::preamble;
use super::twin::{Bounds, Fate, Twin};
use super::typed::Typed;
use crate::script::check::compare;
use crate::script::files::{Files, WriteError, shown};
use crate::script::markdown::is_markdown;
use crate::script::outcome::{Outcome, count};
use crate::script::parse::Script;
use crate::session::FileError;

/// Of so many lines it is told what is otherwise in a script.
const LISTED: usize = 8;

/// The number of names that are tried for a file in the place of one that somebody else changed.
const NAMES: usize = 100;

/// A recording that is under way.
pub(super) struct Recording {
    path: PathBuf,
    /// How much had been typed when it began.
    from: usize,
    /// What ends the commands of twins.
    bounds: Bounds,
    /// The session of a script that is where the text ends.
    twin: Twin,
    /// The whole file.
    text: String,
    /// The number of its lines.
    lines: usize,
    on_disk: OnDisk,
    /// Whether the text ends with a comment.
    narrated: bool,
    /// Whether nothing more can use the last value from before the recording.
    is_settled: bool,
    /// Of Markdown: the number of backticks that fence the session.
    fence: Option<usize>,
    /// What is otherwise in a script.
    complaints: Vec<String>,
}

/// The state of the file on the disk.
enum OnDisk {
    /// So many bytes of the text.
    Start(usize),
    /// Something that the text does not begin with.
    Other(String),
}

impl Recording {
    /// Begins: the file has what made the session so far.
    pub(super) fn start(
        path: PathBuf,
        bounds: Bounds,
        before: &[Typed],
        files: &dyn Files,
    ) -> Result<Self, FileError> {
        let fence = is_markdown(&path).then_some(3);
        let mut recording = Self {
            path,
            from: before.len(),
            twin: Twin::new(&bounds),
            bounds,
            text: String::new(),
            lines: 0,
            on_disk: OnDisk::Start(0),
            narrated: true,
            is_settled: false,
            fence,
            complaints: Vec::new(),
        };
        recording.compose(before);
        let created = files.create(&recording.path, recording.text.as_bytes());
        created.map_err(|error| recording.unwritable(&error))?;
        recording.on_disk = OnDisk::Start(recording.text.len());
        Ok(recording)
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Takes what was typed last.
    pub(super) fn add(&mut self, typed: &[Typed]) {
        let Some(last) = typed.last() else { return };
        if !self.is_settled && last.uses_last {
            // What gave the last value belongs to what stands in front of the recording.
            self.compose(typed);
            self.is_settled = true;
            return;
        }
        self.is_settled |= last.sets_last;
        self.push(last);
    }

    /// Writes the whole text anew.
    fn compose(&mut self, typed: &[Typed]) {
        let old = std::mem::take(&mut self.text);
        self.on_disk = match std::mem::replace(&mut self.on_disk, OnDisk::Start(0)) {
            OnDisk::Start(length) => OnDisk::Other(old[..length].to_owned()),
            other @ OnDisk::Other(_) => other,
        };
        self.lines = 0;
        self.complaints.clear();
        let (before, after) = typed.split_at(self.from);
        let (start, twin) = preamble(before, after, &self.bounds);
        self.twin = twin;
        if self.twin.is_stopped() {
            let what =
                "the commands that stand before the recording were interrupted: the file has no answers";
            self.complaints.push(what.to_owned());
        }
        if let Some(fence) = self.fence {
            self.put(&format!("{}rejoin\n", "`".repeat(fence)));
        }
        self.put(&start);
        self.narrated = true;
        after.iter().for_each(|typed| self.push(typed));
    }

    /// Puts a line that was typed at the end of the text.
    fn push(&mut self, typed: &Typed) {
        if typed.is_comment() {
            // A blank line before what is told, and none inside.
            self.put(if self.narrated { "" } else { "\n" });
            self.put(&typed.text);
        } else {
            let line = 1 + self.lines;
            let (transcript, fate) = self.twin.run(typed);
            self.complaints.extend(fate.map(|fate| complaint(line, fate, &typed.text)));
            self.put(&transcript);
        }
        self.narrated = typed.is_comment();
        self.put("\n");
    }

    fn put(&mut self, text: &str) {
        self.text.push_str(text);
        self.lines += text.matches('\n').count();
        let fences = text.lines().map(str::trim).filter(|line| line.chars().all(|c| c == '`'));
        let longest = fences.map(str::len).max().unwrap_or(0);
        if let Some(fence) = self.fence.filter(|fence| *fence <= longest) {
            // The line would end the block.
            let old = self.text[fence..].to_owned();
            if let OnDisk::Start(length) = self.on_disk {
                self.on_disk = OnDisk::Other(self.text[..length].to_owned());
            }
            self.fence = Some(longest + 1);
            self.text = "`".repeat(longest + 1) + &old;
        }
    }

    /// Brings the text onto the disk. Where somebody else changed the file, another one takes the whole text.
    pub(super) fn save(&mut self, files: &dyn Files) -> Result<Option<String>, FileError> {
        let saved = match &self.on_disk {
            OnDisk::Start(length) if *length == self.text.len() => return Ok(None),
            OnDisk::Start(length) => {
                let (old, more) = self.text.split_at(*length);
                files.append(&self.path, old, more)
            }
            OnDisk::Other(old) => files.replace(&self.path, Some(old), self.text.as_bytes()),
        };
        let notice = match saved {
            Ok(()) => None,
            Err(WriteError::Changed) => Some(self.move_on(files)?),
            Err(error) => return Err(self.unwritable(&error)),
        };
        self.on_disk = OnDisk::Start(self.text.len());
        Ok(notice)
    }

    /// Goes on in another file.
    fn move_on(&mut self, files: &dyn Files) -> Result<String, FileError> {
        let stem = self.path.file_stem().unwrap_or_default().to_os_string();
        let others = (2..2 + NAMES).map(|nth| {
            let mut name = stem.clone();
            name.push(format!("-{nth}"));
            if let Some(extension) = self.path.extension() {
                name.push(OsStr::new("."));
                name.push(extension);
            }
            self.path.with_file_name(name)
        });
        for other in others.collect::<Vec<_>>() {
            match files.create(&other, self.text.as_bytes()) {
                Err(WriteError::Taken) => {}
                Err(error) => return Err(self.unwritable(&error)),
                Ok(()) => {
                    let (changed, now) = (shown(&self.path), shown(&other));
                    self.path = other;
                    return Ok(format!("somebody else changed {changed}: the whole recording is in {now}"));
                }
            }
        }
        Err(self.unwritable(&WriteError::Changed))
    }

    /// Closes the block of a Markdown file.
    pub(super) fn close(&mut self) {
        if let Some(fence) = self.fence {
            self.text.push_str(&"`".repeat(fence));
            self.text.push('\n');
        }
    }

    /// Takes that back.
    pub(super) fn reopen(&mut self) {
        if let Some(fence) = self.fence {
            self.text.truncate(self.text.len() - fence - 1);
        }
    }

    /// Says what was written, and what one should know of it.
    pub(super) fn verdict(mut self) -> (String, Vec<String>) {
        let (outcome, unsteady) = self.checked();
        self.complaints.extend(unsteady);
        let more = self.complaints.len().saturating_sub(LISTED);
        self.complaints.truncate(LISTED);
        if more > 0 {
            self.complaints.push(format!("and {}", count(more, "more line")));
        }
        (format!("wrote {}: {}", shown(&self.path), outcome.words()), self.complaints)
    }

    /// Runs the text as a script does; says where it does not hold.
    fn checked(&self) -> (Outcome, Vec<String>) {
        let mut twin = Twin::new(&self.bounds);
        let script = Script::parse_file(&self.path, &self.text);
        let mut wrong: Vec<String> = script.mistakes.iter().map(ToString::to_string).collect();
        let mut outcome = Outcome::default();
        for step in script.steps() {
            let answer = twin.answer(&step.text);
            if twin.is_stopped() {
                wrong.push(format!("whether it holds from line {} on is not known: interrupted", step.line));
                break;
            }
            outcome.commands += 1;
            outcome.expectations += step.expectations.len();
            if compare(step, &answer).is_err() {
                wrong.push(format!("line {} does not hold when the file is checked", step.line));
            }
        }
        (outcome, wrong)
    }

    fn unwritable(&self, error: &WriteError) -> FileError {
        let file = shown(&self.path);
        match error {
            WriteError::Taken => FileError::Taken(file),
            WriteError::Changed | WriteError::System(_) => {
                FileError::Unwritable { file, reason: error.to_string() }
            }
        }
    }
}

/// Returns what one should know of a line of the file.
fn complaint(line: usize, fate: Fate, command: &str) -> String {
    const LONGEST: usize = 40;
    let what = match fate {
        Fate::Fails => "fails in a script",
        Fate::Succeeds => "does not fail in a script",
        Fate::Differs => "answers otherwise in a script",
        Fate::Stopped => "was interrupted: from there on the file has no answers",
    };
    let command = command.lines().next().unwrap_or_default();
    let short: String = command.chars().take(LONGEST).collect();
    let more = if short.len() < command.len() { "…" } else { "" };
    format!("line {line} {what}: `{short}{more}`")
}
