//! Tags of keys: a byte of the hash of each, by which a key is found among a few.

use super::Key;

/// The number of tags that are compared at a time.
const WIDTH: usize = 16;

/// Finds a key, given the tags of all keys: compares tags first, then by pointer, then by length and bytes.
pub(super) fn find<const N: usize>(tags: &[u8; N], keys: &[Key], tag: u8, key: &str) -> Option<usize> {
    const { assert!(N.is_multiple_of(WIDTH)) };
    const ONES: u128 = u128::from_le_bytes([1; WIDTH]);
    for (start, chunk) in (0..keys.len()).step_by(WIDTH).zip(tags.chunks_exact(WIDTH)) {
        let chunk = chunk.try_into().expect("as many tags");
        let difference = u128::from_le_bytes(chunk) ^ (ONES * u128::from(tag));
        // The high bit of each byte that is zero, and of some more above one that is.
        let mut zeros = difference.wrapping_sub(ONES) & !difference & (ONES << 7);
        while zeros != 0 {
            let at = start + zeros.trailing_zeros() as usize / 8;
            if keys.get(at).is_some_and(|found| is_equal(found, key)) {
                return Some(at);
            }
            zeros &= zeros - 1;
        }
    }
    None
}

/// Compares the pointers first: the text of the key need not be in the cache for that.
fn is_equal(found: &str, key: &str) -> bool {
    (found.as_ptr() == key.as_ptr() && found.len() == key.len()) || found == key
}

/// Puts a tag between others.
pub(super) fn insert<const N: usize>(tags: &mut [u8; N], at: usize, tag: u8) {
    tags.copy_within(at..N - 1, at + 1);
    tags[at] = tag;
}

/// Takes a tag out.
pub(super) fn remove<const N: usize>(tags: &mut [u8; N], at: usize) {
    tags.copy_within(at + 1.., at);
    tags[N - 1] = 0;
}
