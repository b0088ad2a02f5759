//! Cookies: of everything that the API set in the answers of the run.

pub mod k01;
pub mod k02;
pub mod k03;
pub mod k04;
pub mod k05;
pub mod k06;
pub mod k07;
pub mod k08;
pub mod k09;
pub mod k10;
pub mod k11;
pub mod k12;

use crate::finding::{Confidence, Engines, Finding, Severity};
use crate::forge::session_cookies;
use crate::look::Look;
use crate::set_cookie::{SetCookie, short};
use crate::token::is_token_name;
use doorward_browser::{Document, Engine, EngineId, Target, Way};
use std::sync::Arc;

/// The cookies that were set for the first time in answers about this operation.
pub(crate) fn cookies(look: &Look<'_>) -> Vec<Arc<SetCookie>> {
    let all = look.asker().cookies().all();
    let new = all.into_iter().skip(look.means.cookies_before);
    new.filter(|cookie| !cookie.is_deletion()).collect()
}

/// Those of them that make the session.
pub(crate) async fn sessions(look: &Look<'_>) -> Vec<Arc<SetCookie>> {
    if cookies(look).is_empty() {
        return Vec::new();
    }
    let told = look.session.filter(|session| session.has_cookie());
    let names = match told {
        Some(_) => session_cookies(look).await,
        None => &[],
    };
    let own = cookies(look);
    let is_log_in = look.operation.method == "POST" && sounds_like_a_log_in(look);
    // Where a log-in hides one cookie from scripts, that is the session, and others are not.
    let is_hidden = own.iter().any(|cookie| cookie.has("httponly"));
    let is_session = |cookie: &Arc<SetCookie>| match told {
        Some(_) => names.contains(&cookie.name),
        None if is_log_in && !is_hidden => !is_token_name(&cookie.name),
        None => cookie.has("httponly"),
    };
    own.into_iter().filter(is_session).collect()
}

/// How sure it is that a cookie makes the session: by behaviour, or by how it was set.
pub(crate) fn confidence(look: &Look<'_>) -> Confidence {
    match look.session.filter(|session| session.has_cookie()) {
        Some(_) => Confidence::Firm,
        None => Confidence::Tentative,
    }
}

/// Whether the operation's address has a word of a log-in.
pub(crate) fn sounds_like_a_log_in(look: &Look<'_>) -> bool {
    let path = look.operation.path.to_ascii_lowercase();
    let mut words = path.split(|c: char| !c.is_ascii_alphanumeric() && c != '-' && c != '_');
    let known =
        ["login", "log-in", "log_in", "signin", "sign-in", "sign_in", "session", "sessions"];
    words.any(|word| known.contains(&word))
}

/// In which engines a cookie is dropped by the rule of this id; none where in none.
pub(crate) fn dropped(cookie: &SetCookie, rule: &str) -> Option<Engines> {
    let by_rule = |id| {
        let (is_kept, why) = cookie.kept(&Engine::of(id));
        !is_kept && why.is_some_and(|why| why.id == rule)
    };
    let engines = Engines::which(by_rule);
    (!engines.is_empty()).then_some(engines)
}

/// A finding for each cookie that engines drop by one rule; its title, and what mends it.
pub(crate) fn all_dropped(
    look: &Look<'_>,
    (check, rule): (&'static str, &str),
    words: impl Fn(&SetCookie) -> [String; 2],
) -> Vec<Finding> {
    let mut findings = Vec::new();
    for cookie in cookies(look) {
        let Some(engines) = dropped(&cookie, rule) else { continue };
        let [title, fix] = words(&cookie);
        let who = format!("{engines} ignore it for every visitor: whoever needs it is not served.");
        let mut found = finding(look, (check, Severity::Low), &cookie, [title, who, fix]);
        found.engines = engines;
        findings.push(found);
    }
    findings
}

/// What each engine does with a cookie where a page of another site asks.
pub(crate) fn table(cookie: &SetCookie, page: &Document) -> Vec<String> {
    let ways = [
        ("link", (Way::Link(Target::Top), "GET")),
        ("form", (Way::Form(Target::Top), "POST")),
        ("image", (Way::Image, "GET")),
    ];
    let line = |id: EngineId| {
        let said = ways.map(|(name, way)| {
            let word =
                if cookie.travels(&Engine::of(id), page, way) { "sent" } else { "held back" };
            format!("{name}: {word}")
        });
        format!("{id}, from another site: {}", said.join(", "))
    };
    EngineId::ALL.into_iter().map(line).collect()
}

/// A finding about a cookie that makes the session.
pub(crate) fn session_finding(
    look: &Look<'_>,
    check: (&'static str, Severity),
    cookie: &SetCookie,
    words: [String; 3],
) -> Finding {
    let mut finding = finding(look, check, cookie, words);
    finding.confidence = confidence(look);
    finding
}

/// A finding about a cookie: its title, who can do what, and what closes it.
pub(crate) fn finding(
    look: &Look<'_>,
    (check, severity): (&'static str, Severity),
    cookie: &SetCookie,
    [title, who, fix]: [String; 3],
) -> Finding {
    let mut finding = look.finding(check, severity, &short(&title));
    finding.who = who;
    finding.fix = fix;
    finding.request = cookie.call.curl();
    finding.evidence = vec![cookie.shown()];
    finding.variant = short(&cookie.name);
    finding
}
