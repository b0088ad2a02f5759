//! What a request to an AI may ask for.

use super::Reason;
use super::content;
use crate::header::{One, single};
use crate::json::{self, Object};
use http::HeaderMap;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use serde_json::Value;

/// Members that are taken where the file names none: those of chat completions, completions,
/// embeddings and responses that cost no more than tokens, and keep nothing at the provider.
pub const PARAMETERS: &[&str] = &[
    "model",
    "messages",
    "input",
    "instructions",
    "prompt",
    "system",
    "stream",
    "stream_options",
    "max_tokens",
    "max_completion_tokens",
    "max_output_tokens",
    "n",
    "temperature",
    "top_p",
    "top_k",
    "stop",
    "stop_sequences",
    "presence_penalty",
    "frequency_penalty",
    "seed",
    "user",
    "response_format",
    "text",
    "dimensions",
    "encoding_format",
];

/// Members that are taken beside them where tools are.
pub const TOOL_PARAMETERS: &[&str] = &["tools", "tool_choice", "parallel_tool_calls"];

/// Bytes of a request's body at the most, where the file says nothing.
pub const PROMPT_BYTES_MAX: u64 = 32 * 1024;
/// Tokens of an answer at the most, where the file says nothing.
pub const TOKENS_MAX: u32 = 4096;
/// Tokens that anybody could ask for: more is no number of tokens.
pub(crate) const TOKENS_OF_ANYTHING_MAX: u64 = 1_000_000_000;

/// The members that bound an answer's tokens. Which of them a backend heeds is its own business, so
/// the largest counts.
const LIMITS: &[&str] = &["max_tokens", "max_completion_tokens", "max_output_tokens"];
/// The members by which several answers are made, of which all are charged.
const TIMES: &[&str] = &["n", "best_of"];

/// What a route says of the requests to an AI.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AiSettings {
    /// Models that may be asked; none: every one that has a price, or any where no money is
    /// counted.
    pub models: Vec<String>,
    /// Members that a request may have; none: [`PARAMETERS`].
    pub parameters: Vec<String>,
    /// Bytes of the body at the most.
    pub prompt_bytes_max: u64,
    /// Tokens of an answer at the most.
    pub tokens_max: u32,
    /// Tools may be offered, which are functions of the client's.
    pub tools: bool,
    /// Addresses, files and other tools may stand in a request.
    pub urls: bool,
}

impl Default for AiSettings {
    fn default() -> Self {
        Self {
            models: Vec::new(),
            parameters: Vec::new(),
            prompt_bytes_max: PROMPT_BYTES_MAX,
            tokens_max: TOKENS_MAX,
            tools: false,
            urls: false,
        }
    }
}

/// The same, checked.
#[derive(Clone, Debug)]
pub struct Ai {
    /// Any model, if it is empty.
    models: Vec<String>,
    parameters: Vec<String>,
    tokens_max: u32,
    tools: bool,
    urls: bool,
}

/// What a request asks for, as far as it costs something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Asked {
    pub(crate) model: String,
    /// Bytes of the body. No tokenizer makes more tokens of a text than it has bytes.
    pub(crate) prompt_tokens_max: u64,
    /// Tokens of all answers together at the most, as the request says; none: it says nothing.
    pub(crate) said_tokens_max: Option<u64>,
    /// The same, or what counts in its place.
    pub(crate) tokens_max: u64,
    pub(crate) is_stream: bool,
}

/// Why a request may not be asked, and where it says so (RFC 6901).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct No {
    pub(crate) reason: Reason,
    pub(crate) pointer: Option<String>,
}

impl From<Reason> for No {
    fn from(reason: Reason) -> Self {
        Self { reason, pointer: None }
    }
}

impl No {
    pub(super) fn at(reason: Reason, pointer: impl Into<String>) -> Self {
        Self { reason, pointer: Some(pointer.into()) }
    }

    fn member(reason: Reason, name: &str) -> Self {
        Self::at(reason, content::pointer("", name))
    }
}

