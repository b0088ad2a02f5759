//! A connection's certificate, as a case's line says: `uri=spiffe://prod/web ends=+600`.

use doorward_core::certificate::{Certificate, NameKind};
use doorward_core::crypto::base64url;

/// Seconds for which one holds when nothing is said.
const HOLDS_S: u64 = 3_600;

/// Reads a line. `none`: the connection has none. Two lines that differ are two certificates.
pub(super) fn read(line: &str, now_unix_s: u64) -> Result<Option<Certificate>, String> {
    if line == "none" {
        return Ok(None);
    }
    let words = || line.split(' ').filter_map(|word| word.split_once('='));
    let ends = words().find(|(name, _)| *name == "ends").map(|(_, text)| text);
    let holds_s = match ends {
        None => HOLDS_S,
        Some(text) => text.trim_start_matches('+').parse().map_err(|_| "`ends` is +SECONDS")?,
    };
    let mut out = Certificate::new(line.as_bytes(), now_unix_s + holds_s);
    for (name, text) in words().filter(|(name, _)| !matches!(*name, "ends" | "der")) {
        let kind = NameKind::WORDS.iter().find(|(word, _)| *word == name);
        let (_, kind) = kind.ok_or_else(|| format!("{name} is no name of a certificate"))?;
        out.add(*kind, Some(text));
    }
    Ok(Some(out))
}

/// Its thumbprint (RFC 8705 3.1).
pub(super) fn thumbprint(certificate: &Certificate) -> String {
    let mut out = Vec::new();
    base64url(certificate.sha256(), &mut out);
    String::from_utf8_lossy(&out).into_owned()
}
