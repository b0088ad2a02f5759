//! Rows: what is refused, as what, and beside it what honest clients send. Each row is run whole,
//! byte by byte, and split at every point.

use doorward_core::fault::Fault;

use super::{Fed, Found, Scan, ScanLimits, Standing};

/// A fault, bytes that have it, and their legitimate twin.
type Row<'a> = (Fault, &'a [u8], &'a [u8]);

/// What a run over a stream has seen.
#[derive(Debug, PartialEq, Eq)]
struct Seen {
    found: Option<Found>,
    standing: Standing,
    heads: u64,
}

fn run<'a>(limits: ScanLimits, pieces: impl IntoIterator<Item = &'a [u8]>) -> (Seen, usize) {
    let mut scan = Scan::new(limits);
    let mut passed = 0;
    for piece in pieces {
        let fed = scan.feed(piece);
        passed += fed.passed;
        assert!(fed.found.is_some() || fed.passed == piece.len(), "bytes lost without a fault");
    }
    let found = scan.feed(b"").found;
    (Seen { found, standing: scan.standing(), heads: scan.heads() }, passed)
}

/// What the scan sees in the bytes, the same however they are split.
fn seen(limits: ScanLimits, bytes: &[u8]) -> Seen {
    let (whole, least) = run(limits, [bytes]);
    let (bytewise, most) = run(limits, bytes.chunks(1));
    assert_eq!(whole, bytewise, "byte by byte: {}", bytes.escape_ascii());
    if whole.standing != Standing::Head {
        assert_eq!(least, most, "passed: {}", bytes.escape_ascii());
    }
    for at in 1..bytes.len() {
        let (front, back) = bytes.split_at(at);
        let (split, passed) = run(limits, [front, back]);
        assert_eq!(whole, split, "split at {at}: {}", bytes.escape_ascii());
        assert!((least..=most).contains(&passed), "passed at {at}: {}", bytes.escape_ascii());
    }
    whole
}

fn refuses(fault: Fault, standing: Standing, heads: u64, bytes: &[u8]) {
    let wanted = Seen { found: Some(Found { fault, standing }), standing, heads };
    assert_eq!(seen(ScanLimits::default(), bytes), wanted, "{}", bytes.escape_ascii());
}

fn admits(standing: Standing, heads: u64, bytes: &[u8]) {
    let wanted = Seen { found: None, standing, heads };
    assert_eq!(seen(ScanLimits::default(), bytes), wanted, "{}", bytes.escape_ascii());
}

fn joined(parts: &[&[u8]]) -> Vec<u8> {
    parts.concat()
}

#[test]
fn starts_of_messages() {
    let after = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    let rows: [(Fault, &[u8]); 12] = [
        (Fault::LineEnding, b"\r\nGET / HTTP/1.1\r\n"),
        (Fault::LineEnding, b"\nGET / HTTP/1.1\r\n"),
        (Fault::LineEnding, b"\r"),
        (Fault::LineEnding, b" GET / HTTP/1.1\r\n"),
        (Fault::LineEnding, b"\tGET / HTTP/1.1\r\n"),
        (Fault::MethodBytes, b"\0GET / HTTP/1.1\r\n"),
        (Fault::MethodBytes, b"\x16\x03\x01\x02\0\x01"),
        (Fault::MethodBytes, b"\xef\xbb\xbfGET / HTTP/1.1\r\n"),
        (Fault::MethodBytes, b"(GET / HTTP/1.1\r\n"),
        (Fault::MethodBytes, b"\"GET\" / HTTP/1.1\r\n"),
        (Fault::MethodBytes, b": / HTTP/1.1\r\n"),
        (Fault::MethodBytes, b"\x81\x05hello"),
    ];
    for (fault, bytes) in rows {
        refuses(fault, Standing::Between, 0, bytes);
        refuses(fault, Standing::Between, 1, &joined(&[after, bytes]));
        admits(Standing::Between, 2, &joined(&[after, after]));
    }
}

