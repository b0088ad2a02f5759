//! A client's certificate, as the TLS of a mounting has verified it: a fact of a connection, read
//! once and lent with each of its requests.

use crate::crypto;
use crate::moment::Now;
use std::borrow::Cow;

/// Bytes of a name at the most: as of a token's subject.
pub const NAME_BYTES_MAX: usize = 256;

/// The names that a certificate may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NameKind {
    /// A URI among its alternative names (RFC 5280 4.2.1.6): SPIFFE ids are such.
    Uri,
    /// A DNS name among them.
    Dns,
    /// An address of mail among them.
    Email,
    /// The common name of its subject.
    CommonName,
    /// Its whole subject, as RFC 4514 writes it.
    DistinguishedName,
}

impl NameKind {
    /// All of them by their words, in the order of the enum.
    pub const WORDS: &[(&'static str, Self)] = &[
        ("uri", Self::Uri),
        ("dns", Self::Dns),
        ("email", Self::Email),
        ("cn", Self::CommonName),
        ("dn", Self::DistinguishedName),
    ];
}

/// What a certificate says by one kind of name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Named {
    /// Nothing.
    #[default]
    Absent,
    /// One name.
    One(Box<str>),
    /// More than one, even if they agree.
    Several,
    /// One that could be taken for another, or be read in two ways.
    Unclear,
}

/// A verified certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    sha256: [u8; 32],
    ends_unix_s: u64,
    names: [Named; NameKind::WORDS.len()],
}

impl Certificate {
    /// The certificate of these bytes (DER), without a name yet. `ends_unix_s` is the first second
    /// since 1970 at which it does not hold any more.
    #[must_use]
    pub fn new(der: &[u8], ends_unix_s: u64) -> Self {
        let names = std::array::from_fn(|_| Named::Absent);
        Self { sha256: crypto::sha256(der), ends_unix_s, names }
    }

    /// Adds one of its names; none: one that cannot be read.
    pub fn add(&mut self, kind: NameKind, text: Option<&str>) {
        let Some(slot) = self.names.get_mut(kind as usize) else { return };
        *slot = match (&*slot, text.and_then(|text| plain(kind, text))) {
            (Named::Absent, Some(text)) => Named::One(text.into()),
            (Named::Absent, None) => Named::Unclear,
            (Named::One(_) | Named::Several, Some(_)) => Named::Several,
            (Named::One(_) | Named::Several, None) | (Named::Unclear, _) => Named::Unclear,
        };
    }

    /// The same, when nobody vouches for it any more: it holds no longer.
    #[must_use]
    pub fn withdrawn(&self) -> Self {
        Self { ends_unix_s: 0, ..self.clone() }
    }

    /// The SHA-256 of its DER: the thumbprint of RFC 8705 3.1.
    #[must_use]
    pub const fn sha256(&self) -> &[u8; 32] {
        &self.sha256
    }

    /// The first second since 1970 at which it does not hold any more.
    #[must_use]
    pub const fn ends_unix_s(&self) -> u64 {
        self.ends_unix_s
    }

    /// What it says by one kind of name.
    #[must_use]
    pub fn named(&self, kind: NameKind) -> &Named {
        self.names.get(kind as usize).unwrap_or(&Named::Unclear)
    }

    /// Whether it holds: it was in time at the handshake, and connections live for long.
    pub(crate) const fn holds(&self, now: Now) -> bool {
        now.unix_s < self.ends_unix_s
    }
}

/// A name that has one reading. Whatever else stands in a certificate is nobody's name.
fn plain(kind: NameKind, text: &str) -> Option<Cow<'_, str>> {
    let is_short = !text.is_empty() && text.len() <= NAME_BYTES_MAX;
    let is_graphic = || text.bytes().all(|byte| byte.is_ascii_graphic());
    let is_plain = match kind {
        NameKind::Uri => is_graphic() && text.contains(':'),
        // A wildcard is a name of many.
        NameKind::Dns => {
            text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte))
        }
        NameKind::Email => is_graphic() && text.bytes().filter(|byte| *byte == b'@').count() == 1,
        NameKind::CommonName | NameKind::DistinguishedName => {
            text == text.trim() && !text.chars().any(char::is_control)
        }
    };
    let text = (is_short && is_plain).then_some(text)?;
    // One name, whichever case its letters have (RFC 4343).
    let is_folded = kind == NameKind::Dns && text.bytes().any(|byte| byte.is_ascii_uppercase());
    Some(if is_folded { text.to_ascii_lowercase().into() } else { text.into() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(kind: NameKind, names: &[Option<&str>]) -> Named {
        let mut certificate = Certificate::new(b"der", 1);
        names.iter().for_each(|name| certificate.add(kind, *name));
        certificate.named(kind).clone()
    }

    #[test]
    fn a_name_stands_alone_and_has_one_reading() {
        use NameKind::{CommonName, DistinguishedName, Dns, Email, Uri};
        let one = |text: &str| Named::One(text.into());
        let long = "a".repeat(NAME_BYTES_MAX + 1);
        for (kind, names, want) in [
            (Uri, &[][..], Named::Absent),
            (Uri, &[Some("spiffe://prod/web")], one("spiffe://prod/web")),
            (Uri, &[Some("spiffe://prod/web"), Some("spiffe://prod/web")], Named::Several),
            (Uri, &[Some("spiffe://prod/web"), None], Named::Unclear),
            (Uri, &[None, Some("spiffe://prod/web")], Named::Unclear),
            (Uri, &[Some("spiffe://prod/w b")], Named::Unclear),
            (Uri, &[Some("no-scheme")], Named::Unclear),
            (Uri, &[Some("")], Named::Unclear),
            (Dns, &[Some("Web.Internal")], one("web.internal")),
            (Dns, &[Some("*.internal")], Named::Unclear),
            (Dns, &[Some("web.internal\0.evil")], Named::Unclear),
            (Dns, &[Some(&long)], Named::Unclear),
            (Dns, &[Some(&long[1..])], one(&long[1..])),
            (Email, &[Some("ann@example.org")], one("ann@example.org")),
            (Email, &[Some("ann@example.org@evil.example")], Named::Unclear),
            (CommonName, &[Some("Ann Lee")], one("Ann Lee")),
            (CommonName, &[Some("Änn")], one("Änn")),
            (CommonName, &[Some("Ann ")], Named::Unclear),
            (CommonName, &[Some("Ann\n")], Named::Unclear),
            (CommonName, &[Some("Ann"), Some("root")], Named::Several),
            (DistinguishedName, &[Some("CN=Ann,O=Shop")], one("CN=Ann,O=Shop")),
        ] {
            assert_eq!(of(kind, names), want, "{kind:?} {names:?}");
        }
    }

    #[test]
    fn the_words_are_in_the_order_of_the_enum() {
        for (place, (word, kind)) in NameKind::WORDS.iter().enumerate() {
            assert_eq!(*kind as usize, place, "{word}");
        }
    }

    #[test]
    fn it_holds_until_it_ends_or_is_withdrawn() {
        let at = |unix_s| Now { steady_ns: 0, unix_s };
        let certificate = Certificate::new(b"der", 100);
        assert!(certificate.holds(at(99)) && !certificate.holds(at(100)));
        assert!(!certificate.withdrawn().holds(at(0)));
        assert_eq!(certificate.withdrawn().sha256(), certificate.sha256());
    }
}
