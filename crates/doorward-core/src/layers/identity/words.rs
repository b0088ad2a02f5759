//! The words of each reason, in the order of the enum.

use super::Reason;
use crate::reason::Words;
use http::StatusCode;

const SIGN_IN: &str = "Sign in again, and send the new token.";

const WHO: StatusCode = StatusCode::UNAUTHORIZED;

/// The words of each reason, in the order of the enum.
pub(super) const WORDS: [Words; Reason::ALL.len()] = [
    Words::row(
        "identity/missing",
        WHO,
        "Refused: this address is for known callers, and the request says nothing of who calls",
        "Send a token as Authorization: Bearer, an API key or a certificate, as configured.",
    ),
    Words::row(
        "identity/unclear",
        StatusCode::BAD_REQUEST,
        "Refused: the request's token or key is repeated, empty or unreadable",
        "Send it once, as plain text.",
    ),
    Words::row(
        "identity/two-credentials",
        StatusCode::BAD_REQUEST,
        "Refused: the request has two credentials, and only one could be judged",
        "Send one. If callers must send both, name the one that counts: layers.identity.prefer.",
    ),
    Words::row(
        "identity/in-query",
        StatusCode::BAD_REQUEST,
        "Refused: a token stands in the address, where logs and histories keep it",
        "Send it as Authorization: Bearer (RFC 9700 4.3.2).",
    ),
    Words::row(
        "identity/too-long",
        WHO,
        "Refused: the token is longer than 8 KiB",
        "Have the issuer put less into it.",
    ),
    Words::row("identity/malformed", WHO, "Refused: the token is no JWT", SIGN_IN),
    Words::row(
        "identity/algorithm",
        WHO,
        "Refused: the token is signed in a way that its issuer does not use",
        "If the issuer has changed, add the algorithm to its `algorithms`.",
    ),
    Words::row(
        "identity/critical",
        WHO,
        "Refused: the token demands an extension that the gate does not know",
        "Have the issuer leave out `crit` and `b64` (RFC 7515 4.1.11).",
    ),
    Words::row(
        "identity/type",
        WHO,
        "Refused: this is another kind of token",
        "Send the access token, not the ID token; or add its `typ` to the issuer's.",
    ),
    Words::row(
        "identity/issuer",
        WHO,
        "Refused: the token's issuer is not one that is believed here",
        "Compare the token's `iss` with layers.identity.jwt, letter by letter.",
    ),
    Words::row(
        "identity/audience",
        WHO,
        "Refused: the token is meant for somebody else",
        "Ask the issuer for a token with this gate's audience.",
    ),
    Words::row(
        "identity/claims",
        WHO,
        "Refused: a claim of the token is missing or of the wrong type",
        "It needs `exp` in whole seconds and a subject of at most 256 bytes.",
    ),
    Words::row("identity/expired", WHO, "Refused: the token or key has ended", SIGN_IN),
    Words::row(
        "identity/from-the-future",
        WHO,
        "Refused: the token is not valid yet",
        "Set the clocks of the issuer and of this gate: they may differ by its `leeway`.",
    ),
    Words::row(
        "identity/sender-bound",
        WHO,
        "Refused: the token belongs to a key, and comes without proof of it",
        "Send it as Authorization: DPoP, with a proof in the header DPoP (RFC 9449 7.1). Of its \
         `cnf` only `jkt` and `x5t#S256` are known here.",
    ),
    Words::row(
        "identity/unknown-key",
        WHO,
        "Refused: nobody knows the key that signed the token",
        SIGN_IN,
    ),
    Words::row("identity/forged", WHO, "Refused: the token's signature does not fit", SIGN_IN),
    Words::row(
        "identity/keys-away",
        StatusCode::SERVICE_UNAVAILABLE,
        "Refused: the keys of the token's issuer cannot be had at the moment",
        "Send the request again in a moment. If it stays so, look at the gate's log.",
    ),
    Words::row(
        "identity/busy",
        StatusCode::SERVICE_UNAVAILABLE,
        "Refused: too many requests wait until somebody says who calls",
        "Send the request again in a moment.",
    ),
    Words::row(
        "identity/cookie-alone",
        StatusCode::FORBIDDEN,
        "Refused: a cookie or a browser's certificate alone may not change anything",
        "Browsers say where a request comes from, and this one says nothing. Programs send the \
         token as Authorization: Bearer.",
    ),
    Words::row(
        "identity/key-malformed",
        WHO,
        "Refused: the API key is not whole",
        "Copy it again: it begins with dwk1_ and has 77 letters and digits.",
    ),
    Words::row(
        "identity/key-unknown",
        WHO,
        "Refused: nobody knows this API key",
        "Create one: doorward key create.",
    ),
    Words::row(
        "identity/key-revoked",
        WHO,
        "Refused: this API key was revoked",
        "Create another: doorward key create.",
    ),
    Words::row(
        "identity/key-in-browser",
        StatusCode::FORBIDDEN,
        "Refused: this API key is a program's, and a browser sent it",
        "Everybody who opens the page can copy it. Keep it on a server, or create one with \
         --as-page for a test's browser.",
    ),
    Words::row(
        "identity/visitor",
        StatusCode::BAD_REQUEST,
        "Refused: Doorward-Visitor is not one address",
        "Send the visitor's address once, without a port.",
    ),
    Words::row(
        "identity/session-unknown",
        WHO,
        "Refused: nobody is signed in with this session",
        "Sign in again.",
    ),
    Words::row(
        "identity/session-malformed",
        WHO,
        "Refused: this is no session as the framework writes it",
        "Compare `signed`, and the framework's version and serializer: sessions are read in JSON.",
    ),
    Words::row(
        "identity/session-forged",
        WHO,
        "Refused: the session's signature is missing or does not fit",
        "Sign in again. If nobody can, compare the secret with the backend's.",
    ),
    Words::row(
        "identity/session-expired",
        WHO,
        "Refused: the session was signed too long ago",
        "Sign in again. If this comes too early, compare `max_age` with the backend's.",
    ),
    Words::row(
        "identity/token-inactive",
        WHO,
        "Refused: the token's issuer does not call it active",
        SIGN_IN,
    ),
    Words::row(
        "identity/check-away",
        StatusCode::SERVICE_UNAVAILABLE,
        "Refused: who knows the caller gives no answer that can be used",
        "Send the request again in a moment. If it stays so, look at the gate's log.",
    ),
    Words::row(
        "identity/too-many-unknown",
        StatusCode::TOO_MANY_REQUESTS,
        "Refused: too many sessions or tokens that nobody knows came from this address",
        "Wait a minute. Whoever was signed in before is let in meanwhile.",
    ),
    Words::row(
        "identity/proof-malformed",
        WHO,
        "Refused: the proof of possession is repeated, or is none",
        "Send one DPoP header: a JWT of type dpop+jwt with its public key in `jwk` (RFC 9449 4).",
    ),
    Words::row(
        "identity/proof-forged",
        WHO,
        "Refused: the proof's signature does not fit its key",
        "Sign it with the key that the token belongs to.",
    ),
    Words::row(
        "identity/proof-expired",
        WHO,
        "Refused: the proof is older than a minute, or from the future",
        "Make a new proof for each request, and set the clock.",
    ),
    Words::row(
        "identity/proof-nonce",
        WHO,
        "Refused: the proof has no nonce of this gate's, or one that has ended",
        "Make the proof anew with the `nonce` that DPoP-Nonce says, and send that (RFC 9449 9).",
    ),
    Words::row(
        "identity/proof-of-other",
        WHO,
        "Refused: the proof is for another request or token, or by another key",
        "Its `htm` is the method, `htu` the address without query, `ath` the token's SHA-256, and \
         its key the token's `cnf.jkt`.",
    ),
    Words::row(
        "identity/proof-used",
        WHO,
        "Refused: the proof was used before",
        "Make a new proof, with a `jti` of its own, for each request.",
    ),
    Words::row(
        "identity/proof-for-nothing",
        WHO,
        "Refused: the token belongs to no key, and is shown as if it did",
        "Send it as Authorization: Bearer, or ask its issuer for one that is bound (RFC 9449 5).",
    ),
    Words::row(
        "identity/certificate-missing",
        WHO,
        "Refused: the token belongs to a certificate, and the connection shows none",
        "Connect with the certificate that the token was asked for with (RFC 8705 3). The gate \
         asks for one where tls.clients is set.",
    ),
    Words::row(
        "identity/certificate-of-other",
        WHO,
        "Refused: the token belongs to another certificate than the connection's",
        "Ask for a new token when the certificate is renewed (RFC 8705 6.3).",
    ),
    Words::row(
        "identity/certificate-ended",
        WHO,
        "Refused: the connection's certificate has ended, or nobody vouches for it any more",
        "Connect anew, with one that holds.",
    ),
    Words::row(
        "identity/certificate-nameless",
        WHO,
        "Refused: the certificate has no name of the kind that callers are known by here",
        "Have it issued with one, or name another kind: layers.identity.certificate.subject.",
    ),
    Words::row(
        "identity/certificate-ambiguous",
        WHO,
        "Refused: the certificate has several names of that kind, or one that is unclear",
        "Have it issued with one: at most 256 bytes, no wildcard, no control characters.",
    ),
];
