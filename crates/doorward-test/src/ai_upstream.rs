//! A stand-in for a provider of AIs, on a free port of 127.0.0.1: it answers chat completions as
//! the real ones do, whole or as a stream, and tells what came and how each answer ended.

use serde_json::{Value, json};
use std::fmt::Write as _;
use std::io;
use std::net::SocketAddr;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

/// Tokens of an answer where the request asks for no number.
const TOKENS: u64 = 20;
/// What each token of an answer is: five bytes.
const TOKEN: &str = "word ";

/// What happens at the stand-in, in its order.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// A request came.
    Asked(Asked),
    /// Its answer has ended: all of it was sent, or its client had left.
    Ended {
        /// Whether all of it was sent.
        is_whole: bool,
    },
}

/// A request.
#[derive(Clone, Debug, PartialEq)]
pub struct Asked {
    /// `POST /v1/chat/completions`.
    pub target: String,
    /// Its headers' lines, names in lower case.
    pub headers: Vec<String>,
    /// Its body.
    pub body: Value,
}

/// A running stand-in.
pub struct AiUpstream {
    address: SocketAddr,
    /// What happens, as it does.
    pub events: mpsc::UnboundedReceiver<Event>,
}

impl AiUpstream {
    /// Starts it. By the model's name it answers otherwise than usual: `endless` streams until its
    /// client leaves, `silent` never says what it cost, `boasting` says something that cannot be,
    /// `encoded` streams in a coding, `failing` answers 500, `busy` answers 429.
    ///
    /// # Errors
    /// When there is no port.
    pub async fn start() -> io::Result<Self> {
        let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await?;
        let address = listener.local_addr()?;
        let (sender, events) = mpsc::unbounded_channel();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let sender = sender.clone();
                // A client that leaves is an error here, and no fault.
                tokio::spawn(async move { drop(serve(stream, sender).await) });
            }
        });
        Ok(Self { address, events })
    }

    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// `http://127.0.0.1:PORT`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// How many requests have come that were not told of yet.
    pub fn asked(&mut self) -> usize {
        let mut count = 0;
        while let Ok(event) = self.events.try_recv() {
            count += usize::from(matches!(event, Event::Asked(_)));
        }
        count
    }

    /// Waits until an answer has ended; whether all of it was sent.
    pub async fn ended(&mut self) -> Option<bool> {
        while let Some(event) = self.events.recv().await {
            if let Event::Ended { is_whole } = event {
                return Some(is_whole);
            }
        }
        None
    }
}

/// Serves the requests of one connection.
async fn serve(stream: TcpStream, sender: mpsc::UnboundedSender<Event>) -> io::Result<()> {
    let mut stream = BufReader::new(stream);
    while let Some(asked) = read(&mut stream).await? {
        let body = asked.body.clone();
        // Nobody may listen any more.
        let _ = sender.send(Event::Asked(asked));
        let answered = answer(&mut stream, &body).await;
        let _ = sender.send(Event::Ended { is_whole: answered.is_ok() });
        answered?;
    }
    Ok(())
}

/// The next request; none at the connection's end.
async fn read(stream: &mut BufReader<TcpStream>) -> io::Result<Option<Asked>> {
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await? == 0 {
            return Ok(None);
        }
        match line.trim_end() {
            "" => break,
            line => lines.push(line.to_owned()),
        }
    }
    let target = lines.first().map(String::as_str).unwrap_or_default();
    let target = target.rsplit_once(' ').map_or(target, |(target, _)| target).to_owned();
    let headers = lines.iter().skip(1).map(|line| match line.split_once(':') {
        Some((name, value)) => format!("{}:{value}", name.to_ascii_lowercase()),
        None => line.clone(),
    });
    let headers: Vec<String> = headers.collect();
    let length = headers.iter().find_map(|line| line.strip_prefix("content-length: "));
    let mut body = vec![0; length.and_then(|length| length.parse().ok()).unwrap_or(0)];
    stream.read_exact(&mut body).await?;
    let body = serde_json::from_slice(&body).unwrap_or(Value::Null);
    Ok(Some(Asked { target, headers, body }))
}

