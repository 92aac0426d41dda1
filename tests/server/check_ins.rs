//! Check-ins: what replicas bring and get, alone and together, at one server and at several.

use std::sync::Barrier;

use rejoin::crdt::{Clock, ConvergentRef, Patch};
use rejoin::server::Options;
use rejoin::store::{Blocking, Exchange, Remote, Seen, Store, Way, http};
use rejoin::value::parse;
use serde_json::json;

use crate::running::{Running, actor, id, replica, set};

#[test]
fn given_two_replicas_when_each_checks_in_then_both_have_the_same() {
    let server = Running::in_memory();
    let mut ann = replica("d", "ann", r#"{"n": 1}"#);
    let answer = server.bring(&ann).message("d");
    assert_eq!((&answer.clock, answer.patch.len()), (ann.clock(), 0));
    let mut ben = ConvergentRef::new(id("d"), actor("ben"));
    let got = server.check_in("d", ben.clock(), &Patch::new(id("d"), [])).message("d");
    ben.merge_patch(&got.patch).unwrap();
    let seen = got.clock;
    set(&mut ben, r#"{"n": 1, "m": 2}"#);
    server.check_in("d", ben.clock(), &ben.patch_from_clock(&seen)).message("d");
    set(&mut ann, r#"{"n": 3}"#);
    let got = server.bring(&ann).message("d");
    ann.merge_patch(&got.patch).unwrap();
    assert_eq!(ann.value().to_string(), r#"{"n":3,"m":2}"#);
    assert_eq!(server.value("d"), json!({"n": 3, "m": 2}));
}

#[test]
fn given_json_when_somebody_checks_in_then_the_answer_is_json() {
    let server = Running::in_memory();
    let ann = replica("d", "ann", "1");
    let message = Exchange { clock: ann.clock().clone(), patch: ann.patch_from_clock(&Clock::new()) };
    let answer = server.json("d", &message.to_json().to_string());
    assert_eq!((answer.status, answer.header("content-type")), (200, "application/json"));
    assert_eq!(
        answer.json(),
        json!({"clock": {"ann": 1}, "patch": {"document": "d", "base": answer.json()["patch"]["base"], "changes": []}})
    );
    let answer = server.json("d", r#"{"clock": {}}"#).json();
    let patch = Patch::from_json(&parse(&answer["patch"].to_string()).unwrap()).unwrap();
    assert_eq!(ConvergentRef::from_patch(&patch, actor("ben")).unwrap().value(), ann.value());
}

#[test]
fn given_a_patch_that_builds_on_what_is_missing_then_the_clock_tells_what_to_send() {
    let server = Running::in_memory();
    let mut ann = replica("d", "ann", r#"{"n": 1}"#);
    let first = ann.clock().clone();
    set(&mut ann, r#"{"n": 2}"#);
    let answer = server.check_in("d", ann.clock(), &ann.patch_from_clock(&first));
    assert_eq!((answer.status, &*answer.problem()), (409, "lacks"));
    assert_eq!(answer.json()["clock"], json!({}));
    assert_eq!(server.get("/v1/documents/d", &[]).status, 404);

    // Something of it could be taken, and is not.
    let ben = replica("e", "ben", "0");
    server.bring(&ben);
    let mut eve = ben.branch(actor("eve")).unwrap();
    set(&mut eve, "1");
    let mut carl = eve.branch(actor("carl")).unwrap();
    let without_eve = carl.clock().clone();
    set(&mut carl, "2");
    set(&mut carl, "3");
    let fine = ben.branch(actor("dora")).unwrap();
    let mut fine = fine;
    set(&mut fine, "4");
    let mixed: Vec<_> = fine
        .patch_from_clock(ben.clock())
        .changes()
        .chain(carl.patch_from_clock(&without_eve).changes())
        .collect();
    let answer = server.check_in("e", carl.clock(), &Patch::new(id("e"), mixed));
    assert_eq!((answer.status, &*answer.problem()), (409, "lacks"));
    assert_eq!(answer.json()["clock"], json!({"ben": 1}));
    assert_eq!(server.value("e"), json!(0));
}

#[test]
fn given_two_who_write_under_one_actor_then_the_second_is_refused_and_nothing_is_kept() {
    let store = Store::in_memory();
    let [one, two] = [(); 2].map(|()| Running::new(&store, Options::default()));
    one.bring(&replica("d", "ann", "1"));
    for server in [&one, &two] {
        let answer = server.bring(&replica("d", "ann", "2"));
        assert_eq!((answer.status, &*answer.problem()), (409, "two-writers"));
        assert_eq!(server.value("d"), json!(1));
    }
    // Each server reads the empty document before it hears of either.
    let replicas = [replica("e", "ann", "1"), replica("e", "ann", "2")];
    let statuses = [one.bring(&replicas[0]).status, two.bring(&replicas[1]).status];
    assert_eq!(statuses, [200, 409]);
}

#[test]
fn given_a_batch_with_one_that_is_refused_then_the_others_are_taken() {
    let server = Running::in_memory();
    server.bring(&replica("d", "ann", "{}"));
    let base = server.check_in("d", &Clock::new(), &Patch::new(id("d"), [])).message("d").patch;
    let barrier = Barrier::new(20);
    std::thread::scope(|scope| {
        for at in 0..20 {
            let (server, barrier, base) = (&server, &barrier, &base);
            scope.spawn(move || {
                let name = if at % 4 == 0 { "ann".to_owned() } else { format!("actor-{at}") };
                let changes = if at % 4 == 0 {
                    replica("d", &name, &format!("[{at}]"))
                } else {
                    let mut ours = ConvergentRef::from_patch(base, actor(&name)).unwrap();
                    set(&mut ours, &format!(r#"{{"k{at}": {at}}}"#));
                    ours
                };
                barrier.wait();
                let answer = server.bring(&changes);
                assert_eq!(answer.status, if at % 4 == 0 { 409 } else { 200 }, "{at}");
            });
        }
    });
    assert_eq!(server.value("d").as_object().unwrap().len(), 15);
}

/// A folder that goes when the test ends.
struct Folder(std::path::PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("rejoin-{}-{name}", std::process::id()));
        let _ = std::fs::remove_dir_all(&folder);
        Self(folder)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[test]
fn given_two_servers_on_one_folder_when_fifty_clients_write_then_all_have_the_same() {
    let folder = Folder::new("server-fifty");
    let store = Store::in_folder(&folder.0).unwrap();
    let servers = [(); 2].map(|()| Running::new(&store, Options::default()));
    let start = replica("d", "start", r#"{"list": []}"#);
    assert_eq!(servers[0].bring(&start).status, 200);
    std::thread::scope(|scope| {
        for at in 0..50 {
            let url = servers[at % 2].url();
            scope.spawn(move || {
                let mut client = http::Server::at_url(&url, None).unwrap();
                let mut ours = ConvergentRef::new(id("d"), actor(&format!("actor-{at}")));
                let mut seen = Seen::default();
                for round in 0..3 {
                    client.check_in(&mut ours, &mut seen, Way::Both).unwrap();
                    let mut value = rejoin::value::to_serde(ours.value()).unwrap();
                    value["list"].as_array_mut().unwrap().push(json!([at, round]));
                    value[format!("k{at}")] = json!(round);
                    set(&mut ours, &value.to_string());
                }
                client.check_in(&mut ours, &mut seen, Way::Both).unwrap();
            });
        }
    });
    let values = [servers[0].value("d"), servers[1].value("d")];
    assert_eq!(values[0], values[1]);
    assert_eq!(values[0]["list"].as_array().unwrap().len(), 150);
    assert_eq!(values[0].as_object().unwrap().len(), 51);
    // What the servers answered is in the folder.
    let mut direct = Blocking::new(Store::in_folder(&folder.0).unwrap()).unwrap();
    let mut reader = ConvergentRef::new(id("d"), actor("reader"));
    direct.check_in(&mut reader, &mut Seen::default(), Way::Pull).unwrap();
    assert_eq!(rejoin::value::to_serde(reader.value()).unwrap(), values[0]);
}

#[test]
fn given_ids_as_long_as_they_may_be_then_a_folder_has_room_for_them() {
    let folder = Folder::new("server-long");
    let store = Store::in_folder(&folder.0).unwrap();
    let (document, author) = ("ü".repeat(64), "ö".repeat(64));
    let ann = replica(&document, &author, "[1]");
    let first = Running::new(&store, Options::default());
    let mut client = http::Server::at_url(&first.url(), None).unwrap();
    client.check_in(&mut ann.branch(actor("x")).unwrap(), &mut Seen::default(), Way::Both).unwrap();
    // Another server reads it from the folder.
    let second = Running::new(&store, Options::default());
    let mut client = http::Server::at_url(&second.url(), None).unwrap();
    let mut reader = ConvergentRef::new(id(&document), actor("reader"));
    client.check_in(&mut reader, &mut Seen::default(), Way::Pull).unwrap();
    assert_eq!((reader.value(), reader.clock()), (ann.value(), ann.clock()));
    assert_eq!(client.documents().unwrap(), [id(&document)]);
}

#[test]
fn given_a_server_that_is_started_again_then_it_has_what_it_had() {
    let folder = Folder::new("server-again");
    let store = Store::in_folder(&folder.0).unwrap();
    let mut first = Running::new(&store, Options::default());
    assert_eq!(first.bring(&replica("d", "ann", "[1]")).status, 200);
    first.end();
    let second = Running::new(&store, Options::default());
    assert_eq!(second.value("d"), json!([1]));
}

#[test]
fn given_more_documents_than_are_kept_then_each_is_there_all_the_same() {
    let options = Options { max_documents: 2, ..Options::default() };
    let server = Running::new(&Store::in_memory(), options);
    for round in 0..2 {
        for at in 0..6 {
            let mut ann = replica(&format!("d{at}"), "ann", &at.to_string());
            if round == 1 {
                set(&mut ann, &format!("[{at}]"));
            }
            assert_eq!(server.bring(&ann).status, 200);
        }
    }
    for at in 0..6 {
        assert_eq!(server.value(&format!("d{at}")), json!([at]));
    }
}
