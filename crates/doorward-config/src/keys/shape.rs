//! Keys of declared shapes.

use super::key;
use crate::shape::{Section, Shape};

/// The words of `additional`.
const ADDITIONAL: Shape = Shape::Words { now: &["as-declared", "refuse"], later: &[] };
/// The words of `formats`.
const FORMATS: Shape = Shape::Words { now: &["assert", "ignore"], later: &[] };
const ADDITIONAL_SAYS: &str = "Members that a schema does not name, where it is silent about them.";
const FORMATS_SAYS: &str = "Whether a text must have the `format` that a schema says, where it is \
                            a known one.";

/// What a route's request bodies may be.
pub(super) static BODY: Section = Section::new(
    "What a route's request bodies may be.",
    &[
        key(
            "max",
            Shape::Size { least: 0, most: 1 << 40 },
            "",
            "The largest; without it, no limit, and 1 MiB of a body that is judged.",
        ),
        key(
            "bind",
            Shape::Boolean,
            "false",
            "The body is held (up to 1 MiB) and its digest put into the admission proof.",
        ),
        key(
            "schema",
            Shape::Text,
            "",
            "A file of JSON Schema (2020-12, JSON or YAML): bodies are JSON that fits it. It may \
             refer to files beside it, and to nothing else.",
        ),
        key("additional", ADDITIONAL, "\"as-declared\"", ADDITIONAL_SAYS),
        key("formats", FORMATS, "\"assert\"", FORMATS_SAYS),
    ],
);

/// One `[[openapi]]`.
pub(super) static OPENAPI: Section = Section::new(
    "A document of OpenAPI 3.0 or 3.1: requests below its paths are held against its operations.",
    &[
        key("file", Shape::Text, "", "The document, in JSON or YAML, whole: nothing is fetched."),
        key(
            "prefix",
            Shape::Text,
            "",
            "What stands before its paths: \"/v1\"; without it, the paths of its `servers`.",
        ),
        key(
            "unknown",
            Shape::Words { now: &["refuse", "pass"], later: &[] },
            "\"refuse\"",
            "Requests there that are none of its operations.",
        ),
        key(
            "parameters",
            Shape::Words { now: &["refuse", "pass"], later: &[] },
            "\"refuse\"",
            "Names in a query that no parameter has.",
        ),
        key("additional", ADDITIONAL, "\"as-declared\"", ADDITIONAL_SAYS),
        key("formats", FORMATS, "\"assert\"", FORMATS_SAYS),
    ],
);
