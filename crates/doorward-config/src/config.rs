//! A configuration that was read and found good.

use crate::bound::Bounds;
use crate::effective::Said;
use crate::given::LogKind;
use crate::report::Report;
use crate::upstream::Upstream;
use doorward_core::gate::Gate;
use doorward_core::secret::Secret;
use doorward_core::settings::Settings;
use std::net::SocketAddr;
use std::sync::Arc;

/// Everything a start needs. Nothing in it is unchecked.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where to listen; port 0 takes a free one.
    pub listen: SocketAddr,
    /// The upstreams, by the index that the gate names; the first is the file's `upstream`.
    pub upstreams: Vec<Upstream>,
    /// Worker threads; 0 takes one a core.
    pub threads: usize,
    /// The shape of the log.
    pub log: LogKind,
    /// Limits in time, bytes and number.
    pub bounds: Bounds,
    /// The gate.
    pub gate: Arc<Gate>,
    /// What the gate was made of.
    pub settings: Settings,
    /// Which set of defaults.
    pub profile: Profile,
    /// Listening on loopback or private addresses only.
    pub trying_out: bool,
    /// Signing secrets: the first signs, all are accepted. At least one.
    pub signing: Vec<Secret>,
    /// The signing secret was drawn at this start, and dies with it.
    pub secret_was_generated: bool,
    /// Warnings and notes, for every start.
    pub warnings: Report,
    /// Every permissive word with its place, for every start: `layers.site.mode = "off"`.
    pub permissive: Vec<String>,
    pub(crate) said: Said,
}

/// Which set of defaults.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Profile {
    /// For pages that anybody may open.
    #[default]
    Public,
    /// For known callers.
    Authenticated,
}

impl Profile {
    /// Both by their words.
    pub const WORDS: &[(&'static str, Self)] =
        &[("public", Self::Public), ("authenticated", Self::Authenticated)];
}
