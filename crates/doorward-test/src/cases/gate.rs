//! A case's configuration, read as a file of a user's would be, to its gate.

use super::proof::ProofKey;
use super::shapes;
use crate::tokens;
use doorward_config::{Given, Outside, load};
use doorward_core::gate::Gate;
use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A case's gate, and what a backend behind it knows.
pub(super) struct Made {
    pub(super) gate: Arc<Gate>,
    pub(super) proof: ProofKey,
}

/// The root secret of all cases.
pub(super) const SECRET: &str = "the signing secret of the cases, of no use elsewhere";
/// The admission key of the cases that have one of their own.
const ADMISSION: &str = "the admission key of the cases, of no use elsewhere";

/// The variables that cases may refer to, and their file.
struct Stage(String);

impl Outside for Stage {
    fn variable(&self, name: &str) -> Option<String> {
        let value = match name {
            "DOORWARD_SECRET" => SECRET,
            "OLD_SECRET" => "the signing secret that the cases had before, of no use now",
            "ADMISSION_KEY" => ADMISSION,
            "SHARED_KEY" => tokens::SHARED_SECRET,
            "WEBHOOK_SECRET" => "whsec_c2VjcmV0IG9mIHRoZSBjYXNlcycgd2ViaG9va3M=",
            "OLD_WEBHOOK_SECRET" => "an older secret of the cases' webhooks",
            "PARTNER_SECRET" => "a secret that the cases' partner knows, and nobody else",
            "FRAMEWORK_SECRET" => "a secret of the cases' frameworks, of no use elsewhere",
            "OLD_FRAMEWORK_SECRET" => "the secret that the cases' frameworks had before",
            "MODEL_KEY" => "model-key-of-the-cases",
            _ => return None,
        };
        Some(value.to_owned())
    }

    fn file(&self, path: &Path) -> io::Result<Vec<u8>> {
        let name = path.file_name().and_then(OsStr::to_str).unwrap_or_default();
        if let Some(bytes) = shapes::file(name) {
            return Ok(bytes);
        }
        match tokens::file(name) {
            Some(bytes) => Ok(bytes.to_vec()),
            None => Ok(self.0.clone().into_bytes()),
        }
    }
}

/// Makes the gate of a configuration, with what it leaves unsaid.
pub(super) fn make(config: &str) -> Result<Made, String> {
    let given = Given { file: Some(PathBuf::from("case.toml")), ..Given::default() };
    let made = load(&given, &Stage(whole(config)), [0; 32]).map_err(|report| report.to_string())?;
    let gate_id = &made.settings.gate_id;
    let proof = if says(config, "admission") {
        ProofKey::of_text(ADMISSION, gate_id)
    } else {
        ProofKey::of_secret(SECRET, gate_id)
    };
    Ok(Made { gate: made.gate, proof })
}

/// Keys at the top go before the case's own text, tables behind it.
fn whole(config: &str) -> String {
    let mut out = String::new();
    if !says(config, "upstream") {
        out.push_str("upstream = \"http://127.0.0.1:3000\"\n");
    }
    if !says(config, "external") {
        out.push_str("external = [\"https://shop.test\"]\n");
    }
    out.push_str(config);
    // Most cases are about requests, not about who pays for them.
    if !says(config, "[layers.pass]") {
        out.push_str("[layers.pass]\nmode = \"off\"\n");
    }
    if !says(config, "[layers.csrf]") {
        out.push_str("[layers.csrf]\nmode = \"off\"\n");
    }
    if !says(config, "[secrets]") {
        out.push_str("[secrets]\nsigning = [\"env:DOORWARD_SECRET\"]\n");
    }
    out
}

fn says(config: &str, key: &str) -> bool {
    config.lines().any(|line| line.starts_with(key))
}
