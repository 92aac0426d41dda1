//! Documents that are in use: each has a queue, a task that works it off, and those who follow it.
//!
//! A task ends as soon as nothing waits and nobody follows; the replica rests in the cache then. So what a document
//! costs that somebody once asked for is bounded by the cache.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::runtime::Handle;
use tokio::sync::{broadcast, mpsc, oneshot};
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use super::batch::{Answer, Batch, Job, News, Outcome, Request};
use super::problem::{BUSY, INTERNAL, MALFORMED, Problem};
use super::shared::Shared;
use crate::crdt::{Clock, DocumentId};

/// The maximum number of requests that are done at once.
const BATCH: usize = 256;

/// The pieces of news that may be on their way to somebody who follows; who is slower misses some.
const NEWS: usize = 32;

/// The documents that are in use.
pub(super) struct Documents {
    pub(super) shared: Arc<Shared>,
    open: Mutex<HashMap<DocumentId, Open>>,
}

/// A document that is in use.
struct Open {
    jobs: mpsc::Sender<Job>,
    news: broadcast::Sender<News>,
    latest: Latest,
}

/// The clock that those who follow a document were told last, as JSON.
pub(super) type Latest = Arc<Mutex<Arc<str>>>;

/// The first news of somebody who follows a document, and those that come.
pub(super) struct Following {
    pub(super) first: News,
    pub(super) news: broadcast::Receiver<News>,
    pub(super) latest: Latest,
}

impl Documents {
    pub(super) fn new(shared: Shared) -> Self {
        Self { shared: Arc::new(shared), open: Mutex::default() }
    }

    /// Reads the id of a document.
    pub(super) fn id(text: &str) -> Result<DocumentId, Problem> {
        DocumentId::new(text).map_err(|error| MALFORMED.because(error))
    }

    /// Does a request about a document.
    pub(super) async fn ask(self: &Arc<Self>, id: &DocumentId, request: Request) -> Result<Answer, Problem> {
        let (answer, answered) = oneshot::channel();
        self.enter(id, Job { request, answer }, false)?;
        self.answer(answered).await
    }

    /// Follows a document: what is new since a clock, or since now, and what comes then.
    pub(super) async fn follow(
        self: &Arc<Self>,
        id: &DocumentId,
        since: Option<Clock>,
    ) -> Result<Following, Problem> {
        let (answer, answered) = oneshot::channel();
        let follows = self.enter(id, Job { request: Request::Follow { since }, answer }, true)?;
        match (self.answer(answered).await?, follows) {
            (Answer::News(first), Some((news, latest))) => Ok(Following { first, news, latest }),
            _ => Err(lost()),
        }
    }

    async fn answer(&self, answered: oneshot::Receiver<Result<Answer, Problem>>) -> Result<Answer, Problem> {
        match timeout(self.shared.options.request_time, answered).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(_)) => Err(lost()),
            Err(_) => Err(BUSY.because("it took too long; try again")),
        }
    }

    /// Puts a job into the queue of a document, which is opened for that if it is not in use.
    fn enter(
        self: &Arc<Self>,
        id: &DocumentId,
        job: Job,
        follows: bool,
    ) -> Result<Option<(broadcast::Receiver<News>, Latest)>, Problem> {
        let mut open = self.open();
        let document = open.entry(id.clone()).or_insert_with(|| self.start(id.clone()));
        let following = follows.then(|| (document.news.subscribe(), Arc::clone(&document.latest)));
        match document.jobs.try_send(job) {
            Ok(()) => Ok(following),
            Err(mpsc::error::TrySendError::Full(_)) => {
                Err(BUSY.because("too many requests wait for this document; try again"))
            }
            Err(mpsc::error::TrySendError::Closed(_)) => {
                open.remove(id);
                Err(BUSY.because("try again"))
            }
        }
    }

    fn start(self: &Arc<Self>, id: DocumentId) -> Open {
        let (jobs, queue) = mpsc::channel(self.shared.options.max_queue.max(1));
        let (news, _) = broadcast::channel(NEWS);
        let latest = Latest::default();
        let task =
            Task { documents: Arc::clone(self), id, queue, news: news.clone(), latest: Arc::clone(&latest) };
        tokio::spawn(task.run());
        Open { jobs, news, latest }
    }

    fn open(&self) -> MutexGuard<'_, HashMap<DocumentId, Open>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The task that works off the queue of a document.
struct Task {
    documents: Arc<Documents>,
    id: DocumentId,
    queue: mpsc::Receiver<Job>,
    news: broadcast::Sender<News>,
    latest: Latest,
}

impl Task {
    async fn run(mut self) {
        let shared = Arc::clone(&self.documents.shared);
        // What those who follow were told.
        let mut told: Option<Clock> = None;
        loop {
            let mut jobs = Vec::new();
            if self.is_followed() {
                // When nothing comes, the store is asked.
                let _ = timeout(shared.options.poll_time, self.queue.recv_many(&mut jobs, BATCH)).await;
            } else {
                told = None;
                self.top_up(&mut jobs);
                if jobs.is_empty() {
                    if self.leave() {
                        return;
                    }
                    continue;
                }
            }
            let Ok(permit) = Arc::clone(&shared.batches).acquire_owned().await else { return };
            self.top_up(&mut jobs);
            let (batch, id, before) = (Arc::clone(&shared), self.id.clone(), told.clone());
            let runtime = Handle::current();
            let done = spawn_blocking(move || {
                let batch = Batch { shared: &batch, document: &id, runtime: &runtime };
                let done = batch.run(jobs, before.as_ref());
                drop(permit);
                done
            });
            // Should it have panicked, those who wait are told by their silent channels.
            let Ok(Some(Outcome { clock, news, is_cleaning_due })) = done.await else { continue };
            if let Some(news) = news {
                *self.latest.lock().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&news.clock);
                // Whoever followed may have gone.
                let _ = self.news.send(news);
            }
            told = Some(clock);
            if is_cleaning_due {
                self.clean(&shared);
            }
        }
    }

    /// Takes what waits besides.
    fn top_up(&mut self, jobs: &mut Vec<Job>) {
        while jobs.len() < BATCH
            && let Ok(job) = self.queue.try_recv()
        {
            jobs.push(job);
        }
    }

    fn is_followed(&self) -> bool {
        self.news.receiver_count() > 0
    }

    /// Ends the use of the document, unless somebody came.
    fn leave(&self) -> bool {
        let mut open = self.documents.open();
        let leaves = self.queue.is_empty() && !self.is_followed();
        if leaves {
            open.remove(&self.id);
        }
        leaves
    }

    /// Clears away from the store, beside what else goes on, when it is its turn.
    fn clean(&self, shared: &Arc<Shared>) {
        let (shared, id, runtime) = (Arc::clone(shared), self.id.clone(), Handle::current());
        tokio::spawn(async move {
            let Ok(turn) = Arc::clone(&shared.loads).acquire_owned().await else { return };
            spawn_blocking(move || {
                let age = shared.options.clean_age.as_secs();
                if let Err(error) = runtime.block_on(shared.store.clean(&id, age)) {
                    (shared.options.report)(&error);
                }
                drop(turn);
            });
        });
    }
}

fn lost() -> Problem {
    INTERNAL.because("the request was lost")
}
