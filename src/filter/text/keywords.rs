//! The keywords of jq.

/// A word that is no name of a filter.
pub struct Keyword {
    /// The word.
    pub word: &'static str,
    /// Whether a term may begin with it.
    pub begins: bool,
    /// Whether it stands between terms, so that what follows it is a term of its own.
    pub separates: bool,
}

const fn keyword(word: &'static str, begins: bool, separates: bool) -> Keyword {
    Keyword { word, begins, separates }
}

/// All keywords of jq.
pub const KEYWORDS: &[Keyword] = &[
    keyword("__loc__", false, false),
    keyword("and", false, true),
    keyword("as", false, true),
    keyword("break", true, false),
    keyword("catch", false, true),
    keyword("def", true, true),
    keyword("elif", false, true),
    keyword("else", false, true),
    keyword("end", false, true),
    keyword("foreach", true, true),
    keyword("if", true, true),
    keyword("import", false, false),
    keyword("include", false, false),
    keyword("label", true, true),
    keyword("module", false, false),
    keyword("or", false, true),
    keyword("reduce", true, true),
    keyword("then", false, true),
    keyword("try", true, true),
];

/// Returns the keyword that a word is.
pub fn keyword_named(word: &str) -> Option<&'static Keyword> {
    KEYWORDS.iter().find(|keyword| keyword.word == word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keywords_are_sorted() {
        assert!(KEYWORDS.is_sorted_by_key(|keyword| keyword.word));
    }
}
