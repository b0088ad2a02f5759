//! Enforce, monitor or off: for the file, a layer, a route, a share of callers. The mildest wins.

use crate::address::Prefix;

/// How seriously a judgement is taken, from the mildest to the strictest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mode {
    /// Not judged at all.
    Off,
    /// Judged and counted, refused by nobody.
    Monitor,
    /// Enforced for this share of callers in percent, monitored for the others. A caller stays on
    /// one side as long as its address does.
    Share(u8),
    /// Enforced.
    #[default]
    Enforce,
}

/// What a mode comes to for one caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Force {
    /// Not judged.
    Off,
    /// Judged, counted, not refused.
    Monitor,
    /// Refused where the layer says so.
    Enforce,
}

impl Mode {
    /// The milder of two.
    #[must_use]
    pub fn milder(self, other: Self) -> Self {
        self.min(other)
    }

    /// What this comes to for a caller at `prefix`.
    #[must_use]
    pub fn force(self, prefix: Prefix) -> Force {
        match self {
            Mode::Off => Force::Off,
            Mode::Monitor => Force::Monitor,
            Mode::Enforce => Force::Enforce,
            Mode::Share(percent) if stable_percent(prefix) < percent => Force::Enforce,
            Mode::Share(_) => Force::Monitor,
        }
    }
}

/// A number from 0 to 99 that stays the same for a prefix: 64-bit FNV-1a of its bits.
fn stable_percent(prefix: Prefix) -> u8 {
    let (bits, length) = prefix.parts();
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for byte in bits.to_be_bytes().into_iter().chain([length]) {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }
    // FNV leaves the upper bits of near neighbours alike; one multiplication spreads them.
    hash = (hash ^ (hash >> 32)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    ((hash >> 32) % 100) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mildest_wins_and_a_share_is_stable() {
        assert_eq!(Mode::Enforce.milder(Mode::Monitor), Mode::Monitor);
        assert_eq!(Mode::Share(10).milder(Mode::Enforce), Mode::Share(10));
        assert_eq!(Mode::Off.milder(Mode::Monitor), Mode::Off);
        let mut enforced = 0;
        for last in 0..=255_u8 {
            for third in 0..=3_u8 {
                let prefix = Prefix::subscriber([198, 51, third, last].into());
                let force = Mode::Share(10).force(prefix);
                assert_eq!(force, Mode::Share(10).force(prefix));
                enforced += usize::from(force == Force::Enforce);
            }
        }
        assert!((60..=150).contains(&enforced), "about a tenth of 1024, got {enforced}");
        assert_eq!(Mode::Share(0).force(Prefix::subscriber([1, 2, 3, 4].into())), Force::Monitor);
        assert_eq!(Mode::Share(100).force(Prefix::subscriber([1, 2, 3, 4].into())), Force::Enforce);
    }
}
