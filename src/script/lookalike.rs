//! Comments that a reader takes for an expectation.

/// The mark that begins an expectation.
pub(super) const MARK: &str = "#=>";

/// A comment that begins like an expectation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lookalike<'a> {
    /// It begins with what begins one.
    Real,
    /// It begins with something like that.
    Like(&'a str),
}

impl<'a> Lookalike<'a> {
    /// Tells whether a comment begins like an expectation: with `#` and an arrow, or with `#=` or `#>` and a blank.
    pub(super) fn of(comment: &'a str) -> Option<Self> {
        if comment.starts_with(MARK) {
            return Some(Self::Real);
        }
        let behind = comment.strip_prefix('#')?;
        let mark = |rest: &str| Some(Self::Like(&comment[..comment.len() - rest.len()]));
        if let Some(rest) = behind.strip_prefix(['=', '>'])
            && (rest.is_empty() || rest.starts_with([' ', '\t']))
            && !rest.trim_start().starts_with('>')
        {
            return mark(rest);
        }
        let arrow = behind.trim_start();
        if let Some(rest) = arrow.strip_prefix(['→', '⇒', '⟶', '⟹', '↦', '➔', '➜']) {
            return mark(rest);
        }
        let head = arrow.trim_start_matches(['=', '-', '~', '!', '|']);
        let shaft = &arrow[..arrow.len() - head.len()];
        // `- > x` may be an item of a list; what has the other sign is an arrow with a blank in it.
        let head = if shaft.starts_with('=') { head.trim_start_matches([' ', '\t']) } else { head };
        let rest = head.strip_prefix('>').filter(|_| !shaft.is_empty())?;
        mark(rest)
    }
}

/// Finds the first comment in a command that begins like an expectation, and its byte.
pub(super) fn behind(command: &str) -> Option<(usize, Lookalike<'_>)> {
    if !command.contains('#') {
        return None;
    }
    // Parentheses that are open, for each string around that goes on behind them.
    let mut open: Vec<usize> = Vec::new();
    let mut in_string = false;
    let mut chars = command.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '\\' if in_string => {
                if let Some((_, '(')) = chars.next() {
                    open.push(0);
                    in_string = false;
                }
            }
            '"' => in_string = !in_string,
            _ if in_string => {}
            '(' => open.iter_mut().next_back().into_iter().for_each(|depth| *depth += 1),
            ')' => match open.last_mut() {
                Some(0) => {
                    open.pop();
                    in_string = true;
                }
                Some(depth) => *depth -= 1,
                None => {}
            },
            '#' => {
                if let Some(found) = Lookalike::of(&command[at..]) {
                    return Some((at, found));
                }
                let rest = command[at..].find('\n').map_or("", |end| &command[at + end..]);
                let skipped = command.len() - rest.len();
                while chars.offset() < skipped && chars.next().is_some() {}
            }
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_begins_like_an_expectation_is_found() {
        let rows = [
            ("#=> 1", Some("")),
            ("#-> 1", Some("#->")),
            ("# => 1", Some("# =>")),
            ("#= > 1", Some("#= >")),
            ("# = > 1", Some("# = >")),
            ("#\t=>", Some("#\t=>")),
            ("#==> 1", Some("#==>")),
            ("# --> 1", Some("# -->")),
            ("# → 1", Some("# →")),
            ("#= 1", Some("#=")),
            ("#> 1", Some("#>")),
            ("# - > 1", None),
            ("# = 1", None),
            ("# > 1", None),
            ("#===", None),
            ("# ---", None),
            ("#", None),
            ("# a => b", None),
            ("# `#=>` begins one", None),
            ("##=> 1", None),
            ("# #=> 1", None),
        ];
        for (comment, mark) in rows {
            let expected =
                mark.map(|mark| if mark.is_empty() { Lookalike::Real } else { Lookalike::Like(mark) });
            assert_eq!(Lookalike::of(comment), expected, "{comment}");
        }
    }

    #[test]
    fn behind_a_command_it_is_found_outside_strings() {
        let rows = [
            ("swap a 1 #=> 2", Some(9)),
            ("swap a 1 # => 2", Some(9)),
            ("swap a \"#=> 2\"", None),
            ("swap a \"\\\"#=> 2\"", None),
            ("swap a \"\\(1 #=> 2\n)\"", Some(12)),
            ("swap a \"\\((1)) #=> 2\"", None),
            ("swap a [ # one\n1] # -> two", Some(18)),
            ("swap a [ # é \"\n1] # two", None),
            ("swap a 1 # so a => b", None),
        ];
        for (command, at) in rows {
            assert_eq!(behind(command).map(|(at, _)| at), at, "{command}");
        }
    }
}
