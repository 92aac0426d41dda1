//! Compression, by contexts that each thread keeps: making one costs more than a small patch.

use std::cell::RefCell;

use zstd::bulk::{Compressor, Decompressor};

const LEVEL: i32 = 1;

thread_local! {
    static COMPRESSOR: RefCell<Option<Compressor<'static>>> = const { RefCell::new(None) };
    static DECOMPRESSOR: RefCell<Option<Decompressor<'static>>> = const { RefCell::new(None) };
}

/// Packs bytes into a frame; `None` when there is no memory for it.
pub(super) fn compress(bytes: &[u8]) -> Option<Vec<u8>> {
    let make = || Compressor::new(LEVEL).ok();
    COMPRESSOR.with_borrow_mut(|kept| with(kept, make, |zip| zip.compress(bytes).ok()))
}

/// Unpacks a frame, which holds `length` bytes at most; `None` when it is damaged.
pub(super) fn decompress(frame: &[u8], length: usize) -> Option<Vec<u8>> {
    let make = || Decompressor::new().ok();
    DECOMPRESSOR.with_borrow_mut(|kept| with(kept, make, |zip| zip.decompress(frame, length).ok()))
}

/// Uses what is kept, or makes it. After an error it is made anew.
fn with<C, T>(
    kept: &mut Option<C>,
    make: impl FnOnce() -> Option<C>,
    run: impl FnOnce(&mut C) -> Option<T>,
) -> Option<T> {
    let mut context = kept.take().or_else(make)?;
    let done = run(&mut context)?;
    *kept = Some(context);
    Some(done)
}
