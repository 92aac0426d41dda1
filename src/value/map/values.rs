//! The values of a small map, or of a block of a large one.

use super::Val;

/// A variant for each length, so that the length of the allocation is in the tag and a body takes a
/// pointer less.
macro_rules! values {
    ($($name:ident $length:literal),* $(,)?) => {
        /// Up to [`SMALL`](super::SMALL) values in one allocation of just their size, and an upper bound of
        /// their levels.
        pub(super) enum Values {
            $($name(u32, Box<[Val; $length]>),)*
        }

        impl Values {
            /// Takes values whose number is at most that of a small map. No copy is made of a `Vec` that
            /// is full.
            pub(super) fn new(levels: u32, values: Vec<Val>) -> Self {
                match values.len() {
                    $($length => Self::$name(levels, values.try_into().expect("the lengths are equal")),)*
                    length => unreachable!("{length} values in one place"),
                }
            }

            /// Returns an upper bound of the levels of each value.
            pub(super) fn levels(&self) -> u32 {
                match self {
                    $(Self::$name(levels, _) => *levels,)*
                }
            }

            pub(super) fn as_slice(&self) -> &[Val] {
                match self {
                    $(Self::$name(_, values) => values.as_slice(),)*
                }
            }

            fn as_mut(&mut self) -> (&mut u32, &mut [Val]) {
                match self {
                    $(Self::$name(levels, values) => (levels, values.as_mut_slice()),)*
                }
            }

            pub(super) fn into_vec(self) -> Vec<Val> {
                match self {
                    $(Self::$name(_, values) => (values as Box<[Val]>).into_vec(),)*
                }
            }
        }
    };
}

values! {
    V0 0, V1 1, V2 2, V3 3, V4 4, V5 5, V6 6, V7 7, V8 8, V9 9, V10 10, V11 11, V12 12, V13 13, V14 14, V15 15,
    V16 16, V17 17, V18 18, V19 19, V20 20, V21 21, V22 22, V23 23, V24 24, V25 25, V26 26, V27 27, V28 28,
    V29 29, V30 30, V31 31, V32 32,
}

impl Values {
    pub(super) fn set(&mut self, at: usize, value: Val) -> Val {
        let (levels, values) = self.as_mut();
        *levels = value.levels().max(*levels);
        std::mem::replace(&mut values[at], value)
    }

    pub(super) fn insert(&mut self, at: usize, value: Val) {
        let levels = value.levels().max(self.levels());
        self.change(levels, |values| {
            values.reserve_exact(1);
            values.insert(at, value);
        });
    }

    pub(super) fn remove(&mut self, at: usize) -> Val {
        self.change(self.levels(), |values| values.remove(at))
    }

    #[cfg(test)]
    pub(super) fn check(&self) -> Result<(), String> {
        match self.as_slice().iter().find(|value| value.levels() > self.levels()) {
            Some(value) => Err(format!("a value of {} levels, of {}", value.levels(), self.levels())),
            None => Ok(()),
        }
    }

    fn change<T>(&mut self, levels: u32, change: impl FnOnce(&mut Vec<Val>) -> T) -> T {
        let mut values = std::mem::take(self).into_vec();
        let outcome = change(&mut values);
        *self = Self::new(levels, values);
        outcome
    }
}

impl Default for Values {
    fn default() -> Self {
        Self::V0(0, Box::default())
    }
}

impl Clone for Values {
    fn clone(&self) -> Self {
        Self::new(self.levels(), self.as_slice().to_vec())
    }
}
