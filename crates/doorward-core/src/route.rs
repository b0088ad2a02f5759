//! Routes: what the file says about some paths. They refine the file's settings, never replace
//! them.

mod template;

use crate::layers::body::{Ai, AiSettings};
use crate::layers::csrf::Forms;
use crate::layers::identity::WebhookSettings;
use crate::layers::method::Methods;
use crate::layers::permission;
use crate::layers::quota::SignIn;
use crate::mode::Mode;
use crate::origin::Origins;
use crate::own::Own;
use crate::parameter::Parameter;
use crate::path::{self, Oddities};
use crate::shape::{Declared, schema::Schema};
use crate::webhook::Scheme;
use std::sync::Arc;
use template::{Index, Segment, parse};

pub use template::TemplateError;

/// What a route is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Kind {
    /// Programs call it: the whole stack.
    #[default]
    Api,
    /// Documents and assets: GET and HEAD, opened from anywhere.
    Page,
    /// Where a sign-in or payment provider sends people back.
    Return,
    /// Deliveries that their sender signs by a scheme of its own.
    Webhook,
    /// The application's own health check: GET and HEAD.
    Health,
}

/// Who may embed a route's answers (images, scripts, frames) without an `Origin`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Embed {
    /// Only pages of the gate's own origin.
    #[default]
    Own,
    /// Pages of the same site.
    SameSite,
    /// Any page.
    Anyone,
}

/// What a route does to the backend's state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Effect {
    /// Safe methods read, others write.
    #[default]
    ByMethod,
    /// Every request only reads.
    Read,
    /// It changes state: a safe method may not reach it.
    Write,
}

/// How method overrides (`X-HTTP-Method-Override`, `_method` in the query) are taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Override {
    /// The method that they name must be allowed too.
    #[default]
    Judge,
    /// A request with one is refused.
    Refuse,
}

/// Whether strangers need a pass on a route.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Pass {
    /// Where the layer is on.
    #[default]
    Required,
    /// One that is there is judged; none is needed.
    Optional,
}

/// Whose requests need a CSRF token on a route, where they may change something.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Csrf {
    /// Those of callers known by a cookie.
    #[default]
    Cookie,
    /// The same; the token may stand in the body.
    Body,
    /// The same, and strangers': a log-in.
    Required,
    /// Nobody's: the application has tokens of its own.
    App,
    /// Nobody's.
    Off,
}

/// How often a ticket for a route may be good.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tickets {
    /// Once.
    #[default]
    Once,
    /// For a time, where it is asked for: media, downloads.
    Window,
}

/// What the file says about a route. See the fields' defaults in `Default`.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// `/v1/users/{id:uuid}/*`, `/static/**`: segments that are literal, a parameter, anything, the
    /// rest.
    pub path: String,
    /// What it is for.
    pub kind: Kind,
    /// Declared methods; none: any that is commonly known.
    pub methods: Vec<String>,
    /// What it does.
    pub effect: Effect,
    /// A mode milder than the file's.
    pub mode: Mode,
    /// Its own allowed origins, in place of the file's.
    pub origins: Option<Vec<String>>,
    /// Who may embed it.
    pub embed: Embed,
    /// A `return` route that people are sent back to by POST.
    pub post: bool,
    /// How overrides are taken.
    pub overrides: Override,
    /// Encoded slashes are known to be read right by the backend.
    pub allow_encoded_slash: bool,
    /// Limits added to the file's.
    pub limits: Vec<crate::layers::quota::Limit>,
    /// The route's limits replace the file's.
    pub limits_only: bool,
    /// Names of the credentials that are added on the way upstream.
    pub credentials: Vec<String>,
    /// Whether callers must be known here; none: as the file says.
    pub requires_identity: Option<bool>,
    /// What callers must have; none: whoever is known may call.
    pub require: Option<permission::Require>,
    /// What must be true of caller and request, as CEL.
    pub when: Option<String>,
    /// Strangers may call a route that has a credential.
    pub insecure_open_credential: bool,
    /// Bytes of a request body at the most; none: no limit.
    pub body_bytes_max: Option<u64>,
    /// The body is held (up to `HELD_BODY_BYTES_MAX`) and its digest put into the admission proof.
    pub bind_body: bool,
    /// What its bodies look like.
    pub schema: Option<Declared>,
    /// Which upstream, by its place in the mounting's list.
    pub upstream: usize,
    /// Whose requests need a CSRF token.
    pub csrf: Csrf,
    /// What is done to the forms of its pages; none: what the layer says.
    pub forms: Option<Forms>,
    /// How attempts to sign in are counted; none: nobody signs in here.
    pub sign_in: Option<SignIn>,
    /// Whether strangers need a pass.
    pub pass: Pass,
    /// How often a ticket may be good.
    pub tickets: Tickets,
    /// Who sends the deliveries of a `webhook` route.
    pub webhook: Option<WebhookSettings>,
    /// What an AI may be asked here; none: bodies are not read for that.
    pub ai: Option<AiSettings>,
    /// Names of the budgets that are spent here.
    pub budgets: Vec<String>,
}

