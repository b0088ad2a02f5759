//! A run: every check on every operation, and what came of it.

use crate::ask::{Asker, Failed, Manners, Pretended};
use crate::call::Call;
use crate::checks::{CHECKS, Turn, c32};
use crate::explained::narrowed;
use crate::finding::Finding;
use crate::grid::{self, Closing, Grid, Row};
use crate::limits;
use crate::look::Look;
use crate::means::Means;
use crate::operation::Operation;
use crate::payload::Breadth;
use crate::scope::Scope;
use crate::session::Session;
use crate::set_cookie::COOKIES_MAX;
use crate::tap::Tap;
use crate::witness::Witness;
use doorward_browser::Origin;
use rustls::ClientConfig;
use rustls::crypto::aws_lc_rs;
use rustls_platform_verifier::BuilderVerifierExt;
use std::collections::BTreeMap;
use std::sync::Arc;
use url::Url;

/// Bytes of an origin that an API names, at most: a name, its scheme and its port.
const ORIGIN_BYTES_MAX: usize = 300;

/// What a run is to do.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Origins that should be allowed.
    pub origins: Vec<String>,
    /// A signed-in person's credentials, if a session may travel.
    pub session: Option<Session>,
    /// Requests that could change something are sent too.
    pub allow_writes: bool,
    /// Requests of the whole run, at most.
    pub requests_max: usize,
    /// What is read before and after a request, to see whether it was run.
    pub witness: Option<Witness>,
    /// What stands before the backend and sees what arrives.
    pub tap: Option<Arc<dyn Tap>>,
    /// The backend's own address, to be asked without the gate; it is in scope like any other.
    pub around: Option<Url>,
    /// Limits are pressed, by a few dozen requests, and nothing else is asked.
    pub limits: bool,
    /// Drawn for this run: canaries are made of it.
    pub seed: u64,
    /// How many origins are tried.
    pub breadth: Breadth,
}

/// What gates let through to the backend for everybody (RFC 9309 2.3, RFC 8615 3).
const PUBLIC_PATHS: [&str; 3] = ["/robots.txt", "/favicon.ico", "/.well-known/security.txt"];
/// What is said of a tap that stands beside the way.
const UNSEEN: &str = "nothing that was asked came there, so nothing is said by it: let what stands \
                      before the backend call the tap's address, and pass the header \
                      `Probe-Mark` on";

/// A run that is about to begin.
#[derive(Debug)]
pub struct Probe {
    asker: Asker,
    options: Options,
    /// Two origins by http, and two by https: a page by https meets mixed content at an API by
    /// http, and an attacker has either.
    canaries: [[String; 2]; 2],
}

/// What came of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// What was found, the worst first.
    pub findings: Vec<Finding>,
    /// Operations that were looked at.
    pub looked_at: Vec<String>,
    /// Operations that were not, and why.
    pub left_out: Vec<(String, String)>,
    /// How many requests were sent.
    pub requests: usize,
    /// Hosts that are not this machine, and how many requests went there.
    pub others: Vec<(String, usize)>,
    /// Who can make the backend run what, and who may read it.
    pub grid: Grid,
}

/// What came of one operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Looked {
    /// Its method and its whole address: what tells it from the others.
    pub id: String,
    /// Its name in reports.
    pub name: String,
    /// What was found.
    pub findings: Vec<Finding>,
    /// Who can make the backend run it.
    pub row: Option<Row>,
    /// The table of its address, where it is the run's only one.
    pub closing: Option<Closing>,
    /// Why it was not looked at, or not to its end.
    pub left_out: Option<String>,
    /// What the witness is not to be believed in.
    pub doubts: Vec<String>,
    /// What it lets an allowed page do; not known of what a former run has done.
    pub observed: Option<c32::Observed>,
    /// How many requests it took, by host.
    pub sent: BTreeMap<String, usize>,
}

