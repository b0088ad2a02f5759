//! What a grant is worth to an attacker: the answer's CORS, joined with whether the sign-in
//! travels, with where the attacker stands, and with the browser.
//!
//! Whether a cookie travels is not guessed from its attributes: the cookies that the API sets are
//! put into the jar of [`doorward_browser`], and the page's request is made with it.

use crate::call::{Answered, Call};
use crate::finding::{Confidence, Engines, Finding, Severity};
use crate::look::{Look, page_of};
use crate::payload::Payload;
use crate::position::Position;
use doorward_browser::{
    Answer, Credentials, Document, Engine, EngineId, Origin, Reading, Relation, Request, State,
    Way, decide, relation,
};
use std::net::IpAddr;
use std::sync::Arc;
use url::Url;

/// Cookies that stand for a sign-in of which nothing is known: one that may travel to other sites,
/// and one that says nothing.
const ANY_COOKIES: [&str; 2] =
    ["unknown-a=1; Path=/; Secure; SameSite=None", "unknown-b=1; Path=/"];
/// Long after a cookie was made, in seconds: what is young travels further in Chromium.
const LATER_S: u64 = 86_400;

/// Letters of one value of a server's that a report repeats, at most.
const LETTERS_MAX: usize = 200;

/// How the API knows who calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignIn {
    /// No session was given: it is not known.
    Unknown,
    /// It answers the same with the session and without.
    Same,
    /// By a header that a page does not have.
    Header,
    /// By a cookie.
    Cookie,
}

/// How far a sign-in goes along with the page's request.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Travel {
    /// From the attacker's page, in these engines.
    There(Engines),
    /// From a page of the API's own site alone, in these engines.
    OwnSite(Engines),
    /// Not at all; the answer without it is read in these engines.
    Nowhere(Engines),
}

/// What is known of the API, as far as the worth of a grant depends on it.
#[derive(Clone, Debug)]
pub struct Standing {
    /// How it knows who calls.
    pub sign_in: SignIn,
    /// The lines of `Set-Cookie` by which it sets its cookies; empty where it was not seen to.
    pub cookies: Vec<String>,
    /// It is on this machine, or in a private network.
    pub is_near: bool,
    /// It is on this machine.
    pub is_loopback: bool,
}

/// A grant, and what is to be said of it.
#[derive(Clone, Debug)]
pub struct Claim<'c> {
    /// The check's id.
    pub check: &'static str,
    /// What is wrong, in one line.
    pub title: String,
    /// Where the attacker stands.
    pub position: Position,
    /// The payload that was granted.
    pub payload: &'c Payload,
    /// The call that shows it.
    pub call: &'c Call,
    /// Its answer.
    pub answered: &'c Arc<Answered>,
    /// The smallest change that closes it.
    pub fix: &'static str,
}

impl Standing {
    /// What answers tell of the API. With a session, a few requests are sent to see what it is
    /// known by.
    pub async fn of(look: &Look<'_>) -> Self {
        let address = look.address();
        let is_loopback = address.is_some_and(|address| address.is_loopback());
        let is_near = is_loopback || address.is_some_and(is_private);
        let plain = look.operation.call();
        let mut answers: Vec<Arc<Answered>> = look.ask(&plain).await.into_iter().collect();
        let sign_in = match look.signed_in(&plain) {
            Some(signed) => known_by(look, &plain, &signed, &mut answers).await,
            None => SignIn::Unknown,
        };
        let names = look.session.map(crate::Session::cookie_names).unwrap_or_default();
        let mut cookies: Vec<String> = Vec::new();
        for answered in &answers {
            for line in answered.headers.all("set-cookie") {
                let name = line.split(['=', ';']).next().unwrap_or_default().trim();
                let is_session = names.is_empty() || names.contains(&name);
                if is_session && cookies.iter().all(|own| own != line) {
                    cookies.push(line.to_owned());
                }
            }
        }
        Self { sign_in, cookies, is_near, is_loopback }
    }

