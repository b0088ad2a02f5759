//! # G-01: the backend answers around the gate
//!
//! ## What it is
//!
//! The backend has an address of its own and answers whoever knows it. All that the gate before it
//! would refuse is run there, and nothing of it stands in the gate's log.
//!
//! ## How it is found
//!
//! With `--around ADDRESS`: the operation is asked there, with the host of the API's own address,
//! twice, and must be answered with success; an address of nobody's must not be answered alike.
//! Beside it stands what the API's own address answers: a refusal, or the same. A tap before the
//! backend or a witness proves that it was run.
//!
//! ## What it does not say
//!
//! Whether others reach that address: this machine may stand nearer to it than a stranger does. A
//! success with other words than the API's own may be another server's, and is tentative. What may
//! not be sent, without leave to write, is not asked there either.
//!
//! ## How to close it
//!
//! Have the backend refuse what lacks the gate's proof of admission (`Doorward-Admitted`), or let
//! it listen where the gate alone reaches it: at a unix socket, or with certificates for both.
//!
//! ## References
//!
//! CWE-288, CWE-420.

use crate::call::{Answered, Call};
use crate::checks::{Check, Looking};
use crate::finding::{Confidence, Finding, Rung, Severity};
use crate::forge::rung_words;
use crate::look::{Look, name_of};
use crate::witness::{changed, masked};
use std::sync::Arc;
use url::Url;

/// The check.
pub const CHECK: Check = Check {
    id: "G-01",
    title: "the backend answers around the gate",
    source: include_str!("g01.rs"),
    look,
};

fn look<'l>(look: &'l Look<'l>) -> Looking<'l> {
    Box::pin(async move { found(look).await.into_iter().collect() })
}

async fn found(look: &Look<'_>) -> Option<Finding> {
    let around = look.means.around?;
    let plain = look.operation.call();
    // What is closed to strangers there may be open to whoever has an account.
    let known = look.signed_in(&plain);
    for call in [Some(plain), known].into_iter().flatten() {
        if let Some(finding) = asked(look, around, &call).await {
            return Some(finding);
        }
    }
    None
}

/// What is beside it at the API's own address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Beside {
    /// It is refused.
    Refused,
    /// It is answered alike.
    Alike,
    /// It is answered in another way.
    Different,
}

async fn asked(look: &Look<'_>, around: &Url, call: &Call) -> Option<Finding> {
    let there = moved(around, call);
    let (answer, is_changed) = changed(look, &there).await;
    let answer = answer.ok().filter(|answer| answer.is_success())?;
    let arrival = look.arrival(&there);
    let again = look.ask_again(&there).await.ok()?;
    if again.status != answer.status {
        return None;
    }
    let own = look.ask(call).await.ok()?;
    let beside = beside(&own, &answer);
    let rung = match (arrival.is_served(), is_changed, beside) {
        (true, _, _) => Rung::InPath,
        (false, true, _) => Rung::Effect,
        // Two servers that say the same to everything are not one.
        (false, false, _) if answers_everything(look, &there, &answer).await => return None,
        (false, false, Beside::Alike) => Rung::Strong,
        (false, false, Beside::Refused | Beside::Different) => Rung::Weak,
    };
    let (severity, confidence) = match (rung, beside) {
        (Rung::InPath | Rung::Effect, _) => (Severity::High, Confidence::Certain),
        (_, Beside::Refused | Beside::Alike) => (Severity::High, Confidence::Firm),
        (_, Beside::Different) => (Severity::Medium, Confidence::Tentative),
    };
    let title = match beside {
        Beside::Refused => "What is refused at the gate is answered at the backend's own address",
        Beside::Alike => "The backend's own address answers as the gate does",
        Beside::Different => "Something answers at the backend's own address",
    };
    let place = around.origin().ascii_serialization();
    let does = if rung.is_run() { "has" } else { "may have" };
    let mut finding = look.finding(CHECK.id, severity, title);
    finding.confidence = confidence;
    finding.who = format!(
        "Whoever reaches {place} {does} {} run without the gate: no limit, no list of origins and \
         no sign-in of the gate's stands in the way.",
        look.operation.name()
    );
    finding.request = there.curl();
    finding.evidence = vec![
        format!("at the gate: {}", own.status),
        format!("at {place}: {}, with {} bytes", answer.status, answer.body.len()),
    ];
    finding.evidence.extend(arrival.notes());
    finding.evidence.push(rung_words(rung));
    finding.rung = Some(rung);
    finding.fix = "Have the backend refuse what lacks the gate's proof of admission, or let it \
                   listen where the gate alone reaches it, as at a unix socket."
        .to_owned();
    Some(finding)
}

/// The same call at the backend's own address, under the API's own name.
fn moved(around: &Url, call: &Call) -> Call {
    let mut there = call.clone();
    there.url = around.clone();
    there.url.set_path(call.url.path());
    there.url.set_query(call.url.query());
    let host = call.url.host_str().unwrap_or_default();
    let host = call.url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
    there.with("Host", &host)
}

fn beside(own: &Answered, there: &Answered) -> Beside {
    match own.status {
        400..=499 => Beside::Refused,
        status if status == there.status && masked(&own.body) == masked(&there.body) => {
            Beside::Alike
        }
        _ => Beside::Different,
    }
}

/// Whether an address of nobody's is answered alike there.
async fn answers_everything(look: &Look<'_>, there: &Call, answer: &Arc<Answered>) -> bool {
    let mut nowhere = there.clone();
    let name = name_of(&look.canaries[0]);
    nowhere.url.set_path(&format!("/{}", name.split('.').next().unwrap_or(name)));
    match look.ask(&nowhere).await {
        Ok(other) => other.status == answer.status && masked(&other.body) == masked(&answer.body),
        // It could not be asked: then nothing speaks for this operation.
        Err(_) => true,
    }
}

#[cfg(test)]
mod tests {
    use super::moved;
    use crate::call::Call;
    use url::Url;

    #[test]
    fn the_name_stays_and_the_address_changes() {
        let url = |text: &str| Url::parse(text).expect("an address");
        let around = url("http://127.0.0.1:3000/");
        for (own, want, host) in [
            (
                "https://api.shop.example/a/b?c=d",
                "http://127.0.0.1:3000/a/b?c=d",
                "api.shop.example",
            ),
            ("http://localhost:8080/", "http://127.0.0.1:3000/", "localhost:8080"),
        ] {
            let there = moved(&around, &Call::new("GET", &url(own)));
            assert_eq!(
                (there.url.as_str(), there.headers.joined("host")),
                (want, Some(host.into()))
            );
        }
    }
}
