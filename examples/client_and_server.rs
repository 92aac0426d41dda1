//! The loop of the blog post in two processes: a backend that serves a document over HTTP, and a client.
//!
//! Run it with `cargo run --example client_and_server`. The process starts itself once more: that one is the backend.
//! It prints the values of the post.
#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use std::error::Error;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use rejoin::crdt::{Actor, ConvergentRef, DocumentId};
use rejoin::server::{Options, Server};
use rejoin::store::http::Server as Client;
use rejoin::store::{Remote, Seen, Store, Way};
use rejoin::value::parse;

fn main() -> Result<(), Box<dyn Error>> {
    match std::env::args().nth(1).as_deref() {
        Some("backend") => backend(),
        _ => client(),
    }
}

/// The backend: it keeps documents in a store in memory, prints where it can be reached, and serves until it is ended.
fn backend() -> Result<(), Box<dyn Error>> {
    tokio::runtime::Runtime::new()?.block_on(async {
        let server = Server::bind(Store::in_memory(), "127.0.0.1:0", Options::default()).await?;
        println!("http://{}", server.address());
        server.run(std::future::pending()).await;
        Ok(())
    })
}

/// The client: each check-in says what it has seen and what it did, and takes what it has not seen.
fn client() -> Result<(), Box<dyn Error>> {
    let backend = Backend::start()?;
    let shop = DocumentId::new("shop")?; // unique in the world: random, say

    // Somebody makes the document, and brings it to the backend.
    let start = parse(r#"{"name": "Foo", "items": [0, 1]}"#)?;
    let mut origin =
        Replica::new(&backend, ConvergentRef::with_value(shop.clone(), Actor::new("origin")?, start)?)?;
    origin.check_in()?;

    // The client begins with what is there.
    let mut client = Replica::new(&backend, ConvergentRef::new(shop, Actor::new("client")?))?;
    client.check_in()?;
    assert_eq!(client.replica.value().to_string(), r#"{"name":"Foo","items":[0,1]}"#);

    // Both change: the name here, a new item there.
    origin.replica.reset(parse(r#"{"name": "Bar", "items": [0, 1]}"#)?)?;
    client.replica.reset(parse(r#"{"name": "Foo", "items": [0, 1, 2]}"#)?)?;
    println!("origin {}\nclient {}", origin.replica.value(), client.replica.value());

    // One check-in each, and the first one once more: all have all changes, and the same value.
    origin.check_in()?;
    client.check_in()?;
    origin.check_in()?;
    println!("both   {}", client.replica.value());
    assert_eq!(client.replica.value().to_string(), r#"{"name":"Bar","items":[0,1,2]}"#);
    assert_eq!(origin.replica.value().to_string(), client.replica.value().to_string());

    // The loop can be repeated at any time: where nothing is new, nothing travels.
    let again = client.check_in()?;
    assert_eq!(again, 0);
    Ok(())
}

/// A replica that checks in with the backend, and what it knows of that.
struct Replica {
    replica: ConvergentRef,
    remote: Client,
    seen: Seen,
}

impl Replica {
    fn new(backend: &Backend, replica: ConvergentRef) -> Result<Self, Box<dyn Error>> {
        Ok(Self { replica, remote: Client::at_url(&backend.url, None)?, seen: Seen::default() })
    }

    /// Answers how many changes travelled.
    fn check_in(&mut self) -> Result<usize, Box<dyn Error>> {
        let done = self.remote.check_in(&mut self.replica, &mut self.seen, Way::Both)?;
        Ok(done.sent.changes + done.received.changes)
    }
}

/// The other process; it ends with this one.
struct Backend {
    process: Child,
    url: String,
}

impl Backend {
    fn start() -> Result<Self, Box<dyn Error>> {
        let mut process =
            Command::new(std::env::current_exe()?).arg("backend").stdout(Stdio::piped()).spawn()?;
        let mut url = String::new();
        BufReader::new(process.stdout.take().ok_or("it has no output")?).read_line(&mut url)?;
        Ok(Self { process, url: url.trim_end().to_owned() })
    }
}

impl Drop for Backend {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
