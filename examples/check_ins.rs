//! Measures check-ins: how many a second, how long each takes, and what they take in memory; at a server, and straight at
//! the store, which is a folder.
//!
//! ```text
//! cargo run --release --example check_ins -- rates [SECONDS]    1, 100 and 1,000 clients, of one document
//! cargo run --release --example check_ins -- memory [NUMBER]    check-ins with nothing new, and now and then something
//! ```
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "it is a program for people who measure")]

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use rejoin::crdt::{Actor, Clock, ConvergentRef, DocumentId, OpId, Patch};
use rejoin::server::{Options, Server};
use rejoin::store::{Blocking, Remote, Seen, Store, Way};
use rejoin::value::{Path, parse};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::runtime::Builder;

const DOCUMENT: &str = "shopping";

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let number = args.get(1).and_then(|text| text.parse().ok());
    match args.first().map(String::as_str) {
        Some("serve") => serve(&args[1]),
        Some("rates") => rates(Duration::from_secs(number.unwrap_or(5))),
        Some("memory") => memory(number.unwrap_or(1_000_000)),
        _ => println!("rates [SECONDS], or memory [NUMBER]"),
    }
}

/// A folder, and a server over it in a process of its own.
struct Served {
    folder: PathBuf,
    child: Child,
    address: SocketAddr,
}

impl Served {
    fn new(name: &str) -> Self {
        let folder = folder(name);
        let mut child = Command::new(std::env::current_exe().unwrap());
        let mut child = child.arg("serve").arg(&folder).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        Self { folder, child, address: line.trim().parse().unwrap() }
    }

    /// The memory of the server, in kilobytes.
    fn memory(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        line.trim().trim_end_matches(" kB").parse().unwrap()
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

fn folder(name: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("rejoin-check-ins-{}-{name}", std::process::id()));
    let _ = std::fs::remove_dir_all(&folder);
    folder
}

fn serve(folder: &str) {
    let store = Store::in_folder(std::path::Path::new(folder)).unwrap();
    Builder::new_multi_thread().enable_all().build().unwrap().block_on(async {
        let options = Options { max_connections: 2_000, max_queue: 2_000, ..Options::default() };
        let server = Server::bind(store, "127.0.0.1:0", options).await.unwrap();
        println!("{}", server.address());
        server.run(std::future::pending()).await;
    });
}

/// The document that all begin with: a hundred entries.
fn start() -> ConvergentRef {
    let entries: Vec<String> = (0..100).map(|at| format!("\"entry {at}\": {{\"count\": {at}}}")).collect();
    let value = parse(&format!("{{{}}}", entries.join(","))).unwrap();
    ConvergentRef::with_value(id(), Actor::new("start").unwrap(), value).unwrap()
}

fn id() -> DocumentId {
    DocumentId::new(DOCUMENT).unwrap()
}

/// Who writes: a replica of its own, and the map that it writes into.
struct Writer {
    replica: ConvergentRef,
    map: OpId,
    key: String,
    written: u64,
}

impl Writer {
    fn new(all: &Patch, at: usize) -> Self {
        let replica = ConvergentRef::from_patch(all, Actor::new(&format!("client-{at}")).unwrap()).unwrap();
        let map = replica.container(&Path::default()).unwrap();
        Self { replica, map, key: format!("key {at}"), written: 0 }
    }

    /// Writes something; answers a patch of it.
    fn write(&mut self) -> Patch {
        let actor = self.replica.actor().clone();
        let before = self.replica.clock().get(&actor);
        self.written += 1;
        let mut edit = self.replica.transaction().unwrap();
        edit.put(&self.map, &self.key, self.written.into()).unwrap();
        edit.commit().unwrap();
        self.replica.patch_of_actor(&actor, before)
    }
}

/// A client on a connection that stays open. It keeps the clock of the server as it came.
struct Client {
    stream: TcpStream,
    clock: String,
    buffer: Vec<u8>,
}

impl Client {
    async fn new(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        Self { stream, clock: "{}".to_owned(), buffer: vec![0; 1 << 16] }
    }

