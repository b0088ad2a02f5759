//! `doorward init`: asks a few questions and writes a configuration.

use crate::args::{Init, Profile, SignsIn};
use crate::{EXIT_USAGE, machine};
use doorward_config::{Given, Machine};
use std::fmt::Write as _;
use std::io::{self, BufRead, IsTerminal};
use std::process::ExitCode;

/// What is asked, and what is meant where nobody answers.
const BACKEND: &str = "http://localhost:3000";
const PAGE: &str = "http://localhost:5173";

/// Answers, whoever gave them.
struct Answers {
    upstream: String,
    origins: Vec<String>,
    external: Vec<String>,
    profile: Profile,
    signs_in: SignsIn,
    issuer: String,
    audience: String,
    jwks: String,
    algorithm: String,
    cookie: String,
    whoami: String,
    subject: String,
    login: String,
    account: String,
}

/// Writes the file, and says what is next.
pub(crate) fn run(init: &Init) -> ExitCode {
    let file = init.file.display();
    if init.file.exists() && !init.force {
        machine::talk(&format!("error: {file} is there already; write another, or say --force\n"));
        return ExitCode::from(EXIT_USAGE);
    }
    let asks = io::stdin().is_terminal() && !init.yes;
    let answers = match answers(init, &mut Asking { asks }) {
        Ok(answers) => answers,
        Err(error) => {
            machine::talk(&format!("error: {error}\n"));
            return ExitCode::from(EXIT_USAGE);
        }
    };
    if let Err(error) = std::fs::write(&init.file, text(&answers)) {
        machine::talk(&format!("error: {file} cannot be written: {error}\n"));
        return ExitCode::from(EXIT_USAGE);
    }
    machine::output(&format!("{file} is written\n"));
    let given = Given { file: Some(init.file.clone()), ..Given::default() };
    match doorward_config::load(&given, &Machine, crate::guard::random_secret()) {
        Ok(config) => machine::talk(&config.warnings.render(machine::talk_has_colour())),
        // What is missing is said as `check` says it: a variable, most often.
        Err(report) => machine::talk(&report.render(machine::talk_has_colour())),
    }
    machine::talk(&next(init, &answers));
    ExitCode::SUCCESS
}

fn next(init: &Init, answers: &Answers) -> String {
    let file = init.file.display();
    let mut out = String::from("\nnext\n");
    if !answers.external.is_empty() {
        let _ = writeln!(out, "  export DOORWARD_SECRET=$(head -c 32 /dev/urandom | base64)");
    }
    if matches!(answers.signs_in, SignsIn::Keys)
        && matches!(answers.profile, Profile::Authenticated)
    {
        let _ = writeln!(out, "  doorward key create NAME      a key for each program that calls");
    }
    let _ = writeln!(out, "  doorward check {file}");
    let _ = writeln!(out, "  doorward guard --config {file} --monitor   refuses nobody yet");
    let _ = writeln!(out, "  doorward guard --config {file}");
    out
}

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

fn answers(init: &Init, asking: &mut Asking) -> io::Result<Answers> {
    let upstream = asking.text(init.upstream.as_ref(), "Where is your backend?", BACKEND)?;
    let question = "From which pages is it called? (origins, with commas between)";
    let origins = asking.list(&init.origin, question, PAGE)?;
    let question =
        "How do browsers reach the gate? (https://api.shop.example; empty: on this machine)";
    let external = asking.list(&init.external, question, "")?;
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
        subject: when(session, None, "Where does its JSON name the caller?", "$.id")?,
        login: when(signs, None, "Where do people sign in? (empty: elsewhere)", "/login")?,
        account: when(signs, None, "Which field names the account there?", "email")?,
        upstream,
        origins,
        external,
        profile,
        signs_in,
    })
}

fn quoted(list: &[String]) -> String {
    let quoted: Vec<String> = list.iter().map(|text| format!("{text:?}")).collect();
    format!("[{}]", quoted.join(", "))
}

/// The file.
fn text(answers: &Answers) -> String {
    let mut out = String::from("# What each word means: `doorward check --print-effective`.\n");
    let is_public = matches!(answers.profile, Profile::Public);
    let _ = writeln!(out, "profile  = {:?}", if is_public { "public" } else { "authenticated" });
    if answers.external.is_empty() {
        let _ = writeln!(
            out,
            "listen   = \"127.0.0.1:8080\"        # this machine alone: to try it out"
        );
    } else {
        let _ = writeln!(
            out,
            "listen   = \"0.0.0.0:8080\"          # behind what ends TLS, or add [tls]"
        );
        let _ = writeln!(out, "external = {}", quoted(&answers.external));
    }
    let _ = writeln!(out, "upstream = {:?}", answers.upstream);
    let _ = writeln!(out, "origins  = {}", quoted(&answers.origins));
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
    out.push_str("\n[layers.identity]\n");
    match answers.signs_in {
        SignsIn::Token => {
            let _ = writeln!(
                out,
                "jwt = [{{ issuer = {:?}, audience = {:?}, jwks = {:?}, algorithms = [{:?}] }}]",
                answers.issuer, answers.audience, answers.jwks, answers.algorithm
            );
        }
        SignsIn::Session => {
            let _ = writeln!(
                out,
                "session = {{ cookie = {:?}, check = {:?}, subject = {:?} }}",
                answers.cookie, answers.whoami, answers.subject
            );
        }
        SignsIn::Keys => {
            out.push_str("keys = { header = \"x-api-key\", file = \"doorward-keys.toml\" }\n");
        }
    }
    if !matches!(answers.signs_in, SignsIn::Keys) && !answers.login.is_empty() {
        out.push_str(&of_sign_in(answers));
    }
    out
}

/// Who signs in, signs up or has forgotten his password is not known yet.
fn of_sign_in(answers: &Answers) -> String {
    let mut out = String::from("\n# Whoever signs in is not known yet; failures are counted.\n");
    let is_session = matches!(answers.signs_in, SignsIn::Session);
    let base = answers.login.trim_end_matches('/');
    let base = base.rsplit_once('/').map_or("", |(before, _)| before);
    for (path, counts) in [
        (answers.login.clone(), true),
        (format!("{base}/signup"), false),
        (format!("{base}/reset"), true),
    ] {
        let _ = writeln!(out, "\n[[route]]\npath = {path:?}\nprofile = \"public\"");
        if is_session {
            out.push_str(
                "csrf = \"required\"                     # GET /.doorward/csrf gives a token\n",
            );
        }
        if counts {
            let _ = writeln!(out, "sign_in = {{ account = {:?} }}", answers.account);
        } else {
            out.push_str(
                "limits = [{ name = \"sign-up\", by = [\"address\"], rate = \"10/hour\", \
                 burst = 10 }]\n",
            );
        }
    }
    out
}
