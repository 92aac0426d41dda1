//! A persistent hash index by linear hashing (Litwin 1980): from the hash of a key to the block that holds it.

use std::iter;
use std::sync::Arc;

use super::blocks::BlockId;
use super::hash::KeyHash;
use super::vector::Vector;

/// The number of keys to a bucket, on average, before there is one bucket more.
const FILL: usize = 32;

/// A multimap from 32 bits of a hash to blocks. Clones share the buckets that none of them changed; reading and
/// changing cost O(log n).
///
/// It knows no keys: whoever asks looks into the blocks.
#[derive(Clone)]
pub(super) struct Index {
    len: usize,
    /// Invariant: a hash is in the bucket that [`number`] says.
    buckets: Vector<Bucket>,
}

/// A bucket. Invariant: sorted by hash.
type Bucket = Arc<[Entry]>;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Entry {
    hash: u32,
    block: BlockId,
}

impl Index {
    /// Builds the index of keys. O(n).
    pub(super) fn new(keys: impl ExactSizeIterator<Item = (KeyHash, BlockId)> + Clone) -> Self {
        let len = keys.len();
        let count = len.div_ceil(FILL).max(1);
        // A counting sort by bucket.
        let mut ends = vec![0; count];
        keys.clone().for_each(|(hash, _)| ends[number(hash.low(), count)] += 1);
        let mut sum = 0;
        for end in &mut ends {
            sum += std::mem::replace(end, sum);
        }
        let mut entries = vec![Entry { hash: 0, block: BlockId::FIRST }; len];
        for (hash, block) in keys {
            let end = &mut ends[number(hash.low(), count)];
            entries[*end] = Entry { hash: hash.low(), block };
            *end += 1;
        }
        let starts = iter::once(0).chain(ends.iter().copied());
        let bucket = |(start, end): (usize, &usize)| {
            let entries = &mut entries[start..*end];
            entries.sort_unstable_by_key(|entry| entry.hash);
            Bucket::from(&*entries)
        };
        let buckets = starts.zip(&ends).map(bucket).collect();
        Self { len, buckets }
    }

    /// Returns the blocks that may hold a key.
    pub(super) fn blocks(&self, hash: KeyHash) -> impl Iterator<Item = BlockId> {
        let hash = hash.low();
        let bucket = self.buckets.get(number(hash, self.buckets.len()));
        let equal = bucket[search(bucket, hash)..].iter().take_while(move |entry| entry.hash == hash);
        equal.map(|entry| entry.block)
    }

    pub(super) fn insert(&mut self, hash: KeyHash, block: BlockId) {
        let entry = Entry { hash: hash.low(), block };
        let bucket = self.bucket_mut(hash);
        let (before, after) = bucket.split_at(search(bucket, entry.hash));
        *bucket = before.iter().copied().chain(iter::once(entry)).chain(after.iter().copied()).collect();
        self.len += 1;
        if self.len > self.buckets.len() * FILL {
            self.grow();
        }
    }

    pub(super) fn remove(&mut self, hash: KeyHash, block: BlockId) {
        let bucket = self.bucket_mut(hash);
        // Equal entries stand for keys with equal hashes: any of them will do.
        if let Some(at) = position(bucket, Entry { hash: hash.low(), block }) {
            *bucket = bucket[..at].iter().chain(&bucket[at + 1..]).copied().collect();
            self.len -= 1;
        }
        if self.buckets.len() > 1 && self.len < self.buckets.len() * FILL / 2 {
            self.shrink();
        }
    }

    /// Notes that a key is in another block now.
    pub(super) fn replace(&mut self, hash: KeyHash, from: BlockId, to: BlockId) {
        let bucket = self.bucket_mut(hash);
        if let Some(at) = position(bucket, Entry { hash: hash.low(), block: from }) {
            Arc::make_mut(bucket)[at].block = to;
        }
    }

    /// Splits the bucket whose turn it is.
    fn grow(&mut self) {
        let new = self.buckets.len();
        let parent = self.buckets.get_mut(parent(new));
        let mut entries = parent.to_vec();
        // A stable sort, so that both parts stay sorted by hash.
        entries.sort_by_key(|entry| number(entry.hash, new + 1));
        let (stay, go) = entries.split_at(entries.partition_point(|entry| number(entry.hash, new + 1) < new));
        *parent = stay.into();
        self.buckets.push(go.into());
    }

    /// Undoes the last split.
    fn shrink(&mut self) {
        if let Some(bucket) = self.buckets.pop() {
            let parent = self.buckets.get_mut(parent(self.buckets.len()));
            let mut entries = [&**parent, &*bucket].concat();
            entries.sort_unstable_by_key(|entry| entry.hash);
            *parent = entries.into();
        }
    }

    fn bucket_mut(&mut self, hash: KeyHash) -> &mut Bucket {
        self.buckets.get_mut(number(hash.low(), self.buckets.len()))
    }

    #[cfg(test)]
    pub(super) fn check(&self) -> Result<(), String> {
        self.buckets.check()?;
        let count = self.buckets.len();
        let mut len = 0;
        for at in 0..count {
            let bucket = self.buckets.get(at);
            len += bucket.len();
            if let Some(entry) = bucket.iter().find(|entry| number(entry.hash, count) != at) {
                return Err(format!("{entry:?} in bucket {at} of {count}"));
            }
            if !bucket.is_sorted_by_key(|entry| entry.hash) {
                return Err(format!("bucket {at} is not sorted"));
            }
        }
        if len == self.len { Ok(()) } else { Err(format!("an index of {len} keys, and not {}", self.len)) }
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.len
    }
}

/// Returns where the entries of a hash begin in a bucket, or would begin.
///
/// It counts the smaller hashes among a few around the place where the hash is when all are as far apart as on
/// average: no branch depends on memory that is seldom in the cache.
fn search(bucket: &[Entry], hash: u32) -> usize {
    const WINDOW: usize = 8;
    let guess = (u64::from(hash) * bucket.len() as u64) >> 32;
    let start = (guess as usize).saturating_sub(WINDOW / 2).min(bucket.len().saturating_sub(WINDOW));
    if let Some((window, after)) = bucket[start..].split_first_chunk::<WINDOW>() {
        let smaller: usize = window.iter().map(|entry| usize::from(entry.hash < hash)).sum();
        let is_after_start = smaller > 0 || start == 0;
        let is_before_end = smaller < WINDOW || after.is_empty();
        if is_after_start && is_before_end {
            return start + smaller;
        }
    }
    bucket.partition_point(|entry| entry.hash < hash)
}

fn position(bucket: &[Entry], entry: Entry) -> Option<usize> {
    (search(bucket, entry.hash)..bucket.len()).find(|at| bucket[*at] == entry)
}

/// Returns the bucket of a hash, of `count` buckets: its low bits, one bit less where that bucket is not there
/// yet.
fn number(hash: u32, count: usize) -> usize {
    let mask = count.next_power_of_two() - 1;
    let number = hash as usize & mask;
    if number < count { number } else { number & (mask >> 1) }
}

/// Returns the bucket that a new last one takes its keys from.
fn parent(number: usize) -> usize {
    number - (1 << number.ilog2())
}
