//! Files in PEM: certificates and private keys. They are read here, and looked into by whoever uses
//! them.

use crate::document::{Value, shorten};
use crate::reading::Reading;
use doorward_core::secret::Secret;
use std::path::{Path, PathBuf};

/// A file in PEM, with its bytes.
#[derive(Clone, Debug)]
pub struct PemFile {
    /// Where it is, as it was written.
    pub(crate) written: String,
    path: PathBuf,
    text: Secret,
}

impl PemFile {
    /// Where it is: relative paths start where the configuration file is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Its bytes. Of a private key too, so they go nowhere but to who uses them.
    #[must_use]
    pub fn text(&self) -> &[u8] {
        self.text.expose()
    }
}

impl PartialEq for PemFile {
    fn eq(&self, other: &Self) -> bool {
        self.path == other.path && self.text.matches(other.text())
    }
}

impl Eq for PemFile {}

/// What a file holds.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum PemKind {
    /// Certificates.
    Certificate,
    /// A private key.
    Key,
    /// Lists of certificates that were revoked.
    Revocations,
}

/// Reads the file that a value names.
pub(crate) fn read(value: &Value<'_>, kind: PemKind, reading: &mut Reading<'_>) -> Option<PemFile> {
    let text = value.text(reading)?;
    if text.contains("-----BEGIN") {
        reading.mask(&value.place);
        let hint = "put it in a file of its own, readable by the gate only, and name that";
        return value.error("a file's name is meant here, not what stands in it", hint, reading);
    }
    let path = reading.resolve(text);
    let bytes = match reading.outside.file(&path) {
        Ok(bytes) => bytes,
        Err(error) => {
            let what = format!("the file {:?} cannot be read: {error}", shorten(text));
            let hint = "relative paths start where the configuration file is";
            return value.error(what, hint, reading);
        }
    };
    let mark: &[u8] = match kind {
        PemKind::Certificate => b"-----BEGIN CERTIFICATE-----",
        PemKind::Key => b"PRIVATE KEY-----",
        PemKind::Revocations => b"-----BEGIN X509 CRL-----",
    };
    let file = PemFile { written: text.to_owned(), path, text: Secret::new(bytes) };
    if file.text().windows(mark.len()).any(|bytes| bytes == mark) {
        return Some(file);
    }
    let what = match kind {
        PemKind::Certificate => format!("there is no certificate in {:?}", shorten(text)),
        PemKind::Key => format!("there is no private key in {:?}", shorten(text)),
        PemKind::Revocations => format!("there is no revocation list in {:?}", shorten(text)),
    };
    let hint = "PEM is text that begins with -----BEGIN; openssl makes it of other forms";
    value.error(what, hint, reading)
}
