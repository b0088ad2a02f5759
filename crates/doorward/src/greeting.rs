//! What `guard` says before the first request, on standard error.

use doorward_config::{Config, Profile};
use doorward_core::certificate::NameKind;
use doorward_core::layers::LAYERS;
use doorward_core::layers::credential::Put;
use doorward_core::layers::identity::{How, Place};
use doorward_core::mode::Mode;
use std::fmt::Write;
use std::net::SocketAddr;

/// Layers of the profile that this version does not have yet.
const NOT_BUILT: &str = "bot detection, body checks";

/// The greeting of a gate that listens at `address`, and for its operator at `admin`.
pub(crate) fn text(config: &Config, address: SocketAddr, admin: Option<SocketAddr>) -> String {
    let scheme = if config.tls.is_some() { "https" } else { "http" };
    let listening = format!("{scheme}://{address}");
    let call = config.settings.external.first().map_or(listening.as_str(), String::as_str);
    let state = if config.trying_out { "trying out" } else { "production" };
    let is_on = |layer: &str| config.gate.mode_of(layer) != Mode::Off;
    let layers: Vec<&str> = LAYERS.iter().map(|meta| meta.id).filter(|id| is_on(id)).collect();
    let has_passes = is_on("pass");
    let profile = Profile::WORDS.iter().find(|(_, profile)| *profile == config.profile);
    let profile = profile.map_or("", |(word, _)| *word);
    let mut out = String::new();
    let mut line = |label: &str, text: &str| {
        let _ = writeln!(out, "  {label:<12} {text}");
    };
    line("guards", &upstreams(config));
    line("at", &format!("listening on {listening}"));
    line("call", &format!("{call} instead of the backend"));
    match config.settings.origins.as_slice() {
        [] => line("for", "no page of another origin; add one with --origin http://localhost:5173"),
        origins => line("for pages of", &origins.join(", ")),
    }
    line("profile", &format!("{}, {state}: {}", profile, layers.join(", ")));
    match config.profile {
        Profile::Public if has_passes => {
            let scripts = format!("{call}{}/auto.js", config.settings.endpoints);
            line("page", &format!("<script src=\"{scripts}\"></script>, first in the page"));
            line("programs", "a key needs no pass: layers.identity.keys, doorward key create me");
            line("not yet", NOT_BUILT);
        }
        Profile::Public => {
            let open = "a program that says what a page says is let in";
            line("no passes", &format!("{open}; [layers.pass] mode = \"enforce\" asks for one"));
            line("not yet", NOT_BUILT);
        }
        Profile::Authenticated => line("callers", &callers(config)),
    }
    for text in added(config) {
        line("adds", &text);
    }
    if config.secret_was_generated {
        line("secret", "made for this run; set [secrets] signing before production");
    }
    line("refused", &format!("curl -i -H 'Origin: https://evil.example' {call}/"));
    if config.profile == Profile::Public && has_passes {
        line("refused too", &format!("curl -i {call}/: it carries no pass"));
    } else {
        line("let through", &format!("curl -i {}{call}/", credential(config)));
    }
    line("still open", &still_open(config));
    if let Some(admin) = admin {
        line("admin", &format!("http://{admin}/metrics, /readyz; with its token as a bearer"));
    }
    for word in &config.permissive {
        line("permissive", word);
    }
    format!("doorward {}\n{out}", env!("CARGO_PKG_VERSION"))
}

/// Which routes are given a credential, and where it is put; never what it is.
fn added(config: &Config) -> Vec<String> {
    let credentials = &config.settings.credential.credentials;
    let put = |name: &String| {
        let found = credentials.iter().find(|credential| credential.name == *name)?;
        Some(match &found.put {
            Put::Header(name) => format!("header {name}"),
            Put::Query(name) => format!("parameter {name}"),
        })
    };
    let with_any = config.settings.routes.iter().filter(|route| !route.credentials.is_empty());
    with_any
        .map(|route| {
            let put: Vec<String> = route.credentials.iter().filter_map(put).collect();
            let methods = route.methods.join(",");
            format!("the {} to {methods} {}", put.join(" and "), route.path)
        })
        .collect()
}

