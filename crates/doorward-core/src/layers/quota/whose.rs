//! Whose share it is: the parts of a request, joined into a limit's key, in any order the same.

use super::key::By;
use super::limit::Counted;
use crate::address::Prefix;
use crate::crypto;
use crate::header::{One, single};
use crate::json::Object;
use crate::layers::identity::Kind;
use crate::layers::permission::ClaimName;
use crate::question::Subject;
use crate::visit::{OriginIs, Visit};
use serde_json::Value;

/// Bytes of a header's value that tell callers apart; a longer one is unclear.
const HEADER_BYTES_MAX: usize = 1024;

/// The key of a limit, made ready. Those of one part are found without hashing anything.
#[derive(Clone, Debug)]
pub(super) struct Whose {
    way: Way,
    /// Bits of an IPv4 and of an IPv6 address, where it is a part; else what one subscriber holds.
    bits: [u8; 2],
    pub(super) per_route: bool,
}

#[derive(Clone, Debug)]
enum Way {
    /// The address alone.
    Address,
    /// A known caller; a stranger by his address.
    User,
    /// A pass; without one, the address.
    Pass,
    /// All of these, and the address where it is a part.
    Joined { parts: Vec<Ready>, has_address: bool },
}

/// A part of a joined key, with the steps of a claim's name.
#[derive(Clone, Debug)]
struct Ready {
    by: By,
    claim: Option<ClaimName>,
}

impl Ready {
    fn new(by: By) -> Self {
        let claim = match &by {
            By::Claim(name) => ClaimName::parse(name),
            _ => None,
        };
        Self { by, claim }
    }
}

/// What one subscriber holds.
const SUBSCRIBER: [u8; 2] = [32, 64];

impl Whose {
    pub(super) fn new(by: &[By]) -> Self {
        let mut bits = SUBSCRIBER;
        for part in by {
            match part {
                By::Network => bits = [24, 48],
                By::Address | By::Ip4(_) | By::Ip6(_) | By::User | By::Token | By::Key => {}
                By::Pass | By::Route | By::Origin | By::Claim(_) | By::Header(_) => {}
            }
        }
        for part in by {
            match part {
                By::Ip4(own) => bits[0] = *own,
                By::Ip6(own) => bits[1] = *own,
                By::Address | By::Network | By::User | By::Token | By::Key | By::Pass => {}
                By::Route | By::Origin | By::Claim(_) | By::Header(_) => {}
            }
        }
        let has_address = by.iter().any(By::is_of_address);
        let others = by.iter().filter(|part| !part.is_of_address() && **part != By::Route);
        let mut parts: Vec<By> = others.cloned().collect();
        parts.sort_by(|one, other| one.rank().cmp(&other.rank()));
        let way = match (parts.as_slice(), has_address) {
            ([], _) => Way::Address,
            ([By::User], false) => Way::User,
            ([By::Pass], false) => Way::Pass,
            _ => Way::Joined { parts: parts.into_iter().map(Ready::new).collect(), has_address },
        };
        Self { way, bits, per_route: by.contains(&By::Route) }
    }

    /// Whether the key can be told only while the request is there.
    pub(super) fn asks_the_request(&self) -> bool {
        match &self.way {
            Way::Address | Way::User | Way::Pass => false,
            Way::Joined { parts, .. } => {
                parts.iter().any(|part| matches!(part.by, By::Origin | By::Header(_)))
            }
        }
    }

    /// Who is counted. Whom no part tells apart is told by his name, or a stranger by his address:
    /// so nothing is gained by leaving a part away.
    pub(super) fn subject(&self, counted: Counted<'_>) -> Subject {
        let address = || Prefix::of_bits(counted.client, self.bits);
        let known = match &self.way {
            Way::Address => None,
            Way::User => counted.user,
            Way::Pass => counted.pass,
            Way::Joined { parts, has_address } => {
                let address = has_address.then(address);
                return joined(parts, address, counted);
            }
        };
        known.map_or_else(|| Subject::Address(address()), Subject::Known)
    }
}

/// What a part comes to for one request.
enum Part {
    Absent,
    Value(Vec<u8>),
    /// Repeated, unreadable or too long: one value, which all share who send such a thing.
    Unclear,
}

