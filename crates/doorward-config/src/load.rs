//! From files and flags to a configuration, or to everything that is wrong.

use crate::command_line;
use crate::config::{Config, Profile};
use crate::credited;
use crate::document::Table;
use crate::draft::{Draft, Reference};
use crate::effective::Said;
use crate::given::Given;
use crate::keys::TOP;
use crate::outside::Outside;
use crate::permissive;
use crate::reading::Reading;
use crate::report::Report;
use crate::section::{shared_store, top};
use crate::source::Place;
use crate::upstream::{HostHeader, Upstream, is_private};
use crate::warn;
use doorward_core::crypto;
use doorward_core::gate::Gate;
use doorward_core::layers::csrf::Forms;
use doorward_core::mode::Mode;
use doorward_core::origin::is_local_host;
use doorward_core::route::{Csrf, Settings as Route};
use doorward_core::secret::Secret;
use doorward_core::settings::Settings;
use std::net::SocketAddr;
use std::path::Path;
use toml::de::DeTable;

/// Bytes of a secret that is drawn while trying out.
const FRESH_BYTES: usize = 32;

/// The other way out for whoever is told that the gate knows nobody.
const OFF_HINT: &str = "; or say that the backend sees to it: [layers.identity] mode = \"off\"";

/// Tells the admission proof's key from all others.
const ADMISSION_LABEL: &str = "doorward admission v1";

/// Reads the file that is given, if one is, writes the command line over it, and makes the gate.
///
/// `fresh_secret` are random bytes of the caller's, used where no signing secret is configured
/// while trying out.
///
/// # Errors
/// Everything that is wrong, at once.
pub fn load(
    given: &Given,
    outside: &dyn Outside,
    fresh_secret: [u8; FRESH_BYTES],
) -> Result<Config, Report> {
    let mut reading = Reading::new(outside);
    let mut draft = Draft::default();
    if let Some(path) = &given.file
        && read_file(path, &mut draft, &mut reading).is_none()
    {
        // What is missing cannot be told of a file that could not be read.
        return Err(reading.report());
    }
    command_line::apply(given, &mut draft, &mut reading);
    finish(draft, reading, fresh_secret)
}

fn read_file(path: &Path, draft: &mut Draft, reading: &mut Reading<'_>) -> Option<()> {
    let name = path.display().to_string();
    let bytes = match reading.outside.file(path) {
        Ok(bytes) => bytes,
        Err(error) => {
            reading.error(None, format!("{name} cannot be read: {error}"), "");
            return None;
        }
    };
    let Ok(text) = String::from_utf8(bytes) else {
        reading.error(None, format!("{name} is not UTF-8 text"), "save it as UTF-8");
        return None;
    };
    reading.folder = path.parent().unwrap_or(Path::new("")).to_owned();
    let source = reading.add_source(Some(name), text.clone());
    let (document, errors) = DeTable::parse_recoverable(&text);
    let syntax = errors.first();
    if let Some(error) = syntax {
        let span = error.span().unwrap_or(0..0);
        let what = format!("this is not TOML: {}", error.message());
        reading.error(Some(&Place::new(source, span)), what, "");
        // What could be read of the document says which texts are secrets and must not be shown.
        let mut unheard = Reading::new(reading.outside);
        let table = Table::open(&TOP, document.get_ref(), source, "", &mut unheard);
        top::read(&table, &mut Draft::default(), &mut unheard);
        reading.take_masks(unheard);
        mask_broken_line(&text, source, error.span().map_or(0, |span| span.start), reading);
        return None;
    }
    let table = Table::open(&TOP, document.get_ref(), source, "", reading);
    top::read(&table, draft, reading);
    Some(())
}

/// Hides the values of a line that cannot be read, where secrets stand: below `[secrets]`,
/// `[layers.credential]` and `[admin]`, and on lines that name them.
fn mask_broken_line(text: &str, source: usize, at: usize, reading: &mut Reading<'_>) {
    let Some(before) = text.get(..at) else { return };
    let start = before.rfind('\n').map_or(0, |end| end + 1);
    let end = text[start..].find('\n').map_or(text.len(), |end| start + end);
    let line = &text[start..end];
    let header = before[..start].lines().rev().find(|line| line.trim_start().starts_with('['));
    let secret = ["secret", "credential", "token", "admin"];
    let names = |text: &str| secret.iter().any(|word| text.contains(word));
    if line.trim_start().starts_with('[') || !(names(line) || header.is_some_and(names)) {
        return;
    }
    let value = line.find('=').map_or(start, |equals| start + equals + 1);
    reading.mask(&Place::new(source, value..end));
}