#[test]
fn request_lines() {
    let rows: [Row<'_>; 29] = [
        (Fault::MethodBytes, b"GE(T / HTTP/1.1\r\n", b"M-SEARCH / HTTP/1.1\r\n"),
        (Fault::MethodBytes, b"GET\0 / HTTP/1.1\r\n", b"get / HTTP/1.1\r\n"),
        (Fault::MethodBytes, b"GET\t/ HTTP/1.1\r\n", b"GET / HTTP/1.1\r\n"),
        (Fault::MethodBytes, b"GET/ HTTP/1.1\r\n", b"OPTIONS * HTTP/1.1\r\n"),
        (Fault::MethodBytes, b"G\xc3\x89T / HTTP/1.1\r\n", b"G%T / HTTP/1.1\r\n"),
        (
            Fault::MethodBytes,
            b"ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEFG / HTTP/1.1\r\n",
            b"ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEF / HTTP/1.1\r\n",
        ),
        (Fault::LineEnding, b"GET\n", b"HEAD / HTTP/1.0\r\n"),
        (Fault::RequestLine, b"GET\r\n", b"GET /a HTTP/1.0\r\n"),
        (Fault::RequestLine, b"GET /\r\n", b"GET / HTTP/1.0\r\n"),
        (Fault::LineEnding, b"GET /\n", b"DELETE / HTTP/1.1\r\n"),
        (Fault::RequestLine, b"GET  / HTTP/1.1\r\n", b"GET /%20 HTTP/1.1\r\n"),
        (Fault::RequestLine, b"GET /  HTTP/1.1\r\n", b"GET /+ HTTP/1.1\r\n"),
        (Fault::RequestLine, b"GET /a b HTTP/1.1\r\n", b"GET /a%20b HTTP/1.1\r\n"),
        (Fault::RequestLine, b"GET / HTTP/1.1 \r\n", b"PUT / HTTP/1.1\r\n"),
        (Fault::RequestLine, b"GET / HTTP/1.1\tx\r\n", b"PATCH / HTTP/1.1\r\n"),
        (Fault::RequestLine, b"GET / \r\n", b"QUERY / HTTP/1.1\r\n"),
        (Fault::LineEnding, b"GET / HTTP/1.1\n", b"GET /?a HTTP/1.1\r\n"),
        (Fault::LineEnding, b"GET / HTTP/1.1\rX", b"GET /?a=b HTTP/1.1\r\n"),
        (Fault::LineEnding, b"GET / HTTP/1.1\r\r\n", b"GET /?? HTTP/1.1\r\n"),
        (Fault::LineEnding, b"GET / \n", b"GET /?/ HTTP/1.1\r\n"),
        (Fault::Version, b"GET / HTTP/0.9\r\n", b"GET / HTTP/1.0\r\n"),
        (Fault::Version, b"GET / HTTP/1.2\r\n", b"GET / HTTP/1.1\r\n"),
        (Fault::Version, b"PRI * HTTP/2.0\r\n", b"OPTIONS * HTTP/1.0\r\n"),
        (Fault::Version, b"GET / HTTP/1.10\r\n", b"GET / HTTP/1.0\r\n"),
        (Fault::Version, b"GET / HTTP/11\r\n", b"GET /1.1 HTTP/1.1\r\n"),
        (Fault::Version, b"GET / HTTP/1\r\n", b"GET /HTTP/1.1 HTTP/1.1\r\n"),
        (Fault::Version, b"GET / http/1.1\r\n", b"GET /http/1.1 HTTP/1.1\r\n"),
        (Fault::Version, b"GET / HTTP/1,1\r\n", b"GET /, HTTP/1.1\r\n"),
        (Fault::Version, b"GET / HTTPS/1.1\r\n", b"GET https://a/ HTTP/1.1\r\n"),
    ];
    for (fault, refused, twin) in rows {
        refuses(fault, Standing::Head, 0, &joined(&[refused, b"Host: a\r\n\r\n"]));
        admits(Standing::Between, 1, &joined(&[twin, b"Host: a\r\n\r\n"]));
    }
}

#[test]
fn targets() {
    let rows: [Row<'_>; 27] = [
        (Fault::Fragment, b"/#", b"/"),
        (Fault::Fragment, b"/a#b", b"/a%23b"),
        (Fault::Fragment, b"/a?b#c", b"/a?b%23c"),
        (Fault::Fragment, b"http://a/#x", b"http://a/x"),
        (Fault::Fragment, b"#", b"*"),
        (Fault::TargetBytes, b"/\0", b"/%00"),
        (Fault::TargetBytes, b"/a\tb", b"/a%09b"),
        (Fault::TargetBytes, b"/a\x7f", b"/a~"),
        (Fault::TargetBytes, b"/a?\x01", b"/a?%01"),
        (Fault::TargetBytes, b"/caf\xc3\xa9", b"/caf%C3%A9"),
        (Fault::TargetBytes, b"/\xc0\xae\xc0\xae/", b"/%c0%ae%c0%ae/"),
        (Fault::TargetBytes, b"/a?q=\xe9", b"/a?q=%E9"),
        (Fault::TargetBytes, b"/a\"b", b"/a'b"),
        (Fault::TargetBytes, b"/a?\"", b"/a?'"),
        (Fault::TargetBytes, b"/<a", b"/%3Ca"),
        (Fault::TargetBytes, b"/a>", b"/a%3E"),
        (Fault::TargetBytes, b"/a?<b", b"/a?[b"),
        (Fault::TargetBytes, b"/a?b>", b"/a?b]"),
        (Fault::TargetBytes, b"/a\\..\\b", b"/a?x=\\..\\b"),
        (Fault::TargetBytes, b"/`", b"/?`"),
        (Fault::TargetBytes, b"/{a", b"/?{a"),
        (Fault::TargetBytes, b"/a}", b"/?a}"),
        (Fault::TargetBytes, b"http://a\\@b/", b"http://c@b/"),
        (Fault::TargetBytes, b"/a\x0bb", b"/..;/a|b^c[d]e"),
        (Fault::LineEnding, b"/a\nb", b"/a//b;c=d"),
        (Fault::RequestLine, b"/a\rb", b"/%2e%2e/%252e/%2f%5c"),
        (Fault::RequestLine, b"", b"a.example:443"),
    ];
    for (fault, refused, twin) in rows {
        let tail = b" HTTP/1.1\r\nHost: a\r\n\r\n";
        refuses(fault, Standing::Head, 0, &joined(&[b"GET ", refused, tail]));
        admits(Standing::Between, 1, &joined(&[b"GET ", twin, tail]));
    }
    admits(Standing::Between, 1, b"CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n");
}

