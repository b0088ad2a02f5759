//! What one writes into the configuration so that a group of requests is admitted. Never an advice
//! without its condition: only the operator knows whose requests these are.

use doorward_core::origin::Origin;
use doorward_core::reason::Reason;

/// Requests that were refused for one reason.
#[derive(Clone, Debug, Default)]
pub(crate) struct Asked<'a> {
    /// The reason's code.
    pub(crate) code: &'a str,
    /// The route's path; empty for the default one.
    pub(crate) route: &'a str,
    /// The path of one of them.
    pub(crate) path: &'a str,
    /// Their methods, the most frequent first.
    pub(crate) methods: Vec<&'a str>,
    /// Their origins, the most frequent first.
    pub(crate) origins: Vec<&'a str>,
}

/// What would admit such requests: a condition, and a line of configuration.
pub(crate) fn mend(asked: &Asked<'_>) -> String {
    let path = if asked.route.is_empty() { asked.path } else { asked.route };
    let route = |line: &str| format!("[[route]] path = {:?}: {line}", plain(path));
    match asked.code {
        "site/cross-site" | "site/same-site" | "cors/origin" => site(asked),
        "site/null-origin" => {
            format!(
                "if a sign-in or payment provider sends people here: {}",
                route("kind = \"return\", post = true")
            )
        }
        "site/contradiction" | "site/unclear" => {
            "if it is your page: let Origin and Sec-Fetch-* through unchanged on the way here"
                .to_owned()
        }
        "site/cannot-tell" => {
            "serve the gate over https, and say so: external = [\"https://…\"]".to_owned()
        }
        "method/not-declared" | "method/unknown" => {
            let methods = asked.methods.iter().filter(|method| is_method(method));
            let methods: Vec<_> = methods.take(8).collect();
            format!("if the backend takes them: {}", route(&format!("add to methods: {methods:?}")))
        }
        "method/safe-on-write" => {
            format!("if it changes nothing: {}", route("effect = \"read\""))
        }
        "method/override" => {
            format!("if the backend takes it: {}", route("declare the named method in methods"))
        }
        "quota/share" => "if they are honest: raise the limit's rate or burst in \
                          layers.quota.limits, or list them in layers.quota.allow; if they come \
                          through your own proxy: name it in client_ip.trusted_proxies"
            .to_owned(),
        "quota/penalty" => {
            "if they are honest: take the limit's penalty out, or raise its burst".to_owned()
        }
        "quota/strikes" => "if they are honest: layers.quota.strikes = \"N/min\"".to_owned(),
        "quota/denied" => "take them out of layers.quota.deny, or: doorward deny --lift".to_owned(),
        "message/unknown-host" => {
            "if the name is yours: add it to external = [\"https://NAME\"]".to_owned()
        }
        "message/near-miss" => {
            format!("if the backend reads %2F right: {}", route("allow = [\"encoded-slash\"]"))
        }
        "message/no-route" => {
            format!("if it is part of your API: [[route]] path = {:?}", plain(asked.path))
        }
        "body/too-large" => {
            let line = route("body = { max = \"…\" }");
            format!("if it may be that long: {line}")
        }
        "identity/missing" => {
            let line = route("profile = \"public\"");
            format!("if strangers may call it: {line}")
        }
        // The reason's own advice; a code that this version does not know has none.
        code => Reason::find(code).map_or_else(
            || "this version does not know the code".to_owned(),
            |reason| reason.words().advice.to_owned(),
        ),
    }
}

/// Another site's requests: mostly an origin that is missing on the list, else an embedding.
fn site(asked: &Asked<'_>) -> String {
    let origins: Vec<String> = asked
        .origins
        .iter()
        .filter_map(|text| Origin::parse(text).ok())
        .map(|origin| format!("{:?}", origin.as_str()))
        .take(3)
        .collect();
    if !origins.is_empty() {
        return format!("if the page is yours: origins = [..., {}]", origins.join(", "));
    }
    let embed = if asked.code == "site/same-site" { "same-site" } else { "anyone" };
    format!(
        "on its route: embed = \"{embed}\" for images and scripts, kind = \"page\" for links, kind \
         = \"return\" for where a provider sends people back"
    )
}

fn is_method(text: &str) -> bool {
    text.len() <= 32 && text.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'-')
}

/// A path as it may stand in a configuration; one with other bytes is not suggested.
fn plain(path: &str) -> &str {
    let is_plain = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\\');
    if path.bytes().all(is_plain) { path } else { "…" }
}