/// What only the whole can tell.
fn finish(
    mut draft: Draft,
    mut reading: Reading<'_>,
    fresh_secret: [u8; FRESH_BYTES],
) -> Result<Config, Report> {
    reading.finish_values();
    let trying_out = is_private(draft.listen.ip());
    draft.settings.trying_out = trying_out;
    draft.settings.addresses = own_addresses(draft.listen, trying_out);
    if draft.upstream.is_none() && reading.exact_place("upstream").is_none() {
        let hint =
            "add upstream = \"http://127.0.0.1:3000\", or: doorward guard http://127.0.0.1:3000";
        reading.error(None, "nothing is guarded: `upstream` is missing", hint);
    }
    profile(&mut draft);
    two_listeners(&draft, &mut reading);
    let secret_was_generated = signing(&mut draft, trying_out, fresh_secret, &mut reading);
    shared_store::look(&draft, secret_was_generated, &mut reading);
    draft.settings.credential.admission_key = admission_key(&draft);
    let signing = draft.signing.iter().map(|reference| reference.secret.clone());
    draft.settings.pass.secrets = signing.collect();
    draft.settings.csrf.secrets.clone_from(&draft.settings.pass.secrets);
    draft.settings.identity.nonce.secrets.clone_from(&draft.settings.pass.secrets);
    let gate = match Gate::new(&draft.settings) {
        Ok(gate) => Some(gate),
        Err(errors) => {
            for mut error in errors {
                // That there is no secret was said where it is missing.
                let makes = ["layers.csrf.mode", "layers.pass.mode", "layers.identity.proof.nonce"];
                if makes.contains(&error.place.as_str()) && draft.signing.is_empty() {
                    continue;
                }
                if error.place == "layers.identity" && !draft.settings.identity.believes_anybody() {
                    error.place = who_is_missing(&draft, &reading);
                    error.hint.push_str(OFF_HINT);
                }
                reading.core_error(error);
            }
            None
        }
    };
    let (false, Some(gate), Some(main)) = (reading.has_errors(), gate, draft.upstream.clone())
    else {
        return Err(reading.report());
    };
    warn::add(&draft, trying_out, &mut reading);
    let said = Said::new(&draft, &reading, secret_was_generated);
    let permissive = permissive::words(&draft, &reading);
    Ok(Config {
        listen: draft.listen,
        upstreams: upstreams(main, &draft),
        tls: draft.tls,
        http2: draft.http2,
        proxy_protocol: draft.proxy_protocol,
        admin: draft.admin,
        threads: draft.threads,
        log: draft.log,
        bounds: draft.bounds,
        store: draft.store,
        gate,
        profile: draft.profile,
        trying_out,
        signing: draft.signing.iter().map(|reference| reference.secret.clone()).collect(),
        secret_was_generated,
        permissive,
        warnings: reading.report(),
        settings: draft.settings,
        said,
    })
}

/// The listening address stands for the gate while trying out; everybody's (`0.0.0.0`) is none.
fn own_addresses(listen: SocketAddr, trying_out: bool) -> Vec<String> {
    let host = match listen {
        SocketAddr::V4(address) => address.ip().to_string(),
        SocketAddr::V6(address) => format!("[{}]", address.ip()),
    };
    if trying_out && !is_local_host(&host) { vec![host] } else { Vec::new() }
}

fn profile(draft: &mut Draft) {
    let authenticated = draft.profile == Profile::Authenticated;
    draft.settings.cors.credentials = draft.cors_credentials.unwrap_or(authenticated);
    draft.settings.requires_identity = authenticated;
    let injects = injects(&draft.settings);
    draft.settings.csrf.fields = draft.csrf_fields.unwrap_or(injects);
    let modes = &mut draft.settings.layer_modes;
    if modes.iter().all(|(id, _)| *id != "pass") {
        modes.push(("pass", if authenticated { Mode::Off } else { Mode::Enforce }));
    }
    if modes.iter().all(|(id, _)| *id != "csrf") {
        let mode = mode_of_tokens(&draft.settings);
        draft.settings.layer_modes.push(("csrf", mode));
    }
}

