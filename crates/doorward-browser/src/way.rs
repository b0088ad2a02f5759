//! The ways in which a page makes requests, and what each fixes of them (Fetch 2.2.5, HTML).

use crate::request::{Credentials, Mode};

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
    /// `navigator.sendBeacon()`: always POST, and nobody waits for the answer.
    Beacon,
    /// `new EventSource()`; its `withCredentials` is [`Credentials::Include`].
    EventSource,
    /// `new WebSocket()`, with an address of `ws:` or `wss:`.
    WebSocket,
    /// A form that is submitted, by script or by a click.
    Form(Target),
    /// A link that is followed, `location = …`, `<meta http-equiv=refresh>`, `window.open()`; with
    /// [`Target::Frame`] also what an `<iframe>` loads.
    Link(Target),
    /// `<a ping>`: a POST beside the link.
    Ping,
    /// `<img>`, and what loads like it. With `crossorigin` its mode is [`Mode::Cors`].
    Image,
    /// `<script>`. With `crossorigin`, and as a module, its mode is [`Mode::Cors`].
    Script,
    /// `<link rel=stylesheet>` or `@import`. With `crossorigin` its mode is [`Mode::Cors`].
    Stylesheet,
    /// `@font-face`: always in CORS mode.
    Font,
    /// `<audio>`. With `crossorigin` its mode is [`Mode::Cors`].
    Audio,
    /// `<video>`. With `crossorigin` its mode is [`Mode::Cors`].
    Video,
    /// `new Worker()`: the script of a dedicated worker, of one's own origin only.
    Worker,
    /// `new SharedWorker()`: its script, of one's own origin only.
    SharedWorker,
    /// `<link rel=prefetch>`.
    Prefetch,
    /// A report of a violation, by `report-uri` of a content security policy.
    CspReport,
    /// A report by the Reporting API.
    Report,
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

impl Way {
    /// The mode of a request made so; `said` is what the page says of it where it may. A beacon
    /// and its body are looked at by [`Request::effective_mode`](crate::Request::effective_mode).
    #[must_use]
    pub const fn mode(self, said: Mode) -> Mode {
        match self {
            Self::Fetch => said,
            Self::Xhr { .. } | Self::EventSource | Self::Font | Self::Report => Mode::Cors,
            Self::Form(_) | Self::Link(_) | Self::Typed => Mode::Navigate,
            Self::WebSocket => Mode::WebSocket,
            Self::Worker | Self::SharedWorker => Mode::SameOrigin,
            Self::Image | Self::Script | Self::Stylesheet | Self::Audio | Self::Video => match said
            {
                Mode::Cors => Mode::Cors,
                Mode::NoCors | Mode::SameOrigin | Mode::Navigate | Mode::WebSocket => Mode::NoCors,
            },
            Self::Beacon | Self::Ping | Self::Prefetch | Self::CspReport => Mode::NoCors,
        }
    }

    /// The credentials mode of a request made so.
    #[must_use]
    pub const fn credentials(self, mode: Mode, said: Credentials) -> Credentials {
        match (self, mode) {
            (Self::Fetch | Self::Xhr { .. } | Self::EventSource, _)
            | (
                Self::Image | Self::Script | Self::Stylesheet | Self::Audio | Self::Video,
                Mode::Cors,
            ) => said,
            (
                Self::Font | Self::Worker | Self::SharedWorker | Self::CspReport | Self::Report,
                _,
            ) => Credentials::SameOrigin,
            (
                Self::Beacon
                | Self::WebSocket
                | Self::Form(_)
                | Self::Link(_)
                | Self::Ping
                | Self::Image
                | Self::Script
                | Self::Stylesheet
                | Self::Audio
                | Self::Video
                | Self::Prefetch
                | Self::Typed,
                _,
            ) => Credentials::Include,
        }
    }

    /// The value of `Sec-Fetch-Dest` (Fetch 2.2.5, destination).
    #[must_use]
    pub const fn destination(self) -> &'static str {
        match self {
            Self::Fetch
            | Self::Xhr { .. }
            | Self::Beacon
            | Self::EventSource
            | Self::WebSocket
            | Self::Ping
            | Self::Prefetch => "empty",
            Self::Form(Target::Top) | Self::Link(Target::Top) | Self::Typed => "document",
            Self::Form(Target::Frame) | Self::Link(Target::Frame) => "iframe",
            Self::Image => "image",
            Self::Script => "script",
            Self::Stylesheet => "style",
            Self::Font => "font",
            Self::Audio => "audio",
            Self::Video => "video",
            Self::Worker => "worker",
            Self::SharedWorker => "sharedworker",
            Self::CspReport | Self::Report => "report",
        }
    }

    /// What is replaced, where it is a navigation.
    #[must_use]
    pub const fn navigates(self) -> Option<Target> {
        match self {
            Self::Form(target) | Self::Link(target) => Some(target),
            Self::Typed => Some(Target::Top),
            Self::Fetch
            | Self::Xhr { .. }
            | Self::Beacon
            | Self::EventSource
            | Self::WebSocket
            | Self::Ping
            | Self::Image
            | Self::Script
            | Self::Stylesheet
            | Self::Font
            | Self::Audio
            | Self::Video
            | Self::Worker
            | Self::SharedWorker
            | Self::Prefetch
            | Self::CspReport
            | Self::Report => None,
        }
    }

    /// Whether a script asked for it and waits for the answer.
    #[must_use]
    pub const fn is_scripted(self) -> bool {
        matches!(self, Self::Fetch | Self::Xhr { .. } | Self::EventSource | Self::WebSocket)
    }

    /// Whether the script chooses method, headers and body.
    #[must_use]
    pub const fn is_free(self) -> bool {
        matches!(self, Self::Fetch | Self::Xhr { .. })
    }

    /// Whether an element or an object waits for it, and tells the page whether it came.
    #[must_use]
    pub const fn is_watched(self) -> bool {
        matches!(
            self,
            Self::Image
                | Self::Script
                | Self::Stylesheet
                | Self::Font
                | Self::Audio
                | Self::Video
                | Self::Worker
                | Self::SharedWorker
                | Self::Prefetch
        )
    }
}
