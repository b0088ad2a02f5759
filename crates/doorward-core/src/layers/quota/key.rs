//! The parts that a limit's key can be joined of, and which of them are a key of one's own.

use crate::header::is_token;
use crate::layers::permission::ClaimName;
use http::HeaderName;
use std::fmt;
use std::ops::RangeInclusive;
use std::str::FromStr;

/// A part of a limit's key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum By {
    /// What one subscriber holds: an IPv4 address, an IPv6 /64.
    Address,
    /// Its neighbourhood: IPv4 /24, IPv6 /48.
    Network,
    /// So many bits of an IPv4 address; of IPv6 what one subscriber holds, if nothing else is said.
    Ip4(u8),
    /// So many bits of an IPv6 address; of IPv4 the whole, if nothing else is said.
    Ip6(u8),
    /// A known caller, wherever it calls from.
    User,
    /// The credential that it is known by: a token's id, or what was asked about.
    Token,
    /// An API key.
    Key,
    /// A pass, wherever it is used.
    Pass,
    /// The route that the request meets, however its path is spelled.
    Route,
    /// The origin of the page, where it is the gate's own or an allowed one.
    Origin,
    /// What the issuer says of a known caller.
    Claim(String),
    /// What the client says of itself.
    Header(HeaderName),
}

/// Bits of an IPv4 address that can be counted by: as wide as a full table is judged.
pub const IP4_BITS: RangeInclusive<u8> = 16..=32;
/// Bits of an IPv6 address.
pub const IP6_BITS: RangeInclusive<u8> = 32..=128;
/// Headers that hold secrets: whoever they belong to is `user`, `token` or `key`.
const SECRET: [&str; 3] = ["authorization", "cookie", "proxy-authorization"];

/// The words of the parts that are one word.
pub const WORDS: [(&str, By); 8] = [
    ("address", By::Address),
    ("network", By::Network),
    ("user", By::User),
    ("token", By::Token),
    ("key", By::Key),
    ("pass", By::Pass),
    ("route", By::Route),
    ("origin", By::Origin),
];

/// Why a text names no part of a key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ByError {
    /// No such part.
    #[error("{0:?} is nothing that can be counted by")]
    Unknown(String),
    /// Too many bits, too few, or none.
    #[error("IPv4 is counted by 16 to 32 bits, IPv6 by 32 to 128")]
    Bits,
    /// A claim without a name.
    #[error("this names no claim")]
    Claim,
    /// Not a header's name.
    #[error("this names no header")]
    Header,
    /// A header with a secret in it.
    #[error("this header holds a credential")]
    Secret,
}

impl FromStr for By {
    type Err = ByError;

    fn from_str(text: &str) -> Result<Self, ByError> {
        if let Some((_, by)) = WORDS.iter().find(|(word, _)| *word == text) {
            return Ok(by.clone());
        }
        let bits = |bits: &str, most: RangeInclusive<u8>| {
            let plain = bits.bytes().all(|byte| byte.is_ascii_digit()) && !bits.starts_with('0');
            let bits = bits.parse().ok().filter(|bits| plain && most.contains(bits));
            bits.ok_or(ByError::Bits)
        };
        if let Some(rest) = text.strip_prefix("ip4/") {
            return bits(rest, IP4_BITS).map(Self::Ip4);
        }
        if let Some(rest) = text.strip_prefix("ip6/") {
            return bits(rest, IP6_BITS).map(Self::Ip6);
        }
        if let Some(name) = text.strip_prefix("claim:") {
            let named = ClaimName::parse(name).map(|_| Self::Claim(name.to_owned()));
            return named.ok_or(ByError::Claim);
        }
        let Some(name) = text.strip_prefix("header:") else {
            return Err(ByError::Unknown(text.to_owned()));
        };
        // A name in another case is the same header (RFC 9110 5.1).
        let header = HeaderName::from_bytes(name.as_bytes()).map_err(|_| ByError::Header)?;
        let is_name = is_token(name.as_bytes()) && !name.contains('_');
        if SECRET.contains(&header.as_str()) {
            return Err(ByError::Secret);
        }
        if is_name { Ok(Self::Header(header)) } else { Err(ByError::Header) }
    }
}

impl fmt::Display for By {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ip4(bits) => write!(f, "ip4/{bits}"),
            Self::Ip6(bits) => write!(f, "ip6/{bits}"),
            Self::Claim(name) => write!(f, "claim:{name}"),
            Self::Header(name) => write!(f, "header:{name}"),
            Self::Address
            | Self::Network
            | Self::User
            | Self::Token
            | Self::Key
            | Self::Pass
            | Self::Route
            | Self::Origin => {
                let word = WORDS.iter().find(|(_, by)| by == self).map_or("", |(word, _)| word);
                f.write_str(word)
            }
        }
    }
}

