//! Who is measured: the table of peers, and the command that starts each.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context;

use super::{envoy, hits};
use crate::workspace::{find_program, root};

/// The program that answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Program {
    Nginx,
    Haproxy,
    Envoy,
    /// Doorward, with its log: `off` or `json`, which goes to a file.
    Doorward {
        log: &'static str,
    },
}

/// What its callers show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Caller {
    /// Nothing: whoever comes is forwarded.
    Anybody,
    /// One token of this algorithm, with every request.
    Token(&'static str),
    /// Another token of this algorithm with every request.
    Fresh(&'static str),
    /// A signature of its own with every request: by a pass (`passes`), by a key that all share
    /// (`mac`), or what looks like the first and is none (`alike`).
    Signed(&'static str),
    /// One session's cookie, with every request.
    Session,
}

/// A peer of the table.
#[derive(Debug)]
pub(super) struct Kind {
    pub(super) name: &'static str,
    pub(super) program: Program,
    /// A file of `bench/`.
    template: &'static str,
    pub(super) caller: Caller,
    /// Whether what was verified is remembered (Envoy's choice; the others have none).
    remembers: bool,
}

const fn kind(
    name: &'static str,
    program: Program,
    template: &'static str,
    caller: Caller,
) -> Kind {
    Kind { name, program, template, caller, remembers: true }
}

const fn forgetful(kind: Kind) -> Kind {
    Kind { remembers: false, ..kind }
}

const QUIET: Program = Program::Doorward { log: "off" };
const LOGGING: Program = Program::Doorward { log: "json" };
const ES256: Caller = Caller::Token("ES256");
const HS256: Caller = Caller::Token("HS256");

const HAPROXY_JWT: &str = "haproxy-jwt.cfg.in";
const ENVOY_JWT: &str = "envoy-jwt.yaml.in";
const DOORWARD_JWT: &str = "doorward-jwt.toml.in";

/// The key that HAProxy shares with its callers, in base64.
pub(super) const MAC_KEY: &str = "b25seS1mb3ItdGhlLWJlbmNoLW9uLWxvb3BiYWNrISE=";

/// The names that bars speak of.
pub(super) const NGINX: &str = "nginx";
pub(super) const HAPROXY: &str = "haproxy";
pub(super) const HAPROXY_HS256: &str = "haproxy-hs256";
pub(super) const HAPROXY_ES256: &str = "haproxy-es256";
pub(super) const ENVOY_ES256: &str = "envoy-es256";
pub(super) const DOORWARD: &str = "doorward";
pub(super) const DOORWARD_JSON: &str = "doorward-json";
pub(super) const DOORWARD_ES256: &str = "doorward-es256";
pub(super) const DOORWARD_ES256_JSON: &str = "doorward-es256-json";
pub(super) const DOORWARD_FRESH: &str = "doorward-es256-fresh";
pub(super) const DOORWARD_SESSION: &str = "doorward-session";
pub(super) const NGINX_ALIKE: &str = "nginx-signed";
pub(super) const HAPROXY_MAC: &str = "haproxy-mac";
pub(super) const DOORWARD_PASSES: &str = "doorward-passes";
pub(super) const DOORWARD_VALKEY: &str = "doorward-valkey";

/// All peers, those beside each other that are compared.
pub(super) static PEERS: &[Kind] = &[
    kind(NGINX, Program::Nginx, "nginx.conf.in", Caller::Anybody),
    kind(HAPROXY, Program::Haproxy, "haproxy.cfg.in", Caller::Anybody),
    kind("envoy", Program::Envoy, "envoy.yaml.in", Caller::Anybody),
    kind(DOORWARD, QUIET, "doorward.toml.in", Caller::Anybody),
    kind(DOORWARD_VALKEY, QUIET, "doorward-valkey.toml.in", Caller::Anybody),
    kind(DOORWARD_JSON, LOGGING, "doorward.toml.in", Caller::Anybody),
    kind(HAPROXY_HS256, Program::Haproxy, HAPROXY_JWT, HS256),
    kind(HAPROXY_ES256, Program::Haproxy, HAPROXY_JWT, ES256),
    kind("envoy-hs256", Program::Envoy, ENVOY_JWT, HS256),
    kind(ENVOY_ES256, Program::Envoy, ENVOY_JWT, ES256),
    forgetful(kind("envoy-hs256-uncached", Program::Envoy, ENVOY_JWT, HS256)),
    forgetful(kind("envoy-es256-uncached", Program::Envoy, ENVOY_JWT, ES256)),
    kind(DOORWARD_ES256, QUIET, DOORWARD_JWT, ES256),
    kind(DOORWARD_ES256_JSON, LOGGING, DOORWARD_JWT, ES256),
    kind(DOORWARD_FRESH, QUIET, DOORWARD_JWT, Caller::Fresh("ES256")),
    kind(DOORWARD_SESSION, QUIET, "doorward-session.toml.in", Caller::Session),
    kind(NGINX_ALIKE, Program::Nginx, "nginx.conf.in", Caller::Signed("alike")),
    kind(HAPROXY_MAC, Program::Haproxy, "haproxy-mac.cfg.in", Caller::Signed("mac")),
    kind(DOORWARD_PASSES, QUIET, "doorward-passes.toml.in", Caller::Signed("passes")),
];

/// Where a peer listens, what it forwards to, and the folder of its files.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place<'p> {
    pub(super) port: u16,
    /// Of what it says of itself, where it has that.
    pub(super) admin: u16,
    pub(super) backend: u16,
    /// Where a store listens that gates share; 0: there is none.
    pub(super) store: u16,
    /// Its own files, and the keys and tokens of all.
    pub(super) folder: &'p Path,
}

impl Kind {
    /// The peer of this name.
    pub(super) fn named(name: &str) -> anyhow::Result<&'static Kind> {
        let names = || PEERS.iter().map(|kind| kind.name).collect::<Vec<_>>().join(", ");
        PEERS
            .iter()
            .find(|kind| kind.name == name)
            .with_context(|| format!("there is no peer `{name}`; there are {}", names()))
    }

    /// Whether its gate asks a store that others could ask too.
    pub(super) fn has_store(&self) -> bool {
        self.name == DOORWARD_VALKEY
    }

    pub(super) fn is_gate(&self) -> bool {
        matches!(self.program, Program::Doorward { .. })
    }

    /// The algorithm of the tokens that it asks for.
    pub(super) fn algorithm(&self) -> Option<&'static str> {
        match self.caller {
            Caller::Anybody | Caller::Signed(_) | Caller::Session => None,
            Caller::Token(algorithm) | Caller::Fresh(algorithm) => Some(algorithm),
        }
    }

    /// What refuses a token that is meant for somebody else: Envoy says 403, all others 401.
    pub(super) fn audience_status(&self) -> u16 {
        if self.program == Program::Envoy { 403 } else { 401 }
    }

    /// Whether it has a defence against requests from other sites. Envoy's is one of several
    /// filters that only the stack with tokens has.
    pub(super) fn refuses_other_sites(&self) -> bool {
        match self.program {
            Program::Nginx | Program::Haproxy => false,
            Program::Envoy => self.algorithm().is_some(),
            Program::Doorward { .. } => true,
        }
    }

    /// The command that starts it; `gate` is our own program.
    pub(super) fn command(&self, place: Place<'_>, gate: &Path) -> anyhow::Result<Command> {
        let file = self.configuration(place)?;
        let mut command = match self.program {
            Program::Nginx => return nginx(&file),
            Program::Haproxy => Command::new(program("haproxy")?),
            Program::Envoy => Command::new(envoy::binary()),
            Program::Doorward { .. } => Command::new(gate),
        };
        match self.program {
            Program::Nginx => {}
            Program::Haproxy => {
                command.arg("-db").arg("-f").arg(file);
            }
            Program::Envoy => {
                command.args(["--concurrency", "1", "--disable-hot-restart"]);
                command.args(["--log-level", "error", "-c"]).arg(file);
            }
            Program::Doorward { log } => {
                command.arg("guard").arg(format!("http://127.0.0.1:{}", place.backend));
                command.args(["--listen", &format!("127.0.0.1:{}", place.port), "--log", log]);
                command.arg("--config").arg(file).env(hits::TOKEN_VARIABLE, hits::TOKEN);
            }
        }
        Ok(command)
    }

    /// Fills in its template; where the result lies.
    fn configuration(&self, place: Place<'_>) -> anyhow::Result<PathBuf> {
        let mut words = Vec::new();
        if let Some(algorithm) = self.algorithm() {
            let of_key = |kind: &str| place.folder.join(format!("{}.{kind}", lower(algorithm)));
            // HAProxy takes a secret as it is, and a public key by the path of its file.
            let secret = algorithm == "HS256";
            let key = of_key("key");
            let key = if secret { std::fs::read_to_string(&key)? } else { shown(&key) };
            let cache = "jwt_cache_config: { jwt_cache_size: 1000 }";
            words.push(("@ALGORITHM@", algorithm.to_owned()));
            words.push(("@KEY@", key));
            words.push(("@JWKS@", std::fs::read_to_string(of_key("jwks"))?));
            words.push(("@JWKS_FILE@", shown(&of_key("jwks"))));
            words.push(("@CACHE@", if self.remembers { cache } else { "" }.to_owned()));
        } else {
            words.push(("@KEY@", MAC_KEY.to_owned()));
        }
        fill(self.template, self.name, place, &words)
    }
}

