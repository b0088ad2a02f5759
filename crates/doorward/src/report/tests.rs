use super::*;
use std::fmt::Write;

fn read_text(text: &[u8]) -> Gathered {
    let mut gathered = Gathered::default();
    read_all(&mut BufReader::with_capacity(7, text), "log", &mut gathered).expect("memory reads");
    gathered
}

fn line(verdict: &str, more: &str) -> String {
    format!(
        "{{\"time\":\"2026-01-01T00:00:0{}Z\",\"id\":\"a1\",\"peer\":\"203.0.113.7\",\
         \"method\":\"POST\",\"path\":\"/items\",\"status\":200,\"verdict\":\"{verdict}\",\
         \"route\":\"/items\",\"caller\":\"page\"{more}}}\n",
        more.len() % 10
    )
}

const WOULD: &str = ",\"origin\":\"https://app.test\",\"would_refuse\":[\"site/cross-site\"]";

#[test]
fn requests_are_told_by_reason_route_and_caller() {
    let mut log = String::new();
    for _ in 0..3 {
        log.push_str(&line("admit", WOULD));
    }
    log.push_str(&line("admit", ""));
    log.push_str(&line("reply", ""));
    log.push_str(&line("refuse", ",\"code\":\"quota/share\""));
    log.push_str("{\"time\":\"x\",\"event\":\"summary\",\"admitted\":4}\n");
    log.push_str("{\"time\":\"x\",\"event\":\"log_dropped\",\"lines\":7}\n");
    let gathered = read_text(log.as_bytes());
    let said = said::Said::of(&gathered, None, 50).json();
    for (name, want) in
        [("admitted", 4), ("replied", 1), ("refused", 1), ("would_refuse", 3), ("dropped_lines", 7)]
    {
        assert_eq!(said[name], want, "{name} in {said:#}");
    }
    assert_eq!(said["broken_lines"], 0);
    let group = &said["groups"][0];
    assert_eq!(group["was"], "would_be_refused");
    assert_eq!((&group["code"], &group["times"]), (&"site/cross-site".into(), &3.into()));
    assert_eq!((&group["route"], &group["caller"]), (&"/items".into(), &"page".into()));
    assert_eq!(group["addresses"], 1);
    assert_eq!(group["example"]["id"], "a1");
    assert_eq!(group["mend"], "if the page is yours: origins = [..., \"https://app.test\"]");
    assert_eq!(said["groups"][1]["was"], "refused");
    let layer = |id: &str| {
        let all = said["layers"].as_array().expect("a list");
        all.iter().find(|layer| layer["layer"] == id).expect("a layer").clone()
    };
    assert_eq!(layer("site")["ready"], false);
    assert_eq!(layer("method")["ready"], true);
    assert_eq!(said["routes"][0]["ready"], false);
}

#[test]
fn broken_lines_are_counted_and_named_and_stop_nothing() {
    let long = format!("{{\"path\":\"{}\"}}\n", "x".repeat(70_000));
    for (why, broken) in [
        ("no JSON", "no\n".to_owned()),
        ("another JSON", "[]\n".to_owned()),
        ("cut off", line("admit", "")[..40].to_owned() + "\n"),
        ("another type", line("admit", ",\"origin\":7")),
        ("no verdict", line("perhaps", "")),
        ("no code", line("refuse", "")),
        ("a code that is none", line("refuse", ",\"code\":\"../x y\"")),
        ("twice the same", line("admit", ",\"verdict\":\"admit\"")),
        ("no UTF-8", line("admit", ",\"origin\":\"\u{fffd}\"").replace('\u{fffd}', "\u{1}")),
        ("too long", long),
    ] {
        let log = format!("{}{broken}{}", line("admit", ""), line("admit", ""));
        let gathered = read_text(log.as_bytes());
        assert_eq!((gathered.broken, gathered.admitted), (1, 2), "{why}");
        assert!(gathered.broken_named[0].starts_with("log:2: "), "{why}");
    }
    for (why, whole) in [
        ("an empty line", "\n".to_owned()),
        ("no end", line("admit", "").trim_end().to_owned()),
        ("a field of a later version", line("admit", ",\"later\":{\"a\":[1]}")),
    ] {
        assert_eq!(read_text(whole.as_bytes()).broken, 0, "{why}");
    }
}

#[test]
fn a_hostile_log_steers_no_terminal_and_fills_no_memory() {
    let mut log = String::new();
    for number in 0..5_000 {
        let _ = write!(
            log,
            "{}",
            line(
                "refuse",
                &format!(
                    ",\"code\":\"site/cross-site\",\"route\":\"/r{number}\\u001b[2J\",\
                     \"origin\":\"https://o{number}.test\\r\\n\""
                )
            )
            .replace(",\"route\":\"/items\"", "")
            .replace("/items", "/\\u001b]0;title\\u0007")
        );
    }
    let gathered = read_text(log.as_bytes());
    assert_eq!(gathered.refused, 5_000);
    assert_eq!((gathered.groups.len(), gathered.rest), (2_000, 3_000));
    let said = said::Said::of(&gathered, None, 50);
    assert_eq!(said.rest, 4_950);
    let text = words::table(&said, false);
    let is_plain = |c: char| c == '\n' || c == '…' || (' '..='~').contains(&c);
    assert!(text.chars().all(is_plain), "{text:?}");
    assert!(text.contains("\\x1b"));
}

#[test]
fn a_spray_of_origins_does_not_hide_the_frequent_one() {
    let mut log = String::new();
    for number in 0..2_000 {
        let origin = if number % 3 == 0 { 0 } else { number };
        let more = format!(",\"code\":\"site/cross-site\",\"origin\":\"https://o{origin}.test\"",);
        log.push_str(&line("refuse", &more));
    }
    let gathered = read_text(log.as_bytes());
    let said = said::Said::of(&gathered, None, 50);
    let mend = &said.groups[0].2;
    assert!(
        mend.starts_with("if the page is yours: origins = [..., \"https://o0.test\""),
        "{mend}"
    );
}
