//! The cookies that an API sets, and what each browser makes of them.

use crate::ask::Exchange;
use crate::call::{Answered, Call};
use doorward_browser::{
    Answer, Credentials, Document, Engine, Headers, Mode, Request, Rule, SameSite, State, Way,
    decide,
};
use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};
use url::Url;

/// Host, name, attributes, and whether it is taken away.
type Key = (String, String, Vec<(String, String)>, bool);

/// A cookie is older than any grace that a browser gives to new ones (RFC 6265bis 5.6.7.2).
const LATER_S: u64 = 3600;

/// Letters of a server's text that a report shows, at most.
const SHOWN_LETTERS_MAX: usize = 160;

/// One line of `Set-Cookie`, and the answer that it stood in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetCookie {
    /// The line as it came.
    pub line: String,
    /// What was asked.
    pub call: Call,
    /// What was answered.
    pub answer: Arc<Answered>,
    /// The cookie's name; may be empty.
    pub name: String,
    /// Its value.
    pub value: String,
    /// Its attributes, names in lower case.
    attributes: Vec<(String, String)>,
}

impl SetCookie {
    /// Reads a line. What browsers make of it is for [`SetCookie::kept`] to say.
    #[must_use]
    pub fn read(line: &str, call: &Call, answer: &Arc<Answered>) -> Self {
        let mut parts = line.split(';');
        let pair = parts.next().unwrap_or_default();
        let (name, value) = pair.split_once('=').unwrap_or(("", pair));
        let attributes = parts.map(|part| {
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            (name.trim().to_ascii_lowercase(), value.trim().to_owned())
        });
        Self {
            line: line.to_owned(),
            call: call.clone(),
            answer: Arc::clone(answer),
            name: name.trim().to_owned(),
            value: value.trim().to_owned(),
            attributes: attributes.collect(),
        }
    }

