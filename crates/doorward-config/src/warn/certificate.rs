//! What is said of clients' certificates.

use super::is_enforced;
use crate::draft::Draft;
use crate::reading::Reading;

/// Certificates that nobody is asked for, that nobody looks at, and that a browser shows to
/// whatever a page sends.
pub(super) fn of_clients(draft: &Draft, reading: &mut Reading<'_>) {
    let settings = &draft.settings;
    let identity = &settings.identity;
    let is_asked = draft.tls.as_ref().is_some_and(|tls| tls.clients.is_some());
    if is_asked && !identity.believes_anybody() {
        let place = reading.place("tls.clients");
        let what = "clients are asked for a certificate, and nothing here looks at it".to_owned();
        reading.warn(
            place,
            what,
            "say whom it names: [layers.identity] certificate = { subject = \"uri\" }",
        );
    }
    if identity.certificate.is_none() {
        return;
    }
    let place = reading.place("layers.identity.certificate");
    if !is_asked {
        let what = "no client is asked for a certificate, so nobody is known by one".to_owned();
        reading.warn(place, what, "add [tls] clients = \"ca.pem\": whose certificates count");
    } else if !is_enforced(settings, "csrf") {
        let what = "a browser shows its certificate with whatever a page sends, and `csrf` does \
                    not ask for tokens";
        let hint = if is_enforced(settings, "site") {
            "enforce it, [layers.csrf] mode = \"enforce\", if people have such certificates; \
             `site` refuses what other sites send"
        } else {
            "enforce `csrf` or `site`: nothing else here tells what other sites send from one's own"
        };
        reading.warn(place, what.to_owned(), hint);
    }
}
