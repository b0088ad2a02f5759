//! What the command line says goes over the file.

mod spend;

use crate::config::Profile;
use crate::draft::Draft;
use crate::given::Given;
use crate::reading::Reading;
use crate::section::{credential, top, upstream};
use crate::source::Place;
use doorward_core::layers::credential::{Credential, Put};
use doorward_core::mode::Mode;
use doorward_core::route;

/// Writes the flags over the draft.
pub(crate) fn apply(given: &Given, draft: &mut Draft, reading: &mut Reading<'_>) {
    if let Some(text) = &given.upstream {
        let place = reading.add_flag("UPSTREAM", text);
        reading.point("upstream", &place);
        draft.upstream = upstream::of_text(text, &place, reading);
    }
    if let Some(text) = &given.listen {
        let place = reading.add_flag("--listen", text);
        reading.point("listen", &place);
        if let Some(address) = top::listen(text, &place, reading) {
            draft.listen = address;
        }
    }
    if !given.origins.is_empty() {
        draft.settings.origins = list("origins", "--origin", &given.origins, reading);
    }
    if !given.external.is_empty() {
        draft.settings.external = list("external", "--external", &given.external, reading);
    }
    if let Some(text) = &given.profile {
        profile(text, draft, reading);
    }
    if given.monitor {
        let place = reading.add_flag("--monitor", "");
        reading.point("mode", &place);
        draft.settings.mode = draft.settings.mode.milder(Mode::Monitor);
    }
    if given.no_passes {
        let place = reading.add_flag("--no-passes", "");
        reading.point("layers.pass.mode", &place);
        draft.settings.layer_modes.retain(|(id, _)| *id != "pass");
        draft.settings.layer_modes.push(("pass", Mode::Off));
    }
    if let Some(log) = given.log {
        let place = reading.add_flag("--log", "");
        reading.point("log", &place);
        draft.log = log;
    }
    if let Some(threads) = given.threads {
        let place = reading.add_flag("--threads", &threads.to_string());
        reading.point("threads", &place);
        draft.threads = threads;
    }
    let names = credentials(given, draft, reading);
    let own = draft.settings.routes.len();
    allow(given, &names, draft, reading);
    spend::apply(given, own, draft, reading);
}

fn list(path: &str, flag: &str, texts: &[String], reading: &mut Reading<'_>) -> Vec<String> {
    for (index, text) in texts.iter().enumerate() {
        let place = reading.add_flag(flag, text);
        if index == 0 {
            reading.point(path, &place);
        }
        reading.point(format!("{path}[{index}]"), &place);
    }
    texts.to_vec()
}

fn profile(text: &str, draft: &mut Draft, reading: &mut Reading<'_>) {
    let place = reading.add_flag("--profile", text);
    reading.point("profile", &place);
    match Profile::WORDS.iter().find(|(word, _)| *word == text) {
        Some((_, profile)) => draft.profile = *profile,
        None => {
            let hint = "write --profile public or --profile authenticated";
            reading.error(Some(&place), "there is no such profile", hint);
        }
    }
}

/// Adds the credentials; their names, which nobody else can choose.
fn credentials(given: &Given, draft: &mut Draft, reading: &mut Reading<'_>) -> Vec<String> {
    let mut names = Vec::new();
    for text in &given.credential {
        let place = reading.add_flag("--credential", text);
        let Some(mut added) = one_credential(text, &place, reading) else { continue };
        added.name = format!("--credential {}", names.len() + 1);
        names.push(added.name.clone());
        let index = draft.settings.credential.credentials.len();
        reading.point(format!("layers.credential.add[{index}].value"), &place);
        draft.settings.credential.credentials.push(added);
        let value = text.split_once(text_divider(text)).map_or("", |(_, value)| value.trim());
        draft.credential_values.push(credential::written(value).to_owned());
        if given.allow.is_empty() {
            let hint = "say which requests may use it: --allow 'POST /v1/chat/completions'";
            reading.error(Some(&place), "no request would be given this credential", hint);
        }
    }
    names
}

/// What divides place and value: `?key=env:NAME` for the query, `Name: env:NAME` for a header.
fn text_divider(text: &str) -> char {
    if text.starts_with('?') { '=' } else { ':' }
}

fn one_credential(text: &str, place: &Place, reading: &mut Reading<'_>) -> Option<Credential> {
    let Some((name, value)) = text.split_once(text_divider(text)) else {
        // Perhaps a bare secret.
        reading.mask(place);
        let hint = "write --credential 'Authorization: Bearer env:API_KEY', or '?key=env:API_KEY'";
        let what = "a credential is a header's name and value, or a parameter's";
        reading.error(Some(place), what, hint);
        return None;
    };
    let value = value.trim();
    let put = match name.strip_prefix('?') {
        Some(name) => credential::parameter_name(name, place, reading).map(Put::Query),
        None => credential::header_name(name, place, reading).map(Put::Header),
    };
    if !credential::has_reference(value) {
        reading.mask(place);
        let hint = "write env:NAME or file:PATH in its place: what is typed stands in the shell's \
                    history and in the list of processes";
        reading.error(Some(place), "a secret is written out on the command line", hint);
        return None;
    }
    let (before, secret) = credential::split_value(value, place, reading)?;
    Some(Credential { name: String::new(), put: put?, before, secret })
}

/// A route for each `--allow`; everything else is refused.
fn allow(given: &Given, credentials: &[String], draft: &mut Draft, reading: &mut Reading<'_>) {
    if given.allow.is_empty() {
        return;
    }
    draft.settings.message.refuse_unmatched = true;
    for text in &given.allow {
        let place = reading.add_flag("--allow", text);
        reading.point("unmatched", &place);
        let (methods, path) = match text.trim().split_once(' ') {
            Some((methods, path)) => (methods, path.trim()),
            None => ("", text.trim()),
        };
        let index = draft.settings.routes.len();
        for key in ["path", "methods", "credential"] {
            reading.point(format!("route[{index}].{key}"), &place);
        }
        draft.settings.routes.push(route::Settings {
            path: path.to_owned(),
            methods: methods
                .split(',')
                .filter(|name| !name.is_empty())
                .map(str::to_owned)
                .collect(),
            credentials: credentials.to_vec(),
            insecure_open_credential: given.insecure_open_credential,
            ..route::Settings::default()
        });
    }
}
