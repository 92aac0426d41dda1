//! Completion: what can stand at the end of a line that is being typed.
//!
//! Nothing is run. Names come from the session, and keys from a bounded look at its values.

use crate::filter::{self, Base, Ending, Hop, Lexeme, LexemeKind, Reach};
use crate::session::commands::help::filters;
use crate::session::commands::help::topics;
use crate::session::language::arguments::Wants;
use crate::session::language::layout::Layout;
use crate::session::language::name::{name_length, variable};
use crate::session::state::names::EntryKind;
use crate::session::state::settings;
use crate::session::{CODES, Command, Entry, Session};
use crate::value::{self, Key, Val, View};

/// The number of keys of an object that are looked at.
const KEYS: usize = 1_000;
/// Patches with more changes are not made to JSON for their keys.
const CHANGES: usize = 100;
/// The number of keys that are offered.
const OFFERED: usize = 200;
/// The number of items that are offered from the start of an array, and of those whose index begins as it is typed.
const ITEMS: usize = 3;
const INDEXES: usize = 10;

/// The words that can stand at a place of a line.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Completions {
    /// Where what they replace starts, in bytes.
    pub start: usize,
    /// What can stand there up to the cursor, in the order in which one looks for it.
    pub candidates: Vec<Candidate>,
    /// Whether the name of a file can stand there: which ones there are is not known here.
    pub files: bool,
}

/// Something that can stand there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// The text that replaces what is typed.
    pub text: String,
    /// How a list shows it.
    pub shown: String,
}

impl Candidate {
    fn new(text: impl Into<String>) -> Self {
        let text = text.into();
        Self { shown: text.trim_end().to_owned(), text }
    }
}

impl Session {
    /// Returns what can stand at the cursor. Costs a look at no more than 1,000 keys, however large the values.
    pub fn complete(&self, line: &str, cursor: usize) -> Completions {
        let line = line.get(..cursor).unwrap_or(line);
        let layout = self.layout(line);
        match &layout.command {
            // The command is not finished as long as no blank stands behind it.
            Some((_, word)) if word.span.end == line.len() => self.first_word(line),
            Some(_) => self.argument(line, &layout),
            None => self.expression_end(line),
        }
    }

    /// Completes the first word: commands, names, filters.
    fn first_word(&self, line: &str) -> Completions {
        let start = line.len() - line.trim_start().len();
        let typed = &line[start..];
        let mut candidates: Vec<Candidate> = Vec::new();
        candidates.extend(matching(typed, self.commands().iter().flat_map(Command::names)).map(spaced));
        candidates.extend(matching(typed, self.entries().map(|(name, _)| name)).map(Candidate::new));
        if !typed.is_empty() {
            candidates.extend(calls(typed));
        }
        Completions { start, candidates, files: false }
    }

    fn expression_end(&self, line: &str) -> Completions {
        let start = line.len() - line.trim_start().len();
        let text = &line[start..];
        if name_length(text) == text.len() {
            return self.first_word(line);
        }
        // A name in first place is a variable without its `$`.
        match self.leading_name(text) {
            Some(name) => {
                let code = format!("${}{}", variable(name), &text[name.len()..]);
                let mut found = self.code(&code, Some(&self.last));
                found.start = (start + found.start).saturating_sub(1);
                found
            }
            None => shifted(self.code(text, Some(&self.last)), start),
        }
    }

