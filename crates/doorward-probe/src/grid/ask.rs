//! Fills the table.

use super::{Backend, Caller, Cell, Closing, Fate, Kind, Row};
use crate::ask::{Exchange, Failed};
use crate::call::{Answered, Call};
use crate::finding::{Engines, Rung};
use crate::look::{Look, page_of};
use crate::tap::Arrival;
use doorward_browser::{
    Body, Credentials, Document, Engine, EngineId, Mode, Origin, Reading, Relation, Request,
    Target, Verdict, Way, relation,
};
use std::sync::Arc;
use url::{Host, Url};

/// A token that nobody gave: it opens nothing, and makes a browser ask first.
const NO_TOKEN: &str = "Bearer doorward-probe";

/// One operation, by its callers.
pub(crate) async fn row(look: &Look<'_>) -> Row {
    let means = Means::new(look).await;
    let own = own(look);
    let (allowed, answered) = means.cell(means.allowed(), Some(&own), Measure::Itself).await;
    let measure = Measure::Allowed(answered.as_deref());
    let mut cells = vec![(Caller::AllowedPage, allowed)];
    let rest = [
        (Caller::AnyPage, means.anybody(), Some(own.clone())),
        (Caller::SiblingPage, means.sibling(), Some(own)),
        (Caller::Form, means.anybody(), form(look)),
        (Caller::Image, means.anybody(), image(look)),
    ];
    for (caller, from, request) in rest {
        cells.push((caller, means.cell(from, request.as_ref(), measure).await.0));
    }
    cells.push((Caller::Script, means.script(&look.operation.call(), measure).await));
    Row { operation: look.operation.name(), cells }
}

/// One address, by what is asked of it.
pub(crate) async fn closing(look: &Look<'_>) -> Closing {
    let means = Means::new(look).await;
    let mut rows = Vec::new();
    let mut plain = None;
    for kind in Kind::ALL {
        let Some(request) = of_kind(look, kind) else {
            let call = Call::new("GET", &look.operation.url);
            rows.push((kind, means.script(&call, Measure::Allowed(plain.as_deref())).await, None));
            continue;
        };
        let (allowed, answered) =
            means.cell(means.allowed(), Some(&request), Measure::Itself).await;
        let measure = Measure::Allowed(answered.as_deref());
        let any = means.cell(means.anybody(), Some(&request), measure).await.0;
        if kind == Kind::SimpleGet {
            plain = answered;
        }
        rows.push((kind, any, Some(allowed)));
    }
    let allowed = look.trusted.first().cloned().unwrap_or_default();
    let mut url = look.operation.url.clone();
    // Whoever reads the report needs no password; nothing of it is sent either.
    let _ = (url.set_username(""), url.set_password(None));
    Closing { url: url.to_string(), allowed, rows }
}

/// What an answer is measured by.
#[derive(Clone, Copy)]
enum Measure<'a> {
    /// It is the allowed page's own.
    Itself,
    /// The allowed page's, if there is one: without it nobody's is known to be the same.
    Allowed(Option<&'a Answered>),
}

/// What the cells of one operation share.
struct Means<'l> {
    look: &'l Look<'l>,
    /// What an address answers that nobody has.
    nowhere: Option<Arc<Answered>>,
    /// A session's cookie travels along.
    is_signed_in: bool,
}

impl<'l> Means<'l> {
    async fn new(look: &'l Look<'l>) -> Self {
        // A server that answers the same to everything has said nothing of this operation.
        let mut nowhere = look.operation.url.clone();
        nowhere.set_path(&label(look));
        nowhere.set_query(None);
        let nowhere = look.ask(&Call::new("GET", &nowhere)).await.ok();
        let is_signed_in = look.session.is_some_and(|session| session.has_cookie());
        Self { look, nowhere, is_signed_in }
    }

    fn allowed(&self) -> Option<Document> {
        self.look.trusted.first().and_then(|origin| page_of(origin))
    }

