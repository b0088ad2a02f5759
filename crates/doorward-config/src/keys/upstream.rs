//! Keys of an upstream, where it is written as a table.

use super::key;
use crate::shape::{Section, Shape};

/// `upstream = { url = "…" }`, the file's or a route's.
pub(super) static UPSTREAM: Section = Section::new(
    "What is guarded, and how it is spoken to.",
    &[
        key(
            "url",
            Shape::Text,
            "",
            "\"http://127.0.0.1:3000\", \"https://api.internal\" or \"unix:/run/app.sock\".",
        ),
        key(
            "ca",
            Shape::Text,
            "",
            "Whom alone to believe about an https upstream: a file in PEM. Without it, whom the \
             machine believes.",
        ),
        key(
            "certificate",
            Shape::Text,
            "",
            "The gate's own certificate for an https upstream that asks for one: a file in PEM, \
             with its `key`.",
        ),
        key("key", Shape::Text, "", "The private key of `certificate`: a file in PEM."),
        key(
            "http",
            Shape::Words { now: &["1", "2"], later: &["3"] },
            "\"1\"",
            "Which HTTP it speaks: gRPC needs 2, WebSocket needs 1.",
        ),
        key(
            "server_name",
            Shape::Text,
            "",
            "The name that its certificate must have; without it, the host of `url`.",
        ),
    ],
);
