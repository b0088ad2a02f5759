//! Keys of `[layers.identity]`: whom the gate believes.

use super::layers::mode;
use super::{key, later};
use crate::shape::{Section, Shape};

/// `[layers.identity]`
pub(super) static IDENTITY: Section = Section::new(
    "Callers whose token or key is missing, wrong, or not the only one.",
    &[
        mode(),
        key("jwt", Shape::List(&Shape::Table(&JWT)), "[]", "Issuers whose tokens are believed."),
        key("keys", Shape::Table(&KEYS), "", "API keys, as `doorward key` makes them."),
        key(
            "signatures",
            Shape::List(&Shape::Table(&SIGNATURE)),
            "[]",
            "Integrations that sign each request with a key of their own (RFC 9421).",
        ),
        key(
            "prefer",
            Shape::List(&Shape::Words { now: &["key", "jwt"], later: &[] }),
            "[]",
            "Which kind is judged where both come, the first first; without it, two at once are \
             refused.",
        ),
        later("session", "let the backend check its own sessions for now"),
    ],
);

static JWT: Section = Section::new(
    "An issuer of tokens: what is believed of it.",
    &[
        key("issuer", Shape::Text, "", "The `iss` of its tokens, exactly: \"https://id.example\"."),
        key(
            "audience",
            Shape::OneOrMore(&Shape::Text),
            "",
            "What this gate is called by it: a token's `aud` must have one of them.",
        ),
        key(
            "jwks",
            Shape::Text,
            "",
            "Its public keys: a file, or \"https://id.example/jwks.json\", which is fetched.",
        ),
        key(
            "secret",
            Shape::Secret,
            "",
            "In place of `jwks`, for HS256 alone: 32 bytes or more that both sides know.",
        ),
        key(
            "algorithms",
            Shape::List(&Shape::Words {
                now: &["HS256", "RS256", "PS256", "ES256", "ES384", "EdDSA"],
                later: &["HS384", "HS512", "RS384", "RS512", "PS384", "PS512", "ES512", "ES256K"],
            }),
            "",
            "How it signs. Tokens with another `alg` are refused.",
        ),
        key(
            "types",
            Shape::List(&Shape::Text),
            "[\"jwt\", \"at+jwt\"]",
            "The `typ` that its tokens may have; one without any passes too.",
        ),
        key(
            "from",
            Shape::Text,
            "\"authorization\"",
            "Where its tokens stand: \"authorization\" (behind Bearer), \"header:x-token\" or \
             \"cookie:session\".",
        ),
        key("subject", Shape::Text, "\"sub\"", "The claim that names the caller."),
        key("scopes", Shape::Text, "\"scope\"", "The claim that lists what it may do."),
        key(
            "leeway",
            Shape::Duration { least_s: 0, most_s: 300 },
            "\"30s\"",
            "By how much the issuer's clock may differ.",
        ),
        key(
            "refresh",
            Shape::Duration { least_s: 10, most_s: 86_400 },
            "\"5m\"",
            "How often a `jwks` is fetched.",
        ),
        key(
            "stale",
            Shape::Duration { least_s: 0, most_s: 86_400 },
            "\"1h\"",
            "How much longer its keys are believed when it cannot be fetched.",
        ),
        key(
            "private",
            Shape::Boolean,
            "false",
            "The `jwks` is at a private address on purpose, and may be fetched over http.",
        ),
    ],
);

static SIGNATURE: Section = Section::new(
    "An integration that signs its requests (RFC 9421).",
    &[
        key("keyid", Shape::Text, "", "The `keyid` of its signatures."),
        key(
            "algorithm",
            Shape::Words {
                now: &[
                    "ed25519",
                    "ecdsa-p256-sha256",
                    "ecdsa-p384-sha384",
                    "rsa-pss-sha512",
                    "rsa-v1_5-sha256",
                    "hmac-sha256",
                ],
                later: &[],
            },
            "",
            "How it signs.",
        ),
        key("key", Shape::Text, "", "The file with its public key, in PEM."),
        key(
            "secret",
            Shape::Secret,
            "",
            "In place of `key`, for hmac-sha256 alone: 32 bytes or more that both sides know.",
        ),
        key("subject", Shape::Text, "", "What it is called; without it, its `keyid`."),
        key("scopes", Shape::List(&Shape::Text), "[]", "What it may do, for the backend."),
        key(
            "covers",
            Shape::List(&Shape::Text),
            "[]",
            "Headers that its signatures must cover, beside method, name, path, query and body.",
        ),
    ],
);

static KEYS: Section = Section::new(
    "API keys, as `doorward key` makes them.",
    &[
        key(
            "header",
            Shape::Text,
            "\"x-api-key\"",
            "Where they stand: a header of their own, or \"authorization\" (behind Bearer).",
        ),
        key(
            "file",
            Shape::Text,
            "\"doorward-keys.toml\"",
            "The file that `doorward key` writes; it holds no key, only their SHA-256.",
        ),
    ],
);
