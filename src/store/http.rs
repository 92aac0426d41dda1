//! A server that another process runs: a client that waits for its answers.

use std::io::{BufRead, BufReader, Read};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use ureq::http::{Response, StatusCode};
use ureq::{Agent, Body, RequestBuilder};

use super::exchange::nothing;
use super::remote::{Tail, of_actor};
use super::{CheckIn, Cleaned, EXCHANGE_TYPE, Exchange, ExchangeError, Remote, Seen, StoreError, Way};
use crate::cancellation::ask_while_waiting;
use crate::crdt::{Clock, ConvergentRef, DocumentId, Limits, Patch};
use crate::value::{Val, parse};

/// The times that a check-in is sent and brings the server no further, as when it turns out to have less than it was
/// believed to have.
const ATTEMPTS: usize = 4;

/// The maximum number of ops that are sent at once.
const PIECE: u32 = 100_000;

/// The maximum number of bytes that are sent at once, unless one change alone takes more.
const PIECE_BYTES: usize = 8 << 20;

/// The time in which a connection is made.
const CONNECT: Duration = Duration::from_secs(10);

/// The time after which a silent server is given up. One that streams is never silent for so long.
const SILENCE: Duration = Duration::from_secs(60);

/// The time in which an interruption is seen.
const TICK: Duration = Duration::from_millis(50);

/// The maximum number of bytes of an answer.
const ANSWER: u64 = 1 << 30;

/// The maximum number of bytes of one event.
const EVENT: u64 = 64 << 20;

/// A server that `rejoin serve` runs, at some URL.
///
/// The [memory](Seen) of it is its clock: a check-in sends what has come since.
pub struct Server {
    agent: Agent,
    /// Without a `/` at the end.
    base: String,
    token: Option<String>,
    limits: Limits,
}

/// Without the token.
impl std::fmt::Debug for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Server").field(&self.base).finish()
    }
}

/// An answer to a check-in.
enum Answer {
    /// The message of the server, and the number of its bytes.
    Message(Box<Exchange>, usize),
    /// The server lacks something on which the patch builds; this is its clock.
    Lacks(Clock),
    /// The patch is too large for it.
    TooLarge(StoreError),
}

/// The size of the pieces in which a history goes to a server.
struct Pieces {
    ops: u32,
    bytes: usize,
}

impl Pieces {
    /// Returns the next piece of what a clock does not cover, and the message that brings it: the whole, if that is small
    /// enough. Costs what it returns.
    fn next(&mut self, replica: &ConvergentRef, clock: &Clock, since: &Clock) -> (Patch, Vec<u8>) {
        loop {
            let piece = replica.patches_from_clock(since, self.ops).next();
            // An empty one says what it follows all the same: so two who write under one actor find out.
            let patch = piece.unwrap_or_else(|| replica.patch_from_clock(since));
            let message = Exchange { clock: clock.clone(), patch };
            let bytes = message.to_bytes();
            if bytes.len() <= self.bytes || message.patch.len() <= 1 {
                return (message.patch, bytes);
            }
            let ops: u64 = message.patch.changes().map(|change| change.count()).sum();
            self.ops = self.ops.min(u32::try_from(ops).unwrap_or(u32::MAX)) / 2;
        }
    }
}

impl Server {
    /// Makes the client of a server at `http://HOST` or `https://HOST`. Nothing is sent yet.
    ///
    /// # Errors
    /// When the URL is none of those, or the token cannot be sent.
    pub fn at_url(url: &str, token: Option<String>) -> Result<Self, StoreError> {
        let base = url.trim_end_matches('/');
        let host = base.strip_prefix("http://").or_else(|| base.strip_prefix("https://"));
        let is_plain = |text: &str| text.bytes().all(|byte| byte.is_ascii_graphic());
        if !host.is_some_and(|host| !host.is_empty() && is_plain(host) && !host.contains(['?', '#'])) {
            return Err(StoreError::BadPlace(url.to_owned()));
        }
        if token.as_deref().is_some_and(|token| token.is_empty() || !is_plain(token)) {
            return Err(StoreError::BadPlace(format!(
                "{base} (the token has characters that cannot be sent)"
            )));
        }
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .timeout_connect(Some(CONNECT))
            .timeout_per_read(Some(SILENCE))
            .timeout_per_write(Some(SILENCE))
            .user_agent(concat!("rejoin/", env!("CARGO_PKG_VERSION")));
        let agent = config.build().new_agent();
        Ok(Self { agent, base: base.to_owned(), token, limits: Limits::default() })
    }

