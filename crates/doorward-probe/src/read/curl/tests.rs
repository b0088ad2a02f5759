use super::read;
use crate::Source;
use crate::read::Asked;
use doorward_browser::{Body, Credentials, Mode, Way};

fn said(asked: &Asked) -> String {
    let request = &asked.request;
    let headers: Vec<String> =
        request.headers.iter().map(|(name, value)| format!("{name}: {value}")).collect();
    let body = match &request.body {
        Body::Empty => String::new(),
        Body::Text(text) => text.clone(),
        other => format!("{other:?}"),
    };
    format!("{} {} [{}] {body}", request.method, request.url, headers.join("; ")).trim().to_owned()
}

#[test]
fn lines_as_people_type_them() {
    const FORM: &str = "Content-Type: application/x-www-form-urlencoded";
    let rows: [(&str, String); 19] = [
        ("curl localhost:3000/a", "GET http://localhost:3000/a []".into()),
        ("/usr/bin/curl -sSLk 'http://a.test/?b&c'", "GET http://a.test/?b&c []".into()),
        ("curl -XPUT http://a.test", "PUT http://a.test/ []".into()),
        ("curl -sX DELETE -- http://a.test", "DELETE http://a.test/ []".into()),
        ("curl -I http://a.test", "HEAD http://a.test/ []".into()),
        ("curl --head --url http://a.test", "HEAD http://a.test/ []".into()),
        ("curl -d a=1 -d 'b=2 3' http://a.test", format!("POST http://a.test/ [{FORM}] a=1&b=2 3")),
        ("curl -da=1 http://a.test", format!("POST http://a.test/ [{FORM}] a=1")),
        ("curl --data-raw @x http://a.test", format!("POST http://a.test/ [{FORM}] @x")),
        (
            "curl --data-urlencode 'a=1 &2' http://a.test",
            format!("POST http://a.test/ [{FORM}] a=1+%262"),
        ),
        ("curl -G -d a=1 -d b 'http://a.test/?c'", "GET http://a.test/?c&a=1&b []".into()),
        (
            "curl --json '{\"a\":1}' http://a.test",
            "POST http://a.test/ [Content-Type: application/json; Accept: application/json] \
             {\"a\":1}"
                .into(),
        ),
        (
            "curl -F a=1 -F 'b=@/etc/passwd' http://a.test",
            "POST http://a.test/ [] Multipart([(\"a\", \"1\"), (\"b\", \"\")])".into(),
        ),
        (
            "curl -u ann:pw http://a.test",
            "GET http://a.test/ [Authorization: Basic YW5uOnB3]".into(),
        ),
        (
            "curl http://ann:p%20w@a.test",
            "GET http://a.test/ [Authorization: Basic YW5uOnAgdw==]".into(),
        ),
        ("curl -H 'X-A;' -H 'X-B:' -H \"X-C: \\\"q\\\"\" http://a.test", {
            "GET http://a.test/ [X-A: ; X-C: \"q\"]".into()
        }),
        ("curl \\\n --data-raw $'it\\'s\\n\\u00fc\\x41\\101' \\\r\n http://a.test", {
            format!("POST http://a.test/ [{FORM}] it's\nüAA")
        }),
        ("curl http://a.test -o /dev/null -w '%{http_code}' -m 5", "GET http://a.test/ []".into()),
        ("curl http://a.test # and no more", "GET http://a.test/ []".into()),
    ];
    for (line, want) in rows {
        assert_eq!(said(&read(line).expect(line)), want, "{line}");
    }
}

#[test]
fn lines_as_browsers_write_them() {
    let posix = "curl 'https://api.test/v1/items' \\\n  -X 'PUT' \\\n  -H 'accept: */*' \\\n  \
                 -H 'content-type: application/json' \\\n  -b 'sid=1; theme=dark' \\\n  \
                 -H 'origin: https://shop.test' \\\n  -H 'priority: u=1, i' \\\n  \
                 -H 'referer: https://shop.test/' \\\n  -H 'sec-fetch-mode: cors' \\\n  \
                 -H 'user-agent: Mozilla/5.0' \\\n  --data-raw $'{\"a\":\"b\\'\\u0021\"}'";
    let cmd = "curl ^\"https://api.test/v1/items^\" ^\r\n  -X ^\"PUT^\" ^\r\n  \
               -H ^\"accept: */*^\" ^\r\n  -H ^\"content-type: application/json^\" ^\r\n  \
               -b ^\"sid=1; theme=dark^\" ^\r\n  -H ^\"origin: https://shop.test^\" ^\r\n  \
               -H ^\"sec-fetch-mode: cors^\" ^\r\n  \
               --data-raw ^\"^{^\\^\"a^\\^\":^\\^\"b'^!^\\^\"^}^\"";
    let firefox = "curl \"https://api.test/v1/items\" -X PUT --compressed ^\r\n \
                   -H \"accept: */*\" -H \"content-type: application/json\" ^\r\n \
                   -H \"Origin: https://shop.test\" -H \"Cookie: sid=1; theme=dark\" ^\r\n \
                   -H \"Sec-Fetch-Mode: cors\" --data-raw \"{\"\"a\"\":\"\"b'!\"\"}\"";
    for line in [posix, cmd, firefox] {
        let asked = read(line).expect(line);
        let want = "PUT https://api.test/v1/items [accept: */*; content-type: application/json] \
                    {\"a\":\"b'!\"}";
        assert_eq!(said(&asked), want, "{line}");
        assert_eq!(asked.origin.as_deref(), Some("https://shop.test"), "{line}");
        assert_eq!(asked.cookie, "sid=1; theme=dark");
        assert_eq!(asked.request.credentials, Credentials::Include);
        assert_eq!(asked.request.mode, Mode::Cors);
    }
    let navigated =
        "curl -H 'Sec-Fetch-Mode: navigate' -H 'Referer: http://a.test/x' -d a=1 b.test";
    let asked = read(navigated).expect("a line");
    assert!(matches!(asked.request.way, Way::Form(_)));
    assert_eq!(asked.origin.as_deref(), Some("http://a.test"));
}

