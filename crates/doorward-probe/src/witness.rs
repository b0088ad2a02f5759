//! How it is known that a backend ran a request: by what an allowed caller gets, by something that
//! changed outside, or by something that stands on the way in.

use crate::ask::{Exchange, Failed};
use crate::call::{Answered, Call};
use crate::finding::Rung;
use crate::look::Look;
use crate::tap::Arrival;
use rustix::process::{Pid, Signal, kill_process_group};
use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::process::Stdio;
use std::sync::{Arc, PoisonError};
use std::time::Duration;
use tokio::io::AsyncReadExt;
use tokio::process::Command;
use url::Url;

/// How long a command may take.
const COMMAND_WAIT: Duration = Duration::from_secs(10);
/// Bytes that are read of what a command says.
const SAID_BYTES_MAX: u64 = 1024 * 1024;

/// Something that is read before and after a request. Its value is in no report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Witness {
    /// What this address answers.
    Url(Url),
    /// What this command writes, as `sh -c` runs it.
    Command(String),
}

/// What an allowed caller gets.
#[derive(Clone, Debug)]
pub struct Allowed {
    /// The request.
    pub call: Call,
    /// Its answers: two, since some say something new each time.
    pub answers: [Arc<Answered>; 2],
    /// What the same request gets at an address that nobody has.
    astray: Option<Arc<Answered>>,
    /// What it gets without its fields, where its own answer says nothing.
    hollow: Option<Arc<Answered>>,
    /// Whether the witness changes with it; none where that is not known.
    has_effect: Option<bool>,
}

/// What became of one request.
#[derive(Clone, Debug)]
pub struct Seen {
    /// Its answer.
    pub answer: Arc<Answered>,
    /// How it is known that the backend ran it.
    pub rung: Rung,
    /// The witness changed with it.
    pub has_effect: bool,
    /// What else is to be said of it.
    pub notes: Vec<String>,
}

/// What a witness did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Change {
    /// There is none, or it could not be read.
    Unwatched,
    /// It changes by itself.
    Restless,
    /// It stayed.
    Same,
    /// It changed.
    Changed,
}

impl Allowed {
    /// What a call gets that should be allowed.
    ///
    /// # Errors
    /// When there is no answer.
    pub async fn of(look: &Look<'_>, call: &Call) -> Result<Self, Failed> {
        let (first, change) = watched(look, call).await;
        let first = first?;
        let second = look.ask_again(call).await?;
        let mut nowhere = call.clone();
        let host = crate::look::name_of(&look.canaries[0]);
        nowhere.url.set_path(&format!("/{}", host.split('.').next().unwrap_or(host)));
        let astray = look.ask(&nowhere).await.ok();
        let mut empty = call.clone();
        empty.body.clear();
        let says_nothing = first.body.is_empty() && !call.body.is_empty();
        let hollow = if says_nothing { look.ask(&empty).await.ok() } else { None };
        let has_effect = match change {
            Change::Unwatched | Change::Restless => None,
            Change::Same => Some(false),
            Change::Changed => Some(true),
        };
        Ok(Self { call: call.clone(), answers: [first, second], astray, hollow, has_effect })
    }

    /// Whether it went well, both times, and not only because everything does.
    #[must_use]
    pub fn is_well(&self) -> bool {
        let [first, second] = &self.answers;
        let others = [&self.astray, &self.hollow].into_iter().flatten();
        let everything = others.into_iter().any(|other| is_alike(other, first, self));
        is_well(first) && is_well(second) && first.status == second.status && !everything
    }

    /// Whether the witness was seen to change with it.
    #[must_use]
    pub const fn has_effect(&self) -> bool {
        matches!(self.has_effect, Some(true))
    }
}

/// How it is known that the backend ran a call, beside a call that should be allowed.
///
/// # Errors
/// When there is no answer.
pub async fn rung(look: &Look<'_>, call: &Call, allowed: &Allowed) -> Result<Seen, Failed> {
    if let Some(known) = known(look, call) {
        return known.ok_or_else(|| Failed::Broken("there was no answer before".to_owned()));
    }
    let seen = fresh(look, call, allowed).await;
    let mut watched = look.means.watched.lock().unwrap_or_else(PoisonError::into_inner);
    watched.push((call.clone(), seen.as_ref().ok().cloned()));
    seen
}