    fn argument(&self, line: &str, layout: &Layout<'_>) -> Completions {
        // The word at the cursor is being typed; behind a blank the next one begins.
        let ends = |end: usize| end == line.len();
        let current = layout
            .taken
            .last()
            .filter(|(wants, word)| ends(word.span.end) || (*wants == Wants::Code && layout.left.is_empty()));
        let (wants, start) = match (current, layout.left.first()) {
            (Some((wants, word)), _) => (*wants, word.span.start),
            (None, Some(next)) => (next.wants, line.len()),
            (None, None) => return Completions { start: line.len(), ..Completions::default() },
        };
        let typed = &line[start..];
        // Of a ref that is not there nothing is known.
        let input = || match layout.taken.first() {
            Some((Wants::Ref, word)) => match self.names.get(word.text) {
                Some(Entry::Ref(reference)) => Some(reference.value().clone()),
                _ => None,
            },
            _ => Some(self.last.clone()),
        };
        let names = |kinds: &[EntryKind]| {
            let names = self.entries().filter(|(_, entry)| kinds.contains(&entry.kind()));
            matching(typed, names.map(|(name, _)| name)).map(spaced).collect()
        };
        let words = |words: &mut dyn Iterator<Item = &'static str>| {
            matching(typed, words).map(spaced).collect::<Vec<_>>()
        };
        let candidates = match wants {
            Wants::Ref => names(&[EntryKind::Ref]),
            Wants::Name => names(&[EntryKind::Ref, EntryKind::Clock, EntryKind::Patch]),
            Wants::Clock if name_length(typed) == typed.len() => names(&[EntryKind::Clock]),
            Wants::Source if name_length(typed) == typed.len() => names(&[EntryKind::Ref, EntryKind::Patch]),
            Wants::Code | Wants::Clock | Wants::Source => {
                return shifted(self.code(typed, input().as_ref()), start);
            }
            Wants::Path => return shifted(self.path(typed, input().as_ref()), start),
            Wants::Topic => {
                let codes: Vec<String> =
                    CODES.iter().map(|explanation| explanation.code.to_string()).collect();
                let topics = topics::TOPICS.iter().map(|topic| topic.name);
                let mut candidates =
                    words(&mut self.commands().iter().flat_map(Command::names).chain(topics));
                if !typed.is_empty() {
                    candidates.extend(matching(typed, filters::names()).map(Candidate::new));
                    candidates.extend(matching(typed, codes.iter().map(String::as_str)).map(Candidate::new));
                }
                candidates
            }
            Wants::Setting => words(&mut settings::SETTINGS.iter().map(|setting| setting.name)),
            Wants::SettingValue => {
                let setting = layout.taken.iter().find(|(wants, _)| *wants == Wants::Setting);
                let setting = setting.and_then(|(_, word)| settings::find(word.text));
                words(&mut setting.iter().flat_map(|setting| setting.choices.iter().copied()))
            }
            Wants::Expression if name_length(typed) == typed.len() => {
                let mut candidates: Vec<Candidate> =
                    matching(typed, self.entries().map(|(name, _)| name)).map(Candidate::new).collect();
                if !typed.is_empty() {
                    candidates.extend(calls(typed));
                }
                candidates
            }
            Wants::Expression => return shifted(self.expression_end(typed), start),
            Wants::Keyword(word) => words(&mut std::iter::once(word)),
            // Flags may come in any order.
            Wants::Flag(word) => {
                let left = layout.left.iter().filter_map(|part| match part.wants {
                    Wants::Flag(flag) => Some(flag),
                    _ => None,
                });
                words(&mut std::iter::once(word).chain(left.filter(|flag| *flag != word)))
            }
            Wants::RefOrPlace if name_length(typed) == typed.len() => names(&[EntryKind::Ref]),
            Wants::Shell | Wants::File | Wants::Place | Wants::RefOrPlace => {
                return Completions { start, files: true, ..Completions::default() };
            }
            Wants::NewName => Vec::new(),
        };
        Completions { start, candidates, files: false }
    }

    /// Completes the end of a path to one place: only keys and indexes.
    fn path(&self, typed: &str, input: Option<&Val>) -> Completions {
        let ending = foreign_key(typed).map_or(typed, |dot| &typed[..=dot]);
        match filter::ending(ending) {
            Ending::Path { .. } | Ending::Quoted { .. } | Ending::Index { .. } | Ending::Start { .. } => {
                let mut found = self.code(typed, input);
                found.candidates.retain(|candidate| !candidate.text.ends_with("[]"));
                found
            }
            _ => Completions { start: typed.len(), ..Completions::default() },
        }
    }

    /// Completes the end of code with this input, if it is known.
    fn code(&self, code: &str, input: Option<&Val>) -> Completions {
        let none = || Completions { start: code.len(), ..Completions::default() };
        let lexemes = filter::lexemes(code);
        if matches!(lexemes.last(), Some(last) if last.kind == LexemeKind::Comment) {
            return none();
        }
        if let Some(start) = object_key(code, &lexemes) {
            let Ending::Start { of } = filter::ending(&code[..start]) else { return none() };
            let of = of.and_then(|reach| self.reach(&reach, input));
            let keys = of.iter().flat_map(|of| matching_keys(of, &code[start..]));
            let candidates = keys.map(|key| Candidate::new(bare_key(key))).collect();
            return Completions { start, candidates, files: false };
        }
        if let Some(dot) = foreign_key(code) {
            // No path of jq has such a key without quotes; with them it is found.
            let Ending::Path { of, start, goes_on } = filter::ending(&code[..=dot]) else { return none() };
            let of = of.and_then(|reach| self.reach(&reach, input));
            let keys = of.iter().flat_map(|of| matching_keys(of, &code[dot + 1..]));
            let candidates = keys.map(|key| Candidate::new(step(key, goes_on))).collect();
            return Completions { start, candidates, files: false };
        }
        let (start, candidates) = match filter::ending(code) {
            Ending::Path { of, start, goes_on } => {
                let of = of.and_then(|reach| self.reach(&reach, input));
                (start, of.map_or_else(Vec::new, |of| keys(&of, &code[start + 1..], goes_on)))
            }
            Ending::Quoted { of, start, typed } => {
                let of = of.and_then(|reach| self.reach(&reach, input));
                let (open, close) = if code[start..].starts_with('[') { ("[", "]") } else { (".", "") };
                let quoted = |key: &str| format!("{open}{}{close}", value::text(&value::string(key)));
                let keys = of.iter().flat_map(|of| matching_keys(of, &typed));
                (start, keys.map(|key| Candidate::new(quoted(key))).collect())
            }
            Ending::Index { of, start } => {
                let of = of.and_then(|reach| self.reach(&reach, input));
                (start, of.map_or_else(Vec::new, |of| in_brackets(&of, &code[start + 1..])))
            }
            Ending::Start { of } => {
                let of = of.and_then(|reach| self.reach(&reach, input));
                (code.len(), of.map_or_else(Vec::new, |of| keys(&of, "", false)))
            }
            Ending::Variable { start } => {
                let names = self.entries().map(|(name, _)| format!("${}", variable(name)));
                let names: Vec<String> = names.chain(["$_".to_owned()]).collect();
                let names = matching(&code[start..], names.iter().map(String::as_str));
                (start, names.map(Candidate::new).collect())
            }
            Ending::Word { start } => (start, calls(&code[start..])),
            Ending::Other => return none(),
        };
        Completions { start, candidates, files: false }
    }

    /// Goes to a part of a value, hop by hop.
    fn reach(&self, reach: &Reach, input: Option<&Val>) -> Option<Val> {
        let mut value = match &reach.base {
            Base::Input => input?.clone(),
            Base::Variable(name) if name == "_" => self.last.clone(),
            Base::Variable(name) => match self.names.get(self.names.of_variable(name)?)? {
                Entry::Patch(patch) if patch.len() > CHANGES => return None,
                entry => entry.value(),
            },
        };
        for hop in &reach.hops {
            value = match (hop, value.view()) {
                (Hop::Key(key), View::Obj(entries)) => entries.get(key)?.clone(),
                (Hop::Index(index), View::Arr(items)) => {
                    let at = if *index < 0 {
                        items.len().checked_add_signed(isize::try_from(*index).ok()?)?
                    } else {
                        usize::try_from(*index).ok()?
                    };
                    items.get(at)?.clone()
                }
                (Hop::Each, View::Arr(items)) => items.first()?.clone(),
                (Hop::Each, View::Obj(entries)) => entries.values().next()?.clone(),
                (Hop::Entry, View::Obj(entries)) => {
                    let (key, entry) = entries.iter().next()?;
                    value::object([("key", key.clone().into()), ("value", entry.clone())])
                }
                _ => return None,
            };
        }
        Some(value)
    }
}

