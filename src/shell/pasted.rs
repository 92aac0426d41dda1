//! The commands of a transcript: what was copied from a prompt, with its prompts and answers.

use std::ops::Range;

use rejoin::filter::Scan;
use rejoin::session::{COMMANDS, Command, needs_more};

/// The prompt before a line that is to be typed.
pub(crate) const PROMPT: &str = "rejoin> ";

/// The commands in a transcript.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Pasted {
    /// The commands, one below the other.
    pub(crate) text: String,
    /// How many lines were passed over: answers.
    pub(crate) answers: usize,
    /// What is no command, in bytes of the transcript: prompts and answers.
    pub(crate) others: Vec<Range<usize>>,
}

/// Takes the commands out of a transcript: of a block that begins with a prompt (`rejoin> `, or a name before a
/// command: `origin> swap …`), or in which a line has that of this shell. What stands between them is passed over,
/// as far as it does not go on with a command. `None` for any other block; `is_name` tells the names of the session,
/// which may be compared with something: `a > b`.
pub(crate) fn commands(block: &str, is_name: impl Fn(&str) -> bool) -> Option<Pasted> {
    let own =
        |line: &str| line.trim_start().starts_with(PROMPT.trim_end()) && behind(line, &is_name).is_some();
    let first = block.lines().find(|line| !line.trim().is_empty())?;
    if behind(first, &is_name).is_none() && !block.lines().any(own) {
        return None;
    }
    let mut commands: Vec<String> = Vec::new();
    let (mut answers, mut others) = (0, Vec::new());
    // It keeps a long command from being read anew for each of its lines.
    let (mut scan, mut goes_on) = (Scan::default(), false);
    let mut start = 0;
    for line in block.split('\n') {
        let end = start + line.len();
        match (behind(line, &is_name), commands.last_mut()) {
            (Some(command), _) => {
                scan = Scan::default();
                scan.feed(command);
                goes_on = scan.is_open() || needs_more(command);
                commands.push(command.to_owned());
                others.push(start..end - command.len());
            }
            (None, Some(open)) if goes_on => {
                // A terminal that cannot edit has a prompt there too.
                let more = line.trim_start().strip_prefix("...> ").unwrap_or(line);
                for part in ["\n", more] {
                    scan.feed(part);
                    open.push_str(part);
                }
                goes_on = scan.is_open() || needs_more(open);
                others.push(start..end - more.len());
            }
            (None, _) => {
                answers += usize::from(!line.trim().is_empty());
                others.push(start..end);
            }
        }
        start = end + 1;
    }
    commands.retain(|command| !command.trim().is_empty());
    others.retain(|other| !other.is_empty());
    Some(Pasted { text: commands.join("\n"), answers, others })
}

/// Tells what stands behind the prompt of a line, if it has one.
fn behind<'a>(line: &'a str, is_name: &impl Fn(&str) -> bool) -> Option<&'a str> {
    let (name, command) = line.trim_start().split_once('>')?;
    let is_prompt = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || "_-".contains(c));
    let command = match command.strip_prefix(' ') {
        Some(command) => command,
        None if command.is_empty() => command,
        None => return None,
    };
    let word = command.split_whitespace().next();
    let is_command = COMMANDS.iter().flat_map(Command::names).any(|name| Some(name) == word);
    let is_own = name == PROMPT.trim_end().trim_end_matches('>') && !is_name(name);
    (is_prompt && (is_command || is_own)).then_some(command)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(block: &str) -> Option<(String, usize)> {
        commands(block, |name| name == "a").map(|pasted| (pasted.text, pasted.answers))
    }

    #[test]
    fn the_commands_of_a_transcript_are_told_from_its_answers() {
        let transcript = "\
rejoin> ref origin {
  \"n\": [1, 2]}
actor origin-k3v9x2m4t8qz
{\"n\":[1,2]}

rejoin> swap origin .n += [3]
+ .n[2] 3
{\"n\":[1,2,3]}
rejoin> origin.n | length
3
rejoin> # A remark.
rejoin> swop
swop
^^^^
error: `swop` is neither a command nor a name [R001]
rejoin> ";
        let text =
            "ref origin {\n  \"n\": [1, 2]}\nswap origin .n += [3]\norigin.n | length\n# A remark.\nswop";
        assert_eq!(taken(transcript), Some((text.to_owned(), 8)));
        let others = "origin> swap a .n = 1\n{\"n\":1}\n  branched> merge a b\n";
        assert_eq!(taken(others), Some(("swap a .n = 1\nmerge a b".to_owned(), 1)));
        let dumb = "rejoin> ref a [1,\n   ...> 2]\n[1,2]\n";
        assert_eq!(taken(dumb), Some(("ref a [1,\n2]".to_owned(), 1)));
        let others = commands(dumb, |_| false).unwrap().others;
        let others: Vec<&str> = others.into_iter().map(|other| &dumb[other]).collect();
        assert_eq!(others, ["rejoin> ", "   ...> ", "[1,2]"]);
        // What was copied from the middle of an answer on.
        assert_eq!(taken("{\"n\":1}\nrejoin> a\n1\n"), Some(("a".to_owned(), 2)));
    }

    #[test]
    fn a_long_command_that_does_not_end_is_read_once() {
        let block = format!("rejoin> ref a [\n{}", "[1, 2],\n".repeat(100_000));
        assert_eq!(taken(&block).map(|(text, answers)| (text.len(), answers)), Some((block.len() - 8, 0)));
    }

    #[test]
    fn what_is_no_transcript_is_left_alone() {
        for block in [
            "a> 5",
            "a > 5",
            "a.n> swap",
            "swap a .\n#=> 1\nb> 1",
            "",
            "a\nb",
            "> swap a 1",
            "a>swap b",
            "\"x> log\"",
        ] {
            assert_eq!(taken(block), None, "{block}");
        }
    }
}