#[test]
fn header_lines() {
    let rows: [Row<'_>; 34] = [
        (Fault::HeaderName, b"A : b", b"A: b"),
        (Fault::HeaderName, b"A\t: b", b"A:\tb"),
        (Fault::HeaderName, b"Content-Length : 0", b"Content-Length: 0"),
        (Fault::HeaderName, b"Transfer-Encoding : chunked", b"X-Transfer-Encoding: gzip"),
        (Fault::HeaderName, b": b", b"A:"),
        (Fault::HeaderName, b"A", b"A: "),
        (Fault::HeaderName, b"A b: c", b"A-b: c"),
        (Fault::HeaderName, b"A\0: b", b"A_b: c"),
        (Fault::HeaderName, b"\0A: b", b"!#$%&'*+-.^_`|~09AZaz: b"),
        (Fault::HeaderName, b"A(: b", b"A: ("),
        (Fault::HeaderName, b"A\xa0: b", b"A: \xa0"),
        (Fault::HeaderName, b"A\x0b: b", b"A: b:c"),
        (Fault::HeaderName, b"A\n: b", b"A: b\tc"),
        (Fault::HeaderName, b"A\r: b", b"A: \tb\t "),
        (Fault::HeaderName, b"\"A\": b", b"A: \"b\""),
        (Fault::HeaderName, b"GET / HTTP/1.1", b"A: GET / HTTP/1.1"),
        (Fault::FoldedLine, b" A: b", b"A:  b"),
        (Fault::FoldedLine, b"A: b\r\n c", b"A: b\r\nC: d"),
        (Fault::FoldedLine, b"A: b\r\n\tc", b"A: b \t c"),
        (Fault::FoldedLine, b"Content-Length: 1\r\n 0", b"Content-Length: 10"),
        (Fault::FoldedLine, b"Transfer-Encoding: chunked\r\n , gzip", b"Transfer-Encoding:chunked"),
        (Fault::HeaderValue, b"A: b\0", b"A: b\\0"),
        (Fault::HeaderValue, b"A: \x01", b"A: \x80"),
        (Fault::HeaderValue, b"A: b\x7fc", b"A: b~c"),
        (Fault::HeaderValue, b"A: b\x1b[0m", b"A: b[0m"),
        (Fault::HeaderValue, b"A: b\x08", b"A: \xff\xfe\xc3\xa9"),
        (Fault::HeaderValue, b"A: b\rC: d", b"A: b%0dC: d"),
        (Fault::HeaderValue, b"A: b\r\rC: d", b"A: b%0d%0aC: d"),
        (Fault::HeaderValue, b"Host: a\rb", b"Cookie: a=b; c=d"),
        (Fault::LineEnding, b"A: b\nC: d", b"A: b\r\nC: d"),
        (Fault::LineEnding, b"A: b\n", b"A: b"),
        (Fault::LineEnding, b"A: b\r\n\n", b"A: b\r\nA: b"),
        (Fault::LineEnding, b"A: b\r\n\rC: d", b"Set-Cookie: a\r\nSet-Cookie: b"),
        (Fault::LineEnding, b"Content-Length: 0\n", b"Expect: 100-continue"),
    ];
    for (fault, refused, twin) in rows {
        let (head, tail): (&[u8], &[u8]) = (b"POST /a HTTP/1.1\r\n", b"\r\n\r\n");
        refuses(fault, Standing::Head, 0, &joined(&[head, refused, tail]));
        let found = seen(ScanLimits::default(), &joined(&[head, twin, tail]));
        assert_eq!((found.found, found.heads), (None, 1), "{}", twin.escape_ascii());
    }
}

