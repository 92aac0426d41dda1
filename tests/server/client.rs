//! The client, against a server.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc;

use rejoin::crdt::{Clock, ConvergentRef};
use rejoin::server::{Options, Tokens};
use rejoin::store::{Remote, Seen, Store, StoreError, Traffic, Way, http};

use crate::running::{Running, actor, id, replica, set};

fn client(server: &Running) -> http::Server {
    http::Server::at_url(&server.url(), None).unwrap()
}

#[test]
fn given_two_clients_then_each_gets_what_the_other_wrote() {
    let server = Running::in_memory();
    let mut client = client(&server);
    let (mut ann, mut ann_seen) = (replica("d", "ann", r#"["milk"]"#), Seen::default());
    let first = client.check_in(&mut ann, &mut ann_seen, Way::Both).unwrap();
    // What a server has of which nothing is known is asked first.
    assert_eq!((first.sent.changes, first.received.changes, first.requests), (1, 0, 2));
    assert!(first.sent.bytes > 0 && first.report.is_none());
    let (mut ben, mut ben_seen) = (ConvergentRef::new(id("d"), actor("ben")), Seen::default());
    let got = client.check_in(&mut ben, &mut ben_seen, Way::Pull).unwrap();
    assert_eq!((got.sent.changes, got.received.changes), (0, 1));
    set(&mut ben, r#"["milk", "bread"]"#);
    client.check_in(&mut ben, &mut ben_seen, Way::Both).unwrap();
    let got = client.check_in(&mut ann, &mut ann_seen, Way::Both).unwrap();
    assert_eq!((got.received.changes, got.report.unwrap().new), (1, 1));
    assert_eq!(ann.value(), ben.value());
    // Nothing new is one request, and says so.
    let nothing = client.check_in(&mut ann, &mut ann_seen, Way::Both).unwrap();
    assert_eq!(
        (nothing.sent, nothing.received, nothing.requests),
        (Traffic::default(), Traffic::default(), 1)
    );
    assert_eq!(client.documents().unwrap(), [id("d")]);
    assert!(matches!(client.clean(&id("d"), 0), Err(StoreError::NoStore(_))));
}

#[test]
fn given_who_only_pulls_or_pushes_then_only_that_happens() {
    let server = Running::in_memory();
    let mut client = client(&server);
    client.check_in(&mut replica("d", "ann", "1"), &mut Seen::default(), Way::Both).unwrap();
    let (mut ben, mut seen) = (replica("d", "ben", "2"), Seen::default());
    let pushed = client.check_in(&mut ben, &mut seen, Way::Push).unwrap();
    assert_eq!((pushed.sent.changes, pushed.received.changes), (1, 0));
    assert_eq!(ben.value().to_string(), "2");
    set(&mut ben, "3");
    let pulled = client.check_in(&mut ben, &mut seen, Way::Pull).unwrap();
    assert_eq!((pulled.sent.changes, pulled.received.changes), (0, 1));
    let mut reader = ConvergentRef::new(id("d"), actor("reader"));
    client.check_in(&mut reader, &mut Seen::default(), Way::Pull).unwrap();
    assert_eq!(reader.clock().get(&actor("ben")), 1);
    // Who lost what it wrote gets it back, also when it only pushes.
    let mut again = ConvergentRef::new(id("d"), actor("ben"));
    client.check_in(&mut again, &mut Seen::default(), Way::Push).unwrap();
    assert_eq!((again.clock().get(&actor("ben")), again.clock().get(&actor("ann"))), (1, 0));
}

#[test]
fn given_a_server_that_lost_everything_then_the_client_brings_it_again() {
    let (mut ann, mut seen) = (replica("d", "ann", "1"), Seen::default());
    let server = Running::in_memory();
    client(&server).check_in(&mut ann, &mut seen, Way::Both).unwrap();
    for value in [None, Some("2")] {
        if let Some(value) = value {
            set(&mut ann, value);
        }
        let empty = Running::in_memory();
        let done = client(&empty).check_in(&mut ann, &mut seen, Way::Both).unwrap();
        assert_eq!(done.requests, 2);
        assert_eq!(empty.value("d").to_string(), ann.value().to_string());
    }
}

#[test]
fn given_a_server_that_refuses_or_is_none_then_the_error_says_so() {
    let tokens = Tokens::parse("secret");
    let server = Running::new(&Store::in_memory(), Options { tokens, ..Options::default() });
    let refused = client(&server).documents().unwrap_err();
    assert!(matches!(&refused, StoreError::Unauthorized { .. }), "{refused}");
    assert_eq!(refused.to_string(), format!("`{}` wants a token", server.url()));
    let refused = client(&server).check_in(&mut replica("d", "ann", "1"), &mut Seen::default(), Way::Both);
    assert!(matches!(refused, Err(StoreError::Unauthorized { .. })));
    let watched = client(&server).watch(&id("d"), &Clock::new(), |_| true);
    assert!(matches!(watched, Err(StoreError::Unauthorized { .. })));
    let mut opened = http::Server::at_url(&server.url(), Some("secret".to_owned())).unwrap();
    assert_eq!(opened.documents().unwrap(), []);
    opened.check_in(&mut replica("d", "ann", "1"), &mut Seen::default(), Way::Both).unwrap();
    for way in [Way::Both, Way::Push, Way::Pull] {
        let two = opened.check_in(&mut replica("d", "ann", "2"), &mut Seen::default(), way).unwrap_err();
        assert!(two.to_string().contains("two replicas write as ann"), "{two}");
    }

    let mut gone = Running::in_memory();
    let mut client = client(&gone);
    gone.end();
    assert!(matches!(client.documents(), Err(StoreError::Unreachable { .. })));
    for url in ["ftp://host", "http://", "host", "http://a b", "http://host?x"] {
        assert!(matches!(http::Server::at_url(url, None), Err(StoreError::BadPlace(_))), "{url}");
    }
    assert!(http::Server::at_url("https://host", Some("a\nb".to_owned())).is_err());
    assert!(!format!("{opened:?}").contains("secret"));
}

#[test]
fn given_a_client_that_watches_then_it_gets_what_comes_also_when_it_is_long() {
    let server = Running::in_memory();
    let mut ann = replica("d", "ann", "0");
    server.bring(&ann);
    let watcher = client(&server);
    let (tell, told) = mpsc::channel();
    let watching = std::thread::spawn(move || {
        let mut ben = ConvergentRef::new(id("d"), actor("ben"));
        watcher.watch(&id("d"), &Clock::new(), |patch| {
            ben.merge_patch(&patch).unwrap();
            tell.send(ben.value().to_string()).unwrap();
            ben.value().to_string() != "\"end\""
        })
    });
    let long = format!("\"{}\"", "x".repeat(300_000));
    assert_eq!(told.recv().unwrap(), "0");
    for value in ["1", &long, "2", "\"end\""] {
        set(&mut ann, value);
        server.bring(&ann);
        // It may come twice.
        while told.recv().unwrap() != value {}
    }
    watching.join().unwrap().unwrap();
    let absent = client(&server).watch(&id("nobody"), &Clock::new(), |_| true).unwrap_err();
    assert!(absent.to_string().contains("404"), "{absent}");
}

/// A text that does not pack.
fn noise(seed: &mut u64, length: usize) -> String {
    let mut text = String::new();
    while text.len() < length {
        *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        text.push_str(&format!("{seed:x}"));
    }
    text
}

#[test]
fn given_a_replica_of_what_the_server_has_when_nothing_is_known_of_it_then_nothing_is_sent() {
    let server = Running::in_memory();
    let mut client = client(&server);
    let mut ann = replica("d", "ann", &format!("[\"{}\"]", noise(&mut 3, 100_000)));
    client.check_in(&mut ann, &mut Seen::default(), Way::Both).unwrap();
    let mut ben = ann.branch(actor("ben")).unwrap();
    for way in [Way::Both, Way::Push] {
        let mut seen = Seen::default();
        let done = client.check_in(&mut ben, &mut seen, way).unwrap();
        assert_eq!((done.sent, done.received), (Traffic::default(), Traffic::default()));
        assert!(seen.covers(ben.clock()));
    }
    // What it lacks comes first, and only what is new goes.
    set(&mut ann, "1");
    client.check_in(&mut ann, &mut Seen::default(), Way::Both).unwrap();
    set(&mut ben, "2");
    let done = client.check_in(&mut ben, &mut Seen::default(), Way::Both).unwrap();
    assert_eq!((done.sent.changes, done.received.changes, done.requests), (1, 1, 2));
    let report = done.report.unwrap();
    assert_eq!((report.new, report.conflicts.len()), (1, 1));
}

#[test]
fn given_a_history_that_is_larger_than_a_body_may_be_then_it_goes_in_pieces() {
    let options = Options { max_body: 10_000, ..Options::default() };
    let server = Running::new(&Store::in_memory(), options);
    let mut client = client(&server);
    client.check_in(&mut replica("d", "start", "{}"), &mut Seen::default(), Way::Both).unwrap();
    let mut ann = ConvergentRef::new(id("d"), actor("ann"));
    client.check_in(&mut ann, &mut Seen::default(), Way::Pull).unwrap();
    let mut ben = ann.branch(actor("ben")).unwrap();
    set(&mut ben, r#"{"ben": 1}"#);
    client.check_in(&mut ben, &mut Seen::default(), Way::Both).unwrap();
    let mut seed = 7;
    for at in 0..60 {
        set(&mut ann, &format!(r#"{{"text": "{at} {}"}}"#, noise(&mut seed, 1_500)));
    }
    let mut seen = Seen::default();
    let done = client.check_in(&mut ann, &mut seen, Way::Both).unwrap();
    assert_eq!((done.sent.changes, done.received.changes), (60, 1));
    assert!((8..40).contains(&done.requests), "{}", done.requests);
    // What came with the first answer is told, although others came after it.
    assert_eq!(done.report.unwrap().new, 1);
    assert_eq!(server.value("d").to_string().len(), ann.value().to_string().len());
    assert_eq!(client.check_in(&mut ann, &mut seen, Way::Both).unwrap().requests, 1);
    // One change that is too large is refused.
    set(&mut ann, &format!("\"{}\"", noise(&mut seed, 50_000)));
    let refused = client.check_in(&mut ann, &mut seen, Way::Both).unwrap_err();
    assert!(matches!(&refused, StoreError::Refused { reason, .. } if reason.contains("413")), "{refused}");
}

/// Passes connections on to a server, and counts the bytes that come back.
fn counted(server: SocketAddr) -> (String, Arc<AtomicU64>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let count = Arc::new(AtomicU64::new(0));
    let counter = Arc::clone(&count);
    let pass = |mut from: TcpStream, mut to: TcpStream, count: Arc<AtomicU64>| {
        std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(length @ 1..) = from.read(&mut buffer) {
                count.fetch_add(length as u64, Ordering::SeqCst);
                if to.write_all(&buffer[..length]).is_err() {
                    break;
                }
            }
            let _ = to.shutdown(Shutdown::Write);
        })
    };
    std::thread::spawn(move || {
        for client in listener.incoming() {
            let (client, server) = (client.unwrap(), TcpStream::connect(server).unwrap());
            pass(client.try_clone().unwrap(), server.try_clone().unwrap(), Arc::default());
            pass(server, client, Arc::clone(&counter));
        }
    });
    (url, count)
}

#[test]
fn given_who_only_pushes_then_what_others_wrote_comes_once_at_most() {
    let server = Running::in_memory();
    let mut others = replica("d", "ann", &format!("[\"{}\"]", noise(&mut 9, 200_000)));
    client(&server).check_in(&mut others, &mut Seen::default(), Way::Both).unwrap();
    let (url, count) = counted(server.address);
    let mut client = http::Server::at_url(&url, None).unwrap();
    let (mut ben, mut seen) = (replica("d", "ben", "0"), Seen::default());
    for at in 1..5 {
        set(&mut ben, &at.to_string());
        let done = client.check_in(&mut ben, &mut seen, Way::Push).unwrap();
        assert_eq!((done.sent.changes, done.received), (if at == 1 { 2 } else { 1 }, Traffic::default()));
        assert!(done.report.is_none());
    }
    let came = count.load(Ordering::SeqCst);
    assert!(came < 300_000, "{came}");
    assert_eq!(ben.clock().get(&actor("ann")), 0);
    // What is left there comes when it is asked for.
    assert_eq!(client.check_in(&mut ben, &mut seen, Way::Both).unwrap().received.changes, 1);
}
