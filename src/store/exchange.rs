//! The message of one side of a check-in over a network: its clock, and what it has for the other side.
//!
//! ```text
//! exchange = length clock patch
//! length   = the bytes that the clock takes: 4 bytes, the lowest first
//! clock    = as JSON
//! patch    = as bytes; none at all is an empty one
//! ```

use thiserror::Error;

use crate::crdt::{Clock, DecodeError, DecodeReason, DocumentId, Limits, OverLimit, Patch};
use crate::value::{ParseError, Val, object, parse};

/// The media type of an [`Exchange`] as bytes.
pub const EXCHANGE_TYPE: &str = "application/vnd.rejoin.check-in";

/// The media type of a [`Patch`] as bytes.
pub const PATCH_TYPE: &str = "application/vnd.rejoin.patch";

/// The message of one side of a check-in.
#[derive(Debug, Clone, PartialEq)]
pub struct Exchange {
    /// What the sender has.
    pub clock: Clock,
    /// What the sender believes that the other side lacks.
    pub patch: Patch,
}

/// The reason why something is no [`Exchange`].
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ExchangeError {
    /// The bytes end too early.
    #[error("it ends before its clock does")]
    Cut,
    /// A text is not UTF-8.
    #[error("it is not UTF-8")]
    NotText,
    /// A text is not JSON.
    #[error(transparent)]
    NotJson(#[from] ParseError),
    /// The JSON is no object, or has no clock.
    #[error("expected an object with `clock` and `patch`")]
    NoObject,
    /// A field that nobody knows.
    #[error("unknown field `{0}`")]
    Unknown(String),
    /// The clock is none.
    #[error("clock: {0}")]
    Clock(DecodeError),
    /// The patch is none.
    #[error("patch: {0}")]
    Patch(DecodeError),
}

impl ExchangeError {
    /// Returns the limit that it is past, if that is the reason.
    pub fn over_limit(&self) -> Option<&OverLimit> {
        match self {
            Self::Clock(DecodeError { reason: DecodeReason::Limit(limit), .. })
            | Self::Patch(DecodeError { reason: DecodeReason::Limit(limit), .. }) => Some(limit),
            _ => None,
        }
    }

    /// Tells whether it is JSON of the right form, in which something stands that means nothing.
    pub fn is_of_meaning(&self) -> bool {
        use DecodeReason::{Expected, Id, Missing, Unknown};
        match self {
            Self::Clock(error) | Self::Patch(error) => {
                matches!(error.reason, Expected(_) | Id(_) | Missing(_) | Unknown(_))
            }
            _ => false,
        }
    }
}

impl Exchange {
    /// Returns the message as bytes. O(size).
    pub fn to_bytes(&self) -> Vec<u8> {
        Self::join(&self.clock.to_string(), &self.patch.to_bytes())
    }

    /// Puts together what is written already: a clock as JSON, and a patch as bytes.
    pub(crate) fn join(clock: &str, patch: &[u8]) -> Vec<u8> {
        // A clock of 4 GiB would have been refused.
        let length = u32::try_from(clock.len()).unwrap_or(u32::MAX);
        [&length.to_le_bytes(), clock.as_bytes(), patch].concat()
    }

    /// Reads what [`to_bytes`](Self::to_bytes) wrote.
    ///
    /// # Errors
    /// When the bytes are no message, or past a limit.
    pub fn from_bytes_within(
        bytes: &[u8],
        document: &DocumentId,
        limits: &Limits,
    ) -> Result<Self, ExchangeError> {
        let (length, rest) = bytes.split_first_chunk::<4>().ok_or(ExchangeError::Cut)?;
        let length = usize::try_from(u32::from_le_bytes(*length)).unwrap_or(usize::MAX);
        let (clock, patch) = rest.split_at_checked(length).ok_or(ExchangeError::Cut)?;
        let clock = std::str::from_utf8(clock).map_err(|_| ExchangeError::NotText)?;
        let clock = Clock::from_json_within(&parse(clock)?, limits).map_err(ExchangeError::Clock)?;
        let patch = match patch {
            [] => nothing(document),
            patch => Patch::from_bytes_within(patch, limits).map_err(ExchangeError::Patch)?,
        };
        Ok(Self { clock, patch })
    }

    /// Returns the message as JSON: `{"clock": …, "patch": …}`.
    pub fn to_json(&self) -> Val {
        object([("clock", self.clock.to_json()), ("patch", self.patch.to_json())])
    }

    /// Reads a message that is JSON. One without a patch has an empty one.
    ///
    /// # Errors
    /// As for [`from_bytes_within`](Self::from_bytes_within).
    pub fn from_json_within(
        text: &[u8],
        document: &DocumentId,
        limits: &Limits,
    ) -> Result<Self, ExchangeError> {
        let text = std::str::from_utf8(text).map_err(|_| ExchangeError::NotText)?;
        let value = parse(text)?;
        let fields = value.as_map().ok_or(ExchangeError::NoObject)?;
        let known = |name: &str| name == "clock" || name == "patch";
        if let Some((name, _)) = fields.iter().find(|(name, _)| !known(name)) {
            return Err(ExchangeError::Unknown(name.chars().take(40).collect()));
        }
        let clock = fields.get("clock").ok_or(ExchangeError::NoObject)?;
        let clock = Clock::from_json_within(clock, limits).map_err(ExchangeError::Clock)?;
        let patch = match fields.get("patch") {
            None => nothing(document),
            Some(patch) => Patch::from_json_within(patch, limits).map_err(ExchangeError::Patch)?,
        };
        Ok(Self { clock, patch })
    }
}

/// Makes a patch without changes.
pub(crate) fn nothing(document: &DocumentId) -> Patch {
    Patch::new(document.clone(), [])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crdt::{Actor, ConvergentRef};

    fn sample() -> (DocumentId, Exchange) {
        let document = DocumentId::new("d").unwrap();
        let value = parse(r#"{"n": 1}"#).unwrap();
        let ann = ConvergentRef::with_value(document.clone(), Actor::new("ann").unwrap(), value).unwrap();
        let patch = ann.patch_from_clock(&Clock::new());
        (document, Exchange { clock: ann.clock().clone(), patch })
    }

    #[test]
    fn a_message_is_read_back_from_both_forms() {
        let (document, message) = sample();
        let limits = Limits::default();
        let bytes = message.to_bytes();
        assert_eq!(Exchange::from_bytes_within(&bytes, &document, &limits), Ok(message.clone()));
        let json = message.to_json().to_string();
        assert_eq!(Exchange::from_json_within(json.as_bytes(), &document, &limits), Ok(message));
    }

    #[test]
    fn a_message_that_is_cut_anywhere_is_an_error_or_has_no_patch() {
        let (document, message) = sample();
        let bytes = message.to_bytes();
        for end in 0..bytes.len() {
            let read = Exchange::from_bytes_within(&bytes[..end], &document, &Limits::default());
            assert!(read.is_err() || read.is_ok_and(|read| read.patch.is_empty()), "{end}");
        }
    }
}
