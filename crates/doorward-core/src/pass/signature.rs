//! A client's signature (RFC 9421) in the one spelling that our own client writes. What deviates
//! from it by a byte is refused, so there is nothing to interpret.

use super::fields;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// What the signature's parameters say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Signed<'v> {
    /// Everything behind `doorward=`, as the base repeats it.
    params: &'v str,
    pub(crate) covered: Covered,
    pub(crate) created_unix_s: u64,
    pub(crate) nonce: &'v str,
    pub(crate) key_id: &'v str,
}

/// Which of the components that depend on the request are listed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Covered {
    pub(crate) digest: bool,
    pub(crate) length: bool,
    pub(crate) content_type: bool,
}

/// Why the parameters are not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum InputError {
    /// A component is missing that must be listed.
    Incomplete,
    /// Not the form that our client writes.
    Malformed,
}

/// Characters of a nonce: 16 bytes in base64url.
const NONCE_TEXT_BYTES: usize = 22;
/// Bytes of a `Signature-Input` at the most.
const INPUT_BYTES_MAX: usize = 512;
/// Always listed, in this order.
const FIRST: [&str; 4] = ["@method", "@authority", "@path", "@query"];
/// Listed where the request has them, in this order.
const MAYBE: [&str; 3] = ["content-digest", "content-length", "content-type"];
/// Always the last one.
const LAST: &str = "doorward-pass";

/// Reads `Signature-Input`.
pub(crate) fn parse_input(text: &str) -> Result<Signed<'_>, InputError> {
    const MALFORMED: InputError = InputError::Malformed;
    if text.len() > INPUT_BYTES_MAX {
        return Err(MALFORMED);
    }
    let params = text.strip_prefix("doorward=").ok_or(MALFORMED)?;
    let rest = params.strip_prefix('(').ok_or(MALFORMED)?;
    let (list, rest) = rest.split_once(')').ok_or(MALFORMED)?;
    let covered = parse_list(list)?;
    let rest = rest.strip_prefix(";created=").ok_or(MALFORMED)?;
    let (created, rest) = rest.split_once(";nonce=\"").ok_or(MALFORMED)?;
    let (nonce, rest) = rest.split_once("\";keyid=\"").ok_or(MALFORMED)?;
    let (key_id, rest) = rest.split_once('"').ok_or(MALFORMED)?;
    let is_ours = rest == ";alg=\"hmac-sha256\";tag=\"doorward\"";
    let is_nonce = nonce.len() == NONCE_TEXT_BYTES && super::seal::sixteen(nonce).is_some();
    let created_unix_s = fields::number(created).ok_or(MALFORMED)?;
    if !is_ours || !is_nonce {
        return Err(MALFORMED);
    }
    Ok(Signed { params, covered, created_unix_s, nonce, key_id })
}

/// Reads the list of components. One that is not known is as wrong as one at another place.
fn parse_list(list: &str) -> Result<Covered, InputError> {
    let name = |text: &str| -> Option<usize> {
        let text = text.strip_prefix('"')?.strip_suffix('"')?;
        FIRST.iter().chain(&MAYBE).chain([&LAST]).position(|known| *known == text)
    };
    let mut seen = [false; FIRST.len() + MAYBE.len() + 1];
    let mut next = 0;
    for text in list.split(' ').filter(|_| !list.is_empty()) {
        let place = name(text).filter(|place| *place >= next).ok_or(InputError::Malformed)?;
        seen[place] = true;
        next = place + 1;
    }
    let [method, authority, path, query, digest, length, content_type, pass] = seen;
    if !(method && authority && path && query && pass) {
        return Err(InputError::Incomplete);
    }
    Ok(Covered { digest, length, content_type })
}

/// Reads the 32 bytes of `name=:…:`, whole (RFC 8941 3.3.5).
pub(crate) fn parse_bytes(name: &str, text: &str) -> Option<[u8; 32]> {
    let text = text.strip_prefix(name)?.strip_prefix("=:")?.strip_suffix(':')?;
    // The decoder asks for room for a whole last group.
    let mut room = [0; 36];
    let length = STANDARD.decode_slice(text, &mut room).ok()?;
    room.get(..length).and_then(|bytes| <[u8; 32]>::try_from(bytes).ok())
}

