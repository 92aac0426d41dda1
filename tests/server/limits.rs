//! Limits: what is too much, too slow or too many, and the end of a server.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rejoin::crdt::Clock;
use rejoin::server::Options;
use rejoin::store::{Exchange, Store};
use serde_json::json;

use crate::running::{Running, replica, set};

const CHECK_IN: &str = "/v1/documents/d/check-in";

fn with(change: impl FnOnce(&mut Options)) -> Running {
    let mut options = Options::default();
    change(&mut options);
    Running::new(&Store::in_memory(), options)
}

/// Packs bytes.
fn packed(bytes: &[u8], packing: &str) -> Vec<u8> {
    if packing == "zstd" {
        return zstd::encode_all(bytes, 3).unwrap();
    }
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn given_a_body_that_is_too_long_then_it_is_refused_however_it_is_packed() {
    let server = with(|options| options.max_body = 10_000);
    let long = vec![b' '; 10_001];
    let answer = server.send("POST", CHECK_IN, &[], &long);
    assert_eq!((answer.status, &*answer.problem()), (413, "too-large"));
    // A gigabyte in a few kilobytes.
    let bomb = vec![0; 1 << 30];
    for packing in ["gzip", "zstd"] {
        let mut body = packed(if packing == "zstd" { &bomb } else { &bomb[..1 << 23] }, packing);
        body.truncate(10_000);
        let answer = server.send("POST", CHECK_IN, &[("content-encoding", packing)], &body);
        assert_eq!((answer.status, &*answer.problem()), (413, "too-large"), "{packing}");
    }
    // Without a length in front.
    let chunked = format!(
        "POST {CHECK_IN} HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n4000\r\n{}\r\n",
        " ".repeat(0x4000)
    );
    assert!(server.raw(chunked.as_bytes()).starts_with("HTTP/1.1 413"));
    // What is packed and fits is read.
    let ann = replica("d", "ann", "1");
    let message = Exchange { clock: ann.clock().clone(), patch: ann.patch_from_clock(&Clock::new()) };
    for packing in ["gzip", "zstd", "identity"] {
        let body = message.to_bytes();
        let body = if packing == "identity" { body } else { packed(&body, packing) };
        assert_eq!(server.send("POST", CHECK_IN, &[("content-encoding", packing)], &body).status, 200);
    }
}

#[test]
fn given_a_patch_that_takes_too_much_memory_then_it_is_refused() {
    let server = with(|options| options.max_memory = 1 << 20);
    let ann = replica("d", "ann", &format!("{:?}", (0..100_000).collect::<Vec<_>>()));
    let answer = server.bring(&ann);
    assert_eq!((answer.status, &*answer.problem()), (413, "too-large"));
    assert_eq!(server.get("/v1/documents/d", &[]).status, 404);
    assert_eq!(server.bring(&replica("d", "ann", "1")).status, 200);
}

#[test]
fn given_too_many_connections_then_one_more_is_told_to_come_later() {
    let server = with(|options| options.max_connections = 2);
    let held: Vec<TcpStream> = (0..2).map(|_| TcpStream::connect(server.address).unwrap()).collect();
    let request = b"GET /v1/health HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
    let patience = Instant::now() + Duration::from_secs(5);
    let refused = loop {
        // The server may not have seen the first ones yet.
        let answer = server.raw(request);
        if answer.starts_with("HTTP/1.1 503") || Instant::now() > patience {
            break answer;
        }
    };
    assert!(refused.contains("retry-after: 1") && refused.contains("problem+json"), "{refused}");
    drop(held);
    while !server.raw(request).starts_with("HTTP/1.1 200") {
        assert!(Instant::now() < patience);
    }
}

#[test]
fn given_a_client_that_is_slow_to_ask_then_it_is_cut_off() {
    let server = with(|options| {
        options.header_time = Duration::from_millis(200);
        options.request_time = Duration::from_millis(200);
    });
    let begun = Instant::now();
    assert_eq!(server.raw(b"GET /v1/health HTTP/1.1\r\nhost"), "");
    let body = format!("POST {CHECK_IN} HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\nabc");
    let answer = server.raw(body.as_bytes());
    assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
    assert!(begun.elapsed() < Duration::from_secs(5));
}

#[test]
fn given_clients_that_read_nothing_then_others_are_answered_and_those_cut_off() {
    let server = with(|options| options.stall_time = Duration::from_millis(500));
    // Random digits do not pack.
    let mut state = 7_u64;
    let mut digits = String::new();
    while digits.len() < 8 << 20 {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        digits.push_str(&state.to_string());
    }
    assert_eq!(server.bring(&replica("d", "ann", &format!("[\"{digits}\"]"))).status, 200);
    let mut slow: Vec<TcpStream> = (0..4)
        .map(|_| {
            let mut stream = TcpStream::connect(server.address).unwrap();
            let request = b"GET /v1/documents/d HTTP/1.1\r\nhost: x\r\naccept: application/json\r\n\r\n";
            stream.write_all(request).unwrap();
            stream
        })
        .collect();
    let begun = Instant::now();
    assert_eq!(server.bring(&replica("e", "ann", "1")).status, 200);
    assert_eq!(server.value("e"), json!(1));
    assert!(begun.elapsed() < Duration::from_secs(2));
    std::thread::sleep(Duration::from_millis(1_500));
    for stream in &mut slow {
        stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
        let mut answer = Vec::new();
        // It was cut off in the middle.
        let _ = stream.read_to_end(&mut answer);
        assert!(answer.len() < 8 << 20, "{}", answer.len());
    }
}

#[test]
fn given_too_many_bytes_on_their_way_then_more_are_told_to_come_later() {
    let server = with(|options| {
        options.max_body = 1 << 20;
        options.max_pending = 1 << 20;
    });
    let head = format!("POST {CHECK_IN} HTTP/1.1\r\nhost: x\r\ncontent-length: {}\r\n\r\n", 1 << 20);
    let body = vec![0; 300 << 10];
    let patience = Instant::now() + Duration::from_secs(5);
    loop {
        let mut slow = TcpStream::connect(server.address).unwrap();
        slow.write_all(head.as_bytes()).unwrap();
        slow.write_all(&vec![0; 900 << 10]).unwrap();
        // If the other one is faster, it is this one that comes later.
        std::thread::sleep(Duration::from_millis(100));
        let answer = server.send("POST", CHECK_IN, &[], &body);
        if answer.status == 503 {
            assert_eq!((&*answer.problem(), answer.header("retry-after")), ("busy", "1"));
            break;
        }
        assert!(Instant::now() < patience, "{answer:?}");
    }
}

/// A store that cannot be reached while a flag is up.
#[derive(Debug, Default)]
struct Flaky {
    inner: object_store::memory::InMemory,
    is_down: std::sync::atomic::AtomicBool,
    /// How often all documents were listed.
    lists: std::sync::atomic::AtomicUsize,
    /// Whether to read takes a while.
    is_slow: std::sync::atomic::AtomicBool,
    /// How many read at once, now and at most.
    readers: std::sync::atomic::AtomicUsize,
    most_readers: std::sync::atomic::AtomicUsize,
}

mod flaky {
    use std::sync::atomic::Ordering;

    use futures_util::stream::BoxStream;
    use object_store::path::Path;
    use object_store::{
        CopyOptions, Error, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore,
        PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
    };

    use super::Flaky;

    impl Flaky {
        fn check(&self) -> Result<()> {
            match self.is_down.load(Ordering::SeqCst) {
                true => Err(Error::Generic { store: "flaky", source: "it is down".into() }),
                false => Ok(()),
            }
        }
    }

    impl std::fmt::Display for Flaky {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("flaky")
        }
    }

    #[async_trait::async_trait]
    impl ObjectStore for Flaky {
        async fn put_opts(&self, at: &Path, bytes: PutPayload, options: PutOptions) -> Result<PutResult> {
            self.check()?;
            self.inner.put_opts(at, bytes, options).await
        }

        async fn put_multipart_opts(
            &self,
            at: &Path,
            options: PutMultipartOptions,
        ) -> Result<Box<dyn MultipartUpload>> {
            self.inner.put_multipart_opts(at, options).await
        }

        async fn get_opts(&self, at: &Path, options: GetOptions) -> Result<GetResult> {
            self.check()?;
            if self.is_slow.load(Ordering::SeqCst) {
                let readers = self.readers.fetch_add(1, Ordering::SeqCst) + 1;
                self.most_readers.fetch_max(readers, Ordering::SeqCst);
                tokio::time::sleep(std::time::Duration::from_millis(50)).await;
                self.readers.fetch_sub(1, Ordering::SeqCst);
            }
            self.inner.get_opts(at, options).await
        }

        fn delete_stream(&self, paths: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
            self.inner.delete_stream(paths)
        }

        fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
            match self.check() {
                Ok(()) => self.inner.list(prefix),
                Err(error) => Box::pin(futures_util::stream::iter([Err(error)])),
            }
        }

        async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
            self.check()?;
            self.lists.fetch_add(1, Ordering::SeqCst);
            self.inner.list_with_delimiter(prefix).await
        }

        async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
            self.inner.copy_opts(from, to, options).await
        }
    }
}