impl Probe {
    /// A run against the hosts of `scope`.
    ///
    /// # Errors
    /// When this machine has no authorities to check certificates with.
    pub fn new(scope: Scope, options: Options) -> Result<Self, String> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let builder = ClientConfig::builder_with_provider(provider);
        let builder = builder.with_safe_default_protocol_versions();
        let builder = builder.map_err(|error| error.to_string())?;
        let builder = builder.with_platform_verifier().map_err(|error| error.to_string())?;
        Ok(Self::with_tls(scope, options, Arc::new(builder.with_no_client_auth())))
    }

    /// The same, with authorities of the caller's own.
    #[must_use]
    pub fn with_tls(scope: Scope, options: Options, tls: Arc<ClientConfig>) -> Self {
        Self::with(scope, options, Some(tls), None)
    }

    /// A run in which nothing is sent: `pretended` answers.
    #[must_use]
    pub fn plan(scope: Scope, options: Options, pretended: Pretended) -> Self {
        Self::with(scope, options, None, Some(pretended))
    }

    fn with(
        scope: Scope,
        options: Options,
        tls: Option<Arc<ClientConfig>>,
        pretended: Option<Pretended>,
    ) -> Self {
        let Options { allow_writes, requests_max, .. } = options;
        let mut asker = Asker::new(scope, Manners { allow_writes, requests_max, tls, pretended });
        if let (Some(tap), None) = (&options.tap, pretended) {
            asker = asker.with_tap(Arc::clone(tap), options.seed as u32);
        }
        // Nobody can own a name under `.example` (RFC 2606); one real ending is among them, for
        // lists that know endings.
        let canaries = ["http", "https"].map(|scheme| {
            [
                format!("{scheme}://canary-{:08x}.example", options.seed as u32),
                format!("{scheme}://canary-{:08x}.com", (options.seed >> 32) as u32),
            ]
        });
        Self { asker, options, canaries }
    }

    /// Looks at each operation; `seen` is told of each that is done.
    pub async fn run(&self, operations: &[Operation], seen: &dyn Fn(&Looked)) -> Report {
        self.run_on(operations, Vec::new(), seen).await
    }

    /// The same, but for the operations that a former run has `done`.
    pub async fn run_on(
        &self,
        operations: &[Operation],
        mut done: Vec<Looked>,
        seen: &dyn Fn(&Looked),
    ) -> Report {
        let mut report = Report::default();
        let mut observed = Vec::new();
        operations.iter().for_each(|operation| self.asker.allow(operation));
        self.find_tap(operations).await;
        for operation in operations {
            let id = id_of(operation);
            let known = done.iter().position(|looked| looked.id == id);
            let looked = match known {
                Some(at) => done.swap_remove(at),
                None if self.options.limits && self.asker.sent() >= limits::REQUESTS_MAX => {
                    let why = "the requests that press limits are used up: ask for it alone";
                    report.left_out.push((operation.name(), why.to_owned()));
                    continue;
                }
                None => {
                    let looked = self.one(operation, operations.len() == 1).await;
                    seen(&looked);
                    looked
                }
            };
            observed.extend(looked.observed.clone());
            report.take(looked);
        }
        report.findings.extend(c32::drift(&observed));
        if self.options.tap.as_ref().is_some_and(|tap| !tap.is_in_path()) {
            report.left_out.push(("the tap".to_owned(), UNSEEN.to_owned()));
        }
        report.findings.sort_by(|a, b| {
            b.severity
                .cmp(&a.severity)
                .then(a.check.cmp(b.check))
                .then(a.operation.cmp(&b.operation))
        });
        let session = self.options.session.as_ref();
        report.grid.with_cookie = session.is_some_and(Session::has_cookie);
        if self.asker.cookies().is_full() {
            let what = format!("cookies beyond the first {COOKIES_MAX} that were set");
            report.left_out.push((what, "one run looks at so many".to_owned()));
        }
        let others = self.asker.scope().others();
        report.others.retain(|(host, _)| others.contains(host));
        // What goes through a gate of this machine ends at somebody's backend all the same.
        let behind = self.asker.scope().behind_tap();
        let behind = behind.filter(|host| report.others.iter().all(|(own, _)| own != host));
        report.others.extend(behind.map(|host| (host.to_owned(), self.asker.passed())));
        report
    }

    /// How many requests were sent so far.
    #[must_use]
    pub fn requests(&self) -> usize {
        self.asker.sent()
    }

    /// All requests that were sent, or would be.
    #[must_use]
    pub fn log(&self) -> Vec<Call> {
        self.asker.log()
    }

    /// What sends its requests.
    #[must_use]
    pub const fn asker(&self) -> &Asker {
        &self.asker
    }

    /// The origins of nobody's that an operation is tried with.
    fn canaries(&self, operation: &Operation) -> &[String; 2] {
        let [plain, secure] = &self.canaries;
        if operation.url.scheme() == "http" { plain } else { secure }
    }

    /// Asks for what is let through wherever anything is, so that the tap is known to stand in the
    /// way before its silence says something.
    async fn find_tap(&self, operations: &[Operation]) {
        let (Some(tap), Some(first)) = (&self.options.tap, operations.first()) else { return };
        let plain = operations.iter().find(|operation| operation.is_sendable());
        let mut calls: Vec<Call> = plain.map(Operation::call).into_iter().collect();
        for path in PUBLIC_PATHS {
            let mut url = first.url.clone();
            url.set_path(path);
            url.set_query(None);
            calls.push(Call::new("GET", &url));
        }
        for call in calls {
            if tap.is_in_path() || self.asker.is_planned() {
                return;
            }
            // Unseen by the checks: a cookie that is set here would count as an old one.
            self.asker.knock(&call).await;
        }
    }

    async fn one(&self, operation: &Operation, is_only: bool) -> Looked {
        let before = self.asker.sent();
        let mut looked = self.look_at(operation, is_only).await;
        looked.sent = self.asker.sent_to(before);
        looked
    }

    async fn look_at(&self, operation: &Operation, is_only: bool) -> Looked {
        let mut looked = Looked {
            id: id_of(operation),
            name: operation.name(),
            findings: Vec::new(),
            row: None,
            closing: None,
            left_out: None,
            doubts: Vec::new(),
            observed: None,
            sent: BTreeMap::new(),
        };
        let mut means = Means::none();
        means.cookies_before = self.asker.cookies().all().len();
        means.witness = self.options.witness.as_ref();
        means.around = self.options.around.as_ref();
        means.limits = self.options.limits;
        let trusted = match self.trusted(operation).await {
            Ok(trusted) => trusted,
            Err(failed) => {
                looked.left_out = Some(failed.to_string());
                return looked;
            }
        };
        let mut look = Look::new(
            operation,
            (&trusted, self.canaries(operation)),
            self.options.session.as_ref(),
            &self.asker,
        )
        .with(means);
        look.breadth = self.options.breadth;
        // What uses up a share spoils what others would ask with: it has a run of its own.
        let turns: &[Turn] =
            if self.options.limits { &[Turn::Limits] } else { &[Turn::Ordinary, Turn::Cookies] };
        let mut findings = Vec::new();
        for turn in turns {
            for check in CHECKS.iter().filter(|check| check.turn() == *turn) {
                findings.extend((check.look)(&look).await);
            }
        }
        looked.findings = narrowed(findings);
        if !self.options.limits {
            looked.observed = c32::observe(&look).await;
            looked.row = Some(grid::row(&look).await);
            if is_only {
                looked.closing = Some(grid::closing(&look).await);
            }
        }
        let doubt = look.means.doubt.get();
        looked.doubts.extend(doubt.map(|doubt| (*doubt).to_owned()));
        // What was found is true all the same; what was not found may be there.
        if self.asker.is_used_up() {
            looked.left_out = Some(Failed::UsedUp(self.options.requests_max).to_string());
        } else if let Some(failed) = self.asker.has_given_up(&operation.url) {
            looked.left_out = Some(failed.to_string());
        }
        if let Some(session) = &self.options.session {
            looked.leave_out(session);
        }
        looked
    }

    /// Origins that should be allowed. An API that nobody reaches is left out here.
    async fn trusted(&self, operation: &Operation) -> Result<Vec<String>, Failed> {
        let own = Origin::of(&operation.url).to_string();
        let look = Look::new(operation, (&[], self.canaries(operation)), None, &self.asker);
        let answered = match look.ask(&operation.call()).await {
            Ok(answered) => Some(answered),
            // What could write is looked at by its preflights alone.
            Err(Failed::CouldWrite(_)) => {
                let asked = look.preflight(&own, &operation.method, &[]);
                look.ask(&asked).await.map(Some)?
            }
            Err(failed) => return Err(failed),
        };
        if !self.options.origins.is_empty() {
            return Ok(self.options.origins.clone());
        }
        let named = answered.and_then(|answered| answered.header("access-control-allow-origin"));
        // RFC 1035 2.3.4: no name is longer than 255 octets, and so no page's origin is.
        let named = named.filter(|value| {
            value.len() <= ORIGIN_BYTES_MAX && value != "null" && Origin::parse(value).is_ok()
        });
        Ok(vec![named.unwrap_or(own)])
    }
}

