//! Steps in which what travels is damaged.

use rejoin::crdt::{ConvergentRef, Patch};
use rejoin::value;

use crate::common::document;
use crate::shared::file::{PATCH, REF, body, claimed, repaired};
use crate::shared::sound;

use super::parcel::json;
use super::random::Random;
use super::world::World;

/// A run of deletes is as long as somebody says: what claims more ops than these takes too long.
const MANY: u64 = 2_000;

impl World {
    /// Damages a patch on its way; sometimes whoever did it repaired the checksum.
    pub fn damage_patch(&mut self, random: &mut Random) {
        let bytes = self.something(random).to_bytes();
        let damaged = match body(PATCH, document().as_str(), &bytes) {
            Some(body) if random.one_in(2) => {
                repaired(PATCH, document().as_str(), &damaged(body.to_vec(), random))
            }
            _ => damaged(bytes, random),
        };
        self.figures.damaged += 1;
        self.bytes_arrive(&damaged, random);
    }

    /// Reads a patch of which nobody knows what it is.
    pub fn bytes_arrive(&mut self, bytes: &[u8], random: &mut Random) {
        match Patch::from_bytes(bytes) {
            Err(error) => self.unreadable(&error.to_string()),
            Ok(_) if claimed(bytes).is_none_or(|ops| ops > MANY) => {}
            Ok(patch) => self.hear(&patch, random),
        }
    }

    /// Damages the JSON of a patch.
    pub fn damage_json(&mut self, random: &mut Random) {
        let text = damaged(json(&self.something(random)).into_bytes(), random);
        self.figures.damaged += 1;
        let text = String::from_utf8_lossy(&text);
        match value::parse(&text) {
            Err(error) => self.unreadable(&error.to_string()),
            Ok(json) => self.json_arrives(&json, random),
        }
    }

    /// Reads JSON of which nobody knows what it is.
    pub fn json_arrives(&mut self, json: &value::Val, random: &mut Random) {
        match Patch::from_json(json) {
            Err(error) => self.unreadable(&error.to_string()),
            Ok(patch) => self.hear(&patch, random),
        }
    }

    fn unreadable(&mut self, error: &str) {
        assert!(!error.is_empty());
        self.figures.refused += 1;
        self.tell(|| format!("unreadable: {error}"));
    }

    /// Damages a replica where it rests.
    pub fn damage_ref(&mut self, random: &mut Random) {
        let who = self.anyone(random);
        let bytes = self.replicas[who].replica.to_bytes();
        let damaged = match body(REF, document().as_str(), &bytes) {
            Some(body) if !random.one_in(3) => {
                repaired(REF, document().as_str(), &damaged(body.to_vec(), random))
            }
            _ => damaged(bytes, random),
        };
        let damaged = if random.one_in(4) { self.store(&damaged).read() } else { damaged };
        self.figures.damaged += 1;
        if claimed(&damaged).is_none_or(|ops| ops > 100 * MANY) {
            // It is not what the layout of files allows, or takes long.
            let _ = ConvergentRef::from_bytes(&damaged[..damaged.len().min(16)]);
            return;
        }
        match ConvergentRef::from_bytes(&damaged) {
            Err(error) => self.unreadable(&error.to_string()),
            Ok(read) => {
                self.figures.believed += 1;
                self.tell(|| format!("a damaged ref of {} is read", read.actor()));
                read.check().unwrap();
                let again = ConvergentRef::from_bytes(&read.to_bytes()).unwrap();
                assert_eq!(value::text(again.value()), value::text(read.value()), "read and written");
                // What was written so may wait though it could be applied.
                if read.document() == &document() && sound::ready(&read).is_none() {
                    self.hear_ref(&read, random);
                }
            }
        }
    }

    /// Returns a patch that somebody might send.
    pub fn something(&self, random: &mut Random) -> Patch {
        if let Some(parcel) = self.network.last()
            && random.one_in(2)
        {
            let patches = parcel.form.open();
            return random.pick(&patches).clone();
        }
        let replica = &self.replicas[self.anyone(random)].replica;
        let all = self.ledger.len();
        let from = all.saturating_sub(random.below(12));
        let few = crate::common::patch(self.ledger[from..].iter().cloned());
        if few.is_empty() { replica.patch_from_clock(replica.clock()) } else { few }
    }
}

/// Bytes of which some are others, more or less than they were.
pub fn damaged(mut bytes: Vec<u8>, random: &mut Random) -> Vec<u8> {
    for _ in 0..=random.below(3) {
        if bytes.is_empty() {
            bytes.push(0);
        }
        let at = random.below(bytes.len());
        let byte = random.next() as u8;
        match random.below(7) {
            0..=1 => bytes[at] ^= 1 << (byte % 8),
            2 => bytes[at] = byte,
            3 => bytes.insert(at, byte),
            4 => drop(bytes.remove(at)),
            5 => bytes.truncate(at),
            _ => {
                let (to, length) = (random.below(bytes.len()), bytes.len());
                bytes.copy_within(at..(at + 8).min(length).min(at + length - to), to);
            }
        }
    }
    bytes
}
