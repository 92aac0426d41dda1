//! A store of documents as immutable objects: in a folder, in memory, in a bucket.
//!
//! Nothing coordinates the replicas: each makes objects of its own and reads those of others. See `layout` for
//! their names, `check_in` for what a replica does, `clean` for what may go.

mod check_in;
mod clean;
mod form;
mod layout;
mod plan;

use std::fmt;
use std::io::ErrorKind;
use std::path::{Component, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};

use futures_util::{StreamExt, TryStreamExt};
use object_store::local::LocalFileSystem;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{Error, ObjectStore, ObjectStoreExt, PutMode, PutOptions};

use super::StoreError;
use crate::crdt::{DocumentId, Limits};
use layout::{Listed, Listing};

/// The number of requests that are on the way at once.
const AT_ONCE: usize = 16;

/// The maximum number of bytes of an object.
const LARGEST: u64 = 1 << 30;

/// A store of documents. Any number of replicas, in any number of processes, may use one at the same time.
#[derive(Clone)]
pub struct Store {
    objects: Arc<dyn ObjectStore>,
    root: Path,
    name: String,
    limits: Limits,
    /// Tells the objects of stores in memory apart, which are all numbered alike.
    number: u32,
    /// The folder that it is.
    folder: Option<PathBuf>,
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Store").field(&self.name).finish()
    }
}

impl Store {
    /// Makes a store in memory, which is empty.
    pub fn in_memory() -> Self {
        static MADE: AtomicU32 = AtomicU32::new(0);
        let number = MADE.fetch_add(1, Ordering::Relaxed) + 1;
        Self { number, ..Self::over(Arc::new(InMemory::new()), "", "memory") }
    }

    /// Makes a store in a folder, which need not exist before something is written. An object is on the disk, and its
    /// folder too, before a write is answered.
    ///
    /// # Errors
    /// When the folder has no path that is text.
    pub fn in_folder(folder: &std::path::Path) -> Result<Self, StoreError> {
        let name = folder.display().to_string();
        let folder =
            std::path::absolute(folder).map(plain).map_err(|_| StoreError::BadPlace(name.clone()))?;
        let root = Path::from_absolute_path(&folder).map_err(|_| StoreError::BadPlace(name.clone()))?;
        let objects = LocalFileSystem::new().with_fsync(true);
        Ok(Self { root, folder: Some(folder), ..Self::over(Arc::new(objects), "", &name) })
    }

    /// Makes a store at a URL: `s3://BUCKET/FOLDER`, `gs://…`, `az://…`, or `memory://`. Who may use it is asked from
    /// the environment, as the tools of those services do.
    ///
    /// # Errors
    /// When the URL means nothing, or what it needs is not said.
    #[cfg(feature = "cloud")]
    pub fn at_url(url: &str) -> Result<Self, StoreError> {
        let of_clouds =
            |name: &str| ["AWS_", "GOOGLE_", "AZURE_"].iter().any(|prefix| name.starts_with(prefix));
        // A name or a value that is no text is none of theirs.
        let environment = std::env::vars_os().filter_map(|(name, value)| {
            let name = name.into_string().ok().filter(|name| of_clouds(name))?;
            Some((name.to_ascii_lowercase(), value.into_string().ok()?))
        });
        Self::at_url_with(url, environment)
    }

    /// Makes a store as [`at_url`](Self::at_url) does, with options instead of the environment: `aws_access_key_id`,
    /// `aws_endpoint` and the like. What means nothing to the service is ignored.
    ///
    /// # Errors
    /// As there.
    #[cfg(feature = "cloud")]
    pub fn at_url_with(
        url: &str,
        options: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, StoreError> {
        // Somebody else in this process may have chosen another one, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let bad = |error: &dyn fmt::Display| StoreError::BadPlace(format!("{url} ({error})"));
        let parsed = url::Url::parse(url).map_err(|error| bad(&error))?;
        let made = object_store::parse_url_opts(&parsed, options).map_err(|error| bad(&error))?;
        let (objects, root) = made;
        Ok(Self { root, ..Self::over(Arc::from(objects), "", url) })
    }

    /// Makes a store over any other one, below a folder of it. `name` stands in errors.
    pub fn over(objects: Arc<dyn ObjectStore>, folder: &str, name: &str) -> Self {
        Self {
            objects,
            root: Path::from(folder),
            name: name.to_owned(),
            limits: Limits::default(),
            number: 0,
            folder: None,
        }
    }

    /// Gives it another name, which stands in errors.
    #[must_use]
    pub fn named(mut self, name: &str) -> Self {
        name.clone_into(&mut self.name);
        self
    }

    /// Sets the limits of what is read from it.
    #[must_use]
    pub fn with_limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Verifies that the store answers. One request, whatever the store holds.
    ///
    /// # Errors
    /// When the store cannot be reached.
    pub async fn probe(&self) -> Result<(), StoreError> {
        self.is_folder()?;
        match self.objects.head(&self.root.clone().join("probe")).await {
            Ok(_) | Err(Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(self.unreachable(&error)),
        }
    }

    /// Tells whether it was made in memory.
    pub fn is_in_memory(&self) -> bool {
        self.number > 0
    }

    /// Returns the place: what stands in errors.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the documents that are here, in the order of their ids. One request; in a folder one more for each.
    ///
    /// # Errors
    /// When the store cannot be reached.
    pub async fn documents(&self) -> Result<Vec<DocumentId>, StoreError> {
        self.is_folder()?;
        let listed = self.objects.list_with_delimiter(Some(&self.root)).await;
        let folders = listed.map_err(|error| self.unreachable(&error))?.common_prefixes;
        let mut documents = Vec::new();
        for folder in folders {
            // A folder may be somebody else's, or what a write that failed leaves behind.
            if self.folder.is_none() || self.has_objects(&folder).await? {
                documents.extend(layout::document_at(&folder));
            }
        }
        documents.sort_unstable();
        Ok(documents)
    }

    /// Tells whether there are objects of a document below a path.
    async fn has_objects(&self, document: &Path) -> Result<bool, StoreError> {
        for below in layout::kinds(document) {
            let first = self.objects.list(Some(&below)).next().await.transpose();
            let first = first.map_err(|error| self.unreachable(&error))?;
            if first.is_some_and(|object| layout::name(document, &object.location).is_some()) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Verifies that a store in a folder is in none of something else. Before something is written there need be none.
    fn is_folder(&self) -> Result<(), StoreError> {
        let Some(folder) = &self.folder else { return Ok(()) };
        match folder.metadata() {
            Ok(found) if found.is_dir() => Ok(()),
            Ok(_) => Err(self.unreachable(&"it is no folder")),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
            Err(error) => Err(self.unreachable(&error)),
        }
    }

    /// Returns the name of an object as errors show it.
    fn shown(&self, location: &Path) -> String {
        if self.folder.is_some() { format!("/{location}") } else { location.to_string() }
    }

    /// Makes a number of what tells an object from another one of its name.
    fn tag(&self, size: u64, e_tag: Option<&str>) -> u64 {
        layout::tag(size, e_tag) ^ u64::from(self.number)
    }

    pub(super) fn unreachable(&self, error: &dyn fmt::Display) -> StoreError {
        StoreError::Unreachable { place: self.name.clone(), reason: error.to_string() }
    }
}

/// Returns a path from the root without `.` and `..`, by its words alone.
fn plain(path: PathBuf) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => drop(plain.pop()),
            Component::CurDir => {}
            part => plain.push(part),
        }
    }
    plain
}

/// The requests about one document.
struct Visit<'s> {
    store: &'s Store,
    document: DocumentId,
    requests: AtomicUsize,
}

