//! Who is refused outright from now on, said while the gate runs. The configuration's own deny-list
//! stands beside it (`layers.quota.deny`).

pub mod wish;

use crate::moment::Now;
use ipnet::IpNet;

/// Letters of a reason.
pub const WHY_LETTERS_MAX: usize = 200;
/// Letters of a name.
pub const NAME_LETTERS_MAX: usize = 300;

/// Whom, until when and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Denial {
    /// Whom.
    pub who: Denied,
    /// The last second of it.
    pub until_unix_s: u64,
    /// Why, for the operator.
    pub why: String,
}

/// Whom a denial is about.
#[derive(Clone, Debug)]
pub enum Denied {
    /// Everybody from there. Its host bits are zero.
    Network(IpNet),
    /// A known caller, one of its tokens, or a pass.
    Known {
        /// As in [`DenyKnown`](crate::layers::quota::DenyKnown).
        digest: [u8; 16],
        /// How the operator wrote it, for lists.
        name: String,
    },
}

impl PartialEq for Denied {
    /// How a name is written makes nobody another.
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Network(one), Self::Network(other)) => one == other,
            (Self::Known { digest: one, .. }, Self::Known { digest: other, .. }) => one == other,
            (Self::Network(_), Self::Known { .. }) | (Self::Known { .. }, Self::Network(_)) => {
                false
            }
        }
    }
}

impl Eq for Denied {}

impl Denial {
    /// A denial; none where its reason or name is too long, or has a control character in it, which
    /// could end a line of a log or of a list.
    #[must_use]
    pub fn new(who: Denied, until_unix_s: u64, why: &str) -> Option<Self> {
        let is_plain = |text: &str, letters_max| {
            text.chars().count() <= letters_max && !text.chars().any(char::is_control)
        };
        let who = match who {
            Denied::Network(network) => Denied::Network(network.trunc()),
            Denied::Known { name, .. } if !is_plain(&name, NAME_LETTERS_MAX) => return None,
            known @ Denied::Known { .. } => known,
        };
        is_plain(why, WHY_LETTERS_MAX).then(|| Self { who, until_unix_s, why: why.to_owned() })
    }

    /// Whether it has not ended.
    #[must_use]
    pub const fn lives(&self, now: Now) -> bool {
        now.unix_s <= self.until_unix_s
    }
}

impl Denied {
    /// Whom, in words.
    #[must_use]
    pub fn text(&self) -> String {
        match self {
            Self::Network(network) if network.prefix_len() == network.max_prefix_len() => {
                network.addr().to_string()
            }
            Self::Network(network) => network.to_string(),
            Self::Known { name, .. } => name.clone(),
        }
    }
}
