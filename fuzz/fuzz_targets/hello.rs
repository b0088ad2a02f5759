#![no_main]

#[path = "../oracles/hello.rs"]
mod hello;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let _ = hello::check(bytes);
});
