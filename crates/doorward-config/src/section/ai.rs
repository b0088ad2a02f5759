//! `route.ai`: what an AI may be asked.

use crate::document::Value;
use crate::reading::Reading;
use doorward_core::layers::body::AiSettings;

/// Reads it.
pub(super) fn read(value: &Value<'_>, reading: &mut Reading<'_>) -> Option<AiSettings> {
    let table = value.table(reading)?;
    let texts = |name: &str, reading: &mut Reading<'_>| -> Vec<String> {
        let at = format!("{}.{name}", value.path);
        super::top::texts(&table.list(name, reading), &at, reading)
    };
    let mut ai = AiSettings {
        models: texts("models", reading),
        parameters: texts("parameters", reading),
        tools: table.is_set("tools", reading),
        urls: table.is_set("urls", reading),
        ..AiSettings::default()
    };
    if let Some(bytes) = table.value("prompt_max").and_then(|max| max.size(reading)) {
        ai.prompt_bytes_max = bytes;
    }
    let tokens = table.value("tokens_max").and_then(|max| max.whole(reading));
    if let Some(tokens) = tokens.and_then(|tokens| u32::try_from(tokens).ok()) {
        ai.tokens_max = tokens;
    }
    Some(ai)
}
