//! The file store, as every other one is asked.

use crate::SIZES;
use crate::asked::Store;
use doorward_core::moment::Now;
use doorward_store::FileStore;
use doorward_store::file::{FileSettings, WhenAway};
use tempfile::TempDir;
use tokio::runtime::Builder;

/// A store in a folder of its own, which goes with it. It is asked as a mounting does: at once, and
/// with a wait where it wants one.
pub(crate) fn fresh() -> Store {
    let folder = TempDir::new().expect("a folder");
    let settings = FileSettings {
        path: folder.path().join("store.redb"),
        sizes: SIZES,
        seed: *b"a seed for tests",
        when_away: WhenAway::Refuse,
        talk: Box::new(|line| panic!("{line}")),
    };
    let begun = Now { steady_ns: 0, unix_s: 0 };
    let store = FileStore::open(settings, begun).expect("a new store");
    Box::new(move |questions, now| {
        let _folder = &folder;
        store.at_once(questions, now).unwrap_or_else(|| {
            let runtime = Builder::new_current_thread().enable_time().build().expect("a runtime");
            runtime.block_on(store.answer(questions, now))
        })
    })
}
