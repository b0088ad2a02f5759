//! # doorward-browser
//!
//! What a browser does with a request that a page makes: whether it asks first, what it sends,
//! which cookies go along, and what the page may read of the answer. One pure function,
//! [`decide()`], from engine, document, request, the servers' answers, the browser's state and the
//! time to a [`Verdict`]. It waits for nothing, and reads no clock.
//!
//! The rules are those of the WHATWG's Fetch and HTML, of Fetch Metadata and of RFC 6265bis; where
//! an engine differs, a knob of its [`Engine`] says so, and what was measured.
//!
//! # What is not modelled
//!
//! Service workers, prerendering, WebTransport, authentication by HTTP, content security policies,
//! upgrades by HSTS, the eviction of cookies, and bodies of answers: an element is taken to get
//! what `Content-Type` says. What meets a scheme that loads from elsewhere than a server ends as
//! [`Reading::NotModelled`], never as a guess.

mod blocked;
mod body;
mod cached;
mod call;
mod chain;
mod console;
mod cookie;
mod cors;
mod decide;
mod document;
mod engine;
mod fetched;
mod headers;
mod jar;
mod metadata;
mod mime;
mod opaque;
mod origin;
mod preflight;
mod referrer;
mod request;
mod rule;
mod safelist;
mod space;
mod state;
mod verdict;
mod way;

pub use body::Body;
pub use console::said;
pub use cookie::{Cookie, SameSite};
pub use decide::decide;
pub use document::{Document, EmbedderPolicy, Permission};
pub use engine::{
    Engine, EngineId, GoneWithBody, PlainTaint, SandboxReferer, SiteBehindRedirects, Streams,
    ThirdParty,
};
pub use headers::Headers;
pub use jar::{Jar, Travel};
pub use origin::{NotAnOrigin, Origin, Relation, is_trustworthy, relation};
pub use preflight::{Asked, Cause};
pub use referrer::ReferrerPolicy;
pub use request::{CacheMode, Credentials, Mode, Options, Redirect, Request};
pub use rule::Rule;
pub use safelist::{is_safelisted_method, unsafe_names};
pub use space::AddressSpace;
pub use state::State;
pub use verdict::{
    Answer, Because, Event, Hop, Preflight, Reading, Sent, Tainting, Thrown, Verdict,
};
pub use way::{Target, Way};
