//! Digests of packed changes: the same as those of the history.

use super::{Corrupt, Head, Reader, Wire, WireNames};
use crate::cancellation::ask;
use crate::crdt::Change;
use crate::crdt::history::{Digest, Digester, Names};

/// Makes the digest of a change, without what its actor had seen. It must be well formed.
pub(in crate::crdt) fn digest_alone(change: &Change) -> Result<Digest, Corrupt> {
    let wire = Wire::of(&[], std::iter::once(change));
    let mut reader = Reader::new(&wire)?;
    let head = reader.head()?.ok_or(Corrupt)?;
    let mut made = None;
    digest_head(&head, &mut reader, &WireNames::new(&wire), |_, digest| made = Some(digest))?;
    made.ok_or(Corrupt)
}

/// Makes the digests of the changes under a header, whose rows are read. `done` takes the last counter of each.
pub(in crate::crdt) fn digest_head(
    head: &Head,
    reader: &mut Reader<'_>,
    names: &WireNames<'_>,
    done: impl FnMut(u64, Digest),
) -> Result<(), Corrupt> {
    let deps = head.deps.iter().map(|dep| names.id(*dep));
    let actor = names.hash(head.actor);
    let mut digester = Digester::new(actor, head.first, head.previous, deps, done);
    let begins = head.beginnings();
    let mut at = 0;
    while let Some(row) = reader.row()? {
        ask();
        let starts = |op: u32| begins(at + u64::from(op));
        if starts(0) && at > 0 {
            digester.next_change();
        }
        digester.row(&row, names, starts);
        at += u64::from(row.count());
    }
    digester.finish();
    Ok(())
}
