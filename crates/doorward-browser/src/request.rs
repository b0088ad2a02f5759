//! What a page asks its browser to send, and how.

use crate::body::Body;
use crate::headers::Headers;
use crate::safelist::is_safelisted_type;
use crate::space::AddressSpace;
use crate::way::Way;
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
    /// What else is said of it; the default is what a page gets that says nothing.
    pub options: Options,
}

/// What a page may say of a request beside its address, and what is known of where it goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// `redirect` of `fetch`.
    pub redirect: Redirect,
    /// `cache` of `fetch`.
    pub cache: CacheMode,
    /// `keepalive` of `fetch`: it outlives the page.
    pub keepalive: bool,
    /// A stream is sent without `duplex: "half"`.
    pub lacks_duplex: bool,
    /// `integrity` of `fetch`, `<script>` or `<link>` is set, and is what the body hashes to.
    pub has_integrity: bool,
    /// A person's click or key began the navigation.
    pub is_clicked: bool,
    /// `targetAddressSpace` of `fetch`.
    pub target_space: Option<AddressSpace>,
    /// The address space that the server's name leads to; none: as its address says, where that is
    /// an IP address or a name of this machine, and otherwise nothing is gated.
    pub server_space: Option<AddressSpace>,
}

/// The redirect mode (Fetch 2.2.5).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Redirect {
    /// The next address is asked.
    #[default]
    Follow,
    /// A redirect is an error.
    Error,
    /// The script is told that there was one, and nothing else.
    Manual,
}

/// The cache mode (Fetch 2.2.5).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CacheMode {
    /// What is fresh is used; what is stale is asked about.
    #[default]
    Default,
    /// The cache is neither read nor written.
    NoStore,
    /// The cache is not read.
    Reload,
    /// What is kept is asked about.
    NoCache,
    /// What is kept is used, stale or not.
    ForceCache,
    /// What is kept is used, and nothing is sent.
    OnlyIfCached,
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
    /// It becomes a WebSocket.
    WebSocket,
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
            options: Options::default(),
        }
    }

    /// The same address in another way.
    #[must_use]
    pub fn by(way: Way, url: Url) -> Self {
        Self { way, ..Self::fetch(url) }
    }

    /// The mode that it is made in. A beacon is in CORS mode only where the type of its body needs
    /// asking (Beacon 3.1).
    #[must_use]
    pub fn effective_mode(&self) -> Mode {
        let asks = |kind: String| !is_safelisted_type(&kind);
        match self.way {
            Way::Beacon if self.body.implied_type().is_some_and(asks) => Mode::Cors,
            way => way.mode(self.mode),
        }
    }
}
