//! A store in a bucket: a server of S3 in this process, on a port of its own, over a folder that goes away.

use std::net::SocketAddr;
use std::sync::Arc;

use hyper::Method;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use object_store::ObjectStoreExt;
use object_store::aws::{AmazonS3, AmazonS3Builder, S3ConditionalPut};
use object_store::{Error, ObjectStore, PutMode, PutOptions};
use rejoin::crdt::{Actor, ConvergentRef, DocumentId};
use rejoin::store::{CheckIn, Seen, Store, StoreError, Way};
use rejoin::value::parse;
use s3s::auth::SimpleAuth;
use s3s::service::S3ServiceBuilder;
use tokio::net::TcpListener;
use tokio::sync::Mutex;

const BUCKET: &str = "bucket";

/// A running server.
struct Server {
    address: SocketAddr,
    _folder: tempfile::TempDir,
}

impl Server {
    async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join(BUCKET)).unwrap();
        let mut builder = S3ServiceBuilder::new(s3s_fs::FileSystem::new(folder.path()).unwrap());
        builder.set_auth(SimpleAuth::from_single("key", "secret"));
        let service = builder.build();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        // It looks whether an object is there, and writes it later: one after the other, as S3 does it.
        let writes = Arc::new(Mutex::new(()));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (service, writes) = (service.clone(), Arc::clone(&writes));
                let answer = service_fn(move |request: hyper::Request<hyper::body::Incoming>| {
                    let (service, writes) = (service.clone(), Arc::clone(&writes));
                    async move {
                        let is_write = request.method() == Method::PUT;
                        let _alone = if is_write { Some(writes.lock().await) } else { None };
                        service.call(request.map(s3s::Body::from)).await
                    }
                });
                tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), answer));
            }
        });
        Self { address, _folder: folder }
    }

    fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    fn objects(&self) -> AmazonS3 {
        // The first one in a process chooses it; it is the same each time.
        let _ = rustls::crypto::ring::default_provider().install_default();
        AmazonS3Builder::new()
            .with_bucket_name(BUCKET)
            .with_region("us-east-1")
            .with_endpoint(self.endpoint())
            .with_allow_http(true)
            .with_access_key_id("key")
            .with_secret_access_key("secret")
            .with_conditional_put(S3ConditionalPut::ETagMatch)
            .build()
            .unwrap()
    }

    fn store(&self) -> Store {
        Store::over(Arc::new(self.objects()), "some/folder", "s3")
    }
}

struct Peer {
    replica: ConvergentRef,
    seen: Seen,
}

impl Peer {
    fn new(name: &str) -> Self {
        let document = DocumentId::new("doc/1").unwrap();
        Self { replica: ConvergentRef::new(document, Actor::new(name).unwrap()), seen: Seen::default() }
    }

    fn branch(&self, name: &str) -> Self {
        Self { replica: self.replica.branch(Actor::new(name).unwrap()).unwrap(), seen: Seen::default() }
    }

    fn set(&mut self, value: &str) -> &mut Self {
        self.replica.reset(parse(value).unwrap()).unwrap();
        self
    }

    async fn checks_in(&mut self, store: &Store) -> CheckIn {
        self.tries(store).await.unwrap()
    }

    async fn tries(&mut self, store: &Store) -> Result<CheckIn, StoreError> {
        store.check_in(&mut self.replica, &mut self.seen, Way::Both).await
    }

    fn text(&self) -> String {
        self.replica.value().to_string()
    }
}

fn run(test: impl AsyncFnOnce(&Server)) {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async { test(&Server::start().await).await });
}

#[test]
fn given_several_who_make_an_object_at_once_then_one_of_them_does() {
    run(async |server| {
        let objects = server.objects();
        for number in 0..20 {
            let location = format!("object-{number}").into();
            let put = |what: &'static str| {
                let only_new = PutOptions { mode: PutMode::Create, ..PutOptions::default() };
                objects.put_opts(&location, what.into(), only_new)
            };
            let (one, two, three) = tokio::join!(put("one"), put("two"), put("three"));
            let made = [one, two, three].map(|made| match made {
                Ok(_) => true,
                Err(Error::AlreadyExists { .. }) => false,
                Err(error) => panic!("{error}"),
            });
            assert_eq!(made.iter().filter(|made| **made).count(), 1);
            let there = objects.get(&location).await.unwrap().bytes().await.unwrap();
            let winner = made.iter().position(|made| *made).unwrap();
            assert_eq!(there, ["one", "two", "three"][winner]);
        }
    });
}

