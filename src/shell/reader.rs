//! Reads what is typed, and remembers it: with a line editor, or on a terminal that cannot edit as it comes.

use std::fs::{self, OpenOptions};
use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use etcetera::{BaseStrategy, choose_base_strategy};
use rejoin::session::Interrupt;
use rustyline::config::{BellStyle, ColorMode, Configurer, EditMode};
use rustyline::error::ReadlineError;
use rustyline::history::DefaultHistory;
use rustyline::{
    Cmd, CompletionType, ConditionalEventHandler, Config, Editor, Event, EventContext, EventHandler,
    KeyEvent, RepeatCount,
};

use super::dumb::{self, Dumb};
use super::paint::on_a_line;
use super::typing::{Typing, is_open};

/// So many lines are kept.
const HISTORY: usize = 10_000;
/// The screen, where it does not tell.
const SCREEN: (usize, usize) = (80, 24);

/// What reads the lines of a prompt.
pub(crate) struct Reader {
    editor: Editor<Typing, DefaultHistory>,
    /// Where the history is kept, if it can be.
    history: Option<PathBuf>,
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
        let mut editor = Editor::with_config(config.build()).map_err(io::Error::other)?;
        editor.set_helper(Some(typing));
        let left = Arc::default();
        for key in ['C', 'Z'] {
            let leave = Leave { left: Arc::clone(&left), suspends: key == 'Z' };
            if cfg!(unix) || !leave.suspends {
                editor.bind_sequence(KeyEvent::ctrl(key), EventHandler::Conditional(Box::new(leave)));
            }
        }
        let dumb = if dumb::is_dumb() { Some(Dumb::open()?) } else { None };
        let mut reader = Self { editor, history: None, left, dumb };
        let warning = match history_file() {
            Ok(None) => None,
            Ok(Some(file)) => reader.keep_history(file).err(),
            Err(error) => Some(error),
        };
        Ok((reader, warning))
    }

    /// Loads the history, and keeps what is typed there, or says why it cannot.
    fn keep_history(&mut self, file: PathBuf) -> Result<(), String> {
        let why = |error: &dyn std::error::Error| not_kept(&file, error);
        match self.editor.load_history(&file) {
            // The first session has none yet.
            Err(ReadlineError::Io(error)) if error.kind() == io::ErrorKind::NotFound => {}
            loaded => loaded.map_err(|error| why(&error))?,
        }
        let writes = OpenOptions::new().read(true).append(true).create(true).open(&file);
        writes.map_err(|error| why(&error))?;
        self.history = Some(file);
        Ok(())
    }

    /// Reads what is typed or pasted up to an Enter that ends it; nothing when Ctrl-C drops it, and `None`
    /// when there is no more.
    pub(crate) fn read(&mut self, prompt: &str, interrupt: &Interrupt) -> io::Result<Option<String>> {
        if let Some(dumb) = &self.dumb {
            return dumb.read(prompt, is_open, interrupt);
        }
        let mut begun = (String::new(), String::new());
        loop {
            let read = self.editor.readline_with_initial(prompt, (&begun.0, &begun.1));
            let left = self.left.lock().map_or(None, |mut left| left.take());
            match (read, left) {
                (Ok(_), Some(Left::Dropped)) => return Ok(Some(String::new())),
                (Ok(_), Some(Left::Suspended { before, behind })) => {
                    suspend()?;
                    begun = (before, behind);
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
        if let Some(file) = &self.history {
            let _ = self.editor.append_history(file);
        }
    }

    /// The session, and how its lines look while they are typed.
    pub(crate) fn typing(&mut self) -> io::Result<&mut Typing> {
        self.editor.helper_mut().ok_or_else(|| io::Error::other("the prompt has no session"))
    }

    /// Whether lines are shown in colour. On a terminal what is not known is underlined anyway.
    pub(crate) fn colour(&mut self, on: bool) {
        let shows = on || io::stdout().is_terminal();
        self.editor.set_color_mode(if shows { ColorMode::Forced } else { ColorMode::Disabled });
    }

    /// The columns and rows of the terminal.
    pub(crate) fn screen(&mut self) -> (usize, usize) {
        let (columns, rows) = self.editor.dimensions().unwrap_or_default();
        // The editor takes a height that the terminal does not tell for endless.
        let is_told = |n: u16| (1..u16::MAX).contains(&n);
        let columns = if is_told(columns) { columns.into() } else { SCREEN.0 };
        (columns, if is_told(rows) { rows.into() } else { SCREEN.1 })
    }
}

/// How a line was left that Enter did not end.
enum Left {
    /// By Ctrl-C: it does not run.
    Dropped,
    /// By Ctrl-Z: it goes on with what stood before and behind the cursor.
    Suspended { before: String, behind: String },
}

/// Leaves the line: it ends as by Enter, so that it stands there as it was typed.
struct Leave {
    left: Arc<Mutex<Option<Left>>>,
    suspends: bool,
}

impl ConditionalEventHandler for Leave {
    fn handle(&self, _: &Event, _: RepeatCount, _: bool, typed: &EventContext<'_>) -> Option<Cmd> {
        let (before, behind) = typed.line().split_at_checked(typed.pos()).unwrap_or((typed.line(), ""));
        let left = match self.suspends {
            true => Left::Suspended { before: before.to_owned(), behind: behind.to_owned() },
            false => Left::Dropped,
        };
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

/// `$REJOIN_HISTFILE`, or `rejoin/history` in the XDG state folder, which is made.
fn history_file() -> Result<Option<PathBuf>, String> {
    if let Some(file) = std::env::var_os("REJOIN_HISTFILE") {
        // Set to nothing it means none.
        return Ok((!file.is_empty()).then(|| PathBuf::from(file)));
    }
    let Some(folder) = choose_base_strategy().ok().and_then(|base| base.state_dir()) else { return Ok(None) };
    let folder = folder.join("rejoin");
    match fs::create_dir_all(&folder) {
        Ok(()) => Ok(Some(folder.join("history"))),
        Err(error) => Err(not_kept(&folder, &error)),
    }
}

fn not_kept(place: &Path, error: &dyn std::error::Error) -> String {
    format!("the history is not kept: {}: {error}", on_a_line(&place.display().to_string()))
}
