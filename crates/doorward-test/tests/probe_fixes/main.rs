//! The configurations that the probe tells of, each run by its own product: at the faulty
//! application something is found, and behind the file nothing of it, and nothing new.

mod applications;
mod faults;
mod files;
mod products;
mod rows;
mod tls;

use doorward_probe::fixes::{MENDS, Mend, Product, mend};
use doorward_probe::grid::{Caller, Cell};
use doorward_probe::{Finding, Operation, Options, Probe, Report, Scope, Session};
use doorward_test::exchange::send;
use products::Running;
use rows::{ROWS, Row};
use std::collections::BTreeSet;
use std::error::Error;
use std::path::Path;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use url::Url;

type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// The origin that every configuration allows.
const APP: &str = "https://app.example";

/// What an honest page's handshake gets (RFC 6455 4.2.2).
const OPEN: (u16, &str) = (101, "websocket-origin");

/// One run against what is running.
async fn probe(running: &Running, row: &Row) -> Outcome<Report> {
    let url = Url::parse(&format!("https://{}{}", running.front, row.path))?;
    let mut scope = Scope::new(&[]);
    scope.add(&url).await?;
    let session = row.session.map(|(name, value)| {
        let headers = vec![(name.to_owned(), value.to_owned())];
        Session::new(headers, std::slice::from_ref(&url))
    });
    let mut operation = Operation::get(url);
    if let Some(body) = row.posts {
        "POST".clone_into(&mut operation.method);
        row.kind.clone_into(&mut operation.content_type);
        operation.body = body.as_bytes().to_vec();
    }
    let options = Options {
        origins: row.origins.iter().map(|origin| (*origin).to_owned()).collect(),
        session,
        allow_writes: row.posts.is_some(),
        limits: row.limits,
        requests_max: 1000,
        seed: 0x1234_5678_9abc_def0,
        ..Options::default()
    };
    let report =
        Probe::with_tls(scope, options, running.client.clone()).run(&[operation], &|_| {}).await;
    match report.left_out.as_slice() {
        [] => Ok(report),
        left_out => Err(format!("{}: {left_out:?}", row.checks[0]).into()),
    }
}

/// The checks that find something.
fn found(report: &Report) -> BTreeSet<&'static str> {
    report.findings.iter().map(|finding| finding.check).collect()
}

/// What an honest page gets: the allowed one of another site where that is what is in question,
/// else one of the API's own origin.
async fn honest(running: &Running, row: &Row, mend: &Mend) -> Outcome<u16> {
    let host = running.front.to_string();
    let (origin, site) = match mend.id {
        "other-sites" | "websocket-origin" => (APP.to_owned(), "cross-site"),
        _ => (format!("https://{host}"), "same-origin"),
    };
    let is_socket = mend.id == "websocket-origin";
    let mode = if is_socket { "websocket" } else { "cors" };
    let mut headers = vec![
        ("Origin", origin),
        ("Host", host),
        ("Sec-Fetch-Site", site.to_owned()),
        ("Sec-Fetch-Mode", mode.to_owned()),
        ("Sec-Fetch-Dest", "empty".to_owned()),
    ];
    headers.extend(row.session.map(|(name, value)| (name, value.to_owned())));
    headers.extend(row.posts.map(|_| ("Content-Type", row.kind.to_owned())));
    if is_socket {
        return opened(running, row.path, &headers).await;
    }
    let method = if row.posts.is_some() { "POST" } else { "GET" };
    let request = format!("{method} {}", row.path);
    Ok(send(running.plain, &request, &headers, row.posts.unwrap_or_default()).await?.status)
}

