//! Where an issuer's keys are fetched.

use crate::reading::Reading;
use crate::source::Place;
use crate::upstream::{host_and_port, is_private};
use doorward_core::layers::identity::{KeysUrl, REFRESH_S, STALE_S};
use doorward_core::origin::is_local_host;
use std::net::IpAddr;

/// Reads the URL of a JWKS. `times_s`: how often it is fetched, and how long its keys are believed
/// without, where that is said.
pub(super) fn read(
    text: &str,
    is_private_said: bool,
    times_s: [Option<u64>; 2],
    place: &Place,
    reading: &mut Reading<'_>,
) -> Option<KeysUrl> {
    let (what, hint) = match parse(text, is_private_said) {
        Ok(is_private) => {
            let [refresh_s, stale_s] = times_s;
            return Some(KeysUrl {
                url: text.to_owned(),
                is_private,
                refresh_s: refresh_s.unwrap_or(REFRESH_S),
                stale_s: stale_s.unwrap_or(STALE_S),
            });
        }
        Err(fault) => fault,
    };
    if text.contains('@') {
        // A password may stand before it.
        reading.mask(place);
    }
    reading.error(Some(place), what, hint);
    None
}

type Fault = (&'static str, &'static str);

/// It is no address.
pub(super) const NO_URL: &str = "this is no address of keys";
/// It would be asked in the clear.
pub(super) const PLAIN: &str =
    "over http anybody on the way could put in keys of his own, and sign as this issuer";

const FORM: Fault = (NO_URL, "write \"https://id.example/jwks.json\"");

/// Whether a name may lead to a private address. An address that is written out says that by
/// itself; `localhost` leads to this machine, and nowhere else.
pub(super) fn parse(text: &str, is_private_said: bool) -> Result<bool, Fault> {
    let (scheme, rest) = text.split_once("://").ok_or(FORM)?;
    let default_port = match scheme {
        "https" => 443,
        "http" => 80,
        _ => return Err(FORM),
    };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    if authority.contains('@') {
        return Err((
            "an address of keys has no user name or password in it",
            "leave out what stands before `@`: the keys are public",
        ));
    }
    if text.contains('#') {
        return Err((
            "a URL's fragment is never sent, so it names no keys",
            "leave out what begins with `#`",
        ));
    }
    if text.parse::<http::Uri>().is_err() {
        return Err(FORM);
    }
    let (host, _) = host_and_port(authority, default_port).ok_or(FORM)?;
    let is_own = match host.parse::<IpAddr>() {
        Ok(address) => is_private(address),
        Err(_) => is_local_host(&host),
    };
    if scheme == "http" && !is_own && !is_private_said {
        return Err((
            PLAIN,
            "write https://…; on a network that is your own alone, accept it by private = true",
        ));
    }
    Ok(is_private_said)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_fetched_over_https_or_at_home() {
        for (text, said, want) in [
            ("https://id.example/jwks.json", false, Some(false)),
            ("https://id.example:8443/jwks?tenant=a", false, Some(false)),
            ("https://id.example/jwks.json", true, Some(true)),
            ("https://10.0.0.7/jwks.json", false, Some(false)),
            ("http://127.0.0.1:9000/jwks.json", false, Some(false)),
            ("http://[::1]/jwks.json", false, Some(false)),
            ("http://localhost:9000/jwks.json", false, Some(false)),
            ("http://id.localhost/jwks.json", false, Some(false)),
            ("http://id.internal/jwks.json", true, Some(true)),
            ("http://id.internal/jwks.json", false, None),
            ("http://203.0.113.7/jwks.json", false, None),
            ("http://localhost.example/jwks.json", false, None),
            ("http://127.0.0.1@id.example/jwks.json", false, None),
            ("https://ann:secret@id.example/jwks.json", false, None),
            ("https://id.example/jwks.json#keys", false, None),
            ("https://id.example/a@b", false, Some(false)),
            ("https://id.example:99999/jwks.json", false, None),
            ("https://id.example:/jwks.json", false, None),
            ("https:///jwks.json", false, None),
            ("HTTPS://id.example/jwks.json", false, None),
            ("ftp://id.example/jwks.json", false, None),
            ("https://id.example/jwks json", false, None),
        ] {
            assert_eq!(parse(text, said).ok(), want, "{text} {said}");
        }
    }
}