/// Returns the keys of a value that go on from `typed`, as they stand in a path from its dot; of a key that is
/// typed whole, the ways on from it.
fn keys(of: &Val, typed: &str, goes_on: bool) -> Vec<Candidate> {
    let entries = match of.view() {
        View::Obj(entries) => entries,
        View::Arr(items) if typed.is_empty() && goes_on => return indexes("", items.len()),
        View::Arr(items) if typed.is_empty() => return indexes(".", items.len()),
        _ => return Vec::new(),
    };
    let matching: Vec<&str> = matching_keys(of, typed).collect();
    if let [key] = matching[..]
        && key == typed
    {
        return match entries.get(key).map(Val::view) {
            Some(View::Obj(inner)) if !inner.is_empty() => vec![Candidate::new(format!(".{key}."))],
            Some(View::Arr(items)) => indexes(&format!(".{key}"), items.len()),
            _ => vec![Candidate::new(format!(".{key}"))],
        };
    }
    matching.into_iter().map(|key| Candidate::new(step(key, goes_on))).collect()
}

/// Finds where the key begins that is being typed in an object that is built: `{na`, `{name, `, `{a: .b, na`.
fn object_key(code: &str, lexemes: &[Lexeme]) -> Option<usize> {
    let typed = code.len() - code.chars().rev().take_while(is_word).map(char::len_utf8).sum::<usize>();
    let before: Vec<&Lexeme> = lexemes.iter().filter(|lexeme| lexeme.span.end <= typed).collect();
    let is_apart = code[..typed].ends_with(|c: char| c.is_whitespace() || "{,".contains(c));
    let opens = |lexeme: &&&Lexeme| lexeme.kind == LexemeKind::Bracket;
    let mut depth = 0;
    let innermost = before.iter().rev().filter(opens).find_map(|lexeme| match &code[lexeme.span.clone()] {
        open @ ("(" | "[" | "{") if depth == 0 => Some(open),
        "(" | "[" | "{" => {
            depth -= 1;
            None
        }
        _ => {
            depth += 1;
            None
        }
    });
    let last = before.last().map(|lexeme| &code[lexeme.span.clone()]);
    (is_apart && innermost == Some("{") && matches!(last, Some("{" | ","))).then_some(typed)
}

