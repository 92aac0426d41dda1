use std::io::{self, Write};
use std::time::{Duration, Instant};

use crossterm::event::{Event, KeyCode, KeyEventKind, KeyModifiers, poll, read};
use crossterm::terminal::{disable_raw_mode, enable_raw_mode};

use crate::shell::paint::Paint;

/// What somebody at the keyboard wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wish {
    /// To go on.
    Next,
    /// To step back.
    Back,
    /// To try something.
    Try,
    /// To end the lesson.
    Quit,
    /// To end the program.
    Interrupt,
}

/// How long it takes to type a character, and a whole command at most.
const STROKE: Duration = Duration::from_millis(25);
const COMMAND: Duration = Duration::from_millis(1_200);

/// Takes single keys from the terminal, as long as it lives: they are not shown, and Ctrl-C is one of
/// them.
pub(super) struct Keys(());

impl Keys {
    pub(super) fn new() -> io::Result<Self> {
        enable_raw_mode()?;
        Ok(Self(()))
    }

    /// Shows a text as if it were typed; a key brings the rest at once. Says whether that was Ctrl-C.
    pub(super) fn type_out(&self, out: &mut impl Write, text: &str) -> io::Result<bool> {
        let chars = u32::try_from(text.chars().count()).unwrap_or(u32::MAX).max(1);
        let stroke = STROKE.min(COMMAND / chars);
        let mut hurried = false;
        for c in text.chars() {
            // A new line does not go to its start by itself here.
            if c == '\n' {
                out.write_all(b"\r\n")?
            } else {
                write!(out, "{c}")?
            }
            if !hurried {
                out.flush()?;
                match key(Some(stroke))? {
                    Some(Some(Wish::Interrupt)) => return Ok(true),
                    pressed => hurried = pressed.is_some(),
                }
            }
        }
        Ok(false)
    }

    /// Shows a line that tells the keys until one of them comes; without one, goes on after the delay.
    pub(super) fn ask(&self, line: &str, paint: Paint, delay: Option<Duration>) -> io::Result<Wish> {
        let mut out = io::stdout().lock();
        write!(out, "{}", paint.dim(line))?;
        out.flush()?;
        let until = delay.map(|delay| Instant::now() + delay);
        let wish = loop {
            let left = until.map(|until| until.saturating_duration_since(Instant::now()));
            match key(left)? {
                None => break Wish::Next,
                Some(Some(wish)) => break wish,
                // Not one of those that the line names.
                Some(None) => {}
            }
        };
        // The line goes. Blanks do it on every terminal.
        let width = line.chars().count();
        write!(out, "\r{}\r", " ".repeat(width))?;
        out.flush()?;
        Ok(wish)
    }
}

impl Drop for Keys {
    fn drop(&mut self) {
        // There is nobody left to tell.
        let _ = disable_raw_mode();
    }
}

/// The next key and what it means, if one comes in time.
fn key(within: Option<Duration>) -> io::Result<Option<Option<Wish>>> {
    let until = within.map(|within| Instant::now() + within);
    loop {
        if let Some(until) = until
            && !poll(until.saturating_duration_since(Instant::now()))?
        {
            return Ok(None);
        }
        let Event::Key(key) = read()? else { continue };
        if key.kind != KeyEventKind::Press {
            continue;
        }
        let control = key.modifiers.contains(KeyModifiers::CONTROL);
        return Ok(Some(match key.code {
            KeyCode::Char('c') if control => Some(Wish::Interrupt),
            KeyCode::Char('d') if control => Some(Wish::Quit),
            // What Enter is on some terminals.
            KeyCode::Char('j') if control => Some(Wish::Next),
            KeyCode::Enter | KeyCode::Char(' ') | KeyCode::Right | KeyCode::PageDown => Some(Wish::Next),
            KeyCode::Char('b' | 'B') | KeyCode::Left | KeyCode::Backspace | KeyCode::PageUp => {
                Some(Wish::Back)
            }
            KeyCode::Char('e' | 'E') => Some(Wish::Try),
            KeyCode::Char('q' | 'Q') | KeyCode::Esc => Some(Wish::Quit),
            _ => None,
        }));
    }
}
