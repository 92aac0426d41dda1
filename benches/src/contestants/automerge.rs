use std::collections::HashMap;

use automerge as am;
use automerge::transaction::Transactable;
use automerge::{ActorId, ChangeHash, ObjId, ObjType, ROOT, ReadDoc, ScalarValue, hydrate};
use serde_json::Value;

use super::Replica;
use crate::edit::{Edit, Shape};

/// A document with explicit transactions: no patches for observers are made.
pub(crate) struct Automerge {
    doc: am::Automerge,
    container: ObjId,
    shape: Shape,
}

const KEY: &str = "doc";

fn actor(number: u64) -> ActorId {
    ActorId::from(number.to_be_bytes())
}

impl Automerge {
    fn with(doc: am::Automerge, shape: Shape) -> Self {
        let (_, container) = doc.get(ROOT, KEY).expect("the root exists").expect("the first change made it");
        Self { doc, container, shape }
    }
}

impl Replica for Automerge {
    type Version = Vec<ChangeHash>;
    type Moment = Vec<ChangeHash>;
    type Json = hydrate::Value;
    const FORMATS: &'static [&'static str] = &["automerge"];

    fn new(shape: Shape) -> Self {
        let mut doc = am::Automerge::new().with_actor(actor(0));
        let kind = match shape {
            Shape::Text => ObjType::Text,
            Shape::List => ObjType::List,
            Shape::Map => ObjType::Map,
        };
        let mut transaction = doc.transaction();
        transaction.put_object(ROOT, KEY, kind).expect("the root is a map");
        transaction.commit();
        Self::with(doc, shape)
    }

    fn copy(&self, number: u64) -> Self {
        let doc = self.doc.fork().with_actor(actor(number));
        Self { doc, container: self.container.clone(), shape: self.shape }
    }

    fn become_actor(mut self, number: u64) -> Self {
        self.doc.set_actor(actor(number));
        self
    }

    fn apply(&mut self, change: &[Edit]) {
        let container = &self.container;
        let mut transaction = self.doc.transaction();
        for edit in change {
            let done = match edit {
                Edit::Splice { at, delete, insert } => {
                    transaction.splice_text(container, *at, *delete as isize, insert)
                }
                Edit::Insert { at, value } => transaction.insert(container, *at, *value),
                Edit::InsertTask { at, task } => {
                    let object: hydrate::Value = HashMap::from([
                        ("id", task.id.into()),
                        ("title", (&*task.title).into()),
                        ("done", ScalarValue::Boolean(task.done).into()),
                    ])
                    .into();
                    transaction.batch_create_object(container, *at, &object, true).map(drop)
                }
                Edit::Delete { at } => transaction.delete(container, *at),
                Edit::Put { key, value } => transaction.put(container, &**key, *value),
            };
            done.expect("the position exists");
        }
        transaction.commit();
    }

    fn publish(&mut self, change: &[Edit]) -> Vec<u8> {
        self.apply(change);
        self.doc.get_last_local_change().expect("a change was made").raw_bytes().to_vec()
    }

    fn version(&mut self) -> Vec<ChangeHash> {
        self.doc.get_heads()
    }

    fn delta(&mut self, since: &Vec<ChangeHash>) -> Vec<u8> {
        self.doc.save_after(since)
    }

    fn merge(&mut self, delta: &[u8]) {
        self.doc.load_incremental(delta).expect("another replica made the bytes");
    }

    fn merge_all(&mut self, deltas: &[Vec<u8>]) {
        let read = |delta: &Vec<u8>| am::Change::from_bytes(delta.clone()).expect("each is one change");
        let changes: Vec<am::Change> = deltas.iter().map(read).collect();
        self.doc.apply_changes(changes).expect("the changes are whole");
    }

    fn moment(&mut self) -> Vec<ChangeHash> {
        self.version()
    }

    fn text_at(&mut self, moment: &Vec<ChangeHash>) -> String {
        self.doc.text_at(&self.container, moment).expect("it is a text")
    }

    fn encode(&mut self, _format: usize) -> Vec<u8> {
        self.doc.save()
    }

    fn decode(shape: Shape, _format: usize, bytes: &[u8]) -> Self {
        Self::with(am::Automerge::load(bytes).expect("the bytes were saved"), shape)
    }

    fn json(&mut self) -> hydrate::Value {
        match self.shape {
            Shape::Text => self.doc.text(&self.container).expect("it is a text").as_str().into(),
            Shape::List | Shape::Map => {
                ReadDoc::hydrate(&self.doc, &self.container, None).expect("it exists")
            }
        }
    }

    fn value(&mut self) -> Value {
        value(&self.json())
    }
}

fn value(from: &hydrate::Value) -> Value {
    match from {
        hydrate::Value::Scalar(ScalarValue::Int(number)) => (*number).into(),
        hydrate::Value::Scalar(ScalarValue::Boolean(boolean)) => (*boolean).into(),
        hydrate::Value::Scalar(ScalarValue::Str(text)) => text.as_str().into(),
        hydrate::Value::Scalar(_) => Value::Null,
        hydrate::Value::Map(map) => {
            Value::Object(map.iter().map(|(key, held)| (key.clone(), value(&held.value))).collect())
        }
        hydrate::Value::List(list) => list.iter().map(|item| value(&item.value)).collect(),
        hydrate::Value::Text(text) => text.to_string().into(),
    }
}