/// What is signed.
#[derive(Clone, Copy)]
pub(crate) struct Base<'v> {
    pub(crate) method: &'v str,
    pub(crate) authority: &'v str,
    /// The part of the path that a proxy in front took away, and the rest.
    pub(crate) path: [&'v str; 2],
    /// Without its question mark.
    pub(crate) query: Option<&'v str>,
    pub(crate) digest: &'v str,
    pub(crate) length: &'v str,
    pub(crate) content_type: &'v str,
    pub(crate) pass: &'v str,
    pub(crate) signed: Signed<'v>,
}

impl Base<'_> {
    /// The signature base (RFC 9421 2.5).
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        let mut line = |name: &str, value: [&str; 2]| {
            for part in ["\"", name, "\": ", value[0], value[1], "\n"] {
                out.extend_from_slice(part.as_bytes());
            }
        };
        line(FIRST[0], [self.method, ""]);
        line(FIRST[1], [self.authority, ""]);
        line(FIRST[2], self.path);
        line(FIRST[3], ["?", self.query.unwrap_or_default()]);
        let Covered { digest, length, content_type } = self.signed.covered;
        if digest {
            line(MAYBE[0], [self.digest, ""]);
        }
        if length {
            line(MAYBE[1], [self.length, ""]);
        }
        if content_type {
            line(MAYBE[2], [self.content_type, ""]);
        }
        line(LAST, [self.pass, ""]);
        out.extend_from_slice(b"\"@signature-params\": ");
        out.extend_from_slice(self.signed.params.as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIST: &str =
        "\"@method\" \"@authority\" \"@path\" \"@query\" \"content-type\" \"doorward-pass\"";

    fn input(list: &str, rest: &str) -> String {
        format!("doorward=({list}){rest}")
    }

    fn rest() -> String {
        let nonce = "AAAAAAAAAAAAAAAAAAAAAA";
        format!(";created=7;nonce=\"{nonce}\";keyid=\"k\";alg=\"hmac-sha256\";tag=\"doorward\"")
    }

    #[test]
    fn the_one_spelling_is_read_and_no_other() {
        let text = input(LIST, &rest());
        let signed = parse_input(&text).expect("our own spelling");
        assert_eq!((signed.created_unix_s, signed.key_id), (7, "k"));
        let covered = Covered { content_type: true, ..Covered::default() };
        assert_eq!(signed.covered, covered);
        let without = |name: &str| LIST.replace(&format!("\"{name}\" "), "");
        let incomplete = ["@method", "@authority", "@path", "@query"];
        for list in incomplete.map(without).iter().chain([&String::new()]) {
            let error = parse_input(&input(list, &rest())).err();
            assert_eq!(error, Some(InputError::Incomplete), "{list}");
        }
        let doubled = LIST.replace("\"@path\"", "\"@path\" \"@path\"");
        let swapped = LIST.replace("\"@path\" \"@query\"", "\"@query\" \"@path\"");
        let foreign = LIST.replace("\"content-type\"", "\"date\"");
        let parameter = LIST.replace("\"@path\"", "\"@path\";req");
        for list in [&doubled, &swapped, &foreign, &parameter, "\"@method\"  \"@path\""] {
            let error = parse_input(&input(list, &rest())).err();
            assert_eq!(error, Some(InputError::Malformed), "{list}");
        }
        for (from, to) in [
            ("created=7", "created=07"),
            ("created=7", "created=-7"),
            ("hmac-sha256", "ed25519"),
            ("AAAAAA\"", "AAAAAB\""),
            ("tag=\"doorward\"", "tag=\"doorward\";x"),
            ("doorward=(", "sig1=("),
            (";created", "; created"),
        ] {
            let error = parse_input(&text.replace(from, to)).err();
            assert_eq!(error, Some(InputError::Malformed), "{to}");
        }
    }

    #[test]
    fn a_signature_has_all_its_bytes() {
        let whole = format!("doorward=:{}=:", "A".repeat(43));
        assert_eq!(parse_bytes("doorward", &whole), Some([0; 32]));
        for wrong in [whole.replace("A=", "B="), whole.replace('=', ""), whole.replacen('A', "", 4)]
        {
            assert_eq!(parse_bytes("doorward", &wrong), None, "{wrong}");
        }
        assert_eq!(parse_bytes("doorward", "doorward=::"), None);
    }
}
