//! A store of objects that goes wrong in every way that one may: it fails before or after it did what was asked, does it
//! twice, lists what is gone and not what is there, and forgets for a moment what was just written. All of it follows from
//! a seed, and time passes only here.

use std::collections::BTreeMap;
use std::fmt;
use std::future::poll_fn;
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::Poll;
use std::time::Duration;

use async_trait::async_trait;
use futures_util::StreamExt;
use futures_util::stream::{self, BoxStream};
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{
    CopyOptions, Error, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore,
    ObjectStoreExt, PutMode, PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
};

/// Random numbers that follow from a seed (SplitMix64).
#[derive(Debug, Clone)]
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub(crate) fn below(&mut self, end: usize) -> usize {
        (self.next() % end as u64) as usize
    }

    /// Tells whether something happens that does so in so many of a thousand cases.
    pub(crate) fn falls(&mut self, of_thousand: u64) -> bool {
        self.next() % 1000 < of_thousand
    }
}

/// How much goes wrong: each in so many of a thousand requests.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Faults {
    pub(crate) fails: u64,
    pub(crate) answer_is_lost: u64,
    pub(crate) comes_twice: u64,
    pub(crate) list_is_stale: u64,
    /// How old a stale list is at most, in milliseconds.
    pub(crate) lag: u64,
    /// How many times a request lets others go first, at most.
    pub(crate) waits: usize,
}

struct Object {
    bytes: PutPayload,
    meta: ObjectMeta,
    born: u64,
}

struct State {
    objects: BTreeMap<Path, Object>,
    /// What is gone, and when it went.
    gone: Vec<(ObjectMeta, Range<u64>)>,
    dice: Dice,
    faults: Faults,
    /// Milliseconds.
    now: u64,
    tags: u64,
    requests: u64,
}

#[derive(Clone)]
pub(crate) struct Shaky(Arc<Mutex<State>>);

enum Fate {
    Fine,
    Fails,
    AnswerIsLost,
    ComesTwice,
}

impl Shaky {
    pub(crate) fn new(seed: u64) -> Self {
        Self(Arc::new(Mutex::new(State {
            objects: BTreeMap::new(),
            gone: Vec::new(),
            dice: Dice(seed),
            faults: Faults::default(),
            now: 1_000_000,
            tags: 0,
            requests: 0,
        })))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    pub(crate) fn set_faults(&self, faults: Faults) {
        self.state().faults = faults;
    }

    /// Lets time pass.
    pub(crate) fn sleep(&self, milliseconds: u64) {
        self.state().now += milliseconds;
    }

    pub(crate) fn requests(&self) -> u64 {
        self.state().requests
    }

    pub(crate) fn paths(&self) -> Vec<String> {
        self.state().objects.keys().map(ToString::to_string).collect()
    }

    /// Lets others go first, and draws what becomes of a request.
    async fn fate(&self) -> Fate {
        let mut left = {
            let State { dice, faults, .. } = &mut *self.state();
            dice.below(faults.waits + 1)
        };
        poll_fn(|context| {
            if left == 0 {
                return Poll::Ready(());
            }
            left -= 1;
            context.waker().wake_by_ref();
            Poll::Pending
        })
        .await;
        let mut state = self.state();
        state.now += 1;
        state.requests += 1;
        let State { dice, faults, .. } = &mut *state;
        if dice.falls(faults.fails) {
            Fate::Fails
        } else if dice.falls(faults.answer_is_lost) {
            Fate::AnswerIsLost
        } else if dice.falls(faults.comes_twice) {
            Fate::ComesTwice
        } else {
            Fate::Fine
        }
    }

    /// Does what was asked, as its fate is.
    async fn done<T>(&self, mut ask: impl FnMut(&mut State) -> Result<T>) -> Result<T> {
        let fate = self.fate().await;
        let mut state = self.state();
        match fate {
            Fate::Fine => ask(&mut state),
            Fate::Fails => Err(lost()),
            Fate::AnswerIsLost => {
                let _ = ask(&mut state);
                Err(lost())
            }
            Fate::ComesTwice => {
                let _ = ask(&mut state);
                ask(&mut state)
            }
        }
    }
}

fn lost() -> Error {
    Error::Generic { store: "shaky", source: "the line is dead".into() }
}

impl State {
    fn put(&mut self, location: &Path, bytes: PutPayload, is_new: bool) -> Result<PutResult> {
        if is_new && self.objects.contains_key(location) {
            let path = location.to_string();
            return Err(Error::AlreadyExists { path, source: "there is one".into() });
        }
        self.tags += 1;
        let e_tag = Some(format!("\"{}\"", self.tags));
        let mut last_modified = Default::default();
        last_modified += Duration::from_millis(self.now);
        let size = bytes.content_length() as u64;
        let location = location.clone();
        let meta = ObjectMeta {
            location: location.clone(),
            last_modified,
            size,
            e_tag: e_tag.clone(),
            version: None,
        };
        self.objects.insert(location, Object { bytes, meta, born: self.now });
        Ok(PutResult { e_tag, version: None, extensions: Default::default() })
    }

