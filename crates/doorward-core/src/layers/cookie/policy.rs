//! What is a session, what is renamed, and how far cookies may travel.

use super::names::{self, is_readable};
use crate::header::is_token;
use crate::layers::identity;
use crate::names::Names;
use crate::origin::Origins;
use crate::route::Routes;
use crate::settings::SettingsError;

/// How `SameSite` is chosen for sessions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SameSite {
    /// `Lax` at the least, where no allowed page is of another site.
    #[default]
    Auto,
    /// What the backend says.
    Keep,
}

/// What is done to cookies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Names of sessions, beside those that are known.
    pub sessions: Vec<String>,
    /// Sessions that the pages' own scripts read: they gain no `HttpOnly`.
    pub readable: Vec<String>,
    /// Rename the named sessions, and those that `identity` judges, to `__Host-NAME`.
    pub rename: bool,
    /// Rename these.
    pub protect: Vec<String>,
    /// Until when (seconds since 1970) the bare name is taken where no prefixed one came.
    pub migrate_until_unix_s: Option<u64>,
    /// How `SameSite` is chosen.
    pub same_site: SameSite,
    /// Cookies of one request, at the most.
    pub count_max: usize,
    /// Bytes of its `Cookie` lines, at the most.
    pub bytes_max: usize,
    /// Sessions that may come twice.
    pub insecure_duplicates: Vec<String>,
}

/// Browsers keep 180 of a site, and a few more that are partitioned.
pub const COUNT_MAX: usize = 256;
/// What most servers take of a whole head.
pub const BYTES_MAX: usize = 16 * 1024;

impl Default for Settings {
    fn default() -> Self {
        Self {
            sessions: Vec::new(),
            readable: Vec::new(),
            rename: false,
            protect: Vec::new(),
            migrate_until_unix_s: None,
            same_site: SameSite::Auto,
            count_max: COUNT_MAX,
            bytes_max: BYTES_MAX,
            insecure_duplicates: Vec::new(),
        }
    }
}

/// What browsers make of a name of the gate's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Site {
    /// They reach it by https.
    pub(super) is_secure: bool,
    /// No allowed page is of another site.
    pub(super) is_alone: bool,
}

/// Checked settings.
#[derive(Debug)]
pub struct Policy {
    /// What the file names, in this layer or in `identity`.
    pub(super) sessions: Vec<String>,
    pub(super) renamed: Vec<String>,
    readable: Vec<String>,
    duplicates: Vec<String>,
    pub(super) migrate_until_unix_s: Option<u64>,
    pub(super) count_max: usize,
    pub(super) bytes_max: usize,
    /// In the order of the listed names; the last is for those that are not listed.
    sites: Vec<Site>,
}

/// What a policy depends on beside its own settings.
pub(crate) struct Around<'a> {
    /// Who is believed: its cookies are sessions.
    pub(crate) identity: &'a identity::Policy,
    /// The gate's names.
    pub(crate) names: &'a Names,
    /// The file's allowed origins.
    pub(crate) origins: &'a Origins,
}

impl Policy {
    /// Checks the names.
    ///
    /// # Errors
    /// Every name that is wrong, in the order of the settings.
    pub(crate) fn new(
        settings: &Settings,
        around: &Around<'_>,
        routes: &Routes,
    ) -> Result<Self, Vec<SettingsError>> {
        let errors = wrong_names(settings);
        if !errors.is_empty() {
            return Err(errors);
        }
        let mut sessions = settings.sessions.clone();
        sessions.extend(around.identity.cookies().map(str::to_owned));
        let is_bare = |name: &String| names::bare(name.as_bytes()).len() == name.len();
        let mut renamed = settings.protect.clone();
        if settings.rename {
            renamed.extend(sessions.iter().filter(|name| is_bare(name)).cloned());
        }
        sessions.extend(settings.protect.iter().cloned());
        for list in [&mut sessions, &mut renamed] {
            list.sort();
            list.dedup();
        }
        Ok(Self {
            sessions,
            renamed,
            readable: settings.readable.clone(),
            duplicates: settings.insecure_duplicates.clone(),
            migrate_until_unix_s: settings.migrate_until_unix_s,
            count_max: settings.count_max,
            bytes_max: settings.bytes_max,
            sites: sites(settings.same_site, around, routes),
        })
    }

