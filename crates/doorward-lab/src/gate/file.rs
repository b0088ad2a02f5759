//! The gate's configuration in the lab: the lab's own lines, the scenario's over them, and the
//! layers that are switched off.

use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use toml::{Table, Value};

/// The layers that can be switched in the lab.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Layer {
    /// Takes unclear cookies out, and hardens what the backend sets.
    Cookie,
    /// Answers preflights and dresses answers.
    Cors,
    /// Refuses what a browser says comes from elsewhere.
    Site,
    /// Refuses methods that a route is not for.
    Method,
    /// Shares.
    Quota,
    /// Who is calling.
    Identity,
    /// Whether a page meant what its cookie allows.
    Csrf,
    /// Whether a stranger's request is signed, and new.
    Pass,
}

/// Which layers are on.
#[derive(Clone, Debug, PartialEq, Eq, Default, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Layers {
    /// All that the scenario has.
    #[default]
    All,
    /// All but these.
    Without(BTreeSet<Layer>),
    /// Only this one.
    Only(Layer),
}

impl Layer {
    /// All of them, in the order in which a request meets them.
    pub const ALL: [Self; 8] = [
        Self::Cookie,
        Self::Cors,
        Self::Site,
        Self::Method,
        Self::Quota,
        Self::Identity,
        Self::Csrf,
        Self::Pass,
    ];

    /// Its id.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::Cookie => "cookie",
            Self::Cors => "cors",
            Self::Site => "site",
            Self::Method => "method",
            Self::Quota => "quota",
            Self::Identity => "identity",
            Self::Csrf => "csrf",
            Self::Pass => "pass",
        }
    }
}

impl Layers {
    /// Whether this layer is on.
    #[must_use]
    pub fn has(&self, layer: Layer) -> bool {
        match self {
            Self::All => true,
            Self::Without(off) => !off.contains(&layer),
            Self::Only(only) => *only == layer,
        }
    }
}