#[test]
fn given_a_store_that_cannot_be_reached_then_clients_come_later_and_nothing_is_lost() {
    use std::sync::atomic::Ordering;
    let flaky = Arc::new(Flaky::default());
    let server = Running::new(&Store::over(flaky.clone(), "", "flaky"), Options::default());
    let mut ann = replica("d", "ann", "1");
    assert_eq!(server.bring(&ann).status, 200);
    set(&mut ann, "2");
    flaky.is_down.store(true, Ordering::SeqCst);
    for answer in [server.bring(&ann), server.get("/v1/documents/d", &[]), server.get("/v1/documents", &[])] {
        assert_eq!((answer.status, &*answer.problem()), (503, "store"));
        assert_eq!(answer.header("retry-after"), "1");
        assert!(!String::from_utf8(answer.body).unwrap().contains("it is down"));
    }
    flaky.is_down.store(false, Ordering::SeqCst);
    assert_eq!(server.value("d"), json!(1));
    assert_eq!(server.bring(&ann).status, 200);
    assert_eq!(server.value("d"), json!(2));
}

#[test]
fn given_a_document_that_nests_deeply_then_it_is_answered() {
    let server = with(|_| {});
    // Deeper than any text may be, and than an edit makes it.
    let mut ops = vec![r#"{"op": "put", "root": true, "make": "map"}"#.to_owned()];
    ops.extend((1..30_000).map(|at| format!(r#"{{"op":"put","map":"{at}@eve","key":"k","make":"map"}}"#)));
    let patch = format!(
        r#"{{"document": "d", "changes": [{{"actor": "eve", "first": 1, "previous": 0, "deps": {{}}, "ops": [{}]}}]}}"#,
        ops.join(",")
    );
    assert_eq!(server.json("d", &format!(r#"{{"clock": {{"eve": 30000}}, "patch": {patch}}}"#)).status, 200);
    let answer = server.get("/v1/documents/d", &[("accept", "application/json")]);
    assert_eq!(answer.status, 200);
    assert!(answer.body.ends_with(b"}}}}}"));
}

#[test]
fn given_requests_that_run_when_the_server_ends_then_they_are_answered_and_streams_end() {
    let mut server = with(|_| {});
    server.bring(&replica("d", "ann", "1"));
    let mut stream = TcpStream::connect(server.address).unwrap();
    stream.write_all(b"GET /v1/documents/d/events HTTP/1.1\r\nhost: x\r\n\r\n").unwrap();
    let mut begun = [0; 12];
    stream.read_exact(&mut begun).unwrap();
    assert_eq!(&begun, b"HTTP/1.1 200");
    let idle = TcpStream::connect(server.address).unwrap();
    let at = Instant::now();
    server.end();
    assert!(at.elapsed() < Duration::from_secs(5), "{:?}", at.elapsed());
    let mut rest = String::new();
    stream.read_to_string(&mut rest).unwrap();
    assert!(rest.ends_with("0\r\n\r\n"), "{rest}");
    drop(idle);
    assert!(TcpStream::connect(server.address).is_err());
}

#[test]
fn given_many_who_list_the_documents_then_the_store_is_asked_once_a_second_and_new_ones_are_there() {
    let counted = Arc::new(Flaky::default());
    let server = Running::new(&Store::over(counted.clone(), "", "counted"), Options::default());
    let begun = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for _ in 0..5 {
                    assert_eq!(server.get("/v1/documents", &[]).json(), json!({"documents": []}));
                }
            });
        }
    });
    let lists = counted.lists.load(std::sync::atomic::Ordering::SeqCst) as u64;
    assert!(lists <= 1 + begun.elapsed().as_secs(), "{lists}");
    for (document, all) in [("b", json!(["b"])), ("a", json!(["a", "b"]))] {
        assert_eq!(server.bring(&replica(document, "ann", "1")).status, 200);
        assert_eq!(server.get("/v1/documents", &[]).json(), json!({"documents": all}));
    }
}

#[test]
fn given_many_documents_that_are_asked_for_at_once_then_few_are_read_at_a_time() {
    use std::sync::atomic::Ordering;
    let slow = Arc::new(Flaky::default());
    let store = Store::over(slow.clone(), "", "slow");
    let names: Vec<_> = (0..20).map(|at| format!("d{at}")).collect();
    let writing = Running::new(&store, Options::default());
    names.iter().for_each(|name| assert_eq!(writing.bring(&replica(name, "ann", "1")).status, 200));
    slow.is_slow.store(true, Ordering::SeqCst);
    let reading = Running::new(&store, Options::default());
    std::thread::scope(|scope| {
        for name in &names {
            scope.spawn(|| assert_eq!(reading.value(name), json!(1)));
        }
    });
    let most = slow.most_readers.load(Ordering::SeqCst);
    assert!((2..=4).contains(&most), "{most}");
}
