//! Cancellation of long work: how whoever runs it stops it, from another thread or a signal handler.
//!
//! Long loops ask now and then whether the work that their thread does is to go on. Work that is to stop
//! unwinds to the call that made it [cancellable](Interrupt::cancellable), so that no loop needs a way out of its own.
//! What cannot be taken back is not begun before the work forgoes that.

use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use thiserror::Error;

/// A flag that stops the work that runs: raised from another thread, or from a signal handler through
/// [`flag`](Self::flag). Without any work it stops what comes next, unless it is [cleared](Self::clear) before.
#[derive(Clone, Debug, Default)]
pub struct Interrupt {
    raised: Arc<AtomicBool>,
    /// How many questions are answered before the work is stopped.
    #[cfg(test)]
    questions: Option<Arc<std::sync::atomic::AtomicUsize>>,
}

/// The end of work that was interrupted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("interrupted")]
pub struct Cancelled;

/// The number of questions that are answered without a look at the flag.
const STRETCH: u32 = 1 << 10;

thread_local! {
    /// The interrupt of the work of this thread.
    static RUNNING: RefCell<Option<Interrupt>> = const { RefCell::new(None) };
    /// The number of questions until the next look.
    static LEFT: Cell<u32> = const { Cell::new(0) };
}

impl Interrupt {
    /// Interrupts.
    pub fn raise(&self) {
        self.raised.store(true, Ordering::Relaxed);
    }

    /// Tells whether somebody interrupted, and nobody cleared that.
    pub fn is_raised(&self) -> bool {
        self.raised.load(Ordering::Relaxed)
    }

    /// Forgets an interruption.
    pub fn clear(&self) {
        self.raised.store(false, Ordering::Relaxed);
    }

    /// Returns the flag that interrupts when it becomes true.
    pub fn flag(&self) -> &Arc<AtomicBool> {
        &self.raised
    }

    /// Does work that ends early when somebody interrupts. The work unwinds then: what it was about to change may be
    /// half done, and is the caller's to restore.
    ///
    /// # Errors
    /// When it ended early.
    pub fn cancellable<T>(&self, work: impl FnOnce() -> T) -> Result<T, Cancelled> {
        let _entered = self.enter();
        catch_unwind(AssertUnwindSafe(work)).map_err(|payload| match payload.downcast::<Cancelled>() {
            Ok(cancelled) => *cancelled,
            Err(panic) => resume_unwind(panic),
        })
    }

    /// Makes the work of this thread, as long as what this returns lives, end early when somebody interrupts. Whoever
    /// enters catches what unwinds.
    pub(crate) fn enter(&self) -> Entered {
        LEFT.set(0);
        Entered(RUNNING.replace(Some(self.clone())))
    }

    /// Makes an interrupt that lets a number of questions pass, and stops the work at the next one.
    #[cfg(test)]
    pub(crate) fn after(questions: usize) -> Self {
        Self { questions: Some(Arc::new(questions.into())), ..Self::default() }
    }

    /// Returns how many questions it would let pass.
    #[cfg(test)]
    pub(crate) fn questions_left(&self) -> usize {
        self.questions.as_ref().map_or(0, |questions| questions.load(Ordering::Relaxed))
    }

    #[cfg(test)]
    fn count(&self) {
        if let Some(questions) = &self.questions {
            LEFT.set(0);
            if questions.load(Ordering::Relaxed) == 0 {
                return self.raise();
            }
            questions.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

impl Cancelled {
    /// Ends work that is to stop.
    pub(crate) fn unwind(self) -> ! {
        resume_unwind(Box::new(self))
    }
}

/// A part of the work of a thread; what stopped the rest of it does so again when this part ends.
pub(crate) struct Entered(Option<Interrupt>);

impl Drop for Entered {
    fn drop(&mut self) {
        RUNNING.set(self.0.take());
    }
}

/// Asks whether the work of this thread goes on; it ends here if not. Costs next to nothing.
///
/// Where this is called, all that changed so far can be taken back or thrown away.
#[inline]
pub(crate) fn ask() {
    match LEFT.get() {
        0 => look(),
        left => LEFT.set(left - 1),
    }
}

/// Asks as [`ask`] does, for work that waits for something: each time.
#[cfg(feature = "store")]
pub(crate) fn ask_while_waiting() {
    look();
}

#[cold]
fn look() {
    LEFT.set(STRETCH);
    let is_over = RUNNING.with_borrow(|running| {
        running.as_ref().is_some_and(|interrupt| {
            #[cfg(test)]
            interrupt.count();
            interrupt.is_raised()
        })
    });
    // What is being dropped by a thread that unwinds is dropped whole.
    if is_over && !thread::panicking() {
        Cancelled.unwind();
    }
}

/// Tells whether the work of this thread can still be cancelled.
pub(crate) fn is_cancellable() -> bool {
    RUNNING.with_borrow(Option::is_some)
}

/// Goes on to the end, whoever interrupts: what the work does from here on cannot be taken back.
pub(crate) fn forgo() {
    RUNNING.set(None);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Asks a number of times; counts the answers.
    fn work(questions: usize, answers: &Cell<usize>) {
        for _ in 0..questions {
            ask();
            answers.set(answers.get() + 1);
        }
    }

    #[test]
    fn work_ends_soon_after_an_interruption_and_not_without_one() {
        let (interrupt, answers) = (Interrupt::default(), Cell::new(0));
        assert_eq!(interrupt.cancellable(|| work(10_000, &answers)), Ok(()));
        assert_eq!(answers.replace(0), 10_000);
        let raised = || {
            work(10_000, &answers);
            interrupt.raise();
            work(10_000, &answers);
        };
        assert_eq!(interrupt.cancellable(raised), Err(Cancelled));
        assert!((10_000..=11_024).contains(&answers.get()), "{}", answers.get());
        // Outside of it nobody is asked.
        work(10_000, &answers);
        interrupt.clear();
        assert_eq!(interrupt.cancellable(|| ()), Ok(()));
    }

    #[test]
    fn the_question_at_which_work_ends_can_be_chosen() {
        for chosen in [0, 1, 7] {
            let answers = Cell::new(0);
            assert_eq!(Interrupt::after(chosen).cancellable(|| work(8, &answers)), Err(Cancelled));
            assert_eq!(answers.get(), chosen);
        }
        let enough = Interrupt::after(8);
        assert_eq!(enough.cancellable(|| work(8, &Cell::new(0))), Ok(()));
    }

    #[test]
    fn what_is_forgone_counts_for_the_rest_of_the_work_and_no_longer() {
        let interrupt = Interrupt::default();
        interrupt.raise();
        let inner = || {
            forgo();
            ask();
        };
        let outer = || {
            assert_eq!(interrupt.cancellable(inner), Ok(()));
            LEFT.set(0);
            ask();
        };
        assert_eq!(interrupt.cancellable(outer), Err(Cancelled));
    }

    #[test]
    fn a_panic_stays_one() {
        let panics = || Interrupt::default().cancellable(|| std::panic::panic_any("other"));
        let payload = catch_unwind(AssertUnwindSafe(panics)).unwrap_err();
        assert_eq!(payload.downcast_ref::<&str>(), Some(&"other"));
    }
}
