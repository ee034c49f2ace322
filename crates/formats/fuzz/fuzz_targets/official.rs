//! Any bytes for one reader: `cargo +nightly fuzz run official`.
#![no_main]

#[path = "../targets.rs"]
mod targets;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| targets::run("official", bytes));
