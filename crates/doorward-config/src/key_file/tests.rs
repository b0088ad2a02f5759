use super::*;

const HASH: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

fn entry(change: impl Fn(String) -> String) -> String {
    change(format!(
        "[[key]]\nid = \"k_01234567\"\nname = \"ci\"\nsha256 = \"{HASH}\"\n\
         created = 2026-01-01T00:00:00Z\n"
    ))
}

#[test]
fn what_is_written_reads_as_the_same() {
    let key = |id: &str, sha256: u8| ApiKey {
        id: id.to_owned(),
        sha256: [sha256; 32],
        scopes: Vec::new(),
        ends_unix_s: None,
        is_revoked: false,
        acts_for_visitors: false,
        as_page: false,
    };
    let bare = KeyRecord {
        name: "a \"quoted\" \\ näme's".to_owned(),
        created_unix_s: 1_798_675_200,
        revoked_unix_s: None,
        key: key("k_00000000", 0),
    };
    let full = KeyRecord {
        name: "full".to_owned(),
        created_unix_s: 0,
        revoked_unix_s: Some(1_798_675_201),
        key: ApiKey {
            scopes: vec!["read".to_owned(), "https://api.test/write".to_owned()],
            ends_unix_s: Some(UNIX_S_MAX),
            is_revoked: true,
            acts_for_visitors: true,
            as_page: true,
            ..key("k_ffffffff", 255)
        },
    };
    let records = vec![bare, full];
    assert_eq!(read(write(&records).as_bytes()).expect("its own text"), records);
    assert_eq!(read(write(&[]).as_bytes()).expect("none"), []);
    assert_eq!(read(b"").expect("an empty file"), []);
    let keys: Vec<ApiKey> = records.iter().map(|record| record.key.clone()).collect();
    assert_eq!(parse(write(&records).as_bytes()).expect("its own text"), keys);
}

#[test]
fn a_bad_file_is_refused_with_its_line() {
    let with = |line: &str| entry(|text| format!("{text}{line}\n"));
    let without = |name: &str| {
        entry(|text| {
            let kept = text.lines().filter(|line| !line.starts_with(name));
            kept.map(|line| format!("{line}\n")).collect()
        })
    };
    let instead = |from: &str, to: &str| entry(|text| text.replace(from, to));
    let twice = |from: &str, to: &str| {
        format!("{}{}", entry(|text| text), entry(|text| text.replace(from, to)))
    };
    for (text, want) in [
        (with("scope = [\"a\"]"), "line 6: unknown key `scope`"),
        (with("expires = \"tomorrow\""), "line 6: `key[0].expires` cannot be \"tomorrow\""),
        (with("expires = 2026-01-01"), "line 6: `key[0].expires` cannot be a date"),
        (with("revoked = false"), "line 6: `key[0].revoked` cannot be false"),
        (with("scopes = \"a\""), "line 6: `key[0].scopes` cannot be \"a\""),
        (with("scopes = [\"a b\"]"), "line 6: \"a b\" is no scope"),
        (with("as_page = 1"), "line 6: `key[0].as_page` cannot be 1"),
        (without("id"), "line 1: this key has no `id`"),
        (without("name"), "line 1: this key has no `name`"),
        (without("sha256"), "line 1: this key has no `sha256`"),
        (without("created"), "line 1: this key has no `created`"),
        (instead("created", "craeted"), "line 5: unknown key `craeted`"),
        (instead("k_0123", "k_ABCD"), "line 2: \"k_ABCD4567\" is no key's id"),
        (instead("cdef\"", "cde\""), "line 4: this is no SHA-256"),
        (instead("abcdef\"", "ABCDEF\""), "line 4: this is no SHA-256"),
        (instead("\"ci\"", "\"a\\tb\""), "line 3: a key's name consists of printable letters"),
        (
            instead("\"ci\"", "\"k_76543210\""),
            "line 3: a key's name must not look like an id or a key",
        ),
        (twice("0123456789", "9876543210"), "line 7: another key has the id k_01234567"),
        (twice("k_01234567", "k_01234568"), "line 9: another entry is of the same key"),
        ("[key]\nid = 1".to_owned(), "line 1: `key` cannot be a table"),
        ("key = 1".to_owned(), "line 1: `key` cannot be 1"),
        ("[[keys]]".to_owned(), "line 1: unknown key `keys`"),
        ("[[key]".to_owned(), "line 1: this is not TOML: unclosed array table, expected `]`"),
    ] {
        let error = parse(text.as_bytes()).expect_err(&text);
        assert_eq!(error.to_string(), want, "{text}");
    }
    assert_eq!(parse(b"\xff").expect_err("no UTF-8").to_string(), "it is not UTF-8 text");
    // The twins.
    for line in ["expires = \"2026-01-01T00:00:00Z\"", "scopes = [\"a\"]", "as_page = false", ""] {
        assert_eq!(parse(with(line).as_bytes()).expect(line).len(), 1, "{line}");
    }
    let two = twice("k_01234567", "k_01234568").replacen("0123456789ab", "1123456789ab", 1);
    assert_eq!(parse(two.as_bytes()).expect("two of one name").len(), 2);
}

