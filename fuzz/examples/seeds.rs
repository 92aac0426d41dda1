//! Writes the first inputs of the targets into a folder for each: patches and refs with ops of all kinds.
#![allow(clippy::unwrap_used, reason = "it may fail by panicking")]
#![allow(dead_code, unreachable_pub, reason = "it uses a part of what it includes")]

#[path = "../shared/base.rs"]
mod base;
#[path = "../../tests/engine/common/mod.rs"]
mod common;
#[path = "../shared/file.rs"]
mod file;
#[path = "../shared/hostile.rs"]
mod hostile;

use std::path::{Path, PathBuf};

use common::{document, text};
use file::{PATCH, REF, body, claimed, framed, stream, unframed};
use rejoin::crdt::{Clock, ConvergentRef, Patch, PatchWriter};
use rejoin::script::LESSONS;
use rejoin::session::COMMANDS;

fn main() -> std::io::Result<()> {
    let folder = std::env::args_os().nth(1).map_or_else(|| PathBuf::from("corpus"), PathBuf::from);
    let mut seeds = Seeds::new(folder.join("decode"))?;
    base::patches().iter().for_each(|patch| seeds.patch(patch));
    for replica in base::others().iter().chain([&base::base(), &base::waiting()]) {
        seeds.replica(replica);
    }
    for bytes in long() {
        seeds.add(0, &bytes);
        seeds.add(1, body(PATCH, document().as_str(), &bytes).unwrap());
    }
    // Few ops, so that the target does not skip them, in columns that are compressed nevertheless.
    for (_, columns) in hostile::all(300, 0).into_iter().chain(hostile::all(300, 5)) {
        let bytes = columns.patch(document().as_str(), 0);
        seeds.add(0, &bytes);
        seeds.add(1, body(PATCH, document().as_str(), &bytes).unwrap());
        let bytes = columns.replica(&Default::default(), document().as_str(), 0);
        seeds.add(2, body(REF, document().as_str(), &bytes).unwrap());
    }
    seeds.write()?;

    let mut seeds = Seeds::new(folder.join("history"))?;
    for start in 0..8u32 {
        let mut random = start * 7919 + 1;
        let bytes: Vec<u8> = std::iter::repeat_with(|| {
            random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (random >> 24) as u8
        })
        .take(300)
        .collect();
        seeds.add(start as u8, &bytes);
    }
    seeds.write()?;

    let mut seeds = Seeds::new(folder.join("session"))?;
    for command in COMMANDS {
        seeds.inputs.push(command.example.join("\n").into_bytes());
    }
    for line in include_str!("../../tests/session/wrong_lines.txt").lines() {
        seeds.inputs.push(line.as_bytes().to_vec());
    }
    seeds.write()?;

    let mut seeds = Seeds::new(folder.join("script"))?;
    for lesson in LESSONS {
        seeds.add(0, lesson.text.as_bytes());
    }
    for document in [include_str!("../../README.md"), "> - ```rejoin\n>   ref a 1\n>   #=> 1\n>   ```\n"] {
        seeds.add(1, document.as_bytes());
    }
    seeds.write()
}

/// Patches with compressed columns.
fn long() -> Vec<Vec<u8>> {
    let typed = "all work and no play makes a dull text. ".repeat(20);
    let mut typist = common::replica("typist", "{}");
    let root = common::at(&typist, "");
    let text = common::edit(&mut typist, |tx| {
        let text = tx.put_new(&root, "t", rejoin::crdt::Kind::Text).unwrap();
        tx.splice(&text, 0, 0, &typed).unwrap();
        tx.put(&root, "l", (0..200isize).map(rejoin::value::Val::from).collect()).unwrap();
        text
    });
    let whole = typist.patch_from_clock(&Clock::new()).to_bytes();
    for at in (0..200).rev() {
        common::edit(&mut typist, |tx| tx.splice(&text, at * 2, 1, "").unwrap());
    }
    vec![whole, typist.patch_from_clock(&Clock::new()).to_bytes()]
}

struct Seeds {
    folder: PathBuf,
    inputs: Vec<Vec<u8>>,
}

impl Seeds {
    fn new(folder: PathBuf) -> std::io::Result<Self> {
        std::fs::create_dir_all(&folder)?;
        Ok(Self { folder, inputs: Vec::new() })
    }

    fn add(&mut self, mode: u8, rest: &[u8]) {
        self.inputs.push([&[mode], rest].concat());
    }

    /// Every mode in which the target reads a patch.
    fn patch(&mut self, patch: &Patch) {
        let bytes = patch.to_bytes();
        let body = body(PATCH, document().as_str(), &bytes).unwrap();
        assert!(claimed(&bytes).is_some(), "a patch has another layout than the target thinks");
        self.add(0, &bytes);
        for waiting in [0, 0x80] {
            self.add(1 | waiting, body);
            if let Some(framed) = framed(body) {
                assert_eq!(file::columns(&framed), body);
                self.add(3 | waiting, &framed);
            }
            self.add(4 | waiting, rejoin::value::text(&patch.to_json()).as_bytes());
        }
    }

    /// A stream of the changes of a replica, one by one.
    fn stream(&mut self, replica: &ConvergentRef) {
        let (mut writer, mut bytes) = (PatchWriter::new(document()), Vec::new());
        for change in replica.changes() {
            writer.write(&Patch::new(document(), [change]), &mut bytes).unwrap();
        }
        let Some(framed) = unframed(&bytes) else { return };
        assert_eq!(stream(document().as_str(), &framed), bytes);
        self.add(5, &framed);
    }

    fn replica(&mut self, replica: &ConvergentRef) {
        self.stream(replica);
        for bytes in [replica.to_bytes(), replica.to_bytes_with_value()] {
            assert!(claimed(&bytes).is_some(), "a ref has another layout than the target thinks");
            self.add(0, &bytes);
            self.add(2, body(REF, document().as_str(), &bytes).unwrap());
        }
        self.add(4, replica.clock().to_string().as_bytes());
        self.add(4, text(replica).as_bytes());
    }

    fn write(&self) -> std::io::Result<()> {
        for (index, input) in self.inputs.iter().enumerate() {
            std::fs::write(Path::new(&self.folder).join(format!("seed-{index:03}")), input)?;
        }
        Ok(())
    }
}
