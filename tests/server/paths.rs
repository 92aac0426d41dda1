//! What stands at which path, in which form, and what is refused.

use rejoin::crdt::{Clock, Patch};
use rejoin::server::{Options, Tokens};
use rejoin::store::{EXCHANGE_TYPE, PATCH_TYPE, Store};
use serde_json::json;

use crate::running::{Running, id, replica, set};

const JSON: (&str, &str) = ("accept", "application/json");

#[test]
fn given_a_server_then_it_is_healthy_and_lists_its_documents() {
    let server = Running::in_memory();
    let health = server.get("/v1/health", &[]);
    assert_eq!((health.status, health.json()), (200, json!({"status": "ok"})));
    assert_eq!(server.get("/v1/documents", &[]).json(), json!({"documents": []}));
    for document in ["b", "a"] {
        assert_eq!(server.bring(&replica(document, "ann", "1")).status, 200);
    }
    assert_eq!(server.get("/v1/documents", &[]).json(), json!({"documents": ["a", "b"]}));
}

#[test]
fn given_a_document_then_it_comes_whole_in_both_forms() {
    let server = Running::in_memory();
    let mut ann = replica("d", "ann", r#"{"n": 1}"#);
    set(&mut ann, r#"{"n": 2}"#);
    server.bring(&ann);

    let bytes = server.get("/v1/documents/d", &[]);
    assert_eq!((bytes.status, bytes.header("content-type")), (200, PATCH_TYPE));
    assert_eq!(Patch::from_bytes(&bytes.body).unwrap(), ann.patch_from_clock(&Clock::new()));

    let value = server.get("/v1/documents/d", &[JSON]);
    assert_eq!(value.header("content-type"), "application/json");
    assert_eq!(value.json(), json!({"clock": {"ann": 3}, "value": {"n": 2}}));
    let with_patch = server.get("/v1/documents/d?patch=true", &[JSON]).json();
    assert_eq!(with_patch["value"], json!({"n": 2}));
    assert_eq!(with_patch["patch"]["changes"].as_array().unwrap().len(), 2);
    assert_eq!(server.send("HEAD", "/v1/documents/d", &[], &[]).status, 200);
}

#[test]
fn given_the_tag_of_a_document_when_nothing_is_new_then_nothing_is_sent() {
    let server = Running::in_memory();
    let mut ann = replica("d", "ann", "1");
    server.bring(&ann);
    let tag = server.get("/v1/documents/d", &[]).header("etag").to_owned();
    assert!(tag.starts_with("W/\""), "{tag}");
    for has in [&*tag, &format!("\"x\", {tag}"), "*"] {
        let answer = server.get("/v1/documents/d", &[("if-none-match", has)]);
        assert_eq!((answer.status, answer.body.len(), answer.header("etag")), (304, 0, &*tag));
    }
    set(&mut ann, "2");
    server.bring(&ann);
    let answer = server.get("/v1/documents/d", &[("if-none-match", &tag)]);
    assert_eq!(answer.status, 200);
    assert_ne!(answer.header("etag"), tag);
}

#[test]
fn given_an_id_with_anything_in_it_then_it_stands_in_the_path_encoded() {
    let server = Running::in_memory();
    for (document, path) in [("a/b", "a%2Fb"), ("ü?#", "%C3%BC%3F%23"), ("..", "%2E%2E"), ("a%41", "a%2541")]
    {
        let body = format!(
            r#"{{"clock": {{}}, "patch": {}}}"#,
            replica(document, "ann", "1").patch_from_clock(&Clock::new()).to_json()
        );
        assert_eq!(server.json(path, &body).status, 200, "{document}");
        assert_eq!(server.value(path), json!(1));
    }
    assert_eq!(server.get("/v1/documents", &[]).json(), json!({"documents": ["..", "a%41", "a/b", "ü?#"]}));
    for path in ["%00", "%FF", "a%20b", &"a".repeat(129), &"%C3%BC".repeat(65)] {
        let answer = server.get(&format!("/v1/documents/{path}"), &[]);
        assert_eq!((answer.status, &*answer.problem()), (400, "malformed"), "{path}");
    }
}

#[test]
fn given_a_request_that_asks_for_something_else_then_the_problem_says_so() {
    let server = Running::in_memory();
    server.bring(&replica("d", "ann", "1"));
    let check_in = "/v1/documents/d/check-in";
    let form = ("content-type", "application/x-www-form-urlencoded");
    type Row<'r> = (&'r str, &'r str, &'r [(&'r str, &'r str)], u16, &'r str);
    let rows: &[Row<'_>] = &[
        ("GET", "/", &[], 404, "not-found"),
        ("GET", "/v1/documents/nobody", &[], 404, "not-found"),
        ("GET", "/v1/documents/nobody/events", &[], 404, "not-found"),
        ("GET", "/v1/documents/d/events?clock=7", &[], 400, "malformed"),
        ("GET", "/v1/documents/d/events?since=7", &[], 400, "malformed"),
        ("GET", "/v1/documents/d?patch=maybe", &[], 400, "malformed"),
        ("DELETE", "/v1/documents/d", &[], 405, "method-not-allowed"),
        ("GET", check_in, &[], 405, "method-not-allowed"),
        ("GET", "/v1/documents/d", &[("accept", "text/html")], 406, "not-acceptable"),
        ("GET", "/v1/documents/d/events", &[("accept", "text/html")], 406, "not-acceptable"),
        ("GET", "/v1/documents", &[("accept", PATCH_TYPE)], 406, "not-acceptable"),
        ("POST", check_in, &[form], 415, "media-type"),
        ("POST", check_in, &[("content-encoding", "br")], 415, "media-type"),
        ("POST", check_in, &[("content-type", EXCHANGE_TYPE)], 400, "malformed"),
        ("POST", check_in, &[("content-encoding", "gzip")], 400, "malformed"),
        ("POST", check_in, &[("content-encoding", "zstd")], 400, "malformed"),
    ];
    for (method, path, headers, status, kind) in rows {
        let answer = server.send(method, path, headers, if *method == "POST" { b"x=1" } else { &[] });
        assert_eq!((answer.status, &*answer.problem()), (*status, *kind), "{method} {path}");
        if *status == 405 {
            assert!(!answer.header("allow").is_empty(), "{method} {path}");
        }
    }
    for body in ["", "{", "[]", "{}", r#"{"clock": {}, "x": 1}"#] {
        let answer = server.json("d", body);
        assert_eq!((answer.status, &*answer.problem()), (400, "malformed"), "{body}");
    }
    for body in
        [r#"{"clock": 1}"#, r#"{"clock": {"a b": 1}}"#, r#"{"clock": {}, "patch": {"document": "d"}}"#]
    {
        let answer = server.json("d", body);
        assert_eq!((answer.status, &*answer.problem()), (422, "refused"), "{body}");
    }
    let other = replica("e", "ann", "1").patch_from_clock(&Clock::new());
    let answer = server.check_in("d", &Clock::new(), &other);
    assert_eq!((answer.status, &*answer.problem()), (422, "refused"));
}

#[test]
fn given_tokens_then_only_those_who_have_one_come_in() {
    let tokens = Tokens::parse("secret\nother");
    let server = Running::new(&Store::in_memory(), Options { tokens, ..Options::default() });
    assert_eq!(server.get("/v1/health", &[]).status, 200);
    for path in ["/v1/documents", "/v1/documents/d", "/v1/documents/d/events", "/nothing"] {
        for headers in [&[][..], &[("authorization", "Bearer secre")], &[("authorization", "Basic secret")]] {
            let answer = server.get(path, headers);
            assert_eq!((answer.status, &*answer.problem()), (401, "unauthorized"), "{path}");
            assert_eq!(answer.header("www-authenticate"), "Bearer");
        }
    }
    for token in ["Bearer secret", "bearer other"] {
        assert_eq!(server.get("/v1/documents", &[("authorization", token)]).status, 200);
    }
}

#[test]
fn given_a_server_that_is_read_only_then_it_answers_and_takes_nothing() {
    let store = Store::in_memory();
    let ann = replica("d", "ann", "1");
    Running::new(&store, Options::default()).bring(&ann);
    let server = Running::new(&store, Options { read_only: true, ..Options::default() });
    assert_eq!(server.value("d"), json!(1));
    let pulled = server.check_in("d", &Clock::new(), &Patch::new(id("d"), []));
    assert_eq!(pulled.message("d").patch.len(), 1);
    for document in ["d", "e"] {
        let answer = server.bring(&replica(document, "ben", "2"));
        assert_eq!((answer.status, &*answer.problem()), (403, "read-only"));
    }
    assert_eq!(server.get("/v1/documents", &[]).json(), json!({"documents": ["d"]}));
}

#[test]
fn given_origins_then_their_pages_may_ask_and_others_not() {
    let origins = vec!["https://one.example".to_owned()];
    let tokens = Tokens::parse("secret");
    let server = Running::new(&Store::in_memory(), Options { origins, tokens, ..Options::default() });
    let ask = |origin| {
        let headers = [
            ("origin", origin),
            ("access-control-request-method", "POST"),
            ("access-control-request-headers", "authorization,content-type"),
        ];
        server.send("OPTIONS", "/v1/documents/d/check-in", &headers, &[])
    };
    let allowed = ask("https://one.example");
    assert_eq!((allowed.status, allowed.header("access-control-allow-origin")), (200, "https://one.example"));
    assert!(allowed.header("access-control-allow-headers").contains("authorization"));
    assert_eq!(ask("https://two.example").header("access-control-allow-origin"), "");
    // A page may read what is wrong, too.
    let refused = server.get("/v1/documents", &[("origin", "https://one.example")]);
    assert_eq!((refused.status, refused.header("access-control-allow-origin")), (401, "https://one.example"));
    let closed = Running::in_memory();
    let answer = closed.get("/v1/health", &[("origin", "https://one.example")]);
    assert_eq!(answer.header("access-control-allow-origin"), "");
}

#[test]
fn given_a_client_that_unpacks_then_long_answers_come_packed() {
    let server = Running::in_memory();
    let long = format!(r#"["{}"]"#, "abc ".repeat(5_000));
    server.bring(&replica("d", "ann", &long));
    for packing in ["gzip", "zstd"] {
        let answer = server.get("/v1/documents/d", &[JSON, ("accept-encoding", packing)]);
        assert_eq!(answer.header("content-encoding"), if packing == "gzip" { "" } else { packing });
        // The client of the test unpacks gzip by itself.
        assert!(packing == "gzip" || answer.body.len() < 2_000, "{}", answer.body.len());
    }
    let raw = server.raw(b"GET /v1/documents/d HTTP/1.1\r\nhost: x\r\naccept: application/json\r\naccept-encoding: gzip\r\nconnection: close\r\n\r\n");
    assert!(raw.contains("content-encoding: gzip"), "{raw}");
    // The binary form is packed already.
    let bytes = server.get("/v1/documents/d", &[("accept-encoding", "zstd")]);
    assert_eq!(bytes.header("content-encoding"), "");
}
