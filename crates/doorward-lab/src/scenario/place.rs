//! Who calls, and whom.

use serde::{Deserialize, Serialize};

/// Who makes a request: a page of some origin, or a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Caller {
    /// Our frontend: the allowed origin.
    Shop,
    /// Our second frontend.
    Admin,
    /// A hostile page of another site.
    Evil,
    /// A hostile page of a sibling domain.
    Promo,
    /// A page of the same host, on another port.
    OtherPort,
    /// A page of the API's own origin.
    Own,
    /// curl.
    Curl,
    /// A script.
    Script,
    /// A search engine's crawler.
    Crawler,
    /// An uptime monitor.
    Monitor,
    /// A mobile app.
    App,
    /// A server of a partner's.
    Server,
    /// A payment provider that calls in.
    Webhook,
}

/// Where a request goes.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize, Serialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum Place {
    /// The API: the backend, or the gate before it where that is on.
    #[default]
    Api,
    /// The API under the shop's own host name, on its own port.
    ShopHost,
    /// The shared cache before the API.
    Cdn,
    /// The backend's own address, gate or not.
    Backend,
    /// The paid service.
    PaidAi,
}

impl Caller {
    /// All of them.
    pub const ALL: [Self; 13] = [
        Self::Shop,
        Self::Admin,
        Self::Evil,
        Self::Promo,
        Self::OtherPort,
        Self::Own,
        Self::Curl,
        Self::Script,
        Self::Crawler,
        Self::Monitor,
        Self::App,
        Self::Server,
        Self::Webhook,
    ];

    /// Its word in a file.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Shop => "shop",
            Self::Admin => "admin",
            Self::Evil => "evil",
            Self::Promo => "promo",
            Self::OtherPort => "other-port",
            Self::Own => "own",
            Self::Curl => "curl",
            Self::Script => "script",
            Self::Crawler => "crawler",
            Self::Monitor => "monitor",
            Self::App => "app",
            Self::Server => "server",
            Self::Webhook => "webhook",
        }
    }

    /// What a program calls itself; none for pages.
    #[must_use]
    pub const fn user_agent(self) -> Option<&'static str> {
        match self {
            Self::Shop | Self::Admin | Self::Evil | Self::Promo | Self::OtherPort | Self::Own => {
                None
            }
            Self::Curl => Some("curl/8.14.1"),
            Self::Script => Some("python-requests/2.32.5"),
            Self::Crawler => Some("Mozilla/5.0 (compatible; SearchBot/2.1)"),
            Self::Monitor => Some("UptimeMonitor/2.0"),
            Self::App => Some("ShopApp/4.2 (Android 16)"),
            Self::Server => Some("partner-server/1.0"),
            Self::Webhook => Some("PaymentHooks/1.0"),
        }
    }

    /// Whether it is a page in a browser.
    #[must_use]
    pub const fn is_page(self) -> bool {
        self.user_agent().is_none()
    }
}
