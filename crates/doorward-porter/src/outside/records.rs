//! Records of sessions, in a server of keys and values.

use super::fetch::Fetcher;
use super::fetch_error::{FetchError, Why};
use super::lock;
use doorward_core::layers::identity::{ANSWER_BYTES_MAX, AskUrl};
use doorward_core::remote::Remote;
use doorward_store::remote::{Open, RemoteLimits, RemoteStore};
use std::sync::{Arc, Mutex};

/// Servers whose connections are kept: that of the gate, and while it is reloaded that of the one
/// before.
const SERVERS_MAX: usize = 2;

/// The servers that are asked, the one that was asked last behind the others.
#[derive(Default)]
pub(super) struct Records(Mutex<Vec<Known>>);

struct Known {
    remote: Remote,
    is_private: bool,
    store: Arc<RemoteStore>,
}

impl Records {
    /// The record of a name, as an answer: 200, or 404 where there is none. It must be called on
    /// the runtime that looks outside, which drives the connection.
    pub(super) async fn ask(
        &self,
        fetcher: &Fetcher,
        to: &AskUrl,
        remote: &Remote,
        key: &str,
    ) -> Result<(u16, Vec<u8>), FetchError> {
        let store = self.store(fetcher, to.is_private, remote);
        let why = match store.bytes(key, ANSWER_BYTES_MAX).await {
            Ok(None) => return Ok((404, Vec::new())),
            // Many frameworks have another form by default: that is to stand in the log.
            Ok(Some(record)) if !record.trim_ascii_start().starts_with(b"{") => Why::NoJson,
            Ok(Some(record)) => return Ok((200, record)),
            Err(error) => Why::Remote(error),
        };
        Err(FetchError { from: to.url.clone(), why })
    }

    fn store(&self, fetcher: &Fetcher, is_private: bool, remote: &Remote) -> Arc<RemoteStore> {
        let mut known = lock(&self.0);
        let is_it = |one: &Known| one.is_private == is_private && one.remote.is_same(remote);
        if let Some(at) = known.iter().position(is_it) {
            let found = known.remove(at);
            let store = Arc::clone(&found.store);
            known.push(found);
            return store;
        }
        let (answer_ms_max, open_ms_max) = (fetcher.ms_max, fetcher.ms_max);
        let limits = RemoteLimits { answer_ms_max, open_ms_max, ..RemoteLimits::default() };
        let (fetcher, at) = (fetcher.clone(), remote.at.clone());
        let open: Open = Box::new(move || {
            let (fetcher, at) = (fetcher.clone(), at.clone());
            Box::pin(
                async move { fetcher.open(&at, is_private).await.map_err(|why| why.to_string()) },
            )
        });
        let store = Arc::new(RemoteStore::new(remote, limits, open));
        if known.len() >= SERVERS_MAX {
            known.remove(0);
        }
        known.push(Known { remote: remote.clone(), is_private, store: Arc::clone(&store) });
        store
    }
}