/// Whether tokens are written into forms, here or on a route.
pub(crate) fn injects(settings: &Settings) -> bool {
    let mut of_routes = settings.routes.iter().map(|route| route.forms);
    settings.csrf.forms == Forms::Inject || of_routes.any(|forms| forms == Some(Forms::Inject))
}

/// How seriously CSRF tokens are asked for where nothing is said: as seriously as callers who must
/// be known, and may be by a cookie or a certificate; and where a route asks for one.
pub(crate) fn mode_of_tokens(settings: &Settings) -> Mode {
    let says = |route: &Route| matches!(route.csrf, Csrf::Required | Csrf::Body);
    if settings.routes.iter().any(says) || injects(settings) {
        return Mode::Enforce;
    }
    let requires = settings.requires_identity
        || settings.routes.iter().any(|route| route.requires_identity == Some(true));
    if !requires || !settings.identity.reads_what_browsers_send() {
        return Mode::Off;
    }
    let of_identity = settings.layer_modes.iter().find(|(id, _)| *id == "identity");
    of_identity.map_or(Mode::Enforce, |(_, mode)| *mode)
}

/// Where it is felt that nobody is believed: where the layer is set up, or what asks for callers
/// that are known.
fn who_is_missing(draft: &Draft, reading: &Reading<'_>) -> String {
    let layer = "layers.identity".to_owned();
    if reading.exact_place(&layer).is_some() {
        return layer;
    }
    let of_route = || {
        let mut routes = draft.settings.routes.iter();
        routes.position(|route| route.requires_identity == Some(true))
    };
    match (draft.settings.requires_identity, of_route()) {
        (false, Some(place)) => format!("route[{place}].profile"),
        (true, _) | (false, None) => "profile".to_owned(),
    }
}

fn two_listeners(draft: &Draft, reading: &mut Reading<'_>) {
    let Some(admin) = &draft.admin else { return };
    if admin.listen == draft.listen && draft.listen.port() != 0 {
        let place = reading.place("admin.listen").or_else(|| reading.place("admin"));
        let what = "the gate itself listens there";
        reading.error(place.as_ref(), what, "give the admin listener a port of its own");
    }
}

/// Sees to a signing secret; whether one was generated.
fn signing(
    draft: &mut Draft,
    trying_out: bool,
    fresh_secret: [u8; FRESH_BYTES],
    reading: &mut Reading<'_>,
) -> bool {
    if !draft.signing.is_empty()
        || reading.exact_place("secrets.signing").is_some_and(|place| reading.is_faulty(place))
    {
        return false;
    }
    if !trying_out {
        let place = reading.place("secrets.signing").or_else(|| reading.place("listen"));
        reading.error(
            place.as_ref(),
            "off loopback and private addresses the gate needs a signing secret of its own",
            "add [secrets] signing = [\"env:DOORWARD_SECRET\"], and make one: head -c 32 \
             /dev/urandom | base64",
        );
        return false;
    }
    let secret = Secret::new(fresh_secret);
    draft.signing.push(Reference { written: String::new(), secret });
    true
}

fn admission_key(draft: &Draft) -> Secret {
    if let Some(own) = &draft.admission {
        return own.secret.clone();
    }
    match draft.signing.first() {
        Some(root) => crypto::derive(&root.secret, &[ADMISSION_LABEL, &draft.settings.gate_id]),
        // Without a root there is an error, and no gate.
        None => Secret::default(),
    }
}

fn upstreams(main: Upstream, draft: &Draft) -> Vec<Upstream> {
    let all = std::iter::once(main).chain(draft.route_upstreams.iter().cloned());
    all.enumerate()
        .map(|(place, upstream)| {
            let own = || HostHeader::Name(upstream.address.authority());
            let host = match draft.upstream_host.as_deref() {
                Some("keep") => HostHeader::Keep,
                Some("upstream") => own(),
                Some(name) => HostHeader::Name(name.to_owned()),
                None if is_elsewhere(&upstream, place, &draft.settings) => own(),
                None => HostHeader::Keep,
            };
            Upstream { host, ..upstream }
        })
        .collect()
}

/// Whether an upstream is a service of somebody else's, as far as can be seen: by https, under a
/// public name, and it asks for a key. Such a one serves its own name alone, and many share an
/// address, where a client's `Host` would choose who gets the key.
fn is_elsewhere(upstream: &Upstream, place: usize, settings: &Settings) -> bool {
    upstream.tls.is_some() && upstream.address.looks_public() && credited::gets_one(settings, place)
}
