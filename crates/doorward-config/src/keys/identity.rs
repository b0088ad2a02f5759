//! Keys of `[layers.identity]`: whom the gate believes.

use super::key;
use super::layers::mode;
use crate::shape::{Key, Section, Shape};

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
            Shape::List(&Shape::Words {
                now: &["key", "jwt", "session", "opaque", "certificate"],
                later: &[],
            }),
            "[]",
            "Which kind is judged where both come, the first first; without it, two at once are \
             refused.",
        ),
        key(
            "session",
            Shape::Table(&SESSION),
            "",
            "The backend's own sessions: it is asked who has signed in, its store is, or the \
             signature of its framework tells.",
        ),
        key(
            "introspection",
            Shape::List(&Shape::Table(&INTROSPECTION)),
            "[]",
            "Issuers of opaque tokens, which are asked about each (RFC 7662).",
        ),
        key(
            "certificate",
            Shape::Table(&CERTIFICATE),
            "",
            "Callers by the certificate of their connection, where tls.clients asks for one.",
        ),
        key(
            "proof",
            Shape::Table(&PROOF),
            "",
            "What is asked of the proofs that come with tokens which belong to a key (RFC 9449).",
        ),
    ],
);

static PROOF: Section = Section::new(
    "Proofs that a token's own key sent the request (DPoP).",
    &[key(
        "nonce",
        Shape::Duration { least_s: 60, most_s: 3_600 },
        "",
        "A proof has a nonce that the gate gave out, good for this time and for as long again: \
         \"5m\". Whoever has none is given one with the refusal. Without this, none is asked for.",
    )],
);

const PRIVATE: Key = key(
    "private",
    Shape::Boolean,
    "false",
    "Whether its name may lead to a private address, and plain http is meant.",
);

static SESSION: Section = Section::new(
    "Sessions, as the backend knows them.",
    &[
        key("cookie", Shape::Text, "", "The session's cookie: \"session\"."),
        key(
            "with",
            Shape::List(&Shape::Text),
            "[]",
            "Cookies that belong to it, such as its signature: they are sent along.",
        ),
        key(
            "check",
            Shape::Text,
            "",
            "Who is asked, with the cookie: it answers 200 and says who is signed in. A redirect \
             and 400 to 499 are a no, but for 408 and 429.",
        ),
        key(
            "signed",
            Shape::Words { now: &["flask", "django", "express", "express-session"], later: &[] },
            "",
            "In place of `check`: the framework that signs the cookie. Flask's own sessions, \
             Django's `signed_cookies`, Express's `cookie-session`. Beside `record`: \
             \"express-session\".",
        ),
        key(
            "secret",
            Shape::OneOrMore(&Shape::Secret),
            "",
            "What the framework signs with: Flask's and Django's SECRET_KEY, a key of \
             `cookie-session`, the `secret` of express-session. Up to four while it is changed.",
        ),
        key(
            "record",
            Shape::Text,
            "",
            "In place of `check`: the Redis or Valkey where sessions are records in JSON, \
             \"redis://127.0.0.1:6379/0\", \"rediss://…\" for TLS, \"unix:/run/redis.sock\", or \
             \"env:NAME\".",
        ),
        key("key", Shape::Text, "", "What a record is called: \"sess:{id}\"."),
        key("password", Shape::Secret, "", "The password there, where `record` has none in it."),
        key(
            "expires",
            Shape::Text,
            "",
            "Where the record says when it ends, for a store that does not forget it by itself: \
             RFC 3339, or seconds or milliseconds since 1970.",
        ),
        key("subject", Shape::Text, "", "Where its JSON names the caller: \"$.id\"."),
        key("scopes", Shape::Text, "", "Where its JSON lists the caller's scopes."),
        key(
            "issued",
            Shape::Text,
            "",
            "Where Express's session says when it was signed in, in seconds or milliseconds since \
             1970: \"$.signed_in_at\". Without it such a cookie never ends.",
        ),
        key(
            "max_age",
            Shape::Duration { least_s: 60, most_s: 31_622_400 },
            "",
            "For how long a signed cookie is believed. Without it, as the framework by itself: \
             Flask \"31d\", Django \"14d\"; with `issued`, \"14d\".",
        ),
        key(
            "remember",
            Shape::Duration { least_s: 1, most_s: 300 },
            "\"10s\"",
            "How long the answer is believed. An answer that sets or deletes the cookie ends it at \
             once.",
        ),
        PRIVATE,
    ],
);

static CERTIFICATE: Section = Section::new(
    "Callers by the certificate of their connection.",
    &[
        key(
            "subject",
            Shape::Words { now: &["uri", "dns", "email", "cn", "dn"], later: &[] },
            "",
            "The name that is the caller: of the alternative ones `uri` (SPIFFE), `dns` or \
             `email`; of the subject `cn` or the whole `dn` (RFC 4514). There must be one of it.",
        ),
        key("scopes", Shape::List(&Shape::Text), "[]", "What each of them may do."),
    ],
);

static INTROSPECTION: Section = Section::new(
    "An issuer of opaque tokens.",
    &[
        key("issuer", Shape::Text, "", "Whose tokens they are: \"https://id.example\"."),
        key("url", Shape::Text, "", "Its `introspection_endpoint`."),
        key("client_id", Shape::Text, "", "By what name the gate asks."),
        key("client_secret", Shape::Secret, "", "Its secret."),
        key(
            "audience",
            Shape::OneOrMore(&Shape::Text),
            "[]",
            "What this gate is called by it; without it, its answers need no `aud`.",
        ),
        key(
            "from",
            Shape::Text,
            "\"authorization\"",
            "Where its tokens stand, as with `jwt`. Where JWTs stand too, what looks like one is \
             judged as one.",
        ),
        key("subject", Shape::Text, "\"sub\"", "The member that names the caller."),
        key(
            "remember",
            Shape::Duration { least_s: 1, most_s: 300 },
            "\"30s\"",
            "How long the answer is believed: a token that is revoked may be used for so long.",
        ),
        key(
            "leeway",
            Shape::Duration { least_s: 0, most_s: 300 },
            "\"30s\"",
            "How much its clock may differ.",
        ),
        PRIVATE,
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
