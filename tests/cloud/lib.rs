//! Tests of stores in buckets: see `s3.rs`.
