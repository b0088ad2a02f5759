//! Whose word about fingerprints counts.

use crate::fingerprint::shown::Policy;
use crate::layers::credential::Put;
use crate::layers::identity;
use crate::settings::{Settings, SettingsError};

const PLACE: &str = "client_ip.fingerprint_from";

/// Reads which header tells fingerprints, if any.
pub(super) fn policy(
    settings: &Settings,
    identity: &identity::Policy,
    errors: &mut Vec<SettingsError>,
) -> Policy {
    let mut refuse = |what: &dyn ToString, hint: &str| {
        errors.push(SettingsError::new(PLACE.to_owned(), what.to_string(), hint));
    };
    let policy = match Policy::new(&settings.fingerprint) {
        Ok(policy) => policy,
        Err(error) => {
            refuse(&error, "name a header that nothing else uses: \"x-ja4\"");
            return Policy::default();
        }
    };
    let Some(from) = &policy.from else { return policy };
    if settings.trusted_proxies.is_empty() {
        refuse(
            &"nobody is believed about fingerprints, because no proxy is trusted",
            "add trusted_proxies = [\"10.0.0.5\"]: the proxies that write this header, and remove \
             the client's own",
        );
    }
    let is_added = settings
        .credential
        .credentials
        .iter()
        .any(|added| matches!(&added.put, Put::Header(name) if name == from));
    if is_added || identity.judges(from.as_str()) {
        refuse(
            &"this header carries credentials, and is judged by that",
            "name a header that nothing else uses: \"x-ja4\"",
        );
    }
    policy
}
