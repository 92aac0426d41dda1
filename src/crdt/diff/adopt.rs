//! Adoption: parts of the new value that are taken as they are, instead of being read again once the ops are applied.
//!
//! A map or list that was edited reads as what stands for it in the new value, if nothing in that gets an identity or
//! another form when it is written, or another place among the keys.

use crate::cancellation::ask;
use smallvec::{SmallVec, smallvec};

use super::discover::{Discovery, Evidence, Occurrence, Occurs, Part};
use super::emit::Emitter;
use crate::value::Val;

impl Emitter<'_> {
    /// Finds out which occurrences may be taken, before anything is written: what may not be is let go of, so that
    /// what was built in it can be taken apart.
    pub(super) fn find_adoptable(&mut self) {
        if self.tree.is_contested() {
            return;
        }
        // Those inside come later.
        for at in (0..self.discovery.occurs.len()).rev() {
            ask();
            self.discovery.occurs[at].adoptable = self.is_adoptable(at);
        }
    }

    fn is_adoptable(&self, at: Occurrence) -> bool {
        let Discovery { occurs, parts, .. } = &self.discovery;
        let Occurs { thing: Some(thing), part, evidence, .. } = &occurs[at] else { return false };
        let (Some(new), made) = (&parts[*part].new, self.tree.lv(*thing)) else { return false };
        if !new.is_container() {
            // A text as it is kept.
            let is_text = new.as_str().is_some() && !new.is_mutable();
            return is_text && new.identity() == Some(&self.history.authors.identity(made));
        }
        // What is cut off is not kept.
        let Some(old) = self.tree.kept(*thing) else { return false };
        let in_order = match (old.as_map(), new.as_map()) {
            (Some(old), Some(new)) => new.has_keys_of(old),
            _ => new.as_list().is_some(),
        };
        let may = |part: &Part| match part.occurrence {
            Some(inside) => occurs[inside].adoptable && occurs[inside].evidence == Evidence::Identity,
            None => part.new.as_ref().is_none_or(Val::is_simple),
        };
        // What comes from outside and is equal holds no identities.
        *evidence != Evidence::Equal && in_order && parts[occurs[at].parts.clone()].iter().all(may)
    }

    /// Takes the values of things that were edited, and of what they hold: the value of what holds a thing has that
    /// of the thing in it, and no other copy.
    pub(super) fn adopt(&mut self) {
        let Discovery { occurs, parts, .. } = &mut self.discovery;
        // Whether ops were written in each, or in something inside of it.
        let mut edited: SmallVec<[bool; 8]> = smallvec![false; occurs.len()];
        for at in (0..occurs.len()).rev() {
            let mut adoptable = occurs[at].adoptable && occurs[at].entered;
            for part in &parts[occurs[at].parts.clone()] {
                let inside = part.occurrence;
                adoptable &= inside.is_none_or(|inside| occurs[inside].adoptable);
                edited[at] |= inside.is_none_or(|inside| edited[inside] || !occurs[inside].own_slot);
            }
            occurs[at].adoptable = adoptable;
            // Of a text there are no parts; one that is the same is no part either.
            edited[at] |= !parts[occurs[at].part].new.as_ref().is_some_and(Val::is_container);
        }
        let mut taken: SmallVec<[bool; 8]> = smallvec![false; occurs.len()];
        for (at, occurs) in occurs.iter().enumerate() {
            ask();
            let Occurs { thing: Some(thing), part, parent, adoptable: true, .. } = *occurs else { continue };
            let new = &mut parts[part].new;
            if new.as_ref().is_some_and(Val::is_container)
                && (edited[at] || parent.is_some_and(|up| taken[up]))
            {
                taken[at] = true;
                let (made, new) = (self.tree.lv(thing), new.take().unwrap_or_default());
                // What was built in the stead of a thing is that thing.
                let identity = self.history.authors.identity(made);
                self.known.push((made, new.with_identity(Some(identity))));
            }
        }
    }
}
