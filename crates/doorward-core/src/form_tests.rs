use super::*;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue};

fn headers(content_type: &str) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_str(content_type).expect("a value"));
    headers
}

/// The fields that could be `email`, each as `name=value`; `?`: unclear.
fn found(content_type: &str, body: &[u8]) -> String {
    let wanted = Name::of("email");
    let headers = headers(content_type);
    let Some(kind) = kind(&headers) else { return "?".to_owned() };
    let is_wanted = |name: &str| Name::of(name).is_like(&wanted);
    match fields(&kind, body, is_wanted) {
        Ok(fields) => {
            let texts = fields.iter().map(|field| format!("{}={}", field.name, field.value));
            texts.collect::<Vec<_>>().join("&")
        }
        Err(Unclear) => "?".to_owned(),
    }
}

#[test]
fn a_type_is_one_for_everybody_or_none() {
    for (content_type, want) in [
        ("application/x-www-form-urlencoded", Some(Kind::Form)),
        ("Application/X-WWW-Form-URLencoded ; charset=UTF-8", Some(Kind::Form)),
        ("application/x-www-form-urlencoded; charset=utf8", Some(Kind::Form)),
        ("application/x-www-form-urlencoded;", Some(Kind::Form)),
        ("application/json", Some(Kind::Json)),
        ("application/json; charset=\"utf-8\"", Some(Kind::Json)),
        ("application/vnd.x+json; a=b", Some(Kind::Json)),
        ("multipart/form-data; boundary=X", Some(Kind::Multipart("X"))),
        ("multipart/form-data; charset=utf-8; boundary=\"X\"", Some(Kind::Multipart("X"))),
        ("multipart/form-data;boundary=-_'()+./:=?9", Some(Kind::Multipart("-_'()+./:=?9"))),
        ("application/x-www-form-urlencoded,a+json", None),
        ("application/x-www-form-urlencoded, application/json", None),
        ("application/x-www-form-urlencoded+json", None),
        ("application/x-www-form-urlencoded a", None),
        ("application/x-www-form-urlencoded; charset=latin1", None),
        ("application/json; charset=utf-8; charset=utf-8", None),
        ("application/json; charset=utf-7", None),
        ("application/json; charset", None),
        ("application/json; charset =utf-8", None),
        ("application/json; a=\"b", None),
        ("application/json/a", None),
        ("text/x+json", None),
        ("text/plain", None),
        ("json", None),
        ("", None),
        ("multipart/form-data,x+json; boundary=X", None),
        ("multipart/form-data+json; boundary=X", None),
        ("multipart/form-data", None),
        ("multipart/form-data; boundary=", None),
        ("multipart/form-data; boundary=X,Y", None),
        ("multipart/form-data; boundary=X Y", None),
        ("multipart/form-data; boundary=\"a;b\"", None),
        ("multipart/form-data; boundary=\"a b\"", None),
        ("multipart/form-data; boundary=\"a\\b\"", None),
        ("multipart/form-data; boundary=X; Boundary=X", None),
        ("multipart/form-data; xboundary=Y; boundary=X", None),
        ("multipart/mixed; boundary=X", None),
    ] {
        assert_eq!(kind(&headers(content_type)), want, "{content_type}");
    }
    let mut two = headers("application/json");
    two.append(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    assert_eq!(kind(&two), None);
    let mut packed = headers("application/json");
    packed.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    assert_eq!(kind(&packed), None);
}

#[test]
fn a_form_is_read_as_every_backend_reads_it() {
    for (body, want) in [
        ("email=ann&password=a", "email=ann"),
        ("%65mail=a%2Bb+c", "email=a+b c"),
        ("password=100%&email=ann", "email=ann"),
        ("password=%E9&email=ann", "email=ann"),
        ("a=1&&email=ann&", "email=ann"),
        ("mail=ann", ""),
        ("", ""),
        // Rack 2 and others split at a semicolon too.
        ("a=1;email=ann", "?"),
        ("email=ann&a=1;2", "?"),
        // Escapes that only some decode.
        ("email=%u0061nn", "?"),
        ("email=%", "?"),
        ("email=%4", "?"),
        ("email=%E9", "?"),
        ("%u0065mail=ann&email=bob", "?"),
        ("%FFemail=ann&email=bob", "?"),
        ("[email]=bob&email=ann", "[email]=bob&email=ann"),
        ("?email=bob&email=ann", "?email=bob&email=ann"),
    ] {
        assert_eq!(found("application/x-www-form-urlencoded", body.as_bytes()), want, "{body}");
    }
    assert_eq!(found("application/x-www-form-urlencoded", b"a=\xff&email=ann"), "?");
}

#[test]
fn a_query_has_a_field_by_any_reading() {
    let wanted = Name::of("user[email]");
    let is_there = |query: &str| is_in_query(query, |name| Name::of(name).is_like(&wanted));
    for query in ["user[email]=a", "a=1&user%5Bemail%5D", "a;USER.email=1", "user=1", "%u0075=1"] {
        assert!(is_there(query), "{query}");
    }
    for query in ["", "a=1", "next=/user[email]", "user[password]=x", "email=ann", "a=100%"] {
        assert!(!is_there(query), "{query}");
    }
}

/// A part whose head is `head`.
fn part(head: &str, content: &str) -> String {
    format!("--X\r\n{head}\r\n\r\n{content}\r\n")
}

fn field(name: &str, content: &str) -> String {
    part(&format!("Content-Disposition: form-data; name=\"{name}\""), content)
}

fn check_parts(body: &str, want: &str) {
    assert_eq!(found("multipart/form-data; boundary=X", body.as_bytes()), want, "{body}");
}

#[test]
fn the_parts_of_honest_forms_are_read() {
    let ann = field("email", "ann");
    check_parts(&(ann.clone() + "--X--\r\n"), "email=ann");
    check_parts(&(ann.clone() + "--X--"), "email=ann");
    check_parts("--X--\r\n", "");
    check_parts(&(field("a", "").repeat(20) + &ann + "--X--\r\n"), "email=ann");
    let files = [
        "Content-Disposition: form-data; name=\"f\"; filename=\"it's; mine.jpg\"\r\n\
         Content-Type: image/jpeg",
        "content-disposition: form-data; name=f; filename=a.txt; filename*=utf-8''a.txt",
        "Content-Disposition: form-data; name=\"f[]\"; filename=\"\"\r\n\
         Content-Type: application/octet-stream",
    ];
    for file in files {
        check_parts(&(part(file, "b\r\nytes") + &ann + "--X--\r\n"), "email=ann");
    }
    for head in [
        "Content-Disposition: form-data; name=email",
        "Content-Disposition: form-data; name=\"email\"\r\nContent-Type: text/plain; charset=utf8",
        "Content-Disposition: form-data; name=\"email\"\r\nContent-Transfer-Encoding: 8bit",
        "Content-Transfer-Encoding: binary\r\nContent-Disposition: form-data; name=\"email\"",
        "Content-Disposition: form-data; name=\"email\"\r\nContent-Length: 3",
    ] {
        check_parts(&(part(head, "ann") + "--X--\r\n"), "email=ann");
    }
    // A part of JSON beside it is no file, and its type is its own.
    let json = "Content-Disposition: form-data; name=\"more\"\r\nContent-Type: application/json";
    check_parts(&(part(json, "{}") + &ann + "--X--\r\n"), "email=ann");
}

#[test]
fn a_part_that_could_be_read_in_another_way_makes_the_form_unclear() {
    let decoy = field("email", "decoy");
    let of = |head: &str| decoy.clone() + &part(head, "ann") + "--X--\r\n";
    for head in [
        "Content-Disposition: form-data; name=\"a\"\r\nContent-Transfer-Encoding: base64",
        "Content-Disposition: form-data; name*=utf-8''email",
        "Content-Disposition: form-data; name=\"a\"; name*=utf-8''email",
        "Content-Disposition: form-data; name=\"email\" ;x",
        "Content-Disposition: form-data; name=\"email\" ; x=y",
        "Content-Disposition: form-data; name=\"email\";",
        "Content-Disposition: form-data; name=\"a\"; a=\"; name=email; b=\"",
        "Content-Disposition: form-data; name=\"a\"; filename=\"; name=email; b=\"",
        "Content-Disposition: form-data; name=\"email\"; filename=\"a\"",
        "Content-Disposition: form-data; name='email'",
        "Content-Disposition: form-data; name=\"'email'\"",
        "Content-Disposition: form-data; name=\"a\\\"; name=\"email\"",
        "Content-Disposition: form-data; name=\"a\"; name=\"email\"",
        "Content-Disposition: form-data; name = \"email\"",
        "Content-Disposition: form-data; name=\"=?utf-8?q?email?=\"",
        "Content-Disposition: form-data; name=\"%65mail\"",
        "Content-Disposition: form-data; name=\"a;b\"",
        "Content-Disposition: form-data; filename=\"a\"",
        "Content-Disposition: form-data",
        "Content-Disposition: attachment; name=\"email\"",
        "Content-Disposition : form-data; name=\"email\"",
        "Content-Disposition: form-data;\r\n name=\"email\"",
        "X-A: b\nContent-Disposition: form-data; name=\"email\"\r\n\
         Content-Disposition: form-data; name=\"a\"",
        "X-A: b\rContent-Disposition: form-data; name=\"a\"",
        "Content-Disposition: form-data; name=\"email\"\r\n\
         Content-Disposition: form-data; name=\"a\"",
        "Content-Disposition: form-data; name=\"a\"\r\nContent-Type: multipart/mixed; boundary=Y",
        "Content-Disposition: form-data; name=\"a\"\r\nContent-Length: 2",
        "Content-Disposition: form-data; name=\"a\"\r\nno line",
        "",
    ] {
        check_parts(&of(head), "?");
    }
    let plain = "Content-Disposition: form-data; name=\"email\"\r\nContent-Type: ";
    for of_type in ["text/plain; charset=utf-7", "application/json", "text/plain; a=b"] {
        check_parts(&(part(&format!("{plain}{of_type}"), "ann") + "--X--\r\n"), "?");
    }
}

#[test]
fn a_form_ends_where_all_find_its_end() {
    let decoy = field("email", "decoy");
    let ann = field("email", "ann");
    for body in [
        decoy.clone(),
        decoy.clone() + "--X",
        decoy.clone() + "--X-",
        decoy.clone() + "--X--\r\n\r\n",
        decoy.clone() + "--X--\r\n" + &ann + "--X--\r\n",
        decoy.clone() + "--X  \r\n" + &ann["--X\r\n".len()..] + "--X--\r\n",
        decoy.clone() + "--X\n" + &ann["--X\r\n".len()..] + "--X--\r\n",
        decoy.replace("decoy\r\n", "decoy\n") + &ann + "--X--\r\n",
        field("a", "b\n--X\nContent-Disposition: form-data") + &decoy + "--X--\r\n",
        format!("before\r\n{decoy}--X--\r\n"),
        "\r\n".to_owned() + &decoy + "--X--\r\n",
        "--X\r\nContent-Disposition: form-data; name=\"email\"\r\nann\r\n--X--\r\n".to_owned(),
        field("a", "b").repeat(1_001) + "--X--\r\n",
        String::new(),
    ] {
        check_parts(&body, "?");
    }
    check_parts(&(field("a", "b").repeat(999) + &ann + "--X--\r\n"), "email=ann");
    check_parts(&(decoy.clone() + &ann + "--X--\r\n"), "email=decoy&email=ann");
}

#[test]
fn a_member_is_a_text_or_a_whole_number() {
    let of = |body: &str, names: &[&str]| member(body.as_bytes(), names);
    for (body, want) in [
        (r#"{"email":"ann"}"#, Some("ann")),
        ("\u{feff}{\"email\":\"ann\"}", Some("ann")),
        (r#"{"email":12345}"#, Some("12345")),
        (r#"{"email":-1}"#, Some("-1")),
        (r#"{"email":1.0}"#, None),
        (r#"{"email":1e3}"#, None),
        (r#"{"email":99999999999999999999}"#, None),
        (r#"{"email":true}"#, None),
        (r#"{"email":null}"#, None),
        (r#"{"email":["ann"]}"#, None),
        (r#"{"email":"ann","Email":"bob"}"#, None),
        (r#"{"email":"ann","email":"bob"}"#, None),
        (r#"{"email":"ann","password":"email"}"#, Some("ann")),
    ] {
        assert_eq!(of(body, &["email"]).as_deref(), want, "{body}");
    }
    let body = r#"{"user":{"name":"ann","full_name":"b"},"name":"c"}"#;
    assert_eq!(of(body, &["user", "name"]).as_deref(), Some("ann"));
    assert_eq!(of(body, &["user", "mail"]), None);
}

/// A reader as lenient as any: a part begins at each delimiter, wherever it stands, its head ends
/// at the first empty line, and any head with the word in it names the field.
fn leniently(body: &str) -> Vec<String> {
    let body = body.replace("\r\n", "\n").replace('\r', "\n");
    let parts = body.split("--X").filter_map(|part| {
        let (head, content) = part.split_once("\n\n")?;
        let head = head.to_lowercase();
        let is_field = head.contains("email") && !head.contains("filename");
        is_field.then(|| content.trim_end_matches(['\n', '-']).to_owned())
    });
    parts.collect()
}

#[test]
fn no_mutated_form_is_read_as_another_than_a_lenient_reader_finds() {
    const PIECES: [&str; 24] = [
        "--X",
        "--X--",
        "--",
        "\r\n",
        "\n",
        "\r",
        "\r\n\r\n",
        "Content-Disposition: form-data",
        "; name=",
        "\"email\"",
        "email",
        "'email'",
        "\"a\"",
        ";",
        " ",
        "\"",
        "=",
        ":",
        "\\",
        "; filename=\"a\"",
        "\r\nContent-Transfer-Encoding: base64",
        "ann",
        "bob",
        "*",
    ];
    let honest = [
        "--X",
        "\r\n",
        "Content-Disposition: form-data",
        "; name=",
        "\"email\"",
        "\r\n\r\n",
        "ann",
        "\r\n",
        "--X",
        "\r\n",
        "Content-Disposition: form-data",
        "; name=",
        "\"a\"",
        "\r\n\r\n",
        "bob",
        "\r\n",
        "--X--",
        "\r\n",
    ];
    let mut state = 1_u64;
    let mut draw = |below: usize| {
        // Knuth's numbers; the upper half is the better one.
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(state >> 33).unwrap_or_default() % below
    };
    let mut read = 0;
    for _ in 0..50_000 {
        let mut pieces = honest.to_vec();
        for _ in 0..=draw(3) {
            let (place, piece) = (draw(pieces.len()), PIECES[draw(PIECES.len())]);
            match draw(4) {
                0 => pieces.insert(place, piece),
                1 => pieces[place] = piece,
                2 => drop(pieces.remove(place)),
                _ => {
                    let other = draw(pieces.len());
                    pieces.swap(place, other);
                }
            }
        }
        let body = pieces.concat();
        let found = found("multipart/form-data; boundary=X", body.as_bytes());
        let Some(value) = found.strip_prefix("email=").filter(|rest| !rest.contains("&email="))
        else {
            continue;
        };
        read += 1;
        for other in leniently(&body) {
            let value = value.replace("\r\n", "\n").replace('\r', "\n");
            assert_eq!(other, value.trim_end_matches(['\n', '-']), "{body:?}");
        }
    }
    assert!(read > 1_000, "{read} were read: too few to tell anything");
}
