//! What an answer says of its own cost. Only the backend's answer is read: nothing that a client
//! sends comes here.

use super::price::Tokens;
use crate::json::{self, Object};
use crate::layers::body::TOKENS_OF_ANYTHING_MAX;
use serde_json::Value;

/// What an answer says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Said {
    /// Nothing.
    Nothing,
    /// What nobody can have used: negative, a fraction, no number, more than there is.
    Nonsense,
    /// So many tokens.
    Tokens(Tokens),
}

/// The names of one count, in the dialects of OpenAI's chat completions and of its responses, and
/// Anthropic's messages.
const INPUT: &[&str] = &["prompt_tokens", "input_tokens"];
const OUTPUT: &[&str] = &["completion_tokens", "output_tokens"];
/// Where OpenAI's dialects say how much of the input was kept; it is part of the input.
const DETAILS: &[&str] = &["prompt_tokens_details", "input_tokens_details"];
/// Where Anthropic's says it; neither is part of `input_tokens`.
const CACHE_READ: &str = "cache_read_input_tokens";
const CACHE_WRITTEN: &str = "cache_creation_input_tokens";

/// No count of tokens.
struct NoCount;

/// Reads the value of `usage`.
pub(super) fn read(usage: &Value) -> Said {
    let members = match usage {
        // A provider says so in all chunks but the last.
        Value::Null => return Said::Nothing,
        Value::Object(members) => members,
        _ => return Said::Nonsense,
    };
    let read = || -> Result<Option<Tokens>, NoCount> {
        let (input, output) = (one_of(members, INPUT)?, one_of(members, OUTPUT)?);
        let total = count(json::member(members, "total_tokens"))?;
        if input.is_none() && output.is_none() && total.is_none() {
            return Ok(None);
        }
        let kept = count(json::member(members, CACHE_READ))?.unwrap_or(0);
        let written = count(json::member(members, CACHE_WRITTEN))?.unwrap_or(0);
        let mut cached = kept;
        for details in DETAILS.iter().filter_map(|name| json::member(members, name)) {
            cached = cached.max(
                count(details.as_object().and_then(|all| json::member(all, "cached_tokens")))?
                    .unwrap_or(0),
            );
        }
        let input = input.unwrap_or(0) + kept + written;
        // What the whole has beyond its parts is an answer's: thoughts that it does not show.
        let output = output.unwrap_or(0).max(total.unwrap_or(0).saturating_sub(input));
        if cached > input { Err(NoCount) } else { Ok(Some(Tokens { input, cached, output })) }
    };
    match read() {
        Ok(None) => Said::Nothing,
        Ok(Some(tokens)) => Said::Tokens(tokens),
        Err(NoCount) => Said::Nonsense,
    }
}

/// The largest of the counts of these names.
fn one_of(members: &Object, names: &[&str]) -> Result<Option<u64>, NoCount> {
    let mut most = None;
    for name in names {
        most = most.max(count(json::member(members, name))?);
    }
    Ok(most)
}

/// A count of tokens; `null` is none.
fn count(value: Option<&Value>) -> Result<Option<u64>, NoCount> {
    match value {
        None | Some(Value::Null) => Ok(None),
        Some(value) => match value.as_u64() {
            Some(count) if count <= TOKENS_OF_ANYTHING_MAX => Ok(Some(count)),
            Some(_) | None => Err(NoCount),
        },
    }
}

/// Where else an answer says what it cost: `$.meta.cost`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Path(Vec<String>);

/// Members on the way to a cost at the most.
const PATH_MEMBERS_MAX: usize = 8;