impl Looked {
    /// Takes the values of a session out of all that is told: a server says back what it likes.
    fn leave_out(&mut self, session: &Session) {
        for finding in &mut self.findings {
            let Finding { title, who, request, evidence, fix, variant, .. } = finding;
            for text in [title, who, request, fix, variant].into_iter().chain(evidence) {
                *text = session.left_out_of(text);
            }
        }
        if let Some(closing) = &mut self.closing {
            closing.allowed = session.left_out_of(&closing.allowed);
        }
    }
}

impl Report {
    fn take(&mut self, looked: Looked) {
        for doubt in looked.doubts {
            self.left_out.push((format!("the witness at {}", looked.name), doubt));
        }
        match looked.left_out {
            Some(why) => self.left_out.push((looked.name, why)),
            None => self.looked_at.push(looked.name),
        }
        self.findings.extend(looked.findings);
        self.grid.rows.extend(looked.row);
        self.grid.closing = looked.closing;
        for (host, sent) in looked.sent {
            self.requests += sent;
            match self.others.iter_mut().find(|(own, _)| *own == host) {
                Some((_, all)) => *all += sent,
                None => self.others.push((host, sent)),
            }
        }
    }
}

/// What tells an operation from the others.
#[must_use]
pub fn id_of(operation: &Operation) -> String {
    format!("{} {}", operation.method, operation.url)
}

