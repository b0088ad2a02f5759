//! The preflight: whether a browser asks first, how it asks, and what it takes for a yes
//! (Fetch 4.1, 4.8, 4.9).

use crate::body::Body;
use crate::chain::Chain;
use crate::cors;
use crate::document::Document;
use crate::engine::{Engine, Streams};
use crate::headers::{Headers, is_token};
use crate::metadata;
use crate::origin::{Origin, Relation, relation};
use crate::referrer::{Telling, referer};
use crate::request::{Credentials, Mode, Request};
use crate::rule::{self, Rule};
use crate::safelist::{is_safelisted_method, unsafe_names_in};
use crate::verdict::{Answer, Because, Sent};
use crate::way::Way;

/// Seconds for which an approval counts that says nothing of it.
const MAX_AGE_S: u64 = 5;

/// One reason to ask first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cause {
    /// The method, as it is asked for.
    Method(String),
    /// A header, in lower case.
    Header(String),
    /// The body is a stream.
    Stream,
    /// A script listens to the upload.
    Upload,
}

/// What a browser asks before it sends.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Asked {
    /// Why; empty: it does not ask.
    pub causes: Vec<Cause>,
    /// The headers that are asked about: in lower case, sorted.
    pub names: Vec<String>,
    /// It asks whatever method and headers are.
    pub(crate) always: bool,
}

impl Cause {
    /// The rule behind it.
    #[must_use]
    pub fn rule(&self) -> Rule {
        match self {
            Self::Method(_) => rule::ASKS_METHOD,
            Self::Header(name) if name == "content-type" => rule::ASKS_TYPE,
            Self::Header(_) => rule::ASKS_HEADER,
            Self::Stream => rule::ASKS_STREAM,
            Self::Upload => rule::ASKS_UPLOAD,
        }
    }
}

impl Asked {
    /// What is asked about a request; `headers` are those that the script set, with what the
    /// browser dropped left out.
    #[must_use]
    pub fn of(engine: &Engine, request: &Request, method: &str, headers: &Headers) -> Self {
        let mut causes = Vec::new();
        if !is_safelisted_method(method) {
            causes.push(Cause::Method(method.to_owned()));
        }
        let names = unsafe_names_in(engine, headers);
        causes.extend(names.iter().cloned().map(Cause::Header));
        if request.body == Body::Stream && engine.streams == Streams::Sent {
            causes.push(Cause::Stream);
        }
        let listens = request.way == (Way::Xhr { listens_to_upload: true });
        if listens && !(engine.upload_needs_body && request.body.is_empty()) {
            causes.push(Cause::Upload);
        }
        let always = causes.iter().any(|cause| matches!(cause, Cause::Stream | Cause::Upload));
        Self { causes, names, always }
    }

    /// Whether it asks at all.
    #[must_use]
    pub const fn asks(&self) -> bool {
        !self.causes.is_empty()
    }
}

/// The preflight itself: no cookies, no body, none of the script's headers.
pub(crate) fn question(
    engine: &Engine,
    (from, origin, telling): (&Document, &Origin, Telling),
    (own, chain): (&Request, &Chain),
    method: &str,
    names: &[String],
) -> Sent {
    let url = chain.url();
    let mut headers = Headers::new();
    headers.append("Accept", "*/*");
    headers.append("Access-Control-Request-Method", method);
    if !names.is_empty() {
        headers.append("Access-Control-Request-Headers", names.join(","));
    }
    headers.append("Origin", origin.to_string());
    let before = chain.before().last().filter(|_| engine.preflight_repeats_referer);
    let told = match before {
        // Strangers to the tab's site are told no more than the origin.
        Some(before) => match relation(&from.top_origin(), &Origin::of(url)) {
            Relation::CrossSite => referer(from, before, Telling::Origin),
            Relation::SameSite | Relation::SameOrigin => referer(from, before, Telling::Whole),
        },
        None => referer(from, url, telling),
    };
    if let Some(referer) = told {
        headers.append("Referer", referer);
    }
    metadata::add(&mut headers, engine, Some(from), (own, Mode::Cors), chain);
    Sent { method: "OPTIONS".to_owned(), url: url.clone(), headers, body: Body::Empty }
}

/// Why the answer is no yes, if it is none; in the order of Fetch 4.8, 7.
pub(crate) fn doubt(
    engine: &Engine,
    answer: &Answer,
    origin: &Origin,
    (method, asked): (&str, &Asked),
    credentials: Credentials,
) -> Option<Because> {
    let (passes, rule) = cors::check(answer, origin, credentials);
    if !passes {
        return Some(Because::of(rule));
    }
    if !(200..300).contains(&answer.status) {
        return Some(Because::on(rule::PREFLIGHT_STATUS, answer.status.to_string()));
    }
    let (Some(methods), Some(allowed)) = (
        methods(engine, answer, method, asked),
        list(&answer.headers, "access-control-allow-headers"),
    ) else {
        return Some(Because::of(rule::PREFLIGHT_MALFORMED));
    };
    let star_counts = credentials != Credentials::Include;
    let has_star = |list: &[String]| star_counts && list.iter().any(|one| one == "*");
    if !is_safelisted_method(method)
        && !methods.iter().any(|one| one == method)
        && !has_star(&methods)
    {
        return Some(Because::on(rule::METHOD_NOT_ALLOWED, method));
    }
    let lists = |name: &str| allowed.iter().any(|one| one.eq_ignore_ascii_case(name));
    for name in &asked.names {
        if lists(name) {
            continue;
        }
        let is_authorization = name == "authorization";
        if has_star(&allowed) && (!is_authorization || engine.star_covers_authorization) {
            continue;
        }
        let rule = if is_authorization && has_star(&allowed) {
            rule::AUTHORIZATION_NOT_ALLOWED
        } else {
            rule::HEADER_NOT_ALLOWED
        };
        return Some(Because::on(rule, name));
    }
    None
}