impl Path {
    /// Reads `$.meta.cost`: names of letters, digits, `_` and `-`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let names: Vec<String> = text.strip_prefix("$.")?.split('.').map(str::to_owned).collect();
        let is_letter = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
        let is_name = |name: &String| !name.is_empty() && name.bytes().all(is_letter);
        (names.len() <= PATH_MEMBERS_MAX && names.iter().all(is_name)).then_some(Self(names))
    }

    /// As it is written.
    #[must_use]
    pub fn text(&self) -> String {
        format!("$.{}", self.0.join("."))
    }

    /// The first member of it.
    pub(super) fn first(&self) -> &str {
        self.0.first().map_or("", String::as_str)
    }

    /// What the value of its first member says: whole units, or none.
    pub(super) fn read(&self, first: &Value) -> Option<u32> {
        let last = self.0.iter().skip(1).try_fold(first, |value, name| value.get(name))?;
        u32::try_from(last.as_u64()?).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usage_is_read_in_three_dialects() {
        let said = |text: &str| read(&serde_json::from_str(text).expect("JSON"));
        let tokens = |input, cached, output| Said::Tokens(Tokens { input, cached, output });
        for (text, want) in [
            (r#"{"prompt_tokens":9,"completion_tokens":12,"total_tokens":21}"#, tokens(9, 0, 12)),
            (r#"{"prompt_tokens":8,"total_tokens":8}"#, tokens(8, 0, 0)),
            (
                r#"{"prompt_tokens":9,"completion_tokens":1,"prompt_tokens_details":
                {"cached_tokens":4}}"#,
                tokens(9, 4, 1),
            ),
            (
                r#"{"input_tokens":36,"input_tokens_details":{"cached_tokens":6},
                "output_tokens":87,"output_tokens_details":{"reasoning_tokens":80},
                "total_tokens":123}"#,
                tokens(36, 6, 87),
            ),
            (r#"{"input_tokens":25,"output_tokens":1}"#, tokens(25, 0, 1)),
            (
                r#"{"input_tokens":5,"cache_read_input_tokens":100,
                "cache_creation_input_tokens":20,"output_tokens":3}"#,
                tokens(125, 100, 3),
            ),
            (r#"{"output_tokens":15}"#, tokens(0, 0, 15)),
            (r#"{"total_tokens":15}"#, tokens(0, 0, 15)),
            // What is thought and not shown.
            (r#"{"prompt_tokens":9,"completion_tokens":1,"total_tokens":100}"#, tokens(9, 0, 91)),
            (r#"{"prompt_tokens":0,"completion_tokens":0}"#, tokens(0, 0, 0)),
            ("null", Said::Nothing),
            ("{}", Said::Nothing),
            (r#"{"prompt_tokens":null}"#, Said::Nothing),
            (r#"{"cost":1}"#, Said::Nothing),
            ("[]", Said::Nonsense),
            ("1", Said::Nonsense),
            ("\"a\"", Said::Nonsense),
            (r#"{"prompt_tokens":-1}"#, Said::Nonsense),
            (r#"{"prompt_tokens":1.5}"#, Said::Nonsense),
            (r#"{"prompt_tokens":9.0}"#, Said::Nonsense),
            (r#"{"prompt_tokens":"9"}"#, Said::Nonsense),
            (r#"{"prompt_tokens":9,"completion_tokens":1e3}"#, Said::Nonsense),
            (r#"{"prompt_tokens":1000000001}"#, Said::Nonsense),
            (r#"{"prompt_tokens":18446744073709551615}"#, Said::Nonsense),
            (r#"{"prompt_tokens":18446744073709551616}"#, Said::Nonsense),
            (r#"{"prompt_tokens":1,"prompt_tokens_details":{"cached_tokens":2}}"#, Said::Nonsense),
        ] {
            assert_eq!(said(text), want, "{text}");
        }
    }

    #[test]
    fn a_path_leads_to_a_whole_number() {
        let path = Path::parse("$.meta.cost").expect("a path");
        assert_eq!((path.first(), path.text().as_str()), ("meta", "$.meta.cost"));
        for (text, want) in [
            (r#"{"cost":12}"#, Some(12)),
            (r#"{"cost":0}"#, Some(0)),
            (r#"{"cost":4294967295}"#, Some(u32::MAX)),
            (r#"{"cost":4294967296}"#, None),
            (r#"{"cost":-1}"#, None),
            (r#"{"cost":1.5}"#, None),
            (r#"{"cost":"12"}"#, None),
            (r#"{"cost":[12]}"#, None),
            ("{}", None),
            ("12", None),
        ] {
            assert_eq!(path.read(&serde_json::from_str(text).expect("JSON")), want, "{text}");
        }
        for text in ["", "$", "$.", "meta", "$.a..b", "$.a[0]", "$.a b", "$.a.b.c.d.e.f.g.h.i"] {
            assert_eq!(Path::parse(text), None, "{text}");
        }
    }
}