    /// What browsers make of the listed name that a request came in by.
    pub(super) fn site(&self, external: Option<usize>) -> Site {
        let listed = external.and_then(|index| self.sites.get(index));
        let unlisted = Site { is_secure: false, is_alone: false };
        listed.or(self.sites.last()).copied().unwrap_or(unlisted)
    }

    /// Whether a cookie of this name is kept from scripts.
    pub(super) fn hides(&self, name: &[u8]) -> bool {
        let bare = names::bare(name);
        let is = |known: &String| known.as_bytes() == name || known.as_bytes() == bare;
        names::is_session(self, name) && !self.readable.iter().any(is)
    }

    pub(super) fn renames(&self, bare: &[u8]) -> bool {
        self.renamed.iter().any(|known| known.as_bytes() == bare)
    }

    /// The renamed name that some backend could read in `name`.
    pub(super) fn renamed_that_reads_as(&self, name: &[u8]) -> Option<&[u8]> {
        let exact = self.renamed.iter().find(|known| known.as_bytes() == name);
        let close = || self.renamed.iter().find(|known| names::could_be(name, known.as_bytes()));
        exact.or_else(close).map(String::as_bytes)
    }

    pub(super) fn may_repeat(&self, name: &[u8]) -> bool {
        self.duplicates.iter().any(|known| known.as_bytes() == name)
    }
}

fn sites(same_site: SameSite, around: &Around<'_>, routes: &Routes) -> Vec<Site> {
    // Whoever is sent back by POST from another site comes without what is `Lax`.
    let takes_posts = routes.all().iter().any(|route| route.post);
    let keeps = same_site == SameSite::Keep || takes_posts;
    let origins = || {
        let of_routes = routes.all().iter().filter_map(|route| route.origins.as_ref());
        std::iter::once(around.origins).chain(of_routes)
    };
    let listed = around.names.listed().iter().map(|external| Site {
        is_secure: external.origin().scheme() == "https",
        is_alone: !keeps && origins().all(|list| list.are_same_site(external.origin())),
    });
    // While trying out without a list, nobody knows which site the pages' is.
    let is_alone = !keeps && origins().all(Origins::is_empty);
    listed.chain(std::iter::once(Site { is_secure: false, is_alone })).collect()
}

fn wrong_names(settings: &Settings) -> Vec<SettingsError> {
    let lists = [
        ("sessions", &settings.sessions),
        ("readable", &settings.readable),
        ("protect", &settings.protect),
        ("insecure_duplicates", &settings.insecure_duplicates),
    ];
    let mut errors = Vec::new();
    for (key, list) in lists {
        for (index, name) in list.iter().enumerate() {
            let is_prefixed = names::bare(name.as_bytes()).len() != name.len();
            let (what, hint) = if !is_token(name.as_bytes()) || name.starts_with('$') {
                (
                    format!("{name:?} is no name of a cookie"),
                    "write the name alone, as the backend sets it: \"connect.sid\"",
                )
            } else if matches!(key, "sessions" | "protect") && is_readable(name) {
                (
                    format!("pages read {name:?} by themselves, and could not any more"),
                    "leave it out: it is a token for the page, not a session",
                )
            } else if key == "protect" && is_prefixed {
                (
                    format!("{name:?} has a prefix already"),
                    "leave it out: browsers protect it as it is",
                )
            } else {
                continue;
            };
            let place = format!("layers.cookie.{key}[{index}]");
            errors.push(SettingsError::new(place, what, hint));
        }
    }
    errors
}
