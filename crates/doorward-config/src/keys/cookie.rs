//! Keys of `[layers.cookie]`.

use super::key;
use super::layers::mode;
use crate::shape::{Section, Shape};

pub(crate) static COOKIE: Section = Section::new(
    "Unclear cookies of requests; hardens those that the backend sets.",
    &[
        mode(),
        key(
            "sessions",
            Shape::List(&Shape::Text),
            "[]",
            "Names of sessions, beside those of `identity` and of common frameworks.",
        ),
        key(
            "readable",
            Shape::List(&Shape::Text),
            "[]",
            "Sessions that the pages' own scripts read: they gain no HttpOnly.",
        ),
        key(
            "rename",
            Shape::Boolean,
            "false",
            "What `sessions` and `identity` name is kept in browsers as __Host-NAME, which no \
             sibling domain can set.",
        ),
        key(
            "protect",
            Shape::List(&Shape::Text),
            "[]",
            "Names that are kept so, whether or not `rename` says it for the others.",
        ),
        key(
            "migrate_until",
            Shape::Day,
            "",
            "Until that day a renamed cookie's bare name is taken too, where no prefixed one came.",
        ),
        key(
            "same_site",
            Shape::Words { now: &["auto", "keep"], later: &[] },
            "\"auto\"",
            "Auto: sessions gain Lax where all pages are of the gate's own site. Keep: as the \
             backend says.",
        ),
        key(
            "count",
            Shape::Whole { least: 1, most: 4096 },
            "256",
            "Cookies of one request, at the most.",
        ),
        key(
            "size",
            Shape::Size { least: 256, most: 1024 * 1024 },
            "\"16KiB\"",
            "Bytes of a request's cookies, at the most.",
        ),
        key(
            "insecure_duplicates",
            Shape::List(&Shape::Text),
            "[]",
            "Sessions that may come twice; the backend then takes one of them.",
        ),
    ],
);