    /// Whether an attribute stands there.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.attributes.iter().any(|(own, _)| own == name)
    }

    /// An attribute's value: the last one counts (RFC 6265bis 5.7).
    #[must_use]
    pub fn attribute(&self, name: &str) -> Option<&str> {
        let mut own = self.attributes.iter().rev().filter(|(own, _)| own == name);
        own.next().map(|(_, value)| value.as_str())
    }

    /// `SameSite`, as browsers read it.
    #[must_use]
    pub fn same_site(&self) -> SameSite {
        match self.attribute("samesite").map(str::to_ascii_lowercase).as_deref() {
            Some("strict") => SameSite::Strict,
            Some("lax") => SameSite::Lax,
            Some("none") => SameSite::None,
            Some(_) | None => SameSite::Default,
        }
    }

    /// For how long it lives after its answer, in seconds; negative where it is over; none where it
    /// ends with the browser. `Max-Age` goes before `Expires`, whose clock is the server's own.
    #[must_use]
    pub fn lives_s(&self) -> Option<i64> {
        if let Some(seconds) = self.attribute("max-age").and_then(|text| text.parse().ok()) {
            return Some(seconds);
        }
        let date = |text: &str| httpdate::parse_http_date(text).ok();
        // Many still write the date with dashes, as Netscape did.
        let expires = self.attribute("expires").map(|text| text.replace('-', " "));
        let expires = expires.and_then(|text| date(&text))?;
        let now = self.answer.header("date").and_then(|text| date(&text));
        let now = match now {
            Some(now) => now,
            // Without a clock, what ended long ago is over all the same.
            None if expires < SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000) => {
                return Some(-1);
            }
            None => return None,
        };
        let seconds = |span: Duration| i64::try_from(span.as_secs()).unwrap_or(i64::MAX);
        Some(match expires.duration_since(now) {
            Ok(ahead) => seconds(ahead),
            Err(behind) => -seconds(behind.duration()).max(1),
        })
    }

    /// Whether it takes a cookie away instead of setting one.
    #[must_use]
    pub fn is_deletion(&self) -> bool {
        self.lives_s().is_some_and(|seconds| seconds <= 0)
    }

    /// Where it was set.
    #[must_use]
    pub const fn url(&self) -> &Url {
        &self.call.url
    }

    /// Whether this engine keeps it from an answer that a person's own click got, and by which
    /// rule.
    #[must_use]
    pub fn kept(&self, engine: &Engine) -> (bool, Option<Rule>) {
        let (_, taken) = self.jar(engine);
        taken
    }

    /// Whether this engine sends it along with a request that a page makes so, an hour later.
    #[must_use]
    pub fn travels(&self, engine: &Engine, from: &Document, (way, method): (Way, &str)) -> bool {
        let (state, (is_kept, _)) = self.jar(engine);
        let mut url = self.url().clone();
        if let Some(path) = self.attribute("path").filter(|path| path.starts_with('/')) {
            url.set_path(path);
        }
        let mut request = Request::by(way, url);
        method.clone_into(&mut request.method);
        // A script that means to have a cookie sent says so.
        (request.mode, request.credentials) = (Mode::NoCors, Credentials::Include);
        let mut nobody = |_: &_| Answer::default();
        let verdict = decide(engine, Some(from), &request, &mut nobody, &state, LATER_S);
        is_kept && verdict.cookies.iter().any(|travel| travel.is_taken)
    }

    fn jar(&self, engine: &Engine) -> (State, (bool, Option<Rule>)) {
        let mut headers = Headers::new();
        headers.append("Set-Cookie", self.line.as_str());
        let answer = Answer { status: 200, headers, is_executed: false };
        let typed = Request::by(Way::Typed, self.url().clone());
        let mut server = |_: &_| answer.clone();
        let verdict = decide(engine, None, &typed, &mut server, &State::default(), 0);
        let taken = verdict.kept.first().map(|travel| (travel.is_taken, travel.rule));
        (verdict.after, taken.map_or((false, None), |(is_taken, rule)| (is_taken, Some(rule))))
    }

    /// The line without the value: that is a secret.
    #[must_use]
    pub fn shown(&self) -> String {
        let rest = self.line.split_once(';').map(|(_, rest)| format!(";{rest}"));
        short(&format!("Set-Cookie: {}=…{}", short(&self.name), rest.unwrap_or_default()))
    }

    /// What tells it from others in a run: everything but its value and its times.
    fn key(&self) -> Key {
        let is_time = |name: &str| matches!(name, "expires" | "max-age");
        let attributes = self.attributes.iter().filter(|(name, _)| !is_time(name));
        let host = self.url().host_str().unwrap_or_default().to_owned();
        (host, self.name.clone(), attributes.cloned().collect(), self.is_deletion())
    }
}

/// A server's text, as far as a report shows it.
pub(crate) fn short(text: &str) -> String {
    match text.char_indices().nth(SHOWN_LETTERS_MAX) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}

/// Cookies that are kept of a run, at most: each is told of, and holds its answer.
pub const COOKIES_MAX: usize = 200;

/// Cookies in their order, and what is known of them.
#[derive(Debug, Default)]
struct Seen {
    cookies: Vec<Arc<SetCookie>>,
    keys: HashSet<(Key, Option<String>)>,
}

/// All cookies that were set in a run, alike ones once.
#[derive(Debug, Default)]
pub struct Cookies {
    all: Mutex<Seen>,
    is_full: AtomicBool,
}

impl Cookies {
    /// Takes in what an answer sets.
    pub(crate) fn see(&self, call: &Call, exchange: &Exchange) {
        let Ok(answer) = exchange else { return };
        let mut seen = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        let words = answer.header("cache-control");
        for line in answer.headers.all("set-cookie") {
            let cookie = SetCookie::read(line, call, answer);
            let key = (cookie.key(), words.clone());
            if seen.keys.contains(&key) {
                continue;
            }
            if seen.cookies.len() == COOKIES_MAX {
                self.is_full.store(true, Ordering::Relaxed);
                continue;
            }
            seen.keys.insert(key);
            seen.cookies.push(Arc::new(cookie));
        }
    }

