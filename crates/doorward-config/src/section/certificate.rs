//! `layers.identity.certificate`: callers by the certificate of their connection.

use crate::document::{Value, shorten};
use crate::reading::Reading;
use doorward_core::certificate::NameKind;
use doorward_core::layers::identity::CertificateSettings;

pub(super) fn read(value: &Value<'_>, reading: &mut Reading<'_>) -> Option<CertificateSettings> {
    let table = value.table(reading)?;
    let subject = match table.value("subject") {
        Some(said) => said.choose(NameKind::WORDS, reading),
        None if reading.exact_place(&table.at("subject")).is_some() => None,
        None => {
            let what = "this does not say which of a certificate's names is the caller";
            let hint = "add subject = \"uri\" (SPIFFE), \"dns\", \"email\", \"cn\" or \"dn\": the \
                        one that your authority checks";
            value.error(what, hint, reading)
        }
    };
    let mut scopes = Vec::new();
    for entry in table.list("scopes", reading) {
        let Some(text) = entry.text(reading) else { continue };
        if text.is_empty() || text.contains(' ') {
            let what = format!("{:?} is no scope", shorten(text));
            let hint = "write each as a string of its own, without blanks";
            let _: Option<()> = entry.error(what, hint, reading);
        } else {
            scopes.push(text.to_owned());
        }
    }
    Some(CertificateSettings { subject: subject?, scopes })
}
