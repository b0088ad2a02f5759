//! One trial: who asks, how, whom, and what is answered.

use super::pairs;
use super::server::Server;
use doorward_browser::{Body, Credentials, Mode, Redirect, Way};
use serde_json::{Value, json};

/// A site that is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Site {
    /// `api.shop.localhost`
    Api,
    /// `shop.localhost`
    Shop,
    /// `shop.localhost` on another port.
    OtherPort,
    /// `promo.shop.localhost`
    Promo,
    /// `evil.localhost`
    Evil,
}

/// Who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum From {
    /// The frontend: the API's sibling.
    Shop,
    /// A page of another site.
    Evil,
    /// The API's own page.
    Own,
    /// The frontend, on the other port.
    OtherPort,
    /// A sandboxed frame in a page of another site.
    Sandbox,
    /// A page of another site, framed in the frontend.
    EvilInShop,
    /// The API's own page, framed in a page of another site.
    OwnInEvil,
    /// The frontend under `Referrer-Policy: no-referrer`.
    NoReferrer,
    /// A page of another site under `Referrer-Policy: same-origin`.
    SameOriginReferrer,
}

/// An answer. `{origin}` in a value is the origin that asks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reply {
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: Vec<(String, String)>,
    /// Where it redirects to.
    pub on_to: Option<Site>,
}

/// A trial.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trial {
    /// Its number: part of its addresses.
    pub id: usize,
    /// Who asks.
    pub from: From,
    /// How.
    pub way: Way,
    /// By which method.
    pub method: String,
    /// With which headers.
    pub headers: Vec<(String, String)>,
    /// With which body.
    pub body: Body,
    /// In which mode.
    pub mode: Mode,
    /// With credentials?
    pub credentials: Credentials,
    /// What of redirects.
    pub redirect: Redirect,
    /// Whom first.
    pub to: Site,
    /// The answer to each preflight.
    pub preflight: Reply,
    /// The answers of one address after the other.
    pub replies: Vec<Reply>,
    /// The same once more, so that the preflight cache is seen.
    pub twice: bool,
}

impl Site {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Api, Self::Shop, Self::OtherPort, Self::Promo, Self::Evil];

    /// Its name.
    pub const fn host(self) -> &'static str {
        match self {
            Self::Api => "api.shop.localhost",
            Self::Shop | Self::OtherPort => "shop.localhost",
            Self::Promo => "promo.shop.localhost",
            Self::Evil => "evil.localhost",
        }
    }
}

impl From {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Shop,
        Self::Evil,
        Self::Own,
        Self::OtherPort,
        Self::Sandbox,
        Self::EvilInShop,
        Self::OwnInEvil,
        Self::NoReferrer,
        Self::SameOriginReferrer,
    ];

    /// The site of the top-level page.
    pub const fn top(self) -> Site {
        match self {
            Self::Shop | Self::EvilInShop | Self::NoReferrer => Site::Shop,
            Self::Evil | Self::Sandbox | Self::OwnInEvil | Self::SameOriginReferrer => Site::Evil,
            Self::Own => Site::Api,
            Self::OtherPort => Site::OtherPort,
        }
    }

    /// The site of the page that acts.
    pub const fn site(self) -> Site {
        match self {
            Self::EvilInShop => Site::Evil,
            Self::OwnInEvil => Site::Api,
            other => other.top(),
        }
    }

    /// Whether it is the tab's own page.
    pub(super) const fn is_top(self) -> bool {
        !matches!(self, Self::Sandbox | Self::EvilInShop | Self::OwnInEvil)
    }

    /// The page to open.
    pub const fn page(self) -> &'static str {
        match self {
            Self::Shop | Self::Evil | Self::Own | Self::OtherPort => "/page",
            Self::Sandbox => "/frames/sandbox",
            Self::EvilInShop => "/frames/evil",
            Self::OwnInEvil => "/frames/api",
            Self::NoReferrer => "/page?no-referrer",
            Self::SameOriginReferrer => "/page?same-origin",
        }
    }
}

impl Trial {
    /// How often it is done.
    pub(super) const fn times(&self) -> usize {
        if self.twice { 2 } else { 1 }
    }

    /// The path of one of its addresses.
    pub(super) fn path(&self, hop: usize) -> String {
        format!("/t/{}/{hop}", self.id)
    }

    /// What the page is told.
    pub(super) fn order(&self, server: &Server) -> Value {
        let (way, upload) = match self.way {
            Way::Fetch => ("fetch", false),
            Way::Xhr { listens_to_upload } => ("xhr", listens_to_upload),
            Way::Beacon => ("beacon", false),
            Way::EventSource => ("event-source", false),
            Way::Form(_) => ("form", false),
            Way::Link(_) => ("frame", false),
            Way::Image => ("image", false),
            Way::Script => ("script", false),
            Way::Stylesheet => ("stylesheet", false),
            other => panic!("{other:?} is not drawn"),
        };
        json!({
            "way": way,
            "upload": upload,
            "url": server.url(self.to, &self.path(0)),
            "method": self.method,
            "headers": pairs(&self.headers),
            "body": body(&self.body),
            "mode": match self.mode {
                Mode::NoCors => "no-cors",
                Mode::SameOrigin => "same-origin",
                Mode::Cors | Mode::Navigate | Mode::WebSocket => "cors",
            },
            "credentials": match self.credentials {
                Credentials::Omit => "omit",
                Credentials::SameOrigin => "same-origin",
                Credentials::Include => "include",
            },
            "redirect": match self.redirect {
                Redirect::Follow => "follow",
                Redirect::Error => "error",
                Redirect::Manual => "manual",
            },
        })
    }
}

fn body(body: &Body) -> Value {
    match body {
        Body::Empty | Body::Stream => Value::Null,
        Body::Text(text) => json!({ "kind": "text", "text": text }),
        Body::UrlEncoded(text) => json!({ "kind": "urlencoded", "text": text }),
        Body::Plain(text) => json!({ "kind": "plain", "text": text }),
        Body::Multipart(fields) => json!({ "kind": "multipart", "fields": pairs(fields) }),
        Body::Bytes(bytes) => json!({ "kind": "bytes", "bytes": bytes }),
        Body::Blob(kind, bytes) => json!({ "kind": "blob", "type": kind, "bytes": bytes }),
    }
}
