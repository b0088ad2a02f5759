//! Requests that another site's page can have a visitor's browser send, and that are run.

pub mod x01;
pub mod x02;
pub mod x03;
pub mod x04;
pub mod x05;
pub mod x06;
pub mod x07;
pub mod x08;
pub mod x09;
pub mod x10;
pub mod x11;
pub mod x12;
pub mod x13;
pub mod x14;

use crate::call::Call;
use crate::finding::{Confidence, Finding, Rung};
use crate::forge::{Dress, Exposure, call, honest, may_write, of_strangers, run, rung_words};
use crate::look::Look;
use crate::token::{Place, Token};
use crate::witness::Seen;

/// Whether the operation is meant for JSON.
pub(crate) fn is_json(look: &Look<'_>) -> bool {
    let kind = look.operation.content_type.to_ascii_lowercase();
    let essence = kind.split(';').next().unwrap_or_default().trim();
    essence == "application/json" || essence.ends_with("+json")
}

/// What comes nearest to the operation's own body without a question.
pub(crate) fn plainest(look: &Look<'_>) -> Dress {
    if is_json(look) { Dress::Plain } else { Dress::Own }
}

/// The operation's request as pages of two strangers send it, with this token; without one where
/// the token stands where no page can put it.
pub(crate) fn forged_with(look: &Look<'_>, token: &Token, value: Option<&str>) -> Vec<Call> {
    let dress = plainest(look);
    let Some(value) = value else { return of_strangers(look, |page| call(look, page, dress)) };
    of_strangers(look, |page| {
        let mut call = call(look, page, dress)?;
        match &token.place {
            Place::Field(name) => {
                let mut out = url::form_urlencoded::Serializer::new(String::new());
                out.extend_pairs(url::form_urlencoded::parse(&call.body)).append_pair(name, value);
                call.body = out.finish().into_bytes();
            }
            Place::Query(name) => drop(call.url.query_pairs_mut().append_pair(name, value)),
            Place::Key(_) => call = crate::token::with(&call, &token.place, Some(value)),
            // Another site's page sets no header without asking first.
            Place::Header(_) => return None,
        }
        Some(call)
    })
}

/// What of a JSON operation is run in this dress, where `text/plain` is not: that would say more.
pub(crate) async fn run_but_not_plain(look: &Look<'_>, dress: Dress) -> Option<(Call, Seen)> {
    if !is_json(look) || !may_write(look) {
        return None;
    }
    let allowed = honest(look).await?;
    let plain = of_strangers(look, |page| call(look, page, Dress::Plain));
    if run(look, &plain, allowed).await.is_some() {
        return None;
    }
    let calls = of_strangers(look, |page| call(look, page, dress));
    let seen = run(look, &calls, allowed).await?;
    Some((calls.into_iter().next()?, seen))
}

/// A finding about a request that is run: its title, who can do what, and what closes it.
pub(crate) fn finding(
    look: &Look<'_>,
    check: &'static str,
    (call, seen): (&Call, &Seen),
    worth: &Exposure,
    [title, who, fix]: [String; 3],
) -> Finding {
    let mut finding = look.finding(check, worth.severity, &title);
    finding.who = format!("{who} {}", worth.as_whom);
    finding.fix = fix;
    finding.engines = worth.engines.clone();
    finding.request = call.curl();
    finding.evidence = vec![format!("answer: {}", seen.answer.status)];
    finding.evidence.extend(seen.notes.iter().cloned());
    finding.evidence.push(rung_words(seen.rung));
    finding.confidence = match seen.rung {
        Rung::Effect | Rung::InPath => Confidence::Certain,
        Rung::Strong => Confidence::Firm,
        Rung::Weak | Rung::Unknown => Confidence::Tentative,
    };
    finding.rung = Some(seen.rung);
    finding
}