    /// Sets the limits of what is read from it.
    #[must_use]
    pub fn with_limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Follows a document: calls `each` with what is new since a clock, as long as it answers `true`; begins with what is
    /// new already, which may be nothing. A patch may come twice, and what the replica itself sent comes back.
    ///
    /// # Errors
    /// When the server cannot be reached, refuses, or ends the stream.
    pub fn watch(
        &self,
        document: &DocumentId,
        clock: &Clock,
        mut each: impl FnMut(Patch) -> bool,
    ) -> Result<(), StoreError> {
        let mut clock = clock.clone();
        'anew: loop {
            let since = clock.to_string();
            let url = format!("{}?clock={}", self.url(document, "/events"), encoded(&since));
            let request = self.agent.get(&url).header("accept", "text/event-stream");
            let mut response = self.call(self.authorized(request), RequestBuilder::call)?;
            if response.status() != StatusCode::OK {
                return Err(self.refused(&mut response));
            }
            let mut events = Events(BufReader::new(response.into_body().into_reader()));
            while let Some((name, data)) = events.next().map_err(|error| self.unreachable(&error))? {
                let damaged = |error| StoreError::Damaged { object: self.url(document, "/events"), error };
                let value = parse(&data).map_err(|_| self.stranger())?;
                let field = |name: &str| value.as_map().and_then(|map| map.get(name)).cloned();
                match (&*name, field("clock"), field("patch")) {
                    ("patch", Some(told), Some(patch)) => {
                        let told = Clock::from_json_within(&told, &self.limits).map_err(damaged)?;
                        let patch = Patch::from_json_within(&patch, &self.limits).map_err(damaged)?;
                        if !each(patch) {
                            return Ok(());
                        }
                        clock.join(&told);
                    }
                    ("lagged", ..) => {
                        let (theirs, patch) = self.fetch(document, &clock)?;
                        if !each(patch) {
                            return Ok(());
                        }
                        clock.join(&theirs);
                        // Behind what was missed the stream begins anew.
                        continue 'anew;
                    }
                    _ => {}
                }
            }
            return Err(self.unreachable(&"the stream ended"));
        }
    }

    /// Asks for what is new since a clock.
    fn fetch(&self, document: &DocumentId, clock: &Clock) -> Result<(Clock, Patch), StoreError> {
        let message = Exchange { clock: clock.clone(), patch: nothing(document) };
        match self.exchange(document, &message.to_bytes())? {
            Answer::Message(message, _) => Ok((message.clock, message.patch)),
            Answer::Lacks(clock) => Ok((clock, nothing(document))),
            Answer::TooLarge(error) => Err(error),
        }
    }

    /// Sends a message, and reads the answer.
    fn exchange(&self, document: &DocumentId, message: &[u8]) -> Result<Answer, StoreError> {
        let url = self.url(document, "/check-in");
        let request = self.agent.post(&url).header("accept", EXCHANGE_TYPE).content_type(EXCHANGE_TYPE);
        let mut response = self.call(self.authorized(request), {
            let message = message.to_vec();
            move |request| request.send(message)
        })?;
        match response.status() {
            StatusCode::OK => {
                let bytes = self.body(&mut response)?;
                let message = Exchange::from_bytes_within(&bytes, document, &self.limits);
                match message {
                    Ok(message) if message.patch.document() == document => {
                        Ok(Answer::Message(Box::new(message), bytes.len()))
                    }
                    Err(ExchangeError::Clock(error) | ExchangeError::Patch(error)) => {
                        Err(StoreError::Damaged { object: url, error })
                    }
                    Ok(_) | Err(_) => Err(self.stranger()),
                }
            }
            StatusCode::CONFLICT => {
                let problem = self.problem(&mut response);
                let clock = problem.as_ref().and_then(|problem| problem.as_map()?.get("clock").cloned());
                match clock.map(|clock| Clock::from_json_within(&clock, &self.limits)) {
                    Some(Ok(clock)) => Ok(Answer::Lacks(clock)),
                    _ => Err(self.told(StatusCode::CONFLICT, problem.as_ref())),
                }
            }
            StatusCode::PAYLOAD_TOO_LARGE => Ok(Answer::TooLarge(self.refused(&mut response))),
            _ => Err(self.refused(&mut response)),
        }
    }

    fn authorized<B>(&self, request: RequestBuilder<B>) -> RequestBuilder<B> {
        match &self.token {
            None => request,
            Some(token) => request.header("authorization", format!("Bearer {token}")),
        }
    }

    fn url(&self, document: &DocumentId, below: &str) -> String {
        format!("{}/v1/documents/{}{below}", self.base, encoded(document.as_str()))
    }

    /// Sends a request. While its answer does not come, who waits may be interrupted.
    fn call<B: Send + 'static>(
        &self,
        request: RequestBuilder<B>,
        send: impl FnOnce(RequestBuilder<B>) -> Result<Response<Body>, ureq::Error> + Send + 'static,
    ) -> Result<Response<Body>, StoreError> {
        let (answer, answered) = mpsc::channel();
        // Where nobody waits any more its answer goes nowhere.
        thread::spawn(move || drop(answer.send(send(request))));
        let response = loop {
            match answered.recv_timeout(TICK) {
                Ok(response) => break response,
                Err(RecvTimeoutError::Timeout) => ask_while_waiting(),
                Err(RecvTimeoutError::Disconnected) => {
                    return Err(self.unreachable(&"the request was given up"));
                }
            }
        };
        response.map_err(|error| self.unreachable(&error))
    }

    fn body(&self, response: &mut Response<Body>) -> Result<Vec<u8>, StoreError> {
        let read = response.body_mut().with_config().limit(ANSWER).read_to_vec();
        read.map_err(|error| self.unreachable(&error))
    }

    /// Reads what the server says went wrong.
    fn problem(&self, response: &mut Response<Body>) -> Option<Val> {
        let bytes = self.body(response).ok()?;
        parse(std::str::from_utf8(&bytes).ok()?).ok()
    }

    fn refused(&self, response: &mut Response<Body>) -> StoreError {
        let problem = self.problem(response);
        self.told(response.status(), problem.as_ref())
    }

    fn told(&self, status: StatusCode, problem: Option<&Val>) -> StoreError {
        if status == StatusCode::UNAUTHORIZED {
            return StoreError::Unauthorized { place: self.base.clone() };
        }
        let said = |name: &str| problem.and_then(|problem| problem.as_map()?.get(name)?.as_str());
        let said = said("detail").or_else(|| said("title")).unwrap_or_default();
        // It is a text from outside.
        let said: String = said.chars().filter(|c| !c.is_control()).take(500).collect();
        let reason =
            if said.is_empty() { status.to_string() } else { format!("{said} ({})", status.as_u16()) };
        let is_later = status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS;
        let place = self.base.clone();
        if is_later {
            StoreError::Unreachable { place, reason }
        } else {
            StoreError::Refused { place, reason }
        }
    }

    /// Takes what a server gave, or of that what goes this way.
    fn take(
        &self,
        replica: &mut ConvergentRef,
        patch: Patch,
        length: usize,
        way: Way,
        outcome: &mut CheckIn,
    ) -> Result<(), StoreError> {
        let is_left = way == Way::Push && !patch.is_empty();
        let (patch, length) = match is_left {
            false => (patch, length),
            true => {
                let own = of_actor(&patch, replica.actor());
                let length = own.to_bytes().len();
                (own, length)
            }
        };
        let report = replica
            .merge_patch(&patch)
            .map_err(|error| StoreError::Merge { place: self.base.clone(), error })?;
        if !patch.is_empty() {
            outcome.received.add(report.new, length);
            outcome.report = Some(match outcome.report.take() {
                Some(earlier) => earlier.join(report),
                None => report,
            });
        }
        Ok(())
    }

    fn unreachable(&self, error: &dyn std::fmt::Display) -> StoreError {
        StoreError::Unreachable { place: self.base.clone(), reason: error.to_string() }
    }

    fn stranger(&self) -> StoreError {
        let reason = "it answers something else than a rejoin server does".to_owned();
        StoreError::Refused { place: self.base.clone(), reason }
    }
}

