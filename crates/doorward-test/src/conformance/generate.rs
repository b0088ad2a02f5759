//! Draws trials: what a careless page and a careless server may come to say.

use super::trial::{From, Reply, Site, Trial};
use doorward_browser::{Body, Credentials, Mode, Redirect, Target, Way};

/// Draws from one number (splitmix64).
#[derive(Debug)]
pub(super) struct Draw(u64);

const METHODS: &[&str] = &[
    "GET", "GET", "GET", "HEAD", "POST", "POST", "POST", "PUT", "DELETE", "PATCH", "patch", "put",
    "OPTIONS", "REPORT", "get", "post", "delete", "TRACE", "connect",
];

const HEADERS: &[(&str, &str)] = &[
    ("Content-Type", "application/json"),
    ("Content-Type", "text/plain"),
    ("Content-Type", "text/plain;charset=UTF-8"),
    ("Content-Type", "application/x-www-form-urlencoded"),
    ("Content-Type", "multipart/form-data; boundary=x"),
    ("Content-Type", "text/plain; a=b, application/json"),
    ("Content-Type", "TEXT/PLAIN"),
    ("Content-Type", "text/html"),
    ("Content-Type", "text/plain;\"x\""),
    ("X-Custom", "1"),
    ("X-Custom", "a, b"),
    ("Authorization", "Bearer abc"),
    ("Accept", "application/json"),
    ("Accept", "a/b;c=\"d\""),
    ("Accept-Language", "de, en;q=0.5"),
    ("Accept-Language", "de@x"),
    ("Content-Language", "de"),
    ("Content-Language", "de:x"),
    ("Range", "bytes=0-99"),
    ("Range", "bytes=-5"),
    ("Range", "bytes=0-1,3-4"),
    ("X-Requested-With", "XMLHttpRequest"),
    ("Last-Event-ID", "1"),
    ("Origin", "http://shop.localhost"),
    ("Cookie", "u=0"),
    ("Referer", "http://shop.localhost/"),
    ("Sec-Fetch-Site", "none"),
    ("X-HTTP-Method-Override", "DELETE"),
    ("X-HTTP-Method-Override", "TRACE"),
    ("Proxy-Authorization", "x"),
    ("DNT", "1"),
    ("If-None-Match", "\"a\""),
    ("Cache-Control", "no-cache"),
    ("Save-Data", "on"),
];

const ALLOWED_ORIGINS: &[&str] = &[
    "",
    "{origin}",
    "{origin}",
    "{origin}",
    "{origin}",
    "*",
    "*",
    "null",
    "{origin}/",
    "http://other.test",
    "{origin},{origin}",
    "  {origin}  ",
    "true",
    "http://*.localhost",
];
const CREDENTIALS: &[&str] = &["", "", "true", "true", "true", "True", "TRUE", "1", "true, true"];
const METHOD_LISTS: &[&str] = &[
    "",
    "{method}",
    "{method}",
    "{method}",
    "GET, POST, PUT, DELETE, PATCH",
    "*",
    "put, patch",
    "GET POST",
    "GET,,PUT",
    "POST",
    "GET, HEAD, PUT, REPORT, DELETE",
];
const HEADER_LISTS: &[&str] = &[
    "",
    "{headers}",
    "{headers}",
    "{headers}",
    "*",
    "*",
    "Content-Type, X-Custom",
    "AUTHORIZATION, CONTENT-TYPE",
    "x-custom authorization",
    "*, authorization",
    "content-type,x-custom,accept,accept-language,content-language,range,if-none-match,\
     cache-control",
];
const MAX_AGES: &[&str] = &["", "", "600", "0", "-1", "abc", "5"];
const EXPOSED: &[&str] = &["", "", "X-One", "*", "x-one, X-Two", "Set-Cookie", "X-One X-Two"];
const COOKIES: &[&str] = &[
    "{c}=1",
    "{c}=1; SameSite=Lax",
    "{c}=1; SameSite=Strict; HttpOnly",
    "{c}=1; SameSite=None",
    "{c}=1; SameSite=None; Secure",
    "{c}=1; Secure",
    "{c}=1; SameSite=lAx; Path=/",
    "{c}=1; SameSite=Bogus",
    "{c}=1; Domain=shop.localhost; Path=/t",
    "{c}=1; Domain=localhost",
    "{c}=1; Domain=.shop.localhost",
    "{c}=1; Domain=other.test",
    "{c}=1; Max-Age=0",
    "{c}=1; Max-Age=600; Expires=Thu, 01 Jan 1970 00:00:00 GMT",
    "{c}=1; Path=/elsewhere",
    "__Host-{c}=1; Secure; Path=/",
    "__Host-{c}=1; Secure; Path=/; Domain=shop.localhost",
    "__Host-{c}=1; Path=/",
    "__Secure-{c}=1; Secure; SameSite=None",
    "__Secure-{c}=1",
];

