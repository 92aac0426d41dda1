//! The steps of a history, and how often each of them happens.

use super::random::Random;
use super::world::World;

type Step = fn(&mut World, &mut Random);

/// One of these happens in a step; the first number is how often, of [`ALL`].
const STEPS: [(usize, Step); 20] = [
    (150, World::swap),
    (10, World::borrow),
    (140, World::transact),
    (170, World::send),
    (15, World::pop),
    (292, World::deliver),
    (30, World::lose),
    (50, World::merge),
    (20, World::damage_patch),
    (8, World::damage_json),
    (5, World::damage_ref),
    (25, World::forge_changes),
    (12, World::forge_json),
    (10, World::forge_columns),
    (3, World::part),
    (28, World::go_back),
    (15, World::look),
    (4, World::cancel),
    (7, World::write),
    (6, World::limit),
];

/// What the numbers add up to.
const ALL: usize = 1_000;

/// Seldom, since they take long: once in so many steps.
const SETTLE: usize = 400;
const REPLACE: usize = 400;

/// Makes the next step.
pub fn step(world: &mut World, random: &mut Random) {
    world.figures.steps += 1;
    if random.one_in(SETTLE) {
        return world.settle(random);
    }
    if random.one_in(REPLACE) {
        return world.replace(random);
    }
    let mut left = random.below(ALL);
    for (often, step) in STEPS {
        match left.checked_sub(often) {
            Some(rest) => left = rest,
            None => return step(world, random),
        }
    }
    unreachable!("the numbers add up to {ALL}");
}