/// The methods that an answer approves. Where it says nothing of them, and the browser asks
/// whatever the method is, it takes its own for approved (Fetch 4.8, 7).
fn methods(engine: &Engine, answer: &Answer, method: &str, asked: &Asked) -> Option<Vec<String>> {
    const NAME: &str = "access-control-allow-methods";
    if engine.takes_own_method_for_approved && asked.always && !answer.headers.has(NAME) {
        return Some(vec![method.to_owned()]);
    }
    list(&answer.headers, NAME)
}

/// The members of a list of tokens; none where it is no such list. An absent one is empty.
fn list(headers: &Headers, name: &str) -> Option<Vec<String>> {
    let text = headers.joined(name).unwrap_or_default();
    let members = text.split(',').map(|one| one.trim_matches([' ', '\t']));
    members.filter(|one| !one.is_empty()).map(|one| is_token(one).then(|| one.to_owned())).collect()
}

/// Approvals that the browser remembers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Remembered(Vec<Entry>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Entry {
    partition: String,
    origin: String,
    url: String,
    /// It was given for requests with credentials, and so for those without as well.
    with_credentials: bool,
    what: What,
    until_s: u64,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum What {
    Method(String),
    Header(String),
}

/// Whose approvals are looked at.
#[derive(Clone, Debug)]
pub(crate) struct Asker {
    partition: String,
    origin: String,
    url: String,
    credentials: Credentials,
}

impl Asker {
    pub(crate) fn new(from: &Document, chain: &Chain, credentials: Credentials) -> Self {
        let mut url = chain.url().clone();
        url.set_fragment(None);
        let partition = from.top_origin().to_string();
        let origin = chain.origin(from).to_string();
        Self { partition, origin, url: url.to_string(), credentials }
    }
}

impl Remembered {
    /// Whether everything was approved before.
    pub(crate) fn cover(
        &self,
        engine: &Engine,
        asker: &Asker,
        (asked, method): (&Asked, &str),
        now_s: u64,
    ) -> bool {
        let own = |entry: &&Entry| {
            entry.until_s > now_s
                && entry.partition == asker.partition
                && entry.origin == asker.origin
                && entry.url == asker.url
                && (entry.with_credentials || asker.credentials != Credentials::Include)
        };
        let entries: Vec<&What> = self.0.iter().filter(own).map(|entry| &entry.what).collect();
        let covers_method = entries
            .iter()
            .any(|what| matches!(what, What::Method(own) if own == method || own == "*"));
        let covers = |name: &String| {
            entries.iter().any(|what| match what {
                What::Header(own) => own == name || (own == "*" && name != "authorization"),
                What::Method(_) => false,
            })
        };
        // What always asks is covered by a remembered method only (Fetch 4.4, 3).
        // Some engines ask no more than once what has a method that needs no asking.
        let always = asked.always && (engine.looks_for_any_method || entries.is_empty());
        let asks_method = !is_safelisted_method(method) || always;
        (covers_method || !asks_method) && asked.names.iter().all(covers)
    }

    /// Forgets what was approved for an address: what was asked failed (Fetch 4.1, clear cache
    /// entries).
    pub(crate) fn forget(&mut self, asker: &Asker) {
        self.0.retain(|entry| {
            entry.partition != asker.partition
                || entry.origin != asker.origin
                || entry.url != asker.url
        });
    }

    /// Remembers an approval for as long as it says, and as the engine lets it.
    pub(crate) fn keep(
        &mut self,
        engine: &Engine,
        asker: &Asker,
        (method, asked): (&str, &Asked),
        answer: &Answer,
        now_s: u64,
    ) {
        let said = answer.headers.joined("access-control-max-age");
        let age_s = match said.as_deref().map(str::trim) {
            None => MAX_AGE_S,
            Some(text) => match text.parse::<i64>() {
                Ok(age) => u64::try_from(age).unwrap_or(0),
                Err(_) => MAX_AGE_S,
            },
        };
        let until_s = now_s.saturating_add(age_s.min(engine.max_age_cap_s));
        let is_opaque = asker.origin == "null";
        if until_s == now_s || (is_opaque && !engine.remembers_for_opaque) {
            return;
        }
        let methods = methods(engine, answer, method, asked).unwrap_or_default();
        let names = list(&answer.headers, "access-control-allow-headers").unwrap_or_default();
        let is_number = said.is_none_or(|text| text.trim().parse::<i64>().is_ok());
        let has_star = methods.iter().chain(&names).any(|one| one == "*");
        if engine.remembers_literally && (has_star || !is_number) {
            return;
        }
        let names = names.into_iter().map(|name| match engine.remembers_literally {
            true => What::Header(name),
            false => What::Header(name.to_ascii_lowercase()),
        });
        for what in methods.into_iter().map(What::Method).chain(names) {
            self.0.push(Entry {
                partition: asker.partition.clone(),
                origin: asker.origin.clone(),
                url: asker.url.clone(),
                with_credentials: asker.credentials == Credentials::Include,
                what,
                until_s,
            });
        }
    }
}

#[cfg(test)]
mod tests;
