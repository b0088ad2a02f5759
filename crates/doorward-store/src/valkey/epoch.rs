//! The epoch: a random sentinel in the store. It is gone when the store forgets, and another one
//! when another server, or another run of it, answers.

use super::names::Names;
use crate::remote::RemoteError;
use doorward_core::crypto;
use doorward_core::life::Epoch;
use doorward_core::moment::{Chance, Now};
use redis::{Cmd, Value};

pub(super) const SCRIPT: &str = include_str!("epoch.lua");

/// Why a cluster is none.
const CLUSTER: &str = "it is a cluster, where the keys of one request live on several servers and \
                       cannot be asked in one step; name a single server, or a primary by its \
                       Sentinels";

/// Letters of a word that a server says about itself, at the most.
const WORD_LETTERS_MAX: usize = 40;

/// An epoch, as it is noted in the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Known {
    /// All of it.
    pub(super) record: String,
    name: [u8; 16],
    /// By the server's clock.
    begun_s: u64,
}

/// What a server says about itself.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Greeted {
    pub(super) known: Known,
    /// The second of its clock.
    pub(super) server_s: u64,
    /// What it did not say, and so could not be checked.
    pub(super) unchecked: Vec<&'static str>,
}

/// Asks for the present epoch, and begins one where there is none, or `ended` is over.
pub(super) fn command(names: &Names, chance: &dyn Chance, ended: Option<&Known>) -> Cmd {
    let mut name = [0; 16];
    chance.fill(&mut name);
    let ended = ended.map_or(String::new(), |known| crypto::hex(&known.name));
    let mut command = redis::cmd("EVAL");
    command.arg(SCRIPT).arg(1).arg(&names.epoch).arg(crypto::hex(&name)).arg(ended);
    command
}

/// Reads what the script says, and whether that server can be a store.
pub(super) fn read(said: &Value, takes_evicting: bool) -> Result<Greeted, RemoteError> {
    let words = words(said).ok_or(RemoteError::Strange)?;
    let [record, server_s, mode, role, policy] = words.as_slice() else {
        return Err(RemoteError::Strange);
    };
    is_fit(mode, role, policy, takes_evicting)?;
    let known = known(record).ok_or(RemoteError::Strange)?;
    let server_s = server_s.parse().map_err(|_| RemoteError::Strange)?;
    let mut unchecked = Vec::new();
    for (what, word) in [
        ("whether it is a cluster", mode),
        ("whether it is a replica", role),
        ("its maxmemory-policy", policy),
    ] {
        if word.is_empty() {
            unchecked.push(what);
        }
    }
    if known.record.ends_with(" -") {
        unchecked.push("whether it is the same server after a reconnect (its run_id)");
    }
    Ok(Greeted { known, server_s, unchecked })
}

fn words(said: &Value) -> Option<Vec<String>> {
    let Value::Array(said) = said else { return None };
    let text = |value: &Value| match value {
        Value::BulkString(bytes) => String::from_utf8(bytes.clone()).ok(),
        _ => None,
    };
    said.iter().map(text).collect()
}

fn known(record: &str) -> Option<Known> {
    let [name, begun_s, _run] = record.split(' ').collect::<Vec<_>>().try_into().ok()?;
    let begun_s = begun_s.parse().ok()?;
    let digits = (0..16).map(|place| name.get(2 * place..2 * place + 2));
    let bytes: Option<Vec<u8>> = digits.map(|pair| u8::from_str_radix(pair?, 16).ok()).collect();
    let name = <[u8; 16]>::try_from(bytes?).ok().filter(|_| name.len() == 32)?;
    Some(Known { record: record.to_owned(), name, begun_s })
}

/// What an error to this question means: it is the first that is asked.
pub(super) fn fault(error: RemoteError) -> RemoteError {
    let RemoteError::Said(said) = &error else { return error };
    let text = said.to_ascii_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| text.contains(word));
    if has(&["noauth", "wrongpass"]) {
        return RemoteError::NotLetIn(said.clone());
    }
    if has(&["noperm", "no permissions"]) {
        return RemoteError::Unfit(format!(
            "its user lacks rights: {said}; allow what docs/shared-store.md lists"
        ));
    }
    // A cluster may refuse before the script could say that it is one.
    if has(&["clusterdown", "cluster down", "moved", "crossslot", "tryagain"]) {
        return RemoteError::Unfit(CLUSTER.to_owned());
    }
    error
}

