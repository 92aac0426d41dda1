//! Streams of what is new.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::time::Duration;

use rejoin::server::Options;
use rejoin::store::Store;
use serde_json::{Value, json};

use crate::running::{Running, replica, set};

/// Somebody who follows a document.
struct Follower(BufReader<TcpStream>);

impl Follower {
    fn new(server: &Running, query: &str) -> Self {
        let mut stream = TcpStream::connect(server.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        let request = format!("GET /v1/documents/d/events{query} HTTP/1.1\r\nhost: x\r\n\r\n");
        stream.write_all(request.as_bytes()).unwrap();
        let mut follower = Self(BufReader::new(stream));
        let mut head = Vec::new();
        while head.last().is_none_or(|line: &String| line != "\r\n") {
            head.push(follower.line());
        }
        assert!(head[0].starts_with("HTTP/1.1 200"), "{head:?}");
        assert!(head.iter().any(|line| line.contains("text/event-stream")), "{head:?}");
        follower
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        assert!(self.0.read_line(&mut line).unwrap() > 0, "the stream ended");
        line
    }

    /// The next event: its name and its data.
    fn next(&mut self) -> (String, Value) {
        let mut name = String::new();
        loop {
            let line = self.line();
            if let Some(event) = line.strip_prefix("event: ") {
                event.trim().clone_into(&mut name);
            } else if let Some(data) = line.strip_prefix("data: ") {
                return (name, serde_json::from_str(data).unwrap());
            }
        }
    }
}

#[test]
fn given_somebody_who_follows_when_others_write_then_it_is_told() {
    let server = Running::in_memory();
    let mut ann = replica("d", "ann", "1");
    server.bring(&ann);
    let mut now = Follower::new(&server, "");
    let (name, data) = now.next();
    assert_eq!((&*name, &data["clock"]), ("patch", &json!({"ann": 1})));
    assert_eq!(data["patch"]["changes"], json!([]));
    let mut all = Follower::new(&server, "?clock=%7B%7D");
    assert_eq!(all.next().1["patch"]["changes"].as_array().unwrap().len(), 1);
    set(&mut ann, "2");
    server.bring(&ann);
    for follower in [&mut now, &mut all] {
        let (name, data) = follower.next();
        assert_eq!((&*name, &data["clock"]), ("patch", &json!({"ann": 2})));
        assert_eq!(data["patch"]["changes"][0]["ops"][0]["value"], 2);
    }
}

#[test]
fn given_two_servers_when_one_is_written_to_then_who_follows_at_the_other_is_told() {
    let store = Store::in_memory();
    let options = Options { poll_time: Duration::from_millis(20), ..Options::default() };
    let servers = [(); 2].map(|()| Running::new(&store, options.clone()));
    let mut ann = replica("d", "ann", "1");
    servers[0].bring(&ann);
    let mut follower = Follower::new(&servers[1], "");
    follower.next();
    set(&mut ann, "2");
    servers[0].bring(&ann);
    assert_eq!(follower.next().1["clock"], json!({"ann": 2}));
}

#[test]
fn given_news_that_are_too_long_for_a_stream_then_only_the_clock_is_told() {
    let server = Running::in_memory();
    let mut ann = replica("d", "ann", "1");
    server.bring(&ann);
    let mut follower = Follower::new(&server, "");
    follower.next();
    set(&mut ann, &format!("\"{}\"", "x".repeat(300_000)));
    server.bring(&ann);
    let (name, data) = follower.next();
    assert_eq!((&*name, data), ("lagged", json!({"clock": {"ann": 2}})));
    // Many ops, and many characters, which take few bytes where they are packed.
    for value in [format!("{:?}", vec![0; 20_000]), format!("{:?}", vec![0; 300_000])] {
        set(&mut ann, &value);
        server.bring(&ann);
        let clock: Value = serde_json::from_str(&ann.clock().to_string()).unwrap();
        let lagged = ("lagged".to_owned(), json!({ "clock": clock }));
        assert_eq!(follower.next(), lagged);
        assert_eq!(Follower::new(&server, "?clock=%7B%7D").next(), lagged);
    }
    // What fits comes whole.
    set(&mut ann, "[1]");
    server.bring(&ann);
    assert_eq!(follower.next().0, "patch");
}

#[test]
fn given_somebody_who_reads_too_slowly_then_it_learns_that_it_missed_some() {
    let server = Running::in_memory();
    let mut ann = replica("d", "ann", "1");
    server.bring(&ann);
    let mut follower = Follower::new(&server, "");
    follower.next();
    // More than the sockets and the channel hold.
    for at in 0..80 {
        let before = ann.clock().clone();
        set(&mut ann, &format!("\"{at} {}\"", "x".repeat(200_000)));
        assert_eq!(server.check_in("d", ann.clock(), &ann.patch_from_clock(&before)).status, 200);
    }
    let has_lagged = (0..90).map(|_| follower.next()).any(|(name, _)| name == "lagged");
    assert!(has_lagged);
}
