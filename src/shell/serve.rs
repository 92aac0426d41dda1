//! `rejoin serve`: a server over a store.

use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use rejoin::server::{Options, Server, Tokens};
use rejoin::store::StoreError;
use tokio::runtime::Builder;

use super::USAGE;
use super::cli::Serving;
use super::disk::read_text;
use super::output::{Output, complain};
use super::paint::{Paint, on_a_line};
use super::places::{named, store};

/// The time after which a problem with the store is told again.
const AGAIN: Duration = Duration::from_secs(60);

/// The time that the threads of a server have to end, after its requests.
const PARTING: Duration = Duration::from_secs(1);

/// Runs `rejoin serve`.
pub(crate) fn serve(serving: &Serving, err: Paint) -> io::Result<ExitCode> {
    let refuse = |message: String| {
        complain(&format!("{} {}\n", err.label("error:"), on_a_line(&message)));
        Ok(ExitCode::from(USAGE))
    };
    let store = match store(&named(&serving.store)) {
        Ok(store) => store,
        Err(error) => return refuse(error.to_string()),
    };
    let tokens = match serving.token_file.as_deref().map(tokens).transpose() {
        Ok(tokens) => tokens.unwrap_or_default(),
        Err(message) => return refuse(message),
    };
    let is_open = tokens.is_empty();
    let options = Options {
        tokens,
        read_only: serving.read_only,
        origins: serving.origins.clone(),
        max_body: usize::try_from(serving.max_body).unwrap_or(usize::MAX),
        max_memory: serving.max_memory,
        max_connections: serving.max_connections as usize,
        max_documents: serving.max_documents as usize,
        poll_time: serving.poll.max(Duration::from_millis(10)),
        report,
        ..Options::default()
    };
    let runtime = Builder::new_multi_thread().enable_all().build()?;
    let done = runtime.block_on(async {
        if let Err(error) = store.probe().await {
            return refuse(error.to_string());
        }
        let place = on_a_line(store.name());
        let signals = Signals::new()?;
        let server = match Server::bind(store, &serving.listen, options).await {
            Ok(server) => server,
            Err(error) => {
                let hint = match error.kind() {
                    io::ErrorKind::AddrInUse => "; --listen HOST:0 takes a port that is free",
                    io::ErrorKind::InvalidInput if serving.origins.is_empty() => {
                        "; --listen takes HOST:PORT, such as 127.0.0.1:8890"
                    }
                    _ => "",
                };
                return refuse(format!("cannot serve at {}: {error}{hint}", serving.listen));
            }
        };
        let address = server.address();
        if is_open && !address.ip().is_loopback() {
            let can = if serving.read_only { "read" } else { "read and write" };
            let warning =
                format!("whoever reaches {address} can {can} every document; --token-file keeps others out");
            complain(&format!("{} {warning}\n", err.label("warning:")));
        }
        let mut out = Output;
        writeln!(out, "serving {place} at http://{address}").and_then(|()| out.flush())?;
        server.run(signals.first()).await;
        Ok(ExitCode::SUCCESS)
    });
    // What waits for a store that does not answer is not waited for.
    runtime.shutdown_timeout(PARTING);
    done
}

fn tokens(file: &Path) -> Result<Tokens, String> {
    let shown = file.display();
    let text = read_text(file).map_err(|error| format!("{shown}: {error}"))?;
    let tokens = Tokens::parse(&text);
    if tokens.is_empty() {
        Err(format!("{shown}: no tokens; a token stands on a line of its own"))
    } else {
        Ok(tokens)
    }
}

/// Tells what goes wrong with the store, once in a while: it goes wrong for every request.
fn report(error: &StoreError) {
    static LAST: Mutex<Option<(Instant, String)>> = Mutex::new(None);
    let message = error.to_string();
    let Ok(mut last) = LAST.lock() else { return };
    if last.as_ref().is_some_and(|(at, told)| at.elapsed() < AGAIN && *told == message) {
        return;
    }
    complain(&format!("store: {}\n", on_a_line(&message)));
    *last = Some((Instant::now(), message));
}

/// The signals that end a server: the first one lets it finish, the second one does not.
#[cfg(unix)]
struct Signals {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    fn new() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }

    async fn first(mut self) {
        self.next().await;
        tokio::spawn(async move {
            self.next().await;
            std::process::exit(130);
        });
    }
}

/// Ctrl-C, which ends a server.
#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    fn new() -> io::Result<Self> {
        Ok(Self)
    }

    async fn first(self) {
        // Where it cannot be waited for, the system ends the process.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
