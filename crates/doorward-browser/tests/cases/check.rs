//! What a case wants, and how a verdict differs from it. What is not wanted is not looked at.

use doorward_browser::{
    Document, Engine, Event, Headers, Reading, Request, Sent, Tainting, Travel, Verdict, said,
};
use serde::Deserialize;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// The wants.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Want {
    /// What the page gets.
    reading: Option<String>,
    /// The rule that decided that.
    rule: Option<String>,
    /// The headers that it reads, of those that are neither safelisted nor `access-control-*`.
    shows: Option<Vec<String>>,
    /// Headers of the script's that were dropped.
    dropped: Option<Vec<String>>,
    /// Why it asks first; nothing: it does not.
    asks: Option<Vec<String>>,
    /// The value of `Access-Control-Request-Headers`; empty where it asks about none.
    asks_about: Option<String>,
    /// The last preflight; `null`: none was sent.
    #[serde(default, with = "present")]
    preflight: Option<Option<Message>>,
    /// What comes of the last preflight: a rule, `approved` or `remembered`.
    preflight_rule: Option<String>,
    /// The last request; `null`: none was sent.
    #[serde(default, with = "present")]
    sent: Option<Option<Message>>,
    /// Every address on the way.
    hops: Option<Vec<String>>,
    /// Whose the last answer is.
    tainting: Option<String>,
    /// How many servers ran the request.
    executed: Option<usize>,
    /// The last answer came from the browser's own cache.
    from_cache: Option<bool>,
    /// Cookies by name, and the rule by which they went along or stayed.
    cookies: Option<BTreeMap<String, String>>,
    /// The rules by which cookies were kept or not, in the order in which they were set.
    kept: Option<Vec<String>>,
    /// What the element tells; `null`: nothing, or it depends on the body.
    #[serde(default, with = "present")]
    event: Option<Option<String>>,
    /// Part of what the console says; `null`: nothing.
    #[serde(default, with = "present")]
    console: Option<Option<String>>,
}

/// Parts of a message; a header of `null` is not there.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Message {
    method: Option<String>,
    url: Option<String>,
    #[serde(default)]
    headers: Map<String, Value>,
    /// Whether there is a body.
    body: Option<bool>,
}

/// Tells a field that is `null` from one that is not there.
mod present {
    use serde::{Deserialize, Deserializer};

    pub(super) fn deserialize<'de, T, D>(from: D) -> Result<Option<Option<T>>, D::Error>
    where
        T: Deserialize<'de>,
        D: Deserializer<'de>,
    {
        Option::<T>::deserialize(from).map(Some)
    }
}

struct Faults(Vec<String>);

impl Faults {
    fn compare<T: PartialEq + std::fmt::Debug>(&mut self, what: &str, want: Option<&T>, got: &T) {
        if let Some(want) = want.filter(|want| *want != got) {
            self.0.push(format!("{what}: {got:?}, wanted {want:?}"));
        }
    }
}

/// How a verdict differs from the wants.
pub(crate) fn differences(
    engine: &Engine,
    from: Option<&Document>,
    request: &Request,
    verdict: &Verdict,
    want: &Want,
) -> Vec<String> {
    let mut faults = Faults(Vec::new());
    faults.compare("reading", want.reading.as_ref(), &reading(&verdict.reading).to_owned());
    faults.compare("rule", want.rule.as_ref(), &verdict.because.rule.id.to_owned());
    faults.compare("shows", want.shows.as_ref(), &shown(&verdict.reading));
    faults.compare("dropped", want.dropped.as_ref(), &verdict.dropped);
    asking(&mut faults, verdict, want);
    if let Some(wanted) = &want.sent {
        message(&mut faults, "sent", wanted.as_ref(), verdict.sent.as_ref());
    }
    let hops = verdict.hops.iter().map(|hop| hop.url.to_string()).collect();
    faults.compare("hops", want.hops.as_ref(), &hops);
    let tainting = match verdict.hops.last().map(|hop| hop.tainting) {
        Some(Tainting::Basic) => "basic",
        Some(Tainting::Cors) => "cors",
        Some(Tainting::Opaque) => "opaque",
        None => "none",
    };
    faults.compare("tainting", want.tainting.as_ref(), &tainting.to_owned());
    let executed = verdict.hops.iter().filter(|hop| hop.is_executed()).count();
    faults.compare("executed", want.executed.as_ref(), &executed);
    let from_cache = verdict.hops.last().is_some_and(|hop| hop.is_from_cache);
    faults.compare("from-cache", want.from_cache.as_ref(), &from_cache);
    let cookies = verdict.cookies.iter().map(|one| (one.name.clone(), rule(one)));
    faults.compare("cookies", want.cookies.as_ref(), &cookies.collect());
    faults.compare("kept", want.kept.as_ref(), &verdict.kept.iter().map(rule).collect());
    let event = verdict.event.map(|event| match event {
        Event::Load => "load".to_owned(),
        Event::Error => "error".to_owned(),
    });
    faults.compare("event", want.event.as_ref(), &event);
    console(&mut faults, (engine, from, request), verdict, want);
    faults.0
}

