//! Credentials that somebody between could read.

use crate::credited;
use crate::draft::Draft;
use crate::reading::Reading;
use crate::upstream::{Upstream, UpstreamAddress};

/// A credential that leaves for elsewhere without TLS.
pub(super) fn in_the_clear(
    path: &str,
    place: usize,
    upstream: &Upstream,
    draft: &Draft,
    reading: &mut Reading<'_>,
) {
    let address = &upstream.address;
    let is_plain = matches!(address, UpstreamAddress::Http { .. });
    if is_plain && address.looks_public() && credited::gets_one(&draft.settings, place) {
        let at = reading.place(path);
        let what = format!("a credential goes to {address} in the clear");
        reading.warn(at, what, "write https://, if it is not on a network of your own");
    }
}