fn is_fit(mode: &str, role: &str, policy: &str, takes_evicting: bool) -> Result<(), RemoteError> {
    if mode == "cluster" {
        return Err(RemoteError::Unfit(CLUSTER.to_owned()));
    }
    if role == "slave" {
        return Err(RemoteError::Unfit(
            "it is a replica, which keeps nothing by itself; name its primary, or its Sentinels"
                .to_owned(),
        ));
    }
    if !policy.is_empty() && policy != "noeviction" && !takes_evicting {
        let policy: String = policy.chars().take(WORD_LETTERS_MAX).collect();
        return Err(RemoteError::Unfit(format!(
            "its maxmemory-policy is {policy}: when it is full it forgets what was used, and a \
             copy would pass; set maxmemory-policy noeviction there, or accept it under [store] \
             by insecure_evicting_store = true"
        )));
    }
    Ok(())
}

impl Known {
    /// What tells it from the one before, mostly.
    pub(super) fn mark(&self) -> u32 {
        u32::from_be_bytes(self.name.first_chunk().copied().unwrap_or_default())
    }

    /// The same, with its beginning by this process's clock.
    pub(super) const fn epoch(&self, server_s: u64, now: Now) -> Epoch {
        let age_s = server_s.saturating_sub(self.begun_s);
        Epoch { name: self.name, begun_unix_s: now.unix_s.saturating_sub(age_s) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAME: &str = "000102030405060708090a0b0c0d0e0f";

    fn said(words: [&str; 5]) -> Value {
        let words = words.iter().map(|word| Value::BulkString(word.as_bytes().to_vec()));
        Value::Array(words.collect())
    }

    #[test]
    fn a_server_says_what_it_is() {
        let record = format!("{NAME} 70 f00");
        let greeted = read(&said([&record, "100", "standalone", "master", "noeviction"]), false);
        let greeted = greeted.expect("a good one");
        assert!(greeted.unchecked.is_empty());
        let now = Now { steady_ns: 0, unix_s: 1_000 };
        let epoch = greeted.known.epoch(greeted.server_s, now);
        assert_eq!(epoch.name, std::array::from_fn(|place| place as u8));
        assert_eq!(epoch.begun_unix_s, 970);
        // What it does not say is said.
        let silent = read(&said([&format!("{NAME} 70 -"), "100", "", "", ""]), false);
        assert_eq!(silent.expect("as far as is known").unchecked.len(), 4);
    }

    #[test]
    fn what_forgets_or_is_many_is_refused() {
        let record = format!("{NAME} 70 f00");
        for (words, takes_evicting, want) in [
            (["cluster", "master", "noeviction"], false, Some("cluster")),
            (["standalone", "slave", "noeviction"], false, Some("replica")),
            (["standalone", "master", "allkeys-lru"], false, Some("allkeys-lru")),
            (["standalone", "master", "volatile-ttl"], false, Some("insecure_evicting_store")),
            (["standalone", "master", "allkeys-lru"], true, None),
            (["cluster", "master", "allkeys-lru"], true, Some("cluster")),
            (["sentinel", "", "noeviction"], false, None),
            (["standalone", "master", "noeviction"], false, None),
        ] {
            let [mode, role, policy] = words;
            let read = read(&said([&record, "100", mode, role, policy]), takes_evicting);
            match (read, want) {
                (Err(error), Some(want)) => assert!(error.to_string().contains(want), "{error}"),
                (read, want) => assert_eq!(read.is_ok(), want.is_none(), "{words:?}"),
            }
        }
    }

    #[test]
    fn what_is_not_answered_is_understood() {
        for (said, want) in [
            ("NOAUTH: Authentication required.", "does not let the gate in"),
            ("NOPERM: User gate has no permissions to run the 'eval' command", "lacks rights"),
            ("CLUSTERDOWN: Hash slot not served", "a cluster"),
            ("MOVED: 1 127.0.0.1:7000", "a cluster"),
            ("LOADING: it is", "answers with an error"),
        ] {
            let error = fault(RemoteError::Said(said.to_owned())).to_string();
            assert!(error.contains(want), "{said}: {error}");
        }
        assert_eq!(fault(RemoteError::TooSlow(7)), RemoteError::TooSlow(7));
    }

    #[test]
    fn another_record_is_no_epoch() {
        for record in [
            "",
            "x",
            NAME,
            "000102030405060708090a0b0c0d0e0f 70",
            "000102030405060708090a0b0c0d0e 70 f00",
            "000102030405060708090a0b0c0d0e0f0f 70 f00",
            "000102030405060708090a0b0c0d0e0g 70 f00",
            "000102030405060708090a0b0c0d0e0f -1 f00",
            "000102030405060708090a0b0c0d0e0f 70 f00 x",
        ] {
            let words = [record, "100", "standalone", "master", "noeviction"];
            assert_eq!(read(&said(words), false), Err(RemoteError::Strange), "{record}");
        }
        assert_eq!(read(&Value::Nil, false), Err(RemoteError::Strange));
    }
}