#[test]
fn a_key_in_the_file_is_not_shown_again() {
    let whole = format!("dwk1_{HASH}01234567");
    for text in [
        entry(|text| text.replace(HASH, &whole)),
        entry(|text| text.replace(HASH, "a-part-of-a-secret")),
        entry(|text| text.replace("\"ci\"", &format!("\"{whole}\""))),
        format!("# {whole} [\n="),
    ] {
        let report = parse(text.as_bytes()).expect_err(&text).named("keys.toml");
        let shown = report.render(false);
        assert!(shown.contains("keys.toml:"), "{shown}");
        assert!(!shown.contains("dwk1_") && !shown.contains("a-part"), "{shown}");
    }
}

struct OneFile(&'static str);

impl Outside for OneFile {
    fn variable(&self, _: &str) -> Option<String> {
        None
    }

    fn file(&self, _: &Path) -> std::io::Result<Vec<u8>> {
        Ok(self.0.as_bytes().to_vec())
    }
}

#[test]
fn a_configuration_says_where_its_keys_are() {
    let home = |file: &str, header: &str, is_read| {
        Ok(KeyHome { file: PathBuf::from(file), header: header.to_owned(), is_read })
    };
    let own = "[layers.identity]\nkeys = { file = \"/k.toml\", header = \"authorization\" }";
    for (text, want) in [
        ("", home("etc/doorward-keys.toml", "x-api-key", false)),
        ("[layers.identity.keys]", home("etc/doorward-keys.toml", "x-api-key", true)),
        ("[layers.identity.keys]\nfile = \"a/k\"", home("etc/a/k", "x-api-key", true)),
        (own, home("/k.toml", "authorization", true)),
        ("nonsense = 1\nlayers = 1", home("etc/doorward-keys.toml", "x-api-key", false)),
        (
            "[layers.identity.keys]\nfile = 1",
            Err("layers.identity.keys.file is no text".to_owned()),
        ),
        ("[layers", Err("etc/d.toml is not TOML: unclosed table, expected `]`".to_owned())),
    ] {
        assert_eq!(KeyHome::find(Path::new("etc/d.toml"), &OneFile(text)), want, "{text}");
    }
}

#[test]
fn a_key_ends_in_the_future() {
    let now = 1_798_675_200;
    for (text, want) in [
        ("90d", Ok(now + 90 * 86_400)),
        ("12h", Ok(now + 43_200)),
        ("2027-01-31", Ok(1_801_353_600)),
        ("2026-12-31T00:00:01Z", Ok(now + 1)),
        ("2026-12-31T00:00:00Z", Err(EndFault::Past)),
        ("2026-12-31", Err(EndFault::Past)),
        ("0d", Err(EndFault::Past)),
        ("999ms", Err(EndFault::Past)),
        ("tomorrow", Err(EndFault::Unreadable)),
        ("90", Err(EndFault::Unreadable)),
        ("-1d", Err(EndFault::Unreadable)),
        ("99999999d", Err(EndFault::Unreadable)),
        ("", Err(EndFault::Unreadable)),
    ] {
        assert_eq!(read_end(text, now), want, "{text}");
    }
}
