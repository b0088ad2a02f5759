//! How bad a forged request is: by what each browser sends along with it.

use crate::corpus::{Asked, Memory, Reply};
use crate::requests::desk::{FORM, SESSION, Tried, at, body_field, is_signed, placed};
use crate::requests::probe;
use doorward_browser::EngineId::{Chromium, Firefox, WebKit};
use doorward_probe::Severity;

/// A form that is run wherever it comes from, and a session that is set so.
fn careless(asked: &Asked, memory: &mut Memory, line: &str) -> Reply {
    let is_form = asked.method == "POST" && body_field(asked, "item").is_some();
    let reply = match (is_signed(asked), is_form) {
        (false, _) => return Reply::status(401),
        (true, false) => Reply::status(400),
        (true, true) => placed(memory),
    };
    if line.is_empty() { reply } else { reply.with("Set-Cookie", line) }
}

/// The same for anybody.
fn public(asked: &Asked, memory: &mut Memory) -> Reply {
    match asked.method == "POST" && body_field(asked, "item").is_some() {
        true => placed(memory),
        false => Reply::status(400),
    }
}

static TRIED: [Tried; 6] = [
    Tried::form("unknown", &[], |a, m| at(a, m, "/orders", |a, m| careless(a, m, "")))
        .signed(SESSION),
    Tried::form("none", &[], |a, m| {
        at(a, m, "/orders", |a, m| careless(a, m, "session=s1; HttpOnly; Secure; SameSite=None"))
    })
    .signed(SESSION),
    Tried::form("unset", &[], |a, m| {
        at(a, m, "/orders", |a, m| careless(a, m, "session=s1; HttpOnly"))
    })
    .signed(SESSION),
    Tried::form("lax", &[], |a, m| {
        at(a, m, "/orders", |a, m| careless(a, m, "session=s1; HttpOnly; SameSite=Lax"))
    })
    .signed(SESSION),
    Tried::form("public", &[], |a, m| at(a, m, "/orders", public)).signed(SESSION),
    Tried::form("nobody-signs-in", &[], |a, m| at(a, m, "/orders", public)),
];

#[tokio::test]
async fn what_a_forged_request_is_worth() {
    // On plain http of this machine, WebKit keeps no Secure cookie.
    let all = vec![Chromium, Firefox, WebKit];
    let rows = [
        (Severity::High, all.clone()),
        (Severity::High, vec![Chromium, Firefox]),
        (Severity::High, vec![Firefox, WebKit]),
        (Severity::Low, all.clone()),
        (Severity::Medium, all.clone()),
        (Severity::Low, all),
    ];
    for (tried, (severity, engines)) in TRIED.iter().zip(rows) {
        assert_eq!(tried.content_type, FORM);
        let report = probe(tried).await;
        let found = report.findings.iter().find(|finding| finding.check == "X-08");
        let found = found.map(|finding| (finding.severity, finding.engines.iter().collect()));
        assert_eq!(found, Some((severity, engines)), "{}", tried.server.name);
    }
}