    fn anybody(&self) -> Option<Document> {
        page_of(&self.look.canaries[0])
    }

    fn sibling(&self) -> Option<Document> {
        page_of(&sibling(&self.look.operation.url, &label(self.look))?)
    }

    /// What becomes of a page's request, and the answer. No request: no browser makes one.
    async fn cell(
        &self,
        from: Option<Document>,
        request: Option<&Request>,
        measure: Measure<'_>,
    ) -> (Cell, Option<Arc<Answered>>) {
        let Some(request) = request else {
            let browsers = vec![(Engines::all(), Fate::NeverSent)];
            return (Cell { browsers, backend: Backend::NeverSent }, None);
        };
        let Some(from) = from else {
            let browsers = vec![(Engines::all(), Fate::NotKnown)];
            return (Cell { browsers, backend: Backend::NotTried }, None);
        };
        let mut request = request.clone();
        if self.is_signed_in {
            request.credentials = Credentials::Include;
        }
        let (mut fates, mut first) = (Vec::new(), None);
        for id in EngineId::ALL {
            let engine = Engine::of(id);
            let verdict = self.look.visit_as(&engine, &from, &request, self.is_signed_in).await;
            let call = verdict.sent.as_ref().map(|sent| self.look.call_as(sent, self.is_signed_in));
            let exchange = match call {
                Some(call) => Some((self.look.ask(&call).await, call)),
                None => None,
            };
            fates.push((id, fate(&verdict, exchange.as_ref().map(|(exchange, _)| exchange))));
            first = first.or(exchange);
        }
        let backend = first
            .as_ref()
            .map_or(Backend::NeverSent, |(exchange, call)| self.backend(call, exchange, measure));
        let answered = first.and_then(|(exchange, _)| exchange.ok());
        (Cell { browsers: together(&fates), backend }, answered)
    }

    async fn script(&self, call: &Call, measure: Measure<'_>) -> Cell {
        let backend = self.backend(call, &self.look.ask(call).await, measure);
        Cell { browsers: Vec::new(), backend }
    }

    fn backend(&self, call: &Call, exchange: &Exchange, measure: Measure<'_>) -> Backend {
        let arrival = self.look.arrival(call);
        match exchange {
            Ok(own) if arrival == Arrival::Kept => Backend::Kept { status: own.status },
            Ok(own) => Backend::Answers {
                status: own.status,
                rung: rung(own, measure, self.nowhere.as_deref(), &arrival),
            },
            Err(Failed::CouldWrite(_)) => Backend::NotTried,
            Err(
                Failed::Refused(_)
                | Failed::NotARequest(_)
                | Failed::Broken(_)
                | Failed::TooSlow
                | Failed::GivenUp(..)
                | Failed::UsedUp(_),
            ) => Backend::Silent,
        }
    }
}

/// What an answer says of the backend: only what an allowed caller gets too is called run, or what
/// a tap saw the backend serve.
fn rung(
    own: &Answered,
    measure: Measure<'_>,
    nowhere: Option<&Answered>,
    arrival: &Arrival,
) -> Rung {
    let is_like = |other: &Answered| other.status == own.status && other.body == own.body;
    match (measure, nowhere) {
        (_, Some(nowhere)) if is_like(nowhere) => Rung::Unknown,
        // Whatever became of its answer on the way back.
        (_, _) if arrival.is_served() => Rung::InPath,
        (_, _) if !own.is_success() || own.body.is_empty() || is_kept_copy(own) => Rung::Unknown,
        (Measure::Itself, _) => Rung::Strong,
        (Measure::Allowed(Some(allowed)), _) if is_like(allowed) => Rung::Strong,
        (Measure::Allowed(_), _) => Rung::Weak,
    }
}

/// Whether a cache says that it answered (RFC 9111 5.1): then the backend may have run nothing.
fn is_kept_copy(answered: &Answered) -> bool {
    let says = |name: &str, word: &str| {
        answered.header(name).is_some_and(|value| value.to_ascii_lowercase().contains(word))
    };
    let age = answered.header("age").is_some_and(|age| age.trim() != "0");
    age || says("x-cache", "hit") || says("cf-cache-status", "hit")
}

