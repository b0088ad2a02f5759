//! The load: wrk, with the headers of a page's request.

use std::path::Path;
use std::process::{Child, Command, Stdio};

use anyhow::{Context, bail};

use crate::workspace::root;

/// What is asked for.
pub(super) const PATH: &str = "/api/data";

/// What Chromium sends with a page's `fetch` to another origin. The host and the connection are
/// the client's own.
pub(super) const HEADERS: &[(&str, &str)] = &[
    (
        "User-Agent",
        "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) \
         Chrome/140.0.0.0 Safari/537.36",
    ),
    ("Accept", "application/json, text/plain, */*"),
    ("Accept-Language", "en-US,en;q=0.9"),
    ("Accept-Encoding", "gzip, deflate, br, zstd"),
    ("sec-ch-ua", "\"Chromium\";v=\"140\", \"Not=A?Brand\";v=\"24\""),
    ("sec-ch-ua-mobile", "?0"),
    ("sec-ch-ua-platform", "\"Linux\""),
    ("Origin", "https://app.example.com"),
    ("Sec-Fetch-Site", "cross-site"),
    ("Sec-Fetch-Mode", "cors"),
    ("Sec-Fetch-Dest", "empty"),
    ("Referer", "https://app.example.com/"),
];

/// What wrk saw.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Seen {
    pub(super) requests: u64,
    pub(super) requests_per_second: f64,
    pub(super) p50_us: f64,
    pub(super) p99_us: f64,
}

/// What wrk is to send.
#[derive(Clone, Copy, Debug)]
pub(super) enum Shows<'l> {
    /// No token.
    Nothing,
    /// This token, always.
    Token(&'l str),
    /// This header, always.
    Header(&'l str),
    /// The tokens of a file, a line each, beginning with a line's number.
    Lines(&'l Path, u64),
}

/// Loads a port of this machine for some seconds.
pub(super) fn run(
    port: u16,
    shows: Shows<'_>,
    connections: u32,
    seconds: u32,
) -> anyhow::Result<Seen> {
    finish(start(port, shows, connections, seconds)?)
}

/// Starts the load and returns while it runs.
pub(super) fn start(
    port: u16,
    shows: Shows<'_>,
    connections: u32,
    seconds: u32,
) -> anyhow::Result<Child> {
    let mut wrk = Command::new("wrk");
    wrk.args(["-t1", &format!("-c{connections}"), &format!("-d{seconds}s"), "--latency"]);
    for (name, value) in HEADERS {
        wrk.arg("-H").arg(format!("{name}: {value}"));
    }
    let url = format!("http://127.0.0.1:{port}{PATH}");
    match shows {
        Shows::Nothing => wrk.arg(url),
        Shows::Token(token) => wrk.arg("-H").arg(format!("Authorization: Bearer {token}")).arg(url),
        Shows::Header(header) => wrk.arg("-H").arg(header).arg(url),
        Shows::Lines(file, first) => {
            wrk.arg("-s").arg(root().join("bench/fresh.lua")).arg(url);
            wrk.arg("--").arg(file).arg(first.to_string())
        }
    };
    wrk.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    wrk.spawn().context("wrk does not start")
}

/// Waits for the load's end.
pub(super) fn finish(load: Child) -> anyhow::Result<Seen> {
    let output = load.wait_with_output()?;
    let text = String::from_utf8_lossy(&output.stdout);
    if !output.status.success() {
        bail!("wrk: {}", String::from_utf8_lossy(&output.stderr));
    }
    read(&text)
}

/// Reads wrk's report. An answer that is not 2xx or a broken connection is an error: what was
/// measured then is not the request that was meant.
fn read(text: &str) -> anyhow::Result<Seen> {
    let lines = || text.lines().map(str::trim);
    if let Some(bad) = lines().find(|line| {
        line.starts_with("Non-2xx or 3xx responses") || line.starts_with("Socket errors")
    }) {
        bail!("not every request was answered well: {bad}");
    }
    let after = |name: &str| lines().find_map(|line| Some(line.strip_prefix(name)?.trim()));
    let requests = lines().find_map(|line| line.split_once(" requests in ")?.0.parse().ok());
    let rate = after("Requests/sec:").and_then(|text| text.parse().ok());
    Ok(Seen {
        requests: requests.context("no number of requests")?,
        requests_per_second: rate.context("no rate")?,
        p50_us: after("50%").and_then(microseconds).context("no p50")?,
        p99_us: after("99%").and_then(microseconds).context("no p99")?,
    })
}

fn microseconds(text: &str) -> Option<f64> {
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.')?;
    let number: f64 = text[..end].parse().ok()?;
    let factor = match &text[end..] {
        "us" => 1.0,
        "ms" => 1e3,
        "s" => 1e6,
        _ => return None,
    };
    Some(number * factor)
}

#[cfg(test)]
mod tests {
    use super::{Seen, read};

    const REPORT: &str = "Running 4s test @ http://127.0.0.1:1/api/data
  1 threads and 64 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency     2.30ms  401.00us  11.20ms   90.00%
  Latency Distribution
     50%    2.25ms
     75%    2.40ms
     90%    2.61ms
     99%  980.00us
  110000 requests in 4.00s, 20.00MB read
Requests/sec:  27500.25
Transfer/sec:      5.00MB
";

    #[test]
    fn reports() {
        let seen = Seen {
            requests: 110_000,
            requests_per_second: 27_500.25,
            p50_us: 2250.0,
            p99_us: 980.0,
        };
        assert_eq!(read(REPORT).ok(), Some(seen));
        for bad in ["  Non-2xx or 3xx responses: 1\n", "  Socket errors: connect 0, read 1\n"] {
            assert!(read(&format!("{REPORT}{bad}")).is_err(), "{bad}");
        }
        assert!(read("").is_err());
    }
}
