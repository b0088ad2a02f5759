//! Why this layer refuses.

use crate::reason::Words;
use http::StatusCode;

/// Why this layer refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reason {
    /// There is no token.
    Missing,
    /// Nobody here made it.
    Forged,
    /// Its time is over.
    Expired,
    /// It is of another anchor or subject.
    OtherSession,
    /// Two tokens, or two anchors.
    Unclear,
}

impl Reason {
    /// All of them.
    pub const ALL: &[Self] =
        &[Self::Missing, Self::Forged, Self::Expired, Self::OtherSession, Self::Unclear];

    /// Its code, status and words.
    #[must_use]
    pub const fn words(self) -> Words {
        let (code, title, advice) = match self {
            Self::Missing => (
                "csrf/missing",
                "Refused: this change carries no CSRF token",
                "Ask for one: fetch(\"/.doorward/csrf\", { credentials: \"include\" }), and send \
                 its `token` in the header X-CSRF-Token. A form sends it in the field `_csrf` \
                 where the route has `sign_in` or says csrf = \"body\"; forms = \"inject\" writes \
                 it in.",
            ),
            Self::Forged => (
                "csrf/forged",
                "Refused: this CSRF token was not made here",
                "It is cut off, changed, or of another gate. Ask for a new one at \
                 /.doorward/csrf, and send it as it is.",
            ),
            Self::Expired => (
                "csrf/expired",
                "Refused: this CSRF token has ended",
                "Ask for a new one at /.doorward/csrf and send the request again: nothing has run.",
            ),
            Self::OtherSession => (
                "csrf/other-session",
                "Refused: this CSRF token is of another session",
                "Ask for a new one at /.doorward/csrf after each log-in and log-out, with \
                 credentials: \"include\", and let the gate's cookie be kept; then send the \
                 request again: nothing has run.",
            ),
            Self::Unclear => (
                "csrf/unclear",
                "Refused: it cannot be told which CSRF token is meant",
                "Send one token, once: in X-CSRF-Token, or in one field. If the gate's own cookie \
                 comes twice, remove it from the browser.",
            ),
        };
        Words { code, status: StatusCode::FORBIDDEN, title, advice }
    }
}