fn fate(verdict: &Verdict, exchange: Option<&Exchange>) -> Fate {
    match (exchange, &verdict.reading) {
        (_, Reading::NotModelled) => Fate::NotKnown,
        (None, _) => Fate::NeverSent,
        (Some(Err(Failed::CouldWrite(_))), _) => Fate::Sent,
        (Some(Err(_)), _) => Fate::NotKnown,
        (Some(Ok(_)), Reading::Reads(_)) => Fate::Reads,
        (
            Some(Ok(_)),
            Reading::Opaque
            | Reading::Hidden
            | Reading::Throws
            | Reading::OpaqueRedirect
            | Reading::Navigates
            | Reading::Prompts
            | Reading::Silent,
        ) => Fate::Hidden,
    }
}

/// Engines that agree, as one.
fn together(fates: &[(EngineId, Fate)]) -> Vec<(Engines, Fate)> {
    let mut out: Vec<(Engines, Fate)> = Vec::new();
    for (_, fate) in fates {
        if !out.iter().any(|(_, own)| own == fate) {
            let agrees = |id| fates.contains(&(id, *fate));
            out.push((Engines::which(agrees), *fate));
        }
    }
    out
}

/// The operation as a page's script sends it.
fn own(look: &Look<'_>) -> Request {
    let operation = look.operation;
    let mut request = Request::fetch(operation.url.clone());
    request.method.clone_from(&operation.method);
    if !matches!(operation.method.as_str(), "GET" | "HEAD") {
        if !operation.content_type.is_empty() {
            request.headers.append("Content-Type", operation.content_type.as_str());
        }
        if !operation.body.is_empty() {
            request.body = Body::Bytes(operation.body.clone());
        }
    }
    request
}

/// The operation as a form sends it, or a link; none where neither can.
fn form(look: &Look<'_>) -> Option<Request> {
    let operation = look.operation;
    match operation.method.as_str() {
        "GET" => Some(Request::by(Way::Link(Target::Top), operation.url.clone())),
        "POST" => {
            let text = String::from_utf8_lossy(&operation.body).into_owned();
            let body = match operation.content_type.as_str() {
                kind if kind.starts_with("application/x-www-form-urlencoded") => {
                    Body::UrlEncoded(text)
                }
                _ => Body::Plain(as_plain(&text)),
            };
            Some(posted(&operation.url, body))
        }
        // HTML 4.10.18.6: a form has no other method.
        _ => None,
    }
}

/// JSON as a form of `text/plain` writes it: one field, whose name ends and whose value begins
/// inside of a string, so that the `=` between them stands in a member that nobody reads.
fn as_plain(text: &str) -> String {
    let open = text.trim().strip_suffix('}').map(str::trim_end);
    match open.filter(|open| open.starts_with('{')) {
        Some("{") => "{\"_\":\"=\"}\r\n".to_owned(),
        Some(open) => format!("{open},\"_\":\"=\"}}\r\n"),
        None => format!("{text}=\r\n"),
    }
}

fn posted(url: &Url, body: Body) -> Request {
    let mut request = Request::by(Way::Form(Target::Top), url.clone());
    request.method = "POST".to_owned();
    request.body = body;
    request
}

/// The operation as an image loads it; none where it is no GET.
fn image(look: &Look<'_>) -> Option<Request> {
    (look.operation.method == "GET").then(|| {
        let mut request = Request::by(Way::Image, look.operation.url.clone());
        // Without `crossorigin`.
        request.mode = Mode::NoCors;
        request
    })
}

