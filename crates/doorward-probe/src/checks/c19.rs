//! # C-19: how long approvals are remembered
//!
//! ## What it is
//!
//! `Access-Control-Max-Age` says for how long a browser need not ask again. With 0, each request
//! waits for two answers. With more than a day beside a list of origins that may change, an origin
//! that is taken off the list goes on writing for as long as its visitors' browsers remember. What
//! is no number is not read at all.
//!
//! ## How it is found
//!
//! In the answer to the preflight of an allowed origin. The list counts as one that may change
//! where the answer names the origin that asked, and not one that was drawn for this run.
//!
//! ## What it does not say
//!
//! Without the header browsers remember for five seconds, which is no fault; nor is a long time
//! beside an answer that is the same for everybody. Each engine has a limit of its own, so no time
//! is longer than a day in any of them.
//!
//! ## How to close it
//!
//! Say 600 to 7200 seconds, and refuse origins that are off the list before their requests run.
//!
//! ## References
//!
//! Fetch 3.3.3, 4.9 (CORS-preflight cache).

use crate::approval::{Wish, foreign, usual};
use crate::checks::{Check, Looking};
use crate::excerpt::header_line;
use crate::finding::{Finding, Severity};
use crate::grant::Allowed;
use crate::grant::Grant;
use crate::look::Look;
use doorward_browser::{Engine, EngineId};

/// The check.
pub const CHECK: Check = Check {
    id: "C-19",
    title: "how long approvals are remembered",
    source: include_str!("c19.rs"),
    look,
};

/// A day: no engine remembers for longer.
const DAY_S: u64 = 86_400;
const MAX_AGE: &str = "Access-Control-Max-Age";

fn look<'l>(look: &'l Look<'l>) -> Looking<'l> {
    Box::pin(async move { found(look).await.into_iter().collect() })
}

/// What `Access-Control-Max-Age` says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Said {
    Nothing,
    Seconds(u64),
    Never,
    NoNumber,
}

fn read(value: Option<&str>) -> Said {
    let Some(value) = value else { return Said::Nothing };
    // What does not fit is a very long time.
    if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) {
        return match value.parse().unwrap_or(u64::MAX) {
            0 => Said::Never,
            seconds => Said::Seconds(seconds),
        };
    }
    let is_negative = value.strip_prefix('-').is_some_and(|rest| rest.parse::<u64>().is_ok());
    if is_negative { Said::Never } else { Said::NoNumber }
}

async fn found(look: &Look<'_>) -> Option<Finding> {
    let trusted = foreign(look)?;
    let call = usual(look, trusted);
    let asked = look.ask(&call).await.ok()?;
    let json = &["content-type"];
    let put = Wish { origin: trusted, method: "PUT", headers: json, credentials: false };
    let url = &look.operation.url;
    let is_used = |method| Wish { method, ..put }.is_granted(url, &asked);
    if !is_used("PUT") && !is_used("POST") {
        return None;
    }
    let (variant, title, who) = match read(asked.header("access-control-max-age").as_deref()) {
        Said::Nothing => return None,
        Said::Seconds(seconds) => {
            if seconds <= DAY_S || !may_change(look, trusted, &asked).await {
                return None;
            }
            (
                "long",
                "Approvals are remembered for longer than a day",
                format!(
                    "Pages of an origin that is taken off the list go on sending to {} from \
                     browsers that remember: {}.",
                    look.operation.name(),
                    remembered(seconds)
                ),
            )
        }
        Said::Never => (
            "never",
            "Approvals are not remembered",
            format!(
                "Each request of a page of {trusted} to {} that browsers ask about first waits for \
                 two answers.",
                look.operation.name()
            ),
        ),
        Said::NoNumber => (
            "no-number",
            "Access-Control-Max-Age is no number of seconds",
            format!(
                "Browsers of {trusted}'s visitors do not read it, and remember the approval for \
                 {} for five seconds.",
                look.operation.name()
            ),
        ),
    };
    let mut finding = look.finding(CHECK.id, Severity::Info, title);
    finding.variant = variant.to_owned();
    finding.who = who;
    finding.request = call.curl();
    finding.evidence = vec![header_line(&asked, MAX_AGE)];
    finding.fix =
        "Say `Access-Control-Max-Age: 600`, or up to 7200 where that is too often.".into();
    Some(finding)
}

/// Whether the answer follows a list: it names who asked, and a stranger is not named.
async fn may_change(look: &Look<'_>, trusted: &str, asked: &crate::call::Answered) -> bool {
    let canary = &look.canaries[0];
    let Ok(other) = look.ask(&usual(look, canary)).await else { return false };
    let same =
        other.header("access-control-allow-origin") == asked.header("access-control-allow-origin");
    Grant::of(asked, trusted).allowed == Allowed::Exactly
        && !Grant::of(&other, canary).reads()
        && !same
}

/// For how long each engine remembers, in words.
fn remembered(seconds: u64) -> String {
    let words = EngineId::ALL.map(|id| {
        let minutes = seconds.min(Engine::of(id).max_age_cap_s) / 60;
        format!("{id} for {minutes} minutes")
    });
    words.join(", ")
}

#[cfg(test)]
mod tests {
    use super::{Said, read};

    #[test]
    fn seconds_in_every_spelling() {
        for (value, want) in [
            (None, Said::Nothing),
            (Some("600"), Said::Seconds(600)),
            (Some("99999999999999999999999"), Said::Seconds(u64::MAX)),
            (Some("0"), Said::Never),
            (Some("-1"), Said::Never),
            (Some(""), Said::NoNumber),
            (Some("1h"), Said::NoNumber),
            (Some("600, 600"), Said::NoNumber),
            (Some("600.5"), Said::NoNumber),
            (Some("-"), Said::NoNumber),
        ] {
            assert_eq!(read(value), want, "{value:?}");
        }
    }
}
