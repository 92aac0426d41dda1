//! Similar lines: which line of a report an expectation was probably meant for.

/// Chooses for each old line a new one, in their order, so that as many as can be get one, and together they are as
/// similar as can be. O(old × new); of very many the first ones.
pub(super) fn most_similar<'n>(old: &[&str], new: &'n [String]) -> Vec<Option<&'n String>> {
    if old.len().saturating_mul(new.len()) > 1 << 20 {
        return (0..old.len()).map(|at| new.get(at)).collect();
    }
    // A pair counts more than any similarity.
    let pair = |old: &str, new: &str| (1 << 20) + similarity(old, new);
    let mut best = vec![vec![0; new.len() + 1]; old.len() + 1];
    for o in (0..old.len()).rev() {
        for n in (0..new.len()).rev() {
            let together = best[o + 1][n + 1] + pair(old[o], &new[n]);
            best[o][n] = together.max(best[o + 1][n]).max(best[o][n + 1]);
        }
    }
    let mut n = 0;
    let choice = (0..old.len()).map(|o| {
        while n < new.len() && best[o][n] == best[o][n + 1] {
            n += 1;
        }
        let chosen = n < new.len() && best[o][n] == best[o + 1][n + 1] + pair(old[o], &new[n]);
        n += usize::from(chosen);
        chosen.then(|| &new[n - 1])
    });
    choice.collect()
}

/// Counts the characters that two lines have in common at their beginning and at their end.
fn similarity(a: &str, b: &str) -> usize {
    let front = a.chars().zip(b.chars()).take_while(|(a, b)| a == b).count();
    let back = a.chars().rev().zip(b.chars().rev()).take_while(|(a, b)| a == b).count();
    front + back
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_line_gets_the_most_similar_one_in_order() {
        let new = ["+ .x 1", "+ .y 2", "+ .z 3"].map(str::to_owned);
        let rows: [(&[&str], &[Option<usize>]); 6] = [
            (&[], &[]),
            (&["+ .y 1"], &[Some(1)]),
            (&["+ .y 1", "+ .x 1"], &[Some(1), Some(2)]),
            (&["+ .x 7", "+ .z 7"], &[Some(0), Some(2)]),
            (&["a", "b", "c"], &[Some(0), Some(1), Some(2)]),
            (&["+ .x 1", "+ .y", "- .q", "+ .z 9"], &[Some(0), Some(1), None, Some(2)]),
        ];
        for (old, chosen) in rows {
            let wanted: Vec<Option<&String>> = chosen.iter().map(|at| at.map(|at| &new[at])).collect();
            assert_eq!(most_similar(old, &new), wanted, "{old:?}");
        }
    }
}
