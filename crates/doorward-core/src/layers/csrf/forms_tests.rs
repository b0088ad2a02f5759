//! What leaves of a page's head.

use super::*;
use crate::header::tests::headers;

#[test]
fn what_held_for_other_bytes_does_not_leave() {
    let mut page = headers(&[
        ("content-type", "text/html"),
        ("content-length", "5"),
        ("etag", "\"a\""),
        ("last-modified", "Thu, 01 Jan 2026 00:00:00 GMT"),
        ("accept-ranges", "bytes"),
        ("content-md5", "x"),
        ("digest", "x"),
        ("content-digest", "x"),
        ("repr-digest", "x"),
        ("cache-control", "public, max-age=60"),
        ("cache-control", "s-maxage=60"),
        ("cdn-cache-control", "max-age=60"),
        ("cloudflare-cdn-cache-control", "max-age=60"),
        ("surrogate-control", "max-age=60"),
        ("x-accel-expires", "60"),
        ("edge-control", "max-age=60"),
        ("x-litespeed-cache-control", "public"),
        ("x-own", "1"),
    ]);
    make_fresh(&mut page);
    let left = headers(&[
        ("content-type", "text/html"),
        ("x-own", "1"),
        ("cache-control", "private, no-store"),
    ]);
    assert_eq!(page, left);
}
