//! Why `quota` refuses.

use crate::reason::Words;
use http::StatusCode;

/// Why this layer refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reason {
    /// On the deny-list.
    Denied,
    /// Too many strikes.
    Strikes,
    /// Beyond its share.
    Share,
    /// Beyond its share not long ago, and refused for a time.
    Penalty,
    /// The store does not answer.
    StoreAway,
    /// Too many streams are open.
    Streams,
    /// Too many attempts to sign in have failed.
    SignIn,
    /// An attempt to sign in names no account, or two.
    AccountUnclear,
    /// A budget does not suffice.
    Budget,
}

impl Reason {
    /// All of them.
    pub const ALL: &[Self] = &[
        Self::Denied,
        Self::Strikes,
        Self::Share,
        Self::Penalty,
        Self::StoreAway,
        Self::Streams,
        Self::SignIn,
        Self::AccountUnclear,
        Self::Budget,
    ];

    /// Its code, status and words.
    #[must_use]
    pub const fn words(self) -> Words {
        const SLOWER: StatusCode = StatusCode::TOO_MANY_REQUESTS;
        let (code, status, title, advice) = match self {
            Self::Denied => (
                "quota/denied",
                StatusCode::FORBIDDEN,
                "Refused: this address or caller is on the deny-list",
                "Ask the operator of this gate.",
            ),
            Self::Strikes => (
                "quota/strikes",
                SLOWER,
                "Refused: too many malformed or forged requests came from this address",
                "Wait as long as Retry-After says.",
            ),
            Self::Share => (
                "quota/share",
                SLOWER,
                "Refused: this caller has used up its share for now",
                "Wait as long as Retry-After says. If everybody is refused, the gate may stand \
                 behind a proxy that it does not know: see `client_ip.trusted_proxies`.",
            ),
            Self::Penalty => (
                "quota/penalty",
                SLOWER,
                "Refused: this caller went beyond its share, and has to wait for a time",
                "Wait as long as Retry-After says, and send less then: each further time is twice \
                 as long. The operator: the limit's `penalty`.",
            ),
            Self::StoreAway => (
                "quota/store-away",
                StatusCode::SERVICE_UNAVAILABLE,
                "Refused: shares cannot be counted at the moment",
                "Send the request again in a moment.",
            ),
            Self::Streams => (
                "quota/streams",
                SLOWER,
                "Refused: as many streams as may be open at once are open here",
                "Close one, and open it again then. The operator: layers.quota.streams.",
            ),
            Self::SignIn => (
                "quota/sign-in",
                SLOWER,
                "Refused: too many attempts to sign in have failed for this account or address",
                "Wait as long as Retry-After says. What succeeds does not count. If everybody is \
                 refused, the gate may stand behind a proxy that it does not know: see \
                 `client_ip.trusted_proxies`.",
            ),
            Self::AccountUnclear => (
                "quota/account-unclear",
                StatusCode::BAD_REQUEST,
                "Refused: this attempt does not name one account",
                "Send it once, in the body and not in the query: in the form's field or JSON \
                 member that the route's `sign_in` says.",
            ),
            Self::Budget => (
                "quota/budget",
                SLOWER,
                "Refused: what may be spent here for now would not suffice for this",
                "Wait as long as Retry-After says: then the budget's next window begins. Less may \
                 still fit: a shorter prompt, a lower max_tokens. The operator: \
                 layers.quota.budgets.",
            ),
        };
        Words { code, status, title, advice }
    }
}
