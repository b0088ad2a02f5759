//! What a page asks its browser to send, and how.

use crate::body::Body;
use crate::headers::Headers;
use url::Url;

/// A request as the page asks for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// How it is made.
    pub way: Way,
    /// Where to.
    pub url: Url,
    /// The method as the page wrote it.
    pub method: String,
    /// The headers that the script set.
    pub headers: Headers,
    /// The body.
    pub body: Body,
    /// `mode` of `fetch`; other ways have their own.
    pub mode: Mode,
    /// `credentials` of `fetch`, `withCredentials`, `crossorigin`; other ways have their own.
    pub credentials: Credentials,
}

/// How a page makes a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// `fetch()`.
    Fetch,
    /// `XMLHttpRequest`; with a listener on its `upload` it asks first.
    Xhr {
        /// Whether there is such a listener.
        listens_to_upload: bool,
    },
    /// A form that is submitted, by script or by a click.
    Form(Target),
    /// A link that is followed, `location = …`, `<meta http-equiv=refresh>`.
    Link(Target),
    /// `<img>`, and what loads like it. With `crossorigin` its mode is [`Mode::Cors`].
    Image,
    /// `<link rel=prefetch>`.
    Prefetch,
    /// An address that a person typed: nobody's page asks for it.
    Typed,
}

/// What a navigation replaces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// The whole tab, or a new one.
    Top,
    /// A frame.
    Frame,
}

/// The mode of a request (Fetch 2.2.5).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// The answer is for the page, if the server lets it.
    #[default]
    Cors,
    /// The answer is not for the page to read.
    NoCors,
    /// Nothing of another origin.
    SameOrigin,
    /// It becomes a page.
    Navigate,
}

/// The credentials mode (Fetch 2.2.5).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Credentials {
    /// None at all.
    Omit,
    /// To one's own origin only.
    #[default]
    SameOrigin,
    /// Everywhere.
    Include,
}

impl Request {
    /// A `fetch()` of an address, with nothing else said.
    #[must_use]
    pub fn fetch(url: Url) -> Self {
        Self {
            way: Way::Fetch,
            url,
            method: "GET".to_owned(),
            headers: Headers::new(),
            body: Body::Empty,
            mode: Mode::Cors,
            credentials: Credentials::SameOrigin,
        }
    }

    /// The same address in another way.
    #[must_use]
    pub fn by(way: Way, url: Url) -> Self {
        Self { way, ..Self::fetch(url) }
    }
}

impl Way {
    /// The mode of a request made so; `said` is what the page says of it where it may.
    #[must_use]
    pub const fn mode(self, said: Mode) -> Mode {
        match self {
            Self::Fetch => said,
            Self::Xhr { .. } => Mode::Cors,
            Self::Form(_) | Self::Link(_) | Self::Typed => Mode::Navigate,
            Self::Image => match said {
                Mode::Cors => Mode::Cors,
                Mode::NoCors | Mode::SameOrigin | Mode::Navigate => Mode::NoCors,
            },
            Self::Prefetch => Mode::NoCors,
        }
    }

    /// The credentials mode of a request made so.
    #[must_use]
    pub const fn credentials(self, mode: Mode, said: Credentials) -> Credentials {
        match (self, mode) {
            (Self::Fetch | Self::Xhr { .. }, _) | (Self::Image, Mode::Cors) => said,
            (Self::Form(_) | Self::Link(_) | Self::Image | Self::Prefetch | Self::Typed, _) => {
                Credentials::Include
            }
        }
    }

    /// The value of `Sec-Fetch-Dest` (Fetch 2.2.5, destination).
    #[must_use]
    pub const fn destination(self) -> &'static str {
        match self {
            Self::Fetch | Self::Xhr { .. } | Self::Prefetch => "empty",
            Self::Form(Target::Top) | Self::Link(Target::Top) | Self::Typed => "document",
            Self::Form(Target::Frame) | Self::Link(Target::Frame) => "iframe",
            Self::Image => "image",
        }
    }

    /// What is replaced, where it is a navigation.
    #[must_use]
    pub const fn navigates(self) -> Option<Target> {
        match self {
            Self::Form(target) | Self::Link(target) => Some(target),
            Self::Typed => Some(Target::Top),
            Self::Fetch | Self::Xhr { .. } | Self::Image | Self::Prefetch => None,
        }
    }

    /// Whether a script asked for it and waits for the answer.
    #[must_use]
    pub const fn is_scripted(self) -> bool {
        matches!(self, Self::Fetch | Self::Xhr { .. })
    }
}
