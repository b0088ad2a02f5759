//! `[store]`, as it is in effect.

use super::{Page, quote, word};
use crate::config::StoreAt;
use doorward_core::question::WhenAway;

pub(super) fn store(at: &StoreAt, page: &mut Page<'_>) {
    page.open("store");
    match at {
        StoreAt::Memory => page.key("url", "\"memory:\""),
        StoreAt::File { written, when_away, .. } => {
            page.key("url", &quote(written));
            page.key("when_away", &word(WhenAway::WORDS, *when_away));
        }
    }
}
