//! Budgets before a stand-in for a provider, over sockets: what answers have cost is what is
//! counted, nobody races past, and whoever leaves stops his backend.

use doorward_test::ai_upstream::{AiUpstream, Event};
use doorward_test::exchange::{Answer, send};
use doorward_test::running_gate::{GateOptions, RunningGate};
use serde_json::{Value, json};
use std::error::Error;
use std::net::SocketAddr;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

const CHAT: &str = "POST /v1/chat/completions";

/// A gate whose one route has so much to spend.
async fn gate(upstream: &AiUpstream, limit: &str) -> Outcome<RunningGate> {
    let config = format!(
        "[layers.quota]\nlimits = []\nbudgets = [{{ name = \"ai\", by = [\"everybody\"], \
         limit = \"{limit}\" }}]\n[[route]]\npath = \"/v1/chat/completions\"\n\
         methods = [\"POST\"]\nbudget = [\"ai\"]\nai = {{ tokens_max = 1000 }}\n"
    );
    let upstream = upstream.url();
    let options = GateOptions { upstream: &upstream, config: &config, ..GateOptions::default() };
    RunningGate::start(options).await
}

fn asks(model: &str, more: Value) -> String {
    let mut body = json!({ "model": model, "messages": [{ "role": "user", "content": "Hello" }] });
    for (name, value) in more.as_object().into_iter().flatten() {
        body[name] = value.clone();
    }
    body.to_string()
}

async fn ask(to: SocketAddr, body: &str) -> Outcome<Answer> {
    let headers = [("Host", to.to_string()), ("Content-Type", "application/json".to_owned())];
    send(to, CHAT, &headers, body).await
}

/// Bytes of what was written in the events of an answer.
fn written(body: &str) -> usize {
    body.matches("\"content\":\"word \"").count() * "word ".len()
}

#[tokio::test]
async fn what_answers_have_cost_is_what_is_counted() -> Outcome<()> {
    let mut upstream = AiUpstream::start().await?;
    let gate = gate(&upstream, "2000 tokens").await?;
    let body = asks("small", json!({ "max_tokens": 20 }));
    let reserved = body.len() + 20;
    let (mut spent, mut times) = (0, 0);
    loop {
        let answer = ask(gate.address(), &body).await?;
        if answer.status != 200 {
            assert_eq!(answer.said(), (429, "quota/budget"), "{answer:?}");
            assert!(!answer.header("retry-after").is_empty(), "{answer:?}");
            assert!(answer.header("ratelimit").starts_with("\"ai\";r=0;t="), "{answer:?}");
            let said: Value = serde_json::from_str(&answer.body)?;
            assert_eq!(said["error"]["code"], "quota/budget", "{said}");
            break;
        }
        let said: Value = serde_json::from_str(&answer.body)?;
        spent += usize::try_from(said["usage"]["total_tokens"].as_u64().ok_or("no usage")?)?;
        times += 1;
        assert!(spent <= 2000, "{spent}");
    }
    assert!(spent + reserved > 2000, "{times} requests spent {spent}: it was refused too early");
    assert_eq!(upstream.asked(), times, "what was refused never came");
    Ok(())
}

#[tokio::test]
async fn a_stream_is_settled_by_its_last_chunk_and_goes_on_as_it_came() -> Outcome<()> {
    let mut upstream = AiUpstream::start().await?;
    let gate = gate(&upstream, "2000 tokens").await?;
    let with_usage = json!({ "stream": true, "stream_options": { "include_usage": true } });
    let body = asks("small", with_usage);
    for time in 0..20 {
        let answer = ask(gate.address(), &body).await?;
        assert_eq!(answer.status, 200, "{time}: {answer:?}");
        assert_eq!(written(&answer.body), 100, "{answer:?}");
        assert!(answer.body.contains("data: [DONE]\n\n"), "{answer:?}");
    }
    let Some(Event::Asked(asked)) = upstream.events.recv().await else { panic!("it came") };
    assert!(asked.headers.contains(&"accept-encoding: identity".to_owned()), "{asked:?}");
    assert_eq!(asked.body, serde_json::from_str::<Value>(&body)?);
    // One that nobody can read does not go on at all.
    let answer = ask(gate.address(), &asks("encoded", json!({ "stream": true }))).await?;
    assert_eq!(answer.said(), (502, "upstream/broken"), "{answer:?}");
    Ok(())
}

