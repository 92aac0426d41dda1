//! Plays histories, and catches what fails.

use std::cell::{Cell, RefCell};
use std::panic::{self, AssertUnwindSafe};

use crate::shared::allocations;

use super::figures::Figures;
use super::random::Random;
use super::steps::step;
use super::world::World;

/// What to play.
#[derive(Debug, Clone)]
pub struct Plan {
    pub seed: u64,
    /// The number of the history.
    pub history: u64,
    pub steps: u64,
    /// These steps alone.
    pub only: Option<Vec<u64>>,
    /// Whether to look at everything after each step.
    pub careful: bool,
    pub traced: bool,
}

/// What went wrong.
#[derive(Debug)]
pub struct Failure {
    pub plan: Plan,
    /// The step in which that was seen.
    pub step: u64,
    pub message: String,
}

thread_local! {
    static STEP: Cell<u64> = const { Cell::new(0) };
    static MESSAGE: RefCell<String> = const { RefCell::new(String::new()) };
}

/// The memory that one history may take.
const MEMORY: usize = 256 << 20;

impl Plan {
    /// The history of this number, which is as long as it is.
    pub fn new(seed: u64, history: u64) -> Self {
        let steps = 200 + Random::at(seed, [history, u64::MAX]).below(1_300) as u64;
        Self { seed, history, steps, only: None, careful: false, traced: false }
    }

    /// # Panics
    /// When something is wrong.
    fn play(&self) -> Figures {
        let mut world = World::new(&mut Random::at(self.seed, [self.history, 0]), self.traced);
        for number in 1..=self.steps {
            if self.only.as_ref().is_some_and(|only| !only.contains(&number)) {
                continue;
            }
            world.step = number;
            STEP.set(number);
            step(&mut world, &mut Random::at(self.seed, [self.history, number]));
            if self.careful {
                world.replicas.iter().for_each(|honest| crate::shared::sound::is_sound(&honest.replica));
            }
        }
        world.settle(&mut Random::at(self.seed, [self.history, u64::MAX - 1]));
        world.figures
    }

    /// Plays the history.
    ///
    /// # Errors
    /// When something is wrong.
    pub fn run(&self) -> Result<Figures, Failure> {
        listen();
        STEP.set(0);
        let (played, peak) = allocations::peak_of(|| panic::catch_unwind(AssertUnwindSafe(|| self.play())));
        let failed = |message| Failure { plan: self.clone(), step: STEP.get(), message };
        match played {
            Err(_) => Err(failed(MESSAGE.take())),
            Ok(_) if peak > MEMORY => Err(failed(format!("it took {peak} bytes of memory"))),
            Ok(figures) => Ok(figures),
        }
    }
}

/// Keeps what a panic says, instead of printing it.
fn listen() {
    static ONCE: std::sync::Once = std::sync::Once::new();
    ONCE.call_once(|| panic::set_hook(Box::new(|what| MESSAGE.set(what.to_string()))));
}
