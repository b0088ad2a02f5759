//! How long the caller of a stream may stay.

use super::Admitted;
use crate::layers::identity::Kind;
use crate::standing::Standing;

/// Seconds for which a stream goes on whose caller is known by somebody's word, and whose
/// credential is not kept: then its client opens another, which is judged anew.
const ASKED_S: u64 = 15 * 60;

impl Admitted {
    /// The second since 1970 at which its caller's leave ends, and a stream with it; none: it does
    /// not.
    #[must_use]
    pub fn ends_unix_s(&self) -> Option<u64> {
        let identity = &self.known.as_ref()?.identity;
        // Who is known by somebody's word, or by a session, may sign out elsewhere, and is asked
        // about no more.
        let may_end = identity.is_asked_about() || identity.kind() == Kind::Session;
        let asked =
            (may_end && self.text.is_none()).then(|| self.now.unix_s.saturating_add(ASKED_S));
        match (identity.ends_unix_s(), asked) {
            (Some(ends), Some(asked)) => Some(ends.min(asked)),
            (ends, asked) => ends.or(asked),
        }
    }

    /// Who opened the stream that it asks for, to be judged again while it goes on.
    #[must_use]
    pub fn standing(&self) -> Standing {
        let (known, held) = (self.known.as_ref(), self.held.as_deref());
        Standing::new(self.client, self.route().mode, known, held, self.text.clone())
            .with_seat(self.seat.clone())
    }
}
