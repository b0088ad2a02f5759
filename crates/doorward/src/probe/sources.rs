//! What is looked at: the addresses that were typed, or what files say of their hosts.

use crate::args::Probe as Typed;
use anyhow::{Context, bail};
use doorward_browser::Origin;
use doorward_probe::read::har::{self, HAR_BYTES_MAX, Recorded};
use doorward_probe::read::openapi::{self, OPENAPI_BYTES_MAX};
use doorward_probe::read::{Asked, Listed, TEXT_BYTES_MAX, curl};
use doorward_probe::{Operation, Session, Source};
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use url::Url;

/// The operations of a run, and the credentials that files hold for them.
pub(super) struct Gathered {
    pub(super) listed: Listed,
    pub(super) session: Option<Session>,
}

/// Gathers what is to be looked at. Every address is below one of `urls`.
pub(super) fn gathered(typed: &Typed, urls: &[Url]) -> anyhow::Result<Gathered> {
    let mut listed = Listed::default();
    if typed.sources.is_empty() {
        listed.operations = urls.iter().cloned().map(Operation::get).collect();
        return Ok(Gathered { listed, session: None });
    }
    let mut session = None;
    for path in &typed.sources.openapi {
        let text = text(path, OPENAPI_BYTES_MAX)?;
        for url in urls {
            let own = openapi::read(&text, url);
            listed.join(own.with_context(|| format!("{}", path.display()))?);
        }
    }
    for path in &typed.sources.har {
        let recorded = read_har(path)?;
        listed.join(recorded.operations(urls));
        session = session.or_else(|| urls.iter().find_map(|url| recorded.session(url)));
    }
    for path in &typed.sources.curl {
        let text = text(path, TEXT_BYTES_MAX)?;
        let asked = curl::read(&text).with_context(|| format!("{}", path.display()))?;
        let url = asked.request.url.clone();
        if !urls.iter().any(|own| Origin::of(own).is_same(&Origin::of(&url))) {
            bail!(
                "the line of curl asks {0}, which is not among the addresses: if it is yours, \
                 type {0} too",
                Origin::of(&url)
            );
        }
        session = session.or_else(|| session_of(&asked));
        listed.operations.push(asked.operation(Source::Curl));
    }
    if !typed.allow_writes {
        listed.without_writes();
    }
    listed.at_most(typed.sources.max_operations);
    Ok(Gathered { listed, session })
}

fn session_of(asked: &Asked) -> Option<Session> {
    let headers = asked.credentials();
    let own = std::slice::from_ref(&asked.request.url);
    (!headers.is_empty()).then(|| Session::new(headers, own))
}

/// What was left out, as a report has it.
pub(super) fn left_out(listed: Listed) -> Vec<(String, String)> {
    let more = (listed.more_left_out > 0).then(|| {
        (format!("{} more", listed.more_left_out), "of the same kinds as those above".to_owned())
    });
    listed.left_out.into_iter().chain(more).collect()
}

/// A HAR file.
pub(crate) fn read_har(path: &Path) -> anyhow::Result<Recorded> {
    let text = text(path, HAR_BYTES_MAX)?;
    har::read(&text).with_context(|| format!("{}", path.display()))
}

/// A file's text; `-` is standard input.
pub(crate) fn text(path: &Path, bytes_max: usize) -> anyhow::Result<String> {
    let no = || format!("cannot read {}", path.display());
    // One byte more tells that there is more.
    let limit = bytes_max as u64 + 1;
    let mut text = String::new();
    let read = match path.as_os_str() == "-" {
        true => io::stdin().lock().take(limit).read_to_string(&mut text),
        false => File::open(path).with_context(no)?.take(limit).read_to_string(&mut text),
    };
    if read.with_context(no)? > bytes_max {
        bail!("{} has more than {bytes_max} bytes", path.display());
    }
    Ok(text)
}

#[cfg(test)]
mod tests;
