//! Signed requests for the bench: `signed FILE COUNT passes PORT PATH` asks the gate at a port of
//! this machine for passes, from a network each, and writes COUNT requests' headers to FILE;
//! `signed FILE COUNT mac PORT PATH KEY` writes those that HAProxy checks by one shared key;
//! `signed FILE COUNT alike PORT PATH` those that are as long as a gate's, and signed by nobody.
//!
//! A line is a request's headers, with tabs between them.

use aws_lc_rs::{hmac, rand};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use doorward_core::pass::WORK_BITS;
use doorward_test::passes::{Keys, Pass, Signing};
use std::error::Error;
use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::time::{SystemTime, UNIX_EPOCH};

/// The page's origin.
const ORIGIN: &str = "https://app.example.com";
/// The browser, as the bench's load says it.
const AGENT: &str = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) \
                     Chrome/140.0.0.0 Safari/537.36";
/// Visitors, each with a pass and a network of its own.
const VISITORS: usize = 256;

type Failure = Box<dyn Error>;

fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let [file, count, way, port, path, rest @ ..] = &words[..] else {
        return Err("signed FILE COUNT passes|mac PORT PATH [KEY]".into());
    };
    let count: usize = count.parse()?;
    let authority = format!("127.0.0.1:{port}");
    let mut out = BufWriter::new(File::create(file)?);
    match (*way, rest) {
        ("passes", []) => {
            let visitors: Vec<Visitor> = (0..count.min(VISITORS))
                .map(|_| Visitor::new(&authority))
                .collect::<Result<_, _>>()?;
            for visitor in visitors.iter().cycle().take(count) {
                writeln!(out, "{}", visitor.request(&authority, path)?)?;
            }
        }
        ("alike", []) => {
            for _ in 0..count {
                let pass = URL_SAFE_NO_PAD.encode(random::<150>()?);
                let [nonce, id] = [(); 2].map(|()| random::<16>());
                let [nonce, id] = [URL_SAFE_NO_PAD.encode(nonce?), URL_SAFE_NO_PAD.encode(id?)];
                let mac = STANDARD.encode(random::<32>()?);
                writeln!(
                    out,
                    "X-Forwarded-For: 203.0.113.1\tdoorward-pass: dwp1.{pass}\tsignature-input: \
                     doorward=(\"@method\" \"@authority\" \"@path\" \"@query\" \"doorward-pass\");\
                     created={};nonce=\"{nonce}\";keyid=\"{id}\";alg=\"hmac-sha256\";\
                     tag=\"doorward\"\tsignature: doorward=:{mac}:",
                    unix_s()?
                )?;
            }
        }
        ("mac", [key]) => {
            let key = hmac::Key::new(hmac::HMAC_SHA256, &STANDARD.decode(key)?);
            let now = unix_s()?;
            for _ in 0..count {
                let nonce = URL_SAFE_NO_PAD.encode(random::<16>()?);
                let text = format!("GET {authority} {path} {now} {nonce}");
                let mac = STANDARD.encode(hmac::sign(&key, text.as_bytes()));
                writeln!(out, "X-Time: {now}\tX-Nonce: {nonce}\tX-Mac: {mac}")?;
            }
        }
        _ => return Err("there is no such way of signing".into()),
    }
    Ok(out.flush()?)
}

/// One visitor of the page.
struct Visitor {
    address: Ipv4Addr,
    pass: Pass,
}

impl Visitor {
    fn new(authority: &str) -> Result<Self, Failure> {
        let address = Ipv4Addr::from(random::<4>()?);
        let keys = Keys::new();
        let body = keys.ask(authority, ORIGIN, unix_s()?, u32::from(WORK_BITS));
        let pass = keys.pass(&post(authority, address, &body)?);
        Ok(Self { address, pass })
    }

    /// The headers of one request.
    fn request(&self, authority: &str, path: &str) -> Result<String, Failure> {
        let signing = Signing::get(authority, path, self.pass.now, 0);
        let headers = self.pass.sign(&Signing { nonce: random()?, ..signing });
        let said = headers.iter().map(|(name, value)| format!("\t{name}: {value}"));
        Ok(format!("X-Forwarded-For: {}{}", self.address, said.collect::<String>()))
    }
}

/// Asks for a pass; the answer's body.
fn post(authority: &str, address: Ipv4Addr, body: &str) -> Result<Vec<u8>, Failure> {
    let mut stream = TcpStream::connect(authority)?;
    write!(
        stream,
        "POST /.doorward/pass HTTP/1.1\r\nHost: {authority}\r\nX-Forwarded-For: {address}\r\n\
         Origin: {ORIGIN}\r\nUser-Agent: {AGENT}\r\nSec-Fetch-Site: cross-site\r\n\
         Sec-Fetch-Mode: cors\r\nSec-Fetch-Dest: empty\r\nConnection: close\r\n\
         Content-Type: text/plain;charset=UTF-8\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )?;
    let mut answer = BufReader::new(stream);
    let mut status = String::new();
    answer.read_line(&mut status)?;
    let mut rest = Vec::new();
    answer.read_to_end(&mut rest)?;
    let end =
        rest.windows(4).position(|four| four == b"\r\n\r\n").ok_or("a head without an end")?;
    let body = rest.split_off(end + 4);
    if !status.contains(" 200 ") {
        return Err(format!("no pass: {status}{}", String::from_utf8_lossy(&body)).into());
    }
    Ok(body)
}

fn random<const COUNT: usize>() -> Result<[u8; COUNT], Failure> {
    let mut bytes = [0; COUNT];
    rand::fill(&mut bytes).map_err(|_| "no randomness")?;
    Ok(bytes)
}

fn unix_s() -> Result<u64, Failure> {
    Ok(SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs())
}