impl By {
    /// Its place in every key, so that the order of writing says nothing.
    pub(super) fn rank(&self) -> (u8, &str) {
        match self {
            Self::Address => (0, ""),
            Self::Network => (1, ""),
            Self::Ip4(_) => (2, ""),
            Self::Ip6(_) => (3, ""),
            Self::User => (4, ""),
            Self::Token => (5, ""),
            Self::Key => (6, ""),
            Self::Pass => (7, ""),
            Self::Route => (8, ""),
            Self::Origin => (9, ""),
            Self::Claim(name) => (10, name),
            Self::Header(name) => (11, name.as_str()),
        }
    }

    /// Whether it is a part of the client's address.
    #[must_use]
    pub const fn is_of_address(&self) -> bool {
        matches!(self, Self::Address | Self::Network | Self::Ip4(_) | Self::Ip6(_))
    }

    /// The claim that it begins at, where it is one.
    pub(super) fn first_of_claim(&self) -> Option<Box<str>> {
        let Self::Claim(name) = self else { return None };
        ClaimName::parse(name).map(|name| name.first().into())
    }

    /// Whether a client writes there what it likes.
    #[must_use]
    pub const fn is_chosen(&self) -> bool {
        matches!(self, Self::Header(_))
    }
}

/// What tells nobody apart, or is another one with each token (RFC 7519 4.1; OpenID Connect
/// Core 2).
const SHARED_CLAIMS: [&str; 5] = ["iss", "aud", "azp", "ver", "typ"];
const FRESH_CLAIMS: [&str; 10] =
    ["jti", "iat", "exp", "nbf", "auth_time", "nonce", "at_hash", "c_hash", "sid", "updated_at"];
/// What most issuers let a user write of himself (OpenID Connect Core 5.1, 5.7).
const CHOSEN_CLAIMS: [&str; 13] = [
    "name",
    "given_name",
    "family_name",
    "middle_name",
    "nickname",
    "preferred_username",
    "profile",
    "picture",
    "website",
    "gender",
    "birthdate",
    "zoneinfo",
    "locale",
];

/// What is wrong with the parts of a key together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WhoseError {
    /// Nothing in it tells callers apart.
    #[error("everybody would share this limit, so one caller could use it up for all")]
    Shared,
    /// A client writes all of it.
    #[error("a client chooses this key, so it could have as many shares as it likes")]
    Chosen,
    /// Two parts of one kind.
    #[error("an address is counted by one length, and this names two")]
    Lengths,
    /// The same part twice.
    #[error("this names a part of the key twice")]
    Twice,
}

impl WhoseError {
    /// How to mend it.
    #[must_use]
    pub const fn hint(self) -> &'static str {
        match self {
            Self::Shared | Self::Chosen => "add \"address\", \"network\" or \"user\"",
            Self::Lengths => "write two limits; or \"ip4/28\" and \"ip6/56\", one for each family",
            Self::Twice => "leave one out",
        }
    }
}

/// Looks at the parts of a key together.
///
/// # Errors
/// When it is no key, or none that is one's own.
pub fn inspect(by: &[By]) -> Result<(), WhoseError> {
    for (place, part) in by.iter().enumerate() {
        let before = by.get(..place).unwrap_or_default();
        let same_family = |other: &By| {
            matches!((part, other), (By::Ip4(_), By::Ip4(_)) | (By::Ip6(_), By::Ip6(_)))
        };
        if before.contains(part) {
            return Err(WhoseError::Twice);
        }
        if before.iter().any(same_family) {
            return Err(WhoseError::Lengths);
        }
    }
    if by.contains(&By::Address) && by.contains(&By::Network) {
        return Err(WhoseError::Lengths);
    }
    let tells = |part: &By| match part {
        By::Claim(name) => {
            let lists = [&SHARED_CLAIMS[..], &FRESH_CLAIMS, &CHOSEN_CLAIMS];
            !lists.iter().any(|list| list.contains(&name.as_str()))
        }
        By::Address | By::Network | By::Ip4(_) | By::Ip6(_) => true,
        By::User | By::Token | By::Key | By::Pass => true,
        By::Route | By::Origin | By::Header(_) => false,
    };
    if by.iter().any(tells) {
        return Ok(());
    }
    let is_chosen = |part: &By| match part {
        By::Claim(name) => !SHARED_CLAIMS.contains(&name.as_str()),
        // A program writes any allowed origin.
        other => other.is_chosen() || *other == By::Origin,
    };
    Err(if by.iter().any(is_chosen) { WhoseError::Chosen } else { WhoseError::Shared })
}

#[cfg(test)]
mod tests;