/// What a handshake gets.
async fn opened(running: &Running, path: &str, headers: &[(&str, String)]) -> Outcome<u16> {
    let mut text = format!(
        "GET {path} HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ZG9vcndhcmQtcHJvYmUtMQ==\r\n"
    );
    for (name, value) in headers {
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    let mut stream = BufReader::new(TcpStream::connect(running.plain).await?);
    stream.write_all(format!("{text}\r\n").as_bytes()).await?;
    let mut line = String::new();
    stream.read_line(&mut line).await?;
    let status = line.split(' ').nth(1).and_then(|status| status.parse().ok());
    Ok(status.ok_or_else(|| format!("no status: {line}"))?)
}

/// Finds the fault of a row at one product, applies the file, and finds nothing of it.
async fn mends(row: &Row, mend: &Mend, product: Product, file: &str) -> Outcome<()> {
    let before = found(&probe(&Running::faulty(row, product).await?, row).await?);
    let missed: Vec<_> = row.checks.iter().filter(|check| !before.contains(*check)).collect();
    if !missed.is_empty() {
        return Err(format!("the fault is not found by {missed:?}, but {before:?}").into());
    }
    let mended = Running::mended(row, product, file).await?;
    let after = probe(&mended, row).await?;
    let closed = |check: &&str| mend.closes.contains(check);
    let of_it = |finding: &&Finding| closed(&finding.check) || !before.contains(finding.check);
    let left: Vec<_> = after.findings.iter().filter(of_it).collect();
    if !left.is_empty() {
        return Err(format!("behind the file is found {left:#?}").into());
    }
    // The honest twins: who should be served is.
    let status = honest(&mended, row, mend).await?;
    if !row.limits && !(200..300).contains(&status) && (status, mend.id) != OPEN {
        return Err(format!("an honest page gets {status}").into());
    }
    let cell = after.grid.rows.first().and_then(|row| row.cell(Caller::AllowedPage));
    match row.is_read_by_the_allowed && !cell.is_some_and(Cell::is_read) {
        true => Err(format!("the allowed page does not read it: {cell:?}").into()),
        false => Ok(()),
    }
}

/// Every product that a mend has a file for, for each row of its checks.
async fn closes(id: &str) -> Outcome<()> {
    let own = |row: &&Row| mend(row.checks[0]).is_some_and(|mend| mend.id == id);
    let (mut failed, mut ran) = (Vec::new(), 0);
    for row in ROWS.iter().filter(own) {
        let mend = mend(row.checks[0]).ok_or("no mend")?;
        for file in mend.files.iter().filter(|file| row.is_for(file.product)) {
            ran += 1;
            if let Err(error) = mends(row, mend, file.product, file.text).await {
                failed.push(format!("{} by {}: {error}", row.checks[0], file.product.word()));
            }
        }
    }
    assert!(ran > 0, "{id} has no row");
    assert!(failed.is_empty(), "{}", failed.join("\n"));
    Ok(())
}

#[tokio::test]
async fn a_list_of_whole_origins() -> Outcome<()> {
    closes("exact-list").await
}

#[tokio::test]
async fn preflights_in_one_place() -> Outcome<()> {
    closes("preflight").await
}

#[tokio::test]
async fn vary_for_caches() -> Outcome<()> {
    closes("vary").await
}

#[tokio::test]
async fn guards_of_cookies() -> Outcome<()> {
    closes("cookie-attributes").await
}

#[tokio::test]
async fn errors_as_good_answers() -> Outcome<()> {
    closes("errors-too").await
}

#[tokio::test]
async fn headers_by_name() -> Outcome<()> {
    closes("expose-by-name").await
}

#[tokio::test]
async fn json_alone() -> Outcome<()> {
    closes("json-only").await
}

#[tokio::test]
async fn pages_of_other_sites() -> Outcome<()> {
    closes("other-sites").await
}

#[tokio::test]
async fn limits_in_front() -> Outcome<()> {
    closes("limits").await
}

#[tokio::test]
async fn headers_of_every_answer() -> Outcome<()> {
    closes("answer-headers").await
}

#[tokio::test]
async fn no_trace() -> Outcome<()> {
    closes("no-trace").await
}

#[tokio::test]
async fn handshakes_of_pages_on_the_list() -> Outcome<()> {
    closes("websocket-origin").await
}

/// The names in a folder of the workspace.
fn names(folder: &str) -> Outcome<BTreeSet<String>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let entries = std::fs::read_dir(path)?.collect::<Result<Vec<_>, _>>()?;
    Ok(entries.into_iter().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect())
}

#[test]
fn nothing_is_told_that_was_not_run() -> Outcome<()> {
    for mend in MENDS {
        for check in mend.closes {
            let is_shown = ROWS.iter().any(|row| row.checks.contains(check));
            assert!(is_shown, "{check} is said to be closed by {}, and no row shows it", mend.id);
        }
        for file in mend.files {
            let own = |row: &&Row| mend.closes.contains(&row.checks[0]);
            let is_run = ROWS.iter().filter(own).any(|row| row.is_for(file.product));
            assert!(is_run, "{} for {} is run by no row", mend.id, file.product.word());
        }
        let files = mend.files.iter().map(|file| file.product.file_name().to_owned());
        assert_eq!(names(&format!("../doorward-probe/fixes/{}", mend.id))?, files.collect());
    }
    let ids = MENDS.iter().map(|mend| mend.id.to_owned());
    assert_eq!(names("../doorward-probe/fixes")?, ids.collect());
    let firsts: BTreeSet<_> = ROWS.iter().map(|row| row.checks[0].to_owned()).collect();
    assert!(names("faults")?.is_subset(&firsts));
    Ok(())
}
