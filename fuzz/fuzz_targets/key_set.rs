#![no_main]

#[path = "../../crates/doorward-test/src/fuzz_targets.rs"]
#[expect(dead_code, reason = "the other targets use the rest")]
mod fuzz_targets;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let _ = fuzz_targets::key_set(bytes);
});
