//! Forms: in which of them a request comes, and in which the answer goes.

use axum::http::header::{ACCEPT, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderName};

use super::problem::{MEDIA_TYPE, NOT_ACCEPTABLE, Problem};
use crate::store::EXCHANGE_TYPE;

/// The media type of JSON.
pub(super) const JSON_TYPE: &str = "application/json";

/// A form of a request or an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// The one for programs.
    Binary,
    /// The one for people.
    Json,
}

/// Returns the form of a check-in that comes. Without a word about it, it is the binary one.
pub(super) fn of_body(headers: &HeaderMap) -> Result<Form, Problem> {
    let Some(value) = text(headers, CONTENT_TYPE) else { return Ok(Form::Binary) };
    let essence = value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    match &*essence {
        EXCHANGE_TYPE => Ok(Form::Binary),
        JSON_TYPE => Ok(Form::Json),
        _ => Err(MEDIA_TYPE.because(format!("a check-in comes as {EXCHANGE_TYPE} or as {JSON_TYPE}"))),
    }
}

/// Returns the form in which the answer goes, where the binary one has this media type.
pub(super) fn of_answer(headers: &HeaderMap, binary: &str) -> Result<Form, Problem> {
    match accepts(headers, &[binary, JSON_TYPE])? {
        0 => Ok(Form::Binary),
        _ => Ok(Form::Json),
    }
}

/// Verifies that the only form there is will do.
pub(super) fn is_only(headers: &HeaderMap, media_type: &str) -> Result<(), Problem> {
    accepts(headers, &[media_type]).map(drop)
}

/// Returns the place of the media type that is liked most: of equals the one that is named more exactly, then the first.
fn accepts(headers: &HeaderMap, offered: &[&str]) -> Result<usize, Problem> {
    let accept: Vec<&str> = headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok()).collect();
    if accept.is_empty() {
        return Ok(0);
    }
    let mut best = None;
    for (at, offer) in offered.iter().enumerate() {
        let rank = accept.iter().flat_map(|value| value.split(',')).filter_map(|range| rank(range, offer));
        // What names the type most exactly counts.
        let (exactness, quality) = rank.max_by_key(|(exactness, _)| *exactness).unwrap_or((0, 0));
        if quality > 0 && best.is_none_or(|(than, _)| (quality, exactness) > than) {
            best = Some(((quality, exactness), at));
        }
    }
    let none = || NOT_ACCEPTABLE.because(format!("it comes as {}", offered.join(" or as ")));
    best.map(|(_, at)| at).ok_or_else(none)
}

/// Returns how exactly a range names a media type, if it does, and how much that is liked, in thousandths.
fn rank(range: &str, media_type: &str) -> Option<(u8, u16)> {
    let mut parts = range.split(';').map(str::trim);
    let essence = parts.next()?.to_ascii_lowercase();
    let family = media_type.split('/').next()?;
    let exactness = match essence.split_once('/')? {
        ("*", "*") => 1,
        (of, "*") if of == family => 2,
        _ if essence == media_type => 3,
        _ => return None,
    };
    let quality = parts.find_map(|part| part.strip_prefix("q=").or_else(|| part.strip_prefix("Q=")));
    let quality = quality.map_or(Some(1.0), |quality| quality.trim().parse::<f32>().ok())?;
    Some((exactness, (quality.clamp(0.0, 1.0) * 1000.0) as u16))
}

/// Returns a header that is text.
pub(super) fn text(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    headers.get(name).map(|value| value.to_str().unwrap_or("?"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::PATCH_TYPE;

    #[test]
    fn the_form_that_is_liked_most_is_chosen() {
        for (accept, form) in [
            (None, Some(Form::Binary)),
            (Some("*/*"), Some(Form::Binary)),
            (Some("application/json"), Some(Form::Json)),
            (Some("Application/JSON; charset=utf-8"), Some(Form::Json)),
            (Some("application/json, text/plain, */*"), Some(Form::Json)),
            (Some("application/*;q=0.5, application/json;q=0.4"), Some(Form::Binary)),
            (Some("application/vnd.rejoin.patch;q=0.1, application/json"), Some(Form::Json)),
            (Some("application/vnd.rejoin.patch, application/json"), Some(Form::Binary)),
            (Some("text/html"), None),
            (Some("application/json;q=0"), None),
            (Some("*/*, application/vnd.rejoin.patch;q=0"), Some(Form::Json)),
            (Some("nonsense"), None),
        ] {
            let mut headers = HeaderMap::new();
            headers.extend(accept.map(|accept| (ACCEPT, accept.parse().unwrap())));
            assert_eq!(of_answer(&headers, PATCH_TYPE).ok(), form, "{accept:?}");
        }
    }

    #[test]
    fn a_body_is_read_as_its_type_says() {
        for (content, form) in [
            (None, Some(Form::Binary)),
            (Some("application/json; charset=utf-8"), Some(Form::Json)),
            (Some("application/vnd.rejoin.check-in"), Some(Form::Binary)),
            (Some("application/x-www-form-urlencoded"), None),
        ] {
            let mut headers = HeaderMap::new();
            headers.extend(content.map(|content| (CONTENT_TYPE, content.parse().unwrap())));
            assert_eq!(of_body(&headers).ok(), form, "{content:?}");
        }
    }
}
