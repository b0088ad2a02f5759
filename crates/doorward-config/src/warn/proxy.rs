//! Who stands before the gate, where nobody says.

use crate::draft::Draft;
use crate::reading::Reading;
use doorward_core::names::External;

/// Browsers come by https and this gate speaks none, so something ends TLS before it. While that is
/// not named, all its visitors share one address: one of them uses up what all have.
pub(super) fn unnamed(listed: &[(usize, External)], draft: &Draft, reading: &mut Reading<'_>) {
    let is_named = !draft.settings.trusted_proxies.is_empty() || !draft.proxy_protocol.is_empty();
    if draft.tls.is_some() || is_named {
        return;
    }
    let mut by_https = listed.iter().filter(|(_, one)| one.origin().scheme() == "https");
    let Some((index, _)) = by_https.next() else { return };
    let place = reading.place(&format!("external[{index}]"));
    reading.warn(
        place,
        "what ends TLS before this gate is not named, so everybody behind it counts as one address"
            .to_owned(),
        "name it: [client_ip] trusted_proxies = [\"10.0.0.5\"], its address or network, \
         \"private\" or \"loopback\"; or let the gate speak TLS itself: [tls]",
    );
}