/// Who is believed.
fn callers(config: &Config) -> String {
    let identity = &config.settings.identity;
    let mut known: Vec<String> =
        identity.issuers.iter().map(|issuer| format!("tokens of {}", issuer.issuer)).collect();
    if let Some(keys) = &identity.keys {
        let living = keys.keys.iter().filter(|key| !key.is_revoked).count();
        known.push(match living {
            0 => "API keys, of which there is none yet: doorward key create me".to_owned(),
            1 => "1 API key".to_owned(),
            count => format!("{count} API keys"),
        });
    }
    let signers = identity.signers.iter().map(|signer| signer.subject.as_str());
    let signers = signers.collect::<Vec<_>>().join(", ");
    if !signers.is_empty() {
        known.push(format!("signatures of {signers}"));
    }
    known.extend(identity.checkers.iter().map(|checker| match (&checker.how, &checker.place) {
        (How::Whoami(_) | How::Record(_), Place::Cookie(name)) => {
            format!("sessions in the cookie {name}")
        }
        (How::Whoami(_) | How::Record(_), Place::Bearer | Place::Header(_)) => {
            "sessions".to_owned()
        }
        (How::Introspection(_), _) => format!("opaque tokens of {}", checker.issuer()),
    }));
    if let Some(certificate) = &identity.certificate {
        let word = NameKind::WORDS.iter().find(|(_, kind)| *kind == certificate.subject);
        let word = word.map_or("", |(word, _)| *word);
        known.push(format!("certificates of clients, by their {word}"));
    }
    let signed = identity.signed.iter().map(|signed| &signed.cookie);
    known.extend(signed.map(|cookie| format!("signed sessions in the cookie {cookie}")));
    if known.is_empty() { "anybody: identity is off".to_owned() } else { known.join(", ") }
}

/// What a curl line sends to be let through.
fn credential(config: &Config) -> String {
    if config.profile == Profile::Public {
        return String::new();
    }
    let identity = &config.settings.identity;
    let keys = identity.keys.as_ref().map(|keys| (&keys.place, "KEY"));
    let tokens = identity.issuers.first().map(|issuer| (&issuer.place, "TOKEN"));
    let checkers = identity.checkers.first().map(|checker| match checker.how {
        How::Whoami(_) | How::Record(_) => (&checker.place, "SESSION"),
        How::Introspection(_) => (&checker.place, "TOKEN"),
    });
    match keys.or(tokens).or(checkers) {
        Some((Place::Bearer, what)) => format!("-H 'Authorization: Bearer {what}' "),
        Some((Place::Header(name), what)) => format!("-H '{name}: {what}' "),
        Some((Place::Cookie(name), what)) => format!("-H 'Cookie: {name}={what}' "),
        None if identity.certificate.is_some() => "--cert CLIENT.pem --key CLIENT.key ".to_owned(),
        None => identity.signed.as_ref().map_or_else(String::new, |signed| {
            let cookie = &signed.cookie;
            let beside = signed.framework.signature_cookie(cookie);
            let beside = beside.map(|name| format!("; {name}=SIGNATURE")).unwrap_or_default();
            format!("-H 'Cookie: {cookie}=SESSION{beside}' ")
        }),
    }
}

fn upstreams(config: &Config) -> String {
    let list: Vec<String> =
        config.upstreams.iter().map(|upstream| upstream.address.to_string()).collect();
    list.join(", ")
}

/// The way around the gate, which nobody sees in its log.
fn still_open(config: &Config) -> String {
    let open: Vec<String> = config
        .upstreams
        .iter()
        .enumerate()
        .filter(|(place, _)| !config.knows_strangers(*place))
        .map(|(_, upstream)| upstream.address.to_string())
        .filter(|address| !address.starts_with("unix:"))
        .collect();
    if open.is_empty() {
        return "nothing that this gate knows of".to_owned();
    }
    format!(
        "{}: whoever reaches it goes around the gate, unless the backend checks \
         Doorward-Admitted (examples/admission)",
        open.join(", ")
    )
}