/// A body whose digest goes into the admission proof is held up to this many bytes.
pub const HELD_BODY_BYTES_MAX: usize = 1024 * 1024;

/// A checked route.
#[derive(Debug)]
pub struct Route {
    /// Its path, as written.
    pub path: String,
    /// What it is for.
    pub kind: Kind,
    /// Its declared methods.
    pub methods: Methods,
    /// What it does.
    pub effect: Effect,
    /// Its mode.
    pub mode: Mode,
    /// Its own origins.
    pub origins: Option<Origins>,
    /// Who may embed it.
    pub embed: Embed,
    /// People are sent back to it by POST.
    pub post: bool,
    /// How overrides are taken.
    pub overrides: Override,
    /// Encoded slashes are read right.
    pub allow_encoded_slash: bool,
    /// Its limits, by their place in the quota policy's list.
    pub limits: Vec<usize>,
    /// Its limits stand alone.
    pub limits_only: bool,
    /// Its credentials, by their place in the credential policy's list.
    pub credentials: Vec<usize>,
    /// Callers must be known.
    pub requires_identity: bool,
    /// The parameters of its path.
    pub parameters: Vec<Parameter>,
    /// What callers must have.
    pub permission: Option<Box<permission::Rule>>,
    /// Bytes of a request body at the most.
    pub body_bytes_max: Option<u64>,
    /// Its body is held for the admission proof.
    pub bind_body: bool,
    /// What its bodies look like.
    pub schema: Option<Arc<Schema>>,
    /// Which upstream.
    pub upstream: usize,
    /// Whose requests need a CSRF token.
    pub csrf: Csrf,
    /// Forms of its pages get a token.
    pub injects: bool,
    /// How attempts to sign in are counted.
    pub sign_in: Option<SignIn>,
    /// Whether strangers need a pass.
    pub pass: Pass,
    /// How often a ticket may be good.
    pub tickets: Tickets,
    /// How the deliveries of a `webhook` route are signed.
    pub webhook: Option<Scheme>,
    /// What an AI may be asked here.
    pub ai: Option<Box<Ai>>,
    /// Its budgets, by their place in the budgets' list.
    pub budgets: Vec<usize>,
    /// An address of the gate's own.
    pub own: Option<Own>,
    /// Made by the gate itself (robots.txt and the like), not by the file.
    pub implicit: bool,
}

impl Route {
    /// Whether it asks for what no other route may: whoever meets another one goes round it.
    fn is_strict(&self) -> bool {
        self.sign_in.is_some()
            || self.permission.is_some()
            || self.csrf == Csrf::Required
            || self.ai.is_some()
            || self.schema.is_some()
            || !self.budgets.is_empty()
    }
}

/// A place in the table of routes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RouteId(pub usize);

/// The route of everything that no other route names.
pub const DEFAULT_ROUTE: RouteId = RouteId(0);

/// All routes of a gate. Index 0 is the default route.
#[derive(Debug)]
pub struct Routes {
    list: Vec<Route>,
    exact: Index,
    folded: Index,
    declared: bool,
    is_any_strict: bool,
}

