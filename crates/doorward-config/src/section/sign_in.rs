//! `sign_in` of a route: how attempts are counted, and what a success is.

use super::quota;
use crate::document::Value;
use crate::reading::Reading;
use doorward_core::layers::quota::{Account, Counts, SignIn, Success, SuccessError};
use doorward_core::question::Rate;
use http::StatusCode;

/// The words of `counts`.
pub(crate) const COUNTS: &[(&str, Counts)] =
    &[("failures", Counts::Failures), ("attempts", Counts::Attempts)];

/// Reads one.
pub(super) fn read(value: &Value<'_>, reading: &mut Reading<'_>) -> Option<SignIn> {
    let table = value.table(reading)?;
    let hint = "add account = \"email\": the form's field, as it is written (user[email], \
                Input.Email), or a JSON member ($.user.name)";
    let Some(said) = table.value("account") else {
        return value.error("this does not say where the account's name stands", hint, reading);
    };
    let text = said.text(reading)?;
    let Some(account) = Account::parse(text) else {
        return said.error("this is no field's name", hint, reading);
    };
    let mut pace = |name: &str, usual: u64| {
        let said = table.value(name).and_then(|value| value.pace(reading));
        said.map_or(Rate::per_minute(usual, usual as u32), |pace| quota::rate(pace, pace.count))
    };
    let per_account = pace("per_account", 10);
    let per_address = pace("per_address", 60);
    let counts = table.choose("counts", COUNTS, reading).unwrap_or_default();
    let success = match table.value("success") {
        Some(value) if counts == Counts::Attempts => {
            let what = "`success` says what does not count, and here each attempt does";
            let hint = "leave it out, or counts = \"attempts\"";
            return value.error(what, hint, reading);
        }
        Some(value) => Some(success(&value, reading)?),
        None => None,
    };
    Some(SignIn { account, counts, per_account, per_address, success })
}

/// How a success is answered.
fn success(value: &Value<'_>, reading: &mut Reading<'_>) -> Option<Success> {
    let table = value.table(reading)?;
    let mut statuses = Vec::new();
    for said in table.list("status", reading) {
        let status = u16::try_from(said.whole(reading)?).ok();
        let Some(status) = status.and_then(|code| StatusCode::from_u16(code).ok()) else {
            return said.error("this is no status", "write status = [204]", reading);
        };
        statuses.push(status);
    }
    let mut locations = Vec::new();
    for said in table.list("location", reading) {
        locations.push(said.text(reading)?.to_owned());
    }
    match Success::new(statuses, locations) {
        Ok(success) => Some(success),
        Err(error) => {
            let hint = match error {
                SuccessError::Nothing | SuccessError::Status => {
                    "add status = [204], or location = \"/\": how the backend answers whoever has \
                     signed in, and nobody else"
                }
                SuccessError::Redirect => {
                    "add location = \"/\": where the backend sends whoever has signed in, as it \
                     writes it"
                }
                SuccessError::Location => {
                    "write status = [302] beside it, or leave `status` out: any redirect"
                }
            };
            value.error(error.to_string(), hint, reading)
        }
    }
}
