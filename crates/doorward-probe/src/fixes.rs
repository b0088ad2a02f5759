//! Configurations that close what checks find: check, mend, product, file.
//!
//! A file is small, whole and shown as it is. Each was run: the probe finds something at a faulty
//! application, and nothing behind the file (`crates/doorward-test/tests/probe_fixes`).

mod list;

pub use list::{BEYOND, MENDS};

/// What closes the findings of some checks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mend {
    /// Its id, as in `exact-list`: also the folder of its files.
    pub id: &'static str,
    /// What it does, in one line.
    pub title: &'static str,
    /// The checks whose findings it closes.
    pub closes: &'static [&'static str],
    /// Its configuration for each product that can have one.
    pub files: &'static [File],
}

/// A configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct File {
    /// What reads it.
    pub product: Product,
    /// Its text.
    pub text: &'static str,
}

/// What can be configured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Product {
    /// The gate of Doorward.
    Doorward,
    /// nginx, in front of the application.
    Nginx,
    /// Caddy, in front of the application.
    Caddy,
    /// An application of Express.
    Express,
    /// An application of FastAPI.
    FastApi,
    /// An application of axum, with the layers of tower-http.
    TowerHttp,
}

impl Product {
    /// Each of them: first what stands in front of an application, then applications.
    pub const ALL: [Self; 6] =
        [Self::Doorward, Self::Nginx, Self::Caddy, Self::Express, Self::FastApi, Self::TowerHttp];

    /// Its word on the command line.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Doorward => "doorward",
            Self::Nginx => "nginx",
            Self::Caddy => "caddy",
            Self::Express => "express",
            Self::FastApi => "fastapi",
            Self::TowerHttp => "tower-http",
        }
    }

    /// What its configurations are called.
    #[must_use]
    pub const fn file_name(self) -> &'static str {
        match self {
            Self::Doorward => "doorward.toml",
            Self::Nginx => "nginx.conf",
            Self::Caddy => "Caddyfile",
            Self::Express => "express.mjs",
            Self::FastApi => "fastapi.py",
            Self::TowerHttp => "tower-http.rs",
        }
    }

    /// The product of a word; none where there is none such.
    #[must_use]
    pub fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|product| product.word() == word)
    }
}

impl Mend {
    /// Its configuration for a product; none where there is none.
    #[must_use]
    pub fn file(&self, product: Product) -> Option<&'static str> {
        self.files.iter().find(|file| file.product == product).map(|file| file.text)
    }

    /// The products that it has a configuration for, by their words.
    pub fn words(&self) -> impl Iterator<Item = &'static str> {
        self.files.iter().map(|file| file.product.word())
    }

    /// What is typed to see one of its configurations, for a finding of a check of its own.
    #[must_use]
    pub fn command(&self, check: &str) -> String {
        let words = self.words().collect::<Vec<_>>().join("|");
        format!("doorward explain {check} --for {words}")
    }
}

/// What closes the findings of a check; none where no configuration does.
#[must_use]
pub fn mend(check: &str) -> Option<&'static Mend> {
    MENDS.iter().find(|mend| mend.closes.contains(&check))
}

/// Why no configuration closes the findings of a check.
#[must_use]
pub fn beyond(check: &str) -> Option<&'static str> {
    BEYOND.iter().find(|(checks, _)| checks.contains(&check)).map(|(_, why)| *why)
}

#[cfg(test)]
mod tests {
    use super::{BEYOND, MENDS, Product, beyond, mend};
    use crate::checks::CHECKS;

    #[test]
    fn every_check_has_one_mend_or_a_reason_why_there_is_none() {
        for check in CHECKS {
            let mends = MENDS.iter().filter(|mend| mend.closes.contains(&check.id)).count();
            let reasons = BEYOND.iter().filter(|(checks, _)| checks.contains(&check.id)).count();
            assert_eq!(mends + reasons, 1, "{}: {mends} mends, {reasons} reasons", check.id);
            assert_eq!(mend(check.id).is_none(), beyond(check.id).is_some());
        }
        let is_known = |id: &&str| CHECKS.iter().any(|check| check.id == *id);
        let named = MENDS.iter().flat_map(|mend| mend.closes);
        let named: Vec<_> = named.chain(BEYOND.iter().flat_map(|(checks, _)| *checks)).collect();
        assert!(named.into_iter().all(is_known));
        assert_eq!((mend("C-23"), beyond("C-23")), (None, None));
    }

    #[test]
    fn every_mend_has_its_files_in_the_order_of_the_products() {
        for mend in MENDS {
            assert!(!mend.files.is_empty() && !mend.closes.is_empty(), "{}", mend.id);
            let of = |product: Product| Product::ALL.iter().position(|own| *own == product);
            let places: Vec<_> = mend.files.iter().map(|file| of(file.product)).collect();
            assert!(places.is_sorted(), "{}", mend.id);
            for file in mend.files {
                let name = format!("{}/{}", mend.id, file.product.word());
                assert!(file.text.ends_with('\n') && !file.text.contains(['\r', '\t']), "{name}");
                assert!(file.text.lines().all(|line| line.chars().count() <= 100), "{name}");
                assert_eq!(mend.file(file.product), Some(file.text), "{name}");
            }
            assert!(mend.command("C-01").starts_with("doorward explain C-01 --for "));
        }
        for product in Product::ALL {
            assert_eq!(Product::of(product.word()), Some(product));
        }
        assert_eq!(Product::of("Nginx"), None);
    }
}
