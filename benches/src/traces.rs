//! Recorded editing, and editing that looks like it.
//!
//! The files are those of <https://github.com/josephg/editing-traces>.

use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use flate2::bufread::GzDecoder;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::edit::{Change, Edit};
use crate::random::Random;

/// What one author typed, one change for each transaction of the trace.
pub(crate) struct Typing {
    pub(crate) name: String,
    pub(crate) changes: Vec<Change>,
    /// The text at the end, where it is known.
    pub(crate) end: Option<String>,
}

/// What several authors typed, each seeing the others' work now and then.
pub(crate) struct Concurrent {
    pub(crate) agents: usize,
    pub(crate) steps: Vec<Step>,
    pub(crate) end: String,
}

/// A transaction of a concurrent trace.
pub(crate) struct Step {
    pub(crate) agent: usize,
    /// From whom the agent takes in its next message before it edits.
    pub(crate) receives: Vec<usize>,
    pub(crate) change: Change,
    /// To whom it sends a message when it has edited: all that it has learnt since the last one.
    pub(crate) sends: Vec<usize>,
}

/// A position, how many characters go there, and what comes.
#[derive(Deserialize)]
struct Patch(usize, usize, Box<str>);

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SequentialFile {
    start_content: String,
    end_content: String,
    txns: Vec<SequentialTxn>,
}

#[derive(Deserialize)]
struct SequentialTxn {
    patches: Vec<Patch>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ConcurrentFile {
    end_content: String,
    num_agents: usize,
    txns: Vec<ConcurrentTxn>,
}

#[derive(Deserialize)]
struct ConcurrentTxn {
    agent: usize,
    parents: Vec<usize>,
    patches: Vec<Patch>,
}

fn read<T: DeserializeOwned>(folder: &Path, name: &str) -> Result<T, String> {
    let path = folder.join(format!("{name}.json.gz"));
    let named = |error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
    let file = File::open(&path).map_err(|error| named(&error))?;
    let unpacked = BufReader::new(GzDecoder::new(BufReader::new(file)));
    serde_json::from_reader(unpacked).map_err(|error| named(&error))
}

fn change(patches: Vec<Patch>) -> Change {
    patches.into_iter().map(|Patch(at, delete, insert)| Edit::Splice { at, delete, insert }).collect()
}

impl Typing {
    pub(crate) fn load(folder: &Path, name: &str) -> Result<Self, String> {
        let file: SequentialFile = read(folder, name)?;
        if !file.start_content.is_empty() {
            return Err(format!("{name}: it does not start empty"));
        }
        let changes = file.txns.into_iter().map(|txn| change(txn.patches)).collect();
        Ok(Self { name: name.to_owned(), changes, end: Some(file.end_content) })
    }

    /// The first part of it.
    pub(crate) fn first(&self, changes: usize) -> Self {
        Self { name: self.name.clone(), changes: self.changes[..changes].to_vec(), end: None }
    }
}

impl Concurrent {
    pub(crate) fn load(folder: &Path, name: &str) -> Result<Self, String> {
        let file: ConcurrentFile = read(folder, name)?;
        let agents: Vec<usize> = file.txns.iter().map(|txn| txn.agent).collect();
        let mut steps: Vec<Step> = Vec::with_capacity(file.txns.len());
        // The last transaction of each agent, and for each pair the last one that the other was sent.
        let mut last = vec![None; file.num_agents];
        let mut sent = vec![vec![None; file.num_agents]; file.num_agents];
        for (index, txn) in file.txns.into_iter().enumerate() {
            let mut receives = Vec::new();
            for parent in txn.parents {
                let from = agents[parent];
                if from == txn.agent {
                    if last[from] != Some(parent) {
                        return Err(format!("{name}: an agent goes back to an older version of its own"));
                    }
                    continue;
                }
                // Messages arrive in the order in which they were sent: parents only grow.
                if sent[from][txn.agent] >= Some(parent) {
                    return Err(format!("{name}: an agent goes back to an older version of another"));
                }
                sent[from][txn.agent] = Some(parent);
                steps[parent].sends.push(txn.agent);
                receives.push(from);
            }
            last[txn.agent] = Some(index);
            steps.push(Step { agent: txn.agent, receives, change: change(txn.patches), sends: Vec::new() });
        }
        Ok(Self { agents: file.num_agents, steps, end: file.end_content })
    }
}

/// A quarter of a million keystrokes: words, some taken back, at a place that moves now and then.
pub(crate) fn generated() -> Typing {
    const KEYSTROKES: usize = 260_000;
    let mut random = Random::new(1);
    let mut changes: Vec<Change> = Vec::with_capacity(KEYSTROKES);
    let (mut length, mut at) = (0, 0);
    while changes.len() < KEYSTROKES {
        if random.below(40) == 0 {
            at = random.below(length + 1);
        }
        let deletes = random.below(4) == 0;
        for _ in 0..1 + random.below(8) {
            let edit = if deletes && at > 0 {
                at -= 1;
                Edit::Splice { at, delete: 1, insert: "".into() }
            } else {
                let typed = if random.below(6) == 0 { ' ' } else { random.letter() };
                at += 1;
                Edit::Splice { at: at - 1, delete: 0, insert: typed.to_string().into() }
            };
            length = edit.grown(length);
            changes.push(vec![edit]);
        }
    }
    changes.truncate(KEYSTROKES);
    Typing { name: "generated".to_owned(), changes, end: None }
}