/// Dots of a path's last segment behind which a format is looked for.
const FORMATS_MAX: usize = 8;

impl Routes {
    /// Puts routes in their order: the most specific first (literal, parameter, `*`, `**`, from the
    /// left). The first route of the list is the default one; its path is not looked at.
    ///
    /// # Errors
    /// Every path that is not one, with its place in the list.
    pub fn new(list: Vec<Route>) -> Result<Self, Vec<(usize, TemplateError)>> {
        let mut out = Self {
            declared: list.iter().skip(1).any(|route| !route.implicit),
            is_any_strict: list.iter().skip(1).any(Route::is_strict),
            list,
            exact: Index::default(),
            folded: Index::default(),
        };
        let mut errors = Vec::new();
        for index in 1..out.list.len() {
            let added = parse(&out.list[index].path).and_then(|segments| out.add(index, &segments));
            if let Err(error) = added {
                errors.push((index, error));
            }
        }
        if !errors.is_empty() {
            return Err(errors);
        }
        out.exact.sort();
        out.folded.sort();
        Ok(out)
    }

    fn add(&mut self, index: usize, segments: &[Segment]) -> Result<(), TemplateError> {
        if let Some(other) = self.exact.insert(segments, index) {
            // What the gate makes by itself gives way to what the file says.
            if !self.list[index].implicit {
                return Err(TemplateError::Tie(self.list[other].path.clone()));
            }
        }
        // Routes that differ only in case or in a slash at their end are one route for many
        // backends.
        let mut folded: Vec<Segment> = segments.iter().map(Segment::folded).collect();
        if folded.len() > 1 && folded.last() == Some(&Segment::Literal(Vec::new())) {
            folded.pop();
        }
        match self.folded.insert(&folded, index) {
            Some(other) if !self.list[index].implicit => {
                Err(TemplateError::Tie(self.list[other].path.clone()))
            }
            _ => Ok(()),
        }
    }

    /// The route of a path, byte for byte.
    #[must_use]
    pub fn find(&self, path: &str) -> RouteId {
        RouteId(self.exact.find(path.as_bytes()).unwrap_or(0))
    }

    /// Whether a backend that reads `path` in another way would meet another route.
    #[must_use]
    pub fn is_near_miss(&self, path: &str, odd: Oddities, found: RouteId) -> bool {
        if !self.declared {
            return false;
        }
        // A path that the file names itself is meant, whatever it ends in.
        let is_cut = self.is_any_strict && !self.exact.has(path.as_bytes());
        if !odd.any() {
            return is_cut && self.is_of_strict_one(path.as_bytes(), found);
        }
        let slashes = !self.route(found).allow_encoded_slash;
        path::readings(path, odd, slashes).iter().any(|reading| {
            let other = self.folded.find(reading).unwrap_or(0);
            // Pages that the gate makes by itself are weaker than any other route: to have been
            // judged by the other one is the stricter reading.
            (other != found.0 && !self.list[other].implicit)
                || (is_cut && self.is_of_strict_one(reading, found))
        })
    }

    /// Whether a reading is that of another, strict route, with a format behind it: Rails and
    /// others read `/login.json` as `/login`, and one that is to be JSON.
    fn is_of_strict_one(&self, reading: &[u8], found: RouteId) -> bool {
        let last = reading.iter().rposition(|byte| *byte == b'/').map_or(0, |slash| slash + 1);
        let dots = reading.iter().enumerate().skip(last + 1).filter(|(_, byte)| **byte == b'.');
        dots.take(FORMATS_MAX).any(|(dot, _)| {
            let other = self.folded.find(&reading[..dot]);
            other.is_some_and(|other| other != found.0 && self.list[other].is_strict())
        })
    }

    /// The route at a place.
    #[must_use]
    pub fn route(&self, id: RouteId) -> &Route {
        // Ids are made by `find` alone, out of this list, whose first route always is.
        self.list.get(id.0).unwrap_or(&self.list[0])
    }

    /// All routes, the default one first.
    #[must_use]
    pub fn all(&self) -> &[Route] {
        &self.list
    }
}

#[cfg(test)]
#[path = "route_tests.rs"]
mod tests;
