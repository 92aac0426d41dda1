//! Options: what a server allows, and how much of it.

use tokio::time::Duration;

use super::tokens::Tokens;
use crate::store::StoreError;

/// The options of a server. Every limit has a default that fits a machine with some gigabytes of memory.
#[derive(Debug, Clone)]
pub struct Options {
    /// The tokens that open the server; with none it is open to everybody.
    pub tokens: Tokens,
    /// Whether nothing is taken: patches that are not empty are refused, and the store is only read.
    pub read_only: bool,
    /// The sites whose pages may ask (CORS), such as `https://example.org`; `*` is all of them.
    pub origins: Vec<String>,
    /// The maximum number of bytes of the body of a request, also once it is unpacked.
    pub max_body: usize,
    /// The maximum memory that a patch may take, in bytes: [`crdt::Limits`](crate::crdt::Limits).
    pub max_memory: u64,
    /// The maximum number of connections. More are told to come later.
    pub max_connections: usize,
    /// The maximum number of requests that wait for one document. More are told to come later.
    pub max_queue: usize,
    /// The maximum number of documents whose replicas are kept for the next request.
    pub max_documents: usize,
    /// The maximum number of bytes of all bodies that wait, and of all answers that wait for slow clients: each.
    pub max_pending: usize,
    /// The time in which the head of a request must come; a connection that is silent for so long is closed.
    pub header_time: Duration,
    /// The time in which a body must come, and a request be answered.
    pub request_time: Duration,
    /// The time after which a client that takes nothing of its answer is cut off.
    pub stall_time: Duration,
    /// The time between two looks at the store while somebody follows a document: for what other servers wrote.
    pub poll_time: Duration,
    /// The time after which a replica that nobody asks for is dropped.
    pub idle_time: Duration,
    /// The time that what runs may take to end, when the server ends.
    pub end_time: Duration,
    /// The age at which objects that nobody needs any more are cleared away from the store: longer than any check-in there
    /// takes, by whoever uses it.
    pub clean_age: Duration,
    /// Takes what goes wrong with the store: clients are told no more than that it does.
    pub report: fn(&StoreError),
}

impl Default for Options {
    fn default() -> Self {
        Self {
            tokens: Tokens::default(),
            read_only: false,
            origins: Vec::new(),
            max_body: 16 << 20,
            max_memory: 256 << 20,
            max_connections: 1024,
            max_queue: 1024,
            max_documents: 64,
            max_pending: 256 << 20,
            header_time: Duration::from_secs(10),
            request_time: Duration::from_secs(30),
            stall_time: Duration::from_secs(30),
            poll_time: Duration::from_secs(1),
            idle_time: Duration::from_secs(300),
            end_time: Duration::from_secs(10),
            clean_age: Duration::from_secs(3600),
            report: |_| {},
        }
    }
}
