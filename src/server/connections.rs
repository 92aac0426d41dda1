//! Connections: how many there are, how slow they may be, and how they end.

use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;

use axum::Router;
use axum::http::HeaderValue;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::time::{Duration, sleep, timeout};

use super::documents::Documents;
use super::options::Options;
use super::routes::router;
use super::shared::Shared;
use super::stall::Impatient;
use crate::store::Store;

/// The memory that a connection may take for what it has read: heads of requests are shorter.
const BUFFER: usize = 128 << 10;

/// The maximum number of connections that are told at once that there are too many.
const TURNED_AWAY: usize = 64;

/// The time that one of those takes at most.
const PARTING: Duration = Duration::from_millis(500);

/// The answer to those.
const FULL: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\n\
    content-type: application/problem+json\r\nretry-after: 1\r\nconnection: close\r\ncontent-length: 129\r\n\r\n\
    {\"type\":\"urn:rejoin:problem:busy\",\"title\":\"The server is busy\",\"status\":503,\
    \"detail\":\"there are too many connections; try again\"}";

/// A server over a store, which listens.
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
    documents: Arc<Documents>,
    router: Router,
    end: watch::Sender<bool>,
}

impl std::fmt::Debug for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Server").field(&self.address).finish()
    }
}

impl Server {
    /// Begins to listen at an address such as `127.0.0.1:8890`; the port 0 is any that is free.
    ///
    /// # Errors
    /// When it cannot listen there, or an origin cannot be one.
    pub async fn bind(store: Store, address: &str, options: Options) -> io::Result<Self> {
        if let Some(origin) = options.origins.iter().find(|origin| HeaderValue::from_str(origin).is_err()) {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, format!("`{origin}` is no origin")));
        }
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        let documents = Arc::new(Documents::new(Shared::new(store, options)));
        let (end, ended) = watch::channel(false);
        let router = router(Arc::clone(&documents), ended);
        Ok(Self { listener, address, documents, router, end })
    }

    /// Returns where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves until something happens. Then it takes no more connections, and returns once what runs has ended, or the
    /// [time](Options::end_time) for that is up.
    pub async fn run(self, until: impl Future<Output = ()>) {
        let Self { listener, documents, router, end, .. } = self;
        let options = &documents.shared.options;
        let graceful = GracefulShutdown::new();
        let (free, turned_away) =
            (Arc::new(Semaphore::new(options.max_connections)), Arc::new(Semaphore::new(TURNED_AWAY)));
        let mut builder = http1::Builder::new();
        builder.timer(TokioTimer::new()).header_read_timeout(options.header_time).max_buf_size(BUFFER);
        let mut until = pin!(until);
        let mut sweep = tokio::time::interval(options.idle_time.min(Duration::from_secs(30)).max(PARTING));
        loop {
            let accepted = tokio::select! {
                accepted = listener.accept() => accepted,
                _ = sweep.tick() => {
                    documents.shared.cache.drop_idle(options.idle_time);
                    continue;
                }
                () = &mut until => break,
            };
            let stream = match accepted {
                Ok((stream, _)) => stream,
                Err(_) => {
                    // There are no more sockets, say: some will come back.
                    sleep(Duration::from_millis(50)).await;
                    continue;
                }
            };
            let Ok(permit) = Arc::clone(&free).try_acquire_owned() else {
                if let Ok(permit) = Arc::clone(&turned_away).try_acquire_owned() {
                    tokio::spawn(async move {
                        turn_away(stream).await;
                        drop(permit);
                    });
                }
                continue;
            };
            // Answers are small and go out at once. Where that cannot be set, they are slower.
            let _ = stream.set_nodelay(true);
            let io = TokioIo::new(Impatient::new(stream, options.stall_time));
            let connection = builder.serve_connection(io, TowerToHyperService::new(router.clone()));
            let connection = graceful.watch(connection);
            tokio::spawn(async move {
                // What goes wrong with a connection is its client's business.
                let _ = connection.await;
                drop(permit);
            });
        }
        drop(listener);
        // Streams of events end by that.
        let _ = end.send(true);
        let _ = timeout(options.end_time, graceful.shutdown()).await;
    }
}

/// Tells a client that there are too many, and waits until it has read that.
async fn turn_away(mut stream: TcpStream) {
    let parting = async {
        stream.write_all(FULL).await?;
        stream.shutdown().await?;
        let mut buffer = [0; 1 << 10];
        while stream.read(&mut buffer).await? > 0 {}
        io::Result::Ok(())
    };
    let _ = timeout(PARTING, parting).await;
}

#[cfg(test)]
mod tests {
    use super::FULL;

    #[test]
    fn the_answer_to_those_who_are_too_many_is_as_long_as_it_says() {
        let text = std::str::from_utf8(FULL).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        assert!(head.ends_with(&format!("content-length: {}", body.len())), "{}", body.len());
    }
}
