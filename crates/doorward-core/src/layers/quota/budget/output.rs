//! How much an event of a stream may have cost, before the backend says it.

use crate::json::{self, Object};
use serde_json::Value;

/// Names in a delta whose texts no model writes.
const NOT_WRITTEN: &[&str] = &["role", "type", "id", "object", "index"];

/// Kinds of events that are known to say what they add in `delta`, or to add nothing.
const KNOWN_KINDS: &[&str] = &["response.", "message_", "content_block_"];

/// Tokens of the answer that an event may hold at the most: no tokenizer makes more tokens of a
/// text than it has bytes. An event of an unknown shape counts whole.
pub(super) fn tokens_max(event: &Object, bytes: usize) -> u64 {
    let kind = json::member(event, "type").and_then(Value::as_str).unwrap_or_default();
    let is_known =
        KNOWN_KINDS.iter().any(|known| kind.starts_with(known)) || matches!(kind, "ping" | "error");
    match (json::member(event, "choices"), json::member(event, "delta")) {
        (Some(Value::Array(choices)), _) => choices.iter().map(of_choice).sum(),
        (None, Some(delta)) => written(delta),
        (None, None) if is_known => 0,
        (Some(_) | None, _) => bytes as u64,
    }
}

fn of_choice(choice: &Value) -> u64 {
    let Value::Object(members) = choice else { return 0 };
    let texts = ["delta", "text", "message"].iter().filter_map(|name| json::member(members, name));
    texts.map(written).sum()
}

/// Bytes of all texts within that a model may have written.
fn written(value: &Value) -> u64 {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => 0,
        Value::String(text) => text.len() as u64,
        Value::Array(list) => list.iter().map(written).sum(),
        Value::Object(members) => {
            let texts = members.iter().filter(|(name, _)| !NOT_WRITTEN.contains(&name.as_str()));
            texts.map(|(_, value)| written(value)).sum()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_counts_by_its_bytes() {
        for (event, want) in [
            (r#"{"choices":[{"delta":{"role":"assistant","content":""}}]}"#, 0),
            (r#"{"choices":[{"delta":{"content":"Hello"}}],"obfuscation":"xxxx"}"#, 5),
            (r#"{"choices":[{"delta":{"content":"a"}},{"delta":{"content":"bc"}}]}"#, 3),
            (r#"{"choices":[{"delta":{"content":"é"}}]}"#, 2),
            (r#"{"choices":[{"text":"abc"}]}"#, 3),
            (
                r#"{"choices":[{"delta":{"tool_calls":[{"id":"1",
                "function":{"arguments":"{}"}}]}}]}"#,
                2,
            ),
            (r#"{"choices":[],"usage":{"total_tokens":3}}"#, 0),
            (r#"{"type":"response.output_text.delta","delta":"abcd"}"#, 4),
            (r#"{"type":"response.completed","response":{"output":"abcdefgh"}}"#, 0),
            (r#"{"type":"content_block_delta","delta":{"type":"text_delta","text":"abc"}}"#, 3),
            (r#"{"type":"message_delta","delta":{"stop_reason":null}}"#, 0),
            (r#"{"type":"ping"}"#, 0),
            (r#"{"token":"abc"}"#, 15),
            (r#"{"choices":"abc"}"#, 17),
            (r#"{"type":"other"}"#, 16),
        ] {
            let read = serde_json::from_str(event).expect("an object");
            assert_eq!(tokens_max(&read, event.len()), want, "{event}");
        }
    }
}
