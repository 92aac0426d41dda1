//! `rejoin serve`.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, ChildStdout};
use std::time::{Duration, Instant};

use crate::command::{Folder, command, rejoin};

/// A server that goes with the test.
struct Serving {
    child: Child,
    out: BufReader<ChildStdout>,
    said: String,
    address: String,
}

impl Serving {
    fn new(args: &[&str]) -> Self {
        let listen = if args.contains(&"--listen") { &[][..] } else { &["--listen", "127.0.0.1:0"] };
        let mut child = command(&[&["serve"], args, listen].concat()).spawn().unwrap();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let mut said = String::new();
        out.read_line(&mut said).unwrap();
        let address = said.trim_end().rsplit("http://").next().unwrap().to_owned();
        Self { child, out, said, address }
    }

    fn ask(&self, path: &str, headers: &str) -> String {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        write!(stream, "GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{headers}\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn given_a_folder_then_it_is_served_at_the_address_that_is_told() {
    let folder = Folder::new("serve");
    let shop = folder.0.join("shop");
    let tokens = folder.file("tokens", "# for the test\nsecret\n");
    let serving = Serving::new(&[shop.to_str().unwrap(), "--token-file", &tokens]);
    assert_eq!(serving.said, format!("serving {} at http://{}\n", shop.display(), serving.address));
    assert!(serving.ask("/v1/health", "").starts_with("HTTP/1.1 200"));
    assert!(serving.ask("/v1/documents", "").starts_with("HTTP/1.1 401"));
    let listed = serving.ask("/v1/documents", "authorization: Bearer secret\r\n");
    assert!(listed.ends_with(r#"{"documents":[]}"#), "{listed}");
    assert!(!shop.exists());
}

#[cfg(unix)]
#[test]
fn given_a_server_when_a_signal_comes_then_it_finishes_and_ends_well() {
    for signal in ["TERM", "INT"] {
        let folder = Folder::new(&format!("serve-{signal}"));
        let mut serving = Serving::new(&[folder.0.to_str().unwrap()]);
        // A request of which a part has come.
        let mut slow = TcpStream::connect(&serving.address).unwrap();
        let head = "POST /v1/documents/d/check-in HTTP/1.1\r\nhost: x\r\naccept: application/json\r\n\
                    content-type: application/json\r\n";
        write!(slow, "{head}content-length: 13\r\n\r\n{{\"clock\"").unwrap();
        std::thread::sleep(Duration::from_millis(200));
        let pid = serving.child.id().to_string();
        std::process::Command::new("kill").args([&format!("-{signal}"), &pid]).status().unwrap();
        std::thread::sleep(Duration::from_millis(200));
        assert!(TcpStream::connect(&serving.address).is_err());
        slow.write_all(b": {}}").unwrap();
        let mut answer = String::new();
        slow.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        let patience = Instant::now() + Duration::from_secs(5);
        let status = loop {
            if let Some(status) = serving.child.try_wait().unwrap() {
                break status;
            }
            assert!(Instant::now() < patience);
            std::thread::sleep(Duration::from_millis(5));
        };
        assert_eq!(status.code(), Some(0));
        let mut rest = String::new();
        serving.out.read_to_string(&mut rest).unwrap();
        assert_eq!(rest, "");
    }
}

#[test]
fn given_what_cannot_be_served_then_one_line_says_why() {
    let folder = Folder::new("serve-wrong");
    let store = folder.0.to_str().unwrap();
    let empty = folder.file("empty", "# nothing\n");
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = taken.local_addr().unwrap().to_string();
    for (args, message) in [
        (&["ftp://host"][..], "`ftp://host` is no place for documents"),
        (&[store, "--token-file", &empty], "no tokens"),
        (&[store, "--token-file", "/nowhere"], "/nowhere: "),
        (&[store, "--listen", &taken], "--listen HOST:0 takes a port that is free"),
        (&[store, "--listen", "nonsense"], "--listen takes HOST:PORT"),
        (&[store, "--cors", "a\nb"], "no origin"),
    ] {
        let done = rejoin(&[&["serve"], args].concat());
        assert_eq!((done.code, &*done.out, done.err.lines().count()), (2, "", 1), "{done:?}");
        assert!(done.err.starts_with("error: ") && done.err.contains(message), "{}", done.err);
    }
    #[cfg(not(feature = "cloud"))]
    assert!(rejoin(&["serve", "s3://b"]).err.contains("built with the feature `cloud`"));
}

#[test]
fn given_a_server_that_everybody_reaches_and_no_tokens_then_it_warns() {
    let folder = Folder::new("serve-open");
    let mut serving = Serving::new(&[folder.0.to_str().unwrap(), "--listen", "0.0.0.0:0", "--read-only"]);
    let mut err = BufReader::new(serving.child.stderr.take().unwrap());
    let mut warning = String::new();
    err.read_line(&mut warning).unwrap();
    assert!(warning.starts_with("warning: whoever reaches 0.0.0.0:"), "{warning}");
    assert!(warning.contains("can read every document; --token-file"), "{warning}");
}

/// A workspace in a folder of its own.
fn workspace(folder: &Folder, name: &str, lines: &[&str]) -> crate::command::Done {
    let place = folder.0.join(name);
    let lines = lines.iter().flat_map(|line| ["-c", line]);
    rejoin(&["-w", place.to_str().unwrap()].into_iter().chain(lines).collect::<Vec<_>>())
}

#[test]
fn given_the_blog_post_in_several_processes_when_they_check_in_then_both_have_what_it_prints() {
    let folder = Folder::new("serve-blog");
    let serving = Serving::new(&[folder.0.join("store").to_str().unwrap()]);
    let url = format!("http://{}", serving.address);
    let backend = |lines: &[&str]| workspace(&folder, "backend", lines);
    let client = |lines: &[&str]| workspace(&folder, "client", lines);
    let last = |done: crate::command::Done| {
        assert_eq!((done.code, &*done.err), (0, ""));
        done.out.lines().last().unwrap().to_owned()
    };

    backend(&[r#"ref backend {"name": "Foo", "items": [0, 1]}"#, &format!("sync backend {url}")]);
    assert_eq!(
        last(client(&[&format!("clone {url} as client"), "client"])),
        r#"{"name":"Foo","items":[0,1]}"#
    );

    // Each changes something, and checks in; the first once more.
    assert_eq!(
        last(backend(&[r#"swap backend .name = "Bar""#, "sync backend", "backend"])),
        r#"{"name":"Bar","items":[0,1]}"#
    );
    let done = client(&["swap client .items += [2]", "sync client", "client"]);
    assert!(done.out.contains("1 change new\n~ .name \"Foo\" → \"Bar\"\n"), "{}", done.out);
    assert_eq!(last(done), r#"{"name":"Bar","items":[0,1,2]}"#);
    assert_eq!(last(backend(&["sync backend", "backend"])), r#"{"name":"Bar","items":[0,1,2]}"#);

    // The loop can be repeated at any time.
    assert_eq!(last(backend(&["sync backend"])), "nothing new");
    assert_eq!(last(client(&["sync client"])), "nothing new");
    // The same document, by its store.
    let there = format!("clone {} as copy", folder.0.join("store").display());
    assert_eq!(last(rejoin(&["-c", &there, "-c", "copy"])), r#"{"name":"Bar","items":[0,1,2]}"#);
}

#[test]
fn given_a_server_that_refuses_then_the_error_says_what_it_says_and_nothing_has_changed() {
    let folder = Folder::new("serve-refused");
    let tokens = folder.file("tokens", "secret\n");
    let place = folder.0.join("store");
    let place = place.to_str().unwrap();
    let serving = Serving::new(&[place, "--token-file", &tokens]);
    let url = format!("http://{}", serving.address);
    let line = format!("sync a {url}");
    let ask = |token: &str| {
        let mut command = command(&["-c", "ref a 1", "-c", &line]);
        command.env("REJOIN_TOKEN", token).output().unwrap().into()
    };
    let refused: crate::command::Done = ask("other");
    assert_eq!(refused.code, 1);
    assert!(refused.err.contains(&format!("`{url}` wants a token")), "{}", refused.err);
    assert!(refused.err.contains("REJOIN_TOKEN"), "{}", refused.err);
    let taken: crate::command::Done = ask("secret");
    assert_eq!((taken.code, &*taken.err), (0, ""));
    drop(serving);
    let gone: crate::command::Done = ask("secret");
    assert_eq!(gone.code, 1);
    assert!(gone.err.contains("[R091]") && gone.err.contains("cannot reach"), "{}", gone.err);
    let reading = Serving::new(&[place, "--read-only"]);
    let sync = format!("sync a http://{}", reading.address);
    let refused = rejoin(&["-c", "ref a 1", "-c", &sync]);
    assert_eq!(refused.code, 1);
    assert!(refused.err.contains("[R092]") && refused.err.contains("403"), "{}", refused.err);
    // What is there already is not sent.
    let clone = format!("clone http://{} as b", reading.address);
    let taken = rejoin(&["-c", &clone, "-c", "sync b", "-c", "b"]);
    assert_eq!((taken.code, taken.out.lines().last()), (0, Some("1")), "{}", taken.err);
}