/// Finds where the dot stands before a key that is being typed and has letters that jq wants in quotes.
fn foreign_key(code: &str) -> Option<usize> {
    let key: usize = code.chars().rev().take_while(is_word).map(char::len_utf8).sum();
    let (before, key) = code.split_at(code.len() - key);
    (before.ends_with('.') && !key.is_ascii()).then(|| before.len() - 1)
}

fn is_word(c: &char) -> bool {
    c.is_alphanumeric() || *c == '_'
}

/// Writes a key as an object that is built has it.
fn bare_key(key: &str) -> String {
    match step(key, false).strip_prefix('.') {
        Some(bare) if !bare.starts_with('[') => bare.to_owned(),
        _ => value::text(&value::string(key)),
    }
}

/// Returns the keys of an object that begin so, as far as one looks.
fn matching_keys<'v>(of: &'v Val, typed: &str) -> impl Iterator<Item = &'v str> {
    let keys = of.as_map().into_iter().flat_map(|entries| entries.keys().take(KEYS)).map(Key::as_str);
    keys.filter(move |key| key.starts_with(typed)).take(OFFERED)
}

/// Returns what can stand in the brackets behind a value: the keys of an object, the first indexes of an array and
/// the last, or those that begin as it is typed.
fn in_brackets(of: &Val, typed: &str) -> Vec<Candidate> {
    let typed = typed.trim_start();
    match of.view() {
        View::Obj(_) if typed.is_empty() => {
            let quoted = |key| Candidate::new(format!("[{}]", value::text(&value::string(key))));
            let each = Some(Candidate::new("[]")).filter(|_| matching_keys(of, "").next().is_some());
            matching_keys(of, "").map(quoted).chain(each).collect()
        }
        View::Arr(items) if typed.is_empty() => indexes("", items.len()),
        View::Arr(items) => {
            let length = items.len();
            let from_start = (0..length.min(KEYS)).map(|at| at.to_string());
            let from_end = (1..=length.min(KEYS)).map(|at| format!("-{at}"));
            let all = from_start.chain(from_end).filter(|index| index.starts_with(typed));
            all.take(INDEXES).map(|index| Candidate::new(format!("[{index}]"))).collect()
        }
        _ => Vec::new(),
    }
}

/// Writes a key as a path has it.
fn step(key: &str, goes_on: bool) -> String {
    let path = value::Path(vec![value::Step::Key(key.to_owned())]).to_string();
    // `.["two words"]` loses its dot behind another step.
    match path.strip_prefix(".[") {
        Some(rest) if goes_on => format!("[{rest}"),
        _ => path,
    }
}

/// Returns the first items of an array, the last, and all.
fn indexes(path: &str, length: usize) -> Vec<Candidate> {
    let first = (0..length.min(ITEMS)).map(|at| at.to_string());
    let last = Some("-1".to_owned()).filter(|_| length > 1);
    let each = Some(String::new()).filter(|_| length > 0);
    first.chain(last).chain(each).map(|index| Candidate::new(format!("{path}[{index}]"))).collect()
}

/// Returns the filters of jq that begin so: with a bracket where they take arguments, shown with how many.
fn calls(typed: &str) -> Vec<Candidate> {
    let found = filter::builtins().filter(|(name, _)| name.starts_with(typed));
    let candidate = |(name, arity): (&str, usize)| match arity {
        0 => Candidate::new(name),
        _ => Candidate { text: format!("{name}("), shown: format!("{name}/{arity}") },
    };
    let mut candidates: Vec<Candidate> = found.map(candidate).collect();
    candidates.dedup_by(|a, b| {
        a.text == b.text && {
            b.shown = format!("{},{}", b.shown, a.shown.rsplit('/').next().unwrap_or_default());
            true
        }
    });
    candidates
}

fn matching<'a>(typed: &str, words: impl Iterator<Item = &'a str>) -> impl Iterator<Item = &'a str> {
    words.filter(move |word| word.starts_with(typed))
}

/// Returns a word behind which the next one comes.
fn spaced(word: &str) -> Candidate {
    Candidate::new(format!("{word} "))
}

fn shifted(mut found: Completions, by: usize) -> Completions {
    found.start += by;
    found
}
