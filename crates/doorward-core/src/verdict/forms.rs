//! What becomes of the forms of an admitted request's page.

use super::Admitted;
use crate::layers::csrf::{self, Injection, Left, Page};
use crate::moment::{Chance, Now};
use http::{HeaderMap, StatusCode};

impl Admitted {
    /// The page that is asked for, where its forms get a token.
    pub(crate) fn page(&self) -> Option<&Page> {
        self.page.as_deref()
    }

    /// Whether the answer, if it is a page, is looked at by [`write_forms`](Self::write_forms).
    #[must_use]
    pub const fn writes_forms(&self) -> bool {
        self.writes_forms
    }

    /// Whether it was an attempt to sign in that its route says has failed.
    pub(crate) fn has_failed_to_sign_in(&self) -> bool {
        let attempt = self.sign_in.as_ref();
        attempt.is_some_and(|attempt| attempt.has_failed(self.route().sign_in.as_ref()))
    }

    /// Looks at the backend's answer, behind `dress`: where it is a page whose forms get a token,
    /// its head is written anew, and what is returned goes into its forms. Any other page of such a
    /// route is kept from every store. `is_tls`: the visitor's browser came by https.
    ///
    /// # Errors
    /// Why a page that should get tokens gets none.
    pub fn write_forms(
        &self,
        status: StatusCode,
        headers: &mut HeaderMap,
        is_tls: bool,
        by: (Now, &dyn Chance),
    ) -> Result<Option<Injection>, Left> {
        if !self.writes_forms {
            return Ok(None);
        }
        let written = match &self.page {
            Some(page) => page.answer(self, (status, headers), is_tls, by),
            None => Ok(None),
        };
        if !matches!(written, Ok(Some(_))) {
            csrf::close(status, headers);
        }
        written
    }
}