fn joined(parts: &[Ready], address: Option<Prefix>, counted: Counted<'_>) -> Subject {
    let mut bytes = b"limit's key\n".to_vec();
    let mut is_verified = false;
    for ready in parts {
        let part = part(ready, counted);
        let is_told = !matches!(ready.by, By::Header(_) | By::Origin);
        is_verified |= is_told && matches!(part, Part::Value(_));
        let (state, value) = match &part {
            Part::Absent => (0_u8, &[][..]),
            Part::Value(value) => (1, value.as_slice()),
            Part::Unclear => (2, &[][..]),
        };
        bytes.push(state);
        bytes.extend_from_slice(&(value.len() as u64).to_be_bytes());
        bytes.extend_from_slice(value);
    }
    // Whom nothing of it tells apart is told by his name.
    if !is_verified && let Some(user) = counted.user {
        is_verified = true;
        bytes.extend_from_slice(&user);
    }
    if let Some((bits, length)) = address.map(Prefix::parts) {
        bytes.extend_from_slice(&bits.to_be_bytes());
        bytes.push(length);
    }
    let digest = crypto::sha256(&bytes);
    if is_verified {
        return Subject::Known(digest.first_chunk().copied().unwrap_or_default());
    }
    // Within his own part of the table, so that whoever makes up values pushes nobody but himself.
    let address = address.unwrap_or_else(|| Prefix::subscriber(counted.client));
    let within = u64::from_be_bytes(digest.first_chunk().copied().unwrap_or_default());
    Subject::Address(address.with_within(within))
}

fn part(ready: &Ready, counted: Counted<'_>) -> Part {
    let of_digest = |digest: Option<[u8; 16]>| match digest {
        Some(digest) => Part::Value(digest.to_vec()),
        None => Part::Absent,
    };
    let identity = counted.identity;
    match &ready.by {
        By::User => of_digest(counted.user),
        By::Token => of_digest(identity.and_then(|identity| identity.credential())),
        By::Key => {
            let is_key = identity.is_some_and(|identity| identity.kind() == Kind::Key);
            of_digest(counted.user.filter(|_| is_key))
        }
        By::Pass => of_digest(counted.pass),
        By::Claim(_) => match (identity.and_then(|one| one.claims()), &ready.claim) {
            (Some(claims), Some(name)) => claim(claims, name),
            (None, _) | (_, None) => Part::Absent,
        },
        By::Origin => counted.asked.map_or(Part::Unclear, |asked| origin(asked.0)),
        By::Header(name) => match counted.asked {
            Some(asked) => header(single(asked.0.view.headers, name)),
            None => Part::Unclear,
        },
        // The address and the route are counted beside the parts.
        By::Address | By::Network | By::Ip4(_) | By::Ip6(_) | By::Route => Part::Absent,
    }
}

/// Null and an empty text say nothing.
fn claim(claims: &Object, name: &ClaimName) -> Part {
    match name.find(claims) {
        None | Some(Value::Null) => Part::Absent,
        Some(Value::String(text)) if text.is_empty() => Part::Absent,
        Some(value) => Part::Value(value.to_string().into_bytes()),
    }
}

/// Only the gate's own and the allowed ones are told apart, so that nobody makes up others.
fn origin(visit: &Visit<'_>) -> Part {
    match (visit.origin, visit.seen.origin) {
        (OriginIs::Own | OriginIs::Allowed, One::Value(text)) => {
            Part::Value(text.to_ascii_lowercase().into_bytes())
        }
        (OriginIs::Absent, _) => Part::Absent,
        (OriginIs::Own | OriginIs::Allowed | OriginIs::Other, _) => Part::Unclear,
        (OriginIs::Null | OriginIs::Unclear, _) => Part::Unclear,
    }
}

/// An empty value says as much as none, and one in another case as the same.
fn header(value: One<'_>) -> Part {
    match value {
        One::Absent => Part::Absent,
        One::Value(text) if text.trim().is_empty() => Part::Absent,
        One::Value(text) if text.len() <= HEADER_BYTES_MAX => {
            Part::Value(text.trim().to_ascii_lowercase().into_bytes())
        }
        One::Value(_) | One::Repeated | One::Unreadable => Part::Unclear,
    }
}
