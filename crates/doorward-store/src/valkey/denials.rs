//! Denials that all gates of a fleet know: a list in the store, sealed, with a version that every
//! batch comes back with. Each gate keeps a copy, which holds while the store is away.

use super::state::Inner;
use crate::denials::{DENIALS_MAX, DenialError, DenialList, decode, encode};
use crate::remote::{RemoteError, RemoteStore};
use doorward_core::crypto::SEAL_NONCE_BYTES;
use doorward_core::denial::Denial;
use doorward_core::moment::Now;
use redis::Value;
use std::sync::Arc;

const SCRIPT: &str = include_str!("deny.lua");

/// What denials are sealed to.
const SEALED_FOR: &[u8] = b"doorward denial v1";
/// Denials that are read in one trip, about.
const READ_AT_ONCE: usize = 250;
/// Trips for one reading at the most: a list that never ends is none.
const READS_MAX: usize = 1_000;

impl Inner {
    /// Puts a denial onto the list of all gates.
    pub(super) async fn put_denial(
        self: &Arc<Self>,
        denial: &Denial,
        now: Now,
    ) -> Result<(), DenialError> {
        let unwritten = |error: RemoteError| DenialError::Unwritten(error.to_string());
        let line = self.line();
        // Another gate may have changed it.
        self.read_denials(&line, now).await.map_err(unwritten)?;
        let (whom, rest) = encode(denial);
        let sealed = match denial.lives(now) {
            true => self.sealed(&whom, &rest).ok_or_else(|| unwritten(RemoteError::Strange))?,
            false => Vec::new(),
        };
        let mut command = redis::cmd("EVAL");
        command.arg(SCRIPT).arg(2).arg(&self.names.denials).arg(&self.names.version);
        command.arg(self.names.of_denial(&whom)).arg(sealed);
        command.arg(denial.until_unix_s.min(1 << 40)).arg(DENIALS_MAX);
        for ended in self.denials().iter().flat_map(|list| &list.denials) {
            if !ended.lives(now) {
                command.arg(self.names.of_denial(&encode(ended).0));
            }
        }
        match self.trip(&line, &command, true).await.map_err(unwritten)? {
            Value::Int(0) => Err(DenialError::Full),
            Value::Int(_) => self.read_denials(&line, now).await.map_err(unwritten),
            _ => Err(unwritten(RemoteError::Strange)),
        }
    }

    fn version_here(&self, version: u64) -> u64 {
        version_of(self.known().as_ref().map_or(0, |known| known.mark()), version)
    }

    fn sealed(&self, whom: &str, rest: &[u8]) -> Option<Vec<u8>> {
        let mut nonce = [0; SEAL_NONCE_BYTES];
        self.settings.chance.fill(&mut nonce);
        let bytes = [whom.as_bytes(), b"\n", rest].concat();
        self.names.seal.seal(nonce, &bytes, SEALED_FOR)
    }

    fn opened(&self, sealed: &[u8]) -> Option<Denial> {
        let bytes = self.names.seal.open(sealed, SEALED_FOR)?;
        let end = bytes.iter().position(|byte| *byte == b'\n')?;
        decode(std::str::from_utf8(&bytes[..end]).ok()?, &bytes[end + 1..])
    }

    /// Reads the list, if it is another one than that which is known.
    pub(super) async fn read_denials(
        &self,
        line: &RemoteStore,
        now: Now,
    ) -> Result<(), RemoteError> {
        let mut command = redis::cmd("GET");
        command.arg(&self.names.version);
        let version = match self.trip(line, &command, true).await? {
            Value::Nil => 0,
            Value::BulkString(digits) => {
                let digits = std::str::from_utf8(&digits).ok();
                digits.and_then(|digits| digits.parse().ok()).ok_or(RemoteError::Strange)?
            }
            _ => return Err(RemoteError::Strange),
        };
        let version = self.version_here(version);
        if self.denials().is_some_and(|known| known.version == version) {
            return Ok(());
        }
        // The version was read first: what is changed meanwhile is read again the next time.
        let mut list = DenialList { version, denials: Vec::new() };
        let mut cursor = b"0".to_vec();
        for _ in 0..READS_MAX {
            let mut command = redis::cmd("HSCAN");
            command.arg(&self.names.denials).arg(&cursor).arg("COUNT").arg(READ_AT_ONCE);
            let (next, found) = page(self.trip(line, &command, true).await?)?;
            for sealed in found {
                // What somebody else wrote there is no denial.
                if let Some(denial) = self.opened(&sealed) {
                    list.put(&denial, now);
                }
            }
            if next == b"0" {
                self.know_denials(list);
                return Ok(());
            }
            cursor = next;
        }
        Err(RemoteError::Strange)
    }
}

/// What a version of the server's comes to here: a server that has forgotten counts from the
/// beginning, so each epoch has versions of its own. Never 0.
const fn version_of(mark: u32, version: u64) -> u64 {
    ((mark as u64) << 32) | (version.wrapping_add(1) & 0xffff_ffff)
}

/// Where it goes on, and the values of a page of a list.
fn page(said: Value) -> Result<(Vec<u8>, Vec<Vec<u8>>), RemoteError> {
    let Value::Array(said) = said else { return Err(RemoteError::Strange) };
    let [next, found] = <[Value; 2]>::try_from(said).map_err(|_| RemoteError::Strange)?;
    let (Value::BulkString(next), Value::Array(found)) = (next, found) else {
        return Err(RemoteError::Strange);
    };
    let values = found.into_iter().skip(1).step_by(2).map(|value| match value {
        Value::BulkString(bytes) => Ok(bytes),
        _ => Err(RemoteError::Strange),
    });
    Ok((next, values.collect::<Result<_, _>>()?))
}
