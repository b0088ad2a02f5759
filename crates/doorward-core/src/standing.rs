//! Who opened a stream, judged again while it goes on: a stream must not outlive what it was opened
//! by.

use crate::address::Prefix;
use crate::certificate::Certificate;
use crate::gate::Gate;
use crate::layers::identity::{self, Asking, Errand, Identity, Known, Still, Told};
use crate::layers::pass::Held;
use crate::layers::quota::{self, Seat};
use crate::mode::{Force, Mode};
use crate::moment::Moment;
use crate::reason::Reason;
use crate::visit::Visit;
use std::net::IpAddr;
use std::sync::Arc;

/// Seconds after which whoever opened a stream is judged again.
pub const AGAIN_S: u64 = 30;
/// Seconds for which a stream goes on when nobody can say who its caller is.
pub const UNSAID_S: u64 = 120;

/// Who opened a stream, and by what.
pub struct Standing {
    client: IpAddr,
    visitor: Option<IpAddr>,
    /// The route's own.
    mode: Mode,
    /// What the deny-list can name of its pass or ticket.
    held: [Option<[u8; 16]>; 2],
    identity: Option<Arc<Identity>>,
    text: Option<Box<Text>>,
    /// Its place among the streams of strangers: given back when the stream has ended.
    _seat: Option<Arc<Seat>>,
}

/// The text of a credential. Behind a pointer of its own, because few have one.
#[derive(Clone)]
pub(crate) struct Text(Box<str>);

/// What judging again comes to.
pub enum Again {
    /// The stream goes on.
    Stays,
    /// It ends, and why.
    Ends(Reason),
    /// Somebody is to be asked.
    Ask(Question),
    /// Nobody can say now.
    Unsaid,
}

/// A question about a stream's caller.
pub struct Question {
    asking: Box<Asking>,
    prefix: Prefix,
}

impl Question {
    /// What is asked.
    #[must_use]
    pub fn errand(&self) -> Errand {
        self.asking.checker.errand(&self.asking.text)
    }

    /// For whom.
    #[must_use]
    pub const fn prefix(&self) -> Prefix {
        self.prefix
    }
}

impl Standing {
    pub(crate) fn new(
        client: IpAddr,
        mode: Mode,
        known: Option<&Known>,
        held: Option<&Held>,
        text: Option<Box<Text>>,
    ) -> Self {
        Self {
            client,
            visitor: known.and_then(|known| known.visitor),
            mode,
            held: held.map(quota::digests).unwrap_or_default(),
            identity: known.map(|known| Arc::clone(&known.identity)),
            text,
            _seat: None,
        }
    }

    pub(crate) fn with_seat(mut self, seat: Option<Arc<Seat>>) -> Self {
        self._seat = seat;
        self
    }

    fn is_enforced(&self, gate: &Gate, layer: Mode) -> bool {
        let prefix = Prefix::subscriber(self.client);
        gate.mode.milder(layer).milder(self.mode).force(prefix) == Force::Enforce
    }

    /// Judges it by the gate as it is now: the deny-list, keys and issuers may be others; and by
    /// the certificate that its connection has shown, as it is believed now.
    pub fn again(
        &mut self,
        gate: &Gate,
        certificate: Option<&Certificate>,
        at: Moment<'_>,
    ) -> Again {
        let addresses = [Some(self.client), self.visitor].into_iter().flatten();
        let known = (self.identity.as_deref(), &self.held[..]);
        if self.is_enforced(gate, gate.modes.quota)
            && quota::denies_stream(&gate.quota, addresses, known, at)
        {
            return Again::Ends(Reason::Quota(quota::Reason::Denied));
        }
        if !self.is_enforced(gate, gate.modes.identity) {
            return Again::Stays;
        }
        let Some(known) = &self.identity else { return Again::Stays };
        let text = self.text.as_ref().map(|text| &*text.0);
        let still = identity::again(&gate.identity, known, (text, certificate), at);
        self.take(still)
    }

    /// Judges it by what was said at `asked_ns`.
    pub fn told(
        &mut self,
        gate: &Gate,
        question: &Question,
        told: (&Told, u64),
        at: Moment<'_>,
    ) -> Again {
        let Some(known) = &self.identity else { return Again::Stays };
        let still = identity::told(&gate.identity, known, &question.asking, told, at);
        self.take(still)
    }

    fn take(&mut self, still: Still) -> Again {
        match still {
            Still::Same(identity) => {
                self.identity = Some(identity);
                Again::Stays
            }
            Still::Not(reason) => Again::Ends(Reason::Identity(reason)),
            Still::Ask(asking) => {
                Again::Ask(Question { asking, prefix: Prefix::subscriber(self.client) })
            }
            Still::Unsaid => Again::Unsaid,
        }
    }
}

/// What is kept of a visit for a stream that it may open.
pub(crate) fn text_of(visit: &Visit<'_>) -> Option<Box<Text>> {
    identity::text_for_stream(&visit.gate.identity, visit).map(|text| Box::new(Text(text)))
}
