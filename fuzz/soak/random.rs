//! Random numbers that follow from a seed (SplitMix64, Steele, Lea and Flood, 2014).

/// A generator of random numbers.
pub struct Random(u64);

impl Random {
    /// Makes the generator of a step: equal seeds and places give equal numbers, whatever happened before. So a step
    /// stays what it is when others are left out.
    pub fn at(seed: u64, place: [u64; 2]) -> Self {
        let [first, second] = place;
        let mut random = Self(seed);
        for part in [first, second] {
            random = Self(random.next() ^ part);
        }
        random
    }

    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Returns a number below `end`; 0 when that is 0.
    pub fn below(&mut self, end: usize) -> usize {
        (self.next() % end.max(1) as u64) as usize
    }

    /// Tells `true` once in so many times.
    pub fn one_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }

    /// # Panics
    /// When there is nothing to pick from.
    pub fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len())]
    }

    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for end in (2..=items.len()).rev() {
            items.swap(end - 1, self.below(end));
        }
    }

    pub fn bytes(&mut self) -> [u8; 48] {
        let mut bytes = [0; 48];
        bytes.chunks_mut(8).for_each(|chunk| chunk.copy_from_slice(&self.next().to_le_bytes()));
        bytes
    }
}
