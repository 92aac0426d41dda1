//! Spelling: which of the words that are known was meant by one that is not.

/// Finds the known word that is nearest to `word`, if one is near: it differs in no more than a third of the letters,
/// or begins with the word. Of words that are equally near it is the first. Upper and lower case are the same.
pub fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    /// The number of letters that say enough of how a word begins.
    const START: usize = 3;
    let word = word.to_lowercase();
    let letters = word.chars().count();
    // Among many short words one is always near.
    let most = letters / 3;
    let distance = |known: &str| {
        let known = known.to_lowercase();
        let distance = strsim::damerau_levenshtein(&word, &known);
        let begins = letters >= START && known.starts_with(&word);
        (begins || distance <= most && distance < known.chars().count()).then_some(distance.min(most))
    };
    let near = known.into_iter().filter_map(|known| Some((distance(known)?, known)));
    let best = near.reduce(|best, next| if next.0 < best.0 { next } else { best });
    best.map(|(_, known)| known)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_word_is_found_if_one_is_near() {
        let known = ["swap", "reset", "origin", "conflicts", "length", "first", "if"];
        let rows = [
            ("swop", Some("swap")),
            ("SWAP", Some("swap")),
            ("orign", Some("origin")),
            ("lenght", Some("length")),
            ("frist", Some("first")),
            ("conf", Some("conflicts")),
            ("rest", Some("reset")),
            ("co", None),
            ("nope", None),
            ("xf", None),
            ("", None),
        ];
        for (word, expected) in rows {
            assert_eq!(nearest(word, known), expected, "{word}");
        }
        assert_eq!(nearest("maps", ["mops", "mapa"]), Some("mops"));
    }
}
