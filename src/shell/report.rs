//! Reports at the prompt: of each kind of line as many as the screen has room for.

use rejoin::session::{Part, Reply, Sentence};

use super::answer::{AROUND, Look, VALUE, rows_of, short};

impl Look {
    /// Shows what changed, which conflicts there are, and what else there is to say: as many lines as the screen has
    /// room for, those of each kind counted where there are more.
    pub(super) fn report(self, reply: &Reply, line: &str, text: &mut String) {
        let mut sentences = Vec::new();
        for part in &reply.parts {
            match part {
                Part::Text(page) => self.page(page, text),
                part => sentences.extend(part.sentences()),
            }
        }
        let kinds = KINDS.map(|kind| self.shown(kind, &sentences, reply.latest));
        let values = if reply.in_words || reply.values.is_empty() { 0 } else { VALUE };
        let room = self.screen.map(|screen| screen.saturating_sub(AROUND + values));
        let room = room.filter(|_| self.extent.limit.is_some());
        let shares = shares(kinds.each_ref().map(Shown::rows), room);
        let mut kinds = kinds;
        for (shown, share) in kinds.iter_mut().zip(shares) {
            shown.cut(share, reply.latest);
        }
        let mut passed = KINDS.map(|_| 0_usize);
        for sentence in &sentences {
            let kind = Kind::of(sentence);
            let Shown { texts, total, .. } = &kinds[kind as usize];
            let at = passed[kind as usize];
            passed[kind as usize] += 1;
            let hidden = total - texts.len();
            let shown = if reply.latest { at.checked_sub(hidden) } else { Some(at) };
            if let Some((shown, _)) = shown.and_then(|at| texts.get(at)) {
                text.push_str(shown);
            }
            if at == if reply.latest { 0 } else { total - 1 } {
                let is_list = kind == Kind::Words && reply.in_words;
                let all =
                    if is_list { format!("; `{} --all` shows all", short(line)) } else { String::new() };
                self.more(hidden, kind.name(), &all, text);
            }
        }
    }

    /// Returns the sentences of a kind that may be shown: the first ones, or the last.
    fn shown(self, kind: Kind, sentences: &[Sentence], latest: bool) -> Shown {
        let all: Vec<&Sentence> = sentences.iter().filter(|sentence| Kind::of(sentence) == kind).collect();
        let most = if kind == Kind::Words { self.rows() } else { self.extent.limit };
        let hidden = all.len().saturating_sub(most.unwrap_or(all.len()));
        // The one that is left takes no more room than what would be said of it.
        let hidden = if hidden == 1 { 0 } else { hidden };
        let shown = if latest { &all[hidden..] } else { &all[..all.len() - hidden] };
        let texts = shown.iter().map(|sentence| {
            let mut text = String::new();
            self.sentence(sentence, &mut text);
            let rows = rows_of(&text, self.extent.width);
            (text, rows)
        });
        Shown { texts: texts.collect(), total: all.len() }
    }
}

/// The sentences of a kind that are shown, and how many there are.
struct Shown {
    /// Each with the rows that it takes.
    texts: Vec<(String, usize)>,
    total: usize,
}

impl Shown {
    /// Returns the rows that they take, with that of those that are left out.
    fn rows(&self) -> usize {
        let rows: usize = self.texts.iter().map(|(_, rows)| rows).sum();
        rows + usize::from(self.texts.len() < self.total)
    }

    /// Drops texts until the rest fits so many rows; one stays in any case.
    fn cut(&mut self, rows: usize, latest: bool) {
        if self.rows() <= rows {
            return;
        }
        // What is left out is counted in a row of its own.
        let mut left = rows.saturating_sub(1);
        let fits = |(_, rows): &&(String, usize)| {
            let fits = *rows <= left;
            left = left.saturating_sub(*rows);
            fits
        };
        let kept = match latest {
            true => self.texts.iter().rev().take_while(fits).count(),
            false => self.texts.iter().take_while(fits).count(),
        };
        let kept = kept.clamp(1, self.texts.len().max(1));
        if latest {
            self.texts.drain(..self.texts.len().saturating_sub(kept));
        } else {
            self.texts.truncate(kept);
        }
    }
}

/// Counts how many of so many rows each gets that needs some: none more than it needs, and none less than another one
/// that needs more.
fn shares(needs: [usize; KINDS.len()], room: Option<usize>) -> [usize; KINDS.len()] {
    let Some(mut room) = room else { return needs };
    let mut shares = needs;
    let mut order: Vec<usize> = (0..needs.len()).collect();
    order.sort_by_key(|at| needs[*at]);
    for (done, at) in order.iter().enumerate() {
        shares[*at] = needs[*at].min(room / (needs.len() - done));
        room -= shares[*at];
    }
    shares
}

/// The kinds of sentences that are counted where there are too many.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Words,
    Change,
    Conflict,
    Warning,
}

const KINDS: [Kind; 4] = [Kind::Words, Kind::Change, Kind::Conflict, Kind::Warning];

impl Kind {
    /// Names one of them.
    fn name(self) -> &'static str {
        match self {
            Self::Words => "line",
            Self::Change => "change",
            Self::Conflict => "conflict",
            Self::Warning => "warning",
        }
    }

    fn of(sentence: &Sentence) -> Self {
        match sentence {
            Sentence::Words(_) | Sentence::Text(_) => Self::Words,
            Sentence::Change { .. } => Self::Change,
            Sentence::Conflict(_) => Self::Conflict,
            Sentence::Warning(_) => Self::Warning,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_shared_by_what_needs_them() {
        assert_eq!(shares([1, 11, 21, 0], None), [1, 11, 21, 0]);
        assert_eq!(shares([1, 11, 21, 0], Some(40)), [1, 11, 21, 0]);
        assert_eq!(shares([1, 11, 21, 0], Some(15)), [1, 7, 7, 0]);
        assert_eq!(shares([1, 3, 21, 9], Some(15)), [1, 3, 6, 5]);
        assert_eq!(shares([5, 5, 5, 5], Some(2)), [0, 0, 1, 1]);
    }
}
