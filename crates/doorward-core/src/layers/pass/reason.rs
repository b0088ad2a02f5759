//! Why `pass` refuses, and the words for it.

use crate::reason::Words;
use http::StatusCode;

/// Why this layer refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reason {
    /// No pass and no ticket.
    Missing,
    /// Repeated, unreadable, or not written as our client writes it.
    Malformed,
    /// Signed or sealed by nobody who could.
    Forged,
    /// The pass, the ticket, the signature or the work is too old.
    Expired,
    /// It is from the future.
    FromTheFuture,
    /// Used before.
    Used,
    /// A component is not signed that must be.
    Incomplete,
    /// The body is not the one that was signed.
    BodyDiffers,
    /// For a page of another origin.
    OtherOrigin,
    /// For another name of the gate.
    OtherHost,
    /// For another family of browser.
    OtherClient,
    /// By another instance, before a restart, or with a secret that is gone.
    OtherInstance,
    /// Seen in too many networks.
    Elsewhere,
    /// A ticket for another request.
    OtherRequest,
    /// A pass was asked for without work, or with too little.
    Work,
    /// A pass was asked for without saying from which page.
    NoOrigin,
    /// A pass in clear was asked for in production.
    Plain,
    /// Whether it was used before cannot be told.
    StoreAway,
}

impl Reason {
    /// All of them.
    pub const ALL: &[Self] = &[
        Self::Missing,
        Self::Malformed,
        Self::Forged,
        Self::Expired,
        Self::FromTheFuture,
        Self::Used,
        Self::Incomplete,
        Self::BodyDiffers,
        Self::OtherOrigin,
        Self::OtherHost,
        Self::OtherClient,
        Self::OtherInstance,
        Self::Elsewhere,
        Self::OtherRequest,
        Self::Work,
        Self::NoOrigin,
        Self::Plain,
        Self::StoreAway,
    ];

    /// Whether a person who opened the address gets it with a new pass and a ticket.
    pub(crate) const fn ends_with_a_new_pass(self) -> bool {
        matches!(
            self,
            Self::Missing
                | Self::Malformed
                | Self::Forged
                | Self::Expired
                | Self::Used
                | Self::OtherClient
                | Self::OtherInstance
                | Self::Elsewhere
                | Self::OtherRequest
        )
    }

    /// Its code, status and words.
    #[must_use]
    pub const fn words(self) -> Words {
        let (code, title, advice) = match self {
            Self::Missing | Self::Malformed | Self::Forged | Self::Incomplete => self.form(),
            Self::Expired | Self::FromTheFuture | Self::Used | Self::StoreAway => self.time(),
            Self::BodyDiffers | Self::OtherOrigin | Self::OtherHost | Self::OtherClient => {
                self.other()
            }
            Self::OtherInstance | Self::Elsewhere | Self::OtherRequest => self.place(),
            Self::Work | Self::NoOrigin | Self::Plain => self.mint(),
        };
        let status = match self {
            Self::Used => StatusCode::CONFLICT,
            Self::StoreAway => StatusCode::SERVICE_UNAVAILABLE,
            _ => StatusCode::FORBIDDEN,
        };
        Words { code, status, title, advice }
    }

    const fn form(self) -> Said {
        match self {
            Self::Missing => (
                "pass/missing",
                "Refused: this request carries no pass",
                "Load /.doorward/auto.js first in the page, or send the request by `gate.fetch`. \
                 Programs use a key: doorward key create NAME.",
            ),
            Self::Forged => (
                "pass/forged",
                "Refused: this signature or ticket was not made for this request",
                "Sign with the key of the pass itself. If every request ends here, a proxy between \
                 changes method, path, query or headers.",
            ),
            Self::Incomplete => (
                "pass/incomplete",
                "Refused: the signature leaves out a part that it must cover",
                "Sign every component that docs/passes.md lists for such a request.",
            ),
            _ => (
                "pass/malformed",
                "Refused: the pass or its signature is repeated, unreadable or malformed",
                "Send each header of the pass once, written as docs/passes.md says.",
            ),
        }
    }

    const fn time(self) -> Said {
        match self {
            Self::Expired => (
                "pass/expired",
                "Refused: the pass, its signature or its work is too old",
                "Ask for a new pass and sign by the gate's time: `now` of this answer.",
            ),
            Self::FromTheFuture => (
                "pass/from-the-future",
                "Refused: the signature or the work is dated in the future",
                "Sign by the gate's time: `now` of this answer. The clocks are more than 30 s \
                 apart.",
            ),
            Self::Used => (
                "pass/used",
                "Refused: this signed request or ticket was used before",
                "Sign each request anew. `executed` of this answer says what became of the first.",
            ),
            _ => (
                "pass/store-away",
                "Refused: whether this request was sent before cannot be told at the moment",
                "Send the request again in a moment.",
            ),
        }
    }

    const fn other(self) -> Said {
        match self {
            Self::BodyDiffers => (
                "pass/body-differs",
                "Refused: the body is not the one that was signed",
                "Sign the bytes that are sent. A proxy between may have changed them.",
            ),
            Self::OtherOrigin => (
                "pass/other-origin",
                "Refused: the pass was made for a page of another origin",
                "Ask for a pass from the page that uses it.",
            ),
            Self::OtherHost => (
                "pass/other-host",
                "Refused: the request was signed for another name than it came in by",
                "List the address that pages use in `external`, or let the proxy between keep Host \
                 and path.",
            ),
            _ => (
                "pass/other-client",
                "Refused: the pass was made for another browser",
                "Ask for a pass with the browser that uses it.",
            ),
        }
    }

    const fn place(self) -> Said {
        match self {
            Self::OtherInstance => (
                "pass/other-instance",
                "Refused: another instance of the gate made this pass, or this one has restarted",
                "Ask for a new pass. Nothing was run.",
            ),
            Self::Elsewhere => (
                "pass/elsewhere",
                "Refused: this pass was used from too many networks",
                "Ask for a new pass.",
            ),
            _ => (
                "pass/other-request",
                "Refused: the ticket was made for another request",
                "Ask for a ticket for the address that is opened, just as it is written.",
            ),
        }
    }

    const fn mint(self) -> Said {
        match self {
            Self::Work => (
                "pass/work",
                "Refused: a pass costs more work than this",
                "Work with as many zero bits as `bits` of this answer says.",
            ),
            Self::NoOrigin => (
                "pass/no-origin",
                "Refused: a pass is made for a page, and this does not say for which",
                "Send the page's `Origin`, as browsers do.",
            ),
            _ => (
                "pass/plain",
                "Refused: in production no pass is handed out in clear",
                "Serve the page by https: only then browsers lend it their cryptography.",
            ),
        }
    }
}

type Said = (&'static str, &'static str, &'static str);
