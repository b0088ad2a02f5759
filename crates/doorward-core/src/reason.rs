//! Why a request is refused: a closed enum that nests each layer's own. A code is spelled once,
//! beside its words, in its layer's file.

use crate::fault::Fault;
use crate::layers::{
    body, cookie, cors, credential, csrf, identity, message, method, pass, permission, quota, site,
};
use http::StatusCode;

/// A reason's code, status and words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Words {
    /// `layer/what`, for programs and logs.
    pub code: &'static str,
    /// The HTTP status of the refusal.
    pub status: StatusCode,
    /// What happened: one sentence without its full stop, for anybody.
    pub title: &'static str,
    /// Why, and what to do: for those who may hear it.
    pub advice: &'static str,
}

impl Words {
    /// A line of a table of words.
    pub(crate) const fn row(
        code: &'static str,
        status: StatusCode,
        title: &'static str,
        advice: &'static str,
    ) -> Self {
        Self { code, status, title, advice }
    }
}

/// Why a request is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reason {
    /// By `message`.
    Message(message::Reason),
    /// By `cors`.
    Cors(cors::Reason),
    /// By `site`.
    Site(site::Reason),
    /// By `method`.
    Method(method::Reason),
    /// By `quota`.
    Quota(quota::Reason),
    /// By `identity`.
    Identity(identity::Reason),
    /// By `identity`, about a signature.
    Signature(identity::SignatureReason),
    /// By `permission`.
    Permission(permission::Reason),
    /// By `csrf`.
    Csrf(csrf::Reason),
    /// By `pass`.
    Pass(pass::Reason),
    /// By `body`.
    Body(body::Reason),
    /// By `credential`.
    Credential(credential::Reason),
    /// By `cookie`.
    Cookie(cookie::Reason),
    /// What only a mounting could see.
    Fault(Fault),
}

impl Reason {
    /// Its code, status and words.
    #[must_use]
    pub const fn words(self) -> Words {
        match self {
            Reason::Message(reason) => reason.words(),
            Reason::Cors(reason) => reason.words(),
            Reason::Site(reason) => reason.words(),
            Reason::Method(reason) => reason.words(),
            Reason::Quota(reason) => reason.words(),
            Reason::Identity(reason) => reason.words(),
            Reason::Signature(reason) => reason.words(),
            Reason::Permission(reason) => reason.words(),
            Reason::Csrf(reason) => reason.words(),
            Reason::Pass(reason) => reason.words(),
            Reason::Body(reason) => reason.words(),
            Reason::Credential(reason) => reason.words(),
            Reason::Cookie(reason) => reason.words(),
            Reason::Fault(fault) => fault.words(),
        }
    }

    /// Its code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        self.words().code
    }

    /// The layer that said so: what stands before the slash of its code.
    #[must_use]
    pub fn layer(self) -> &'static str {
        self.code().split('/').next().unwrap_or_default()
    }

    /// Whether it counts as a strike against the sender's address: only what no honest client
    /// sends, and never what a page could make a visitor's browser send.
    #[must_use]
    pub const fn is_strike(self) -> bool {
        match self {
            Reason::Fault(fault) => fault.is_strike(),
            Reason::Identity(reason) => reason.is_strike(),
            Reason::Message(_)
            | Reason::Cors(_)
            | Reason::Site(_)
            | Reason::Method(_)
            | Reason::Quota(_)
            // A webhook's forgery is none: the layer says so by itself.
            | Reason::Signature(_)
            // A known caller who asks for too much is somebody's honest mistake.
            | Reason::Permission(_)
            // A hostile page could make a visitor's browser send any of them.
            | Reason::Csrf(_)
            // Only a pass that nobody sealed is one: the layer says so by itself.
            | Reason::Pass(_)
            // What a page asks an AI for is its own mistake, or its operator's.
            | Reason::Body(_)
            | Reason::Credential(_)
            // A sibling domain could make a visitor's browser send both.
            | Reason::Cookie(_) => false,
        }
    }

    /// All reasons there are, for `doorward explain` and the docs.
    #[must_use]
    pub fn all() -> Vec<Self> {
        let mut out = Vec::new();
        out.extend(message::Reason::ALL.iter().copied().map(Reason::Message));
        out.extend(cors::Reason::ALL.iter().copied().map(Reason::Cors));
        out.extend(site::Reason::ALL.iter().copied().map(Reason::Site));
        out.extend(method::Reason::ALL.iter().copied().map(Reason::Method));
        out.extend(quota::Reason::ALL.iter().copied().map(Reason::Quota));
        out.extend(identity::Reason::ALL.iter().copied().map(Reason::Identity));
        let signature = identity::SignatureReason::ALL.iter().copied();
        out.extend(signature.map(Reason::Signature));
        out.extend(permission::Reason::ALL.iter().copied().map(Reason::Permission));
        out.extend(csrf::Reason::ALL.iter().copied().map(Reason::Csrf));
        out.extend(pass::Reason::ALL.iter().copied().map(Reason::Pass));
        out.extend(body::Reason::ALL.iter().copied().map(Reason::Body));
        out.extend(credential::Reason::ALL.iter().copied().map(Reason::Credential));
        out.extend(cookie::Reason::ALL.iter().copied().map(Reason::Cookie));
        out.extend(Fault::ALL.iter().copied().map(Reason::Fault));
        out
    }

    /// The reason of a code.
    #[must_use]
    pub fn find(code: &str) -> Option<Self> {
        Self::all().into_iter().find(|reason| reason.code() == code)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_spelled_once_and_names_its_layer() {
        let all = Reason::all();
        for (index, reason) in all.iter().enumerate() {
            let words = reason.words();
            assert!(!all[..index].iter().any(|other| other.code() == words.code), "{}", words.code);
            assert!(words.code.contains('/'), "{}", words.code);
            assert!(words.status.is_client_error() || words.status.is_server_error());
            assert!(!words.title.ends_with('.') && words.advice.ends_with('.'), "{}", words.code);
            assert_eq!(Reason::find(words.code), Some(*reason));
        }
    }
}