#[test]
fn framing_headers() {
    const CL: Fault = Fault::ContentLength;
    const TE: Fault = Fault::TransferEncoding;
    let rows: [Row<'_>; 46] = [
        (CL, b"Content-Length: +10", b"Content-Length: 10"),
        (CL, b"Content-Length: -1", b"content-length: 1"),
        (CL, b"Content-Length: 1_0", b"CONTENT-LENGTH:10"),
        (CL, b"Content-Length: +1_0", b"Content-Length:\t10\t"),
        (CL, b"Content-Length:", b"Content-Length: 0"),
        (CL, b"Content-Length: ", b"Content-Length:  5 "),
        (CL, b"Content-Length: 5, 5", b"Content-Length: 55"),
        (CL, b"Content-Length: 5,6", b"Content-Length: 56"),
        (CL, b"Content-Length: ,5", b"Content-Length: 5"),
        (CL, b"Content-Length: 5 6", b"Content-Length: 56 "),
        (CL, b"Content-Length: 0x5", b"Content-Length: 5"),
        (CL, b"Content-Length: 5a", b"Content-Length: 50"),
        (CL, b"Content-Length: 5.0", b"Content-Length: 50"),
        (CL, b"Content-Length: 5e1", b"Content-Length: 51"),
        (CL, b"Content-Length: 010", b"Content-Length: 100"),
        (CL, b"Content-Length: 00", b"Content-Length: 0"),
        (CL, b"Content-Length: \"5\"", b"X-Content-Length: \"5\""),
        (CL, b"Content-Length: \x0b5", b"Content-Length: 5"),
        (CL, b"Content-Length: 5\0", b"Content-Length: 5\t"),
        (CL, b"Content-Length: \xd9\xa5", b"Content-Length: 5"),
        (CL, b"Content-Length: 9223372036854775808", b"Content-Length: 9223372036854775807"),
        (CL, b"Content-Length: 18446744073709551621", b"Content-Length: 5"),
        (CL, b"Content-Length: 99999999999999999999999", b"Content-Length: 999999999999999999"),
        (CL, b"Content-Length: 5\r\nContent-Length: 5", b"Content-Length: 5\r\nContent_Length: 5"),
        (CL, b"Content-Length: 5\r\nContent-Length: 6", b"Content-Length: 5\r\nContent-Lengthy: 6"),
        (CL, b"Content-Length: 0\r\ncontent-length: 0", b"Content-Length: 0\r\nContent-Type: a"),
        (TE, b"Transfer-Encoding: \x0bchunked", b"Transfer-Encoding: chunked"),
        (TE, b"Transfer-Encoding: \xa0chunked", b"transfer-encoding:\tchunked"),
        (TE, b"Transfer-Encoding: xchunked", b"TRANSFER-ENCODING: CHUNKED"),
        (TE, b"Transfer-Encoding: chunkedx", b"Transfer-Encoding: Chunked \t"),
        (TE, b"Transfer-Encoding: chunk", b"Transfer-Encoding:chunked"),
        (TE, b"Transfer-Encoding: chunked, identity", b"TE: trailers"),
        (TE, b"Transfer-Encoding: gzip, chunked", b"Accept-Encoding: gzip"),
        (TE, b"Transfer-Encoding: chunked,", b"TE: trailers, deflate"),
        (TE, b"Transfer-Encoding: ,chunked", b"X-Transfer-Encoding: chunked, chunked"),
        (TE, b"Transfer-Encoding: chunked;a=b", b"Transfer_Encoding: chunked"),
        (TE, b"Transfer-Encoding: chunked chunked", b"Transfer-Encoding: chunked"),
        (TE, b"Transfer-Encoding: \"chunked\"", b"Transfer-Encoding: chunkeD"),
        (TE, b"Transfer-Encoding: identity", b"Content-Encoding: identity"),
        (TE, b"Transfer-Encoding:", b"Transfer-Encodin: x"),
        (TE, b"Transfer-Encoding: chunked\0", b"Transfer-Encoding: chunked "),
        (
            TE,
            b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
            b"Transfer-Encoding: chunked\r\nTE: chunked",
        ),
        (
            TE,
            b"Transfer-Encoding: chunked\r\ntransfer-encoding: identity",
            b"Transfer-Encoding: chunked\r\nContent-Encoding: gzip",
        ),
        (
            Fault::LengthConflict,
            b"Content-Length: 5\r\nTransfer-Encoding: chunked",
            b"Content-Length: 5\r\nTE: trailers",
        ),
        (
            Fault::LengthConflict,
            b"Transfer-Encoding: chunked\r\nContent-Length: 5",
            b"Transfer-Encoding: chunked\r\nX-Expected-Length: 5",
        ),
        (
            Fault::LengthConflict,
            b"Content-Length: 0\r\nA: b\r\nTransfer-Encoding: chunked",
            b"Content-Length: 0\r\nA: b\r\nTrailer: c",
        ),
    ];
    for (fault, refused, twin) in rows {
        let (head, tail): (&[u8], &[u8]) = (b"POST /a HTTP/1.1\r\nHost: a\r\n", b"\r\n\r\n");
        refuses(fault, Standing::Head, 0, &joined(&[head, refused, tail]));
        let found = seen(ScanLimits::default(), &joined(&[head, twin, tail]));
        assert_eq!((found.found, found.heads), (None, 1), "{}", twin.escape_ascii());
    }
}

