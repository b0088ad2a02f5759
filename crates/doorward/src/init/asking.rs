//! What `doorward init` asks.

use super::{Answers, is_by_https};
use crate::args::{Init, Profile, SignsIn};
use crate::machine;
use std::io::{self, BufRead, IsTerminal};

/// What is meant where nobody answers.
const BACKEND: &str = "http://localhost:3000";
const PAGE: &str = "http://localhost:5173";

/// Asks on the terminal, where there is somebody to answer.
struct Asking {
    asks: bool,
}

impl Asking {
    fn text(&mut self, said: Option<&String>, question: &str, usual: &str) -> io::Result<String> {
        if let Some(said) = said {
            return Ok(said.clone());
        }
        if !self.asks {
            return Ok(usual.to_owned());
        }
        let shown = if usual.is_empty() { String::new() } else { format!(" [{usual}]") };
        machine::talk(&format!("{question}{shown}: "));
        let mut line = String::new();
        io::stdin().lock().read_line(&mut line)?;
        let line = line.trim();
        Ok(if line.is_empty() { usual.to_owned() } else { line.to_owned() })
    }

    fn list(&mut self, said: &[String], question: &str, usual: &str) -> io::Result<Vec<String>> {
        if !said.is_empty() {
            return Ok(said.to_vec());
        }
        let line = self.text(None, question, usual)?;
        let parts = line.split(',').map(str::trim).filter(|part| !part.is_empty());
        Ok(parts.map(str::to_owned).collect())
    }
}

/// What a person says, on the command line or on the terminal.
pub(super) fn answers(init: &Init) -> io::Result<Answers> {
    let asking = &mut Asking { asks: io::stdin().is_terminal() && !init.yes };
    let upstream = asking.text(init.upstream.as_ref(), "Where is your backend?", BACKEND)?;
    let question = "From which pages is it called? (origins, with commas between)";
    let origins = asking.list(&init.origin, question, PAGE)?;
    let question =
        "How do browsers reach the gate? (https://api.shop.example; empty: on this machine)";
    let external = asking.list(&init.external, question, "")?;
    let (proxies, tls) = ends_tls(init, &external, asking)?;
    let (profile, signs_in) = callers(init, asking)?;
    let is_of = |by: SignsIn| matches!(profile, Profile::Authenticated) && signs_in == by;
    let mut when = |is: bool, said: Option<&String>, question: &str, usual: &str| match is {
        true => asking.text(said, question, usual),
        false => Ok(usual.to_owned()),
    };
    let (token, session) = (is_of(SignsIn::Token), is_of(SignsIn::Session));
    let signs = matches!(profile, Profile::Authenticated) && !is_of(SignsIn::Keys);
    let base = upstream.trim_end_matches('/').to_owned();
    Ok(Answers {
        issuer: when(token, init.issuer.as_ref(), "The provider's issuer?", "https://id.example")?,
        audience: when(
            token,
            init.audience.as_ref(),
            "What is this API called by it (aud)?",
            "api",
        )?,
        jwks: when(
            token,
            init.jwks.as_ref(),
            "Where are its keys (jwks_uri)?",
            "https://id.example/jwks.json",
        )?,
        algorithm: when(token, None, "How does it sign (RS256, ES256, …)?", "RS256")?,
        cookie: when(session, init.cookie.as_ref(), "The session's cookie?", "session")?,
        whoami: when(
            session,
            init.whoami.as_ref(),
            "Which address says who has signed in?",
            &format!("{base}/whoami"),
        )?,
        subject: when(
            session,
            init.subject.as_ref(),
            "Where does its JSON name the caller?",
            "$.id",
        )?,
        login: when(
            signs,
            init.login.as_ref(),
            "Where do people sign in? (none: elsewhere)",
            "/login",
        )
        // Whoever only presses Enter means what is usual.
        .map(|path| if path.eq_ignore_ascii_case("none") { String::new() } else { path })?,
        account: when(
            signs,
            init.account.as_ref(),
            "Which field names the account there?",
            "email",
        )?,
        upstream,
        origins,
        external,
        proxies,
        tls,
        profile,
        signs_in,
    })
}

/// Who ends TLS: proxies, or the gate with a certificate and its key.
type EndsTls = (Vec<String>, Option<(String, String)>);

fn ends_tls(init: &Init, external: &[String], asking: &mut Asking) -> io::Result<EndsTls> {
    let own = init.certificate.clone().zip(init.key.clone());
    if own.is_some() || !init.proxy.is_empty() || !is_by_https(external) {
        return Ok((init.proxy.clone(), own));
    }
    let question = "What ends TLS before the gate? (its address or network, private, loopback; \
                    tls: the gate itself; empty: not known yet)";
    let said = asking.list(&[], question, "")?;
    if said.iter().any(|one| one.eq_ignore_ascii_case("tls")) {
        let certificate =
            asking.text(None, "Its certificate, a file in PEM?", "certificate.pem")?;
        let key = asking.text(None, "The certificate's private key?", "key.pem")?;
        return Ok((Vec::new(), Some((certificate, key))));
    }
    Ok((said, None))
}

/// Whether callers are known, and by what.
fn callers(init: &Init, asking: &mut Asking) -> io::Result<(Profile, SignsIn)> {
    let profile = match init.profile {
        Some(profile) => profile,
        None => {
            let said = asking.text(None, "Do callers sign in? (yes, no)", "no")?;
            let is_yes = said.to_ascii_lowercase().starts_with('y');
            if is_yes { Profile::Authenticated } else { Profile::Public }
        }
    };
    let signs_in = match (profile, init.by) {
        (Profile::Public, _) => SignsIn::Keys,
        (Profile::Authenticated, Some(by)) => by,
        (Profile::Authenticated, None) => {
            let question = "By what are they known? (token of a provider, session of your backend, \
                            keys)";
            match asking.text(None, question, "token")?.to_ascii_lowercase().chars().next() {
                Some('s') => SignsIn::Session,
                Some('k') => SignsIn::Keys,
                _ => SignsIn::Token,
            }
        }
    };
    Ok((profile, signs_in))
}
