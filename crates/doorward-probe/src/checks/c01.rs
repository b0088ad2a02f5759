//! # C-01: any page may read it, signed in
//!
//! ## What it is
//!
//! The API answers with whatever `Origin` it is sent in `Access-Control-Allow-Origin`, together
//! with `Access-Control-Allow-Credentials: true`. A page of anybody's can then have a visitor's
//! browser fetch the answer with the visitor's cookies, and read it.
//!
//! ## How it is found
//!
//! The same request is sent as pages of two origins send it that are drawn for this run. Both must
//! get themselves back, byte for byte, with success, and a second time.
//!
//! ## What it does not say
//!
//! Whether a cookie travels depends on its `SameSite` and on the browser: the finding says in
//! which. An API that knows its callers by a header alone gives such a page nothing that its
//! visitor has.
//!
//! ## How to close it
//!
//! Compare `Origin` with a list of whole origins, answer with the one that matched, and add
//! `Vary: Origin`.
//!
//! ## References
//!
//! Fetch 4.10 (CORS check), CWE-942.

use crate::checks::{Check, Looking};
use crate::finding::{Engines, Finding, Severity};
use crate::grant::{Allowed, Grant};
use crate::look::{Look, page_of};
use doorward_browser::{Credentials, Engine, Reading, Request};

/// The check.
pub const CHECK: Check = Check {
    id: "C-01",
    title: "any page may read it, signed in",
    source: include_str!("c01.rs"),
    look,
};

fn look<'l>(look: &'l Look<'l>) -> Looking<'l> {
    Box::pin(async move { found(look).await.into_iter().collect() })
}

async fn found(look: &Look<'_>) -> Option<Finding> {
    for canary in look.canaries {
        let call = look.from_page(canary);
        let answers = [look.ask(&call).await.ok()?, look.ask_again(&call).await.ok()?];
        let reflects = answers.iter().all(|answer| {
            let grant = Grant::of(answer, canary);
            answer.is_success() && grant.allowed == Allowed::Exactly && grant.credentials
        });
        if !reflects {
            return None;
        }
    }
    let canary = &look.canaries[0];
    let mut reading = Vec::new();
    let mut request = Request::fetch(look.operation.url.clone());
    request.credentials = Credentials::Include;
    for id in doorward_browser::EngineId::ALL {
        let verdict = look.visit(&Engine::of(id), &page_of(canary)?, &request).await;
        if matches!(verdict.reading, Reading::Reads(_)) {
            reading.push(id);
        }
    }
    let mut finding =
        look.finding(CHECK.id, Severity::High, "It allows every origin, with credentials");
    finding.engines = Engines::which(|id| reading.contains(&id));
    finding.who = format!(
        "Any page that a signed-in person visits can read {} as that person, where the sign-in \
         is a cookie that travels to another site.",
        look.operation.name()
    );
    finding.request = look.from_page(canary).curl();
    finding.evidence = vec![
        format!("Access-Control-Allow-Origin: {canary}"),
        "Access-Control-Allow-Credentials: true".to_owned(),
    ];
    finding.fix = "Compare `Origin` with a list of whole origins; answer with the one that \
                   matched, and `Vary: Origin`."
        .to_owned();
    Some(finding)
}
