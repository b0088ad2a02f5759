//! The admission proof, verified from its published form alone: by other code than the core's.

use super::Contact;
use aws_lc_rs::{digest, hkdf, hmac};

/// What a backend knows of the gate before it.
#[derive(Clone, Debug)]
pub(super) struct ProofKey {
    key: hmac::Key,
    gate_id: String,
}

struct Bytes(usize);

impl hkdf::KeyType for Bytes {
    fn len(&self) -> usize {
        self.0
    }
}

impl ProofKey {
    /// The key that belongs to a root secret and a gate's id: HKDF-SHA256 without salt; each part
    /// of the info behind its length in four bytes.
    pub(super) fn of_secret(root: &str, gate_id: &str) -> Self {
        let mut info = Vec::new();
        for part in ["doorward admission v1", gate_id] {
            info.extend(u32::try_from(part.len()).expect("a short part").to_be_bytes());
            info.extend(part.as_bytes());
        }
        let mut key = [0; 32];
        let expanded = hkdf::Salt::new(hkdf::HKDF_SHA256, &[]).extract(root.as_bytes());
        let info = [info.as_slice()];
        let expanded = expanded.expand(&info, Bytes(32)).expect("one block");
        expanded.fill(&mut key).expect("32 bytes");
        Self::new(&key, gate_id)
    }

    /// The key that an operator chose, as text.
    pub(super) fn of_text(text: &str, gate_id: &str) -> Self {
        Self::new(text.as_bytes(), gate_id)
    }

    fn new(key: &[u8], gate_id: &str) -> Self {
        Self { key: hmac::Key::new(hmac::HMAC_SHA256, key), gate_id: gate_id.to_owned() }
    }

    /// What is wrong with the proof of a request that arrived at the backend.
    pub(super) fn doubt(&self, contact: &Contact, unix_s: u64, binds_body: bool) -> Option<String> {
        let mut proofs = contact.values("doorward-admitted");
        let Some(proof) = proofs.next() else { return Some("no proof".to_owned()) };
        if proofs.next().is_some() {
            return Some("more than one proof".to_owned());
        }
        let fields: Vec<&str> = proof.split('.').collect();
        let [version, time, id, identity, digest, mac] = fields.as_slice() else {
            return Some(format!("a proof has six fields: {proof}"));
        };
        let (method, target) = (contact.method.as_str(), contact.target.as_str());
        let mut text = String::new();
        for field in [version, &*self.gate_id, time, id, method, target, identity, digest] {
            text.push_str(&format!("{}:{field}", field.len()));
        }
        let mac = base64url(mac).unwrap_or_default();
        if hmac::verify(&self.key, text.as_bytes(), &mac).is_err() {
            return Some(format!("the proof does not fit {method} {target}: {proof}"));
        }
        let wanted = if binds_body {
            digest::digest(&digest::SHA256, &contact.body).as_ref().to_vec()
        } else {
            Vec::new()
        };
        let digest = if *digest == "-" { Some(Vec::new()) } else { base64url(digest) };
        if digest != Some(wanted) {
            return Some(format!("the proof's digest is not that of the body: {proof}"));
        }
        // The proof is of the caller that the other headers name, or of nobody.
        let said = ["doorward-issuer", "doorward-identity", "doorward-scopes"]
            .map(|name| contact.values(name).collect::<Vec<_>>().join(", "));
        let caller = base64url(identity).map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
        let is_theirs = if said == ["", "", ""] {
            *identity == "-"
        } else {
            caller.is_some_and(|caller| caller == said.join(" ").trim_end())
        };
        let sound = is_theirs && (*version, *time) == ("dwa1", &*unix_s.to_string());
        (!sound).then(|| format!("the proof is for another time or caller: {proof}"))
    }
}

/// base64url without padding.
fn base64url(text: &str) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    let (mut word, mut bits) = (0_u32, 0_u32);
    for byte in text.bytes() {
        let six = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'-' => 62,
            b'_' => 63,
            _ => return None,
        };
        word = (word << 6 | u32::from(six)) & 0xffff;
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            out.push((word >> bits & 0xff) as u8);
        }
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::{ProofKey, base64url};
    use crate::cases::Contact;

    #[test]
    fn base64url_is_decoded() {
        for (text, want) in [("", &b""[..]), ("Zg", b"f"), ("Zm9v", b"foo"), ("__4", b"\xff\xfe")] {
            assert_eq!(base64url(text).as_deref(), Some(want), "{text}");
        }
        assert_eq!(base64url("a+b"), None);
    }

    #[test]
    fn a_request_without_its_own_proof_is_doubted() {
        let key = ProofKey::of_secret("a secret of many bytes, for tests", "gate");
        let contact = |proofs: &[&str]| Contact {
            method: "GET".into(),
            target: "/".into(),
            headers: proofs.iter().map(|p| ("Doorward-Admitted".into(), (*p).into())).collect(),
            body: Vec::new(),
        };
        let forged = "dwa1.0.00.-.-.AAAA";
        for proofs in [&[][..], &[forged], &[forged, forged], &["dwa1"]] {
            assert!(key.doubt(&contact(proofs), 0, false).is_some(), "{proofs:?}");
        }
    }
}
