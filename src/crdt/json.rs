//! The readable form of clocks, changes and patches. The crate docs describe it.

use crate::cancellation::ask;
use std::collections::BTreeMap;

use thiserror::Error;

use super::history::ShortDigest;
use super::patch::Body;
use super::wire::Corrupt;
use super::{
    Actor, Change, Clock, Content, DocumentId, IdError, Kind, Limits, MAX_COUNTER, Op, OpId, OpSpan,
    OverLimit, Patch, Scalar, Side, SlotId,
};
use crate::value::{Map, Path, Step, Val, View, object, string};

/// The reason why something is not a clock, a patch or a ref, and where in the JSON, if it is JSON.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{reason}{}", .path.suffix())]
pub struct DecodeError {
    /// Where in the JSON.
    pub path: Path,
    /// What is wrong there.
    pub reason: DecodeReason,
}

/// The mistake in a part of a clock or patch.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum DecodeReason {
    /// The part is of another sort.
    #[error("expected {0}")]
    Expected(&'static str),
    /// A field is missing.
    #[error("the field `{0}` is missing")]
    Missing(&'static str),
    /// A field that nobody knows: perhaps it came from a later version.
    #[error("unknown field `{0}`")]
    Unknown(String),
    /// Not an id.
    #[error("{0}")]
    Id(#[from] IdError),
    /// The bytes are of another sort.
    #[error("the bytes are not what `rejoin` wrote")]
    NotRejoin,
    /// A later version wrote the bytes.
    #[error("the bytes are of version {0}, which is not known here")]
    Version(u8),
    /// The bytes are not those that were written.
    #[error("the data is damaged")]
    Damaged,
    /// It is past a limit.
    #[error(transparent)]
    Limit(#[from] OverLimit),
    /// The bytes stand for much more than what `rejoin` writes in so few.
    #[error(
        "the data is damaged: {bytes} bytes do not stand for what takes {} MiB of memory",
        .memory.div_ceil(1 << 20)
    )]
    Inflated {
        /// The number of bytes.
        bytes: u64,
        /// The memory that it takes, in bytes.
        memory: u64,
    },
    /// The changes of a ref cannot be applied.
    #[error("{0}")]
    Changes(String),
}

impl From<Corrupt> for DecodeReason {
    fn from(_: Corrupt) -> Self {
        Self::Damaged
    }
}

impl DecodeError {
    /// Makes the error that something is wrong with the whole.
    pub(super) fn at_root(reason: DecodeReason) -> Self {
        Self { path: Path::default(), reason }
    }
}

type Result<T, E = DecodeError> = std::result::Result<T, E>;

// --- writing ---

impl Clock {
    /// Returns the clock as JSON: an object of actors and counters, ordered by actor.
    pub fn to_json(&self) -> Val {
        object(self.iter().map(|(actor, counter)| (actor.as_str(), number(counter))))
    }

    /// Reads a clock.
    ///
    /// # Errors
    /// When it is no object of actors and whole numbers up to 2^53.
    pub fn from_json(value: &Val) -> Result<Self> {
        Self::from_json_within(value, &Limits::default())
    }

    /// Reads as [`from_json`](Self::from_json) does, within limits.
    ///
    /// # Errors
    /// As for [`from_json`](Self::from_json), and when it is past a limit.
    pub fn from_json_within(value: &Val, limits: &Limits) -> Result<Self> {
        check_limits(value, limits)?;
        At::root(value).clock()
    }
}

impl Change {
    /// Returns the change as JSON.
    pub fn to_json(&self) -> Val {
        object([
            ("actor", string(self.actor.as_str())),
            ("first", number(self.first)),
            ("previous", number(self.previous)),
            ("deps", self.deps.to_json()),
            ("ops", self.ops.iter().map(op_to_json).collect()),
        ])
    }
}

impl Patch {
    /// Returns the patch as JSON.
    pub fn to_json(&self) -> Val {
        let mut entries = vec![("document", string(self.document.as_str()))];
        let mut base = self.base().peekable();
        if base.peek().is_some() {
            let digests =
                base.map(|(actor, counter, digest)| (format!("{counter}@{actor}"), string(hex(digest))));
            entries.push(("base", object(digests)));
        }
        entries.push(("changes", self.changes().map(|change| change.to_json()).collect()));
        object(entries)
    }

    /// Reads a patch. What its changes say is checked when it is merged.
    ///
    /// # Errors
    /// When it has not the form that the crate docs describe.
    pub fn from_json(value: &Val) -> Result<Self> {
        Self::from_json_within(value, &Limits::default())
    }

    /// Reads as [`from_json`](Self::from_json) does, within limits.
    ///
    /// # Errors
    /// As for [`from_json`](Self::from_json), and when it is past a limit.
    pub fn from_json_within(value: &Val, limits: &Limits) -> Result<Self> {
        check_limits(value, limits)?;
        At::root(value).patch()
    }
}

fn number(counter: u64) -> Val {
    counter.into()
}

fn hex(digest: ShortDigest) -> String {
    let [low, high] = digest.halves().map(u16::from_le_bytes);
    if digest.is_half() { format!("{low:04x}") } else { format!("{high:04x}{low:04x}") }
}

/// Reads what [`hex`] wrote.
fn short_digest(text: &str) -> Option<ShortDigest> {
    let half = |digits: &str| u16::from_str_radix(digits, 16).ok().map(u16::to_le_bytes);
    if !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    match text.len() {
        4 => Some(ShortDigest::new(half(text)?, None)),
        8 => Some(ShortDigest::new(half(&text[4..])?, Some(half(&text[..4])?))),
        _ => None,
    }
}

fn op_to_json(op: &Op) -> Val {
    ask();
    let id = |id: &OpId| string(id.to_string());
    let ids = |ids: &[OpId]| ids.iter().map(id).collect::<Val>();
    let spans = |spans: &[OpSpan]| spans.iter().map(|span| string(span.to_string())).collect::<Val>();
    let side = |side: Side| string(if side == Side::Left { "left" } else { "right" });
    let written = |content: &Content| match content {
        Content::Scalar(scalar) => ("value", scalar.value().clone()),
        Content::Make(kind) => ("make", string(kind.name())),
        Content::Move(container) => ("move", id(container)),
    };
    match op {
        Op::Put { slot, over, content } => {
            let mut entries = vec![("op", string("put"))];
            match slot {
                SlotId::Root => entries.push(("root", true.into())),
                SlotId::Key { map, key } => {
                    entries.extend([("map", id(map)), ("key", string(key.as_str()))]);
                }
                SlotId::Item { list, item } => entries.extend([("list", id(list)), ("item", id(item))]),
            }
            if !over.is_empty() {
                entries.push(("over", ids(over)));
            }
            entries.push(written(content));
            object(entries)
        }
        Op::Insert { list, parent, side: on, content } => object([
            ("op", string("insert")),
            ("list", id(list)),
            ("parent", parent.as_ref().map_or(Val::NULL, id)),
            ("side", side(*on)),
            written(content),
        ]),
        Op::Type { text, parent, side: on, chars } => object([
            ("op", string("type")),
            ("text", id(text)),
            ("parent", parent.as_ref().map_or(Val::NULL, id)),
            ("side", side(*on)),
            ("chars", string(chars.as_str())),
        ]),
        Op::Delete { over } => object([("op", string("delete")), ("over", spans(over))]),
        Op::Add { counter, by } => {
            object([("op", string("add")), ("counter", id(counter)), ("by", (*by).into())])
        }
    }
}

// --- reading ---

/// Checks what a clock or patch takes, before anything is taken for it. O(size).
fn check_limits(value: &Val, limits: &Limits) -> Result<()> {
    let changes = value.as_map().and_then(|patch| patch.get("changes")).and_then(Val::as_list);
    let counted = changes.map_or(0, |changes| changes.len() as u64);
    let limited = |limit: OverLimit| DecodeError::at_root(limit.into());
    limits.check_counts(counted, 0).map_err(limited)?;
    let ops = changes.into_iter().flat_map(|changes| changes.iter()).map(|change| {
        let ops = change.as_map().and_then(|change| change.get("ops")).and_then(Val::as_list);
        ops.into_iter().flat_map(|ops| ops.iter()).map(op_count).sum::<u64>()
    });
    limits.check_counts(counted, ops.sum()).map_err(limited)?;
    limits.check_memory(weight(value, DEPTH)).map_err(limited)
}

/// Returns the number of ids that an op takes.
fn op_count(op: &Val) -> u64 {
    let chars = op.as_map().and_then(|op| op.get("chars")).and_then(Val::as_str);
    chars.map_or(1, |chars| chars.chars().count() as u64)
}

/// The levels of arrays and objects in a patch.
const DEPTH: usize = 7;

/// Returns the memory that is taken at most for what JSON says, in bytes.
fn weight(value: &Val, depth: usize) -> u64 {
    ask();
    const EACH: u64 = 160;
    let within = |value: &Val| if depth == 0 { 0 } else { weight(value, depth - 1) };
    EACH + match value.view() {
        View::Str(text) => 2 * text.len() as u64,
        View::Arr(items) => items.iter().map(within).sum(),
        View::Obj(entries) => entries.iter().map(|(key, value)| 2 * key.len() as u64 + within(value)).sum(),
        View::Null | View::Bool(_) | View::Num(_) => 0,
    }
}

/// A part of a JSON value, and the way to it.
#[derive(Clone, Copy)]
struct At<'a> {
    value: &'a Val,
    up: Option<(&'a At<'a>, StepTo<'a>)>,
}

#[derive(Clone, Copy)]
enum StepTo<'a> {
    Key(&'a str),
    Index(usize),
}

impl<'a> At<'a> {
    fn root(value: &'a Val) -> Self {
        Self { value, up: None }
    }

    fn error(&self, reason: impl Into<DecodeReason>) -> DecodeError {
        let ways = std::iter::successors(self.up, |(at, _)| at.up);
        let mut steps: Vec<Step> = ways
            .map(|(_, step)| match step {
                StepTo::Key(key) => Step::Key(key.to_owned()),
                StepTo::Index(index) => Step::Index(index),
            })
            .collect();
        steps.reverse();
        DecodeError { path: Path(steps), reason: reason.into() }
    }

    fn expected(&self, what: &'static str) -> DecodeError {
        self.error(DecodeReason::Expected(what))
    }

    fn text(&self) -> Result<&'a str> {
        self.value.as_str().ok_or_else(|| self.expected("a string"))
    }

    fn counter(&self) -> Result<u64> {
        let counter = self.value.as_u64().filter(|counter| *counter <= MAX_COUNTER);
        counter.ok_or_else(|| self.expected("a whole number from 0 to 2^53"))
    }

    fn id(&self) -> Result<OpId> {
        self.text()?.parse().map_err(|e: IdError| self.error(e))
    }

    fn actor(&self, name: &str) -> Result<Actor> {
        Actor::new(name).map_err(|e| self.error(e))
    }

    fn entries(&self, what: &'static str) -> Result<&'a Map> {
        self.value.as_map().ok_or_else(|| self.expected(what))
    }

    /// Returns the items of an array, each read by `read`.
    fn items<T>(&self, what: &'static str, read: impl Fn(&At<'_>) -> Result<T>) -> Result<Vec<T>> {
        let Some(items) = self.value.as_list() else { return Err(self.expected(what)) };
        let items = items.iter().enumerate();
        items.map(|(i, value)| read(&At { value, up: Some((self, StepTo::Index(i))) })).collect()
    }

    /// Returns the entries of an object by name, each read by `read`.
    fn named<T>(&self, what: &'static str, read: impl Fn(&At<'_>, &str) -> Result<T>) -> Result<Vec<T>> {
        let entries = self.entries(what)?.iter();
        entries.map(|(key, value)| read(&At { value, up: Some((self, StepTo::Key(key))) }, key)).collect()
    }

    /// Returns the fields of an object, all of which must be known.
    fn fields(&self, what: &'static str, known: &[&str]) -> Result<Fields<'_, 'a>> {
        let entries = self.entries(what)?;
        match entries.keys().find(|key| !known.contains(&key.as_str())) {
            Some(key) => Err(self.error(DecodeReason::Unknown(key.to_string()))),
            None => Ok(Fields { at: self, entries }),
        }
    }

    fn clock(&self) -> Result<Clock> {
        let entries =
            self.named("an object of actors and counters", |at, name| Ok((at.actor(name)?, at.counter()?)))?;
        Ok(entries.into_iter().collect())
    }

    fn patch(&self) -> Result<Patch> {
        let fields = self.fields("an object", &["document", "base", "changes"])?;
        let document = fields.get("document", |at| DocumentId::new(at.text()?).map_err(|e| at.error(e)))?;
        let base = fields.optional("base", |at| {
            at.named("an object of op ids and digests", |at, id| {
                let id: OpId = id.parse().map_err(|e: IdError| at.error(e))?;
                Ok((id, short_digest(at.text()?).ok_or_else(|| at.expected("8 hexadecimal digits, or 4"))?))
            })
        })?;
        let base: BTreeMap<_, _> = base.unwrap_or_default().into_iter().collect();
        let changes = fields.get("changes", |at| at.items("an array of changes", |at| at.change()))?;
        Ok(Patch { document, body: Body::listed(base.into_iter().collect(), changes) })
    }

    fn change(&self) -> Result<Change> {
        let fields =
            self.fields("a change, which is an object", &["actor", "first", "previous", "deps", "ops"])?;
        Ok(Change {
            actor: fields.get("actor", |at| at.actor(at.text()?))?,
            first: fields.get("first", At::counter)?,
            previous: fields.get("previous", At::counter)?,
            deps: fields.get("deps", At::clock)?,
            ops: fields.get("ops", |at| at.items("an array of ops", |at| at.op()))?,
        })
    }

    fn ids(&self) -> Result<Vec<OpId>> {
        self.items("an array of op ids", |at| at.id())
    }

    fn spans(&self) -> Result<Vec<OpSpan>> {
        self.items("an array of op ids", |at| {
            at.text()?.parse().map_err(|error: IdError| at.error(DecodeReason::Id(error)))
        })
    }

    fn op(&self) -> Result<Op> {
        let known = [
            "op", "root", "map", "key", "list", "item", "text", "counter", "parent", "side", "over", "value",
            "make", "move", "chars", "by",
        ];
        let fields = self.fields("an op, which is an object", &known)?;
        let only = |known: &[&'static str]| self.fields("an op", known).map(drop);
        match fields.get("op", At::text)? {
            "put" => {
                let slot = if fields.has("root") {
                    only(&["op", "root", "over", "value", "make", "move"])?;
                    fields.get("root", |at| match at.value.view() {
                        View::Bool(true) => Ok(SlotId::Root),
                        _ => Err(at.expected("true")),
                    })?
                } else if fields.has("map") {
                    only(&["op", "map", "key", "over", "value", "make", "move"])?;
                    let key = fields.get("key", At::text)?.into();
                    SlotId::Key { map: fields.get("map", At::id)?, key }
                } else {
                    only(&["op", "list", "item", "over", "value", "make", "move"])?;
                    SlotId::Item { list: fields.get("list", At::id)?, item: fields.get("item", At::id)? }
                };
                let over = fields.optional("over", At::ids)?.unwrap_or_default();
                Ok(Op::Put { slot, over, content: fields.content()? })
            }
            "insert" => {
                only(&["op", "list", "parent", "side", "value", "make", "move"])?;
                Ok(Op::Insert {
                    list: fields.get("list", At::id)?,
                    parent: fields.get("parent", At::parent)?,
                    side: fields.get("side", At::side)?,
                    content: fields.content()?,
                })
            }
            "delete" => {
                only(&["op", "over"])?;
                Ok(Op::Delete { over: fields.get("over", At::spans)? })
            }
            "type" => {
                only(&["op", "text", "parent", "side", "chars"])?;
                Ok(Op::Type {
                    text: fields.get("text", At::id)?,
                    parent: fields.get("parent", At::parent)?,
                    side: fields.get("side", At::side)?,
                    chars: fields.get("chars", |at| at.text().map(str::to_owned))?,
                })
            }
            "add" => {
                only(&["op", "counter", "by"])?;
                let by =
                    |at: &At<'_>| at.value.as_i64().ok_or_else(|| at.expected("a whole number below 2^63"));
                Ok(Op::Add { counter: fields.get("counter", At::id)?, by: fields.get("by", by)? })
            }
            _ => fields
                .get("op", |at| Err(at.expected("\"put\", \"insert\", \"type\", \"delete\" or \"add\""))),
        }
    }

    fn parent(&self) -> Result<Option<OpId>> {
        if let View::Null = self.value.view() { Ok(None) } else { self.id().map(Some) }
    }

    fn side(&self) -> Result<Side> {
        match self.text()? {
            "left" => Ok(Side::Left),
            "right" => Ok(Side::Right),
            _ => Err(self.expected("\"left\" or \"right\"")),
        }
    }
}

