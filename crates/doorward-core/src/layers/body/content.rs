//! What the content of a request to an AI may hold: text, and no address that its provider would
//! fetch because the request has chosen it.

use super::Reason;
use super::ai::No;
use crate::json::{self, Object};
use serde_json::Value;

/// Members that hold what a model is told.
const TOLD: &[&str] = &["messages", "input", "instructions", "prompt", "system"];
/// The kinds of parts that are text.
const TEXT: &[&str] = &["text", "input_text", "output_text", "refusal", "message"];
/// The kinds of parts by which a function of the client's is called, and has answered.
const OF_TOOLS: &[&str] =
    &["function", "function_call", "function_call_output", "tool_use", "tool_result"];
/// Kinds of tools that run at the client's, and not at the provider's.
const FUNCTIONS: &[&str] = &["function", "custom"];

/// Letters of a client's own name that are repeated in a pointer at the most.
const NAME_LETTERS_MAX: usize = 64;

/// Judges all that a model is told, and its tools.
pub(super) fn judge(object: &Object, has_tools: bool) -> Result<(), No> {
    // A prompt that is kept at the provider is as long as somebody made it there.
    if json::member(object, "prompt").is_some_and(Value::is_object) {
        return Err(No::at(Reason::Value, "/prompt"));
    }
    for name in TOLD {
        if let Some(value) = json::member(object, name) {
            walk(value, &pointer("", name), has_tools)?;
        }
    }
    let Some(tools) = json::member(object, "tools") else { return Ok(()) };
    let Value::Array(tools) = tools else { return Err(No::at(Reason::Value, "/tools")) };
    for (index, tool) in tools.iter().enumerate() {
        let at = format!("/tools/{index}");
        let Value::Object(tool) = tool else { return Err(No::at(Reason::Value, at)) };
        match json::member(tool, "type") {
            None => {}
            Some(Value::String(kind)) if FUNCTIONS.contains(&kind.as_str()) => {}
            Some(_) => return Err(No::at(Reason::Address, format!("{at}/type"))),
        }
    }
    Ok(())
}

/// Looks at every object within. The reader has bounded how deep that goes.
fn walk(value: &Value, at: &str, has_tools: bool) -> Result<(), No> {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Ok(()),
        Value::Array(list) => {
            let mut within = list.iter().enumerate();
            within.try_for_each(|(index, value)| walk(value, &format!("{at}/{index}"), has_tools))
        }
        Value::Object(members) => {
            for (name, value) in members {
                let at = pointer(at, name);
                let is_kind = name == "type" && !is_known_kind(value, has_tools);
                if is_kind || names_address(name) {
                    return Err(No::at(Reason::Address, at));
                }
                walk(value, &at, has_tools)?;
            }
            Ok(())
        }
    }
}

fn is_known_kind(value: &Value, has_tools: bool) -> bool {
    let Value::String(kind) = value else { return false };
    TEXT.contains(&kind.as_str()) || (has_tools && OF_TOOLS.contains(&kind.as_str()))
}

/// Whether a member is one by which something is fetched: `image_url`, `file_id`, `url`.
fn names_address(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let ends = ["url", "uri", "urls", "uris", "file_id", "file_data"];
    ends.iter().any(|end| name.ends_with(end))
}

/// A pointer to a member (RFC 6901 3), short enough for a message.
pub(super) fn pointer(at: &str, name: &str) -> String {
    let short: String = name.chars().take(NAME_LETTERS_MAX).collect();
    format!("{at}/{}", short.replace('~', "~0").replace('/', "~1"))
}
