//! Routes: what a request asks for.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use axum::Router;
use axum::body::Body;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, Request as HttpRequest, State};
use axum::http::header::{
    ACCEPT, AUTHORIZATION, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ETAG, IF_NONE_MATCH, RETRY_AFTER,
    VARY, WWW_AUTHENTICATE,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde::Deserialize;
use tokio::sync::{Mutex, watch};
use tokio::time::{Duration, Instant};
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{NotForContentType, Predicate, SizeAbove};
use tower_http::cors::{AllowOrigin, CorsLayer};

use super::batch::{Answer, Request};
use super::body::receive;
use super::documents::Documents;
use super::form::{self, Form, JSON_TYPE};
use super::options::Options;
use super::problem::{MALFORMED, METHOD, NOT_FOUND, Problem, UNAUTHORIZED};
use super::{events, tokens::Tokens};
use crate::crdt::Clock;
use crate::store::{EXCHANGE_TYPE, PATCH_TYPE, StoreError};
use crate::value::{object, parse, string};

/// For so long the store is believed to be as it was found: who may not ask for documents may ask for health, and to list them
/// may cost a request for each.
const BELIEVED: Duration = Duration::from_secs(1);

/// Answers that are shorter are not packed.
const PACKED: u16 = 1 << 10;

/// The paths, as the router and the docs have them.
const HEALTH_PATH: &str = "/v1/health";
const DOCUMENTS: &str = "/v1/documents";
const DOCUMENT: &str = "/v1/documents/{id}";
const CHECK_IN: &str = "/v1/documents/{id}/check-in";
const EVENTS: &str = "/v1/documents/{id}/events";

/// The parts that the routes share.
#[derive(Clone)]
struct Site {
    documents: Arc<Documents>,
    health: Arc<Mutex<Option<Found<()>>>>,
    listed: Arc<Mutex<Option<Listed>>>,
    /// Whether the server has ended.
    end: watch::Receiver<bool>,
}

/// A list of all documents.
struct Listed {
    /// As JSON.
    documents: Found<String>,
    /// The number of those that had been made here.
    made: u64,
}

/// Something about the store, when it was asked the last time.
struct Found<T> {
    at: Instant,
    found: Result<T, Problem>,
}

impl<T> Found<T> {
    fn new(found: Result<T, StoreError>, options: &Options) -> Self {
        let found = found.map_err(|error| {
            (options.report)(&error);
            Problem::of_store(&error)
        });
        Self { at: Instant::now(), found }
    }

    fn is_new(&self) -> bool {
        self.at.elapsed() < BELIEVED
    }
}

/// Makes the routes.
pub(super) fn router(documents: Arc<Documents>, end: watch::Receiver<bool>) -> Router {
    let options = &documents.shared.options;
    let (tokens, cors) = (Arc::new(options.tokens.clone()), cors(options));
    // The binary form is packed already, and events must not wait in a packer.
    let packs = SizeAbove::new(PACKED)
        .and(NotForContentType::SSE)
        .and(NotForContentType::const_new("application/vnd.rejoin"));
    let site = Site { documents, health: Arc::default(), listed: Arc::default(), end };
    let routes = Router::new()
        .route(HEALTH_PATH, get(health))
        .route(DOCUMENTS, get(list))
        .route(DOCUMENT, get(whole))
        .route(CHECK_IN, post(check_in))
        .route(EVENTS, get(follow))
        .fallback(async || NOT_FOUND.because("the paths are those below /v1/documents, and /v1/health"))
        .method_not_allowed_fallback(async || METHOD.because("`Allow` has those that are"))
        .layer(from_fn_with_state(tokens, admit))
        .layer(CompressionLayer::new().compress_when(packs))
        .with_state(site);
    match cors {
        Some(cors) => routes.layer(cors),
        None => routes,
    }
}

fn cors(options: &Options) -> Option<CorsLayer> {
    if options.origins.is_empty() {
        return None;
    }
    let origins = match options.origins.iter().any(|origin| origin == "*") {
        true => AllowOrigin::any(),
        false => {
            AllowOrigin::list(options.origins.iter().filter_map(|origin| HeaderValue::from_str(origin).ok()))
        }
    };
    let layer = CorsLayer::new()
        .allow_origin(origins)
        .allow_methods([Method::GET, Method::HEAD, Method::POST])
        .allow_headers([ACCEPT, AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE, IF_NONE_MATCH])
        .expose_headers([ETAG, RETRY_AFTER, WWW_AUTHENTICATE])
        .max_age(Duration::from_secs(3600));
    Some(layer)
}

/// Lets those in who have a token, and everybody who asks for health.
async fn admit(State(tokens): State<Arc<Tokens>>, request: HttpRequest, next: Next) -> Response {
    let given = request.headers().get(AUTHORIZATION).map(HeaderValue::as_bytes);
    if request.uri().path() != HEALTH_PATH && !tokens.admit(given) {
        return UNAUTHORIZED.because("send it as `Authorization: Bearer TOKEN`").into_response();
    }
    next.run(request).await
}

/// Answers `GET /v1/health`.
async fn health(State(site): State<Site>, headers: HeaderMap) -> Result<Response, Problem> {
    form::is_only(&headers, JSON_TYPE)?;
    let mut known = site.health.lock().await;
    if !known.as_ref().is_some_and(Found::is_new) {
        let shared = &site.documents.shared;
        *known = Some(Found::new(shared.store.probe().await, &shared.options));
    }
    let found = known.as_ref().map_or(Ok(()), |known| known.found.clone());
    found.map(|()| json(r#"{"status":"ok"}"#.to_owned()))
}

/// Answers `GET /v1/documents`.
async fn list(State(site): State<Site>, headers: HeaderMap) -> Result<Response, Problem> {
    form::is_only(&headers, JSON_TYPE)?;
    let shared = &site.documents.shared;
    // Who waits here is answered with what the one before found.
    let mut known = site.listed.lock().await;
    let made = shared.made.load(Ordering::SeqCst);
    if let Some(listed) = &*known
        && listed.made == made
        && listed.documents.is_new()
    {
        return listed.documents.found.clone().map(json);
    }
    let found = shared.store.documents().await.map(|ids| {
        let ids = ids.iter().map(|id| string(id.as_str())).collect();
        object([("documents", ids)]).to_string()
    });
    let documents = Found::new(found, &shared.options);
    let answer = documents.found.clone().map(json);
    *known = Some(Listed { documents, made });
    answer
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WholeQuery {
    #[serde(default)]
    patch: bool,
}

/// Answers `GET /v1/documents/{id}`.
async fn whole(
    State(site): State<Site>,
    id: Result<Path<String>, PathRejection>,
    query: Result<Query<WholeQuery>, QueryRejection>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let id = Documents::id(&readable(id)?.0)?;
    let Query(WholeQuery { patch }) = query.map_err(|error| MALFORMED.because(error.body_text()))?;
    let form = form::of_answer(&headers, PATCH_TYPE)?;
    let has = form::text(&headers, IF_NONE_MATCH).map(str::to_owned);
    let request = Request::Whole { form, with_patch: patch, has };
    site.documents.ask(&id, request).await.map(|answer| respond(answer, form, PATCH_TYPE))
}

/// Answers `POST /v1/documents/{id}/check-in`.
async fn check_in(
    State(site): State<Site>,
    id: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let id = Documents::id(&readable(id)?.0)?;
    let shared = &site.documents.shared;
    let body = receive(&headers, body, &shared.options, &shared.bodies).await?;
    let (reads, writes) = (form::of_body(&headers)?, form::of_answer(&headers, EXCHANGE_TYPE)?);
    let request = Request::CheckIn { body, reads, writes };
    site.documents.ask(&id, request).await.map(|answer| respond(answer, writes, EXCHANGE_TYPE))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FollowQuery {
    clock: Option<String>,
}

/// Answers `GET /v1/documents/{id}/events`.
async fn follow(
    State(site): State<Site>,
    id: Result<Path<String>, PathRejection>,
    query: Result<Query<FollowQuery>, QueryRejection>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let id = Documents::id(&readable(id)?.0)?;
    let Query(FollowQuery { clock }) = query.map_err(|error| MALFORMED.because(error.body_text()))?;
    form::is_only(&headers, "text/event-stream")?;
    let clock = clock.map(|clock| {
        let value = parse(&clock).map_err(|error| MALFORMED.because(format!("clock: {error}")))?;
        Clock::from_json(&value).map_err(|error| MALFORMED.because(format!("clock: {error}")))
    });
    let following = site.documents.follow(&id, clock.transpose()?).await?;
    // Proxies that gather answers are told not to.
    let live = [(HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"))];
    Ok((live, events::stream(following, site.end)).into_response())
}

fn readable(id: Result<Path<String>, PathRejection>) -> Result<Path<String>, Problem> {
    id.map_err(|error| MALFORMED.because(error.body_text()))
}

fn json(text: String) -> Response {
    let headers = [(CONTENT_TYPE, JSON_TYPE), (CACHE_CONTROL, "no-store")];
    (headers, text).into_response()
}

fn respond(answer: Answer, form: Form, binary: &'static str) -> Response {
    let content = if form == Form::Json { JSON_TYPE } else { binary };
    // It is asked for anew each time; the tag saves sending it.
    let (bytes, tag) = match answer {
        Answer::Body { bytes, tag } => (Some(bytes), tag),
        Answer::Unchanged { tag } => (None, tag),
        Answer::News(_) => (None, String::new()),
    };
    let mut headers = HeaderMap::new();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    headers.insert(VARY, HeaderValue::from_static("accept"));
    headers.extend(HeaderValue::from_str(&tag).ok().map(|tag| (ETAG, tag)));
    match bytes {
        None => (StatusCode::NOT_MODIFIED, headers).into_response(),
        Some(bytes) => {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static(content));
            (headers, bytes).into_response()
        }
    }
}