fn known(look: &Look<'_>, call: &Call) -> Option<Option<Seen>> {
    let watched = look.means.watched.lock().unwrap_or_else(PoisonError::into_inner);
    watched.iter().find(|(own, _)| own == call).map(|(_, seen)| seen.clone())
}

async fn fresh(look: &Look<'_>, call: &Call, allowed: &Allowed) -> Result<Seen, Failed> {
    let (answer, change) = watched(look, call).await;
    let answer = answer?;
    let arrival = look.arrival(call);
    let mut notes = arrival.notes();
    let has_effect = change == Change::Changed;
    if let Some(rung) = by_tap(&arrival, &answer, allowed, change) {
        return Ok(Seen { answer, rung, has_effect, notes });
    }
    let rung = match change {
        Change::Changed => {
            notes.push("the witness changed with it".to_owned());
            Rung::Effect
        }
        Change::Same if allowed.has_effect == Some(true) => {
            notes.push("the witness changes with an allowed request, and not with this".to_owned());
            Rung::Unknown
        }
        Change::Restless => {
            notes.push("the witness is restless: it changes without a request".to_owned());
            compared(&answer, allowed)
        }
        Change::Same | Change::Unwatched => compared(&answer, allowed),
    };
    Ok(Seen { answer, rung, has_effect, notes })
}

/// What a tap says of it; none where it says nothing.
fn by_tap(arrival: &Arrival, answer: &Answered, allowed: &Allowed, change: Change) -> Option<Rung> {
    let is_served = arrival.is_served();
    match (arrival, compared(answer, allowed)) {
        // What changed outside changed, by whatever way the request came there.
        (Arrival::Kept, _) if change == Change::Changed => None,
        (Arrival::Kept, _) => Some(Rung::Unknown),
        // It came there, and did not do what it does for an allowed caller.
        (Arrival::Passed(_), _) if change == Change::Same && allowed.has_effect() => None,
        (Arrival::Passed(_), Rung::Strong) => Some(Rung::InPath),
        // Something in front took the answer away behind the backend.
        (Arrival::Passed(_), _) if is_served && !is_well(answer) => Some(Rung::InPath),
        // It came there, and a success with other words may be a refusal.
        (Arrival::Passed(_) | Arrival::Unwatched, _) => None,
    }
}

/// What an answer says beside that of an allowed caller.
#[must_use]
pub fn compared(answer: &Answered, allowed: &Allowed) -> Rung {
    if !is_well(answer) {
        return Rung::Unknown;
    }
    let [first, second] = &allowed.answers;
    let is_equal = is_alike(answer, first, allowed) || is_alike(answer, second, allowed);
    let is_whole = own_headers(allowed).iter().all(|name| answer.headers.has(name));
    match allowed.is_well() && is_equal && is_whole {
        true => Rung::Strong,
        // A success without a word may be anything.
        false if answer.body.is_empty() => Rung::Unknown,
        false => Rung::Weak,
    }
}

/// Whether it went well: a success, or a form's way back to a page.
#[must_use]
pub fn is_well(answer: &Answered) -> bool {
    answer.is_success() || (is_redirect(answer) && !leads_to_sign_in(answer))
}

fn is_redirect(answer: &Answered) -> bool {
    matches!(answer.status, 301..=303 | 307 | 308) && answer.headers.has("location")
}

/// A log-in page instead of an answer is no success.
fn leads_to_sign_in(answer: &Answered) -> bool {
    let place = answer.header("location").unwrap_or_default().to_ascii_lowercase();
    let mut words = place.split(|c: char| !c.is_ascii_alphanumeric() && c != '-' && c != '_');
    let known =
        ["login", "log-in", "log_in", "signin", "sign-in", "sign_in", "auth", "oauth", "sso"];
    words.any(|word| known.contains(&word))
}

/// Status, place and body are the same; figures are overlooked where the allowed caller's own two
/// answers differ.
fn is_alike(answer: &Answered, other: &Answered, allowed: &Allowed) -> bool {
    let [first, second] = &allowed.answers;
    let is_steady = first.body == second.body;
    let bodies = match is_steady {
        true => answer.body == other.body,
        false => masked(&answer.body) == masked(&other.body),
    };
    answer.status == other.status
        && answer.header("location") == other.header("location")
        && answer.header("content-type") == other.header("content-type")
        && bodies
}

