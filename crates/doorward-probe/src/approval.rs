//! Whether a browser takes an answer to a preflight for a yes, by the model of the browser: each
//! answer is asked for once, and judged for as many requests as one likes.

use crate::call::{Answered, Call};
use crate::finding::Engines;
use crate::look::{Look, answer_of, page_of};
use doorward_browser::{
    Answer, Because, Body, Credentials, Engine, EngineId, Headers, Origin, Relation, Request, Sent,
    State, decide, relation, unsafe_names,
};
use std::sync::Arc;
use url::Url;

/// What a page would like to send.
#[derive(Clone, Copy, Debug)]
pub struct Wish<'w> {
    /// The page's origin.
    pub origin: &'w str,
    /// The method, as the page writes it.
    pub method: &'w str,
    /// The names of the headers that its script sets.
    pub headers: &'w [&'w str],
    /// With cookies.
    pub credentials: bool,
}

impl Wish<'_> {
    /// Why a browser of this engine does not take `answered` for a yes; none: it sends the request.
    #[must_use]
    pub fn doubt(&self, id: EngineId, url: &Url, answered: &Arc<Answered>) -> Option<Because> {
        let page = page_of(self.origin)?;
        let mut request = Request::fetch(url.clone());
        request.method = self.method.to_owned();
        for name in self.headers {
            request.headers.append(*name, example(name));
        }
        if self.headers.contains(&"content-type") && !matches!(self.method, "GET" | "HEAD") {
            request.body = Body::Text("{}".to_owned());
        }
        if self.credentials {
            request.credentials = Credentials::Include;
        }
        let answer = answer_of(answered);
        let mut server = |sent: &Sent| match sent.method.as_str() {
            "OPTIONS" => answer.clone(),
            // What comes after the yes is not asked for here.
            _ => Answer::default(),
        };
        let engine = Engine::of(id);
        let verdict = decide(&engine, Some(&page), &request, &mut server, &State::default(), 0);
        verdict.preflight.and_then(|preflight| preflight.doubt)
    }

    /// The engines in which `answered` is no yes.
    #[must_use]
    pub fn refused_in(&self, url: &Url, answered: &Arc<Answered>) -> Engines {
        Engines::which(|id| self.doubt(id, url, answered).is_some())
    }

    /// Whether every browser takes it for a yes.
    #[must_use]
    pub fn is_granted(&self, url: &Url, answered: &Arc<Answered>) -> bool {
        page_of(self.origin).is_some() && self.refused_in(url, answered).is_empty()
    }

    /// The rule by which it is no yes, the same in every engine; none where one says yes.
    #[must_use]
    pub fn refused_by(&self, url: &Url, answered: &Arc<Answered>) -> Option<Because> {
        let doubts = EngineId::ALL.map(|id| self.doubt(id, url, answered));
        let [Some(first), Some(second), Some(third)] = doubts else { return None };
        (first.rule.id == second.rule.id && second.rule.id == third.rule.id).then_some(first)
    }
}

/// A value that such a header has.
fn example(name: &str) -> &'static str {
    match name {
        "content-type" => "application/json",
        "authorization" => "Bearer x",
        _ => "1",
    }
}

/// The origin that should be allowed, where it is another than the API's own: without one nothing
/// can be said about CORS that does not work.
#[must_use]
pub fn foreign<'l>(look: &Look<'l>) -> Option<&'l str> {
    let own = Origin::of(&look.operation.url);
    let is_foreign = |origin: &&String| {
        page_of(origin).is_some()
            && Origin::parse(origin)
                .is_ok_and(|origin| relation(&own, &origin) != Relation::SameOrigin)
    };
    look.trusted.iter().find(is_foreign).map(String::as_str)
}

/// The preflight that most checks look at: what a page asks that writes JSON.
#[must_use]
pub fn usual(look: &Look<'_>, origin: &str) -> Call {
    look.preflight(origin, "PUT", &["content-type"])
}

