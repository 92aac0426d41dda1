//! The keys that step through a lesson.

use std::io::{self, Write};
use std::time::{Duration, Instant};

use crossterm::event::{Event, KeyCode, KeyEventKind, KeyModifiers, poll, read};
use crossterm::terminal::{disable_raw_mode, enable_raw_mode};
use rejoin::value::width::columns;

use crate::shell::paint::Paint;

/// The action that somebody at the keyboard asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum KeyAction {
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

/// The time that it takes to type a character, and a whole command at most.
const STROKE: Duration = Duration::from_millis(25);
const COMMAND: Duration = Duration::from_millis(1_200);

/// A reader of single keys from the terminal, as long as it lives: they are not shown, and Ctrl-C is one of
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
                    Some(Pressed::Action(KeyAction::Interrupt)) => return Ok(true),
                    pressed => hurried = pressed.is_some(),
                }
            }
        }
        Ok(false)
    }

    /// Shows the line that tells the keys until one of them comes; without one, goes on after the delay.
    /// `line` is given the key that came last and means nothing.
    pub(super) fn ask(
        &self,
        line: impl Fn(Option<&str>) -> String,
        paint: Paint,
        delay: Option<Duration>,
    ) -> io::Result<KeyAction> {
        let mut out = io::stdout().lock();
        let until = delay.map(|delay| Instant::now() + delay);
        let mut other: Option<String> = None;
        loop {
            let line = line(other.as_deref());
            write!(out, "{}", paint.dim(&line))?;
            out.flush()?;
            let left = until.map(|until| until.saturating_duration_since(Instant::now()));
            let pressed = key(left)?;
            // The line goes. Blanks do it on every terminal.
            write!(out, "\r{}\r", " ".repeat(columns(&line)))?;
            out.flush()?;
            match pressed {
                None => return Ok(KeyAction::Next),
                Some(Pressed::Action(action)) => return Ok(action),
                Some(Pressed::Other(name)) => other = Some(name),
            }
        }
    }
}

impl Drop for Keys {
    fn drop(&mut self) {
        // There is nobody left to tell.
        let _ = disable_raw_mode();
    }
}

/// A key that came.
enum Pressed {
    /// One that means something.
    Action(KeyAction),
    /// Another one: its name.
    Other(String),
}

/// Returns the next key, if one comes in time.
fn key(within: Option<Duration>) -> io::Result<Option<Pressed>> {
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
        let action = match key.code {
            KeyCode::Char('c') if control => KeyAction::Interrupt,
            KeyCode::Char('d') if control => KeyAction::Quit,
            // What Enter is on some terminals.
            KeyCode::Char('j') if control => KeyAction::Next,
            KeyCode::Enter | KeyCode::Char(' ') | KeyCode::Right | KeyCode::PageDown => KeyAction::Next,
            KeyCode::Char('b' | 'B') | KeyCode::Left | KeyCode::Backspace | KeyCode::PageUp => {
                KeyAction::Back
            }
            KeyCode::Char('e' | 'E') => KeyAction::Try,
            KeyCode::Char('q' | 'Q') | KeyCode::Esc => KeyAction::Quit,
            KeyCode::Char(c) if control => return Ok(Some(Pressed::Other(format!("Ctrl-{c}")))),
            code => return Ok(Some(Pressed::Other(code.to_string()))),
        };
        return Ok(Some(Pressed::Action(action)));
    }
}
