//! Bodies stream: the gate's memory stays the same under uploads and downloads of any length.
//!
//! `DOORWARD_CAMPAIGN` is the number of bytes each way.

use doorward_lab::backend::{Backend, BackendOptions};
use doorward_test::running_gate::{GateOptions, RunningGate};
use std::error::Error;
use std::fs;
use std::net::SocketAddr;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// Bytes each way when nobody says how many.
const BYTES: u64 = 64 << 20;
/// What the gate may take, in kB of 1,000 bytes.
const RESIDENT_KB_MAX: u64 = 25_000;
/// More in a build for tests, whose code is larger than that of a release.
const MARGIN_KB: u64 = 3_000;
/// Bytes written or read at once.
const PIECE_BYTES: usize = 64 * 1024;

#[tokio::test]
async fn constant_memory_under_a_large_upload_and_download() -> Outcome<()> {
    let campaign = std::env::var("DOORWARD_CAMPAIGN").ok();
    let bytes = campaign.map_or(Ok(BYTES), |text| text.parse())?;
    let backend = Backend::start(BackendOptions::default()).await?;
    let upstream = format!("http://{}", backend.address());
    let options = GateOptions { upstream: &upstream, ..GateOptions::default() };
    let gate = RunningGate::start(options).await?;
    let id = gate.id().ok_or("the gate has ended")?;
    // What it takes anyway shows at a small request.
    upload(gate.address(), 1).await?;
    let before = most_resident_kb(id)?;
    let counted = upload(gate.address(), bytes).await?;
    assert!(counted.contains(&bytes.to_string()), "the backend counted {counted}");
    let after_upload = most_resident_kb(id)?;
    assert_eq!(download(gate.address(), bytes).await?, bytes);
    let most = most_resident_kb(id)?;
    println!(
        "resident at most, in kB: {before} before, {after_upload} after {bytes} bytes up, {most} \
         after {bytes} bytes down"
    );
    assert!(most <= RESIDENT_KB_MAX + MARGIN_KB, "{most} kB");
    gate.stop().await
}

/// `VmHWM` of a process: what it ever had in memory, in kB of 1,000 bytes.
fn most_resident_kb(id: u32) -> Outcome<u64> {
    let status = fs::read_to_string(format!("/proc/{id}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib: u64 =
        line.and_then(|line| line.split_whitespace().next()).ok_or("no VmHWM")?.parse()?;
    Ok(kib * 1_024 / 1_000)
}

/// Sends so many bytes; the answer's body.
async fn upload(to: SocketAddr, bytes: u64) -> Outcome<String> {
    let mut stream = TcpStream::connect(to).await?;
    let head = format!(
        "POST /upload HTTP/1.1\r\nHost: {to}\r\nContent-Length: {bytes}\r\n\
         Connection: close\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await?;
    let piece = vec![b'u'; PIECE_BYTES];
    let mut left = bytes;
    while left > 0 {
        let length = PIECE_BYTES.min(usize::try_from(left).unwrap_or(PIECE_BYTES));
        stream.write_all(&piece[..length]).await?;
        left -= length as u64;
    }
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    let (head, body) = answer.split_once("\r\n\r\n").ok_or("no answer")?;
    if !head.starts_with("HTTP/1.1 200") {
        return Err(answer.into());
    }
    Ok(body.to_owned())
}

/// Asks for so many bytes; how many came.
async fn download(from: SocketAddr, bytes: u64) -> Outcome<u64> {
    let mut stream = TcpStream::connect(from).await?;
    let head = format!(
        "GET /download?bytes={bytes} HTTP/1.0\r\nHost: {from}\r\nConnection: close\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await?;
    let mut piece = vec![0; PIECE_BYTES];
    let mut head = Vec::new();
    let mut count = 0;
    loop {
        let length = stream.read(&mut piece).await?;
        if length == 0 {
            return Ok(count);
        }
        if count > 0 {
            count += length as u64;
            continue;
        }
        head.extend_from_slice(&piece[..length]);
        let end = head.windows(4).position(|four| four == b"\r\n\r\n");
        if let Some(end) = end {
            if !head.starts_with(b"HTTP/1.1 200") && !head.starts_with(b"HTTP/1.0 200") {
                return Err(String::from_utf8_lossy(&head).into());
            }
            count = (head.len() - end - 4) as u64;
        }
    }
}
