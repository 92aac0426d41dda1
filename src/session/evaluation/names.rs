//! Resolution of names: to refs, clocks and patches, and to names that are free.

use crate::crdt::{Clock, ConvergentRef, DecodeError, Patch};
use crate::filter;
use crate::session::Session;
use crate::session::error::{CommandError, ErrorKind};
use crate::session::hints;
use crate::session::language::args::Word;
use crate::session::language::arguments::Wants;
use crate::session::language::layout::Layout;
use crate::session::language::name::{name_length, variable};
use crate::session::state::names::{Entry, EntryKind};
use crate::value::Val;

type Result<T, E = CommandError> = std::result::Result<T, E>;

/// Words besides jq's keywords that mean something of their own.
const RESERVED: [&str; 8] = ["ENV", "_", "__prog_args", "error", "false", "not", "null", "true"];

fn wrong_kind(word: &Word<'_>, found: EntryKind, wanted: EntryKind) -> CommandError {
    CommandError::new(ErrorKind::WrongKind { name: word.text.to_owned(), found, wanted }, word.span.clone())
}

impl Session {
    pub(in crate::session) fn entry(&self, word: &Word<'_>) -> Result<&Entry> {
        self.names.get(word.text).ok_or_else(|| self.unknown(word, None))
    }

    /// Returns the error of the first name in a line that stands for nothing, or for something of the wrong kind.
    pub(in crate::session) fn wrong_name(&self, layout: &Layout<'_>) -> Option<CommandError> {
        layout.taken.iter().find_map(|(wants, word)| match wants {
            _ if layout.is_flag(word) => None,
            Wants::Ref => self.reference(word).err(),
            Wants::Name => self.entry(word).err(),
            _ => None,
        })
    }

    pub(in crate::session) fn unknown(&self, word: &Word<'_>, wanted: Option<EntryKind>) -> CommandError {
        let names = self.names.iter().filter(|(_, entry)| wanted.is_none_or(|kind| entry.kind() == kind));
        let apart =
            || word.text.contains(',').then(|| "blanks stand between names, and no commas".to_owned());
        let hint = hints::did_you_mean(word.text, names.map(|(name, _)| name)).or_else(apart);
        let hint = hint.unwrap_or_else(|| "`refs` lists the names".to_owned());
        CommandError::new(ErrorKind::UnknownName(word.text.to_owned()), word.span.clone()).with_hint(hint)
    }

    pub(in crate::session) fn reference(&self, word: &Word<'_>) -> Result<&ConvergentRef> {
        match self.names.get(word.text) {
            Some(Entry::Ref(reference)) => Ok(reference),
            Some(other) => Err(wrong_kind(word, other.kind(), EntryKind::Ref)),
            None => Err(self.unknown(word, Some(EntryKind::Ref))),
        }
    }

    pub(in crate::session) fn reference_mut(&mut self, word: &Word<'_>) -> Result<&mut ConvergentRef> {
        self.reference(word)?;
        Ok(self.names.reference_mut(word.text).expect("it was a ref a moment ago"))
    }

    /// Checks that a word can become a name. A name that stands for `replaced` may be given again.
    pub(in crate::session) fn free(&self, word: &Word<'_>, replaced: Option<EntryKind>) -> Result<()> {
        const LONGEST: usize = 64;
        let name = word.text;
        let fail = |kind| CommandError::new(kind, word.span.clone());
        let bad = || fail(ErrorKind::BadName(name.to_owned()));
        if name.len() > LONGEST || name_length(name) != name.len() {
            let rule = "a name is a letter or `_`, then letters, digits, `_` and `-`: 64 at most";
            return Err(bad().with_hint(rule.to_owned()));
        }
        if self.command(name).is_some() {
            return Err(bad().with_hint(format!("`{name}` is a command")));
        }
        let variable = variable(name);
        if RESERVED.contains(&&*variable) || filter::keyword_named(&variable).is_some() {
            return Err(bad().with_hint("it has a meaning of its own".to_owned()));
        }
        match self.names.get(name).map(Entry::kind) {
            Some(kind) if replaced != Some(kind) => {
                let hint = match kind {
                    EntryKind::Ref => {
                        format!("`reset {name} VALUE` sets its value, `drop {name}` forgets it")
                    }
                    _ => format!("`drop {name}` gives the name back"),
                };
                let kind = ErrorKind::NameTaken { name: name.to_owned(), taken: kind };
                return Err(fail(kind).with_hint(hint));
            }
            Some(_) => return Ok(()),
            None => {}
        }
        match self.names.of_variable(&variable) {
            None => Ok(()),
            Some(taken) => {
                let hint = format!("choose another name, or `drop {taken}`");
                let (name, variable, taken) = (name.to_owned(), variable.into_owned(), taken.to_owned());
                Err(fail(ErrorKind::VariableTaken { name, variable, taken }).with_hint(hint))
            }
        }
    }

    /// Keeps a clock or patch under a name, if there is one.
    pub(in crate::session) fn keep(&mut self, word: Option<Word<'_>>, entry: Entry) -> Result<()> {
        if let Some(word) = word {
            self.free(&word, Some(entry.kind()))?;
            self.names.set(word.text, entry);
        }
        Ok(())
    }

    /// Reads the patch of a name or VALUE.
    pub(in crate::session) fn patch(&mut self, word: &Word<'_>) -> Result<Patch> {
        let kept = |entry: &Entry| if let Entry::Patch(patch) = entry { Some(patch.clone()) } else { None };
        self.kept_or_value(word, EntryKind::Patch, kept, Patch::from_json)
    }

    /// Reads the clock of a name or VALUE.
    pub(in crate::session) fn clock(&mut self, word: &Word<'_>) -> Result<Clock> {
        let kept = |entry: &Entry| if let Entry::Clock(clock) = entry { Some(clock.clone()) } else { None };
        self.kept_or_value(word, EntryKind::Clock, kept, Clock::from_json)
    }

    /// Takes what is kept under a name, or else reads a VALUE.
    fn kept_or_value<T>(
        &mut self,
        word: &Word<'_>,
        wanted: EntryKind,
        kept: impl FnOnce(&Entry) -> Option<T>,
        from_json: impl FnOnce(&Val) -> Result<T, DecodeError>,
    ) -> Result<T> {
        if let Some(entry) = self.names.get(word.text) {
            let found = entry.kind();
            return kept(entry).ok_or_else(|| {
                let is_of_ref = (found, wanted) == (EntryKind::Ref, EntryKind::Clock);
                let hint = is_of_ref.then(|| format!("`clock {} as NAME`, then that name", word.text));
                wrong_kind(word, found, wanted).with_hint(hint)
            });
        }
        let value = self.named_value(word)?;
        from_json(&value)
            .map_err(|error| CommandError::new(ErrorKind::Decode { wanted, error }, word.span.clone()))
    }

    /// Returns a VALUE where a name could have stood: a single word is taken for a mistyped name.
    fn named_value(&mut self, word: &Word<'_>) -> Result<Val> {
        if name_length(word.text) == word.text.len() {
            return Err(self.unknown(word, None));
        }
        self.value_of_last(word)
    }
}
