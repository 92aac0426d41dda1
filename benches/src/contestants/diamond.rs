use diamond_types::list::ListCRDT;
use diamond_types::list::encoding::{ENCODE_FULL, ENCODE_PATCH};
use diamond_types::{AgentId, LocalVersion};
use serde_json::Value;

use super::Replica;
use crate::edit::{Edit, Shape};

/// The log of all ops with a checkout that is kept up to date. Text alone.
pub(crate) struct Diamond {
    list: ListCRDT,
    agent: AgentId,
}

impl Diamond {
    fn with(mut list: ListCRDT, number: u64) -> Self {
        let agent = list.get_or_create_agent_id(&format!("agent{number}"));
        Self { list, agent }
    }
}

impl Replica for Diamond {
    type Version = LocalVersion;
    type Moment = LocalVersion;
    type Json = String;
    const FORMATS: &'static [&'static str] = &["diamond-types"];

    fn new(_shape: Shape) -> Self {
        Self::with(ListCRDT::new(), 0)
    }

    fn copy(&self, number: u64) -> Self {
        Self::with(self.list.clone(), number)
    }

    fn become_actor(self, number: u64) -> Self {
        Self::with(self.list, number)
    }

    fn apply(&mut self, change: &[Edit]) {
        for edit in change {
            let Edit::Splice { at, delete, insert } = edit else { unreachable!("it takes text alone") };
            if *delete > 0 {
                self.list.delete_without_content(self.agent, *at..*at + *delete);
            }
            if !insert.is_empty() {
                self.list.insert(self.agent, *at, insert);
            }
        }
    }

    fn version(&mut self) -> LocalVersion {
        self.list.oplog.local_version()
    }

    fn delta(&mut self, since: &LocalVersion) -> Vec<u8> {
        self.list.oplog.encode_from(ENCODE_PATCH, since)
    }

    fn merge(&mut self, delta: &[u8]) {
        self.list.merge_data_and_ff(delta).expect("another replica made the bytes");
    }

    fn moment(&mut self) -> LocalVersion {
        self.version()
    }

    fn text_at(&mut self, moment: &LocalVersion) -> String {
        self.list.oplog.checkout(moment).content().to_string()
    }

    fn encode(&mut self, _format: usize) -> Vec<u8> {
        self.list.oplog.encode(ENCODE_FULL)
    }

    fn decode(_shape: Shape, _format: usize, bytes: &[u8]) -> Self {
        Self::with(ListCRDT::load_from(bytes).expect("the bytes were encoded"), 0)
    }

    fn json(&mut self) -> String {
        self.list.branch.content().to_string()
    }

    fn value(&mut self) -> Value {
        self.json().into()
    }
}