#[test]
fn headers_that_come_once() {
    let rows: [Row<'_>; 5] = [
        (Fault::HostRepeated, b"Host: a\r\nHost: a", b"Host: a\r\nX-Host: a"),
        (Fault::HostRepeated, b"Host: a\r\nA: b\r\nhost: b", b"Host: a\r\nX-Forwarded-Host: b"),
        (
            Fault::ConnectionRepeated,
            b"Connection: close\r\nConnection: x-consumer",
            b"Connection: close, x-consumer",
        ),
        (
            Fault::ConnectionRepeated,
            b"connection: keep-alive\r\nCONNECTION: keep-alive",
            b"Connection: Upgrade\r\nUpgrade: websocket",
        ),
        (
            Fault::ConnectionRepeated,
            b"Connection:\r\nConnection:",
            b"Connection: keep-alive\r\nProxy-Connection: keep-alive",
        ),
    ];
    for (fault, refused, twin) in rows {
        let (head, tail): (&[u8], &[u8]) = (b"GET /a HTTP/1.1\r\n", b"\r\n\r\n");
        refuses(fault, Standing::Head, 0, &joined(&[head, refused, tail]));
        admits(Standing::Between, 1, &joined(&[head, twin, tail]));
    }
    // What came once in each of two messages is not repeated.
    let one =
        b"POST /a HTTP/1.1\r\nHost: a\r\nConnection: keep-alive\r\nContent-Length: 1\r\n\r\nx";
    admits(Standing::Between, 2, &joined(&[one, one]));
    // RFC 9112 6.1: HTTP/1.0 knows no transfer codings.
    let old = b"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n";
    let new = b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n";
    refuses(Fault::TransferEncoding, Standing::Head, 0, old);
    admits(Standing::Between, 1, new);
    admits(Standing::Between, 1, b"POST / HTTP/1.0\r\nContent-Length: 1\r\n\r\nx");
}

#[test]
fn chunks() {
    let rows: [(&[u8], &[u8]); 34] = [
        (b"0x5\r\nhello\r\n0\r\n\r\n", b"5\r\nhello\r\n0\r\n\r\n"),
        (b"1_0\r\n", b"10\r\n0123456789abcdef\r\n0\r\n\r\n"),
        (b"+5\r\nhello\r\n", b"05\r\nhello\r\n0\r\n\r\n"),
        (b"-5\r\nhello\r\n", b"000005\r\nhello\r\n0\r\n\r\n"),
        (b" 5\r\nhello\r\n", b"5\r\n hell\r\n0\r\n\r\n"),
        (b"5 \r\nhello\r\n", b"5\r\nhell \r\n0\r\n\r\n"),
        (b"5\t\r\nhello\r\n", b"5\r\nhell\t\r\n0\r\n\r\n"),
        (b"5;a=b\r\nhello\r\n", b"5\r\n;a=b;\r\n0\r\n\r\n"),
        (b"5;\r\nhello\r\n", b"a\r\n;;;;;;;;;;\r\n0\r\n\r\n"),
        (b"5;\nhello\r\n", b"A\r\n\n\n\n\n\n\n\n\n\n\n\r\n0\r\n\r\n"),
        (b"5 ;a\r\nhello\r\n", b"f\r\n0123456789abcde\r\n0\r\n\r\n"),
        (b"0;a\r\n\r\n", b"0\r\n\r\n"),
        (b"\r\nhello\r\n", b"2\r\n\r\n\r\n0\r\n\r\n"),
        (b"5\nhello\r\n", b"5\r\nhello\r\n00\r\n\r\n"),
        (b"5\rhello\r\n", b"5\r\n\rhell\r\n0\r\n\r\n"),
        (b"5\r\r\nhello\r\n", b"5\r\n\r\r\n\r\n\r\n0\r\n\r\n"),
        (b"5\r\nhello0\r\n\r\n", b"5\r\nhello\r\n0\r\n\r\n"),
        (b"5\r\nhello\n0\r\n\r\n", b"6\r\nhello\n\r\n0\r\n\r\n"),
        (b"5\r\nhello\r0\r\n\r\n", b"6\r\nhello\r\r\n0\r\n\r\n"),
        (b"5\r\nhello!\r\n0\r\n\r\n", b"6\r\nhello!\r\n0\r\n\r\n"),
        (b"5\r\nhell\r\n0\r\n\r\n", b"4\r\nhell\r\n0\r\n\r\n"),
        (b"5\r\nhello \r\n", b"5\r\nhello\r\n1\r\n \r\n0\r\n\r\n"),
        (b"g\r\n", b"F\r\n0123456789abcde\r\n0\r\n\r\n"),
        (b"5h\r\nhello\r\n", b"5\r\nhhhhh\r\n0\r\n\r\n"),
        (b"5L\r\nhello\r\n", b"5\r\nLLLLL\r\n0\r\n\r\n"),
        (b"\xef\xbc\x95\r\nhello\r\n", b"3\r\n\xef\xbc\x95\r\n0\r\n\r\n"),
        (b"00000000000000005\r\nhello\r\n", b"0000000000000005\r\nhello\r\n0\r\n\r\n"),
        (b"00000000000000000\r\n\r\n", b"0000000000000000\r\n\r\n"),
        (b"5,5\r\nhello\r\n", b"5\r\nhello\r\n5\r\nhello\r\n0\r\n\r\n"),
        (b"5\0\r\nhello\r\n", b"1\r\n\0\r\n0\r\n\r\n"),
        (b"\n5\r\nhello\r\n", b"1\r\n\n\r\n0\r\n\r\n"),
        (b"5\r\nhelloX\n0\r\n\r\n", b"7\r\nhelloX\n\r\n0\r\n\r\n"),
        (b"5\r\nhello\rX0\r\n\r\n", b"7\r\nhello\rX\r\n0\r\n\r\n"),
        (b"0\n\n", b"5\r\n0\r\n\r\n\r\n0\r\n\r\n"),
    ];
    let head = b"POST /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n";
    for (refused, twin) in rows {
        refuses(Fault::Chunk, Standing::Body, 1, &joined(&[head, refused]));
        admits(Standing::Between, 1, &joined(&[head, twin]));
    }
    refuses(Fault::Chunk, Standing::Body, 1, &joined(&[head, b"10000000000000000\r\n"]));
    admits(Standing::Body, 1, &joined(&[head, b"ffffffffffffffff\r\nx"]));
}

