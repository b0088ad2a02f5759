//! What a 401 says of how to sign in.

use super::{Place, Policy, Reason};
use http::HeaderValue;

impl Policy {
    /// What a 401 says of how to sign in (RFC 9110 11.6.1, RFC 6750 3).
    pub(crate) fn challenge(&self, reason: Reason) -> HeaderValue {
        if !self.places.contains(&Place::Bearer) {
            let scheme = match (&self.keys, self.checkers.is_empty(), &self.certificates) {
                (Some(_), ..) => "ApiKey",
                (None, true, Some(_)) => "Certificate",
                (None, ..) => "Session",
            };
            let challenge = HeaderValue::try_from(format!("{scheme} realm=\"doorward\""));
            return challenge.unwrap_or(HeaderValue::from_static("ApiKey realm=\"doorward\""));
        }
        HeaderValue::from_static(match reason {
            // RFC 9449 9.
            Reason::ProofNonce => {
                "DPoP realm=\"doorward\", error=\"use_dpop_nonce\", \
                 algs=\"ES256 ES384 EdDSA RS256 PS256\""
            }
            // RFC 9449 7.1.
            Reason::ProofMalformed
            | Reason::ProofForged
            | Reason::ProofExpired
            | Reason::ProofOfOther
            | Reason::ProofUsed => {
                "DPoP realm=\"doorward\", error=\"invalid_dpop_proof\", \
                 algs=\"ES256 ES384 EdDSA RS256 PS256\""
            }
            Reason::Missing => "Bearer realm=\"doorward\"",
            _ => "Bearer realm=\"doorward\", error=\"invalid_token\"",
        })
    }
}
