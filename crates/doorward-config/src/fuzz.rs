//! The entry for fuzzing: any bytes are a configuration or a report, never a panic.

use crate::given::Given;
use crate::outside::Outside;
use std::io;
use std::path::Path;

/// Variables and files that a fuzzed configuration may refer to.
struct Lent<'b>(&'b [u8]);

impl Outside for Lent<'_> {
    fn variable(&self, name: &str) -> Option<String> {
        (name != "UNSET").then(|| format!("{name}-0123456789abcdef0123456789abcdef"))
    }

    fn file(&self, path: &Path) -> io::Result<Vec<u8>> {
        match path.to_str() {
            Some("fuzz.toml") => Ok(self.0.to_vec()),
            Some("missing") => Err(io::Error::from(io::ErrorKind::NotFound)),
            _ => Ok(b"10.0.0.0/8\nhttps://shop.example # ours\n".to_vec()),
        }
    }
}

/// Reads `bytes` as a file and renders whatever comes of it.
#[doc(hidden)]
#[must_use]
pub fn fuzz_one(bytes: &[u8]) -> usize {
    let given = Given { file: Some("fuzz.toml".into()), ..Given::default() };
    match crate::load(&given, &Lent(bytes), [7; 32]) {
        Ok(config) => crate::print_effective(&config).len() + config.warnings.render(false).len(),
        Err(report) => report.render(false).len(),
    }
}
