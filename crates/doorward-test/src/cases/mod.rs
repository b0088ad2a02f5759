//! Cases: golden requests with their hand-written verdicts, as text files.
//!
//! ```text
//! why: a name that merely ends like ours is not ours
//! see: https://fetch.spec.whatwg.org/#origin-header
//! ---
//! origins = ["https://app.test"]
//! ---
//! POST /cart HTTP/1.1
//! Host: shop.test
//! Origin: https://evilapp.test
//! ---
//! refuse site/cross-site
//! ```
//!
//! What a case's configuration does not say: `external = ["https://shop.test"]`, an upstream, a
//! listening address on loopback, a signing secret, and that `csrf` and `pass` are off. Behind it
//! requests and verdicts alternate.
//! A line that begins with `#` before a request or in a verdict is a remark.
//!
//! Before a request (the last value stays for the requests behind it, but for `needs`, `times`,
//! `keys`):
//!
//! | line | says |
//! | --- | --- |
//! | `now: 2026-01-01T00:00:00.5Z` | the time; both clocks move by the difference |
//! | `from: 127.0.0.7` | the address at the other end; one off loopback is for the core alone |
//! | `store: away` | the store does not answer (`slow`: not in time); for the core alone |
//! | `backend: 304` | the status that the backend answers with |
//! | `backend-header: Vary: Accept` | a header of its answer |
//! | `needs: raw-head` | only a mounting that scans the head's bytes sees this fault |
//! | `needs: no-scan` | a mounting's scan comes first; for the core alone |
//! | `times: 60` | the request is sent so often, each with this verdict |
//! | `certificate: uri=spiffe://a/b ends=+60` | the connection's, or `none`; over no socket |
//! | `token: es256 sub=ann exp=+600` | signed now by the kit's keys, stands for `{token}` |
//! | `token2: es256 by=second` | another one, for `{token2}` |
//! | `nonce: at=+0` | a nonce of the gate's for a proof, stands for `{nonce}` in `token2:` too |
//! | `keys: away` | an issuer's keys cannot be had (`busy`: nor waited for); for the core alone |
//! | `told: 200 {"id":"ann"}` | what is said of the caller, or `away`, `busy`; for the core alone |
//! | `told-of-new: 200 {}` | what is said of the session that the answer sets; for the core alone |
//!
//! | `pass: origin=https://shop.test` | a pass is asked for; words: `origin`, `agent`, `from` |
//! | `sign: nonce=1 created=+0` | `{signed}` in this request is its signature |
//! | `ticket: url=/v1/events?a=1` | asked for with the pass, stands for `{ticket}` |
//! | `work: bits=12 time=+0` | what asks for a pass, stands for `{work}` |
//! | `csrf: sub=ann` | a CSRF token, `{csrf}`, and its anchor, `{anchor}`; `csrf2`: others |
//!
//! A signature is of the request itself, unless words say what is signed in its place: `method`,
//! `authority`, `path`, `query`, `body`; `without=@path` leaves a component out; `key=before` signs
//! with the key of the pass that was asked for before. A ticket's other words are `method`, `for`,
//! `origin`, and `forged`: `mac`, or a field, is another one than the gate made; a nonce's `gate`,
//! `secret`, `stretch`; those of work `origin`, `plain`, `key`; those of a CSRF token `anonymous`,
//! `anchor=kept`, `gate`, `secret=old`, `host`.
//!
//! The words of a token are those of [`of_line`](crate::tokens::of_line), with keys named as in
//! [`with_keys`](crate::tokens::with_keys); `{key:NAME}` in a request
//! is the API key of that name, `{x5t}` in a token's line the thumbprint of the certificate.
//! Configurations may name the files of [`file`](crate::tokens::file).
//!
//! A request's lines end in CR LF. One that begins with `raw:` stands as it is written: `\r`, `\n`,
//! `\t`, `\0`, `\\`, `\xNN`, and `\{text*N}` for a text N times. A body gets its `Content-Length`
//! where the head says nothing of one.
//!
//! A verdict is `admit`, `refuse CODE` or `reply STATUS`, and then, where more is to be seen:
//!
//! | line | says |
//! | --- | --- |
//! | `sent: GET /v1` | the method and target that went upstream, if not those of the request |
//! | `sent-header: Cookie: a=b` | all lines of that name that went upstream; repeat for several |
//! | `sent-no-header: Doorward-Identity` | none of that name did |
//! | `header: Vary: Origin` | all lines of that name that came back; without value: there is one |
//! | `header: Retry-After: 60..65` | one line with a number from the one to the other |
//! | `no-header: Access-Control-Allow-Origin` | none of that name came back |
//! | `status: 200` | the status that came back, if not that of the code or of the backend |
//! | `body: Open it here` | the gate's own answer has this in it |
//! | `no-body: /pay` | it has not |
//! | `would-refuse: site/cross-site` | what a monitored layer noted, in order |
//! | `proof: digest` | the admission proof has the body's digest in it |
//!
//! Always seen to: a refused or answered request reaches the backend never, an admitted one once,
//! with its target and body unchanged and with one valid proof of admission; a refusal has its
//! code's status, one `Doorward-Refusal`, and is not stored; a 401 says how to sign in.

mod backend;
mod bytes;
mod certificate;
mod compare;
mod core_runner;
mod csrf;
mod gate;
mod nonce;
mod parse;
mod passes;
mod proof;
mod proxy_runner;
mod request;
mod stamp;
mod tower_runner;
mod wire;

/// The seed of every runner's memory: passes are made for it when a case is read.
const MEMORY_SEED: [u8; 16] = [1; 16];

