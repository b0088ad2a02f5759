//! A run: every check on every operation, and what came of it.

use crate::ask::{Asker, Failed, Manners, Pretended};
use crate::call::Call;
use crate::checks::CHECKS;
use crate::finding::Finding;
use crate::look::Look;
use crate::operation::Operation;
use crate::scope::Scope;
use crate::session::Session;
use doorward_browser::Origin;
use rustls::ClientConfig;
use rustls::crypto::aws_lc_rs;
use rustls_platform_verifier::BuilderVerifierExt;
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
    /// Hosts that are not this machine.
    pub others: Vec<String>,
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
    pub async fn run(&self, operations: &[Operation], seen: &dyn Fn(&Operation)) -> Report {
        let mut report = Report { others: self.asker.scope().others(), ..Report::default() };
        operations.iter().for_each(|operation| self.asker.allow(operation));
        for operation in operations {
            match self.one(operation).await {
                Ok(findings) => {
                    report.looked_at.push(operation.name());
                    report.findings.extend(findings);
                }
                Err(failed) => report.left_out.push((operation.name(), failed.to_string())),
            }
            seen(operation);
        }
        report.findings.sort_by(|a, b| {
            b.severity
                .cmp(&a.severity)
                .then(a.check.cmp(b.check))
                .then(a.operation.cmp(&b.operation))
        });
        report.requests = self.asker.sent();
        report
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

    async fn one(&self, operation: &Operation) -> Result<Vec<Finding>, Failed> {
        let trusted = self.trusted(operation).await?;
        let look = Look::new(
            operation,
            (&trusted, &self.canaries),
            self.options.session.as_ref(),
            &self.asker,
        );
        let mut findings = Vec::new();
        for check in CHECKS {
            findings.extend((check.look)(&look).await);
        }
        Ok(findings)
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
