//! Who is denied at run time, as a store keeps it.

use doorward_core::denial::{Denial, Denied};
use doorward_core::moment::Now;

/// Denials at once.
pub const DENIALS_MAX: usize = 10_000;

/// All denials of a store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DenialList {
    /// Another one whenever the list is another: nobody has to compare it whole.
    pub version: u64,
    /// Who is denied, each at most once, in no order.
    pub denials: Vec<Denial>,
}

/// Why a denial is not kept.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DenialError {
    /// There are too many.
    #[error("the list is full: {DENIALS_MAX} are denied already; lift some, or deny their network")]
    Full,
    /// It could not be written.
    #[error("the denial could not be written: {0}")]
    Unwritten(String),
}

impl Default for DenialList {
    fn default() -> Self {
        Self { version: 1, denials: Vec::new() }
    }
}

impl DenialList {
    /// Puts a denial in place of one of the same whom; one that has ended only takes that off.
    pub fn put(&mut self, denial: &Denial, now: Now) {
        self.denials.retain(|one| one.who != denial.who);
        if denial.lives(now) {
            self.denials.push(denial.clone());
        }
    }

    /// A copy, unless its version is known.
    pub(crate) fn unless(&self, known: u64) -> Option<Self> {
        (self.version != known).then(|| self.clone())
    }

    /// Takes those off that have ended.
    pub fn drop_ended(&mut self, now: Now) -> Vec<Denial> {
        self.denials.extract_if(.., |one| !one.lives(now)).collect()
    }

    /// Whether a denial can be put onto the list.
    #[must_use]
    pub fn has_room(&self, denial: &Denial) -> bool {
        self.denials.len() < DENIALS_MAX || self.denials.iter().any(|one| one.who == denial.who)
    }
}

/// A denial as it is kept: a key that is whom it denies, and the rest.
#[must_use]
pub fn encode(denial: &Denial) -> (String, Vec<u8>) {
    let key = match &denial.who {
        Denied::Network(network) => format!("network {network}"),
        Denied::Known { digest, .. } => format!("known {:032x}", u128::from_be_bytes(*digest)),
    };
    let name = match &denial.who {
        Denied::Network(_) => "",
        Denied::Known { name, .. } => name,
    };
    // Neither a name nor a reason has a control character in it.
    (key, format!("{}\n{name}\n{}", denial.until_unix_s, denial.why).into_bytes())
}

/// A denial that was kept; none where it is something else.
#[must_use]
pub fn decode(key: &str, rest: &[u8]) -> Option<Denial> {
    let mut lines = std::str::from_utf8(rest).ok()?.splitn(3, '\n');
    let (until, name, why) = (lines.next()?, lines.next()?, lines.next()?);
    let who = match key.split_once(' ')? {
        ("network", network) => Denied::Network(network.parse().ok()?),
        ("known", digest) => {
            let digest = u128::from_str_radix(digest, 16).ok()?.to_be_bytes();
            Denied::Known { digest, name: name.to_owned() }
        }
        _ => return None,
    };
    Denial::new(who, until.parse().ok()?, why)
}
