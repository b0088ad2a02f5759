//! What a route says of its successes: how the backend answers whoever has signed in.

use http::{HeaderMap, StatusCode, header};

/// How a success is answered. All that is said must fit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Success {
    /// One of these statuses; none: any below 400, and where `locations` are said, any redirect.
    pub statuses: Vec<StatusCode>,
    /// A redirect to one of these, as the backend writes it; none: its `Location` says nothing.
    pub locations: Vec<String>,
}

/// Why a success cannot be told so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SuccessError {
    /// Nothing is said.
    #[error("this does not say how a success is answered")]
    Nothing,
    /// A refusal.
    #[error("an answer of 400 and above, or below 200, is no success")]
    Status,
    /// A redirect without the place that it leads to.
    #[error("a redirect leads whoever has failed somewhere too")]
    Redirect,
    /// A place, and statuses that lead nowhere.
    #[error("only a redirect has a location")]
    Location,
}

impl Success {
    /// Checks what is said.
    ///
    /// # Errors
    /// When it does not tell a success from a failure.
    pub fn new(statuses: Vec<StatusCode>, locations: Vec<String>) -> Result<Self, SuccessError> {
        let all_redirect = statuses.iter().all(StatusCode::is_redirection);
        if statuses.is_empty() && locations.is_empty() {
            return Err(SuccessError::Nothing);
        }
        if !statuses.iter().all(|status| status.is_success() || status.is_redirection()) {
            return Err(SuccessError::Status);
        }
        if locations.is_empty() && statuses.iter().any(StatusCode::is_redirection) {
            return Err(SuccessError::Redirect);
        }
        if !locations.is_empty() && !all_redirect {
            return Err(SuccessError::Location);
        }
        Ok(Self { statuses, locations })
    }

    /// Whether an answer is one.
    pub(crate) fn is_told_by(&self, status: StatusCode, headers: &HeaderMap) -> bool {
        let is_status = match self.statuses.is_empty() {
            true => status.is_redirection(),
            false => self.statuses.contains(&status),
        };
        let mut places = headers.get_all(header::LOCATION).into_iter();
        let is_place = match (self.locations.is_empty(), places.next(), places.next()) {
            (true, ..) => true,
            (false, Some(place), None) => self.locations.iter().any(|own| place == own.as_str()),
            (false, ..) => false,
        };
        is_status && is_place
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    fn success(statuses: &[u16], locations: &[&str]) -> Result<Success, SuccessError> {
        let statuses = statuses.iter().filter_map(|code| StatusCode::from_u16(*code).ok());
        Success::new(statuses.collect(), locations.iter().map(|text| (*text).to_owned()).collect())
    }

    #[test]
    fn what_does_not_tell_a_success_from_a_failure_is_an_error() {
        assert_eq!(success(&[], &[]), Err(SuccessError::Nothing));
        assert_eq!(success(&[204, 401], &[]), Err(SuccessError::Status));
        assert_eq!(success(&[101], &[]), Err(SuccessError::Status));
        assert_eq!(success(&[302], &[]), Err(SuccessError::Redirect));
        assert_eq!(success(&[200, 302], &["/"]), Err(SuccessError::Location));
        for (statuses, locations) in [(&[204][..], &[][..]), (&[], &["/"]), (&[303], &["/", "/a"])]
        {
            assert!(success(statuses, locations).is_ok(), "{statuses:?} {locations:?}");
        }
    }

    #[test]
    fn an_answer_must_fit_all_that_is_said() {
        let told = |statuses: &[u16], locations: &[&str], status: u16, to: &[&'static str]| {
            let mut headers = HeaderMap::new();
            for place in to {
                headers.append(header::LOCATION, HeaderValue::from_static(place));
            }
            let status = StatusCode::from_u16(status).expect("a status");
            success(statuses, locations).expect("settings").is_told_by(status, &headers)
        };
        assert!(told(&[204], &[], 204, &[]));
        assert!(!told(&[204], &[], 200, &[]));
        assert!(told(&[], &["/"], 302, &["/"]));
        assert!(told(&[303], &["/", "/home"], 303, &["/home"]));
        for (status, to) in [
            (302, &["/login"][..]),
            (302, &["/login?next=/"]),
            (302, &["/", "/"]),
            (302, &["https://shop.test/"]),
            (302, &[]),
            (200, &["/"]),
            (404, &["/"]),
        ] {
            assert!(!told(&[], &["/"], status, to), "{status} {to:?}");
        }
    }
}