fn encoded(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

impl Seen {
    /// Makes the memory of a place that has what a clock covers. A server has no runs as a store has: of each tail only the
    /// reach means something.
    fn of(clock: &Clock) -> Self {
        Self(clock.iter().map(|(actor, reach)| (actor.clone(), Tail { after: 0, reach, tag: 0 })).collect())
    }

    fn clock(&self) -> Clock {
        self.0.iter().map(|(actor, tail)| (actor.clone(), tail.reach)).collect()
    }
}

impl Remote for Server {
    fn documents(&mut self) -> Result<Vec<DocumentId>, StoreError> {
        let request =
            self.agent.get(format!("{}/v1/documents", self.base)).header("accept", "application/json");
        let mut response = self.call(self.authorized(request), RequestBuilder::call)?;
        if response.status() != StatusCode::OK {
            return Err(self.refused(&mut response));
        }
        let answer = self.problem(&mut response).ok_or_else(|| self.stranger())?;
        let listed = answer.as_map().and_then(|answer| answer.get("documents")?.as_list().cloned());
        let listed = listed.ok_or_else(|| self.stranger())?;
        let read = |id: &Val| id.as_str().and_then(|id| DocumentId::new(id).ok());
        let ids: Option<Vec<_>> = listed.iter().map(read).collect();
        ids.ok_or_else(|| self.stranger())
    }

    /// Takes one request, where a server is known and all fits into one; another one each time that the server has less than
    /// it had, and for each further piece of a long history. A server of which nothing is known is asked first what it has.
    fn check_in(
        &mut self,
        replica: &mut ConvergentRef,
        seen: &mut Seen,
        way: Way,
    ) -> Result<CheckIn, StoreError> {
        let document = replica.document().clone();
        let mut outcome = CheckIn::default();
        let mut pieces = Pieces { ops: PIECE, bytes: PIECE_BYTES };
        let mut asks = way != Way::Pull && seen.0.is_empty() && !replica.clock().is_empty();
        let mut attempts = 0;
        while attempts < ATTEMPTS {
            let clock = match way {
                Way::Push => clock_of_push(replica, seen),
                Way::Both | Way::Pull => replica.clock().clone(),
            };
            let is_empty = asks || way == Way::Pull;
            let (sent, bytes) = match is_empty {
                true => {
                    let message = Exchange { clock, patch: nothing(&document) };
                    let bytes = message.to_bytes();
                    (message.patch, bytes)
                }
                false => pieces.next(replica, &clock, &seen.clock()),
            };
            outcome.requests += 1;
            let (theirs, length) = match self.exchange(&document, &bytes)? {
                Answer::Message(theirs, length) => (theirs, length),
                Answer::Lacks(clock) => {
                    *seen = Seen::of(&clock);
                    attempts += 1;
                    continue;
                }
                Answer::TooLarge(_) if sent.len() > 1 => {
                    pieces.bytes = bytes.len() / 2;
                    continue;
                }
                Answer::TooLarge(error) => return Err(error),
            };
            if !sent.is_empty() {
                outcome.sent.add(sent.len(), bytes.len());
            }
            self.take(replica, theirs.patch, length, way, &mut outcome)?;
            let believed = std::mem::replace(seen, Seen::of(&theirs.clock)).clock();
            // Who only pushes learns from what it gives, be it nothing, whether another one writes under its actor.
            let is_told = !(asks && way == Way::Push);
            if way == Way::Pull || is_told && theirs.clock.covers_all(replica.clock()) {
                return Ok(outcome);
            }
            let is_taken = || theirs.clock.covers_all(&sent.reach()) && theirs.clock.covers_all(&believed);
            let has_gone_on = asks || !sent.is_empty() && is_taken();
            attempts = if has_gone_on { 0 } else { attempts + 1 };
            asks = false;
        }
        Err(StoreError::Restless(self.base.clone()))
    }

    fn probe(&mut self) -> Result<(), StoreError> {
        let request = self.agent.get(format!("{}/v1/health", self.base)).header("accept", "application/json");
        let mut response = self.call(self.authorized(request), RequestBuilder::call)?;
        if response.status() == StatusCode::OK { Ok(()) } else { Err(self.refused(&mut response)) }
    }

    fn clean(&mut self, _: &DocumentId, _: u64) -> Result<Cleaned, StoreError> {
        Err(StoreError::NoStore(self.base.clone()))
    }
}

/// Returns the clock that who only pushes tells: what the server has of others, as far as that is known, comes to nobody.
fn clock_of_push(replica: &ConvergentRef, seen: &Seen) -> Clock {
    let others = seen.0.iter().filter(|(actor, _)| *actor != replica.actor());
    let mut clock: Clock = others.map(|(actor, tail)| (actor.clone(), tail.reach)).collect();
    clock.join(replica.clock());
    clock
}

/// The events of a stream.
struct Events<R>(BufReader<R>);

impl<R: Read> Events<R> {
    /// Reads the next event: its name and its data. `None`: the stream ended.
    fn next(&mut self) -> std::io::Result<Option<(String, String)>> {
        let (mut name, mut data) = (String::new(), String::new());
        loop {
            let mut line = String::new();
            let read = (&mut self.0).take(EVENT).read_line(&mut line)?;
            if read == 0 {
                return Ok(None);
            }
            if data.len() as u64 + read as u64 >= EVENT {
                return Err(std::io::Error::other("an event is too long"));
            }
            let line = line.trim_end_matches(['\n', '\r']);
            match line.split_once(':') {
                _ if line.is_empty() && !data.is_empty() => return Ok(Some((name, data))),
                _ if line.is_empty() => name.clear(),
                Some(("event", text)) => text.trim_start_matches(' ').clone_into(&mut name),
                Some(("data", text)) => data.push_str(text.strip_prefix(' ').unwrap_or(text)),
                _ => {}
            }
        }
    }
}
