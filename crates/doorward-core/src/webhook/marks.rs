//! Reading the header with the signatures.

use super::recipe::{Recipe, Shape};
use super::{Fault, SIGNATURES_MAX};

/// Entries of such a header at the most, with those of other versions.
const ENTRIES_MAX: usize = 2 * SIGNATURES_MAX;
/// The version of Stripe's and of Standard Webhooks' signatures.
const VERSION: &str = "v1";

/// What the header says.
#[derive(Debug)]
pub(super) struct Marks<'h> {
    /// Stripe's `t`.
    pub(super) time: Option<&'h str>,
    /// At least one, each as long as the digest.
    pub(super) signatures: Vec<Vec<u8>>,
}

pub(super) fn read<'h>(recipe: &Recipe, text: &'h str) -> Result<Marks<'h>, Fault> {
    let (time, texts) = match &recipe.shape {
        Shape::Prefixed(prefix) => {
            (None, vec![text.strip_prefix(prefix.as_str()).ok_or(Fault::Malformed)?])
        }
        Shape::Pairs => pairs(text)?,
        Shape::Versions => (None, versions(text)?),
    };
    if texts.len() > SIGNATURES_MAX {
        return Err(Fault::Malformed);
    }
    // Only signatures of versions that are too old or too new: none that this scheme means.
    if texts.is_empty() {
        return Err(Fault::Missing);
    }
    let bytes = recipe.digest.bytes();
    let decode =
        |text: &str| recipe.encoding.decode(text).filter(|signature| signature.len() == bytes);
    let signatures: Option<Vec<Vec<u8>>> = texts.into_iter().map(decode).collect();
    Ok(Marks { time, signatures: signatures.ok_or(Fault::Malformed)? })
}

/// `t=1492774577,v1=5257…,v0=6ffb…`
fn pairs(text: &str) -> Result<(Option<&str>, Vec<&str>), Fault> {
    let (mut time, mut signatures) = (None, Vec::new());
    for (index, pair) in text.split(',').enumerate() {
        let (name, value) = pair.split_once('=').ok_or(Fault::Malformed)?;
        if index >= ENTRIES_MAX {
            return Err(Fault::Malformed);
        }
        if name == "t" {
            // Which of two times was signed would be a guess.
            if time.replace(value).is_some() {
                return Err(Fault::Repeated);
            }
        } else if name == VERSION {
            signatures.push(value);
        }
    }
    Ok((time, signatures))
}

/// `v1,K5oZ… v1a,hnO3…`
fn versions(text: &str) -> Result<Vec<&str>, Fault> {
    let mut signatures = Vec::new();
    for (index, entry) in text.split(' ').enumerate() {
        let (version, signature) = entry.split_once(',').ok_or(Fault::Malformed)?;
        if index >= ENTRIES_MAX {
            return Err(Fault::Malformed);
        }
        if version == VERSION {
            signatures.push(signature);
        }
    }
    Ok(signatures)
}