    /// All of them, in their order.
    #[must_use]
    pub fn all(&self) -> Vec<Arc<SetCookie>> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner).cookies.clone()
    }

    /// Whether more were set than are kept.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.is_full.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::SetCookie;
    use crate::call::{Answered, Call};
    use doorward_browser::{Document, Engine, EngineId, Headers, SameSite, Target, Way};
    use std::sync::Arc;
    use url::Url;

    fn set(url: &str, line: &str) -> SetCookie {
        let url = Url::parse(url).expect("an address");
        let mut headers = Headers::new();
        headers.append("Date", "Wed, 01 Jul 2026 00:00:00 GMT");
        let answer = Answered { status: 200, headers, body: Vec::new(), is_cut: false };
        SetCookie::read(line, &Call::new("GET", &url), &Arc::new(answer))
    }

    #[test]
    fn lines() {
        let cookie = set("https://a.test/", "s=a=b; SameSite=odd; HttpOnly; samesite=LAX; Path=/");
        assert_eq!((cookie.name.as_str(), cookie.value.as_str()), ("s", "a=b"));
        assert!(cookie.has("httponly") && !cookie.has("secure"));
        assert_eq!(cookie.same_site(), SameSite::Lax);
        assert!(!cookie.shown().contains("a=b"), "{}", cookie.shown());
        let long = set("https://a.test/", &format!("{}=1; Path=/", "ü".repeat(4000)));
        assert!(long.shown().chars().count() < 200);
    }

    #[test]
    fn times() {
        let rows = [
            ("s=1", None),
            ("s=1; Max-Age=60; Expires=Thu, 01 Jan 1970 00:00:00 GMT", Some(60)),
            ("s=1; Max-Age=-5", Some(-5)),
            ("s=1; Expires=Wed, 01 Jul 2026 00:01:00 GMT", Some(60)),
            ("s=1; Expires=Wed, 01-Jul-2026 00:01:00 GMT", Some(60)),
            ("s=; Expires=Tue, 30 Jun 2026 23:59:00 GMT", Some(-60)),
            ("s=1; Expires=soon", None),
        ];
        for (line, want) in rows {
            assert_eq!(set("https://a.test/", line).lives_s(), want, "{line}");
        }
    }

    #[test]
    fn who_keeps_and_who_sends() {
        let evil = Document::top(Url::parse("https://evil.example/").expect("an address"));
        let form = (Way::Form(Target::Top), "POST");
        // Kept and sent with another site's form, in Chromium, Firefox, WebKit.
        let rows = [
            ("s=1; Secure; SameSite=None", [true, true, true], [true, true, true]),
            ("s=1; Secure", [true, true, true], [false, true, true]),
            ("s=1; Secure; SameSite=Lax", [true, true, true], [false, false, false]),
            ("s=1; SameSite=None", [false, false, false], [false, false, false]),
            // WebKitGTK knows no prefixes.
            (
                "__Host-s=1; Secure; Path=/; Domain=a.test",
                [false, false, true],
                [false, false, true],
            ),
        ];
        for (line, kept, sent) in rows {
            let cookie = set("https://a.test/x/y", line);
            let engines = EngineId::ALL.map(Engine::of);
            assert_eq!(engines.clone().map(|engine| cookie.kept(&engine).0), kept, "{line}");
            let travels = engines.map(|engine| cookie.travels(&engine, &evil, form));
            assert_eq!(travels, sent, "{line}");
        }
        // Firefox gives a page of another site another jar.
        let cookie = set("https://a.test/", "s=1; Secure; SameSite=None");
        let travels = |id| cookie.travels(&Engine::of(id), &evil, (Way::Fetch, "POST"));
        assert_eq!(EngineId::ALL.map(travels), [true, false, true]);
    }
}
