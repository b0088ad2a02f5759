use super::*;
use doorward_core::fault::Fault;
use doorward_core::fingerprint::http1::{HeadOrder, HeadVersion};
use doorward_core::fingerprint::ja4::Ja4;
use doorward_core::moment::Chance;

struct Zero;

impl Chance for Zero {
    fn fill(&self, out: &mut [u8]) {
        out.fill(0);
    }
}

const NOW: Now = Now { steady_ns: 0, unix_s: 1_767_225_600 };

fn entry<'a>(path: &'a str, origin: &'a [u8], would_refuse: &'a WouldRefuse) -> Entry<'a> {
    Entry {
        now: NOW,
        id: RequestId::draw(&Zero),
        address: [203, 0, 113, 7].into(),
        method: Some("GET"),
        path: Some(path),
        origin: Some(origin),
        route: Some("/"),
        pass: None,
        caller: Some("page"),
        kind: Kind::Admit,
        reason: None,
        would_refuse,
        status: Some(200),
        cut: None,
        is_broken: false,
        shown: None,
        bytes_in: 0,
        frames: (0, 0),
        bytes_out: 37,
        took: Duration::from_micros(1_234),
        upstream: Some(Duration::from_micros(1_000)),
    }
}

fn json_line(entry: &Entry<'_>) -> String {
    let mut out = Vec::new();
    json::write(entry, &mut out);
    String::from_utf8(out).expect("a line is ASCII")
}

fn pretty_line(entry: &Entry<'_>) -> String {
    let mut out = Vec::new();
    pretty::write(entry, true, false, &mut out);
    String::from_utf8(out).expect("a line is UTF-8")
}

#[test]
fn a_json_line_says_what_happened() {
    let would = WouldRefuse::new();
    let line = json_line(&entry("/api", b"https://shop.test", &would));
    assert_eq!(
        line,
        "{\"time\":\"2026-01-01T00:00:00Z\",\"id\":\"000000000000000000000000\",\
         \"peer\":\"203.0.113.7\",\"method\":\"GET\",\"path\":\"/api\",\"status\":200,\
         \"verdict\":\"admit\",\"route\":\"/\",\"caller\":\"page\",\
         \"origin\":\"https://shop.test\",\"bytes_in\":0,\
         \"bytes_out\":37,\"duration_us\":1234,\"upstream_us\":1000}\n"
    );
}

#[test]
fn a_json_line_says_what_its_client_shows() {
    let (would, mut head) = (WouldRefuse::new(), HeadOrder::new(HeadVersion::One));
    head.meet(b"Host");
    let ja4 = Ja4::parse(b"t13d1516h2_8daaf6152771_e5627efa2ab1");
    let all = Noted { ja4, http2: Some("|00|0|m".to_owned()), head: Some(head) };
    let none = Noted { ja4: None, http2: None, head: None };
    let mut entry = entry("/api", b"null", &would);
    entry.shown = Some(&all);
    let want = ",\"ja4\":\"t13d1516h2_8daaf6152771_e5627efa2ab1\",\"http2\":\"|00|0|m\",\
                \"head\":\"1:Host\",\"bytes_in\"";
    assert!(json_line(&entry).contains(want), "{}", json_line(&entry));
    entry.shown = Some(&none);
    assert!(json_line(&entry).contains("\"origin\":\"null\",\"bytes_in\""));
}

#[test]
fn a_refusal_names_its_code_and_layer() {
    let would = WouldRefuse::new();
    let mut entry = entry("/api", b"null", &would);
    entry.kind = Kind::Refuse;
    entry.reason = Some(Reason::Fault(Fault::Fragment));
    entry.status = Some(400);
    let line = json_line(&entry);
    assert!(line.contains("\"verdict\":\"refuse\",\"code\":\"message/fragment\""), "{line}");
    assert!(line.contains("\"layer\":\"message\""), "{line}");
    assert_eq!(
        pretty_line(&entry),
        "00:00:00 □ 400 GET /api                          message/fragment  from null  \
         id 000000000000000000000000  203.0.113.7\n"
    );
}

#[test]
fn nothing_of_a_clients_forges_a_line_or_steers_a_terminal() {
    let would = WouldRefuse::new();
    let rows: [&[u8]; 8] = [
        b"a\nb",
        b"a\r\nb",
        b"\",\"verdict\":\"admit",
        b"\\\",\\u0022",
        b"\x1b[2J",
        b"\xff\xfe",
        "\u{202e}\u{2028}\u{9b}".as_bytes(),
        b"\0\x7f",
    ];
    for origin in rows {
        let mut entry = entry("/", origin, &would);
        entry.kind = Kind::Refuse;
        entry.reason = Some(Reason::Fault(Fault::Fragment));
        let line = json_line(&entry);
        let line = line.strip_suffix('\n').expect("one line");
        assert!(line.bytes().all(|byte| (0x20..0x7f).contains(&byte)), "{line}");
        let read: serde_json::Value = serde_json::from_str(line).expect("it stays JSON");
        assert_eq!(read["verdict"], "refuse", "{line}");
        let pretty = pretty_line(&entry);
        let pretty = pretty.strip_suffix('\n').expect("one line").replace('□', "");
        assert!(pretty.bytes().all(|byte| (0x20..0x7f).contains(&byte)), "{pretty}");
    }
}

#[test]
fn long_texts_are_cut() {
    let would = WouldRefuse::new();
    let path = "/".repeat(10_000);
    assert!(json_line(&entry(&path, b"", &would)).len() < 1_000);
    assert!(pretty_line(&entry(&path, b"", &would)).len() < 300);
}

#[test]
fn a_day_is_the_right_one() {
    for (unix_s, want) in [
        (0, "1970-01-01T00:00:00Z"),
        (951_782_400, "2000-02-29T00:00:00Z"),
        (1_709_251_199, "2024-02-29T23:59:59Z"),
        (4_107_542_399, "2100-02-28T23:59:59Z"),
        (4_107_542_400, "2100-03-01T00:00:00Z"),
    ] {
        let mut out = Vec::new();
        stamp(Now { steady_ns: 0, unix_s }, &mut out);
        assert_eq!(String::from_utf8(out).expect("ASCII"), want);
    }
}

#[test]
fn a_summary_counts_by_reason_and_address() {
    let would = WouldRefuse::new();
    let mut tally = Tally::default();
    tally.count(&entry("/", b"", &would));
    for last in [1, 1, 2] {
        let mut entry = entry("/", b"", &would);
        entry.kind = Kind::Refuse;
        entry.reason = Some(Reason::Fault(Fault::Fragment));
        entry.address = [203, 0, 113, last].into();
        tally.count(&entry);
    }
    let mut all = Tally::default();
    all.take(&mut tally);
    assert!(!tally.has_refused() && all.has_refused());
    let mut out = Vec::new();
    write_summary(&all, LogForm::Json, NOW, &mut out);
    assert_eq!(
        String::from_utf8(out).expect("ASCII"),
        "{\"time\":\"2026-01-01T00:00:00Z\",\"event\":\"summary\",\"admitted\":1,\
         \"refused\":{\"message/fragment\":3},\"addresses\":2}\n"
    );
    let mut out = Vec::new();
    let form = LogForm::Pretty { unicode: false, colour: false };
    write_summary(&all, form, NOW, &mut out);
    assert_eq!(
        String::from_utf8(out).expect("ASCII"),
        "00:00:00 - last minute: 1 admitted, refused 3 message/fragment, from 2 addresses\n"
    );
}