#[test]
fn bad_lines_say_where_and_how_to_mend_them() {
    let rows = [
        ("", 1, "empty"),
        ("wget http://a.test", 1, "not curl"),
        ("curl", 5, "no address"),
        ("curl 'http://a.test", 6, "not closed"),
        ("curl ^\"http://a.test", 7, "not closed"),
        ("curl --wat x http://a.test", 6, "not known"),
        ("curl -sZ http://a.test", 6, "`-Z`"),
        ("curl http://a.test -H", 20, "no value"),
        ("curl http://a.test -H nothing", 23, "no header"),
        ("curl http://a.test http://b.test", 20, "second address"),
        ("curl http://a.test; rm -rf /", 19, "the shell's"),
        ("curl http://a.test?a&b", 21, "the shell's"),
        ("curl $(id) http://a.test", 7, "the shell's"),
        ("curl ^\"http://a.test^\" & curl ^\"b^\"", 24, "the shell's"),
        ("curl -d @/etc/passwd http://a.test", 9, "from a file"),
        ("curl --json @x http://a.test", 13, "from a file"),
        ("curl --data-urlencode a@x http://a.test", 23, "from a file"),
        ("curl -H @x http://a.test", 9, "from a file"),
        ("curl -K x http://a.test", 6, "`-K`"),
        ("curl --config x http://a.test", 6, "not known"),
        ("curl http://a.test --next http://b.test", 20, "not known"),
        ("curl -T /etc/passwd http://a.test", 6, "`-T`"),
        ("curl -F nothing http://a.test", 9, "no field"),
        ("curl ftp://a.test", 6, "not http"),
        ("curl http://", 6, "no address"),
    ];
    for (line, column, what) in rows {
        let error = read(line).expect_err(line);
        assert!(error.what.contains(what), "{line}: {error}");
        assert_eq!(error.column, column, "{line}: {error}");
        assert!(!error.mend.is_empty());
    }
}

/// Where a line would send it is its address's host, and nothing is written.
#[test]
fn no_option_leads_to_another_host_or_file() {
    for option in [
        "-x http://evil.example",
        "--proxy http://evil.example",
        "-xhttp://evil.example",
        "--resolve a.test:80:192.0.2.1",
        "--connect-to a.test:80:evil.example:80",
        "--unix-socket /run/docker.sock",
        "-o /etc/passwd",
        "-O",
        "--cookie-jar /etc/passwd",
        "--trace /etc/passwd",
        "--cacert /etc/passwd",
        "-H 'Host: evil.example'",
        "-H 'Content-Length: 9999'",
        "-H 'Transfer-Encoding: chunked'",
    ] {
        let asked = read(&format!("curl {option} http://a.test/b")).expect(option);
        let call = asked.operation(Source::Curl).call();
        assert_eq!(call.url.as_str(), "http://a.test/b", "{option}");
        assert_eq!(call.headers.iter().count(), 0, "{option}");
    }
}

#[test]
fn what_is_left_out_is_said() {
    let asked = read("curl -b jar.txt --digest -u a:b -F f=@x a.test").expect("a line");
    assert_eq!(asked.notes.len(), 3, "{:?}", asked.notes);
    assert_eq!(asked.cookie, "");
}

#[test]
fn a_line_becomes_an_operation_and_its_secrets_stay_apart() {
    let line = "curl -X POST -b 'sid=hunter2' -H 'X-Api-Key: hunter3' -H 'Accept: a/b' \
                -F 'a\"b=1' http://a.test/x?y=1";
    let asked = read(line).expect("a line");
    let operation = asked.operation(Source::Curl);
    assert_eq!(operation.name(), "POST /x");
    assert!(operation.content_type.starts_with("multipart/form-data; boundary="));
    let body = String::from_utf8(operation.body.clone()).expect("text");
    assert!(body.contains("name=\"a%22b\"\r\n\r\n1\r\n"), "{body}");
    assert!(operation.needs_caller);
    let names: Vec<String> = asked.credentials().into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["Cookie", "X-Api-Key"]);
    assert!(!format!("{asked:?}").contains("hunter"), "{asked:?}");
    let none = read("curl a.test").expect("a line").operation(Source::Curl);
    assert!(none.is_sendable() && none.content_type.is_empty() && !none.needs_caller);
}
