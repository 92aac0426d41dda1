//! Bodies of requests: they come within a time, a length and a budget, and are unpacked within a length.

use std::borrow::Cow;
use std::io::Read;

use axum::body::{Body, BodyDataStream};
use axum::http::HeaderMap;
use axum::http::header::{CONTENT_ENCODING, CONTENT_LENGTH};
use flate2::read::MultiGzDecoder;
use futures_util::StreamExt;
use tokio::time::{Duration, timeout};

use super::budget::{Budget, Share};
use super::form;
use super::options::Options;
use super::problem::{BUSY, MALFORMED, MEDIA_TYPE, Problem, TIMEOUT, TOO_LARGE};

/// The maximum window of what is packed with zstd, in bits: what it takes to unpack it.
const WINDOW: u32 = 23;

/// The time for which a body is read that is refused.
const DISCARDING: Duration = Duration::from_secs(1);

/// The packing of a body.
#[derive(Debug, Clone, Copy)]
enum Packing {
    None,
    Gzip,
    Zstd,
}

/// The body of a request, as it came.
#[derive(Debug)]
pub(super) struct Received {
    bytes: Vec<u8>,
    packing: Packing,
    #[expect(dead_code, reason = "what counts is when it goes")]
    share: Share,
}

/// Receives a body. One that is refused is read to its end all the same, as far as that does not take too long: else its
/// client would be cut off while it sends, and not learn why.
pub(super) async fn receive(
    headers: &HeaderMap,
    body: Body,
    options: &Options,
    budget: &Budget,
) -> Result<Received, Problem> {
    let mut chunks = body.into_data_stream();
    let received = match packing(headers) {
        Ok(packing) => {
            let receiving = gather(headers, &mut chunks, options.max_body, budget);
            let gathered = timeout(options.request_time, receiving).await;
            let gathered = gathered.unwrap_or_else(|_| Err(TIMEOUT.because("the body did not come in time")));
            gathered.map(|(bytes, share)| Received { bytes, packing, share })
        }
        Err(problem) => Err(problem),
    };
    if received.is_err() {
        discard(&mut chunks, options.max_body).await;
    }
    received
}

async fn gather(
    headers: &HeaderMap,
    chunks: &mut BodyDataStream,
    most: usize,
    budget: &Budget,
) -> Result<(Vec<u8>, Share), Problem> {
    let told = form::text(headers, CONTENT_LENGTH).and_then(|text| text.parse::<u64>().ok());
    if told.is_some_and(|told| told > most as u64) {
        return Err(too_large(most));
    }
    let (mut bytes, mut share) = (Vec::new(), budget.take(0).ok_or_else(busy)?);
    // Many chunks are small, and are counted together.
    let mut counted = 0;
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|_| MALFORMED.because("the body ended too early"))?;
        let length = bytes.len() + chunk.len();
        if length > most {
            return Err(too_large(most));
        }
        if length > counted {
            let more = (length - counted).max(4 << 10);
            share.add(budget.take(more).ok_or_else(busy)?);
            counted += more;
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok((bytes, share))
}

/// Reads what nobody wants, up to so many bytes, and not for long.
async fn discard(chunks: &mut BodyDataStream, most: usize) {
    let discarding = async {
        let mut length = 0;
        while let Some(Ok(chunk)) = chunks.next().await
            && length < most
        {
            length += chunk.len();
        }
    };
    // In time or not, it was tried.
    let _ = timeout(DISCARDING, discarding).await;
}

impl Received {
    /// Unpacks the body, up to so many bytes.
    pub(super) fn unpacked(&self, most: usize) -> Result<Cow<'_, [u8]>, Problem> {
        match self.packing {
            Packing::None => Ok(Cow::Borrowed(&self.bytes)),
            Packing::Gzip => within(MultiGzDecoder::new(&*self.bytes), most),
            Packing::Zstd => {
                let decoder = zstd::stream::read::Decoder::with_buffer(&*self.bytes);
                let mut decoder = decoder.map_err(damaged)?;
                decoder.window_log_max(WINDOW).map_err(damaged)?;
                within(decoder, most)
            }
        }
    }
}

fn within<'b>(reader: impl Read, most: usize) -> Result<Cow<'b, [u8]>, Problem> {
    let mut bytes = Vec::new();
    reader.take(most as u64 + 1).read_to_end(&mut bytes).map_err(damaged)?;
    if bytes.len() > most { Err(too_large(most)) } else { Ok(Cow::Owned(bytes)) }
}

fn packing(headers: &HeaderMap) -> Result<Packing, Problem> {
    match form::text(headers, CONTENT_ENCODING).map(|text| text.trim().to_ascii_lowercase()).as_deref() {
        None | Some("" | "identity") => Ok(Packing::None),
        Some("gzip" | "x-gzip") => Ok(Packing::Gzip),
        Some("zstd") => Ok(Packing::Zstd),
        Some(_) => Err(MEDIA_TYPE.because("a body is packed with gzip or zstd, or not at all")),
    }
}

fn too_large(most: usize) -> Problem {
    TOO_LARGE.because(format!("the limit is {most} bytes, also once it is unpacked"))
}

fn busy() -> Problem {
    BUSY.because("too much is on its way here; try again")
}

fn damaged(error: std::io::Error) -> Problem {
    MALFORMED.because(format!("the body cannot be unpacked: {error}"))
}
