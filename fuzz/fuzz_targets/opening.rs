#![no_main]

#[path = "../oracles/opening.rs"]
mod opening;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let _ = opening::check(bytes);
});
