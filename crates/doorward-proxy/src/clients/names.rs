//! What stands in a client's certificate: its names and its end, read once, behind the handshake.

use crate::certificate::not_after;
use doorward_core::certificate::{Certificate, NameKind};
use std::fmt::Write;
use x509_parser::certificate::X509Certificate;
use x509_parser::error::X509Error;
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::FromDer;
use x509_parser::x509::{AttributeTypeAndValue, X509Name};

/// Alternative names that are looked at; of a certificate with more, none is.
const NAMES_MAX: usize = 64;
const COMMON_NAME: &str = "2.5.4.3";
/// Types of attributes that have short names (RFC 4514 3).
const SHORT: &[(&str, &str)] = &[
    (COMMON_NAME, "CN"),
    ("2.5.4.7", "L"),
    ("2.5.4.8", "ST"),
    ("2.5.4.10", "O"),
    ("2.5.4.11", "OU"),
    ("2.5.4.6", "C"),
    ("2.5.4.9", "STREET"),
    ("0.9.2342.19200300.100.1.25", "DC"),
    ("0.9.2342.19200300.100.1.1", "UID"),
];
const ALTERNATIVE: [NameKind; 3] = [NameKind::Uri, NameKind::Dns, NameKind::Email];

/// What is told of a certificate. What cannot be read of it is no name and no time.
pub(super) fn read(der: &[u8]) -> Certificate {
    // The last second counts (RFC 5280 4.1.2.5).
    let ends = not_after(der).and_then(|last| u64::try_from(last).ok());
    let mut out = Certificate::new(der, ends.map_or(0, |last| last.saturating_add(1)));
    match X509Certificate::from_der(der) {
        Ok((_, certificate)) => {
            of_subject(certificate.subject(), &mut out);
            alternative(&certificate, &mut out);
        }
        Err(_) => NameKind::WORDS.iter().for_each(|(_, kind)| out.add(*kind, None)),
    }
    out
}

fn alternative(certificate: &X509Certificate<'_>, out: &mut Certificate) {
    let names = match certificate.subject_alternative_name() {
        Ok(None) => return,
        Ok(Some(names)) if names.value.general_names.len() <= NAMES_MAX => names,
        Ok(Some(_)) | Err(_) => return ALTERNATIVE.iter().for_each(|kind| out.add(*kind, None)),
    };
    for name in &names.value.general_names {
        match name {
            GeneralName::URI(text) => out.add(NameKind::Uri, Some(text)),
            GeneralName::DNSName(text) => out.add(NameKind::Dns, Some(text)),
            GeneralName::RFC822Name(text) => out.add(NameKind::Email, Some(text)),
            // By the tags of RFC 5280 4.2.1.6.
            GeneralName::Invalid(tag, _) => match tag.0 {
                1 => out.add(NameKind::Email, None),
                2 => out.add(NameKind::Dns, None),
                6 => out.add(NameKind::Uri, None),
                _ => {}
            },
            GeneralName::OtherName(..)
            | GeneralName::X400Address(_)
            | GeneralName::DirectoryName(_)
            | GeneralName::EDIPartyName(_)
            | GeneralName::IPAddress(_)
            | GeneralName::RegisteredID(_) => {}
        }
    }
}

fn of_subject(subject: &X509Name<'_>, out: &mut Certificate) {
    for attribute in subject.iter_attributes() {
        if attribute.attr_type().to_id_string() == COMMON_NAME {
            out.add(NameKind::CommonName, attribute.as_str().ok());
        }
    }
    if subject.iter_rdn().next().is_some() {
        out.add(NameKind::DistinguishedName, text(subject).ok().as_deref());
    }
}

/// A name as RFC 4514 writes it: its last part first.
fn text(name: &X509Name<'_>) -> Result<String, X509Error> {
    let mut parts: Vec<String> = Vec::new();
    for part in name.iter_rdn() {
        let pairs: Result<Vec<String>, X509Error> = part.iter().map(pair).collect();
        parts.push(pairs?.join("+"));
    }
    parts.reverse();
    Ok(parts.join(","))
}

fn pair(attribute: &AttributeTypeAndValue<'_>) -> Result<String, X509Error> {
    let id = attribute.attr_type().to_id_string();
    match SHORT.iter().find(|(long, _)| *long == id) {
        Some((_, short)) => Ok(format!("{short}={}", escaped(attribute.as_str()?))),
        // Of other types nobody is sure how to write the value but by its bytes (RFC 4514 2.4).
        None => {
            let value = attribute.attr_value();
            let bytes = value.data;
            // What is longer than a name may be has a longer length, and is none.
            let length = u8::try_from(bytes.len()).ok().filter(|length| *length < 0x80);
            let length = length.ok_or(X509Error::InvalidAttributes)?;
            let tag = u8::try_from(value.tag().0).map_err(|_| X509Error::InvalidAttributes)?;
            let mut out = format!("{id}=#{tag:02x}{length:02x}");
            for byte in bytes {
                let _ = write!(out, "{byte:02x}");
            }
            Ok(out)
        }
    }
}