/// What the identity layer alone needs to refuse anybody.
const KEYS: &str = "\
profile = \"authenticated\"
[layers.identity]
keys = { header = \"x-api-key\", file = \"doorward-keys.toml\" }
";

/// What the CSRF layer alone needs: to know who calls by a cookie. Strangers may call.
const SESSIONS: &str = "\
[layers.identity]
session = { cookie = \"session\", check = \"{upstream}/whoami\", subject = \"$.id\" }
[layers.csrf]
mode = \"enforce\"
fields = true
";

/// What the pass layer alone needs; and `cors`, without which pages cannot ask for passes.
const PASSES: &str = "\
[layers.pass]
mode = \"enforce\"
";

/// The lab's own lines.
const OWN: &str = "\
[layers.cors]
credentials = true

[layers.pass]
mode = \"off\"

[[route]]
path = \"/transfer\"
effect = \"write\"

[[route]]
path = \"/status\"
kind = \"health\"
";

/// The text of a gate's configuration. `said` is the scenario's part with its names filled in.
///
/// # Errors
/// When `said` is no TOML.
pub fn config_text(
    origin: &str,
    upstream: &str,
    said: &str,
    layers: &Layers,
) -> Result<String, toml::de::Error> {
    let mut table = Table::new();
    table.insert("upstream".to_owned(), Value::from(upstream));
    table.insert("origins".to_owned(), Value::from(vec![origin]));
    merge(&mut table, OWN.parse()?);
    merge(&mut table, said.parse()?);
    if *layers == Layers::Only(Layer::Identity) {
        merge(&mut table, KEYS.parse()?);
    }
    if *layers == Layers::Only(Layer::Csrf) {
        merge(&mut table, SESSIONS.replace("{upstream}", upstream).parse()?);
    }
    if *layers == Layers::Only(Layer::Pass) {
        merge(&mut table, PASSES.parse()?);
    }
    if let Layers::Only(layer) = layers {
        turn_on(&mut table, *layer);
    }
    for layer in Layer::ALL.into_iter().filter(|layer| !is_on(layers, *layer)) {
        let off: Table = format!("[layers.{}]\nmode = \"off\"", layer.id()).parse()?;
        merge(&mut table, off);
    }
    if !layers.has(Layer::Pass) {
        open_credentials(&mut table);
    }
    Ok(table.to_string())
}

/// Whether a layer stays on.
fn is_on(layers: &Layers, layer: Layer) -> bool {
    let needed = match layers {
        Layers::Only(Layer::Pass) => Some(Layer::Cors),
        Layers::Only(Layer::Csrf) => Some(Layer::Identity),
        Layers::All | Layers::Without(_) | Layers::Only(_) => None,
    };
    layers.has(layer) || needed == Some(layer)
}

/// A layer that is looked at alone is on, also where the story does without it.
fn turn_on(table: &mut Table, layer: Layer) {
    let own = table.get_mut("layers").and_then(|layers| layers.get_mut(layer.id()));
    if let Some(own) = own.and_then(Value::as_table_mut) {
        own.retain(|key, mode| key != "mode" || mode.as_str() != Some("off"));
    }
}

/// What guards a credential is switched off: the file says then that strangers may use it.
fn open_credentials(table: &mut Table) {
    let routes = table.get_mut("route").and_then(Value::as_array_mut).into_iter().flatten();
    for route in routes.filter_map(Value::as_table_mut) {
        if route.contains_key("credential") {
            route.insert("insecure_open_credential".to_owned(), Value::from(true));
        }
    }
}

/// Writes `over` over `under`: tables are merged, lists of routes are joined, all else is replaced.
fn merge(under: &mut Table, over: Table) {
    for (key, value) in over {
        match (under.get_mut(&key), value) {
            (Some(Value::Table(own)), Value::Table(table)) => merge(own, table),
            (Some(Value::Array(own)), Value::Array(list)) if key == "route" => own.extend(list),
            (_, value) => {
                under.insert(key, value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Layer, Layers, config_text};

    fn text(said: &str, layers: &Layers) -> toml::Table {
        let text = config_text("http://shop.localhost:1", "http://127.0.0.1:2", said, layers);
        text.expect("TOML").parse().expect("TOML")
    }

    #[test]
    fn the_scenarios_lines_go_over_the_labs() {
        let said = "origins = [\"http://a.localhost\"]\n[[route]]\npath = \"/x\"\n\
                    [layers.cors]\nmax_age = \"1s\"";
        let table = text(said, &Layers::All);
        assert_eq!(table["origins"].as_array().map(Vec::len), Some(1));
        assert_eq!(table["route"].as_array().map(Vec::len), Some(3));
        let cors = &table["layers"]["cors"];
        assert_eq!(cors["credentials"].as_bool(), Some(true));
        assert_eq!(cors["max_age"].as_str(), Some("1s"));
    }

    #[test]
    fn layers_are_switched() {
        let off = |table: &toml::Table, layer: &str| {
            let mode = table["layers"].get(layer).and_then(|layer| layer.get("mode"));
            mode.and_then(toml::Value::as_str) == Some("off")
        };
        let all = text("", &Layers::All);
        assert!(!off(&all, "site") && !off(&all, "identity"));
        let without = text("", &Layers::Without([Layer::Site].into()));
        assert!(off(&without, "site") && !off(&without, "cors"));
        let only = text("", &Layers::Only(Layer::Identity));
        assert!(off(&only, "site") && off(&only, "quota") && !off(&only, "identity"));
        assert_eq!(only["profile"].as_str(), Some("authenticated"));
        assert!(off(&all, "pass"), "a story asks for passes by itself");
        let only = text("", &Layers::Only(Layer::Pass));
        assert!(off(&only, "site") && !off(&only, "pass") && !off(&only, "cors"));
        assert_eq!(only.get("profile"), None);
        let only = text("", &Layers::Only(Layer::Csrf));
        assert!(off(&only, "site") && !off(&only, "identity") && !off(&only, "csrf"));
        assert_eq!(only.get("profile"), None, "strangers may call");
        let without = "[layers.site]\nmode = \"off\"";
        assert!(off(&text(without, &Layers::All), "site"));
        assert!(!off(&text(without, &Layers::Only(Layer::Site)), "site"), "looked at alone");
    }

    #[test]
    fn a_credential_is_open_only_where_nobody_needs_a_pass() {
        let said = "[layers.pass]\nmode = \"enforce\"\n[[route]]\npath = \"/v1/chat\"\n\
                    methods = [\"POST\"]\ncredential = [\"model\"]";
        let is_open = |layers: &Layers| {
            let table = text(said, layers);
            let route = table["route"].as_array().and_then(|routes| routes.last()).cloned();
            route.and_then(|route| route.get("insecure_open_credential")?.as_bool())
        };
        assert_eq!(is_open(&Layers::All), None);
        assert_eq!(is_open(&Layers::Only(Layer::Pass)), None);
        assert_eq!(is_open(&Layers::Without([Layer::Pass].into())), Some(true));
        assert_eq!(is_open(&Layers::Only(Layer::Cors)), Some(true));
    }
}
