//! What a person types.

mod behind;
mod deny;
mod report;
mod sources;
mod spend;
mod ticket;

pub(crate) use behind::Behind;
pub(crate) use deny::{Deny, StoreWork};
pub(crate) use report::Report;
pub(crate) use sources::{Sources, Trouble};
pub(crate) use spend::Spend;
pub(crate) use ticket::{Ticket, TicketMint, TicketShow};

use clap::{ArgGroup, Args, Parser, Subcommand, ValueEnum};
use doorward_probe::Severity;
use std::path::PathBuf;

/// The gate that decides whether a backend runs a request.
#[derive(Debug, Parser)]
#[command(name = "doorward", version, max_term_width = 100, arg_required_else_help = true)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Stand before a backend and refuse hostile requests before it runs them
    Guard(Box<Guard>),
    /// See what CORS does, and what it does not, in your own browser
    Lab(Box<Lab>),
    /// Ask your own API what it lets each kind of caller read, and run
    Probe(Box<Probe>),
    /// Ask a few questions and write a configuration
    Init(Box<Init>),
    /// Check a configuration file: every error at once, with where, what and how to mend it
    Check(Check),
    /// Print the configuration's JSON Schema
    Schema,
    /// Say what a code, a layer or one refusal means, or how a request is judged
    Explain(Box<Explain>),
    /// Say what a log's requests were or would be refused for, and what is ready to be enforced
    Report(Report),
    /// Refuse an address, a caller, a key, a token or a pass from now on, in a running gate
    Deny(Deny),
    /// Mend the file that a gate keeps shares in
    #[command(subcommand)]
    Store(StoreWork),
    /// Create, list and revoke API keys
    #[command(subcommand)]
    Key(Key),
    /// Ask a gate for a ticket, or tell what one says
    #[command(subcommand)]
    Ticket(Ticket),
}

/// `doorward probe`
#[derive(Debug, Args)]
pub(crate) struct Probe {
    /// Addresses of the API; this machine's, unless a host is authorised
    #[arg(value_name = "URL", required = true)]
    pub(crate) urls: Vec<String>,
    #[command(flatten)]
    pub(crate) sources: Sources,
    /// An origin that should be allowed; may be repeated [default: what the API itself names]
    #[arg(long = "origin", value_name = "ORIGIN")]
    pub(crate) origins: Vec<String>,
    /// The form of the report
    #[arg(long, value_enum, value_name = "FORM", default_value = "table")]
    pub(crate) format: ReportForm,
    /// Write the report into this file, whole or not at all
    #[arg(long, value_name = "FILE", conflicts_with = "plan")]
    pub(crate) output: Option<PathBuf>,
    /// Show each finding with its request, its evidence and its fix
    #[arg(long, short)]
    pub(crate) verbose: bool,
    /// A former report (--format json): what it has is shown as known, and fails nothing
    #[arg(long, value_name = "FILE", conflicts_with = "plan")]
    pub(crate) baseline: Option<PathBuf>,
    /// Write each operation that is done into this file, and leave out those that stand in it
    #[arg(long, value_name = "FILE", conflicts_with = "plan")]
    pub(crate) resume: Option<PathBuf>,
    /// Exit with 1 from this severity on
    #[arg(long, value_enum, value_name = "SEVERITY", default_value = "medium")]
    pub(crate) fail_on: SeverityName,
    /// Print every request that may be sent, and send none
    #[arg(long)]
    pub(crate) plan: bool,
    /// Send what may change something too
    #[arg(long)]
    pub(crate) allow_writes: bool,
    /// A header of a signed-in person, as in `Cookie: session=…`; may be repeated; without a value:
    /// what a --har or --curl was sent with, for its own host
    #[arg(long = "with-session", value_name = "HEADER")]
    #[arg(num_args = 0..=1, default_missing_value = "")]
    pub(crate) session: Vec<String>,
    /// An address that is read before and after a request: did it change?
    #[arg(long, value_name = "URL", conflicts_with = "witness_command")]
    pub(crate) witness: Option<String>,
    /// A command whose output is read before and after a request
    #[arg(long, value_name = "COMMAND")]
    pub(crate) witness_command: Option<String>,
    #[command(flatten)]
    pub(crate) behind: Behind,
    /// Press limits by up to 60 requests, and ask nothing else
    #[arg(long)]
    pub(crate) limits: bool,
    /// A host that is not this machine, and that you may test; may be repeated
    #[arg(long = "i-am-authorised", value_name = "HOST")]
    pub(crate) authorised: Vec<String>,
    /// Try every origin of each class, not the most telling ones alone
    #[arg(long)]
    pub(crate) thorough: bool,
    /// Try origins too that no browser sends
    #[arg(long)]
    pub(crate) raw_origins: bool,
    /// Requests of the whole run, at most
    #[arg(long, value_name = "NUMBER", default_value_t = 10_000)]
    pub(crate) requests: usize,
}

