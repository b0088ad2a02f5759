//! The fuzz targets' seeds, replayed: each is a row whose name says what comes of it.

use doorward_test::fuzz_targets;
use std::fs;
use std::path::Path;

#[path = "../../../fuzz/oracles/head_scan.rs"]
mod head_scan;
#[path = "../../../fuzz/oracles/hello.rs"]
mod hello;
#[path = "../../../fuzz/oracles/opening.rs"]
mod opening;

/// Seeds of a target at the least.
const SEEDS_MIN: usize = 15;

fn check(target: &str, accepts: fn(&[u8]) -> bool) {
    let folder = Path::new(&std::env::var("CARGO_MANIFEST_DIR").expect("cargo says where"))
        .join("../../fuzz/seeds")
        .join(target);
    let mut count = 0;
    for entry in
        fs::read_dir(&folder).expect("a folder of seeds").map(|entry| entry.expect("a file"))
    {
        let bytes = fs::read(entry.path()).expect("a seed");
        let name = entry.file_name().into_string().expect("a name");
        let want = match name.split_once('-') {
            Some(("admitted", _)) => true,
            Some(("refused", _)) => false,
            _ => panic!("{target}/{name} does not say what comes of it"),
        };
        assert_eq!(accepts(&bytes), want, "{target}/{name}");
        count += 1;
    }
    assert!(count >= SEEDS_MIN, "{target} has {count} seeds");
}

#[test]
fn head_scan_seeds() {
    check("head_scan", |bytes| !head_scan::check(bytes).scan_refused);
}

#[test]
fn hello_seeds() {
    check("hello", hello::check);
}

#[test]
fn opening_seeds() {
    check("opening", opening::check);
}

#[test]
fn origin_seeds() {
    check("origin", fuzz_targets::origin);
}

#[test]
fn path_seeds() {
    check("path", fuzz_targets::path);
}

#[test]
fn host_seeds() {
    check("host", fuzz_targets::host);
}

#[test]
fn addresses_seeds() {
    check("addresses", fuzz_targets::addresses);
}

#[test]
fn token_seeds() {
    check("token", fuzz_targets::token);
}

#[test]
fn key_set_seeds() {
    check("key_set", fuzz_targets::key_set);
}

#[test]
fn configuration_seeds() {
    check("configuration", fuzz_targets::configuration);
}
