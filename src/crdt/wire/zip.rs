//! Compression, by contexts that each thread keeps: making one costs more than a small patch.

use std::cell::RefCell;
use std::io;

use zstd::bulk::{Compressor, Decompressor};

const LEVEL: i32 = 1;

thread_local! {
    static COMPRESSOR: RefCell<Option<Compressor<'static>>> = const { RefCell::new(None) };
    static DECOMPRESSOR: RefCell<Option<Decompressor<'static>>> = const { RefCell::new(None) };
}

/// Packs bytes into a frame.
pub(super) fn compress(bytes: &[u8]) -> io::Result<Vec<u8>> {
    COMPRESSOR.with_borrow_mut(|kept| with(kept, || Compressor::new(LEVEL), |zip| zip.compress(bytes)))
}

/// Unpacks a frame, which holds `length` bytes at most.
pub(super) fn decompress(frame: &[u8], length: usize) -> io::Result<Vec<u8>> {
    DECOMPRESSOR.with_borrow_mut(|kept| with(kept, Decompressor::new, |zip| zip.decompress(frame, length)))
}

/// Uses what is kept, or makes it. After an error it is made anew.
fn with<C, T>(
    kept: &mut Option<C>,
    make: impl FnOnce() -> io::Result<C>,
    run: impl FnOnce(&mut C) -> io::Result<T>,
) -> io::Result<T> {
    let mut context = kept.take().map_or_else(make, Ok)?;
    let done = run(&mut context)?;
    *kept = Some(context);
    Ok(done)
}