/// The form of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ReportForm {
    /// For people
    Table,
    /// For programs
    Json,
    /// For code scanning
    Sarif,
    /// For CI servers
    Junit,
    /// For pull requests
    Markdown,
    /// One page that can be sent
    Html,
}

/// A severity's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum SeverityName {
    /// Good to know
    Info,
    /// It helps an attacker a little
    Low,
    /// It helps an attacker who has one thing more
    Medium,
    /// Any page can do it
    High,
    /// Anybody can do it
    Critical,
}

impl SeverityName {
    /// The severity of that name.
    pub(crate) const fn severity(self) -> Severity {
        match self {
            Self::Info => Severity::Info,
            Self::Low => Severity::Low,
            Self::Medium => Severity::Medium,
            Self::High => Severity::High,
            Self::Critical => Severity::Critical,
        }
    }
}

/// `doorward init`
#[derive(Debug, Args)]
pub(crate) struct Init {
    /// The file to write
    #[arg(value_name = "FILE", default_value = "doorward.toml")]
    pub(crate) file: PathBuf,
    /// Write over a file that is there
    #[arg(long)]
    pub(crate) force: bool,
    /// Ask nothing: what is not said is as usual
    #[arg(long)]
    pub(crate) yes: bool,
    /// The backend, as in `http://localhost:3000`
    #[arg(long, value_name = "URL")]
    pub(crate) upstream: Option<String>,
    /// Origins of the pages that may call
    #[arg(long, value_name = "ORIGIN")]
    pub(crate) origin: Vec<String>,
    /// How browsers reach the gate, as in `https://api.shop.example`
    #[arg(long, value_name = "URL")]
    pub(crate) external: Vec<String>,
    /// What ends TLS before the gate: its address or network, `private` or `loopback`; may be
    /// repeated
    #[arg(long, value_name = "NETWORK")]
    pub(crate) proxy: Vec<String>,
    /// The gate speaks TLS itself: its certificate, a file in PEM
    #[arg(long, value_name = "FILE", requires = "key")]
    pub(crate) certificate: Option<String>,
    /// The certificate's private key, a file in PEM
    #[arg(long, value_name = "FILE", requires = "certificate")]
    pub(crate) key: Option<String>,
    /// Whether callers must be known
    #[arg(long, value_enum)]
    pub(crate) profile: Option<Profile>,
    /// By what callers are known
    #[arg(long, value_enum)]
    pub(crate) by: Option<SignsIn>,
    /// The identity provider's issuer
    #[arg(long, value_name = "URL")]
    pub(crate) issuer: Option<String>,
    /// What this API is called by it
    #[arg(long, value_name = "NAME")]
    pub(crate) audience: Option<String>,
    /// Where its keys are
    #[arg(long, value_name = "URL")]
    pub(crate) jwks: Option<String>,
    /// The session's cookie
    #[arg(long, value_name = "NAME")]
    pub(crate) cookie: Option<String>,
    /// Which address says who has signed in
    #[arg(long, value_name = "URL")]
    pub(crate) whoami: Option<String>,
    /// Where its JSON names the caller, as in `$.id`
    #[arg(long, value_name = "MEMBER")]
    pub(crate) subject: Option<String>,
    /// Where people sign in, as in `/login`; none: elsewhere
    #[arg(long, value_name = "PATH")]
    pub(crate) login: Option<String>,
    /// Which field of its form names the account
    #[arg(long, value_name = "FIELD")]
    pub(crate) account: Option<String>,
}

/// Whether callers must be known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Profile {
    /// Nobody signs in: pages need passes
    Public,
    /// Callers are known, on every request
    Authenticated,
}

/// By what callers are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum SignsIn {
    /// A token of an identity provider
    Token,
    /// A session of the backend
    Session,
    /// API keys, for programs
    Keys,
}

