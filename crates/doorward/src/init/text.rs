//! The file that `doorward init` writes.

use super::Answers;
use crate::args::{Profile, SignsIn};
use doorward_config::quote;
use std::fmt::Write as _;

/// What of the proxies is this machine alone.
const LOOPBACK: [&str; 3] = ["loopback", "127.0.0.1", "::1"];

/// The file.
pub(super) fn text(answers: &Answers) -> String {
    let mut out = String::from("# What each word means: `doorward check --print-effective`.\n");
    let is_public = matches!(answers.profile, Profile::Public);
    let profile = if is_public { "public" } else { "authenticated" };
    let _ = writeln!(out, "profile  = \"{profile}\"\nlisten   = {}", listen(answers));
    if !answers.external.is_empty() {
        let _ = writeln!(out, "external = {}", list(&answers.external));
    }
    let _ = writeln!(out, "upstream = {}", quote(&answers.upstream));
    let _ = writeln!(out, "origins  = {}", list(&answers.origins));
    out.push_str(&of_tls(answers));
    if !answers.external.is_empty() {
        out.push_str("\n[secrets]\nsigning = [\"env:DOORWARD_SECRET\"]\n");
    }
    if is_public {
        out.push_str(
            "\n# Each page that calls loads the gate's script first:\n\
             #   <script src=\"ADDRESS-OF-THE-GATE/.doorward/auto.js\"></script>\n",
        );
        return out;
    }
    out.push_str(&of_identity(answers));
    if !matches!(answers.signs_in, SignsIn::Keys) && !answers.login.is_empty() {
        out.push_str(&of_sign_in(answers));
    }
    out
}

fn list(texts: &[String]) -> String {
    let quoted: Vec<String> = texts.iter().map(|text| quote(text)).collect();
    format!("[{}]", quoted.join(", "))
}

/// Where the gate listens, and for whom.
fn listen(answers: &Answers) -> &'static str {
    let is_here = |proxy: &String| LOOPBACK.contains(&proxy.as_str());
    let has_proxies = !answers.proxies.is_empty();
    if answers.external.is_empty() {
        "\"127.0.0.1:8080\"        # this machine alone: to try it out"
    } else if answers.tls.is_some() {
        "\"0.0.0.0:8443\""
    } else if has_proxies && answers.proxies.iter().all(is_here) {
        "\"127.0.0.1:8080\"        # for the proxy on this machine"
    } else if has_proxies {
        "\"0.0.0.0:8080\"          # for the proxy below: let nobody else come here"
    } else {
        "\"0.0.0.0:8080\""
    }
}

/// Who ends TLS: the gate, or a proxy that it must know.
fn of_tls(answers: &Answers) -> String {
    let mut out = String::new();
    if let Some((certificate, key)) = &answers.tls {
        let (certificate, key) = (quote(certificate), quote(key));
        let _ = writeln!(out, "\n[tls]\ncertificate = {certificate}\nkey = {key}");
    }
    if !answers.proxies.is_empty() {
        let _ = writeln!(
            out,
            "\n# Whoever comes from there is whom X-Forwarded-For says.\n[client_ip]\n\
             trusted_proxies = {}",
            list(&answers.proxies)
        );
    } else if answers.tls.is_none() && answers.is_by_https() {
        out.push_str(
            "\n# What ends TLS before the gate? While it is not named, everybody behind it is one \
             address,\n# and one of them locks out all. Write its address or network, \"private\" \
             or \"loopback\":\n\
             # [client_ip]\n# trusted_proxies = [\"10.0.0.5\"]\n\
             # Or the gate speaks TLS itself:\n\
             # [tls]\n# certificate = \"certificate.pem\"\n# key = \"key.pem\"\n",
        );
    }
    out
}

/// By what callers are known.
fn of_identity(answers: &Answers) -> String {
    let mut out = String::from("\n[layers.identity]\n");
    match answers.signs_in {
        SignsIn::Token => {
            let _ = writeln!(
                out,
                "jwt = [{{ issuer = {}, audience = {}, jwks = {}, algorithms = [{}] }}]",
                quote(&answers.issuer),
                quote(&answers.audience),
                quote(&answers.jwks),
                quote(&answers.algorithm)
            );
        }
        SignsIn::Session => {
            let _ = writeln!(
                out,
                "session = {{ cookie = {}, check = {}, subject = {} }}",
                quote(&answers.cookie),
                quote(&answers.whoami),
                quote(&answers.subject)
            );
            out.push_str(
                "\n# A cookie alone changes nothing: what a page sends has a token. Into the forms \
                 of HTML that\n# comes through the gate it is written, as the field `_csrf`. A \
                 script, a page elsewhere, and\n# whatever is larger than 1 MiB asks GET \
                 /.doorward/csrf, and sends it as X-CSRF-Token.\n\
                 [layers.csrf]\nforms = \"inject\"\n\
                 \n# What anybody may open: styles, pictures, pages without forms.\n\
                 # [[route]]\n# path = \"/static/**\"\n# kind = \"page\"\n",
            );
        }
        SignsIn::Keys => {
            out.push_str("keys = { header = \"x-api-key\", file = \"doorward-keys.toml\" }\n");
        }
    }
    out
}

/// Who signs in, signs up or has forgotten his password is not known yet.
fn of_sign_in(answers: &Answers) -> String {
    let base = answers.login.trim_end_matches('/');
    let base = base.rsplit_once('/').map_or("", |(before, _)| before);
    let account = quote(&answers.account);
    let mut out =
        String::from("\n# Whoever signs in, or has forgotten his password, is not known.\n");
    for (why, path, says) in [
        (
            "Failures are counted: 10 a minute of an account, 60 of an address.",
            answers.login.clone(),
            format!("sign_in = {{ account = {account} }}"),
        ),
        (
            "Opening the page counts too, and a school is one address.",
            format!("{base}/signup"),
            "limits = [{ name = \"sign-up\", by = [\"address\"], rate = \"60/hour\", burst = 60 }]"
                .to_owned(),
        ),
        (
            "Each one is a mail. What names nobody, as the new password, counts on the address.",
            format!("{base}/reset"),
            format!(
                "sign_in = {{ account = {account}, counts = \"attempts\", per_account = \
                 \"10/hour\", per_address = \"60/hour\" }}"
            ),
        ),
    ] {
        let _ =
            writeln!(out, "\n# {why}\n[[route]]\npath = {}\nprofile = \"public\"", quote(&path));
        if matches!(answers.signs_in, SignsIn::Session) {
            out.push_str(
                "csrf = \"required\"                      # in its form, or X-CSRF-Token\n",
            );
        }
        let _ = writeln!(out, "{says}");
    }
    out
}
