//! # C-11: a grant that no browser accepts
//!
//! ## What it is
//!
//! `Access-Control-Allow-Origin` is `*`, `null` or one origin, written as browsers write it. The
//! API answers a trusted origin with something else: a list, two headers, a slash at the end, a
//! pattern, a word. Browsers compare byte for byte, and refuse.
//!
//! ## How it is found
//!
//! The answer to a trusted origin is a success with such a value, and the model of a browser does
//! not let the page read it.
//!
//! ## What it does not say
//!
//! It opens nothing. What answers to strangers say is not looked at: they are to be refused.
//!
//! ## How to close it
//!
//! Answer with the one origin of the list that matched, and `Vary: Origin`.
//!
//! ## References
//!
//! Fetch 3.3.3 (the header's syntax), 4.10 (CORS check), HTML 7.1.1 (serialization).

use crate::checks::{Check, Looking};
use crate::finding::{Finding, Severity};
use crate::join::{reads, shortened};
use crate::look::Look;
use crate::payload::Emitter;

/// The check.
pub const CHECK: Check = Check {
    id: "C-11",
    title: "a grant that no browser accepts",
    source: include_str!("c11.rs"),
    look,
};

fn look<'l>(look: &'l Look<'l>) -> Looking<'l> {
    Box::pin(async move { found(look).await.into_iter().collect() })
}

async fn found(look: &Look<'_>) -> Option<Finding> {
    for control in look.origins().await.trusted(look) {
        let values: Vec<&str> =
            control.answered.headers.all("access-control-allow-origin").collect();
        let Some(what) = fault(&values).filter(|_| control.answered.is_success()) else { continue };
        let origin = control.origin.as_deref().unwrap_or_default();
        let Some((is_read, rule)) = reads(look, origin, &control.answered) else { continue };
        // The value may be where the trusted origin was read from.
        if is_read && !origin.contains('*') {
            continue;
        }
        let title = format!("`Access-Control-Allow-Origin` {what}: no browser accepts that");
        let mut finding = look.finding(CHECK.id, Severity::Low, &title);
        finding.who = format!(
            "No page, that of `{origin}` neither, can read {} in any browser.",
            look.operation.name()
        );
        finding.request = control.call.curl();
        let lines = values.iter().take(4).map(|value| shortened(value));
        let lines = lines.map(|value| format!("Access-Control-Allow-Origin: {value}"));
        finding.evidence = lines.collect();
        finding.evidence.push(rule.to_owned());
        finding.fix =
            "Answer with the one origin of the list that matched, as it came, and `Vary: Origin`."
                .to_owned();
        return Some(finding);
    }
    None
}

/// What is wrong with the header's values; none where it is absent or well formed.
fn fault(values: &[&str]) -> Option<&'static str> {
    let value = match values {
        [] => return None,
        [value] => *value,
        [_, _, ..] => return Some("is sent more than once"),
    };
    if matches!(value, "*" | "null") {
        return None;
    }
    // An asterisk is a letter that hosts may have, and means nothing here.
    if value.contains('*') {
        return Some("has an asterisk in a name");
    }
    if matches!(Emitter::of(value), Emitter::Browser(_) | Emitter::Application) {
        return None;
    }
    let folded = value.to_ascii_lowercase();
    Some(match value {
        "" => "is empty",
        _ if value.contains([',', ';', ' ']) => "holds more than one value",
        _ if folded == "null" => "writes `null` with capitals",
        _ if !value.contains("://") => "is a word, no origin",
        _ if value.ends_with('/') => "ends with a slash",
        _ if matches!(Emitter::of(&folded), Emitter::Browser(_)) => "has capitals",
        _ => "is not written as browsers write an origin",
    })
}

#[cfg(test)]
mod tests {
    use super::fault;

    #[test]
    fn what_is_wrong_with_it() {
        for good in ["*", "null", "https://shop.test", "http://[::1]:3000", "capacitor://localhost"]
        {
            assert_eq!(fault(&[good]), None, "{good}");
        }
        assert_eq!(fault(&[]), None);
        let rows = [
            (vec!["*", "*"], "is sent more than once"),
            (vec![""], "is empty"),
            (vec!["https://a.test, https://b.test"], "holds more than one value"),
            (vec!["https://a.test https://b.test"], "holds more than one value"),
            (vec!["https://a.test/"], "ends with a slash"),
            (vec!["https://*.a.test"], "has an asterisk in a name"),
            (vec!["*.a.test"], "has an asterisk in a name"),
            (vec!["true"], "is a word, no origin"),
            (vec!["a.test"], "is a word, no origin"),
            (vec!["NULL"], "writes `null` with capitals"),
            (vec!["HTTPS://A.test"], "has capitals"),
            (vec!["https://a.test:443"], "is not written as browsers write an origin"),
            (vec!["https://a.test/x"], "is not written as browsers write an origin"),
        ];
        for (values, want) in rows {
            assert_eq!(fault(&values), Some(want), "{values:?}");
        }
    }
}
