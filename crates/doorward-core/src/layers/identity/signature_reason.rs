//! Why a signature is not taken: of an integration's request, or of a webhook's delivery.

use crate::http_signature;
use crate::reason::Words;
use crate::webhook;
use http::StatusCode;

/// Why a signature is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SignatureReason {
    /// There is none, or a part of it is missing.
    Missing,
    /// Repeated, unreadable, too long, or it is not clear which one is meant.
    Malformed,
    /// It uses what is not built here, or another algorithm than its key has.
    Unsupported,
    /// It leaves out a part that it must cover.
    Incomplete,
    /// Of a key that nobody set up.
    UnknownKey,
    /// Too old.
    Expired,
    /// Later than now.
    FromTheFuture,
    /// It does not fit.
    Forged,
    /// For another name of the gate.
    OtherHost,
    /// The body is not the one that was signed.
    BodyDiffers,
    /// Taken before.
    Used,
    /// Whether it was taken before cannot be told.
    StoreAway,
}

impl SignatureReason {
    /// All of them.
    pub const ALL: &[Self] = &[
        Self::Missing,
        Self::Malformed,
        Self::Unsupported,
        Self::Incomplete,
        Self::UnknownKey,
        Self::Expired,
        Self::FromTheFuture,
        Self::Forged,
        Self::OtherHost,
        Self::BodyDiffers,
        Self::Used,
        Self::StoreAway,
    ];

    /// Its code, status and words.
    #[must_use]
    pub const fn words(self) -> Words {
        let (code, title, advice) = match self {
            Self::Missing | Self::Malformed | Self::Unsupported | Self::Incomplete => self.form(),
            Self::UnknownKey | Self::Forged | Self::OtherHost | Self::BodyDiffers => self.fit(),
            Self::Expired | Self::FromTheFuture | Self::Used | Self::StoreAway => self.time(),
        };
        let status = match self {
            Self::Used => StatusCode::CONFLICT,
            Self::StoreAway => StatusCode::SERVICE_UNAVAILABLE,
            _ => StatusCode::UNAUTHORIZED,
        };
        Words { code, status, title, advice }
    }

    const fn form(self) -> Said {
        match self {
            Self::Missing => (
                "identity/signature-missing",
                "Refused: the sender's signature, or a part of it, is missing",
                "Send every header of the signature's scheme: docs/integrations.md lists them.",
            ),
            Self::Unsupported => (
                "identity/signature-unsupported",
                "Refused: the signature uses something that is not taken here",
                "Sign with the algorithm that is set up for this key, over parts of the request \
                 that docs/integrations.md lists.",
            ),
            Self::Incomplete => (
                "identity/signature-incomplete",
                "Refused: the signature leaves out a part that it must cover",
                "Cover @method, @authority, @path, @query, and content-digest where there is a \
                 body, and say when it was made (`created`).",
            ),
            _ => (
                "identity/signature-malformed",
                "Refused: the signature is repeated, unreadable or not the only one",
                "Send each of its headers once, as its scheme has them.",
            ),
        }
    }

    const fn fit(self) -> Said {
        match self {
            Self::UnknownKey => (
                "identity/signature-unknown-key",
                "Refused: nobody set up the key that this signature names",
                "Use the `keyid` that stands in layers.identity.signatures.",
            ),
            Self::Forged => (
                "identity/signature-forged",
                "Refused: the signature does not fit the request and the key",
                "Sign exactly what is sent. A proxy between may change path, query, headers or \
                 body; and a webhook's secret must be the sender's.",
            ),
            Self::OtherHost => (
                "identity/signature-other-host",
                "Refused: the request was signed for another name than it came in by",
                "Let the proxy between keep Host and path, or list the address that is called in \
                 `external`.",
            ),
            _ => (
                "identity/signature-body-differs",
                "Refused: the body is not the one that was signed",
                "Make Content-Digest over the bytes that are sent.",
            ),
        }
    }

    const fn time(self) -> Said {
        match self {
            Self::Expired => (
                "identity/signature-expired",
                "Refused: the signature is too old",
                "Sign each request when it is sent, by a right clock.",
            ),
            Self::FromTheFuture => (
                "identity/signature-from-the-future",
                "Refused: the signature is dated in the future",
                "Set the sender's clock, or the gate's.",
            ),
            Self::Used => (
                "identity/signature-used",
                "Refused: this signed request was taken before",
                "Sign each request anew, with a `nonce` of its own.",
            ),
            _ => (
                "identity/signature-store-away",
                "Refused: whether this was taken before cannot be told at the moment",
                "Send it again in a moment.",
            ),
        }
    }

    /// Whether no honest caller sends it. What a webhook's sender sends is never a strike: anybody
    /// can have a provider send him a delivery that fails, from the address of all its others.
    #[must_use]
    pub const fn is_strike(self) -> bool {
        matches!(self, Self::Forged)
    }
}

type Said = (&'static str, &'static str, &'static str);

impl From<http_signature::Fault> for SignatureReason {
    fn from(fault: http_signature::Fault) -> Self {
        use http_signature::Fault;
        match fault {
            Fault::Missing => Self::Missing,
            Fault::Repeated | Fault::Ambiguous | Fault::Malformed | Fault::TooLong => {
                Self::Malformed
            }
            Fault::Unsupported | Fault::Algorithm => Self::Unsupported,
            Fault::Undated => Self::Incomplete,
            Fault::Stale => Self::Expired,
            Fault::FromTheFuture => Self::FromTheFuture,
            // What it covers is not there: it was made for another request.
            Fault::Absent | Fault::Forged => Self::Forged,
        }
    }
}

impl From<webhook::Fault> for SignatureReason {
    fn from(fault: webhook::Fault) -> Self {
        use webhook::Fault;
        match fault {
            Fault::Missing => Self::Missing,
            Fault::Repeated | Fault::Malformed => Self::Malformed,
            Fault::Stale => Self::Expired,
            Fault::FromTheFuture => Self::FromTheFuture,
            Fault::Forged => Self::Forged,
        }
    }
}