/// `doorward guard`
#[derive(Debug, Args)]
pub(crate) struct Guard {
    /// The backend: http://127.0.0.1:3000, https://10.0.0.5 or unix:/run/app.sock
    #[arg(required_unless_present_any = ["config", "demo"])]
    pub(crate) upstream: Option<String>,
    /// A page's origin that may call, as in http://localhost:5173; may be repeated
    #[arg(long = "origin", value_name = "ORIGIN")]
    pub(crate) origins: Vec<String>,
    /// How browsers reach the gate: scheme, host and path prefix; may be repeated
    #[arg(long, value_name = "URL")]
    pub(crate) external: Vec<String>,
    /// The preset: public or authenticated
    #[arg(long, value_name = "PROFILE")]
    pub(crate) profile: Option<String>,
    /// Where to listen; port 0 takes a free one [default: 127.0.0.1:8080]
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) listen: Option<String>,
    /// A configuration file; what is typed here goes over it
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Judge and count, but refuse nobody
    #[arg(long)]
    pub(crate) monitor: bool,
    /// Ask strangers for no pass: pages need no script, and programs are let in
    #[arg(long)]
    pub(crate) no_passes: bool,
    /// The log, one line a request on standard output [default: pretty on a terminal, else json]
    #[arg(long, value_enum, value_name = "FORM")]
    pub(crate) log: Option<Log>,
    /// Worker threads; 0 is one a core
    #[arg(long, value_name = "N")]
    pub(crate) threads: Option<usize>,
    /// Close the list of routes and allow this one: 'POST /v1/chat'; may be repeated
    #[arg(long = "allow", value_name = "'METHOD PATH'")]
    pub(crate) allow: Vec<String>,
    /// Added on the allowed routes: 'Authorization: Bearer env:NAME', '?key=file:PATH'; repeatable
    #[arg(long, value_name = "'HEADER: VALUE'", requires = "allow")]
    pub(crate) credential: Vec<String>,
    #[command(flatten)]
    pub(crate) spend: Spend,
    /// Accept that strangers may call routes that have a credential
    #[arg(long)]
    pub(crate) insecure_open_credential: bool,
    /// Start a small shop as the backend, guard it, and print what to try
    #[arg(long, conflicts_with_all = ["upstream", "config", "origins"])]
    pub(crate) demo: bool,
}

/// The log's form.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Log {
    /// For people
    Pretty,
    /// One JSON object a line
    Json,
    /// None
    Off,
}

/// `doorward lab`
#[derive(Debug, Args)]
#[command(group(ArgGroup::new("alone").args(["headless", "record"]).multiple(true)))]
pub(crate) struct Lab {
    /// The lab's own port [default: 4000, or one after it]
    #[arg(long, value_name = "PORT", conflicts_with = "alone")]
    pub(crate) port: Option<u16>,
    /// Do not open a browser; print the address only
    #[arg(long, conflicts_with = "alone")]
    pub(crate) no_open: bool,
    /// Serve the lab's sites by https, with certificates of a throw-away authority
    #[arg(long)]
    pub(crate) tls: bool,
    /// Run all scenarios in the engines that are installed, without a person
    #[arg(long)]
    pub(crate) headless: bool,
    /// Run this one, by its id or number (hidden-read, A1); may be repeated
    #[arg(long = "scenario", value_name = "ID", requires = "alone")]
    pub(crate) scenarios: Vec<String>,
    /// A scenario of your own, in a file; may be repeated
    #[arg(long = "file", value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// Run in this engine; may be repeated [default: all three]
    #[arg(long = "engine", value_enum, value_name = "ENGINE", requires = "alone")]
    pub(crate) engines: Vec<EngineName>,
    /// Set Chromium and Firefox to this, not to what they are installed with
    #[arg(long, value_enum, value_name = "WHAT", requires = "alone")]
    pub(crate) third_party_cookies: Option<ThirdPartyCookies>,
    /// For people or for programs
    #[arg(long, value_enum, value_name = "FORM", default_value = "table", requires = "alone")]
    pub(crate) format: Form,
    /// Run them likewise, and write what was seen as one page that can be sent
    #[arg(long, value_name = "FILE")]
    pub(crate) record: Option<PathBuf>,
    /// List the scenarios
    #[arg(long, conflicts_with = "alone")]
    pub(crate) list: bool,
}

/// What becomes of cookies of other sites.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ThirdPartyCookies {
    /// They travel
    Allow,
    /// They do not
    Block,
}

/// A browser engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum EngineName {
    /// Chrome, Edge and others
    Chromium,
    /// Firefox
    Firefox,
    /// Safari's engine, as its GTK port
    Webkit,
}

