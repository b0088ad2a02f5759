//! One delivery, from its head to its claim.

use super::Fault;
use super::recipe::Recipe;
use super::scheme::Scheme;
use super::template::Piece;
use crate::crypto::KEY_BYTES;
use aws_lc_rs::{digest, hmac};
use subtle::{Choice, ConstantTimeEq};

/// Seconds for which a delivery is remembered whose scheme signs no time: an hour. A sender whose
/// answer was lost tries again long before; and whoever repeats a delivery on purpose gives it
/// another id, which is not signed either. What is remembered for longer would fill the store.
pub const REMEMBERED_S: u64 = 3_600;

/// A delivery whose head is in order. Nothing is proved before its body is checked.
#[derive(Debug)]
pub struct Delivery {
    /// At least one, each as long as the digest.
    pub(super) signatures: Vec<Vec<u8>>,
    /// As it was sent, which is how it was signed.
    pub(super) timestamp: Option<String>,
    pub(super) signed_at_unix_s: Option<u64>,
    pub(super) id: Option<String>,
    pub(super) now_unix_s: u64,
}

/// What makes a delivery this one. It is claimed once; a second claim is a repeat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Claim {
    /// SHA-256 over the scheme and what names the delivery. Two senders with one scheme can choose
    /// the same ids: whoever claims it puts the route before it.
    pub key: [u8; KEY_BYTES],
    /// The second, since 1970, from which on it need not be remembered.
    pub until_unix_s: u64,
    /// Whether what names the delivery is signed. Else a repeat under another id is not seen.
    pub is_signed: bool,
}

impl Delivery {
    /// The id that the sender gave it.
    #[must_use]
    pub fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }

    /// When it was signed, in seconds since 1970; none where its scheme signs no time.
    #[must_use]
    pub const fn signed_at(&self) -> Option<u64> {
        self.signed_at_unix_s
    }

    /// Checks the signature over the exact bytes of the body, by the `scheme` that read the head.
    ///
    /// # Errors
    /// [`Fault::Forged`] when no signature fits.
    pub fn body(&self, scheme: &Scheme, body: &[u8]) -> Result<Claim, Fault> {
        let recipe = &scheme.recipe;
        let mut fits = Choice::from(0);
        for key in &scheme.keys {
            let mut context = hmac::Context::with_key(key);
            self.pieces(recipe, body, |bytes| context.update(bytes));
            let tag = context.sign();
            for signature in &self.signatures {
                fits |= tag.as_ref().ct_eq(signature);
            }
        }
        if bool::from(fits) { Ok(self.claim(recipe, body)) } else { Err(Fault::Forged) }
    }

    /// What is signed, piece by piece: the body is not copied.
    fn pieces(&self, recipe: &Recipe, body: &[u8], mut take: impl FnMut(&[u8])) {
        for piece in &recipe.template.pieces {
            take(match piece {
                Piece::Text(text) => text.as_bytes(),
                Piece::Timestamp => self.timestamp.as_deref().unwrap_or_default().as_bytes(),
                Piece::Id => self.id.as_deref().unwrap_or_default().as_bytes(),
                Piece::Body => body,
            });
        }
    }

    fn claim(&self, recipe: &Recipe, body: &[u8]) -> Claim {
        let is_id_signed = recipe.template.has(&Piece::Id);
        let is_time_signed = self.signed_at_unix_s.is_some();
        let mut context = digest::Context::new(&digest::SHA256);
        let name_by = |context: &mut digest::Context, what: &str| {
            // Lengths first, so that no scheme's claim is another's.
            for part in ["doorward webhook", &recipe.name, what] {
                context.update(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
                context.update(part.as_bytes());
            }
        };
        // A signed time makes a message unique.
        let is_signed = match &self.id {
            Some(id) if is_id_signed => {
                name_by(&mut context, "id");
                context.update(id.as_bytes());
                true
            }
            // Together with what is signed: nobody takes another delivery's id away.
            Some(id) if !is_time_signed => {
                name_by(&mut context, id);
                self.pieces(recipe, body, |bytes| context.update(bytes));
                false
            }
            Some(_) | None => {
                name_by(&mut context, "message");
                self.pieces(recipe, body, |bytes| context.update(bytes));
                true
            }
        };
        let mut key = [0; KEY_BYTES];
        for (to, from) in key.iter_mut().zip(context.finish().as_ref()) {
            *to = *from;
        }
        let until_unix_s = match self.signed_at_unix_s {
            // Its last good second is the window's last.
            Some(at) => at.saturating_add(recipe.window_s).saturating_add(1),
            None => self.now_unix_s.saturating_add(REMEMBERED_S),
        };
        Claim { key, until_unix_s, is_signed }
    }
}
