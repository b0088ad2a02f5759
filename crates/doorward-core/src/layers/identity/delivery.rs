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
    let begun_s = at.memory.lives.begun_s(at.now);
    Some(read.and_then(|delivery| match delivery.signed_at() {
        // Its sender signs the next try anew.
        Some(signed_at) if signed_at < begun_s => Err(SignatureReason::StoreAway),
        Some(_) | None => Ok(Box::new(delivery)),
    }))
}

/// Checks a delivery's signature over its body. What it comes to is still to be claimed.
pub(crate) fn check(
    visit: &Visit<'_>,
    delivery: &Delivery,
    body: &[u8],
) -> Result<Held, SignatureReason> {
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
    }))
}
