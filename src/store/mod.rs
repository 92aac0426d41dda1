//! Documents at rest and on the way: journals that outlive a process, and stores where replicas meet.
//!
//! A [`Remote`] is a place where replicas of a document meet, wherever it is. A [`Store`] is one made of immutable
//! objects in a folder, in memory or in a bucket; `http::Server` (the feature `http`) is one that another process serves.
//!
//! ```
//! # #[cfg(feature = "store")]
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use rejoin::crdt::{Actor, ConvergentRef, DocumentId};
//! use rejoin::store::{Blocking, Remote, Seen, Store, Way};
//! use rejoin::value::parse;
//!
//! let mut store = Blocking::new(Store::in_memory())?;
//! let shopping = DocumentId::new("shopping")?; // unique in the world: random, say
//!
//! // Ann brings her list.
//! let mut ann = ConvergentRef::with_value(shopping.clone(), Actor::new("ann")?, parse(r#"["milk"]"#)?)?;
//! let mut ann_seen = Seen::default();
//! store.check_in(&mut ann, &mut ann_seen, Way::Both)?;
//!
//! // Ben begins with what is there, and writes; afterwards both have the same.
//! let (mut ben, mut ben_seen) = (ConvergentRef::new(shopping, Actor::new("ben")?), Seen::default());
//! store.check_in(&mut ben, &mut ben_seen, Way::Pull)?;
//! ben.reset(parse(r#"["milk", "bread"]"#)?)?;
//! store.check_in(&mut ben, &mut ben_seen, Way::Both)?;
//! let got = store.check_in(&mut ann, &mut ann_seen, Way::Both)?;
//! assert_eq!(got.received.changes, 1);
//! assert_eq!(ann.value().to_string(), r#"["milk","bread"]"#);
//! # Ok(())
//! # }
//! # #[cfg(not(feature = "store"))]
//! # fn main() {}
//! ```

mod remote;

#[cfg(feature = "store")]
mod blocking;
#[cfg(any(feature = "http", feature = "serve"))]
mod exchange;
#[cfg(feature = "http")]
pub mod http;
#[cfg(feature = "store")]
mod journal;
#[cfg(feature = "store")]
mod objects;

#[cfg(feature = "store")]
pub use blocking::Blocking;
#[cfg(feature = "serve")]
pub(crate) use exchange::nothing;
#[cfg(any(feature = "http", feature = "serve"))]
pub use exchange::{EXCHANGE_TYPE, Exchange, ExchangeError, PATCH_TYPE};
#[cfg(feature = "store")]
pub use journal::{Cut, Journal, JournalError, Opened};
#[cfg(feature = "store")]
pub use objects::Store;
#[cfg(feature = "store")]
pub(crate) use remote::Tail;
pub use remote::{CheckIn, Cleaned, Remote, Seen, StoreError, Traffic, Way};
