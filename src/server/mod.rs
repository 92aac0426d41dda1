//! An HTTP server over a store: the whole document, one check-in, and a stream of what is new. `docs/protocol.md`
//! describes what it speaks.
//!
//! Any number of servers may use one store at the same time. A server writes nothing of its own: it keeps replicas of the
//! documents that are asked for, takes patches into them and brings them to the store, and answers when the store
//! has them.
//!
//! | file | |
//! | --- | --- |
//! | `connections` | sockets: how many, how slow, and their end |
//! | `routes` | what a request asks for |
//! | `tokens`, `form`, `body`, `problem` | who asks, in which form, with what; what is refused |
//! | `documents` | a queue for each document that is in use, and who follows it |
//! | `batch` | what waits in a queue, done at once: merged, brought to the store, answered |
//! | `cache`, `shared`, `budget` | replicas that are kept for the next batch, and what else all requests share |
//! | `events` | streams of what is new |
//!
//! ```no_run
//! use rejoin::server::{Options, Server};
//! use rejoin::store::Store;
//!
//! # async fn serve() -> Result<(), Box<dyn std::error::Error>> {
//! let server = Server::bind(Store::in_memory(), "127.0.0.1:8890", Options::default()).await?;
//! println!("at http://{}", server.address());
//! server.run(std::future::pending()).await;
//! # Ok(())
//! # }
//! ```

mod batch;
mod body;
mod budget;
mod cache;
mod connections;
mod documents;
mod events;
mod form;
mod options;
mod problem;
mod routes;
mod shared;
mod stall;
mod tokens;

pub use connections::Server;
pub use options::Options;
pub use tokens::Tokens;