fn rule(travel: &Travel) -> String {
    travel.rule.id.to_owned()
}

const fn reading(reading: &Reading) -> &'static str {
    match reading {
        Reading::Reads(_) => "reads",
        Reading::Opaque => "opaque",
        Reading::OpaqueRedirect => "opaque-redirect",
        Reading::Hidden => "hidden",
        Reading::Throws => "throws",
        Reading::Navigates => "navigates",
        Reading::Silent => "silent",
        Reading::Prompts => "prompts",
        Reading::NotModelled => "not-modelled",
    }
}

/// The headers that are read, without those that are read in any case and CORS's own.
fn shown(reading: &Reading) -> Vec<String> {
    let Reading::Reads(names) = reading else { return Vec::new() };
    let names = names.iter().filter(|name| !name.starts_with("access-control-"));
    names.cloned().collect()
}

fn asking(faults: &mut Faults, verdict: &Verdict, want: &Want) {
    let preflight = verdict.preflight.as_ref();
    let causes = preflight.map_or(&[][..], |preflight| &preflight.causes);
    let causes = causes.iter().map(|cause| cause.rule().id.to_owned()).collect();
    faults.compare("asks", want.asks.as_ref(), &causes);
    let sent = preflight.and_then(|preflight| preflight.sent.as_ref());
    let names = sent.and_then(|sent| sent.headers.joined("access-control-request-headers"));
    faults.compare("asks-about", want.asks_about.as_ref(), &names.unwrap_or_default());
    if let Some(wanted) = &want.preflight {
        message(faults, "preflight", wanted.as_ref(), sent);
    }
    let came = preflight.map_or("none", |preflight| match (&preflight.doubt, &preflight.sent) {
        (Some(because), _) => because.rule.id,
        (None, Some(_)) => "approved",
        (None, None) => "remembered",
    });
    faults.compare("preflight-rule", want.preflight_rule.as_ref(), &came.to_owned());
}

fn message(faults: &mut Faults, what: &str, wanted: Option<&Message>, got: Option<&Sent>) {
    let (wanted, got) = match (wanted, got) {
        (Some(wanted), Some(got)) => (wanted, got),
        (None, None) => return,
        (Some(_), None) => return faults.0.push(format!("{what}: none")),
        (None, Some(got)) => {
            return faults.0.push(format!("{what}: {} {}, wanted none", got.method, got.url));
        }
    };
    faults.compare(&format!("{what}, method"), wanted.method.as_ref(), &got.method);
    faults.compare(&format!("{what}, address"), wanted.url.as_ref(), &got.url.to_string());
    faults.compare(&format!("{what}, body"), wanted.body.as_ref(), &!got.body.is_empty());
    for (name, value) in &wanted.headers {
        header(faults, what, (name, value), &got.headers);
    }
}

fn header(faults: &mut Faults, what: &str, (name, value): (&str, &Value), got: &Headers) {
    let wanted = match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        other => panic!("{name}: {other} is no value of a header"),
    };
    faults.compare(&format!("{what}, {name}"), Some(&wanted), &got.joined(name));
}

fn console(
    faults: &mut Faults,
    (engine, from, request): (&Engine, Option<&Document>, &Request),
    verdict: &Verdict,
    want: &Want,
) {
    let Some(wanted) = &want.console else { return };
    let page = from.map(|from| from.origin().to_string()).unwrap_or_default();
    let line = said(engine.id, &page, request, verdict);
    let holds = match (&line, wanted) {
        (None, None) => true,
        (Some(line), Some(part)) => line.contains(part.as_str()),
        (None, Some(_)) | (Some(_), None) => false,
    };
    if !holds {
        faults.0.push(format!("console: {line:?}, wanted {wanted:?}"));
    }
}
