//! Asks the server itself for its answers.

use super::{Answers, is_preflight};
use crate::ask::{Asker, Failed, is_safe};
use crate::look::{answer_of, call_of};
use crate::run::open;
use doorward_browser::{Answer, Document, Engine, EngineId, Request, Sent, State, decide};
use std::sync::Arc;

/// What a server answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Live {
    /// Its answers.
    pub answers: Answers,
    /// Why the request itself has none, where it was to be sent and was not.
    pub unknown: Option<Failed>,
}

/// Sends what the engine would send, and keeps what comes back.
pub async fn live(asker: &Asker, engine: EngineId, page: &Document, request: &Request) -> Live {
    let mut found = Live { answers: Answers::default(), unknown: None };
    let (mut preflight, mut answer): (Option<Answer>, Option<Answer>) = (None, None);
    // A preflight and the request: whatever is wanted then stands at another address.
    for _ in 0..2 {
        let mut wanted = None;
        let mut server = |sent: &Sent| {
            let known = if is_preflight(sent) { &preflight } else { &answer };
            if known.is_none() && wanted.is_none() && sent.url == request.url {
                wanted = Some(sent.clone());
            }
            known.clone().unwrap_or_default()
        };
        let engine = Engine::of(engine);
        decide(&engine, Some(page), request, &mut server, &State::default(), 0);
        let Some(sent) = wanted else { break };
        let asked = asker.ask(&call_of(&sent)).await;
        let slot = if is_preflight(&sent) { &mut preflight } else { &mut answer };
        match asked {
            Ok(answered) => *slot = Some(answer_of(&answered)),
            // Nobody answered, and that is an answer: status 0.
            Err(Failed::Broken(_) | Failed::TooSlow) => *slot = Some(Answer::default()),
            Err(
                failed @ (Failed::Refused(_)
                | Failed::CouldWrite(_)
                | Failed::NotARequest(_)
                | Failed::GivenUp(..)
                | Failed::UsedUp(_)),
            ) => {
                found.unknown = Some(failed);
                break;
            }
        }
    }
    if answer.is_none() && found.unknown.is_none() && is_safe(&request.method) {
        answer = beyond_the_preflight(asker, engine, page, request).await;
    }
    found.answers = Answers { preflight, answer, is_denied: false };
    found
}

/// What the server answers to a request that only reads, and that the browser does not send: only
/// so it is known whether that answer lacks something too.
async fn beyond_the_preflight(
    asker: &Asker,
    engine: EngineId,
    page: &Document,
    request: &Request,
) -> Option<Answer> {
    let mut wanted = None;
    let mut server = |sent: &Sent| match is_preflight(sent) {
        true => answer_of(&Arc::new(open(&call_of(sent)))),
        false => {
            wanted.get_or_insert_with(|| sent.clone());
            Answer::default()
        }
    };
    let engine = Engine::of(engine);
    decide(&engine, Some(page), request, &mut server, &State::default(), 0);
    let answered = asker.ask(&call_of(&wanted?)).await.ok()?;
    Some(answer_of(&answered))
}

#[cfg(test)]
mod tests {
    use super::{Live, live};
    use crate::ask::{Asker, Failed, Manners};
    use crate::explain::page;
    use crate::read::fetch;
    use crate::scope::Scope;
    use doorward_browser::EngineId;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    /// A server that answers OPTIONS so, and everything else with 200.
    async fn server(to_options: &'static str) -> u16 {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut head = Vec::new();
                while !head.windows(4).any(|four| four == b"\r\n\r\n") {
                    if stream.read_buf(&mut head).await.unwrap_or(0) == 0 {
                        break;
                    }
                }
                let first = if head.starts_with(b"OPTIONS") { to_options } else { "200 OK" };
                let answer = format!(
                    "HTTP/1.1 {first}\r\nAccess-Control-Allow-Origin: *\r\n\
                     Access-Control-Allow-Methods: PUT\r\nContent-Length: 0\r\n\r\n"
                );
                let _ = stream.write_all(answer.as_bytes()).await;
            }
        });
        port
    }

    async fn asked(port: u16, method: &str, allow_writes: bool) -> Live {
        of(port, &format!("method: '{method}'"), allow_writes).await
    }

    async fn of(port: u16, options: &str, allow_writes: bool) -> Live {
        let from = page("http://shop.localhost:1").expect("a page");
        let call = format!("fetch('http://localhost:{port}/x', {{{options}}})");
        let request = fetch::read(&call, None).expect("a call").request;
        let mut scope = Scope::new(&[]);
        scope.add(&request.url).await.expect("this machine");
        let manners = Manners { allow_writes, requests_max: 9, tls: None, pretended: None };
        live(&Asker::new(scope, manners), EngineId::Firefox, &from, &request).await
    }

    #[tokio::test]
    async fn the_server_says_itself_what_it_says() {
        let statuses = |live: &Live| {
            let status = |answer: &Option<doorward_browser::Answer>| {
                answer.as_ref().map(|answer| answer.status)
            };
            (status(&live.answers.preflight), status(&live.answers.answer))
        };
        let port = server("204 No Content").await;
        assert_eq!(statuses(&asked(port, "GET", false).await), (None, Some(200)));
        assert_eq!(statuses(&asked(port, "PUT", true).await), (Some(204), Some(200)));
        // What could write is asked about, and not sent.
        let cautious = asked(port, "PUT", false).await;
        assert_eq!(statuses(&cautious), (Some(204), None));
        assert!(matches!(cautious.unknown, Some(Failed::CouldWrite(_))), "{cautious:?}");
        let port = server("405 No").await;
        let refused = asked(port, "PUT", true).await;
        assert_eq!((statuses(&refused), refused.unknown), ((Some(405), None), None));
        // What only reads is asked for all the same: its answer may lack something too.
        let read = of(port, "headers: {'X-A': 'b'}", false).await;
        assert_eq!((statuses(&read), read.unknown), ((Some(405), Some(200)), None));
    }
}
