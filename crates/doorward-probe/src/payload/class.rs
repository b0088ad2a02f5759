//! The classes of the grammar, each with its id.

/// A way in which a list of origins is commonly written wrong, and what is sent to see it.
///
/// `P-00` (controls), `P-22` (a policy that the client chooses) and `P-24` (a trusted name that
/// nobody owns any more) are no values of `Origin`: the first stands in [`crate::origins`], the
/// second is a check, and the third is not asked, since the probe looks up nobody's names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// Two origins of nobody's.
    Any,
    /// `null`.
    Null,
    /// The trusted host, and then a name of somebody's.
    Before,
    /// The trusted host with more letters behind it, without a dot.
    GluedBehind,
    /// The trusted name with more letters before it, without a dot.
    GluedBefore,
    /// Any name below the trusted one.
    Below,
    /// The trusted host by `http:`.
    Downgrade,
    /// A letter where the trusted host has a dot.
    Dot,
    /// A letter less, or the trusted name inside of another.
    Part,
    /// The trusted name under another ending.
    Ending,
    /// Punctuation that ends a name for some patterns.
    Punctuation,
    /// What no browser writes into a host.
    Unwritten,
    /// Another port.
    Port,
    /// Another scheme.
    Scheme,
    /// This machine.
    Local,
    /// An address of a private network.
    Private,
    /// A platform where anybody may publish.
    Platform,
    /// The same origin in another form.
    Form,
    /// Two trusted names in one.
    Joined,
    /// Letters that look alike.
    Lookalike,
    /// Any name under the trusted name's ending.
    Suffix,
    /// A line end in the header.
    Line,
}

impl Class {
    /// All, in the order of their ids.
    pub const ALL: [Self; 22] = [
        Self::Any,
        Self::Null,
        Self::Before,
        Self::GluedBehind,
        Self::GluedBefore,
        Self::Below,
        Self::Downgrade,
        Self::Dot,
        Self::Part,
        Self::Ending,
        Self::Punctuation,
        Self::Unwritten,
        Self::Port,
        Self::Scheme,
        Self::Local,
        Self::Private,
        Self::Platform,
        Self::Form,
        Self::Joined,
        Self::Lookalike,
        Self::Suffix,
        Self::Line,
    ];

    /// Its id, for reports and baselines.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::Any => "P-01",
            Self::Null => "P-02",
            Self::Before => "P-03",
            Self::GluedBehind => "P-04",
            Self::GluedBefore => "P-05",
            Self::Below => "P-06",
            Self::Downgrade => "P-07",
            Self::Dot => "P-08",
            Self::Part => "P-09",
            Self::Ending => "P-10",
            Self::Punctuation => "P-11",
            Self::Unwritten => "P-12",
            Self::Port => "P-13",
            Self::Scheme => "P-14",
            Self::Local => "P-15",
            Self::Private => "P-16",
            Self::Platform => "P-17",
            Self::Form => "P-18",
            Self::Joined => "P-19",
            Self::Lookalike => "P-20",
            Self::Suffix => "P-21",
            Self::Line => "P-23",
        }
    }

    /// The mistake that a hit speaks of.
    #[must_use]
    pub const fn mistake(self) -> &'static str {
        match self {
            Self::Any => "every origin is allowed",
            Self::Null => "`null` is allowed",
            Self::Before => "the beginning is compared, not the whole",
            Self::GluedBehind => "the beginning is compared, without a dot behind it",
            Self::GluedBefore => "the end is compared, without a dot before it",
            Self::Below => "every name below is allowed",
            Self::Downgrade => "`http:` is allowed as `https:` is",
            Self::Dot => "a dot of the pattern stands for any letter",
            Self::Part => "a part is compared, not the whole",
            Self::Ending => "every ending of the name is allowed",
            Self::Punctuation => "the pattern takes punctuation for the end of the name",
            Self::Unwritten => "what is no host passes",
            Self::Port => "every port is allowed",
            Self::Scheme => "another scheme is allowed",
            Self::Local => "this machine is allowed",
            Self::Private => "addresses of private networks are allowed",
            Self::Platform => "a platform is allowed where anybody may publish",
            Self::Form => "another form of the same origin passes",
            Self::Joined => "two allowed names in one pass as one of them",
            Self::Lookalike => "letters that look alike are taken for one another",
            Self::Suffix => "every name under the ending is allowed",
            Self::Line => "a line end passes",
        }
    }

    /// How many of its payloads are sent for one trusted origin by default: a single address
    /// should be looked at within two seconds.
    pub(crate) const fn ordinary(self) -> usize {
        match self {
            Self::Dot | Self::Part | Self::Punctuation => 3,
            Self::Local => 5,
            Self::Platform => 4,
            Self::Any | Self::Below | Self::Downgrade | Self::Port | Self::Joined => 2,
            Self::Null
            | Self::Before
            | Self::GluedBehind
            | Self::GluedBefore
            | Self::Ending
            | Self::Private
            | Self::Suffix => 1,
            // No page has such an origin, or it belongs to the same owner.
            Self::Unwritten | Self::Scheme | Self::Form | Self::Lookalike | Self::Line => 0,
        }
    }

    /// Whether it is asked by default for every trusted origin, not for the first alone.
    pub(crate) const fn is_for_each(self) -> bool {
        matches!(self, Self::Before | Self::GluedBefore | Self::Below | Self::Joined)
    }
}
