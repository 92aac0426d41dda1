//! The places where replicas meet, by their names: folders, buckets, servers.

use std::path::Path;

use rejoin::script::Place;
use rejoin::store::http::Server;
use rejoin::store::{Blocking, Remote, Store, StoreError};

/// The variable of the environment with the token for servers.
const TOKEN: &str = "REJOIN_TOKEN";

/// Returns a place, as a session reaches it.
pub(crate) fn remote(place: &Place<'_>) -> Result<Box<dyn Remote>, StoreError> {
    if let Place::Url(url) = place
        && is_server(url)
    {
        let token = std::env::var(TOKEN).ok().filter(|token| !token.is_empty());
        return Ok(Box::new(Server::at_url(url, token)?));
    }
    Ok(Box::new(Blocking::new(store(place)?)?))
}

/// Returns the store in a folder or a bucket.
pub(crate) fn store(place: &Place<'_>) -> Result<Store, StoreError> {
    match *place {
        Place::Folder(folder) => Store::in_folder(folder),
        Place::Url(url) if is_server(url) => Err(StoreError::BadPlace(url.to_owned())),
        Place::Url(url) => bucket(url),
    }
}

/// Tells what sort of place a word of the command line names.
pub(crate) fn named(name: &str) -> Place<'_> {
    if name.contains("://") { Place::Url(name) } else { Place::Folder(Path::new(name)) }
}

fn is_server(url: &str) -> bool {
    url.starts_with("http://") || url.starts_with("https://")
}

#[cfg(feature = "cloud")]
fn bucket(url: &str) -> Result<Store, StoreError> {
    Store::at_url(url)
}

#[cfg(not(feature = "cloud"))]
fn bucket(url: &str) -> Result<Store, StoreError> {
    match url.split_once("://") {
        Some((scheme @ ("s3" | "s3a" | "gs" | "az" | "abfs" | "abfss" | "azure" | "adl"), _)) => {
            Err(StoreError::NotBuilt(scheme.to_owned()))
        }
        _ => Err(StoreError::BadPlace(url.to_owned())),
    }
}