/// Whether an answer to a call comes again, as far as `says` goes.
pub async fn stays(look: &Look<'_>, call: &Call, says: impl Fn(&Arc<Answered>) -> bool) -> bool {
    look.ask_again(call).await.is_ok_and(|answered| says(&answered))
}

/// The members of a list, as they are written.
#[must_use]
pub fn list(answered: &Answered, name: &str) -> Vec<String> {
    let text = answered.header(name).unwrap_or_default();
    let members = text.split(',').map(str::trim).filter(|one| !one.is_empty());
    members.map(str::to_owned).collect()
}

/// What is sent, in words: `PUT with JSON`, `GET with authorization`.
#[must_use]
pub fn sending(method: &str, headers: &[&str]) -> String {
    let named = headers.iter().map(|name| if *name == "content-type" { "JSON" } else { name });
    match headers.is_empty() {
        true => method.to_owned(),
        false => format!("{method} with {}", named.collect::<Vec<_>>().join(", ")),
    }
}

/// The names of the operation's own headers that a browser asks about first; and whether it asks.
#[must_use]
pub fn asks_about(look: &Look<'_>) -> (Vec<String>, bool) {
    let call = look.operation.call();
    let names = unsafe_names(&call.headers);
    let asks = !doorward_browser::is_safelisted_method(&call.method) || !names.is_empty();
    (names, asks)
}

/// The names of the session's headers that a script has to set, and that are asked about.
#[must_use]
pub fn session_names(look: &Look<'_>) -> Vec<String> {
    let Some(call) = look.signed_in(&Call::new("GET", &look.operation.url)) else {
        return Vec::new();
    };
    let own = call.headers.iter().filter(|(name, _)| !name.eq_ignore_ascii_case("cookie"));
    unsafe_names(&own.collect::<Headers>())
}

#[cfg(test)]
mod tests {
    use super::Wish;
    use crate::call::Answered;
    use doorward_browser::Headers;
    use std::sync::Arc;
    use url::Url;

    const SHOP: &str = "https://shop.example";

    fn refused_by(status: u16, said: &[(&str, &str)], wish: Wish<'_>) -> Option<&'static str> {
        let url = Url::parse("https://api.example/a").expect("an address");
        let headers: Headers = said.iter().copied().collect();
        let answered = Arc::new(Answered { status, headers, body: Vec::new(), is_cut: false });
        wish.refused_by(&url, &answered).map(|because| because.rule.id)
    }

    #[test]
    fn what_browsers_take_for_a_yes() {
        let origin = ("Access-Control-Allow-Origin", SHOP);
        let star = ("Access-Control-Allow-Origin", "*");
        let put = Wish { origin: SHOP, method: "PUT", headers: &[], credentials: false };
        let signed = Wish { credentials: true, ..put };
        let json = Wish { method: "POST", headers: &["content-type"], ..put };
        let methods = |said| ("Access-Control-Allow-Methods", said);
        let headers = |said| ("Access-Control-Allow-Headers", said);
        type Row<'r> = (u16, &'r [(&'r str, &'r str)], Wish<'r>, Option<&'r str>);
        let rows: &[Row<'_>] = &[
            (204, &[origin, methods("GET, PUT")], put, None),
            (200, &[star, methods("*")], put, None),
            (204, &[origin, methods("put")], put, Some("method-not-allowed")),
            (204, &[origin, methods("GET; PUT")], put, Some("preflight-malformed")),
            (404, &[origin, methods("PUT")], put, Some("preflight-status")),
            (204, &[methods("PUT")], put, Some("origin-missing")),
            (204, &[origin, methods("PUT")], signed, Some("credentials-missing")),
            (204, &[origin, headers("Content-Type")], json, None),
            (204, &[origin, headers("Accept")], json, Some("header-not-allowed")),
        ];
        for (status, said, wish, want) in rows {
            assert_eq!(refused_by(*status, said, *wish), *want, "{status} {said:?}");
        }
    }
}