    fn delete(&mut self, location: &Path) -> Result<Path> {
        let Some(object) = self.objects.remove(location) else {
            return Err(Error::NotFound { path: location.to_string(), source: "it is gone".into() });
        };
        self.gone.push((object.meta, object.born..self.now));
        Ok(location.clone())
    }

    /// What a list tells: perhaps as it was a while ago, for all objects or for each by itself.
    fn listed(&mut self, prefix: Option<&Path>) -> Vec<Result<ObjectMeta>> {
        let lag = self.faults.lag;
        let is_stale = self.dice.falls(self.faults.list_is_stale);
        let same = self.dice.falls(500).then(|| self.dice.next() % (lag + 1));
        let mut listed = BTreeMap::new();
        let State { objects, gone, dice, now, .. } = self;
        let mut seen_at =
            || if is_stale { *now - same.unwrap_or_else(|| dice.next() % (lag + 1)) } else { *now };
        let is_below = |location: &Path| {
            prefix.is_none_or(|prefix| location.prefix_matches(prefix) && location != prefix)
        };
        for (meta, lived) in gone.iter().filter(|(meta, _)| is_below(&meta.location)) {
            let at = seen_at();
            if lived.start <= at && at < lived.end {
                listed.insert(meta.location.clone(), meta.clone());
            }
        }
        for object in objects.values().filter(|object| is_below(&object.meta.location)) {
            if object.born <= seen_at() {
                listed.insert(object.meta.location.clone(), object.meta.clone());
            }
        }
        listed.into_values().map(Ok).collect()
    }
}

impl fmt::Debug for Shaky {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Shaky")
    }
}

impl fmt::Display for Shaky {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("shaky")
    }
}

#[async_trait]
impl ObjectStore for Shaky {
    async fn put_opts(&self, location: &Path, payload: PutPayload, options: PutOptions) -> Result<PutResult> {
        let is_new = matches!(options.mode, PutMode::Create);
        self.done(|state| state.put(location, payload.clone(), is_new)).await
    }

    async fn put_multipart_opts(&self, _: &Path, _: PutMultipartOptions) -> Result<Box<dyn MultipartUpload>> {
        Err(Error::NotImplemented { operation: "parts".into(), implementer: "shaky".into() })
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        let found = self.done(|state| {
            let missing = || Error::NotFound { path: location.to_string(), source: "there is none".into() };
            let object = state.objects.get(location).ok_or_else(missing)?;
            // What was just written may not be there yet.
            let is_young = state.now - object.born <= state.faults.lag;
            if is_young && state.dice.falls(state.faults.list_is_stale / 4) {
                return Err(missing());
            }
            Ok((object.bytes.clone(), object.meta.clone()))
        });
        let (bytes, meta) = found.await?;
        // Something that makes an answer of it.
        let answers = InMemory::new();
        answers.put(location, bytes).await?;
        let answer = answers.get_opts(location, options).await?;
        Ok(GetResult { meta, ..answer })
    }

    fn delete_stream(&self, locations: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        let this = self.clone();
        let deleted = locations.then(move |location| {
            let this = this.clone();
            async move {
                let location = location?;
                this.done(|state| state.delete(&location)).await
            }
        });
        deleted.boxed()
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        let (this, prefix) = (self.clone(), prefix.cloned());
        let listed = async move {
            let whole = this.done(|state| Ok(state.listed(prefix.as_ref()))).await;
            let mut listed = whole.unwrap_or_else(|error| vec![Err(error)]);
            // It may end in the middle.
            let mut state = this.state();
            let State { dice, faults, .. } = &mut *state;
            if dice.falls(faults.fails) {
                listed.truncate(dice.below(listed.len() + 1));
                listed.push(Err(lost()));
            }
            stream::iter(listed)
        };
        stream::once(listed).flatten().boxed()
    }

    async fn list_with_delimiter(&self, _: Option<&Path>) -> Result<ListResult> {
        Err(Error::NotImplemented { operation: "folders".into(), implementer: "shaky".into() })
    }

    async fn copy_opts(&self, _: &Path, _: &Path, _: CopyOptions) -> Result<()> {
        Err(Error::NotImplemented { operation: "copies".into(), implementer: "shaky".into() })
    }
}