    /// A finding of what a grant lets the attacker do.
    #[must_use]
    pub fn finding(&self, look: &Look<'_>, claim: &Claim<'_>) -> Finding {
        let said = claim.answered.header("access-control-allow-credentials");
        let with_credentials = said.as_deref() == Some("true");
        let travel = self.travel(look, claim, with_credentials);
        let severity = self.severity(&travel, with_credentials);
        let severity = severity.min(claim.position.severity_max());
        let mut finding = look.finding(claim.check, severity, &claim.title);
        finding.who = format!(
            "{} can read {}{}.",
            claim.position.words(),
            look.operation.name(),
            self.how(&travel, with_credentials, is_far(look, claim))
        );
        if matches!(claim.position, Position::NoPage(_)) {
            finding.who =
                "No page has this origin, and none can use it: it shows that more passes \
                           the comparison than should."
                    .to_owned();
        }
        let is_kept_by_safari = matches!(&travel, Travel::There(engines)
            if is_far(look, claim) && engines.iter().any(|engine| engine == EngineId::WebKit));
        finding.engines = match travel {
            Travel::There(engines) | Travel::OwnSite(engines) | Travel::Nowhere(engines) => engines,
        };
        finding.request = claim.call.curl();
        finding.evidence = vec![format!(
            "Origin: {} gets Access-Control-Allow-Origin: {}",
            claim.payload.origin,
            claim.answered.header("access-control-allow-origin").unwrap_or_default()
        )];
        if with_credentials {
            finding.evidence.push("Access-Control-Allow-Credentials: true".to_owned());
        }
        if is_kept_by_safari {
            finding.evidence.push(
                "Safari, as it is installed, sends no cookies from pages of other sites".to_owned(),
            );
        }
        if let Position::Bought(name) | Position::Ending(name) = &claim.position
            && !psl::suffix(name.as_bytes()).is_some_and(|suffix| suffix.is_known())
        {
            finding.evidence.push(format!(
                "nobody sells names such as `{name}`: where the trusted name has a public ending, \
                 somebody does"
            ));
        }
        finding.fix = claim.fix.to_owned();
        finding.variant = claim.payload.class.id().to_owned();
        if claim.call.method == "OPTIONS" && look.operation.method != "OPTIONS" {
            finding.confidence = Confidence::Tentative;
            finding.evidence.push("seen in a preflight: the request itself was not sent".into());
        }
        finding
    }

    fn severity(&self, travel: &Travel, with_credentials: bool) -> Severity {
        if !with_credentials {
            // Who is let in by where he is needs no cookie (Fetch 3.3.7).
            return if self.is_near { Severity::High } else { Severity::Info };
        }
        match (self.sign_in, travel) {
            (SignIn::Header | SignIn::Same, _) => Severity::Info,
            (SignIn::Unknown | SignIn::Cookie, Travel::There(_)) => Severity::High,
            (SignIn::Unknown | SignIn::Cookie, Travel::OwnSite(_)) => Severity::Medium,
            (SignIn::Unknown | SignIn::Cookie, Travel::Nowhere(_)) => Severity::Low,
        }
    }

    fn how(&self, travel: &Travel, with_credentials: bool, is_far: bool) -> String {
        if !with_credentials {
            return match self.is_near {
                true => {
                    " as far as a visitor's browser reaches it, without cookies; some browsers \
                         ask the visitor first"
                        .to_owned()
                }
                false => " without cookies, as anybody can".to_owned(),
            };
        }
        let cookie = match (self.cookies.is_empty(), is_far) {
            (false, _) => "by the cookies that the API sets",
            (true, true) => "where the sign-in is a cookie that pages of other sites send too",
            (true, false) => "where the sign-in is a cookie",
        };
        match (self.sign_in, travel) {
            (SignIn::Header, _) => {
                ", but as nobody: the sign-in is a header, which a page does not have".to_owned()
            }
            (SignIn::Same, _) => "; it answers the same to everybody".to_owned(),
            (SignIn::Unknown | SignIn::Cookie, Travel::There(_)) => {
                format!(" as the person who visits it, {cookie}")
            }
            (SignIn::Unknown | SignIn::Cookie, Travel::OwnSite(_)) => format!(
                " as the person who visits it, from a page of the API's own site, {cookie}: to \
                 other sites it does not travel"
            ),
            (SignIn::Unknown | SignIn::Cookie, Travel::Nowhere(_)) => {
                ", but no cookie of the API's travels from there".to_owned()
            }
        }
    }

    fn travel(&self, look: &Look<'_>, claim: &Claim<'_>, with_credentials: bool) -> Travel {
        let able = claim.payload.emitter.engines();
        let origin = claim.payload.origin.as_str();
        let page = page_of(origin);
        let own = own_site(&look.operation.url, origin);
        // A page of the API's own site is one of "any pages" too.
        let own = match claim.position {
            Position::AnyPage | Position::SandboxedFrame => own,
            _ => None,
        };
        let try_from = |page: &Option<Document>, with_cookie: bool| {
            Engines::which(|id| {
                let reading = page.as_ref().map(|page| {
                    let engine = Engine::of(id);
                    let (reads, travels) = self.visit(&engine, page, look, claim, with_credentials);
                    reads && (travels || !with_cookie)
                });
                able.iter().any(|own| own == id) && reading.unwrap_or_default()
            })
        };
        if with_credentials {
            let there = try_from(&page, true);
            if !there.is_empty() {
                return Travel::There(there);
            }
            let from_own = try_from(&own, true);
            if !from_own.is_empty() {
                return Travel::OwnSite(from_own);
            }
        }
        Travel::Nowhere(try_from(&page, false))
    }

