//! A run: every check on every operation, and what came of it.

use crate::ask::{Asker, Failed, Manners, Pretended};
use crate::call::Call;
use crate::checks::CHECKS;
use crate::finding::Finding;
use crate::grid::{self, Closing, Grid, Row};
use crate::look::Look;
use crate::operation::Operation;
use crate::scope::Scope;
use crate::session::Session;
use doorward_browser::Origin;
use rustls::ClientConfig;
use rustls::crypto::aws_lc_rs;
use rustls_platform_verifier::BuilderVerifierExt;
use std::collections::BTreeMap;
use std::sync::Arc;

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
    /// Drawn for this run: canaries are made of it.
    pub seed: u64,
}

/// A run that is about to begin.
#[derive(Debug)]
pub struct Probe {
    asker: Asker,
    options: Options,
    canaries: [String; 2],
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
        let tls = Some(Arc::new(builder.with_no_client_auth()));
        Ok(Self::with(scope, options, tls, None))
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
        let asker = Asker::new(scope, Manners { allow_writes, requests_max, tls, pretended });
        // Nobody can own a name under `.example` (RFC 2606); one real ending is among them, for
        // lists that know endings.
        let canaries = [
            format!("https://canary-{:08x}.example", options.seed as u32),
            format!("https://canary-{:08x}.com", (options.seed >> 32) as u32),
        ];
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
        for operation in operations {
            let id = id_of(operation);
            let known = done.iter().position(|looked| looked.id == id);
            let looked = match known {
                Some(at) => done.swap_remove(at),
                None => {
                    let looked = self.one(operation, operations.len() == 1).await;
                    seen(&looked);
                    looked
                }
            };
            report.take(looked);
        }
        report.findings.sort_by(|a, b| {
            b.severity
                .cmp(&a.severity)
                .then(a.check.cmp(b.check))
                .then(a.operation.cmp(&b.operation))
        });
        let session = self.options.session.as_ref();
        report.grid.with_cookie = session.is_some_and(Session::has_cookie);
        let others = self.asker.scope().others();
        report.others.retain(|(host, _)| others.contains(host));
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
            sent: BTreeMap::new(),
        };
        let trusted = match self.trusted(operation).await {
            Ok(trusted) => trusted,
            Err(failed) => {
                looked.left_out = Some(failed.to_string());
                return looked;
            }
        };
        let look = Look::new(
            operation,
            (&trusted, &self.canaries),
            self.options.session.as_ref(),
            &self.asker,
        );
        for check in CHECKS {
            looked.findings.extend((check.look)(&look).await);
        }
        looked.row = Some(grid::row(&look).await);
        if is_only {
            looked.closing = Some(grid::closing(&look).await);
        }
        // What was found is true all the same; what was not found may be there.
        if self.asker.is_used_up() {
            looked.left_out = Some(Failed::UsedUp(self.options.requests_max).to_string());
        }
        looked
    }

    /// Origins that should be allowed. An API that nobody reaches is left out here.
    async fn trusted(&self, operation: &Operation) -> Result<Vec<String>, Failed> {
        let own = Origin::of(&operation.url).to_string();
        let look = Look::new(operation, (&[], &self.canaries), None, &self.asker);
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
        let named = named.filter(|value| Origin::parse(value).is_ok() && value != "null");
        Ok(vec![named.unwrap_or(own)])
    }
}

impl Report {
    fn take(&mut self, looked: Looked) {
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

/// A server that allows nobody anything.
#[must_use]
pub fn closed(_call: &Call) -> crate::call::Answered {
    crate::call::Answered {
        status: 403,
        headers: doorward_browser::Headers::new(),
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
    headers.append("Content-Type", "application/json");
    let body = br#"{"ok":true}"#.to_vec();
    crate::call::Answered { status: 200, headers, body, is_cut: false }
}
