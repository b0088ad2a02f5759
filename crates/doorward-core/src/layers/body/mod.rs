//! # Body
//!
//! Refuses bodies that break what their route says of them.
//!
//! ## What it stops
//!
//! * A page's visitor who asks an AI for more than the page is for: another model, tools, more
//!   choices or tokens, a prompt as long as a book, addresses that the model's server is to fetch
//!   (lab: `key-in-page`; CWE-770, CWE-918; OWASP LLM10).
//! * Bodies, queries, headers and cookies that are not what an API declares: members that nobody
//!   expects, also those that a backend would write into its own records (mass assignment, OWASP
//!   API3:2023; CWE-915), values out of bounds, operations that are not declared (API9:2023).
//! * Bodies that two parsers read in two ways: doubled names, also by escapes, something behind the
//!   end, a byte order mark, a second or another content type, a coding (CWE-436).
//!
//! ## How it decides
//!
//! On a route with `ai`, over the whole body, which is held for it:
//!
//! 1. There is one `Content-Type`, `application/json` with at most `charset=utf-8`; else it is
//!    `body/content-type`. Any `Content-Encoding` is `body/encoding`.
//! 2. It is one JSON object, read strictly; else it is `body/not-json`.
//! 3. Each member of it is one of `parameters`; else it is `body/parameter`.
//! 4. `model` is one of `models`, byte for byte; else it is `body/model`.
//! 5. `n` times the tokens that are asked for are at most `tokens_max`; else it is `body/tokens`. A
//!    request that asks for no number counts as one for `tokens_max`.
//! 6. No part of a message is anything but text, no member names an address, and tools are
//!    functions, unless `urls = true`; else it is `body/address`.
//! 7. What is looked at is of its own type; else it is `body/value`.
//!
//! On a route with `schema`, and below the paths of an `[[openapi]]` document, on routes of the
//! kind `api` that are no preflight's:
//!
//! 1. A method and a path are one of the document's operations; else it is
//!    `body/unknown-operation`, unless `unknown = "pass"`. Of several documents the one whose paths
//!    begin deepest decides.
//! 2. Each parameter of path, query, headers and cookies has its shape and one reading, and no
//!    other name stands in the query unless `parameters = "pass"`; else it is `body/parameters`. A
//!    name that a backend could read as a declared one never passes.
//! 3. A body comes where one is required, else `body/missing`; where none is declared none comes,
//!    else `body/unexpected`; its type is a declared one, else `body/media-type`.
//! 4. It is read strictly, as JSON, urlencoded or multipart; else it is `body/unclear`. It fits its
//!    schema; else it is `body/schema`. Read-only members are none that may be written. Bodies of
//!    other types are bounded by their size alone, and stream.
//!
//! The bytes that were judged are the bytes that go on.
//!
//! ## What it does not stop
//!
//! * A body that fits a loose schema: `doorward check` says which operations are loose.
//! * What the bytes of an uploaded file are.
//! * What a prompt says. A model that may be asked anything answers anything.
//! * A model that writes more than `tokens_max`, where the request says no number and asks for no
//!   stream: it is charged, not cut.
//! * An address in the text of a message, for a model that fetches by itself.
//!
//! ## When it cannot decide
//!
//! It refuses, and says where by a JSON Pointer, never with the value. While it is monitored, a
//! body that a budget cannot be counted for is refused all the same. A schema of a large document
//! is read when it is first needed; one that cannot be read is `body/cannot-tell`.
//!
//! ## References
//!
//! RFC 8259; RFC 6901; RFC 9110 8.3, 8.4, 15.5; RFC 8725 2.4; JSON Schema 2020-12; OpenAPI 3.0.3
//! and 3.1.1; CWE-20.

mod ai;
mod content;
#[cfg(feature = "schema")]
mod declared;
#[cfg(not(feature = "schema"))]
#[path = "no_declared.rs"]
mod declared;
mod reason;

pub use ai::{Ai, AiSettings, PARAMETERS, PROMPT_BYTES_MAX, TOKENS_MAX, TOOL_PARAMETERS};
pub(crate) use ai::{Asked, No, TOKENS_OF_ANYTHING_MAX};
pub(crate) use declared::{Misshapen, inspect as inspect_shape, inspect_head, reads_body};
pub use reason::Reason;

use super::Meta;
use crate::visit::Visit;

/// What is said about this layer.
pub const META: Meta = Meta {
    id: "body",
    title: "Refuses bodies that break what their route says of them.",
    needs: &[],
    can_be_off: true,
    store_away: None,
    source: include_str!("mod.rs"),
};

/// Checked settings: none but the routes' own.
#[derive(Debug, Default)]
pub struct Policy;

/// What a request asks for, over its whole body; nothing where its route says nothing of it.
pub(crate) fn inspect(
    _policy: &Policy,
    visit: &Visit<'_>,
    body: &[u8],
) -> Result<Option<Asked>, No> {
    let ai = visit.route().ai.as_deref();
    ai.map(|ai| ai.judge(visit.view.headers, body)).transpose()
}
