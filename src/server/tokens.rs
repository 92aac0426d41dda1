//! Tokens: who may ask.

use std::fmt;

use subtle::ConstantTimeEq;

/// The tokens that open a server. How long it takes to compare one tells nothing but its length.
#[derive(Clone, Default)]
pub struct Tokens(Vec<String>);

/// Without the tokens.
impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Tokens({})", self.0.len())
    }
}

impl Tokens {
    /// Reads a list of tokens, one a line; lines that are empty or begin with `#` are none.
    pub fn parse(text: &str) -> Self {
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
        Self(lines.map(str::to_owned).collect())
    }

    /// Tells whether there are none: the server is open.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Tells whether a request with this `Authorization` may ask.
    pub(super) fn admit(&self, authorization: Option<&[u8]>) -> bool {
        if self.is_empty() {
            return true;
        }
        let Some(given) = authorization.and_then(bearer) else { return false };
        // Every token is compared, also behind the one that fits.
        let fits = self.0.iter().map(|token| token.as_bytes().ct_eq(given));
        fits.fold(subtle::Choice::from(0), |all, one| all | one).into()
    }
}

fn bearer(authorization: &[u8]) -> Option<&[u8]> {
    let (scheme, token) = authorization.split_at_checked("bearer ".len())?;
    scheme.eq_ignore_ascii_case(b"bearer ").then(|| token.trim_ascii())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_admitted_by_any_of_the_tokens_and_by_nothing_else() {
        let tokens = Tokens::parse("# ann's\nabc\n\n  defg  \n");
        for (given, admitted) in [
            (Some("Bearer abc"), true),
            (Some("bearer defg"), true),
            (Some("Bearer abcd"), false),
            (Some("Bearer "), false),
            (Some("Bearer # ann's"), false),
            (Some("Basic abc"), false),
            (Some(""), false),
            (None, false),
        ] {
            assert_eq!(tokens.admit(given.map(str::as_bytes)), admitted, "{given:?}");
        }
        assert!(Tokens::default().admit(None));
        assert_eq!(format!("{tokens:?}"), "Tokens(2)");
    }
}