/// `doorward check`
#[derive(Debug, Args)]
pub(crate) struct Check {
    /// The file
    pub(crate) file: PathBuf,
    /// Print the whole configuration with every default written out
    #[arg(long)]
    pub(crate) print_effective: bool,
}

/// `doorward explain`
#[derive(Debug, Args)]
pub(crate) struct Explain {
    /// A code, as in site/cross-site; a layer, as in site; a check of the probe, as in C-17; a
    /// refusal's id; without one, the list of all but the ids
    pub(crate) subject: Option<String>,
    /// Of a check: the configuration that closes it; doorward, nginx, caddy, express, fastapi or
    /// tower-http
    #[arg(long = "for", value_name = "PRODUCT", requires = "subject")]
    pub(crate) product: Option<String>,
    /// The log that the id stands in; `-` is standard input
    #[arg(long, value_name = "FILE", requires = "subject", conflicts_with = "admin")]
    pub(crate) log: Option<PathBuf>,
    /// The running gate's admin listener, as in http://127.0.0.1:9180
    #[arg(long, value_name = "URL", requires = "subject")]
    pub(crate) admin: Option<String>,
    /// Its token: env:NAME or file:PATH [default: env:DOORWARD_ADMIN_TOKEN]
    #[arg(long, value_name = "TOKEN", requires = "admin")]
    pub(crate) token: Option<String>,
    /// A request as it is sent, in a file: walk it through all layers; `-` is standard input
    #[arg(long, value_name = "FILE", group = "asked", conflicts_with = "subject")]
    pub(crate) request: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) trouble: Trouble,
    /// What the server answers to it, in a file; of two answers the first is the preflight's
    #[arg(long, value_name = "FILE", requires = "asked")]
    pub(crate) answer: Option<PathBuf>,
    /// The configuration that judges the request [default: the public profile]
    #[arg(long, value_name = "FILE", requires = "request")]
    pub(crate) config: Option<PathBuf>,
    /// Where it comes from: the page's origin; with --request an IP address [default: 127.0.0.1]
    #[arg(long, value_name = "ORIGIN|ADDRESS", requires = "asked")]
    pub(crate) from: Option<String>,
    /// When it comes, in seconds since 1970 [default: now]
    #[arg(long, value_name = "SECONDS", requires = "request")]
    pub(crate) at: Option<u64>,
}

/// The form of an output.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Form {
    /// For people
    Table,
    /// For programs
    Json,
}

/// `doorward key`
#[derive(Debug, Subcommand)]
pub(crate) enum Key {
    /// Create a key: it is printed once, and only its SHA-256 is kept
    Create(KeyCreate),
    /// List all keys, without the keys themselves
    List(KeyList),
    /// Revoke a key: from the next request on it opens nothing
    Revoke(KeyRevoke),
}

/// `doorward key create`
#[derive(Debug, Args)]
pub(crate) struct KeyCreate {
    /// What people call it, as in ci or 'nightly report'
    pub(crate) name: String,
    /// What it may do, as in orders:read; may be repeated
    #[arg(long = "scope", value_name = "SCOPE")]
    pub(crate) scopes: Vec<String>,
    /// When it ends: 90d, 12h, 2027-01-31 (its beginning, UTC) [default: never]
    #[arg(long, value_name = "TIME")]
    pub(crate) expires: Option<String>,
    /// A server that renders pages holds it, and names the visitor whose share is charged
    #[arg(long)]
    pub(crate) acts_for_visitors: bool,
    /// A test's or a monitor's browser holds it: it may come with a browser's headers
    #[arg(long)]
    pub(crate) as_page: bool,
    #[command(flatten)]
    pub(crate) home: KeyFile,
}

/// `doorward key list`
#[derive(Debug, Args)]
pub(crate) struct KeyList {
    /// For people or for programs
    #[arg(long, value_enum, value_name = "FORM", default_value = "table")]
    pub(crate) format: Form,
    #[command(flatten)]
    pub(crate) home: KeyFile,
}

/// `doorward key revoke`
#[derive(Debug, Args)]
pub(crate) struct KeyRevoke {
    /// Its id or its name
    #[arg(value_name = "ID|NAME")]
    pub(crate) key: String,
    #[command(flatten)]
    pub(crate) home: KeyFile,
}

/// Where the keys are.
#[derive(Debug, Args)]
pub(crate) struct KeyFile {
    /// The file of keys [default: doorward-keys.toml]
    #[arg(long, value_name = "FILE", conflicts_with = "config")]
    pub(crate) file: Option<PathBuf>,
    /// The gate's configuration, which says where the keys are
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
}
