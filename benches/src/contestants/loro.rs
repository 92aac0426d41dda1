use loro::{ExportMode, Frontiers, LoroDoc, LoroList, LoroMap, LoroText, LoroValue, VersionVector};
use serde_json::Value;

use super::Replica;
use crate::edit::{Edit, Shape};

/// A document whose pending transaction is committed after each change.
pub(crate) struct Loro {
    doc: LoroDoc,
    container: Container,
}

enum Container {
    Text(LoroText),
    List(LoroList),
    Map(LoroMap),
}

const KEY: &str = "doc";
const WORKS: &str = "the container is of that kind, and the position exists";

impl Loro {
    fn with(doc: LoroDoc, shape: Shape, number: u64) -> Self {
        doc.set_peer_id(number + 1).expect("nothing is pending");
        let container = match shape {
            Shape::Text => Container::Text(doc.get_text(KEY)),
            Shape::List => Container::List(doc.get_list(KEY)),
            Shape::Map => Container::Map(doc.get_map(KEY)),
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
}

impl Replica for Loro {
    type Version = VersionVector;
    type Moment = Frontiers;
    type Json = LoroValue;
    const FORMATS: &'static [&'static str] = &["loro snapshot", "loro updates"];
    const SNAPSHOT: Option<(usize, &'static str)> = Some((0, Self::FORMATS[0]));

    fn new(shape: Shape) -> Self {
        Self::with(LoroDoc::new(), shape, 0)
    }

    fn copy(&self, number: u64) -> Self {
        // A fork would decode its state when it is first used.
        let all = self.doc.export(ExportMode::all_updates()).expect("all is in memory");
        let doc = LoroDoc::new();
        doc.import(&all).expect("the bytes were exported");
        Self::with(doc, self.shape(), number)
    }

    fn become_actor(self, number: u64) -> Self {
        let shape = self.shape();
        Self::with(self.doc, shape, number)
    }

    fn apply(&mut self, change: &[Edit]) {
        match &self.container {
            Container::Text(text) => {
                for edit in change {
                    let Edit::Splice { at, delete, insert } = edit else { unreachable!("{WORKS}") };
                    if *delete > 0 {
                        text.delete(*at, *delete).expect(WORKS);
                    }
                    if !insert.is_empty() {
                        text.insert(*at, insert).expect(WORKS);
                    }
                }
            }
            Container::List(list) => change.iter().for_each(|edit| edit_list(list, edit)),
            Container::Map(map) => {
                for edit in change {
                    let Edit::Put { key, value } = edit else { unreachable!("{WORKS}") };
                    map.insert(key, *value).expect(WORKS);
                }
            }
        }
        self.doc.commit();
    }

    fn version(&mut self) -> VersionVector {
        self.doc.oplog_vv()
    }

    fn delta(&mut self, since: &VersionVector) -> Vec<u8> {
        self.doc.export(ExportMode::updates(since)).expect("all is in memory")
    }

    fn merge(&mut self, delta: &[u8]) {
        self.doc.import(delta).expect("another replica made the bytes");
    }

    fn merge_all(&mut self, deltas: &[Vec<u8>]) {
        self.doc.import_batch(deltas).expect("another replica made the bytes");
    }

    fn moment(&mut self) -> Frontiers {
        self.doc.oplog_frontiers()
    }

    fn text_at(&mut self, moment: &Frontiers) -> String {
        let Container::Text(text) = &self.container else { unreachable!("{WORKS}") };
        self.doc.checkout(moment).expect("the moment was one of this document");
        let then = text.to_string();
        self.doc.checkout_to_latest();
        then
    }

    fn encode(&mut self, format: usize) -> Vec<u8> {
        let mode = match format {
            0 => ExportMode::Snapshot,
            _ => ExportMode::all_updates(),
        };
        self.doc.export(mode).expect("all is in memory")
    }

    fn decode(shape: Shape, format: usize, bytes: &[u8]) -> Self {
        let doc = match format {
            0 => LoroDoc::from_snapshot(bytes).expect("the bytes are a snapshot"),
            _ => {
                let doc = LoroDoc::new();
                doc.import(bytes).expect("the bytes are updates");
                doc
            }
        };
        Self::with(doc, shape, 0)
    }

    fn json(&mut self) -> LoroValue {
        match &self.container {
            Container::Text(text) => text.to_string().into(),
            Container::List(list) => list.get_deep_value(),
            Container::Map(map) => map.get_deep_value(),
        }
    }

    fn value(&mut self) -> Value {
        value(&self.json())
    }
}

fn edit_list(list: &LoroList, edit: &Edit) {
    match edit {
        Edit::Insert { at, value } => list.insert(*at, *value).expect(WORKS),
        Edit::InsertTask { at, task } => {
            let object = list.insert_container(*at, LoroMap::new()).expect(WORKS);
            object.insert("id", task.id).expect(WORKS);
            object.insert("title", &*task.title).expect(WORKS);
            object.insert("done", task.done).expect(WORKS);
        }
        Edit::Delete { at } => list.delete(*at, 1).expect(WORKS),
        Edit::Splice { .. } | Edit::Put { .. } => unreachable!("{WORKS}"),
    }
}

fn value(from: &LoroValue) -> Value {
    match from {
        LoroValue::Bool(boolean) => (*boolean).into(),
        LoroValue::I64(number) => (*number).into(),
        LoroValue::String(text) => text.as_str().into(),
        LoroValue::List(items) => items.iter().map(value).collect(),
        LoroValue::Map(map) => {
            Value::Object(map.iter().map(|(key, held)| (key.clone(), value(held))).collect())
        }
        _ => Value::Null,
    }
}
