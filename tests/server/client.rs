//! The client, against a server.

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
    assert_eq!((first.sent.changes, first.received.changes, first.requests), (1, 0, 1));
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
    assert!(matches!(&refused, StoreError::Refused { reason, .. } if reason.contains("401")), "{refused}");
    let mut opened = http::Server::at_url(&server.url(), Some("secret".to_owned())).unwrap();
    assert_eq!(opened.documents().unwrap(), []);
    opened.check_in(&mut replica("d", "ann", "1"), &mut Seen::default(), Way::Both).unwrap();
    let two = opened.check_in(&mut replica("d", "ann", "2"), &mut Seen::default(), Way::Both).unwrap_err();
    assert!(two.to_string().contains("two replicas write as ann"), "{two}");

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