/// The command of an nginx, whose file is already filled in.
pub(super) fn nginx(file: &Path) -> anyhow::Result<Command> {
    let mut command = Command::new(program("nginx")?);
    // `-e`: before it has read its file, nginx would complain into the system's log folder.
    command.args(["-e", "stderr", "-c"]).arg(file);
    Ok(command)
}

/// Fills in a template of `bench/` and says where the result lies.
pub(super) fn fill(
    template: &str,
    name: &str,
    place: Place<'_>,
    words: &[(&str, String)],
) -> anyhow::Result<PathBuf> {
    let source = root().join("bench").join(template);
    let text = std::fs::read_to_string(&source).with_context(|| shown(&source))?;
    let mut text = text
        .replace("@PORT@", &place.port.to_string())
        .replace("@ADMIN@", &place.admin.to_string())
        .replace("@BACKEND@", &place.backend.to_string())
        .replace("@STORE@", &place.store.to_string())
        .replace("@PID@", &shown(&place.folder.join(format!("{name}.pid"))));
    for (word, value) in words {
        text = text.replace(word, value);
    }
    // Envoy tells the form of its file by the name's end.
    let ending = template.trim_end_matches(".in").rsplit('.').next().unwrap_or("conf");
    let file = place.folder.join(format!("{name}.{ending}"));
    std::fs::write(&file, text)?;
    Ok(file)
}

pub(super) fn program(name: &str) -> anyhow::Result<PathBuf> {
    find_program(name).with_context(|| format!("{name} is not installed"))
}

/// The stem of an algorithm's files.
pub(super) fn lower(algorithm: &str) -> String {
    algorithm.to_ascii_lowercase()
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}
