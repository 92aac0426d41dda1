//! Streams of what is new in a document: server-sent events.

use std::convert::Infallible;
use std::sync::PoisonError;

use axum::response::Sse;
use axum::response::sse::{Event, KeepAlive};
use futures_util::{Stream, StreamExt, stream};
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::watch;

use super::batch::News;
use super::documents::Following;

/// Makes the stream of somebody who follows a document; it ends with the server.
pub(super) fn stream(
    following: Following,
    mut end: watch::Receiver<bool>,
) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let Following { first, news, latest } = following;
    let later = stream::unfold((news, latest), |(mut news, latest)| async move {
        let event = match news.recv().await {
            Ok(news) => event(&news),
            Err(RecvError::Closed) => return None,
            Err(RecvError::Lagged(_)) => {
                // What is still there lacks what was missed: the client asks for all of it.
                news = news.resubscribe();
                let clock = latest.lock().unwrap_or_else(PoisonError::into_inner).clone();
                event(&News { clock, patch: None })
            }
        };
        Some((event, (news, latest)))
    });
    let ended = async move {
        // Who could tell is gone: the server too.
        let _ = end.wait_for(|has_ended| *has_ended).await;
    };
    let events = stream::iter([event(&first)]).chain(later).take_until(ended);
    Sse::new(events.map(Ok)).keep_alive(KeepAlive::default())
}

fn event(news: &News) -> Event {
    let clock = &news.clock;
    match &news.patch {
        Some(patch) => {
            Event::default().event("patch").data(format!(r#"{{"clock":{clock},"patch":{patch}}}"#))
        }
        None => Event::default().event("lagged").data(format!(r#"{{"clock":{clock}}}"#)),
    }
}
