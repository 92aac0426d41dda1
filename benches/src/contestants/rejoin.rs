use rejoin::crdt::{
    Actor, Clock, ConvergentRef, DocumentId, Kind, OpId, Patch, PatchReader, PatchWriter, SavedRef,
};
use rejoin::value::{Path, Val, object, string, to_serde};
use serde_json::Value;

use super::Replica;
use crate::edit::{Edit, Shape};

/// A ref that is edited by transactions.
pub(crate) struct Rejoin {
    replica: ConvergentRef,
    container: OpId,
    /// One of which only the value was read.
    saved: Option<SavedRef>,
}

const KEY: &str = "doc";

fn actor(number: u64) -> Actor {
    Actor::new(&format!("a{number}")).expect("letters and digits are an actor")
}

impl Rejoin {
    fn with(replica: ConvergentRef) -> Self {
        let container = replica.container(&Path::from([KEY])).expect("the first change made it");
        Self { replica, container, saved: None }
    }

    fn document() -> DocumentId {
        DocumentId::new("bench").expect("letters are a document id")
    }

    fn current(&self) -> &Val {
        self.saved.as_ref().map_or_else(|| self.replica.value(), SavedRef::value)
    }
}

impl Replica for Rejoin {
    type Version = Clock;
    type Moment = Clock;
    type Json = Val;
    const FORMATS: &'static [&'static str] = &["rejoin"];
    const SNAPSHOT: Option<(usize, &'static str)> = Some((1, "rejoin"));

    fn new(shape: Shape) -> Self {
        let mut replica = ConvergentRef::new(Self::document(), actor(0));
        let kind = match shape {
            Shape::Text => Kind::Text,
            Shape::List => Kind::List,
            Shape::Map => Kind::Map,
        };
        let mut transaction = replica.transaction().expect("nothing waits");
        transaction.put_root(object::<&str>([])).expect("an object is JSON");
        transaction.commit().expect("nothing refuses it");
        let root = replica.container(&Path::default()).expect("the root was put");
        let mut transaction = replica.transaction().expect("nothing waits");
        transaction.put_new(&root, KEY, kind).expect("the root is a map");
        transaction.commit().expect("nothing refuses it");
        Self::with(replica)
    }

    fn copy(&self, number: u64) -> Self {
        let replica = self.replica.branch(actor(number)).expect("each replica has its own actor");
        Self { replica, container: self.container.clone(), saved: None }
    }

    fn apply(&mut self, change: &[Edit]) {
        let container = &self.container;
        let mut transaction = self.replica.transaction().expect("nothing waits");
        for edit in change {
            let done = match edit {
                Edit::Splice { at, delete, insert } => transaction.splice(container, *at, *delete, insert),
                Edit::Insert { at, value } => transaction.insert(container, *at, (*value).into()).map(drop),
                Edit::InsertTask { at, task } => {
                    let entries =
                        [("id", task.id.into()), ("title", string(&*task.title)), ("done", task.done.into())];
                    transaction.insert(container, *at, object(entries)).map(drop)
                }
                Edit::Delete { at } => transaction.delete(container, *at, 1),
                Edit::Put { key, value } => transaction.put(container, key, (*value).into()).map(drop),
            };
            done.expect("the position exists");
        }
        transaction.commit().expect("nothing refuses it");
    }

    fn version(&mut self) -> Clock {
        self.replica.clock().clone()
    }

    fn delta(&mut self, since: &Clock) -> Vec<u8> {
        self.replica.patch_from_clock(since).to_bytes()
    }

    fn merge(&mut self, delta: &[u8]) {
        let patch = Patch::from_bytes(delta).expect("another replica made the bytes");
        self.replica.merge_patch(&patch).expect("it is a patch of this document");
    }

    fn moment(&mut self) -> Clock {
        self.version()
    }

    fn text_at(&mut self, moment: &Clock) -> String {
        let value = self.replica.at(moment).expect("the moment was one of this ref");
        value[KEY].as_str().expect("it is a text").to_owned()
    }

    const HAS_STREAMS: bool = true;

    fn stream(updates: &[Vec<u8>]) -> Vec<u8> {
        let (mut writer, mut bytes) = (PatchWriter::new(Self::document()), Vec::new());
        for update in updates {
            let patch = Patch::from_bytes(update).expect("another replica made the bytes");
            writer.write(&patch, &mut bytes).expect("it is of this document");
        }
        bytes
    }

    fn merge_stream(&mut self, mut stream: &[u8]) {
        let mut reader = PatchReader::new();
        while let Some(patch) = reader.read(&mut stream).expect("a writer made the bytes") {
            self.replica.merge_patch(&patch).expect("it is a patch of this document");
        }
    }

    fn encode(&mut self, format: usize) -> Vec<u8> {
        if format == 0 { self.replica.to_bytes() } else { self.replica.to_bytes_with_value() }
    }

    fn decode(_shape: Shape, format: usize, bytes: &[u8]) -> Self {
        if format > 0 {
            let saved = SavedRef::from_bytes(bytes.to_vec()).expect("the bytes were encoded");
            let replica = ConvergentRef::new(Self::document(), actor(0));
            let container = OpId::new(1, actor(0));
            return Self { replica, container, saved: Some(saved) };
        }
        Self::with(ConvergentRef::from_bytes(bytes).expect("the bytes were encoded"))
    }

    fn json(&mut self) -> Val {
        self.current().clone()
    }

    fn value(&mut self) -> Value {
        let value = &self.current()[KEY];
        match value.as_str() {
            Some(text) => text.into(),
            None => to_serde(value).expect("values are JSON"),
        }
    }
}
