//! A reader of what is typed, who remembers it: with a line editor, or on a terminal that cannot edit as it comes.

use std::fs::OpenOptions;
use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use rejoin::session::Interrupt;
use rustyline::config::{BellStyle, ColorMode, Configurer, EditMode};
use rustyline::error::ReadlineError;
use rustyline::history::FileHistory;
use rustyline::{
    Cmd, CompletionType, ConditionalEventHandler, Config, Editor, Event, EventContext, EventHandler, KeyCode,
    KeyEvent, Modifiers, RepeatCount,
};

use super::dumb::{self, Dumb};
use super::paint::visible;
use super::recall::{Recalled, Search};
use super::typing::Typing;
use super::{external, history};

/// The number of lines that are kept.
const HISTORY: usize = 10_000;
/// The screen, where it does not tell.
const SCREEN: (usize, usize) = (80, 24);

/// A reader of the lines of a prompt.
pub(crate) struct Reader {
    editor: Editor<Typing, Recalled>,
    /// Where the history is kept, if it can be.
    history: Option<PathBuf>,
    /// What Up and Down look for.
    search: Search,
    /// What ended the line that was read last, if it was not Enter.
    left: Arc<Mutex<Option<Left>>>,
    /// For a terminal that cannot edit lines.
    dumb: Option<Dumb>,
}

impl Reader {
    /// Opens the terminal and the history. A history that cannot be kept is told, and no reason to stop.
    pub(crate) fn open(typing: Typing, vi: bool) -> io::Result<(Self, Option<String>)> {
        let config = Config::builder()
            .max_history_size(HISTORY)
            .map_err(io::Error::other)?
            .history_ignore_space(true)
            .completion_type(CompletionType::List)
            .completion_show_all_if_ambiguous(true)
            // Lists are as long as the screen: nothing is asked.
            .completion_prompt_limit(usize::MAX)
            .bell_style(BellStyle::None)
            .edit_mode(if vi { EditMode::Vi } else { EditMode::Emacs });
        let config = config.build();
        let lines = Recalled::new(FileHistory::with_config(&config));
        let search = lines.search();
        let mut editor = Editor::with_history(config, lines).map_err(io::Error::other)?;
        editor.set_helper(Some(typing));
        let left = Arc::default();
        let leaves = |how| {
            let leave = Leave { left: Arc::clone(&left), how };
            EventHandler::Conditional(Box::new(leave))
        };
        editor.bind_sequence(KeyEvent::ctrl('C'), leaves(How::Dropped));
        if cfg!(unix) {
            editor.bind_sequence(KeyEvent::ctrl('Z'), leaves(How::Suspended));
        }
        let edit = Event::KeySeq(vec![KeyEvent::ctrl('X'), KeyEvent::ctrl('E')]);
        editor.bind_sequence(edit, leaves(How::Edited));
        for (code, letter, older) in [(KeyCode::Up, 'P', true), (KeyCode::Down, 'N', false)] {
            for key in [KeyEvent(code, Modifiers::NONE), KeyEvent::ctrl(letter)] {
                editor.bind_sequence(key, EventHandler::Conditional(Box::new(search.key(older))));
            }
        }
        let dumb = if dumb::is_dumb() { Some(Dumb::open()?) } else { None };
        let mut reader = Self { editor, history: None, search, left, dumb };
        let warning = match history::file() {
            Ok(None) => None,
            Ok(Some(file)) => reader.keep_history(file).unwrap_or_else(Some),
            Err(error) => Some(error),
        };
        Ok((reader, warning))
    }

    /// Loads the history, and keeps what is typed there, or says why it cannot. Answers what else there is to
    /// say.
    fn keep_history(&mut self, file: PathBuf) -> Result<Option<String>, String> {
        let why = |error: &dyn std::error::Error| history::not_kept(&file, error);
        let mut warning = None;
        match self.editor.load_history(&file) {
            Ok(()) => {}
            // The first session has none yet.
            Err(ReadlineError::Io(error)) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => {
                let kept = history::repair(&file).map_err(|error| why(&error))?;
                let kept = kept.ok_or_else(|| why(&error))?;
                // Lines before the bad one are there already.
                self.editor.clear_history().map_err(|error| why(&error))?;
                self.editor.load_history(&file).map_err(|error| why(&error))?;
                warning = Some(format!(
                    "the history had bytes that are no UTF-8; as it was it is kept in {}",
                    kept.display()
                ));
            }
        }
        let writes = OpenOptions::new().read(true).append(true).create(true).open(&file);
        writes.map_err(|error| why(&error))?;
        self.history = Some(file);
        Ok(warning)
    }

