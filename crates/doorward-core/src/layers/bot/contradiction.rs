//! Contradictions between what a client says and what it shows, and what could honestly explain
//! each.

use std::fmt;

/// One contradiction. Its place in this list is its bit in [`Contradictions`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Contradiction {
    /// A browser that sends Fetch Metadata with everything, and has sent none.
    FetchMissing,
    /// Fetch Metadata that no browser sends together.
    FetchOdd,
    /// A Chromium without client hints, where it sends them with everything.
    HintsMissing,
    /// Client hints of an engine that has none.
    HintsForeign,
    /// Client hints of another version, platform or kind of device.
    HintsDiffer,
    /// A browser without languages.
    LanguageMissing,
    /// A browser that does not say what it accepts.
    AcceptMissing,
    /// A browser that does not take what every browser takes: gzip, and brotli by https.
    EncodingOdd,
    /// A browser that speaks HTTP/1.0.
    ProtocolOld,
    /// Headers in an order, or names in a case, that this engine does not write.
    OrderOdd,
    /// A TLS hello that this engine does not send.
    HelloOdd,
    /// An opening of HTTP/2 that this engine does not send.
    OpeningOdd,
}

/// What can honestly make a client contradict itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Cause {
    /// Something between opens the connection: a company's inspection, a virus scanner, a data
    /// saver.
    Between = 1,
    /// Something removes headers: a hardened browser, a privacy proxy.
    Removed = 2,
    /// The browser says to be another one: an extension, a developer's tools, a desktop page on a
    /// telephone.
    Disguised = 4,
    /// The engine is built without it: a web view, a hardened build.
    Built = 8,
}

const BETWEEN: u8 = Cause::Between as u8;
const REMOVED: u8 = Cause::Removed as u8;
const DISGUISED: u8 = Cause::Disguised as u8;
const BUILT: u8 = Cause::Built as u8;

/// What is said of a contradiction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct About {
    /// Its name.
    pub name: &'static str,
    /// How much it weighs.
    pub weight: u8,
    /// What could honestly cause it.
    causes: u8,
    /// What it is, in a sentence.
    pub sentence: &'static str,
}

const fn about(name: &'static str, weight: u8, causes: u8, sentence: &'static str) -> About {
    About { name, weight, causes, sentence }
}

impl Contradiction {
    /// All of them, in order.
    pub const ALL: &[Self] = &[
        Self::FetchMissing,
        Self::FetchOdd,
        Self::HintsMissing,
        Self::HintsForeign,
        Self::HintsDiffer,
        Self::LanguageMissing,
        Self::AcceptMissing,
        Self::EncodingOdd,
        Self::ProtocolOld,
        Self::OrderOdd,
        Self::HelloOdd,
        Self::OpeningOdd,
    ];

    /// What is said of it.
    #[must_use]
    pub const fn about(self) -> About {
        match self {
            Self::FetchMissing => about(
                "fetch-missing",
                3,
                REMOVED | DISGUISED,
                "It says to be a browser that sends Sec-Fetch headers, and sends none.",
            ),
            Self::FetchOdd => about(
                "fetch-odd",
                4,
                0,
                "Its Sec-Fetch headers are such as no browser sends together.",
            ),
            Self::HintsMissing => about(
                "hints-missing",
                1,
                REMOVED | DISGUISED | BUILT,
                "It says to be a Chromium, and sends no client hints.",
            ),
            Self::HintsForeign => about(
                "hints-foreign",
                3,
                DISGUISED,
                "It sends client hints, which the browser that it says to be does not.",
            ),
            Self::HintsDiffer => about(
                "hints-differ",
                3,
                DISGUISED,
                "Its client hints name another version or platform than its User-Agent.",
            ),
            Self::LanguageMissing => about(
                "language-missing",
                2,
                REMOVED,
                "It says to be a browser, and sends no Accept-Language.",
            ),
            Self::AcceptMissing => {
                about("accept-missing", 2, REMOVED, "It says to be a browser, and sends no Accept.")
            }
            Self::EncodingOdd => about(
                "encoding-odd",
                2,
                BETWEEN | REMOVED | BUILT,
                "It says to be a browser, and does not take the encodings that browsers take.",
            ),
            Self::ProtocolOld => {
                about("protocol-old", 3, BETWEEN, "It says to be a browser, and speaks HTTP/1.0.")
            }
            Self::OrderOdd => about(
                "order-odd",
                2,
                BETWEEN | DISGUISED,
                "Its headers come in an order in which this browser does not write them.",
            ),
            Self::HelloOdd => about(
                "hello-odd",
                3,
                BETWEEN | DISGUISED,
                "Its TLS hello is not one of the browser that it says to be.",
            ),
            Self::OpeningOdd => about(
                "opening-odd",
                3,
                BETWEEN | DISGUISED,
                "It opens HTTP/2 otherwise than the browser that it says to be.",
            ),
        }
    }

