//! A line in an editor of one's own.

use std::ffi::OsString;
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Gives a text to `$VISUAL`, `$EDITOR` or vi; answers what it is when the editor ends.
///
/// # Errors
/// Why there is no other text, in words.
pub(crate) fn edit(text: &str) -> Result<String, String> {
    let file = Scratch::new(text).map_err(|error| format!("no file for the editor can be made: {error}"))?;
    let editor = editor();
    let name = editor.to_string_lossy();
    // An editor is a command line, as in other programs.
    let mut command = if cfg!(windows) {
        let mut command = Command::new("cmd");
        command.arg("/C").arg(&editor);
        command
    } else {
        let mut line = editor.clone();
        line.push(" \"$1\"");
        let mut command = Command::new("sh");
        command.arg("-c").arg(line).arg("rejoin");
        command
    };
    match command.arg(&file.0).status() {
        Err(error) => Err(format!("the editor `{name}` cannot be started: {error}")),
        Ok(status) if !status.success() => Err(format!("the editor `{name}` ended with {status}")),
        Ok(_) => match fs::read(&file.0).map(String::from_utf8) {
            Ok(Ok(text)) => Ok(text.trim_end().to_owned()),
            Ok(Err(_)) => Err("what the editor wrote is not UTF-8".to_owned()),
            Err(error) => Err(format!("what the editor wrote cannot be read: {error}")),
        },
    }
}

fn editor() -> OsString {
    let set = |name| std::env::var_os(name).filter(|value| !value.to_string_lossy().trim().is_empty());
    let usual = if cfg!(windows) { "notepad" } else { "vi" };
    set("VISUAL").or_else(|| set("EDITOR")).unwrap_or_else(|| usual.into())
}

/// A file that nobody else can read; it goes with the value.
struct Scratch(PathBuf);

impl Scratch {
    fn new(text: &str) -> io::Result<Self> {
        let random = getrandom::u64().map_err(|error| io::Error::other(error.to_string()))?;
        let path = std::env::temp_dir().join(format!("rejoin-{random:016x}.rejoin"));
        let mut file = private(&path)?;
        let scratch = Self(path);
        writeln!(file, "{text}")?;
        Ok(scratch)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // An editor may have moved it.
        let _ = fs::remove_file(&self.0);
    }
}

/// Makes a file that was not there, for its owner alone.
pub(crate) fn private(path: &Path) -> io::Result<fs::File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}
