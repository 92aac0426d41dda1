//! Problems: what a request that cannot be answered gets (RFC 9457).

use axum::http::header::{ACCEPT_ENCODING, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};

use crate::crdt::{Clock, MergeError, OverLimit};
use crate::store::{ExchangeError, StoreError};
use crate::value::{Val, object, string};

/// The media type of a problem.
const TYPE: &str = "application/problem+json";

/// A kind of problems: its status, the end of its `type`, and its title.
pub(super) struct Kind(StatusCode, &'static str, &'static str);

/// All kinds.
pub(super) const MALFORMED: Kind = Kind(StatusCode::BAD_REQUEST, "malformed", "The request is malformed");
pub(super) const UNAUTHORIZED: Kind =
    Kind(StatusCode::UNAUTHORIZED, "unauthorized", "A token of this server is needed");
pub(super) const READ_ONLY: Kind = Kind(StatusCode::FORBIDDEN, "read-only", "The server is read-only");
pub(super) const NOT_FOUND: Kind = Kind(StatusCode::NOT_FOUND, "not-found", "Nothing is here");
pub(super) const METHOD: Kind =
    Kind(StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed", "The method is not allowed here");
pub(super) const NOT_ACCEPTABLE: Kind =
    Kind(StatusCode::NOT_ACCEPTABLE, "not-acceptable", "There is no such form of it");
pub(super) const TIMEOUT: Kind = Kind(StatusCode::REQUEST_TIMEOUT, "timeout", "The request took too long");
pub(super) const LACKS: Kind =
    Kind(StatusCode::CONFLICT, "lacks", "The server lacks something on which the patch builds");
pub(super) const TWO_WRITERS: Kind =
    Kind(StatusCode::CONFLICT, "two-writers", "Two replicas write under one actor");
pub(super) const TOO_LARGE: Kind =
    Kind(StatusCode::PAYLOAD_TOO_LARGE, "too-large", "The request is too large");
pub(super) const MEDIA_TYPE: Kind =
    Kind(StatusCode::UNSUPPORTED_MEDIA_TYPE, "media-type", "The body is in a form that is not read");
pub(super) const REFUSED: Kind =
    Kind(StatusCode::UNPROCESSABLE_ENTITY, "refused", "The patch cannot be taken");
pub(super) const INTERNAL: Kind =
    Kind(StatusCode::INTERNAL_SERVER_ERROR, "internal", "Something went wrong in the server");
pub(super) const BUSY: Kind = Kind(StatusCode::SERVICE_UNAVAILABLE, "busy", "The server is busy");
pub(super) const STORE: Kind =
    Kind(StatusCode::SERVICE_UNAVAILABLE, "store", "The store of the server cannot be used");

/// A request that cannot be answered, and why.
#[derive(Debug, Clone)]
pub(super) struct Problem {
    status: StatusCode,
    kind: &'static str,
    title: &'static str,
    detail: String,
    clock: Option<Clock>,
}

impl Kind {
    /// Makes a problem of this kind.
    pub(super) fn because(self, detail: impl ToString) -> Problem {
        let Self(status, kind, title) = self;
        Problem { status, kind, title, detail: detail.to_string(), clock: None }
    }
}

impl Problem {
    /// Adds the clock of the server, from which the client can go on.
    pub(super) fn with_clock(self, clock: Clock) -> Self {
        Self { clock: Some(clock), ..self }
    }

    /// Makes the problem of a merge that was refused.
    pub(super) fn of_merge(error: &MergeError) -> Self {
        match error {
            MergeError::Equivocation { .. } | MergeError::OtherBase { .. } => TWO_WRITERS.because(error),
            MergeError::TooLarge { missing, .. } if missing.is_empty() => TOO_LARGE.because(error),
            MergeError::TooLarge { missing, .. } => {
                let shown: Vec<_> = missing.iter().take(4).map(ToString::to_string).collect();
                let more = missing.len() - shown.len();
                let more = if more > 0 { format!(" and {more} more") } else { String::new() };
                LACKS.because(format!("{}{more}: send what has come since `clock`", shown.join(", ")))
            }
            _ => REFUSED.because(error),
        }
    }

    /// Makes the problem of a store that cannot be used.
    pub(super) fn of_store(error: &StoreError) -> Self {
        match error {
            StoreError::Damaged { .. } | StoreError::Misnamed { .. } | StoreError::Lacks { .. } => {
                INTERNAL.because("something in the store cannot be read")
            }
            // Where the store is, is nobody's business.
            StoreError::Merge { error, .. } => {
                STORE.because(format!("another server wrote at the same time; try again ({error})"))
            }
            StoreError::Restless(_) => STORE.because("others write all the time; try again"),
            _ => STORE.because("it cannot be reached; try again"),
        }
    }

    fn to_json(&self) -> Val {
        let mut fields = vec![
            ("type", string(format!("urn:rejoin:problem:{}", self.kind))),
            ("title", string(self.title)),
            ("status", u64::from(self.status.as_u16()).into()),
            ("detail", string(self.detail.as_str())),
        ];
        fields.extend(self.clock.as_ref().map(|clock| ("clock", clock.to_json())));
        object(fields)
    }
}

impl From<&ExchangeError> for Problem {
    fn from(error: &ExchangeError) -> Self {
        match error.over_limit() {
            Some(OverLimit::Memory { .. } | OverLimit::Ops { .. } | OverLimit::Changes { .. }) => {
                TOO_LARGE.because(error)
            }
            None if error.is_of_meaning() => REFUSED.because(error),
            None => MALFORMED.because(error),
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let header: Option<(HeaderName, &str)> = match self.status {
            StatusCode::UNAUTHORIZED => Some((WWW_AUTHENTICATE, "Bearer")),
            StatusCode::SERVICE_UNAVAILABLE => Some((RETRY_AFTER, "1")),
            StatusCode::UNSUPPORTED_MEDIA_TYPE => Some((ACCEPT_ENCODING, "gzip, zstd")),
            _ => None,
        };
        let content = [(CONTENT_TYPE, HeaderValue::from_static(TYPE))];
        let mut response = (self.status, content, self.to_json().to_string()).into_response();
        if let Some((name, value)) = header {
            let value = HeaderValue::from_str(value).expect("it is plain");
            response.headers_mut().insert(name, value);
        }
        response
    }
}