    const fn bit(self) -> u16 {
        1 << self as u8
    }
}

/// A set of contradictions.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct Contradictions(u16);

impl Contradictions {
    /// Adds one.
    pub const fn add(&mut self, one: Contradiction) {
        self.0 |= one.bit();
    }

    /// Adds one, if it is so.
    pub const fn add_if(&mut self, is: bool, one: Contradiction) {
        if is {
            self.add(one);
        }
    }

    /// Those that are in it.
    pub fn iter(self) -> impl Iterator<Item = Contradiction> {
        Contradiction::ALL.iter().copied().filter(move |one| self.0 & one.bit() != 0)
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// What they weigh together.
    #[must_use]
    pub fn weight(self) -> u32 {
        self.iter().map(|one| u32::from(one.about().weight)).sum()
    }

    /// Whether no one honest cause explains all of them: two at the least that have nothing to do
    /// with each other.
    #[must_use]
    pub fn are_independent(self) -> bool {
        let common = self.iter().fold(u8::MAX, |common, one| common & one.about().causes);
        self.0.count_ones() >= 2 && common == 0
    }

    /// As they are kept in a pass.
    #[must_use]
    pub const fn bits(self) -> u16 {
        self.0
    }

    /// From what was kept; bits that nobody knows are left out.
    #[must_use]
    pub fn from_bits(bits: u16) -> Self {
        let known = Contradiction::ALL.iter().fold(0, |known, one| known | one.bit());
        Self(bits & known)
    }
}

impl fmt::Debug for Contradictions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter().map(|one| one.about().name)).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(list: &[Contradiction]) -> Contradictions {
        let mut set = Contradictions::default();
        list.iter().for_each(|one| set.add(*one));
        set
    }

    #[test]
    fn each_has_its_bit_and_its_name() {
        for (place, one) in Contradiction::ALL.iter().enumerate() {
            assert_eq!(usize::from(*one as u8), place);
            assert_eq!(set(&[*one]).iter().collect::<Vec<_>>(), [*one]);
            assert!(one.about().weight > 0 && one.about().sentence.ends_with('.'));
            let same = |other: &&Contradiction| other.about().name == one.about().name;
            assert_eq!(Contradiction::ALL.iter().filter(same).count(), 1);
        }
        let all = set(Contradiction::ALL);
        assert_eq!(Contradictions::from_bits(u16::MAX), all);
        assert_eq!(Contradictions::from_bits(all.bits()), all);
    }

    #[test]
    fn what_one_honest_cause_explains_refuses_nobody() {
        use Contradiction as C;
        let honest = [
            // A company that looks into TLS.
            &[C::HelloOdd, C::OpeningOdd, C::OrderOdd, C::EncodingOdd, C::ProtocolOld][..3],
            &[C::HelloOdd, C::OrderOdd, C::ProtocolOld],
            &[C::HelloOdd, C::EncodingOdd],
            // A privacy proxy.
            &[C::FetchMissing, C::HintsMissing, C::LanguageMissing, C::AcceptMissing],
            // Another browser's name.
            &[C::HintsDiffer, C::HelloOdd, C::OpeningOdd, C::OrderOdd, C::FetchMissing],
            // One alone, whatever it is.
            &[C::FetchOdd],
            &[],
        ];
        for list in honest {
            assert!(!set(list).are_independent(), "{list:?}");
        }
        let told = [
            &[C::LanguageMissing, C::HelloOdd][..],
            &[C::HintsForeign, C::LanguageMissing],
            &[C::FetchMissing, C::ProtocolOld],
            &[C::FetchOdd, C::HintsMissing],
            &[C::FetchMissing, C::HintsMissing, C::LanguageMissing, C::OrderOdd],
        ];
        for list in told {
            assert!(set(list).are_independent(), "{list:?}");
        }
    }
}