#[test]
fn trailers() {
    let rows: [(&[u8], &[u8]); 38] = [
        (b"Content-Length: 5\r\n", b"Content-Digest: x\r\n"),
        (b"content_length: 5\r\n", b"Content-Digest: \r\n"),
        (b"Transfer-Encoding: chunked\r\n", b"Transfer-Time: 5\r\n"),
        (b"Trailer: a\r\n", b"Trail: a\r\n"),
        (b"TE: trailers\r\n", b"T: a\r\n"),
        (b"Connection: x\r\n", b"Connections: 5\r\n"),
        (b"Keep-Alive: x\r\n", b"Keep: x\r\n"),
        (b"Upgrade: h2c\r\n", b"Upgraded: 1\r\n"),
        (b"HOST: b\r\n", b"X-Host: b\r\n"),
        (b"Forwarded: for=a\r\n", b"Forward: a\r\n"),
        (b"X-Forwarded-For: 127.0.0.1\r\n", b"X-For: a\r\n"),
        (b"X-Original-URL: /admin\r\n", b"X-Origin: /\r\n"),
        (b"X-Rewrite-URL: /admin\r\n", b"X-URL: /\r\n"),
        (b"X-HTTP-Method-Override: PUT\r\n", b"X-HTTP: 1\r\n"),
        (b"Origin: null\r\n", b"Original: 1\r\n"),
        (b"Authorization: Bearer a\r\n", b"Authority: a\r\n"),
        (b"Proxy-Authorization: Basic a\r\n", b"X-Checksum: a\r\n"),
        (b"Cookie: a=b\r\n", b"X-Cooking: a\r\n"),
        (b"Set-Cookie: a=b\r\n", b"Set: a\r\n"),
        (b"X-Api-Key: a\r\n", b"X-Api: a\r\n"),
        (b"Sec-Fetch-Site: same-origin\r\n", b"Sec: a\r\n"),
        (b"Doorward-Identity: ann\r\n", b"Doorway: a\r\n"),
        (b"Cache-Control: public\r\n", b"Cache: a\r\n"),
        (b"Range: bytes=0-\r\n", b"Ranges: a\r\n"),
        (b"If-None-Match: a\r\n", b"If: a\r\n"),
        (b"Content-Encoding: gzip\r\n", b"Content-Encoder: a\r\n"),
        (b"Content-Type: text/html\r\n", b"Content-Types: a\r\n"),
        (b"A : b\r\n", b"A: b\r\n"),
        (b"A\r\n", b"A:\r\n"),
        (b": b\r\n", b"B: b\r\n"),
        (b" A: b\r\n", b"A:  b\r\n"),
        (b"A: b\r\n c\r\n", b"A: b\r\nC: d\r\n"),
        (b"A: b\nC: d\r\n", b"A: b\tC: d\r\n"),
        (b"A: b\0\r\n", b"A: \xff\r\n"),
        (b"A: b\rC\r\n", b"A: b\t\r\n"),
        (b"A\0: b\r\n", b"A_: b\r\n"),
        (b"\n", b""),
        (b"\rX", b"Server-Timing: total;dur=5\r\nX-Amz-Checksum-Crc32: AAAAAA==\r\n"),
    ];
    let head = b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n";
    for (refused, twin) in rows {
        refuses(Fault::Trailer, Standing::Body, 1, &joined(&[head, refused, b"\r\n"]));
        admits(Standing::Between, 1, &joined(&[head, twin, b"\r\n"]));
    }
}