impl Draw {
    pub(super) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut x = self.0;
        x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        x ^ (x >> 31)
    }

    /// True this many times of a hundred.
    fn is(&mut self, percent: u64) -> bool {
        self.next() % 100 < percent
    }

    fn of<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[(self.next() % all.len() as u64) as usize]
    }

    pub(super) fn trial(&mut self, id: usize) -> Trial {
        let mut from = *self.of(&From::ALL);
        let way = self.way(from);
        if way.navigates().is_some() && from == From::Sandbox {
            from = From::Evil;
        }
        let is_scripted = matches!(way, Way::Fetch | Way::Xhr { .. });
        let mode = match way {
            Way::Fetch if self.is(20) => Mode::NoCors,
            Way::Fetch if self.is(8) => Mode::SameOrigin,
            Way::Image | Way::Script | Way::Stylesheet if self.is(60) => Mode::NoCors,
            _ => Mode::Cors,
        };
        let method = match way {
            Way::Fetch | Way::Xhr { .. } => (*self.of(METHODS)).to_owned(),
            Way::Form(_) if self.is(70) => "POST".to_owned(),
            Way::Beacon => "POST".to_owned(),
            _ => "GET".to_owned(),
        };
        let headers = if is_scripted { self.headers() } else { Vec::new() };
        let body = self.body(way, &method);
        let credentials = self.credentials(way);
        let to = if self.is(70) { Site::Api } else { *self.of(&Site::ALL) };
        Trial {
            id,
            from,
            way,
            method,
            headers,
            body,
            mode,
            credentials,
            redirect: self.redirect(way),
            to,
            preflight: self.preflight(),
            replies: self.replies(id, way),
            twice: is_scripted && self.is(25),
        }
    }

    fn way(&mut self, from: From) -> Way {
        match self.next() % 100 {
            0..50 => Way::Fetch,
            50..62 => Way::Xhr { listens_to_upload: self.is(30) },
            62..70 => Way::Image,
            70..76 => Way::Script,
            76..80 => Way::Stylesheet,
            80..86 => Way::EventSource,
            86..90 => Way::Beacon,
            90..96 if from != From::Sandbox => Way::Form(Target::Frame),
            _ if from != From::Sandbox => Way::Link(Target::Frame),
            _ => Way::Fetch,
        }
    }

    fn headers(&mut self) -> Vec<(String, String)> {
        let mut headers: Vec<(String, String)> = Vec::new();
        while headers.len() < 3 && self.is(55) {
            let (name, value) = *self.of(HEADERS);
            headers.push((name.to_owned(), value.to_owned()));
        }
        if self.is(4) {
            headers.push(("Accept".to_owned(), "a".repeat(129)));
        }
        headers
    }

    fn body(&mut self, way: Way, method: &str) -> Body {
        let text = || "a=1".to_owned();
        let field = || vec![("a".to_owned(), "1".to_owned())];
        match way {
            Way::Form(_) if method == "GET" => Body::Empty,
            Way::Form(_) => match self.next() % 3 {
                0 => Body::UrlEncoded(text()),
                1 => Body::Multipart(field()),
                _ => Body::Plain("a=1\r\n".to_owned()),
            },
            Way::Beacon => match self.next() % 4 {
                0 => Body::Text(text()),
                1 => Body::UrlEncoded(text()),
                2 => Body::Blob("text/plain".to_owned(), b"a".to_vec()),
                _ => Body::Bytes(b"a=1".to_vec()),
            },
            Way::Fetch | Way::Xhr { .. } => {
                let bare = matches!(method.to_ascii_uppercase().as_str(), "GET" | "HEAD");
                if if bare { self.is(95) } else { self.is(25) } {
                    return Body::Empty;
                }
                match self.next() % 7 {
                    0 | 1 => Body::Text(r#"{"a":1}"#.to_owned()),
                    2 => Body::UrlEncoded(text()),
                    3 => Body::Multipart(field()),
                    4 => Body::Bytes(b"a=1".to_vec()),
                    5 => Body::Blob("application/json".to_owned(), b"{}".to_vec()),
                    _ => Body::Blob(String::new(), b"a".to_vec()),
                }
            }
            _ => Body::Empty,
        }
    }

    fn credentials(&mut self, way: Way) -> Credentials {
        match way {
            Way::Fetch => *self.of(&[
                Credentials::Omit,
                Credentials::SameOrigin,
                Credentials::SameOrigin,
                Credentials::Include,
                Credentials::Include,
            ]),
            _ => *self.of(&[Credentials::SameOrigin, Credentials::Include]),
        }
    }

    fn redirect(&mut self, way: Way) -> Redirect {
        match way {
            Way::Fetch if self.is(8) => Redirect::Manual,
            Way::Fetch if self.is(8) => Redirect::Error,
            _ => Redirect::Follow,
        }
    }

    fn list(&mut self, name: &str, values: &[&str]) -> Option<(String, String)> {
        let value = *self.of(values);
        (!value.is_empty()).then(|| (name.to_owned(), value.to_owned()))
    }

    /// What lets a page read, rightly more often than not.
    fn grant(&mut self) -> Vec<(String, String)> {
        if self.is(40) {
            return vec![
                ("Access-Control-Allow-Origin".to_owned(), "{origin}".to_owned()),
                ("Access-Control-Allow-Credentials".to_owned(), "true".to_owned()),
            ];
        }
        let mut headers = Vec::new();
        headers.extend(self.list("Access-Control-Allow-Origin", ALLOWED_ORIGINS));
        if self.is(3) {
            headers.extend(self.list("Access-Control-Allow-Origin", ALLOWED_ORIGINS));
        }
        headers.extend(self.list("Access-Control-Allow-Credentials", CREDENTIALS));
        headers
    }

    fn preflight(&mut self) -> Reply {
        let status = *self.of(&[204, 204, 204, 200, 200, 299, 301, 404, 401, 500]);
        let mut headers = self.grant();
        headers.extend(self.list("Access-Control-Allow-Methods", METHOD_LISTS));
        headers.extend(self.list("Access-Control-Allow-Headers", HEADER_LISTS));
        headers.extend(self.list("Access-Control-Max-Age", MAX_AGES));
        Reply { status, headers, on_to: None }
    }

    fn replies(&mut self, id: usize, way: Way) -> Vec<Reply> {
        let mut replies = Vec::new();
        while replies.len() < 3 && self.is(14) {
            let mut reply = self.reply(id, way);
            reply.status = *self.of(&[301, 302, 303, 307, 308]);
            reply.on_to = Some(*self.of(&Site::ALL));
            replies.push(reply);
        }
        replies.push(self.reply(id, way));
        replies
    }

    fn reply(&mut self, id: usize, way: Way) -> Reply {
        let status = match way {
            Way::Fetch | Way::Xhr { .. } => {
                *self.of(&[200, 200, 200, 200, 201, 204, 400, 404, 500])
            }
            _ => 200,
        };
        let mut headers = self.grant();
        let kind = match way {
            Way::Image => "image/gif",
            Way::Script => "text/javascript",
            Way::Stylesheet => "text/css",
            Way::EventSource => "text/event-stream",
            Way::Form(_) | Way::Link(_) => "text/html",
            _ => "application/json",
        };
        headers.push(("Content-Type".to_owned(), kind.to_owned()));
        headers.push(("Cache-Control".to_owned(), "no-store".to_owned()));
        headers.push(("X-One".to_owned(), "1".to_owned()));
        headers.push(("X-Two".to_owned(), "2".to_owned()));
        headers.extend(self.list("Access-Control-Expose-Headers", EXPOSED));
        if self.is(25) {
            let cookie = self.of(COOKIES).replace("{c}", &format!("c{id}"));
            headers.push(("Set-Cookie".to_owned(), cookie));
        }
        let is_element = matches!(way, Way::Image | Way::Script | Way::Stylesheet);
        if is_element && self.is(30) {
            let value = *self.of(&["same-origin", "same-site", "cross-origin", "Same-Origin"]);
            headers.push(("Cross-Origin-Resource-Policy".to_owned(), value.to_owned()));
        }
        if is_element && self.is(20) {
            headers.push(("X-Content-Type-Options".to_owned(), "nosniff".to_owned()));
        }
        Reply { status, headers, on_to: None }
    }
}