impl Ai {
    /// What a route says. `priced`: the models that have a price, where money is counted there.
    pub(crate) fn new(settings: &AiSettings, priced: Option<&[&str]>) -> Self {
        let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        let models = match priced {
            Some(priced) if settings.models.is_empty() => owned(priced),
            Some(_) | None => settings.models.clone(),
        };
        let mut parameters: Vec<String> = match settings.parameters.is_empty() {
            true => owned(PARAMETERS),
            false => settings.parameters.clone(),
        };
        if settings.tools {
            parameters.extend(TOOL_PARAMETERS.iter().map(|name| (*name).to_owned()));
        }
        Self {
            models,
            parameters,
            tokens_max: settings.tokens_max,
            tools: settings.tools,
            urls: settings.urls,
        }
    }

    /// Judges a request by its head and its whole body.
    pub(crate) fn judge(&self, headers: &HeaderMap, body: &[u8]) -> Result<Asked, No> {
        if headers.contains_key(CONTENT_ENCODING) {
            return Err(Reason::Encoding.into());
        }
        if !says_json(headers) {
            return Err(Reason::ContentType.into());
        }
        let object = json::object(body).map_err(|_| Reason::NotJson)?;
        let is_known = |name: &&String| !self.parameters.contains(name);
        if let Some(unknown) = object.keys().find(is_known) {
            return Err(No::member(Reason::Parameter, unknown));
        }
        let model = self.model(&object)?;
        let is_stream = match json::member(&object, "stream") {
            None => false,
            Some(Value::Bool(is_stream)) => *is_stream,
            Some(_) => return Err(No::member(Reason::Value, "stream")),
        };
        let (said_tokens_max, tokens_max) = self.tokens(&object)?;
        if !self.urls {
            content::judge(&object, self.tools)?;
        }
        let prompt_tokens_max = body.len() as u64;
        Ok(Asked { model, prompt_tokens_max, said_tokens_max, tokens_max, is_stream })
    }

    fn model(&self, object: &Object) -> Result<String, No> {
        let model = match json::member(object, "model") {
            Some(Value::String(model)) => model,
            Some(_) => return Err(No::member(Reason::Value, "model")),
            None => return Err(No::member(Reason::Model, "model")),
        };
        if !self.models.is_empty() && !self.models.contains(model) {
            return Err(No::member(Reason::Model, "model"));
        }
        Ok(model.clone())
    }

    /// Tokens of all answers together: as the request says, and as they count.
    fn tokens(&self, object: &Object) -> Result<(Option<u64>, u64), No> {
        let most = u64::from(self.tokens_max);
        let said = largest(object, LIMITS)?;
        let times = largest(object, TIMES)?;
        let name = match (said, times) {
            (Some((name, _)), _) | (None, Some((name, _))) => name,
            (None, None) => return Ok((None, most)),
        };
        let times = times.map_or(1, |(_, times)| times);
        let tokens = said.map_or(most, |(_, tokens)| tokens).saturating_mul(times);
        if tokens > most {
            return Err(No::member(Reason::Tokens, name));
        }
        Ok((said.map(|_| tokens), tokens))
    }
}

/// The largest of some members that are whole numbers, none of them 0.
fn largest<'n>(object: &Object, names: &[&'n str]) -> Result<Option<(&'n str, u64)>, No> {
    let mut most: Option<(&str, u64)> = None;
    for name in names {
        let Some(value) = json::member(object, name) else { continue };
        let number = value.as_u64().filter(|number| (1..=TOKENS_OF_ANYTHING_MAX).contains(number));
        let Some(number) = number else { return Err(No::member(Reason::Value, name)) };
        if most.is_none_or(|(_, other)| other < number) {
            most = Some((name, number));
        }
    }
    Ok(most)
}

/// Whether a body is said to be JSON, once and with no charset but the one that JSON has (RFC 8259
/// 8.1).
fn says_json(headers: &HeaderMap) -> bool {
    let One::Value(text) = single(headers, &CONTENT_TYPE) else { return false };
    let mut parts = text.split(';').map(|part| part.trim_matches([' ', '\t']));
    let is_json = parts.next().is_some_and(|kind| kind.eq_ignore_ascii_case("application/json"));
    let charset = parts.next().is_none_or(|part| {
        ["charset=utf-8", "charset=\"utf-8\""].iter().any(|known| part.eq_ignore_ascii_case(known))
    });
    is_json && charset && parts.next().is_none()
}

#[cfg(test)]
#[path = "ai_tests.rs"]
mod tests;