    /// Reads what is typed or pasted up to an Enter that ends it; nothing when Ctrl-C drops it, and `None`
    /// when there is no more.
    pub(crate) fn read(&mut self, prompt: &str, interrupt: &Interrupt) -> io::Result<Option<String>> {
        if let Some(dumb) = &self.dumb {
            let is_open = |text: &str| self.editor.helper().is_some_and(|typing| typing.is_open(text));
            return dumb.read(prompt, is_open, interrupt);
        }
        let mut begun = (String::new(), String::new());
        loop {
            self.search.end();
            self.editor.helper().inspect(|typing| typing.window.begin());
            let read = self.editor.readline_with_initial(prompt, (&begun.0, &begun.1));
            let left = self.left.lock().map_or(None, |mut left| left.take());
            match (read, left) {
                (Ok(_), Some(Left { how: How::Dropped, .. })) => return Ok(Some(String::new())),
                (Ok(_), Some(Left { how: How::Suspended, before, behind })) => {
                    suspend()?;
                    begun = (before, behind);
                }
                (Ok(_), Some(Left { how: How::Edited, before, behind })) => {
                    begun = match external::edit(&format!("{before}{behind}")) {
                        Ok(text) => (text, String::new()),
                        Err(error) => {
                            let label = self.editor.helper().map(|typing| typing.paint.label("error:"));
                            writeln!(io::stderr(), "{} {}", label.unwrap_or_default(), visible(&error))?;
                            (before, behind)
                        }
                    };
                    // Ctrl-C in the editor was for the editor.
                    interrupt.clear();
                }
                (Ok(block), None) => return Ok(Some(block)),
                (Err(ReadlineError::Interrupted), _) => return Ok(Some(String::new())),
                (Err(ReadlineError::Eof), _) => return Ok(None),
                (Err(ReadlineError::Io(error)), _) => return Err(error),
                (Err(error), _) => return Err(io::Error::other(error)),
            }
        }
    }

    /// Keeps a line in the history. What cannot be kept is no reason to stop. Written at once: the session
    /// may end badly.
    pub(crate) fn remember(&mut self, line: &str) {
        let _ = self.editor.add_history_entry(line);
        if let Some(file) = &self.history
            && self.editor.append_history(file).is_err()
            // Another program may have written to it.
            && history::repair(file).is_ok()
        {
            let _ = self.editor.append_history(file);
        }
    }

    /// Returns the session, and how its lines look while they are typed.
    pub(crate) fn typing(&mut self) -> io::Result<&mut Typing> {
        self.editor.helper_mut().ok_or_else(|| io::Error::other("the prompt has no session"))
    }

    /// Tells whether lines are shown in colour. On a terminal what is not known is underlined anyway.
    pub(crate) fn colour(&mut self, on: bool) {
        let shows = on || io::stdout().is_terminal();
        self.editor.set_color_mode(if shows { ColorMode::Forced } else { ColorMode::Disabled });
    }

    /// Returns the columns and rows of the terminal.
    pub(crate) fn screen(&mut self) -> (usize, usize) {
        let (columns, rows) = self.editor.dimensions().unwrap_or_default();
        // The editor takes a height that the terminal does not tell for endless.
        let is_told = |n: u16| (1..u16::MAX).contains(&n);
        let columns = if is_told(columns) { columns.into() } else { SCREEN.0 };
        (columns, if is_told(rows) { rows.into() } else { SCREEN.1 })
    }
}

/// A line that Enter did not end.
struct Left {
    how: How,
    /// What stood before and behind the cursor.
    before: String,
    behind: String,
}

/// The way in which a line is left.
#[derive(Debug, Clone, Copy)]
enum How {
    /// By Ctrl-C: it does not run.
    Dropped,
    /// By Ctrl-Z: it goes on when the shell does.
    Suspended,
    /// By Ctrl-X Ctrl-E: an editor gets it.
    Edited,
}

/// A key that leaves the line: it ends as by Enter, so that it stands there as it was typed.
struct Leave {
    left: Arc<Mutex<Option<Left>>>,
    how: How,
}

impl ConditionalEventHandler for Leave {
    fn handle(&self, _: &Event, _: RepeatCount, _: bool, typed: &EventContext<'_>) -> Option<Cmd> {
        let (before, behind) = typed.line().split_at_checked(typed.pos()).unwrap_or((typed.line(), ""));
        let left = Left { how: self.how, before: before.to_owned(), behind: behind.to_owned() };
        *self.left.lock().ok()? = Some(left);
        Some(Cmd::AcceptLine)
    }
}

/// Stops the process until it is continued. The signal goes to this thread: one to the process would stop it
/// some time later, when the terminal is set up for the next line.
#[cfg(unix)]
fn suspend() -> io::Result<()> {
    signal_hook::low_level::raise(signal_hook::consts::SIGTSTP)
}

#[cfg(not(unix))]
fn suspend() -> io::Result<()> {
    Ok(())
}
