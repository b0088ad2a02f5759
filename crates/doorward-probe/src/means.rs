//! What a look has beyond asking: witnesses, leave to press limits, and what it knows already.

use crate::call::Call;
use crate::limits::Burst;
use crate::witness::{Allowed, Seen, Witness};
use std::sync::{Mutex, OnceLock};
use tokio::sync::OnceCell;
use url::Url;

/// What a look may use, and what was found out for all of its checks.
#[derive(Debug)]
pub(crate) struct Means<'r> {
    /// Something that is read before and after.
    pub(crate) witness: Option<&'r Witness>,
    /// The backend's own address, without the gate.
    pub(crate) around: Option<&'r Url>,
    /// Limits may be pressed.
    pub(crate) limits: bool,
    /// How many cookies were known before this operation.
    pub(crate) cookies_before: usize,
    /// What an allowed caller gets.
    pub(crate) honest: OnceCell<Option<Allowed>>,
    /// The cookies that make the session.
    pub(crate) session_cookies: OnceCell<Vec<String>>,
    /// The requests that pressed the limit.
    pub(crate) burst: OnceCell<Option<Burst>>,
    /// Why nothing can be said by the witness.
    pub(crate) doubt: OnceLock<&'static str>,
    /// What became of calls that were watched.
    pub(crate) watched: Mutex<Vec<(Call, Option<Seen>)>>,
}

impl Means<'_> {
    /// Nothing beyond asking.
    pub(crate) const fn none() -> Self {
        Self {
            witness: None,
            around: None,
            limits: false,
            cookies_before: 0,
            honest: OnceCell::const_new(),
            session_cookies: OnceCell::const_new(),
            burst: OnceCell::const_new(),
            doubt: OnceLock::new(),
            watched: Mutex::new(Vec::new()),
        }
    }
}