async fn answer(stream: &mut BufReader<TcpStream>, body: &Value) -> io::Result<()> {
    let model = body["model"].as_str().unwrap_or_default();
    let status = match model {
        "failing" => "500 Internal Server Error",
        "busy" => "429 Too Many Requests",
        _ if body["stream"] == true => return stream_answer(stream, body, model).await,
        _ => "200 OK",
    };
    let text = match status {
        "200 OK" => whole(body, model).to_string(),
        _ => json!({ "error": { "message": status, "type": "stand_in" } }).to_string(),
    };
    let length = text.len();
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n"
    );
    stream.write_all((head + &text).as_bytes()).await
}

/// Tokens of prompt and answer: the prompt has one for four bytes of it, as most texts have.
fn usage(body: &Value, model: &str) -> Value {
    let prompt = body.to_string().len() / 4;
    let tokens = tokens(body);
    match model {
        "silent" => Value::Null,
        "boasting" => json!({ "prompt_tokens": -1, "completion_tokens": 0.5 }),
        _ => json!({
            "prompt_tokens": prompt,
            "completion_tokens": tokens,
            "total_tokens": prompt as u64 + tokens,
        }),
    }
}

fn tokens(body: &Value) -> u64 {
    let said = body["max_tokens"].as_u64().or_else(|| body["max_completion_tokens"].as_u64());
    said.unwrap_or(TOKENS)
}

fn whole(body: &Value, model: &str) -> Value {
    let content = TOKEN.repeat(usize::try_from(tokens(body)).unwrap_or(0));
    json!({
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1_767_225_600,
        "model": model,
        "choices": [{
            "index": 0,
            "message": { "role": "assistant", "content": content, "refusal": null },
            "logprobs": null,
            "finish_reason": "stop",
        }],
        "usage": usage(body, model),
    })
}

fn chunk(model: &str, delta: &Value, finish: &Value) -> Value {
    json!({
        "id": "chatcmpl-1",
        "object": "chat.completion.chunk",
        "created": 1_767_225_600,
        "model": model,
        "choices": [{ "index": 0, "delta": delta, "logprobs": null, "finish_reason": finish }],
    })
}

async fn stream_answer(
    stream: &mut BufReader<TcpStream>,
    body: &Value,
    model: &str,
) -> io::Result<()> {
    let coding = if model == "encoded" { "Content-Encoding: gzip\r\n" } else { "" };
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\n{coding}\
         Transfer-Encoding: chunked\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await?;
    let first = json!({ "role": "assistant", "content": "", "refusal": null });
    send(stream, &chunk(model, &first, &Value::Null).to_string()).await?;
    let delta = json!({ "content": TOKEN });
    let mut left = if model == "endless" { u64::MAX } else { tokens(body) };
    while left > 0 {
        send(stream, &chunk(model, &delta, &Value::Null).to_string()).await?;
        left -= 1;
    }
    send(stream, &chunk(model, &json!({}), &json!("stop")).to_string()).await?;
    if body["stream_options"]["include_usage"] == true && model != "silent" {
        let mut last = chunk(model, &json!({}), &Value::Null);
        last["choices"] = json!([]);
        last["usage"] = usage(body, model);
        send(stream, &last.to_string()).await?;
    }
    send(stream, "[DONE]").await?;
    stream.write_all(b"0\r\n\r\n").await
}

/// Sends one event, in a chunk of its own.
async fn send(stream: &mut BufReader<TcpStream>, text: &str) -> io::Result<()> {
    let event = format!("data: {text}\n\n");
    let mut out = String::new();
    // Writing to a text does not fail.
    let _ = write!(out, "{:x}\r\n{event}\r\n", event.len());
    stream.write_all(out.as_bytes()).await
}