/// A value whose marks cannot be taken for the name's own (RFC 4514 2.4).
fn escaped(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    let last = value.char_indices().next_back().map_or(0, |(at, _)| at);
    for (at, letter) in value.char_indices() {
        let is_mark = matches!(letter, '"' | '+' | ',' | ';' | '<' | '>' | '\\' | '=')
            || (letter == '#' && at == 0)
            || (letter == ' ' && (at == 0 || at == last));
        if is_mark {
            out.push('\\');
        }
        out.push(letter);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use doorward_core::certificate::Named;
    use rcgen::{CertificateParams, DnType, DnValue, KeyPair, SanType};

    fn made(edit: impl FnOnce(&mut CertificateParams)) -> Certificate {
        let mut params = CertificateParams::new(Vec::new()).expect("no names");
        params.distinguished_name = rcgen::DistinguishedName::new();
        params.not_after = rcgen::date_time_ymd(2030, 1, 1);
        edit(&mut params);
        let key = KeyPair::generate().expect("a key");
        read(params.self_signed(&key).expect("a certificate").der())
    }

    fn one(text: &str) -> Named {
        Named::One(text.into())
    }

    #[test]
    fn a_certificates_names_are_told_apart() {
        let text = |text: &str| text.try_into().expect("ASCII");
        let got = made(|params| {
            params.subject_alt_names = vec![
                SanType::URI(text("spiffe://prod/web")),
                SanType::DnsName(text("Web.internal")),
                SanType::Rfc822Name(text("ann@example.org")),
                SanType::IpAddress([127, 0, 0, 1].into()),
            ];
            params.distinguished_name.push(DnType::OrganizationName, "Shop, Inc.");
            params.distinguished_name.push(DnType::CommonName, "Ann");
        });
        assert_eq!(got.named(NameKind::Uri), &one("spiffe://prod/web"));
        assert_eq!(got.named(NameKind::Dns), &one("web.internal"));
        assert_eq!(got.named(NameKind::Email), &one("ann@example.org"));
        assert_eq!(got.named(NameKind::CommonName), &one("Ann"));
        assert_eq!(got.named(NameKind::DistinguishedName), &one("CN=Ann,O=Shop\\, Inc."));
        assert_eq!(got.ends_unix_s(), 1_893_456_001);
        let bare = made(|_| {});
        for (word, kind) in NameKind::WORDS {
            assert_eq!(bare.named(*kind), &Named::Absent, "{word}");
        }
    }

    #[test]
    fn several_and_unclear_names_are_nobodys() {
        let text = |text: &str| text.try_into().expect("ASCII");
        let got = made(|params| {
            let uris = ["spiffe://prod/web", "spiffe://prod/admin"];
            params.subject_alt_names = uris.iter().map(|uri| SanType::URI(text(uri))).collect();
            params.subject_alt_names.push(SanType::DnsName(text("*.internal")));
            params.distinguished_name.push(DnType::CommonName, "Ann\0,O=Admins");
        });
        assert_eq!(got.named(NameKind::Uri), &Named::Several);
        assert_eq!(got.named(NameKind::Dns), &Named::Unclear);
        assert_eq!(got.named(NameKind::CommonName), &Named::Unclear);
        assert_eq!(got.named(NameKind::DistinguishedName), &Named::Unclear);
        let many = made(|params| {
            let names = (0..=NAMES_MAX).map(|number| SanType::DnsName(text(&format!("a{number}"))));
            params.subject_alt_names = names.collect();
        });
        assert_eq!(many.named(NameKind::Uri), &Named::Unclear);
        // Latin-1, as old authorities write: many read it otherwise.
        let old = made(|params| {
            let value = DnValue::TeletexString("Ann".try_into().expect("letters"));
            params.distinguished_name.push(DnType::CommonName, value);
        });
        assert_eq!(old.named(NameKind::CommonName), &Named::Unclear);
        assert_eq!(old.named(NameKind::DistinguishedName), &Named::Unclear);
    }

    #[test]
    fn a_value_cannot_pass_for_a_part_of_the_name() {
        for (value, want) in [
            ("Ann", "Ann"),
            ("Ann,O=Admins", "Ann\\,O\\=Admins"),
            ("a+b\\c\"d<e>f;g", "a\\+b\\\\c\\\"d\\<e\\>f\\;g"),
            ("#a#", "\\#a#"),
            (" a b ", "\\ a b\\ "),
            (" ", "\\ "),
            ("é ", "é\\ "),
        ] {
            assert_eq!(escaped(value), want);
        }
        let got = made(|params| {
            params.distinguished_name.push(DnType::CommonName, "Ann");
            params.distinguished_name.push(DnType::CustomDnType(vec![2, 5, 4, 5]), "7");
        });
        // RFC 4514 2.4: a type without a short name, its value in BER.
        let want = one("2.5.4.5=#0c0137,CN=Ann");
        assert_eq!(got.named(NameKind::DistinguishedName), &want);
    }

    #[test]
    fn what_is_no_certificate_names_nobody_and_has_ended() {
        for bytes in [&b""[..], b"\x30\x00", b"no certificate"] {
            let got = read(bytes);
            assert_eq!(got.ends_unix_s(), 0);
            assert_eq!(got.named(NameKind::CommonName), &Named::Unclear);
        }
    }
}
