use serde_json::Value;
use yrs::types::ToJson;
use yrs::types::text::YChange;
use yrs::updates::decoder::Decode;
use yrs::{
    Any, Array, ArrayRef, ClientID, Doc, GetString, In, Map, MapPrelim, MapRef, Number, OffsetKind, Options,
    Out, ReadTxn, Snapshot, StateVector, Text, TextRef, Transact, TransactionMut, Update,
};

use super::Replica;
use crate::edit::{Edit, Shape};

/// A document; with `GC` it forgets what was deleted and overwritten.
pub(crate) struct Yrs<const GC: bool> {
    doc: Doc,
    container: Container,
}

enum Container {
    Text(TextRef),
    List(ArrayRef),
    Map(MapRef),
}

const KEY: &str = "doc";

impl<const GC: bool> Yrs<GC> {
    fn with(shape: Shape, number: u64) -> Self {
        let client_id = ClientID::new(number + 1);
        // UTF-16 is the unit inside; it counts as scalar values do wherever a trace has no surrogates.
        let doc = Doc::with_options(Options {
            client_id,
            skip_gc: !GC,
            offset_kind: OffsetKind::Utf16,
            ..Options::default()
        });
        let container = match shape {
            Shape::Text => Container::Text(doc.get_or_insert_text(KEY)),
            Shape::List => Container::List(doc.get_or_insert_array(KEY)),
            Shape::Map => Container::Map(doc.get_or_insert_map(KEY)),
        };
        Self { doc, container }
    }

    fn shape(&self) -> Shape {
        match self.container {
            Container::Text(_) => Shape::Text,
            Container::List(_) => Shape::List,
            Container::Map(_) => Shape::Map,
        }
    }

    fn edit(&self, transaction: &mut TransactionMut<'_>, change: &[Edit]) {
        for edit in change {
            match (&self.container, edit) {
                (Container::Text(text), Edit::Splice { at, delete, insert }) => {
                    if *delete > 0 {
                        text.remove_range(transaction, *at as u32, *delete as u32);
                    }
                    if !insert.is_empty() {
                        text.insert(transaction, *at as u32, insert);
                    }
                }
                (Container::List(list), Edit::Insert { at, value }) => {
                    list.insert(transaction, *at as u32, *value);
                }
                (Container::List(list), Edit::InsertTask { at, task }) => {
                    let object: [(&str, In); 3] = [
                        ("id", task.id.into()),
                        ("title", (&*task.title).into()),
                        ("done", task.done.into()),
                    ];
                    list.insert(transaction, *at as u32, MapPrelim::from(object));
                }
                (Container::List(list), Edit::Delete { at }) => list.remove(transaction, *at as u32),
                (Container::Map(map), Edit::Put { key, value }) => {
                    map.insert(transaction, &**key, *value);
                }
                _ => unreachable!("the edits fit the container"),
            }
        }
    }
}

impl<const GC: bool> Replica for Yrs<GC> {
    type Version = StateVector;
    type Moment = Snapshot;
    type Json = Any;
    const FORMATS: &'static [&'static str] =
        if GC { &["yrs-gc v1", "yrs-gc v2"] } else { &["yrs v1", "yrs v2"] };

    fn new(shape: Shape) -> Self {
        Self::with(shape, 0)
    }

    fn copy(&self, number: u64) -> Self {
        let all = self.doc.transact().encode_diff_v1(&StateVector::default());
        let mut copy = Self::with(self.shape(), number);
        copy.merge(&all);
        copy
    }

    fn apply(&mut self, change: &[Edit]) {
        // A transaction joins what it made side by side when it ends, in quadratic time and memory.
        let count = if is_long_run(change) { 1 } else { change.len().max(1) };
        for part in change.chunks(count) {
            self.edit(&mut self.doc.transact_mut(), part);
        }
    }

    fn publish(&mut self, change: &[Edit]) -> Vec<u8> {
        let mut transaction = self.doc.transact_mut();
        self.edit(&mut transaction, change);
        transaction.commit();
        transaction.encode_update_v1()
    }

    fn version(&mut self) -> StateVector {
        self.doc.transact().state_vector()
    }

    fn delta(&mut self, since: &StateVector) -> Vec<u8> {
        self.doc.transact().encode_diff_v1(since)
    }

    fn merge(&mut self, delta: &[u8]) {
        let update = Update::decode_v1(delta).expect("another replica made the bytes");
        self.doc.transact_mut().apply_update(update).expect("the update is whole");
    }

    fn moment(&mut self) -> Snapshot {
        self.doc.transact().snapshot()
    }

    fn text_at(&mut self, moment: &Snapshot) -> String {
        let Container::Text(text) = &self.container else { unreachable!("the edits fit the container") };
        let runs = text.diff_range(&mut self.doc.transact_mut(), Some(moment), None, YChange::identity);
        let mut text = String::new();
        for run in runs {
            let Out::Any(Any::String(run)) = run.insert else {
                unreachable!("only characters were inserted")
            };
            text.push_str(&run);
        }
        text
    }

    fn encode(&mut self, format: usize) -> Vec<u8> {
        let transaction = self.doc.transact();
        match format {
            0 => transaction.encode_state_as_update_v1(&StateVector::default()),
            _ => transaction.encode_state_as_update_v2(&StateVector::default()),
        }
    }

    fn decode(shape: Shape, format: usize, bytes: &[u8]) -> Self {
        let update = match format {
            0 => Update::decode_v1(bytes),
            _ => Update::decode_v2(bytes),
        };
        let replica = Self::with(shape, 0);
        let update = update.expect("the bytes were encoded");
        replica.doc.transact_mut().apply_update(update).expect("the update is whole");
        replica
    }

    fn json(&mut self) -> Any {
        let transaction = self.doc.transact();
        match &self.container {
            Container::Text(text) => text.get_string(&transaction).into(),
            Container::List(list) => list.to_json(&transaction),
            Container::Map(map) => map.to_json(&transaction),
        }
    }

    fn value(&mut self) -> Value {
        value(&self.json())
    }
}

/// Whether a change makes many items each of which joins the one before.
fn is_long_run(change: &[Edit]) -> bool {
    let follows = |pair: &[Edit]| match pair {
        [Edit::Insert { at: before, .. }, Edit::Insert { at, .. }] => *at == before + 1,
        [Edit::Put { key: before, .. }, Edit::Put { key, .. }] => key == before,
        _ => false,
    };
    change.len() > 100 && change.windows(2).all(follows)
}

fn value(from: &Any) -> Value {
    match from {
        Any::Bool(boolean) => (*boolean).into(),
        Any::Number(Number::Int(number)) => (*number).into(),
        Any::String(text) => (**text).into(),
        Any::Array(items) => items.iter().map(value).collect(),
        Any::Map(map) => Value::Object(map.iter().map(|(key, held)| (key.clone(), value(held))).collect()),
        _ => Value::Null,
    }
}
