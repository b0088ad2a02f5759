//! Where an attacker stands, to use a grant.

use crate::finding::Severity;
use crate::payload::{Class, Emitter, Payload};
use url::Url;

/// Where an attacker stands, to use a grant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Position {
    /// At any page.
    AnyPage,
    /// At any page, which frames itself in a sandbox.
    SandboxedFrame,
    /// At a page of a name that can be registered, as this one.
    Bought(String),
    /// At a page of any name under this ending.
    Ending(String),
    /// At a page that anybody may publish under this name.
    Platform(String),
    /// At a page of any name below this one.
    Below(String),
    /// On the network's path to a visitor, at this `http:` origin.
    Path(String),
    /// At what a visitor's own machine or network serves at this origin.
    Near(String),
    /// At another port of the same host.
    Port(String),
    /// In an application or extension with a scheme of its own.
    Application(String),
    /// In a program: no page has this origin.
    NoPage(String),
}

impl Position {
    /// Where an attacker stands to send a payload.
    #[must_use]
    pub fn of(payload: &Payload) -> Self {
        let origin = payload.origin.clone();
        let host = host(&origin);
        let domain = || psl::domain_str(&host).unwrap_or(&host).to_owned();
        match payload.emitter {
            Emitter::Application => return Self::Application(origin),
            Emitter::Nobody => return Self::NoPage(origin),
            Emitter::Browser(_) => {}
        }
        match payload.class {
            Class::Any => Self::Ending(ending_of(&host)),
            Class::Null => Self::SandboxedFrame,
            Class::Before
            | Class::GluedBehind
            | Class::GluedBefore
            | Class::Dot
            | Class::Part
            | Class::Ending
            | Class::Punctuation
            | Class::Joined
            | Class::Lookalike => Self::Bought(domain()),
            Class::Below => {
                let own = self::host(&payload.made_of);
                let is_below_host = host.ends_with(&format!(".{own}"));
                Self::Below(if is_below_host { own } else { domain() })
            }
            Class::Downgrade => Self::Path(origin),
            Class::Port => Self::Port(host),
            Class::Local if host.starts_with("localhost.") => Self::Bought(domain()),
            Class::Local | Class::Private => Self::Near(origin),
            // Some platforms show everybody's scripts under their one name.
            Class::Platform => {
                let suffix = psl::suffix(host.as_bytes());
                let is_private =
                    suffix.is_some_and(|suffix| suffix.typ() == Some(psl::Type::Private));
                let name = if is_private { ending_of(&host) } else { host.clone() };
                Self::Platform(name)
            }
            Class::Suffix => Self::Ending(ending_of(&host)),
            Class::Scheme | Class::Unwritten | Class::Line | Class::Form => Self::NoPage(origin),
        }
    }

    /// The worst that a grant to it can be: who needs one thing more than a visitor is not as bad.
    pub(crate) const fn severity_max(&self) -> Severity {
        match self {
            Self::AnyPage
            | Self::SandboxedFrame
            | Self::Bought(_)
            | Self::Ending(_)
            | Self::Platform(_) => Severity::High,
            Self::Below(_) | Self::Path(_) | Self::Near(_) => Severity::Medium,
            Self::Port(_) => Severity::Low,
            Self::Application(_) | Self::NoPage(_) => Severity::Info,
        }
    }

    /// The attacker, as a sentence begins with him.
    pub(crate) fn words(&self) -> String {
        match self {
            Self::AnyPage => "Any page".to_owned(),
            Self::SandboxedFrame => "Any page, by a sandboxed frame of its own,".to_owned(),
            Self::Bought(name) => {
                format!("A page of anybody who registers a name such as `{name}`")
            }
            Self::Ending(ending) => {
                format!("A page of anybody who registers any name under `{ending}`")
            }
            Self::Platform(name) => format!("A page that anybody may publish under `{name}`"),
            Self::Below(name) => format!(
                "A page of any name below `{name}`, once one of them is taken over or runs a \
                 foreign script,"
            ),
            Self::Path(origin) => format!(
                "Whoever is on the network's path to a visitor puts a page at `{origin}`, which"
            ),
            Self::Near(origin) => {
                format!("Whatever a visitor's own machine or network serves at `{origin}`")
            }
            Self::Port(host) => format!("A page that another port of `{host}` serves"),
            Self::Application(origin) => format!("An application or extension at `{origin}`"),
            Self::NoPage(origin) => format!("A program that sends `Origin: {origin}`"),
        }
    }

    /// What every name of such a position ends with.
    pub(crate) fn ending(&self) -> Option<String> {
        match self {
            Self::Ending(ending) | Self::Platform(ending) => Some(format!(".{ending}")),
            Self::AnyPage
            | Self::SandboxedFrame
            | Self::Bought(_)
            | Self::Below(_)
            | Self::Path(_)
            | Self::Near(_)
            | Self::Port(_)
            | Self::Application(_)
            | Self::NoPage(_) => None,
        }
    }
}

fn ending_of(host: &str) -> String {
    psl::suffix_str(host).unwrap_or(host).to_owned()
}

/// The host of an origin; empty where it has none.
pub(crate) fn host(origin: &str) -> String {
    let url = Url::parse(origin).ok();
    url.and_then(|url| url.host_str().map(str::to_owned)).unwrap_or_default()
}
