//! # Body
//!
//! Refuses bodies that break what their route says of them.
//!
//! ## What it stops
//!
//! * A page's visitor who asks an AI for more than the page is for: another model, tools, more
//!   choices or tokens, a prompt as long as a book, addresses that the model's server is to fetch
//!   (lab: `key-in-page`; CWE-770, CWE-918; OWASP LLM10).
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
//! The bytes that were judged are the bytes that go on.
//!
//! ## What it does not stop
//!
//! * What a prompt says. A model that may be asked anything answers anything.
//! * A model that writes more than `tokens_max`, where the request says no number and asks for no
//!   stream: it is charged, not cut.
//! * An address in the text of a message, for a model that fetches by itself.
//!
//! ## When it cannot decide
//!
//! It refuses, and says where by a JSON Pointer, never with the value. While it is monitored, a
//! body that a budget cannot be counted for is refused all the same.
//!
//! ## References
//!
//! RFC 8259; RFC 6901; RFC 9110 8.3, 8.4; RFC 8725 2.4; CWE-20.

mod ai;
mod content;
mod reason;

pub use ai::{Ai, AiSettings, PARAMETERS, PROMPT_BYTES_MAX, TOKENS_MAX, TOOL_PARAMETERS};
pub(crate) use ai::{Asked, No, TOKENS_OF_ANYTHING_MAX};
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