    async fn check_in(&mut self, patch: &Patch) {
        let clock = self.clock.as_bytes();
        let patch = patch.to_bytes();
        let length = 4 + clock.len() + patch.len();
        let head = format!(
            "POST /v1/documents/{DOCUMENT}/check-in HTTP/1.1\r\nhost: x\r\ncontent-length: {length}\r\n\r\n"
        );
        let mut request = head.into_bytes();
        request.extend((clock.len() as u32).to_le_bytes());
        request.extend(clock);
        request.extend(patch);
        self.stream.write_all(&request).await.unwrap();
        let (mut length, mut body) = (0, None);
        while body.is_none_or(|(from, to): (usize, usize)| length < from + to) {
            if length == self.buffer.len() {
                self.buffer.resize(2 * length, 0);
            }
            let read = self.stream.read(&mut self.buffer[length..]).await.unwrap();
            assert!(read > 0, "the server closed the connection");
            length += read;
            if body.is_none() {
                body = whole(&self.buffer[..length]);
            }
        }
        let (from, _) = body.unwrap();
        let head = std::str::from_utf8(&self.buffer[..from]).unwrap();
        assert!(head.starts_with("HTTP/1.1 200"), "{}", String::from_utf8_lossy(&self.buffer[..length]));
        let told = u32::from_le_bytes(self.buffer[from..from + 4].try_into().unwrap()) as usize;
        std::str::from_utf8(&self.buffer[from + 4..from + 4 + told]).unwrap().clone_into(&mut self.clock);
    }
}

/// Where the body begins, and how long it is.
fn whole(answer: &[u8]) -> Option<(usize, usize)> {
    let end = answer.windows(4).position(|bytes| bytes == b"\r\n\r\n")?;
    let head = std::str::from_utf8(&answer[..end]).unwrap();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
    Some((end + 4, length.parse().unwrap()))
}

/// Begins the document at a server.
async fn begin(address: SocketAddr) -> Patch {
    let all = start().patch_from_clock(&Clock::new());
    Client::new(address).await.check_in(&all).await;
    all
}

fn rates(time: Duration) {
    println!("{:>8} {:>8} {:>8} {:>12} {:>10} {:>10}", "", "news", "clients", "a second", "p50 ms", "p99 ms");
    for writes in [false, true] {
        for clients in [1, 100, 1_000] {
            let runtime = Builder::new_multi_thread().enable_all().build().unwrap();
            let served = Served::new(&format!("rates-{writes}-{clients}"));
            let times = runtime.block_on(at_server(served.address, clients, writes, time));
            print("server", clients, writes, time, times);
            drop(served);
            print("store", clients, writes, time, at_store(clients, writes, time));
        }
    }
}

fn print(place: &str, clients: usize, writes: bool, time: Duration, mut times: Vec<Duration>) {
    times.sort_unstable();
    let rate = times.len() as f64 / time.as_secs_f64();
    let at = |part: f64| times[((times.len() - 1) as f64 * part) as usize].as_secs_f64() * 1e3;
    let news = if writes { "each" } else { "none" };
    println!("{place:>8} {news:>8} {clients:>8} {rate:>12.0} {:>10.2} {:>10.2}", at(0.5), at(0.99));
}

/// Lets clients check in at a server for some time; answers how long each check-in took.
async fn at_server(address: SocketAddr, clients: usize, writes: bool, time: Duration) -> Vec<Duration> {
    let all = begin(address).await;
    let nothing = Patch::new(id(), []);
    let end = Instant::now() + time;
    let each = (0..clients).map(|at| {
        let (all, nothing) = (all.clone(), nothing.clone());
        tokio::spawn(async move {
            let mut client = Client::new(address).await;
            let mut writer = writes.then(|| Writer::new(&all, at));
            let mut times = Vec::new();
            while Instant::now() < end {
                let patch = writer.as_mut().map_or_else(|| nothing.clone(), Writer::write);
                let begun = Instant::now();
                client.check_in(&patch).await;
                times.push(begun.elapsed());
            }
            times
        })
    });
    let tasks: Vec<_> = each.collect();
    let mut times = Vec::new();
    for task in tasks {
        times.extend(task.await.unwrap());
    }
    times
}

/// Lets clients check in straight at a store, each in a thread of its own.
fn at_store(clients: usize, writes: bool, time: Duration) -> Vec<Duration> {
    let folder = folder(&format!("direct-{writes}-{clients}"));
    let open = || Blocking::new(Store::in_folder(&folder).unwrap()).unwrap();
    let mut start = start();
    open().check_in(&mut start, &mut Seen::default(), Way::Both).unwrap();
    let all = start.patch_from_clock(&Clock::new());
    let end = Instant::now() + time;
    let times = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..clients)
            .map(|at| {
                let (all, open) = (&all, &open);
                scope.spawn(move || {
                    let (mut store, mut writer, mut seen) = (open(), Writer::new(all, at), Seen::default());
                    let mut times = Vec::new();
                    while Instant::now() < end {
                        if writes {
                            writer.write();
                        }
                        let begun = Instant::now();
                        store.check_in(&mut writer.replica, &mut seen, Way::Both).unwrap();
                        times.push(begun.elapsed());
                    }
                    times
                })
            })
            .collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    let _ = std::fs::remove_dir_all(&folder);
    times
}

/// Checks in so many times, each thousandth time with something new, and tells what the server takes.
fn memory(number: u64) {
    const CLIENTS: usize = 64;
    let served = Arc::new(Served::new("memory"));
    let runtime = Builder::new_multi_thread().enable_all().build().unwrap();
    let done = Arc::new(AtomicU64::new(0));
    runtime.block_on(async {
        let all = begin(served.address).await;
        let begun = Instant::now();
        println!("{:>10} {:>8} {:>10}", "check-ins", "seconds", "RSS kB");
        let tasks: Vec<_> = (0..CLIENTS)
            .map(|at| {
                let (served, done, all) = (Arc::clone(&served), Arc::clone(&done), all.clone());
                tokio::spawn(async move {
                    let mut client = Client::new(served.address).await;
                    let mut writer = Writer::new(&all, at);
                    let nothing = Patch::new(id(), []);
                    loop {
                        let count = done.fetch_add(1, Ordering::Relaxed);
                        if count >= number {
                            return;
                        }
                        if count % (number / 20).max(1) == 0 {
                            let seconds = begun.elapsed().as_secs();
                            println!("{count:>10} {seconds:>8} {:>10}", served.memory());
                        }
                        let patch = if count % 1_000 == 0 { writer.write() } else { nothing.clone() };
                        client.check_in(&patch).await;
                    }
                })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
        println!("{number:>10} {:>8} {:>10}", begun.elapsed().as_secs(), served.memory());
    });
}
