//! `layers.identity.proof`: what is asked of proofs that a token's own key sent a request.

use crate::document::Table;
use crate::draft::Draft;
use crate::reading::Reading;
use doorward_core::layers::identity::Place;

pub(super) fn read(table: &Table<'_>, draft: &mut Draft, reading: &mut Reading<'_>) {
    let Some(value) = table.value("proof") else { return };
    let Some(proof) = value.table(reading) else { return };
    let Some(said) = proof.value("nonce") else {
        if reading.exact_place(&proof.at("nonce")).is_none() {
            let what = "this does not say what a proof must have";
            let hint = "add nonce = \"5m\", or leave `proof` out";
            let _: Option<()> = value.error(what, hint, reading);
        }
        return;
    };
    let Some(stretch) = said.duration(reading) else { return };
    let identity = &mut draft.settings.identity;
    identity.nonce.stretch_s = Some(stretch.as_secs());
    let of_issuers = identity.issuers.iter().map(|issuer| &issuer.place);
    let of_checkers = identity.checkers.iter().map(|checker| &checker.place);
    // Proofs come with what stands behind `DPoP` in `Authorization` (RFC 9449 7.1).
    if !of_issuers.chain(of_checkers).any(|place| *place == Place::Bearer) {
        let what = "no token comes with a proof here: none stands in `Authorization`";
        let hint = "leave `proof` out, or let tokens come from = \"authorization\"";
        let _: Option<()> = said.error(what, hint, reading);
    }
}
