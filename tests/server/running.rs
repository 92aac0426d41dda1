//! A server in the process of the test, and requests to it.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::thread::JoinHandle;
use std::time::Duration;

use rejoin::crdt::{Actor, Clock, ConvergentRef, DocumentId, Patch};
use rejoin::server::{Options, Server};
use rejoin::store::{Exchange, Store};
use rejoin::value::parse;
use serde_json::Value;
use tokio::sync::oneshot;
use ureq::Agent;
use ureq::http::{HeaderMap, Method, Request};

/// A server that ends with the test.
pub(crate) struct Running {
    pub(crate) address: SocketAddr,
    pub(crate) agent: Agent,
    end: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    /// The message of a check-in that went well.
    pub(crate) fn message(&self, document: &str) -> Exchange {
        assert_eq!(self.status, 200, "{}", String::from_utf8_lossy(&self.body));
        Exchange::from_bytes_within(&self.body, &id(document), &Default::default()).unwrap()
    }

    /// The kind of a problem; its fields are as they should be.
    pub(crate) fn problem(&self) -> String {
        assert_eq!(self.header("content-type"), "application/problem+json", "{self:?}");
        let problem = self.json();
        assert_eq!(problem["status"], self.status);
        assert!(
            !problem["title"].as_str().unwrap().is_empty() && !problem["detail"].as_str().unwrap().is_empty()
        );
        problem["type"].as_str().unwrap().strip_prefix("urn:rejoin:problem:").unwrap().to_owned()
    }
}

impl Running {
    pub(crate) fn new(store: &Store, options: Options) -> Self {
        let (end, ended) = oneshot::channel::<()>();
        let (tell, told) = std::sync::mpsc::channel();
        let store = store.clone();
        let thread = std::thread::spawn(move || {
            let runtime =
                tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
            runtime.block_on(async {
                let server = Server::bind(store, "127.0.0.1:0", options).await.unwrap();
                tell.send(server.address()).unwrap();
                server.run(async { drop(ended.await) }).await;
            });
        });
        let agent = Agent::config_builder().http_status_as_error(false).accept_encoding("").accept("");
        let agent = agent.timeout_global(Some(Duration::from_secs(20))).build().new_agent();
        Self { address: told.recv().unwrap(), agent, end: Some(end), thread: Some(thread) }
    }

    pub(crate) fn in_memory() -> Self {
        Self::new(&Store::in_memory(), Options::default())
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        let mut request = Request::builder().method(Method::from_bytes(method.as_bytes()).unwrap());
        request = request.uri(format!("{}{path}", self.url()));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let mut response = match body {
            [] if method != "POST" => self.agent.run(request.body(()).unwrap()),
            body => self.agent.run(request.body(body).unwrap()),
        }
        .unwrap();
        let body = response.body_mut().with_config().limit(1 << 30).read_to_vec().unwrap();
        Answer { status: response.status().as_u16(), headers: response.headers().clone(), body }
    }

    pub(crate) fn get(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        self.send("GET", path, headers, &[])
    }

    /// A check-in in the binary form.
    pub(crate) fn check_in(&self, document: &str, clock: &Clock, patch: &Patch) -> Answer {
        let body = Exchange { clock: clock.clone(), patch: patch.clone() }.to_bytes();
        self.send("POST", &format!("/v1/documents/{document}/check-in"), &[], &body)
    }

    /// A check-in of all that a replica has.
    pub(crate) fn bring(&self, replica: &ConvergentRef) -> Answer {
        let all = replica.patch_from_clock(&Clock::new());
        self.check_in(replica.document().as_str(), replica.clock(), &all)
    }

    /// A check-in in JSON.
    pub(crate) fn json(&self, document: &str, body: &str) -> Answer {
        let headers = [("content-type", "application/json"), ("accept", "application/json")];
        self.send("POST", &format!("/v1/documents/{document}/check-in"), &headers, body.as_bytes())
    }

    /// The value of a document.
    pub(crate) fn value(&self, document: &str) -> Value {
        let answer = self.get(&format!("/v1/documents/{document}"), &[("accept", "application/json")]);
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.json()["value"].clone()
    }

    /// Sends bytes as they are, and reads what comes until the end of the connection.
    pub(crate) fn raw(&self, bytes: &[u8]) -> String {
        let mut stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        stream.write_all(bytes).unwrap();
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        String::from_utf8_lossy(&answer).into_owned()
    }

    /// Ends the server; tells whether that went well.
    pub(crate) fn end(&mut self) {
        drop(self.end.take());
        if let Some(thread) = self.thread.take() {
            thread.join().unwrap();
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.end.take());
        if let Some(thread) = self.thread.take()
            && !std::thread::panicking()
        {
            thread.join().unwrap();
        }
    }
}

pub(crate) fn id(document: &str) -> DocumentId {
    DocumentId::new(document).unwrap()
}

pub(crate) fn actor(name: &str) -> Actor {
    Actor::new(name).unwrap()
}

/// A replica with a value.
pub(crate) fn replica(document: &str, name: &str, value: &str) -> ConvergentRef {
    ConvergentRef::with_value(id(document), actor(name), parse(value).unwrap()).unwrap()
}

/// Sets the value of a replica.
pub(crate) fn set(replica: &mut ConvergentRef, value: &str) {
    replica.reset(parse(value).unwrap()).unwrap();
}