#[test]
fn given_two_replicas_when_they_check_in_and_somebody_cleans_up_then_both_have_all() {
    run(async |server| {
        let store = server.store();
        let mut ann = Peer::new("ann");
        assert_eq!(ann.set(r#"{"a":1}"#).checks_in(&store).await.requests, 2);
        let mut ben = ann.branch("ben/../ü");
        for number in 0..5 {
            ann.set(&format!(r#"{{"a":{number}}}"#)).checks_in(&store).await;
        }
        ben.set(r#"{"a":1,"b":1}"#).checks_in(&store).await;
        assert_eq!(ann.checks_in(&store).await.received.changes, 1);
        assert_eq!(ann.text(), ben.text());
        assert_eq!(ann.checks_in(&store).await.requests, 1);
        let document = ann.replica.document().clone();
        assert_eq!(store.documents().await.unwrap(), [document.clone()]);
        let young = store.clean(&document, 3600).await.unwrap();
        assert_eq!((young.checkpoint, young.removed), (true, 0));
        // The clock of a bucket may have seconds alone.
        tokio::time::sleep(std::time::Duration::from_millis(1100)).await;
        assert_eq!(store.clean(&document, 0).await.unwrap().removed, 5);
        let mut clone = Peer::new("clone");
        clone.checks_in(&store).await;
        assert_eq!((clone.text(), clone.replica.clock()), (ann.text(), ann.replica.clock()));
        assert_eq!(ann.checks_in(&store).await.requests, 1);
    });
}

#[test]
fn given_two_replicas_of_one_actor_at_once_then_one_finds_out() {
    run(async |server| {
        for number in 0..20 {
            let store = Store::over(Arc::new(server.objects()), &format!("round-{number}"), "s3");
            let (mut ann, mut twin) = (Peer::new("ann"), Peer::new("ann"));
            ann.set("1");
            twin.set("2");
            let (one, two) = tokio::join!(ann.tries(&store), twin.tries(&store));
            assert_eq!([one.is_ok(), two.is_ok()].iter().filter(|went| **went).count(), 1);
            let error = one.and(two).unwrap_err();
            assert!(matches!(error, StoreError::Merge { .. }), "{error}");
        }
    });
}

#[test]
fn given_more_than_a_thousand_objects_then_all_are_listed() {
    run(async |server| {
        let store = server.store();
        let mut all = Peer::new("all");
        all.set("{}");
        for number in 0..1100 {
            let mut one = all.branch(&format!("actor-{number}"));
            one.set(&format!(r#"{{"k":{number}}}"#));
            all.replica.merge(&one.replica).unwrap();
        }
        assert_eq!(all.checks_in(&store).await.sent.changes, 1101);
        let mut clone = Peer::new("clone");
        assert_eq!(clone.checks_in(&store).await.received.changes, 1101);
        assert_eq!(clone.text(), all.text());
        store.clean(all.replica.document(), 0).await.unwrap();
        let mut late = Peer::new("late");
        assert!(late.checks_in(&store).await.requests < 10);
        assert_eq!(late.text(), all.text());
    });
}

#[test]
fn given_a_url_and_options_then_it_is_the_same_store() {
    run(async |server| {
        let endpoint = server.endpoint();
        let options = [
            ("aws_endpoint", endpoint.as_str()),
            ("aws_allow_http", "true"),
            ("aws_region", "us-east-1"),
            ("aws_access_key_id", "key"),
            ("aws_secret_access_key", "secret"),
        ];
        let options = options.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let store = Store::at_url_with("s3://bucket/some/folder", options.clone()).unwrap();
        let mut ann = Peer::new("ann");
        ann.set("[1]").checks_in(&store).await;
        let mut clone = Peer::new("clone");
        clone.checks_in(&server.store()).await;
        assert_eq!(clone.text(), "[1]");
        let wrong = options
            .map(|(name, value)| if name.contains("secret") { (name, "no".into()) } else { (name, value) });
        let error =
            Peer::new("eve").tries(&Store::at_url_with("s3://bucket/x", wrong).unwrap()).await.unwrap_err();
        assert!(matches!(error, StoreError::Unreachable { .. } | StoreError::Refused { .. }), "{error}");
        for url in ["s3://", "ftp://bucket", "nothing"] {
            assert!(matches!(Store::at_url_with(url, []), Err(StoreError::BadPlace(_))), "{url}");
        }
    });
}