#[tokio::test]
async fn a_hundred_streams_at_once_do_not_race_past_a_budget() -> Outcome<()> {
    const LIMIT: usize = 60_000;
    const STREAMS: usize = 100;
    let mut upstream = AiUpstream::start().await?;
    let gate = gate(&upstream, &format!("{LIMIT} tokens")).await?;
    let to = gate.address();
    let body = asks("endless", json!({ "stream": true }));
    let mut streams = JoinSet::new();
    for _ in 0..STREAMS {
        let body = body.clone();
        streams.spawn(async move { ask(to, &body).await });
    }
    let (mut spent, mut begun) = (0, 0);
    while let Some(answer) = streams.join_next().await {
        let answer = answer??;
        if answer.status == 200 {
            begun += 1;
            spent += body.len() + written(&answer.body);
            let last = "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"doorward\",\
                        \"code\":\"quota/budget\"";
            assert!(answer.body.contains(last), "it says why it ends: {answer:?}");
            assert!(answer.body.ends_with("\r\n0\r\n\r\n"), "and ends cleanly: {answer:?}");
        } else {
            assert_eq!(answer.said(), (429, "quota/budget"), "{answer:?}");
        }
    }
    assert!(spent <= LIMIT, "{begun} streams spent {spent}");
    // What each has left of its last slice is all that nobody could spend.
    assert!(spent + begun * 512 >= LIMIT - 1_000, "{begun} streams spent only {spent}");
    assert!(begun > 10, "{begun}");
    for _ in 0..begun {
        assert_eq!(upstream.ended().await, Some(false), "its backend is aborted");
    }
    Ok(())
}

#[tokio::test]
async fn whoever_leaves_stops_his_backend_and_pays_for_what_went_on() -> Outcome<()> {
    let mut upstream = AiUpstream::start().await?;
    let gate = gate(&upstream, "100000 tokens").await?;
    let to = gate.address();
    let body = asks("endless", json!({ "stream": true }));
    let mut stream = TcpStream::connect(to).await?;
    let head = format!(
        "{CHAT} HTTP/1.1\r\nHost: {to}\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(head.as_bytes()).await?;
    let mut came = String::new();
    while written(&came) < 50 {
        let mut piece = [0; 1024];
        let read = stream.read(&mut piece).await?;
        assert!(read > 0, "{came}");
        came.push_str(&String::from_utf8_lossy(&piece[..read]));
    }
    drop(stream);
    assert_eq!(upstream.ended().await, Some(false));
    // What it had taken in advance comes back as soon as the gate has noticed: what went on, and
    // lay in sockets on the way, is far less than the half of all.
    let half = asks("small", json!({ "max_tokens": 1000, "user": "a".repeat(30_000) }));
    assert_eq!(ask(to, &half).await?.status, 200);
    Ok(())
}

#[tokio::test]
async fn what_says_nothing_or_boasts_costs_what_was_taken() -> Outcome<()> {
    let upstream = AiUpstream::start().await?;
    let gate = gate(&upstream, "5000 tokens").await?;
    let to = gate.address();
    for model in ["silent", "boasting", "failing"] {
        // 1,000 tokens of an answer each time, of which 20 came.
        let answer = ask(to, &asks(model, json!({}))).await?;
        assert!([200, 500].contains(&answer.status), "{answer:?}");
    }
    // What the backend refuses is free, however often.
    for _ in 0..20 {
        assert_eq!(ask(to, &asks("busy", json!({}))).await?.status, 429);
    }
    assert_eq!(ask(to, &asks("silent", json!({}))).await?.status, 200);
    let answer = ask(to, &asks("silent", json!({}))).await?;
    assert_eq!(answer.said(), (429, "quota/budget"), "{answer:?}");
    Ok(())
}
