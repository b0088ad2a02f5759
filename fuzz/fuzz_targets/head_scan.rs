#![no_main]

#[path = "../oracles/head_scan.rs"]
#[expect(dead_code, reason = "the figures of the tally are for campaigns")]
mod head_scan;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    head_scan::check(bytes);
});
