//! A configuration in the making: defaults, over which the file and the command line are written.

use crate::bound::Bounds;
use crate::config::{Admin, Profile, StoreAt, TlsFiles};
use crate::given::LogKind;
use crate::key_file::KEY_FILE_NAME;
use crate::section::issuer::KeysWritten;
use crate::section::quota::DenyWritten;
use crate::upstream::Upstream;
use doorward_core::secret::Secret;
use doorward_core::settings::Settings;
use ipnet::IpNet;
use std::net::{Ipv4Addr, SocketAddr};
use std::num::NonZeroU32;

/// The port of the default of `listen`.
const PORT: u16 = 8080;

/// A configuration in the making.
#[derive(Debug)]
pub(crate) struct Draft {
    pub(crate) settings: Settings,
    pub(crate) profile: Profile,
    pub(crate) listen: SocketAddr,
    pub(crate) tls: Option<TlsFiles>,
    pub(crate) http2: bool,
    pub(crate) proxy_protocol: Vec<IpNet>,
    pub(crate) admin: Option<Admin>,
    /// How the admin token was referred to.
    pub(crate) admin_token: Option<String>,
    /// The file's `upstream`.
    pub(crate) upstream: Option<Upstream>,
    /// Those of routes; a route names them by their place here plus one.
    pub(crate) route_upstreams: Vec<Upstream>,
    /// `keep`, `upstream`, or a name, where it is written.
    pub(crate) upstream_host: Option<String>,
    pub(crate) threads: usize,
    pub(crate) log: LogKind,
    pub(crate) bounds: Bounds,
    pub(crate) store: StoreAt,
    /// How many gates there are, where `store.instances` says it.
    pub(crate) store_instances: Option<NonZeroU32>,
    pub(crate) signing: Vec<Reference>,
    pub(crate) admission: Option<Reference>,
    /// What was written as each credential's value.
    pub(crate) credential_values: Vec<String>,
    /// How the keys of each issuer were written.
    pub(crate) jwt_keys: Vec<KeysWritten>,
    /// How the key of each integration that signs was written: `key = "…"`.
    pub(crate) signature_keys: Vec<String>,
    /// How `session` was written.
    pub(crate) session: Option<String>,
    /// How each of `introspection` was written.
    pub(crate) introspection: Vec<String>,
    /// How the secrets of routes' webhooks were referred to, each with its route's place.
    pub(crate) webhook_secrets: Vec<(usize, Vec<String>)>,
    /// `layers.identity.keys.file`.
    pub(crate) key_file: String,
    /// Whom no limit counts, as it is written out.
    pub(crate) allow_written: Vec<String>,
    /// Denied callers and tokens, as they were written.
    pub(crate) deny_known: Vec<DenyWritten>,
    /// `layers.cors.credentials`, where it is written.
    pub(crate) cors_credentials: Option<bool>,
    /// `layers.csrf.fields`, where it is written.
    pub(crate) csrf_fields: Option<bool>,
    /// Layers of later versions that the file says are off.
    pub(crate) later_off: Vec<&'static str>,
}

/// A secret and how it was referred to; a literal one is referred to as `…`.
#[derive(Clone, Debug)]
pub(crate) struct Reference {
    pub(crate) written: String,
    pub(crate) secret: Secret,
}

impl Default for Draft {
    fn default() -> Self {
        Self {
            settings: Settings::public(),
            profile: Profile::default(),
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, PORT)),
            tls: None,
            http2: true,
            proxy_protocol: Vec::new(),
            admin: None,
            admin_token: None,
            upstream: None,
            route_upstreams: Vec::new(),
            upstream_host: None,
            threads: 0,
            log: LogKind::default(),
            bounds: Bounds::default(),
            store: StoreAt::default(),
            store_instances: None,
            signing: Vec::new(),
            admission: None,
            credential_values: Vec::new(),
            jwt_keys: Vec::new(),
            signature_keys: Vec::new(),
            session: None,
            introspection: Vec::new(),
            webhook_secrets: Vec::new(),
            key_file: KEY_FILE_NAME.to_owned(),
            allow_written: Vec::new(),
            deny_known: Vec::new(),
            cors_credentials: None,
            csrf_fields: None,
            later_off: Vec::new(),
        }
    }
}

impl Draft {
    /// The index by which a route names an upstream of its own.
    pub(crate) fn route_upstream(&mut self, upstream: Upstream) -> usize {
        let known = self.route_upstreams.iter().position(|other| *other == upstream);
        let place = known.unwrap_or_else(|| {
            self.route_upstreams.push(upstream);
            self.route_upstreams.len() - 1
        });
        place + 1
    }
}