    /// Whether a page reads the answer, and whether a cookie of the API's went along.
    fn visit(
        &self,
        engine: &Engine,
        page: &Document,
        look: &Look<'_>,
        claim: &Claim<'_>,
        with_credentials: bool,
    ) -> (bool, bool) {
        let url = &look.operation.url;
        let lines: Vec<&str> = match self.cookies.is_empty() {
            true => ANY_COOKIES.to_vec(),
            false => self.cookies.iter().map(String::as_str).collect(),
        };
        let sets = Answer {
            status: 200,
            headers: lines.iter().map(|line| ("Set-Cookie", *line)).collect(),
            is_executed: false,
        };
        let mut typed = Request::fetch(url.clone());
        typed.way = Way::Typed;
        let fresh = State::default();
        let state = decide(engine, None, &typed, &mut |_| sets.clone(), &fresh, 0).after;
        let mut request = Request::fetch(url.clone());
        request.credentials = match with_credentials {
            true => Credentials::Include,
            false => Credentials::Omit,
        };
        // The answer is the one that was seen; a page of the same standing gets its own name.
        let origin = page.origin().to_string();
        let headers = claim.answered.headers.iter().map(|(name, value)| {
            let is_grant = name.eq_ignore_ascii_case("access-control-allow-origin");
            (name.to_owned(), if is_grant { origin.clone() } else { value.to_owned() })
        });
        let status = claim.answered.status;
        let answer = Answer { status, headers: headers.collect(), is_executed: false };
        let mut server = |_: &_| answer.clone();
        let verdict = decide(engine, Some(page), &request, &mut server, &state, LATER_S);
        let travels = verdict.cookies.iter().any(|cookie| cookie.is_taken);
        (matches!(verdict.reading, Reading::Reads(_)), travels)
    }
}

/// Whether a page of this origin reads an answer without credentials, and the rule that decides.
#[must_use]
pub fn reads(look: &Look<'_>, origin: &str, answered: &Answered) -> Option<(bool, &'static str)> {
    let page = page_of(origin)?;
    let mut request = Request::fetch(look.operation.url.clone());
    request.credentials = Credentials::Omit;
    let (status, headers) = (answered.status, answered.headers.clone());
    let answer = Answer { status, headers, is_executed: false };
    let engine = Engine::chromium();
    let state = State::default();
    let verdict = decide(&engine, Some(&page), &request, &mut |_| answer.clone(), &state, 0);
    Some((matches!(verdict.reading, Reading::Reads(_)), verdict.because.rule.says))
}

/// Whether the page that was allowed is of another site than the API.
fn is_far(look: &Look<'_>, claim: &Claim<'_>) -> bool {
    let from = Origin::parse(&claim.payload.origin).unwrap_or(Origin::Opaque);
    relation(&Origin::of(&look.operation.url), &from) == Relation::CrossSite
}

/// A server's words, as much of them as a report has room for.
#[must_use]
pub fn shortened(text: &str) -> String {
    match text.char_indices().nth(LETTERS_MAX) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}

/// A page of the API's own site, as a neighbour's: sandboxed where the grant is to `null`.
fn own_site(url: &Url, origin: &str) -> Option<Document> {
    let mut at = url.clone();
    let host = url.host_str()?;
    let neighbour = psl::domain_str(host).map(|domain| format!("neighbour.{domain}"));
    match neighbour {
        Some(name) => at.set_host(Some(&name)).ok()?,
        // Ports do not part sites.
        None => at.set_port(Some(if url.port() == Some(8081) { 8082 } else { 8081 })).ok()?,
    }
    at.set_path("/");
    at.set_query(None);
    let is_own = relation(&Origin::of(&at), &Origin::of(url)) == Relation::SameSite;
    let mut page = Document::top(at);
    page.is_sandboxed = origin == "null";
    is_own.then_some(page)
}

/// What the API knows a caller by: what makes its answer another one, twice.
async fn known_by(
    look: &Look<'_>,
    plain: &Call,
    signed: &Call,
    answers: &mut Vec<Arc<Answered>>,
) -> SignIn {
    let without = look.ask(plain).await;
    let again = look.ask_again(plain).await;
    let with = look.ask(signed).await;
    let (Ok(without), Ok(again), Ok(with)) = (without, again, with) else {
        return SignIn::Unknown;
    };
    answers.push(Arc::clone(&with));
    // What differs by itself tells nothing, nor does a session that has ended.
    let by_status = with.status != without.status;
    if !with.is_success() || (!by_status && again.body != without.body) {
        return SignIn::Unknown;
    }
    if !by_status && with.body == without.body {
        return SignIn::Same;
    }
    let cookie_alone = alone(plain, signed, true);
    if cookie_alone == *signed {
        return SignIn::Cookie;
    }
    if cookie_alone == *plain {
        return SignIn::Header;
    }
    match look.ask(&cookie_alone).await {
        Ok(found) if found.status == with.status && found.body == with.body => SignIn::Cookie,
        Ok(_) => SignIn::Header,
        Err(_) => SignIn::Unknown,
    }
}

/// The signed call with its cookies alone, or without them.
fn alone(plain: &Call, signed: &Call, is_cookie: bool) -> Call {
    let mut call = plain.clone();
    for (name, value) in signed.headers.iter().skip(plain.headers.len()) {
        if name.eq_ignore_ascii_case("cookie") == is_cookie {
            call.headers.append(name, value);
        }
    }
    call
}

/// A network that is not everybody's (RFC 1918, RFC 4193).
fn is_private(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => address.is_private(),
        IpAddr::V6(address) => address.is_unique_local(),
    }
}
