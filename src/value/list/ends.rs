//! Ends that two lists share.

use std::sync::Arc;

use super::tree::Node;

/// An end of a list.
#[derive(Clone, Copy)]
pub(super) enum End {
    Head,
    Tail,
}

/// Counts how many items two trees share at an end, as far as their nodes stand side by side from there on: there may
/// be more. O(log n).
pub(super) fn shared(old: &Arc<Node>, new: &Arc<Node>, end: End) -> usize {
    shared_below((old, old.height()), (new, new.height()), end)
}

fn shared_below(
    (old, old_height): (&Arc<Node>, usize),
    (new, new_height): (&Arc<Node>, usize),
    end: End,
) -> usize {
    if Arc::ptr_eq(old, new) {
        return old.len();
    }
    let mut count = 0;
    match (&**old, &**new) {
        (Node::Leaf(old), Node::Leaf(new)) => {
            let shared = |at: &usize| end.of(old, *at).is_shared(end.of(new, *at));
            return (0..old.len().min(new.len())).take_while(shared).count();
        }
        (Node::Inner(olds), Node::Inner(news)) if old_height == new_height => {
            for at in 0..olds.len().min(news.len()) {
                let (old, new) = (&end.of(olds, at).node, &end.of(news, at).node);
                let shared = shared_below((old, old_height - 1), (new, new_height - 1), end);
                count += shared;
                if shared < old.len() || shared < new.len() {
                    break;
                }
            }
        }
        (Node::Inner(olds), _) if old_height > new_height => {
            return shared_below((&end.of(olds, 0).node, old_height - 1), (new, new_height), end);
        }
        (_, Node::Inner(news)) => {
            return shared_below((old, old_height), (&end.of(news, 0).node, new_height - 1), end);
        }
        (Node::Inner(_), Node::Leaf(_)) => {}
    }
    count
}

impl End {
    /// Returns, of some parts, the one of a number, counted from the end.
    fn of<T>(self, parts: &[T], at: usize) -> &T {
        match self {
            Self::Head => &parts[at],
            Self::Tail => &parts[parts.len() - 1 - at],
        }
    }
}
