//! Room for what is kept for good: where it is full it grows by an eighth, while vectors double.

/// Makes room for so many more items.
pub(super) fn make<T>(items: &mut Vec<T>, more: usize) {
    if items.capacity() - items.len() < more {
        items.reserve_exact((items.len() / 8).max(more).max(4));
    }
}

/// Adds an item. O(1) amortised.
pub(super) fn push<T>(items: &mut Vec<T>, item: T) {
    make(items, 1);
    items.push(item);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn little_room_is_left_and_few_are_copied() {
        let mut items = Vec::new();
        let mut copied = 0;
        for item in 0..100_000_u32 {
            let before = items.capacity();
            push(&mut items, item);
            copied += if items.capacity() > before { items.len() } else { 0 };
        }
        assert!(items.capacity() < 113_000, "{}", items.capacity());
        assert!(copied < 1_000_000, "{copied}");
    }
}
