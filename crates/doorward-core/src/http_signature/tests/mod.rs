//! Rows. The request is RFC 9421's `test-request` (appendix B.2) unless a row says otherwise.

mod attacks;
mod components;
mod vectors;

use super::{Algorithm, Fault, Key, Signed, Target, find};
use crate::header::tests::headers;
use crate::secret::Secret;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, HeaderName, HeaderValue};

const BODY: &[u8] = br#"{"hello": "world"}"#;
const LINES: &[(&str, &str)] = &[
    ("host", "example.com"),
    ("date", "Tue, 20 Apr 2021 02:07:55 GMT"),
    ("content-type", "application/json"),
    (
        "content-digest",
        "sha-512=:WZDPaVn/7XgHaAy8pmojAkGWoRx2UFChF41A2svX+TaPm+AbwAgBWnrIiYllu7BNNyealdVLvRwEmT\
         HWXvJwew==:",
    ),
    ("content-length", "18"),
];
const TARGET: Target<'static> = Target {
    method: "POST",
    scheme: "https",
    authority: "example.com",
    path: "/foo",
    query: Some("param=Value&Pet=dog"),
};

/// B.1.5 test-shared-secret.
const SECRET: &str =
    "uzvJfB4u3N0Jy4T7NZ75MDVcr8zSTInedJtkgcu46YW4XByzNJjxBdtjUkdJPBtbmHhIDi6pcl8jsasjlTMtDQ==";

/// The request with more lines.
fn request(more: &[(&str, &str)]) -> HeaderMap {
    headers(&[LINES, more].concat())
}

fn secret() -> Secret {
    Secret::new(STANDARD.decode(SECRET).expect("base64"))
}

fn shared() -> Key {
    Key::shared(&secret()).expect("a key")
}

/// B.1.4 test-key-ed25519.
fn ed25519() -> Key {
    const PEM: &str = "-----BEGIN PUBLIC KEY-----
MCowBQYDK2VwAyEAJrQLj5P/89iXES9+vFgrIy29clF9CC/oPPsw3c5D0bs=
-----END PUBLIC KEY-----
";
    Key::from_pem(Algorithm::Ed25519, PEM).expect("a key")
}

/// B.1.3 test-key-ecc-p256.
const P256_PEM: &str = "-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEqIVYZVLCrPZHGHjP17CTW0/+D9Lf
w0EkjqF7xB4FivAxzic30tMM4GF+hR6Dxh71Z50VGGdldkkDXZCnTNnoXQ==
-----END PUBLIC KEY-----";

fn p256() -> Key {
    Key::from_pem(Algorithm::EcdsaP256Sha256, P256_PEM).expect("a key")
}

/// B.1.2 test-key-rsa-pss.
fn rsa_pss() -> Key {
    const PEM: &str = "-----BEGIN PUBLIC KEY-----
MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAr4tmm3r20Wd/PbqvP1s2
+QEtvpuRaV8Yq40gjUR8y2Rjxa6dpG2GXHbPfvMs8ct+Lh1GH45x28Rw3Ry53mm+
oAXjyQ86OnDkZ5N8lYbggD4O3w6M6pAvLkhk95AndTrifbIFPNU8PPMO7OyrFAHq
gDsznjPFmTOtCEcN2Z1FpWgchwuYLPL+Wokqltd11nqqzi+bJ9cvSKADYdUAAN5W
Utzdpiy6LbTgSxP7ociU4Tn0g5I6aDZJ7A8Lzo0KSyZYoA485mqcO0GVAdVw9lq4
aOT9v6d+nb4bnNkQVklLQ3fVAvJm+xdDOp9LCNCN48V2pnDOkFV6+U9nV5oyc6XI
2wIDAQAB
-----END PUBLIC KEY-----";
    Key::from_pem(Algorithm::RsaPssSha512, PEM).expect("a key")
}

/// The only signature of the request with more lines.
fn only(headers: &HeaderMap) -> Result<Signed, Fault> {
    find(headers, None).map(|signed| signed.expect("a signature"))
}

/// The base of a signature over `input`, as text.
fn base_of(target: &Target<'_>, mut headers: HeaderMap, input: &str) -> Result<String, Fault> {
    let input = HeaderValue::from_str(&format!("sig={input}")).expect("a value");
    headers.insert("signature-input", input);
    headers.insert("signature", HeaderValue::from_static("sig=:AAAA:"));
    let base = only(&headers)?.base(target, &headers)?;
    Ok(String::from_utf8(base).expect("ASCII"))
}

/// Headers with a good HMAC over `input`, under the label `sig`.
fn sign(target: &Target<'_>, mut headers: HeaderMap, input: &str) -> HeaderMap {
    let base = base_of(target, headers.clone(), input).expect("a base");
    let mac = crate::crypto::MacKey::new(&secret()).sign(base.as_bytes());
    let set = |headers: &mut HeaderMap, name: &'static str, value: String| {
        headers.insert(name, HeaderValue::from_str(&value).expect("a value"));
    };
    set(&mut headers, "signature-input", format!("sig={input}"));
    set(&mut headers, "signature", format!("sig=:{}:", STANDARD.encode(mac)));
    headers
}