pub use compare::{Contact, Saw, Seen};
pub use core_runner::run_in_core;
pub use parse::{CaseError, parse};
pub use proxy_runner::ProxyRunner;
pub use tower_runner::{Came, TowerRunner};

use doorward_core::certificate::Certificate;
use doorward_core::gate::Gate;
use doorward_core::layers::identity::{LookedUp, Told};
use std::net::{IpAddr, Ipv4Addr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::{fs, io};

/// A case's file, read.
#[derive(Clone, Debug)]
pub struct Case {
    /// `layer/name`, from its path.
    pub name: String,
    /// What it shows.
    pub why: String,
    /// The configuration, as written.
    pub config: String,
    /// Its requests and verdicts.
    pub steps: Vec<Step>,
}

/// One request and its verdict.
#[derive(Clone, Debug)]
pub struct Step {
    /// The line of the file on which its request begins.
    pub line: usize,
    /// What it meets.
    pub given: Given,
    /// Its bytes.
    pub request: Vec<u8>,
    /// What must come of it.
    pub want: Want,
}

/// What a request meets.
#[derive(Clone, Debug)]
pub struct Given {
    /// Nanoseconds since 1970-01-01T00:00:00Z.
    pub unix_ns: u64,
    /// The address at the other end.
    pub from: IpAddr,
    /// Whether the store answers.
    pub store_is_away: bool,
    /// What comes of looking up an issuer's keys.
    pub keys: Option<LookedUp>,
    /// What whoever is asked about the caller says.
    pub told: Option<Told>,
    /// What the connection has shown.
    pub certificate: Option<Certificate>,
    /// What is said of the session that the backend's answer sets.
    pub told_of_new: Option<Told>,
    /// What the backend answers.
    pub backend: Answer,
    /// What the runner must be able to do.
    pub needs: Option<Need>,
    /// How often it is sent.
    pub times: u32,
}

/// What a step needs of its runner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// The head's bytes are scanned: the core is told of the fault that the verdict names.
    RawHead,
    /// No scan comes first.
    NoScan,
}

/// What the backend answers.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Its status.
    pub status: u16,
    /// Its headers; the backend adds what frames its body.
    pub headers: Vec<(String, String)>,
}

/// The verdict that must come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The backend runs it.
    Admit,
    /// It is refused with this code.
    Refuse(String),
    /// The gate answers with this status.
    Reply(u16),
}

/// A header that must be there, with its value unless any will do.
pub type WantedHeader = (String, Option<String>);

/// What must come of a request.
#[derive(Clone, Debug)]
pub struct Want {
    /// The verdict.
    pub verdict: Verdict,
    /// `METHOD target` that went upstream.
    pub sent: Option<String>,
    /// Headers that went upstream.
    pub sent_headers: Vec<WantedHeader>,
    /// Headers that did not.
    pub sent_no_headers: Vec<String>,
    /// Headers that came back.
    pub headers: Vec<WantedHeader>,
    /// Headers that did not.
    pub no_headers: Vec<String>,
    /// The status that came back.
    pub status: Option<u16>,
    /// What the answer's body has in it.
    pub body: Vec<String>,
    /// What it has not.
    pub no_body: Vec<String>,
    /// What was noted.
    pub would_refuse: Vec<String>,
    /// The proof has the body's digest in it.
    pub proves_body: bool,
}

/// Where steps come from when nothing is said.
pub(crate) const DEFAULT_FROM: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
/// 2026-01-01T00:00:00Z.
pub(crate) const DEFAULT_UNIX_NS: u64 = 1_767_225_600_000_000_000;

impl Step {
    /// Whether it can be shown by the core alone.
    #[must_use]
    pub fn is_for_core_alone(&self) -> bool {
        self.given.store_is_away
            || self.given.keys.is_some()
            || self.given.told.is_some()
            || self.given.certificate.is_some()
            || self.given.told_of_new.is_some()
            || self.given.needs == Some(Need::NoScan)
            || !self.given.from.is_loopback()
    }
}

/// The folders of `cases/` whose files are of this form, in the layers' order.
pub const LAYERS: &[&str] = &[
    "message",
    "cors",
    "site",
    "method",
    "quota",
    "identity",
    "permission",
    "csrf",
    "pass",
    "body",
    "credential",
    "cookie",
];

/// The repository's `cases/`.
#[must_use]
pub fn folder() -> PathBuf {
    // Asked when it runs: clones share a build folder, and may share what was built.
    let here =
        std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
    Path::new(&here).join("../../cases")
}

/// The gate of a case's configuration, with what it leaves unsaid.
///
/// # Errors
/// What is wrong with it.
pub fn gate_of(config: &str) -> Result<Arc<Gate>, String> {
    gate::make(config).map(|made| made.gate)
}

/// Reads the cases of the folders named, in the order of their names.
///
/// # Errors
/// Every file that cannot be read or is no case, each in a line.
pub fn read_all(layers: &[&str]) -> Result<Vec<Case>, String> {
    let mut cases = Vec::new();
    let mut errors = Vec::new();
    for layer in layers {
        let files = files_in(&folder().join(layer));
        let files = files.map_err(|error| format!("cases/{layer}: {error}"))?;
        for path in files {
            let stem = path.file_stem().unwrap_or_default().to_string_lossy();
            let name = format!("{layer}/{stem}");
            let text = fs::read_to_string(&path).map_err(|error| format!("{name}: {error}"))?;
            match parse(&name, &text) {
                Ok(case) => cases.push(case),
                Err(error) => errors.push(format!("cases/{name}.case:{error}")),
            }
        }
    }
    if errors.is_empty() { Ok(cases) } else { Err(errors.join("\n")) }
}

fn files_in(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "case") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}