#[test]
fn limits_are_exact() {
    let limits = ScanLimits { head_bytes_max: 64, headers_max: 3, target_bytes_max: 10 };
    let rows: [Row<'_>; 5] = [
        (
            Fault::TargetTooLong,
            b"GET /123456789a HTTP/1.1\r\n\r\n",
            b"GET /123456789 HTTP/1.1\r\n\r\n",
        ),
        (
            Fault::TargetTooLong,
            b"GET /1234?6789a HTTP/1.1\r\n\r\n",
            b"GET /1234?6789 HTTP/1.1\r\n\r\n",
        ),
        (
            Fault::TooManyHeaders,
            b"GET / HTTP/1.1\r\nA: b\r\nC: d\r\nE: f\r\nG: h\r\n\r\n",
            b"GET / HTTP/1.1\r\nA: b\r\nC: d\r\nE: f\r\n\r\n",
        ),
        (
            Fault::HeadTooLarge,
            b"GET / HTTP/1.1\r\nA: 012345678901234567890123456789012345678901\r\n\r\n",
            b"GET / HTTP/1.1\r\nA: 01234567890123456789012345678901234567890\r\n\r\n",
        ),
        (
            Fault::HeadTooLarge,
            b"GET / HTTP/1.1\r\n0123456789012345678901234567890123456789012345678",
            b"GET / HTTP/1.1\r\n012345678901234567890123456789012345678901: \r\n\r\n",
        ),
    ];
    for (fault, refused, twin) in rows {
        let found = seen(limits, refused).found.map(|found| (found.fault, found.standing));
        assert_eq!(found, Some((fault, Standing::Head)), "{}", refused.escape_ascii());
        let found = seen(limits, twin);
        assert_eq!((found.found, found.heads), (None, 1), "{}", twin.escape_ascii());
    }
}

#[test]
fn default_limits_are_the_documented_ones() {
    let head = |target: usize, headers: usize, value: usize| {
        let mut head = format!("GET /{} HTTP/1.1\r\n", "a".repeat(target - 1)).into_bytes();
        for _ in 1..headers {
            head.extend_from_slice(b"A: b\r\n");
        }
        head.extend_from_slice(format!("C: {}\r\n\r\n", "d".repeat(value)).as_bytes());
        head
    };
    let found = |bytes: &[u8]| Scan::new(ScanLimits::default()).feed(bytes).found.map(|f| f.fault);
    assert_eq!(found(&head(8192, 100, 1)), None);
    assert_eq!(found(&head(8193, 100, 1)), Some(Fault::TargetTooLong));
    assert_eq!(found(&head(1, 101, 1)), Some(Fault::TooManyHeaders));
    let rest = head(1, 1, 0).len();
    assert_eq!(found(&head(1, 1, 65_536 - rest)), None);
    assert_eq!(found(&head(1, 1, 65_537 - rest)), Some(Fault::HeadTooLarge));

    let chunked = b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n";
    let trailers = |lines: usize, value: usize| {
        let line = joined(&[b"A: ", &b"b".repeat(value), b"\r\n"]);
        joined(&[chunked, &line.repeat(lines), b"\r\n"])
    };
    assert_eq!(found(&trailers(32, 1)), None);
    assert_eq!(found(&trailers(33, 1)), Some(Fault::Trailer));
    assert_eq!(found(&trailers(1, 8192 - 7)), None);
    assert_eq!(found(&trailers(1, 8193 - 7)), Some(Fault::Trailer));
}

#[test]
fn pipelines_are_followed() {
    let get = b"GET /a HTTP/1.1\r\nHost: a\r\n\r\n";
    let post = b"POST /b HTTP/1.1\r\nHost: a\r\nContent-Length: 26\r\n\r\n\
        GET /hidden HTTP/9.9\r\n\r\n\r\n";
    let chunked = b"POST /c HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n\
        7\r\n0\r\n\r\nGE\r\n0\r\nA: b\r\n\r\n";
    let stream = joined(&[get, post, chunked, get]);
    admits(Standing::Between, 4, &stream);
    admits(Standing::Head, 4, &joined(&[&stream, b"G"]));
    admits(Standing::Body, 5, &joined(&[&stream, &post[..post.len() - 1]]));
    // A body that is shorter than announced is not there: what follows is a request (CL.0).
    refuses(Fault::MethodBytes, Standing::Between, 1, &joined(&[get, b"[1]"]));
    refuses(Fault::MethodBytes, Standing::Head, 1, &joined(&[get, b"a=b&c=d"]));
}