struct Fields<'f, 'a> {
    at: &'f At<'a>,
    entries: &'a Map,
}

impl Fields<'_, '_> {
    fn has(&self, name: &str) -> bool {
        self.entries.contains_key(name)
    }

    fn get<'s, T>(&'s self, name: &'static str, read: impl FnOnce(&At<'s>) -> Result<T>) -> Result<T> {
        let value = self.entries.get(name);
        let value = value.ok_or_else(|| self.at.error(DecodeReason::Missing(name)))?;
        read(&At { value, up: Some((self.at, StepTo::Key(name))) })
    }

    fn optional<'s, T>(
        &'s self,
        name: &'static str,
        read: impl FnOnce(&At<'s>) -> Result<T>,
    ) -> Result<Option<T>> {
        if self.has(name) { self.get(name, read).map(Some) } else { Ok(None) }
    }

    fn content(&self) -> Result<Content> {
        match (self.has("value"), self.has("make"), self.has("move")) {
            (true, false, false) => self.get("value", |at| {
                let scalar = Scalar::new(at.value.clone());
                let scalar = scalar.ok_or_else(|| at.expected("null, a boolean, a number or a string"))?;
                Ok(Content::Scalar(scalar))
            }),
            (false, true, false) => self.get("make", |at| {
                let kind = Kind::ALL.into_iter().find(|kind| at.value.as_str() == Some(kind.name()));
                let kind = kind.ok_or_else(|| at.expected("\"map\", \"list\", \"text\" or \"counter\""));
                kind.map(Content::Make)
            }),
            (false, false, true) => self.get("move", At::id).map(Content::Move),
            _ => Err(self.at.expected("one of `value`, `make` and `move`")),
        }
    }
}