/// A server that allows nobody anything without a token. What an API names in its own answers is
/// asked about too, and cannot be known before.
#[must_use]
pub fn closed(_call: &Call) -> crate::call::Answered {
    crate::call::Answered {
        status: 401,
        headers: [("WWW-Authenticate", "Bearer")].into_iter().collect(),
        body: Vec::new(),
        is_cut: false,
    }
}

/// A server that allows everybody everything, so that each check goes as far as it can.
#[must_use]
pub fn open(call: &Call) -> crate::call::Answered {
    let mut headers = doorward_browser::Headers::new();
    let origin = call.headers.joined("origin").unwrap_or_else(|| "*".to_owned());
    headers.append("Access-Control-Allow-Origin", origin);
    headers.append("Access-Control-Allow-Credentials", "true");
    for (asked, allowed) in [
        ("access-control-request-method", "Access-Control-Allow-Methods"),
        ("access-control-request-headers", "Access-Control-Allow-Headers"),
    ] {
        if let Some(value) = call.headers.joined(asked) {
            headers.append(allowed, value);
        }
    }
    headers.append("Access-Control-Allow-Private-Network", "true");
    headers.append("Cache-Control", "max-age=60");
    headers.append("Content-Type", "application/json");
    let status = match call.headers.joined("upgrade") {
        Some(protocol) => {
            headers.append("Upgrade", protocol);
            101
        }
        None => 200,
    };
    crate::call::Answered { status, headers, body: said(call), is_cut: false }
}

/// What an open server says: it sends back what it is asked, and speaks GraphQL.
fn said(call: &Call) -> Vec<u8> {
    let drawn = call.headers.joined("x-canary").unwrap_or_default();
    match (call.method.as_str(), call.url.query().unwrap_or_default()) {
        ("TRACE", _) => format!("TRACE {}\r\nx-canary: {drawn}", call.url.path()),
        (_, query) if query.contains("query=mutation") => {
            r#"{"data":{"__typename":"Mutation"}}"#.to_owned()
        }
        _ => r#"{"data":{"__typename":"Query"}}"#.to_owned(),
    }
    .into_bytes()
}

#[cfg(test)]
mod tests {
    use super::{Options, Probe, open};
    use crate::operation::Operation;
    use crate::scope::Scope;
    use url::Url;

    /// What its author calls harmless is sent, and its twin is only asked about.
    #[tokio::test]
    async fn a_write_is_sent_where_its_author_says_that_it_is_none() {
        let url = Url::parse("http://localhost:1/search").expect("an address");
        let mut scope = Scope::new(&[]);
        scope.add(&url).await.expect("this machine");
        for is_harmless in [true, false] {
            let method = "POST".to_owned();
            let operation = Operation { method, is_harmless, ..Operation::get(url.clone()) };
            let options = Options { requests_max: 1000, ..Options::default() };
            let probe = Probe::plan(scope.clone(), options, open);
            probe.run(&[operation], &|_| {}).await;
            let is_sent = probe.log().iter().any(|call| call.method == "POST");
            assert_eq!(is_sent, is_harmless);
            let others = probe.log().iter().any(|call| matches!(call.method.as_str(), "PUT"));
            assert!(!others);
        }
    }
}
