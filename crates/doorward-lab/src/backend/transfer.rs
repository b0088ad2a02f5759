//! Transfers: what a request asks for, in any encoding that a careless backend takes.

use super::form;
use http::HeaderMap;
use http::header::CONTENT_TYPE;
use serde_json::Value;

/// A transfer as it was asked for.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Order {
    /// Whose money; the signed-in user's when not named.
    pub(super) from: Option<String>,
    pub(super) to: String,
    /// In whole euros.
    pub(super) amount: i64,
}

impl Order {
    /// Reads a query or a form's pairs.
    pub(super) fn from_pairs(pairs: &[(String, String)]) -> Option<Self> {
        Some(Self {
            from: form::value(pairs, "from").map(str::to_owned),
            to: form::value(pairs, "to")?.to_owned(),
            amount: form::value(pairs, "amount")?.parse().ok()?,
        })
    }

    /// Reads a body: JSON under any type but a form's, else the form's own encoding.
    pub(super) fn from_body(headers: &HeaderMap, body: &[u8]) -> Option<Self> {
        let text = str::from_utf8(body).ok()?;
        let content_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let content_type = content_type.unwrap_or_default();
        let (essence, rest) = content_type.split_once(';').unwrap_or((content_type, ""));
        match essence.trim().to_ascii_lowercase().as_str() {
            "application/x-www-form-urlencoded" => Self::from_pairs(&form::urlencoded(text)),
            "multipart/form-data" => {
                let (_, boundary) = rest.split_once("boundary=")?;
                Self::from_pairs(&form::multipart(text, boundary.trim_matches('"')))
            }
            "text/plain" => Self::from_json(text).or_else(|| Self::from_pairs(&form::plain(text))),
            _ => Self::from_json(text),
        }
    }

    fn from_json(text: &str) -> Option<Self> {
        let value: Value = serde_json::from_str(text).ok()?;
        let word = |name: &str| value.get(name).and_then(Value::as_str).map(str::to_owned);
        Some(Self { from: word("from"), to: word("to")?, amount: value.get("amount")?.as_i64()? })
    }
}

#[cfg(test)]
mod tests {
    use super::Order;
    use http::HeaderMap;
    use http::header::{CONTENT_TYPE, HeaderValue};

    fn check(content_type: &'static str, body: &str, want: Option<(&str, i64)>) {
        let mut headers = HeaderMap::new();
        if !content_type.is_empty() {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        }
        let got = Order::from_body(&headers, body.as_bytes());
        let got = got.as_ref().map(|order| (order.to.as_str(), order.amount));
        assert_eq!(got, want, "{content_type}: {body}");
    }

    #[test]
    fn every_encoding() {
        let json = r#"{"to":"evil","amount":100}"#;
        check("application/json", json, Some(("evil", 100)));
        check("", json, Some(("evil", 100)));
        check("text/plain;charset=UTF-8", json, Some(("evil", 100)));
        // A text/plain form with one field, whose name and value make JSON round its equals sign.
        let disguised = "{\"to\":\"evil\",\"amount\":100,\"x\":\"=\"}\r\n";
        check("text/plain", disguised, Some(("evil", 100)));
        check("text/plain", "to=evil\r\namount=100\r\n", Some(("evil", 100)));
        let form = "application/x-www-form-urlencoded";
        check(form, "to=evil&amount=100", Some(("evil", 100)));
        check(form, json, None);
        check("multipart/form-data", "to=evil", None);
        check("application/json", "{", None);
        check("application/json", r#"{"to":"evil","amount":"100"}"#, None);
    }
}