/// One stream and the bytes fed to it: what may pass is said to the byte.
fn passes(pieces: &[&[u8]], wanted: &[usize], fault: Fault, standing: Standing) {
    let mut scan = Scan::new(ScanLimits::default());
    let fed: Vec<Fed> = pieces.iter().map(|piece| scan.feed(piece)).collect();
    let passed: Vec<usize> = fed.iter().map(|fed| fed.passed).collect();
    assert_eq!(passed, wanted);
    assert_eq!(fed.last().and_then(|fed| fed.found), Some(Found { fault, standing }));
    assert_eq!(scan.feed(b"GET / HTTP/1.1\r\n\r\n").passed, 0, "a broken scan passes nothing");
    scan.stop();
    assert_eq!(scan.standing(), standing, "a fault stays");
}

#[test]
fn what_may_pass_before_a_fault() {
    let get: &[u8] = b"GET / HTTP/1.1\r\n\r\n";
    let chunked: &[u8] = b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n";
    let bad: &[u8] = b"GET / HTTP/1.1\r\nA : b\r\n\r\n";
    passes(&[bad], &[0], Fault::HeaderName, Standing::Head);
    passes(&[&joined(&[get, bad])], &[18], Fault::HeaderName, Standing::Head);
    passes(&[get, bad], &[18, 0], Fault::HeaderName, Standing::Head);
    passes(&[&bad[..10], &bad[10..]], &[10, 0], Fault::HeaderName, Standing::Head);
    passes(&[&joined(&[get, b"\r\n"])], &[18], Fault::LineEnding, Standing::Between);
    passes(&[chunked, b"3\r\nabc\r\n5;"], &[47, 9], Fault::Chunk, Standing::Body);
    passes(&[chunked, b"0\r\nA: b\r\nHost: a"], &[47, 13], Fault::Trailer, Standing::Body);
    passes(&[chunked, b"0\r\n\r\nget\r\n"], &[47, 5], Fault::RequestLine, Standing::Head);
}

#[test]
fn a_stopped_scan_passes_everything() {
    let mut scan = Scan::new(ScanLimits::default());
    scan.feed(b"GET / HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
    assert_eq!((scan.standing(), scan.heads()), (Standing::Between, 1));
    scan.stop();
    assert_eq!(scan.feed(b"\x81\x05hello\r\n"), Fed { passed: 9, found: None });
    assert_eq!((scan.standing(), scan.heads()), (Standing::Tunnel, 1));
}

#[test]
fn huge_bodies_cost_nothing() {
    let mut scan = Scan::new(ScanLimits::default());
    scan.feed(b"POST / HTTP/1.1\r\nContent-Length: 9223372036854775807\r\n\r\n");
    let block = vec![0; 1 << 20];
    for _ in 0..100 {
        assert_eq!(scan.feed(&block).passed, block.len());
    }
    assert_eq!(scan.standing(), Standing::Body);
}

#[test]
fn the_order_of_names_is_noted_alike_in_any_pieces() {
    let head = "GET / HTTP/1.1\r\nHost: a\r\nUser-Agent: x\r\nX-Own: 1\r\naccept: */*\r\n\
                A-Name-That-Is-Longer-Than-All-That-Are-Looked-For: 1\r\nCookie: a=b\r\n\r\n";
    let want = "1:Host,User-Agent,accept,Cookie";
    for cut in 0..head.len() {
        let mut scan = Scan::noting_order(ScanLimits::default());
        scan.feed(&head.as_bytes()[..cut]);
        assert!(scan.take_order().is_none(), "{cut}");
        scan.feed(&head.as_bytes()[cut..]);
        let order = scan.take_order().expect("a head was complete");
        assert_eq!((order.text().to_string().as_str(), order.others()), (want, 2), "{cut}");
        assert!(scan.take_order().is_none());
    }
    // Neither trailers nor the next head stand in it, and nobody who did not ask is told.
    let chunked = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n\
                   0\r\nPriority: 1\r\n\r\nGET / HTTP/1.1\r\nAccept";
    let mut scan = Scan::noting_order(ScanLimits::default());
    assert_eq!(scan.feed(chunked.as_bytes()).found, None);
    let order = scan.take_order().expect("a head was complete");
    assert_eq!(order.text().to_string(), "1:Host,Transfer-Encoding");
    let mut scan = Scan::new(ScanLimits::default());
    scan.feed(head.as_bytes());
    assert!(scan.take_order().is_none());
}
