//! What becomes of the forms of an admitted request's page.

use super::Admitted;
use crate::layers::csrf::{Injection, Left, Page};
use crate::moment::{Chance, Now};
use http::{HeaderMap, StatusCode};

impl Admitted {
    /// The page that is asked for, where its forms get a token.
    pub(crate) fn page(&self) -> Option<&Page> {
        self.page.as_deref()
    }

    /// Whether the answer may be a page whose forms get a token.
    #[must_use]
    pub const fn asks_for_page(&self) -> bool {
        self.page.is_some()
    }

    /// Looks at the backend's answer, behind `dress`: where it is a page whose forms get a token,
    /// its head is written anew, and what is returned goes into its forms. `is_tls`: the visitor's
    /// browser came by https.
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
        match &self.page {
            Some(page) => page.answer(self, (status, headers), is_tls, by),
            None => Ok(None),
        }
    }
}
