//! A tree of maxima: what stood at some time, out of many things that came one after the other.

/// The number of ends for which one of the level above stands.
const FAN: usize = if cfg!(test) { 3 } else { 16 };

/// A tree of the times until when each of many things stood, by number. Finding those that stood until some time
/// costs O(log n) for each of them, however many did not: above each [`FAN`] ends is the latest of them, and so on.
#[derive(Debug, Clone, Default)]
pub(super) struct MaxTree {
    /// Invariant: as long as what is below, divided by [`FAN`] and rounded up; none is empty, but for the first.
    levels: Vec<Vec<u32>>,
}

/// It stands to this day.
pub(super) const NEVER: u32 = u32::MAX;

impl MaxTree {
    pub(super) fn len(&self) -> usize {
        self.levels.first().map_or(0, Vec::len)
    }

    /// Adds things that stand. O(count), O(log n) for one.
    pub(super) fn add(&mut self, count: usize) {
        if count == 0 {
            return;
        }
        // What stands from here on is new, or stands above what is.
        let mut from = self.len();
        let mut len = from + count;
        for level in 0.. {
            let is_new = level == self.levels.len();
            if is_new {
                self.levels.push(Vec::new());
            }
            self.levels[level].resize(len, NEVER);
            self.levels[level][from..].fill(NEVER);
            if is_new && from > 0 && level > 0 {
                self.levels[level][0] = self.latest(level - 1, 0);
            }
            if len <= FAN {
                return;
            }
            (from, len) = (from / FAN, len.div_ceil(FAN));
        }
    }

    pub(super) fn get(&self, number: usize) -> u32 {
        self.levels[0][number]
    }

    /// Says when a thing ended. O(log n).
    pub(super) fn set(&mut self, number: usize, end: u32) {
        let mut at = number;
        self.levels[0][at] = end;
        for level in 1..self.levels.len() {
            at /= FAN;
            let latest = self.latest(level - 1, at);
            if std::mem::replace(&mut self.levels[level][at], latest) == latest {
                return;
            }
        }
    }

    /// Returns the latest end of a group.
    fn latest(&self, level: usize, group: usize) -> u32 {
        let below = &self.levels[level];
        below[group * FAN..below.len().min((group + 1) * FAN)].iter().copied().fold(0, u32::max)
    }

    /// Names those of the first `count` things, in order, that did not end before `time`.
    pub(super) fn standing(&self, count: usize, time: u32, mut found: impl FnMut(usize)) {
        let Some(top) = self.levels.len().checked_sub(1) else { return };
        self.visit(top, 0..self.levels[top].len(), count, time, &mut found);
    }

    /// Verifies that above each group is its latest end. O(n).
    pub(super) fn check(&self) -> bool {
        (1..self.levels.len()).all(|level| {
            let groups = self.levels[level - 1].len().div_ceil(FAN);
            self.levels[level].len() == groups
                && (0..groups).all(|group| self.levels[level][group] == self.latest(level - 1, group))
        })
    }

    fn visit(
        &self,
        level: usize,
        range: std::ops::Range<usize>,
        count: usize,
        time: u32,
        found: &mut impl FnMut(usize),
    ) {
        for at in range {
            if at * FAN.pow(level as u32) >= count {
                return;
            }
            if self.levels[level][at] < time {
                continue;
            }
            match level.checked_sub(1) {
                None => found(at),
                Some(below) => {
                    let end = self.levels[below].len().min((at + 1) * FAN);
                    self.visit(below, at * FAN..end, count, time, found);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stood_is_found_by_time() {
        let mut ends = MaxTree::default();
        let mut plain: Vec<u32> = Vec::new();
        for time in 1..200_u32 {
            let more = (time * 7 % 5) as usize;
            ends.add(more);
            plain.resize(plain.len() + more, NEVER);
            let gone = (time * 31) as usize % plain.len().max(1);
            if plain.get(gone) == Some(&NEVER) {
                ends.set(gone, time);
                plain[gone] = time;
            }
            assert!(ends.check());
            for (count, then) in [(plain.len(), time), (plain.len() / 2, time / 2), (plain.len(), 0)] {
                let mut found = Vec::new();
                ends.standing(count, then, |number| found.push(number));
                let expected: Vec<usize> = (0..count).filter(|&number| plain[number] >= then).collect();
                assert_eq!(found, expected, "{count} until {then}");
            }
        }
    }
}
