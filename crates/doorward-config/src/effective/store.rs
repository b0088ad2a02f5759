//! `[store]`, as it is in effect.

use super::{Page, quote, word};
use crate::config::{SharedStore, StoreAt, WhenGone};
use crate::measure::write_duration;
use doorward_core::question::WhenAway;
use std::num::NonZeroU32;

pub(super) fn store(at: &StoreAt, instances: Option<NonZeroU32>, page: &mut Page<'_>) {
    page.open("store");
    match at {
        StoreAt::Memory => page.key("url", "\"memory:\""),
        StoreAt::File { written, when_away, .. } => {
            page.key("url", &quote(written));
            page.key("when_away", &word(WhenAway::WORDS, *when_away));
        }
        StoreAt::Shared(store) => shared(store, page),
    }
    if let Some(instances) = instances {
        page.key("instances", &instances.to_string());
    }
}

fn shared(store: &SharedStore, page: &mut Page<'_>) {
    page.key("url", &quote(&store.written));
    page.key("private", &store.is_private.to_string());
    match &store.password_written {
        Some(written) => page.key("password", &quote(written)),
        None => page.absent("password", "the address's, or none"),
    }
    match &store.secret_written {
        Some(written) => page.key("secret", &quote(written)),
        None => page.absent("secret", "the first signing secret"),
    }
    page.key("deadline", &quote(&write_duration(store.deadline)));
    let when_away = match store.when_gone {
        WhenGone::Refuse => "refuse",
        WhenGone::Local { .. } => "local",
    };
    page.key("when_away", &quote(when_away));
    match store.lease_percent {
        0 => page.absent("lease", "nothing is taken in advance"),
        percent => page.key("lease", &quote(&format!("{percent}%"))),
    }
    page.key("insecure_evicting_store", &store.insecure_evicting.to_string());
}
