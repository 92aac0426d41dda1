//! The description of the protocol for programs, held against the server.

use std::collections::{BTreeMap, BTreeSet};

use crate::running::{Running, replica};

const OPENAPI: &str = include_str!("../../docs/openapi.yaml");

/// The statuses that each operation may answer, by its method and its path.
fn operations() -> BTreeMap<(String, String), BTreeSet<u16>> {
    let (mut path, mut method) = (String::new(), String::new());
    let mut operations = BTreeMap::<_, BTreeSet<u16>>::new();
    let lines = OPENAPI.lines().skip_while(|line| *line != "paths:");
    for line in lines.take_while(|line| *line != "components:") {
        let (indent, word) = (line.len() - line.trim_start().len(), line.trim().trim_end_matches(':'));
        match indent {
            2 => word.clone_into(&mut path),
            4 if word == "get" || word == "post" => method = word.to_ascii_uppercase(),
            8 if word.starts_with('"') => {
                let status = word[1..4].parse().unwrap();
                operations.entry((method.clone(), path.clone())).or_default().insert(status);
            }
            _ => {}
        }
    }
    operations
}

#[test]
fn given_the_description_then_the_server_has_its_paths_and_answers_with_its_statuses() {
    let operations = operations();
    assert_eq!(operations.len(), 5, "{operations:?}");
    let server = Running::in_memory();
    server.bring(&replica("d", "ann", "1"));
    let headers: &[&[(&str, &str)]] = &[
        &[],
        &[("accept", "text/nothing")],
        &[("accept", "application/json"), ("content-type", "application/json")],
        &[("content-type", "text/plain")],
        &[("if-none-match", "*")],
    ];
    for ((method, path), statuses) in &operations {
        for id in ["d", "nobody", "%00"] {
            let path = path.replace("{id}", id);
            for headers in headers {
                // A stream does not end.
                if path.ends_with("/events") && id == "d" && !headers.contains(&("accept", "text/nothing")) {
                    continue;
                }
                let body: &[u8] = if method == "POST" { br#"{"clock": {}}"# } else { b"" };
                let answer = server.send(method, &path, headers, body);
                assert!(statuses.contains(&answer.status), "{method} {path} {headers:?}: {}", answer.status);
            }
            let other = if method == "POST" { "PUT" } else { "DELETE" };
            assert_eq!(server.send(other, &path, &[], b"").status, 405, "{other} {path}");
        }
    }
}