/// The body with each run of hexadecimal letters and figures that has a figure as one sign.
pub(crate) fn masked(body: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut run: Vec<u8> = Vec::new();
    for byte in body.iter().chain(std::iter::once(&b' ')) {
        if byte.is_ascii_alphanumeric() || *byte == b'-' {
            run.push(*byte);
            continue;
        }
        match run.iter().any(u8::is_ascii_digit) {
            true => out.push(b'#'),
            false => out.extend_from_slice(&run),
        }
        run.clear();
        out.push(*byte);
    }
    out
}

/// Headers that only what answered the allowed caller sends.
fn own_headers(allowed: &Allowed) -> BTreeSet<String> {
    let Some(astray) = &allowed.astray else { return BTreeSet::new() };
    let [first, second] = &allowed.answers;
    let names = first.headers.iter().map(|(name, _)| name.to_ascii_lowercase());
    let is_policy = |name: &str| {
        name.starts_with("access-control-")
            || matches!(name, "vary" | "set-cookie" | "etag" | "content-length" | "location")
    };
    names
        .filter(|name| !is_policy(name) && !astray.headers.has(name) && second.headers.has(name))
        .collect()
}

/// The answer to a call, and whether the witness changed with it.
pub(crate) async fn changed(look: &Look<'_>, call: &Call) -> (Exchange, bool) {
    let (answer, change) = watched(look, call).await;
    (answer, change == Change::Changed)
}

/// The answer to a call, sent now where something watches.
async fn watched(look: &Look<'_>, call: &Call) -> (Exchange, Change) {
    if look.means.witness.is_none() {
        return (look.ask(call).await, Change::Unwatched);
    }
    let (before, again) = (read(look).await, read(look).await);
    let answer = look.ask_again(call).await;
    let after = read(look).await;
    let restless = "it is restless: it changes without a request, so nothing is said by it";
    let unread = "it could not be read, so nothing is said by it";
    let change = match (before, again, after) {
        (Some(before), Some(again), _) if before != again => Change::Restless,
        (Some(_), Some(again), Some(after)) if again != after => Change::Changed,
        (Some(_), Some(_), Some(_)) => Change::Same,
        _ => Change::Unwatched,
    };
    match change {
        Change::Restless => doubt(look, restless),
        Change::Unwatched if !look.asker().is_planned() => doubt(look, unread),
        Change::Unwatched | Change::Same | Change::Changed => {}
    }
    (answer, change)
}

/// Keeps why nothing can be said by the witness; the first reason is told.
fn doubt(look: &Look<'_>, why: &'static str) {
    look.means.doubt.get_or_init(|| why);
}

/// The witness's value now, as a hash: it may be anything, and is nobody's business.
async fn read(look: &Look<'_>) -> Option<u64> {
    let mut hasher = DefaultHasher::new();
    match look.means.witness? {
        Witness::Url(url) => {
            let call = Call::new("GET", url);
            let call = look.signed_in(&call).unwrap_or(call);
            let answer = look.asker().ask_again(&call).await.ok()?;
            (answer.status, &answer.body).hash(&mut hasher);
        }
        // A plan runs nothing.
        Witness::Command(_) if look.asker().is_planned() => return None,
        Witness::Command(command) => said(command).await?.hash(&mut hasher),
    }
    Some(hasher.finish())
}

/// A command's processes. They are ended when nobody waits for them any more: what a shell has
/// begun outlives it.
struct Group(Option<Pid>);

impl Drop for Group {
    fn drop(&mut self) {
        // Where all of them have ended by themselves there is nobody to tell.
        let _ = self.0.map(|group| kill_process_group(group, Signal::KILL));
    }
}

/// What a command writes; none where it fails, or takes too long.
async fn said(command: &str) -> Option<Vec<u8>> {
    said_within(command, COMMAND_WAIT).await
}

async fn said_within(command: &str, wait: Duration) -> Option<Vec<u8>> {
    let mut child = Command::new("sh")
        .args(["-c", command])
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .stdout(Stdio::piped())
        .process_group(0)
        .kill_on_drop(true)
        .spawn()
        .ok()?;
    let id = child.id().and_then(|id| i32::try_from(id).ok());
    let _group = Group(id.and_then(Pid::from_raw));
    let out = child.stdout.take()?;
    let reading = async {
        let mut said = Vec::new();
        out.take(SAID_BYTES_MAX).read_to_end(&mut said).await.ok()?;
        child.wait().await.ok()?.success().then_some(said)
    };
    tokio::time::timeout(wait, reading).await.ok()?
}

