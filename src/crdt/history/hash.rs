//! A hash that is the same on every machine.

/// A running hash (64 bits, by folded multiplication). Good against accidents, not against forgery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::crdt) struct StableHash(pub(in crate::crdt) u64);

impl StableHash {
    pub(in crate::crdt) fn number(&mut self, number: u64) {
        let product = u128::from(self.0 ^ number ^ 0x9e37_79b9_7f4a_7c15) * 0xd6e8_feb8_6659_fd93;
        self.0 = (product >> 64) as u64 ^ product as u64;
    }

    /// Mixes in bytes with their number, so that two texts never read as one.
    pub(in crate::crdt) fn bytes(&mut self, bytes: &[u8]) {
        self.number(bytes.len() as u64);
        if let &[byte] = bytes {
            return self.number(u64::from(byte));
        }
        for part in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..part.len()].copy_from_slice(part);
            self.number(u64::from_le_bytes(word));
        }
    }
}

/// Returns the hash of a text.
pub(in crate::crdt) fn text(text: &str) -> u64 {
    let mut mix = StableHash(0);
    mix.bytes(text.as_bytes());
    mix.0
}
