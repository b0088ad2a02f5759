//! Webhooks: deliveries that their sender has signed by a scheme of its own.

use super::signature_reason::SignatureReason;
use crate::layers::pass::{Claimed, Held, Of};
use crate::moment::Moment;
use crate::visit::Visit;
use crate::webhook::{self, Delivery};

/// What a route says about its webhook's sender.
#[derive(Clone, Debug)]
pub struct WebhookSettings {
    /// How it signs.
    pub kind: webhook::Kind,
    /// The secrets that count, several while they are changed.
    pub secrets: Vec<crate::secret::Secret>,
}

/// Reads a delivery's headers. None: its route takes none.
pub(crate) fn read(
    visit: &Visit<'_>,
    at: Moment<'_>,
) -> Option<Result<Box<Delivery>, SignatureReason>> {
    let scheme = visit.route().webhook.as_ref()?;
    let read = scheme.head(visit.view.headers, at.now.unix_s).map_err(SignatureReason::from);
    Some(read.and_then(|delivery| is_of_this_life(&delivery, at).map(|()| Box::new(delivery))))
}

/// Whether what was taken is remembered for as long as it was signed; of one that does not say
/// when, as long as anything is.
fn is_of_this_life(delivery: &Delivery, at: Moment<'_>) -> Result<(), SignatureReason> {
    let signed_at = delivery.signed_at().unwrap_or(u64::MAX - 1);
    if signed_at < at.memory.lives.begun_s(at.now) {
        // Its sender signs the next try anew.
        return Err(SignatureReason::StoreAway);
    }
    Ok(())
}

/// Checks a delivery's signature over its body. What it comes to is still to be claimed.
pub(crate) fn check(
    visit: &Visit<'_>,
    delivery: &Delivery,
    body: &[u8],
    at: Moment<'_>,
) -> Result<Held, SignatureReason> {
    // Its body may have come long after its head.
    is_of_this_life(delivery, at)?;
    let scheme = visit.route().webhook.as_ref().ok_or(SignatureReason::Missing)?;
    let claim = delivery.body(scheme, body)?;
    let path = visit.route().path.as_bytes();
    Ok(Held::new(&Claimed {
        of: Of::Delivery,
        pass: None,
        user: None,
        // Two senders with one scheme may choose the same ids.
        once: Some(&[b"webhook", path, b"\n", &claim.key]),
        until_unix_s: claim.until_unix_s,
        digest: None,
        traveller: None,
        is_signed: false,
        life: at.memory.lives.boot(at.now),
    }))
}
