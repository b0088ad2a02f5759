//! What a request gets on its way of what only the gate knows, and what of it comes back.

use super::Admitted;
use crate::fault::Fault;
use crate::layers::cors;
use crate::layers::pass::Cut;
use crate::scrub::{Scrub, Spellings};
use crate::visit::Visit;
use http::StatusCode;
use http::header::{self, HeaderMap, HeaderName};

/// Whether a request gets its route's credentials: every layer would have let it through, its
/// route declares its method, and it is no preflight that is left to the backend, which comes past
/// who is calling.
pub(super) fn adds(visit: &Visit<'_>, cors_acts: bool) -> bool {
    let is_preflight = !cors_acts && cors::is_preflight(visit);
    visit.would_refuse.is_empty()
        && visit.route().methods.contains(visit.view.method)
        && !is_preflight
}

impl Admitted {
    /// Whether it gets its route's credentials.
    pub(crate) const fn adds_credentials(&self) -> bool {
        self.adds_credentials
    }

    /// The path with its query as it goes to the backend: without a ticket, with the credentials
    /// that stand in a query. None: as it came. What it comes to may hold secrets.
    #[must_use]
    pub fn upstream_target(&self, target: &str) -> Option<String> {
        let (path, query) = match target.split_once('?') {
            Some((path, query)) => (path, Some(query)),
            None => (target, None),
        };
        let (stays, is_cut) = match (self.cut(), query) {
            (Some(Cut::Query(stays)), Some(query)) => {
                (stays.and_then(|bytes| query.get(..bytes)), true)
            }
            (_, query) => (query, false),
        };
        let places: &[usize] = if self.adds_credentials { &self.route().credentials } else { &[] };
        let mut added = self.gate.credential.parameters(places).peekable();
        match (stays, added.peek()) {
            (_, None) if !is_cut => None,
            (None, None) => Some(path.to_owned()),
            (Some(stays), None) => Some(format!("{path}?{stays}")),
            (stays, Some(_)) => {
                let stays = stays.filter(|stays| !stays.is_empty());
                let fields: Vec<&str> = stays.into_iter().chain(added).collect();
                Some(format!("{path}?{}", fields.join("&")))
            }
        }
    }

    /// What looks through its answer's body for the route's credentials; the head is looked through
    /// here. None: the route adds nothing.
    ///
    /// # Errors
    /// When the body could not be read: it is encoded, or a part of a whole, of which a client
    /// could ask for the halves of a secret one by one.
    pub fn scrub(
        &self,
        status: StatusCode,
        headers: &mut HeaderMap,
    ) -> Result<Option<Scrub>, Fault> {
        let Some(spellings) = self.spellings() else { return Ok(None) };
        if status == StatusCode::PARTIAL_CONTENT || is_encoded(headers) {
            return Err(Fault::UpstreamOpaque);
        }
        spellings.cover_values(headers);
        Ok(Some(Scrub::new(spellings)))
    }

    /// What must not be in its answer; none where its route adds nothing.
    #[must_use]
    pub fn spellings(&self) -> Option<Spellings> {
        self.gate.credential.spellings(&self.route().credentials)
    }
}

/// Whether an answer's body is coded in a way that hides its bytes (RFC 9110 8.4, RFC 9112 6.1).
fn is_encoded(headers: &HeaderMap) -> bool {
    let has_other = |name: HeaderName, plain: &[u8]| {
        let lines = headers.get_all(name).into_iter();
        let mut codings = lines.flat_map(|line| line.as_bytes().split(|byte| *byte == b','));
        codings.any(|coding| {
            let coding = coding.trim_ascii();
            !coding.is_empty() && !coding.eq_ignore_ascii_case(plain)
        })
    };
    has_other(header::CONTENT_ENCODING, b"identity")
        || has_other(header::TRANSFER_ENCODING, b"chunked")
}