impl<'s> Visit<'s> {
    fn new(store: &'s Store, document: DocumentId) -> Self {
        Self { store, document, requests: AtomicUsize::new(0) }
    }

    fn requests(&self) -> usize {
        self.requests.load(Ordering::Relaxed)
    }

    fn count(&self) {
        self.requests.fetch_add(1, Ordering::Relaxed);
    }

    /// Lists the objects. One request, for each thousand of them in a bucket.
    async fn list(&self) -> Result<Listing, StoreError> {
        self.count();
        let document = layout::document(&self.store.root, &self.document);
        let mut listing = Listing::default();
        let mut listed = self.store.objects.list(Some(&document));
        while let Some(object) = listed.try_next().await.map_err(|error| self.store.unreachable(&error))? {
            let modified = object.last_modified.timestamp_millis();
            let tag = self.store.tag(object.size, object.e_tag.as_deref());
            let listed = Listed { location: object.location, size: object.size, modified, tag };
            listing.add(&document, listed);
        }
        listing.checkpoints.sort_unstable_by(|a, b| a.location.cmp(&b.location));
        Ok(listing)
    }

    /// Reads an object; `None` when it is gone.
    async fn get(&self, location: &Path) -> Result<Option<Vec<u8>>, StoreError> {
        self.count();
        let found = match self.store.objects.get(location).await {
            Ok(found) if found.meta.size > LARGEST => {
                return Err(StoreError::Misnamed {
                    object: self.store.shown(location),
                    problem: format!("it has more than {} MiB", LARGEST >> 20),
                });
            }
            found => found,
        };
        let read = async { found?.bytes().await };
        match read.await {
            Ok(bytes) => Ok(Some(bytes.into())),
            Err(Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(self.store.unreachable(&error)),
        }
    }

    /// Reads objects, in their order, several at once; `None` when one of them is gone.
    async fn get_all(&self, locations: Vec<Path>) -> Result<Option<Vec<Vec<u8>>>, StoreError> {
        let reads = locations.iter().map(|location| self.get(location));
        futures_util::stream::iter(reads)
            .buffered(AT_ONCE)
            .try_collect::<Vec<_>>()
            .await
            .map(|all| all.into_iter().collect::<Option<Vec<_>>>())
    }

    /// Makes an object; answers its tag, or `None` when there is one.
    async fn put_new(&self, location: &Path, bytes: Vec<u8>) -> Result<Option<u64>, StoreError> {
        self.count();
        let size = bytes.len() as u64;
        let only_new = PutOptions { mode: PutMode::Create, ..PutOptions::default() };
        match self.store.objects.put_opts(location, bytes.into(), only_new).await {
            Ok(put) => Ok(Some(self.store.tag(size, put.e_tag.as_deref()))),
            Err(Error::AlreadyExists { .. }) => Ok(None),
            Err(error) => Err(self.store.unreachable(&error)),
        }
    }

    /// Makes an empty object, and answers what time it is by the clock of the store.
    async fn mark(&self) -> Result<i64, StoreError> {
        self.count();
        let location = layout::cleaned(&self.store.root, &self.document);
        let marked = async {
            self.store.objects.put(&location, Vec::new().into()).await?;
            self.store.objects.head(&location).await
        };
        let meta = marked.await.map_err(|error| self.store.unreachable(&error))?;
        Ok(meta.last_modified.timestamp_millis())
    }

    /// Removes an object; one that is gone already is as good.
    async fn delete(&self, location: &Path) -> Result<(), StoreError> {
        self.count();
        match self.store.objects.delete(location).await {
            Ok(()) | Err(Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(self.store.unreachable(&error)),
        }
    }
}