#[cfg(test)]
mod tests {
    use super::{Allowed, compared, masked, said, said_within};
    use crate::call::{Answered, Call};
    use crate::finding::Rung;
    use std::sync::Arc;
    use std::time::Duration;
    use tokio::io::AsyncReadExt;
    use tokio::net::TcpListener;
    use url::Url;

    fn answer(status: u16, headers: &[(&str, &str)], body: &str) -> Answered {
        let headers = headers.iter().copied().collect();
        Answered { status, headers, body: body.as_bytes().to_vec(), is_cut: false }
    }

    fn allowed(first: &Answered, second: &Answered) -> Allowed {
        let url = Url::parse("http://localhost/").expect("an address");
        Allowed {
            call: Call::new("POST", &url),
            answers: [Arc::new(first.clone()), Arc::new(second.clone())],
            astray: Some(Arc::new(answer(404, &[], "not found"))),
            hollow: None,
            has_effect: None,
        }
    }

    #[test]
    fn rungs() {
        let made = |number: u32| answer(201, &[("X-Order", "1")], &format!(r#"{{"id":{number}}}"#));
        let steady = answer(200, &[], r#"{"ok":true}"#);
        let moved = answer(303, &[("Location", "/done")], "");
        let rows = [
            (allowed(&steady, &steady), steady.clone(), Rung::Strong),
            (allowed(&steady, &steady), answer(200, &[], r#"{"ok":false}"#), Rung::Weak),
            (allowed(&steady, &steady), answer(403, &[], r#"{"ok":true}"#), Rung::Unknown),
            (allowed(&steady, &steady), answer(204, &[], ""), Rung::Unknown),
            // What numbers its answers says another number to each.
            (allowed(&made(1), &made(2)), made(3), Rung::Strong),
            // Its own header is missing: something else answered.
            (allowed(&made(1), &made(2)), answer(201, &[], r#"{"id":3}"#), Rung::Weak),
            // What does not number them means something by another.
            (allowed(&made(1), &made(1)), made(3), Rung::Weak),
            (allowed(&moved, &moved), moved.clone(), Rung::Strong),
            (allowed(&moved, &moved), answer(303, &[("Location", "/login")], ""), Rung::Unknown),
        ];
        for (allowed, answer, want) in rows {
            assert_eq!(compared(&answer, &allowed), want, "{answer:?}");
        }
    }

    #[test]
    fn what_answers_everything_alike_says_nothing() {
        let steady = answer(200, &[], "ok");
        let mut same = allowed(&steady, &steady);
        same.astray = Some(Arc::new(steady.clone()));
        assert_eq!(compared(&steady, &same), Rung::Weak);
    }

    #[test]
    fn figures_are_overlooked() {
        let body = |text: &str| masked(text.as_bytes());
        assert_eq!(body(r#"{"id":17,"at":"2026-01-02T03"}"#), body(r#"{"id":9,"at":"1999-1-1"}"#));
        assert_ne!(body(r#"{"error":17}"#), body(r#"{"id":17}"#));
    }

    #[tokio::test]
    async fn commands() {
        assert_eq!(said("echo 1").await.as_deref(), Some(&b"1\n"[..]));
        assert_eq!(said("echo 1; exit 3").await, None);
        assert_eq!(said("no-such-command").await, None);
        assert_eq!(said("yes").await, None, "it ends where nobody reads on");
    }

    /// What the command has begun ends with it, in the background too.
    #[tokio::test]
    async fn a_command_that_takes_too_long_ends_with_its_children() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        // Each holds a connection, whose end is its own.
        let held = format!("exec 3<>/dev/tcp/127.0.0.1/{port}; echo >&3; sleep 600");
        for begun in [format!("bash -c '{held}' & wait"), format!("bash -c '{held}'; true")] {
            let accepted = async {
                let (mut stream, _) = listener.accept().await.expect("a connection");
                let first = stream.read_u8().await;
                first.map(|_| stream)
            };
            let command = said_within(&begun, Duration::from_secs(2));
            let (said, stream) = tokio::join!(command, accepted);
            assert_eq!(said, None);
            let end = stream.expect("it began").read_u8().await;
            assert!(end.is_err(), "it has ended");
        }
    }
}
