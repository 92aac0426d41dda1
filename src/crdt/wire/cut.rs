//! Cuts of packed changes where a replica has some of those under one header, and not the others.

use super::{Corrupt, Head, Reader, Wire};
use crate::cancellation::ask;

impl Wire {
    /// Returns the same changes with another header behind what a replica has of them, whose last counters of each
    /// actor are given; `None` when that is the case already. O(size).
    pub(in crate::crdt) fn cut(&self, last: &[u64]) -> Result<Option<Self>, Corrupt> {
        let mut writer = self.writer();
        let mut reader = Reader::new(self)?;
        let mut was_cut = false;
        while let Some(head) = reader.head()? {
            let Some((count, [before, after])) = cut(&head, last[head.actor as usize]) else {
                reader.copy(&head, &mut writer)?;
                continue;
            };
            was_cut = true;
            writer.head(head.actor, head.first, head.previous, &head.deps, &before);
            let mut at = 0;
            while let Some(row) = reader.row()? {
                ask();
                let mut rest = Some(row);
                while let Some(row) = rest.take() {
                    if at == count {
                        let first = head.first + count;
                        writer.head(head.actor, first, first - 1, &[], &after);
                    }
                    let left = if at < count { count - at } else { u64::MAX };
                    let left = u32::try_from(left).unwrap_or(u32::MAX);
                    let id = super::WireId { actor: head.actor, counter: head.first + at };
                    let (now, later) = row.split(id, left);
                    at += u64::from(now.count());
                    writer.row(&now);
                    rest = later;
                }
            }
        }
        Ok(was_cut.then(|| writer.finish()))
    }
}

/// Lengths of changes, and of how many in a row.
type Lengths = Vec<(u64, u64)>;

/// Returns the number of ops up to a counter in the middle of the changes under a header, at which one of them ends,
/// and the lengths of the changes on either side.
fn cut(head: &Head, last: u64) -> Option<(u64, [Lengths; 2])> {
    let count = (last + 1).checked_sub(head.first).filter(|count| (1..head.ops).contains(count))?;
    let (mut before, mut after) = (Vec::new(), Vec::new());
    let mut left = count;
    for &(length, times) in &head.lengths {
        let taken = times.min(left / length);
        left -= taken * length;
        if taken > 0 {
            before.push((length, taken));
        }
        if taken < times {
            after.push((length, times - taken));
            if left > 0 {
                return None;
            }
        }
    }
    Some((count, [before, after]))
}