/// A page's request of this kind; none for a program.
fn of_kind(look: &Look<'_>, kind: Kind) -> Option<Request> {
    let operation = look.operation;
    let url = operation.url.clone();
    let posts = operation.method == "POST";
    match kind {
        Kind::SimpleGet => Some(Request::fetch(url)),
        Kind::AuthorisedGet => {
            let mut request = Request::fetch(url);
            request.headers.append("Authorization", NO_TOKEN);
            Some(request)
        }
        Kind::JsonPost => {
            let mut request = Request::fetch(url);
            request.method = "POST".to_owned();
            request.headers.append("Content-Type", "application/json");
            let is_json = operation.content_type.starts_with("application/json");
            let body = if posts && is_json { operation.body.clone() } else { b"{}".to_vec() };
            request.body = Body::Bytes(body);
            Some(request)
        }
        Kind::FormPost if posts => form(look),
        Kind::FormPost => Some(posted(&url, Body::UrlEncoded("probe=1".to_owned()))),
        Kind::Script => None,
    }
}

/// The first canary's name.
fn label(look: &Look<'_>) -> String {
    let url = Url::parse(&look.canaries[0]).ok();
    let host = url.as_ref().and_then(Url::host_str).unwrap_or("canary");
    host.split('.').next().unwrap_or_default().to_owned()
}

/// An origin of the same site that is another origin: a sibling's name, or another port where a
/// name has no siblings.
fn sibling(url: &Url, label: &str) -> Option<String> {
    let own = Origin::of(url);
    if let Some(Host::Domain(host)) = url.host() {
        // From the right: the first that is of the same site stands under the registrable domain.
        let ends = host.rmatch_indices('.').map(|(at, _)| &host[at + 1..]);
        for end in ends.chain([host]) {
            let mut other = url.clone();
            other.set_host(Some(&format!("{label}.{end}"))).ok()?;
            let other = Origin::of(&other);
            if relation(&own, &other) == Relation::SameSite {
                return Some(other.to_string());
            }
        }
    }
    let mut other = url.clone();
    let port = url.port_or_known_default()?;
    other.set_port(Some(if port == u16::MAX { port - 1 } else { port + 1 })).ok()?;
    Some(Origin::of(&other).to_string())
}

#[cfg(test)]
mod tests {
    use super::{as_plain, sibling, together};
    use crate::grid::Fate;
    use doorward_browser::EngineId;
    use url::Url;

    #[test]
    fn a_sibling_is_of_the_same_site_and_another_origin() {
        for (url, want) in [
            ("http://api.shop.localhost:3000/a", "http://c.shop.localhost:3000"),
            ("https://a.b.shop.co.uk/", "https://c.shop.co.uk"),
            ("http://localhost:3000/", "http://localhost:3001"),
            ("http://127.0.0.1:65535/", "http://127.0.0.1:65534"),
            ("http://[::1]:3000/", "http://[::1]:3001"),
        ] {
            let url = Url::parse(url).expect("an address");
            assert_eq!(sibling(&url, "c").as_deref(), Some(want), "{url}");
        }
    }

    #[test]
    fn json_in_a_form_is_json() {
        for text in ["{}", "{\"a\":1}", " {\"a\":{\"b\":\"}\"}} \n"] {
            let plain = as_plain(text);
            serde_json::from_str::<serde_json::Value>(&plain).expect("JSON");
            assert!(plain.contains('=') && plain.ends_with("\r\n"), "{plain}");
        }
        assert_eq!(as_plain(""), "=\r\n");
    }

    #[test]
    fn engines_that_agree_stand_together() {
        let [a, b, c] = EngineId::ALL;
        let seen = together(&[(a, Fate::Reads), (b, Fate::Hidden), (c, Fate::Reads)]);
        let told: Vec<String> =
            seen.iter().map(|(engines, fate)| format!("{engines}: {}", fate.word())).collect();
        assert_eq!(told.len(), 2, "{told:?}");
        assert!(told[1].ends_with(": hidden"), "{told:?}");
        assert_eq!(together(&[(a, Fate::Reads), (b, Fate::Reads), (c, Fate::Reads)]).len(), 1);
    }
}
