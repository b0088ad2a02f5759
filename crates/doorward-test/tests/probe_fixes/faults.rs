//! What is wrong with the axum application: for tower-http, and behind what stands in front.

use crate::APP;
use crate::applications::{Parts, around};
use axum::Router;
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use tower::ServiceExt;
use tower_http::cors::{AllowOrigin, CorsLayer};
use tower_http::set_header::SetResponseHeaderLayer;

/// The parts of the faulty application, by the check that finds its fault.
pub(crate) fn faulty(check: &str) -> Option<Parts> {
    Some(match check {
        "C-01" => around(|app| {
            let mirror = CorsLayer::new().allow_origin(AllowOrigin::mirror_request());
            app.layer(mirror.allow_credentials(true))
        }),
        "C-02" => {
            around(|app| app.layer(CorsLayer::new().allow_origin(AllowOrigin::mirror_request())))
        }
        "C-04" => saying(|_| vec![(ALLOW, "*".to_owned()), (CREDENTIALS, "true".to_owned())]),
        "C-05" => allowing(|origin| origin == APP || origin == "null"),
        "C-06" => allowing(|origin| origin.ends_with("app.example")),
        "C-07" => allowing(|origin| origin == APP || origin.ends_with(".app.example")),
        "C-08" => allowing(|origin| origin == APP || origin == "http://app.example"),
        "C-09" => allowing(|origin| origin == APP || origin.starts_with("http://localhost:")),
        "C-10" => allowing(|origin| origin.ends_with(".vercel.app")),
        "C-11" => saying(|_| vec![(ALLOW, format!("{APP}/"))]),
        "C-12" => saying(|_| vec![(ALLOW, APP.to_owned()), (CREDENTIALS, "True".to_owned())]),
        "P-19" => allowing(|origin| {
            let names = ["foo.example", "bar.example"];
            let host = origin.strip_prefix("https://").unwrap_or_default();
            let rest = names.iter().find_map(|name| host.strip_suffix(name));
            rest.is_some_and(|rest| matches!(rest, "" | "foo" | "bar"))
        }),
        "P-21" => allowing(|origin| origin.ends_with(".co.uk")),
        "P-22" => saying(|request| {
            let chosen = said(request, "referer");
            let chosen = chosen.map(|page| page.trim_end_matches('/').to_owned());
            vec![(ALLOW, chosen.unwrap_or_else(|| APP.to_owned()))]
        }),
        "C-14" => around(|app| {
            let name = header::ACCESS_CONTROL_ALLOW_ORIGIN;
            app.layer(SetResponseHeaderLayer::overriding(name, HeaderValue::from_static(APP)))
        }),
        "C-15" => approving(|_| vec![(METHODS, "put, post".to_owned())]),
        "C-16" => approving(|request| {
            let mirrored = |from: &str| said(request, from).unwrap_or_default();
            vec![
                (ALLOW, mirrored("origin")),
                (CREDENTIALS, "true".to_owned()),
                (METHODS, mirrored("access-control-request-method")),
                (HEADERS, mirrored("access-control-request-headers")),
            ]
        }),
        "C-17" => around(|app| app.layer(list()).layer(from_fn(approve_all))),
        "C-18" => around(run_preflights),
        "C-19" => approving(|_| vec![("access-control-max-age", "0".to_owned())]),
        "C-26" => approving(|_| vec![("access-control-allow-private-network", "true".to_owned())]),
        "C-21" => around(|app| app.layer(list().vary([]))),
        "C-13" => around(|app| app.route_layer(list())),
        "C-20" => saying(|request| match said(request, "origin").is_some_and(|own| own == APP) {
            true => vec![
                (ALLOW, APP.to_owned()),
                (CREDENTIALS, "true".to_owned()),
                ("access-control-expose-headers", "*".to_owned()),
            ],
            false => Vec::new(),
        }),
        "C-27" | "C-28" | "R-01" | "T-07" | "X-01" | "X-08" | "X-14" => Parts::default(),
        "C-31" => around(answer_trace),
        "R-02" => counting(|app| app, |request| said(request, "x-forwarded-for")),
        "R-08" => counting(|app| app.layer(list()), |_| None),
        "X-02" => taking(|kind| kind.is_empty() || kind.starts_with("application/json")),
        "X-03" => taking(|kind| kind.contains("application/json")),
        "X-07" => around(refuse_some),
        "K-01" => cookie("session=of-ann"),
        "K-03" => cookie("session=of-ann; HttpOnly; SameSite=None"),
        "K-04" => cookie("session=of-ann; HttpOnly; Secure; SameSite=Weak"),
        "K-05" => cookie("session=of-ann; HttpOnly; Secure; SameSite=Lax; Domain=other.example"),
        "K-06" => cookie("__Secure-session=of-ann; HttpOnly; SameSite=Lax"),
        _ => return None,
    })
}

const ALLOW: &str = "access-control-allow-origin";
const CREDENTIALS: &str = "access-control-allow-credentials";
const METHODS: &str = "access-control-allow-methods";
const HEADERS: &str = "access-control-allow-headers";

/// What an answer says, by the request.
type Words = Vec<(&'static str, String)>;

fn said(request: &Request, name: &str) -> Option<String> {
    request.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned)
}

fn dressed(mut response: Response, words: Words) -> Response {
    for (name, value) in words {
        let value = HeaderValue::from_str(&value).expect("a value of a header");
        response.headers_mut().insert(name, value);
    }
    response.headers_mut().insert(header::VARY, HeaderValue::from_static("Origin"));
    response
}

/// Every answer says so.
fn saying(words: fn(&Request) -> Words) -> Parts {
    around(move |app| {
        app.layer(from_fn(move |request: Request, next: Next| async move {
            let words = words(&request);
            dressed(next.run(request).await, words)
        }))
    })
}

/// Pages of these origins read, with cookies.
fn allowing(is_allowed: fn(&str) -> bool) -> Parts {
    around(move |app| {
        app.layer(from_fn(move |request: Request, next: Next| async move {
            let origin = said(&request, "origin").filter(|origin| is_allowed(origin));
            let words =
                origin.map(|origin| vec![(ALLOW, origin), (CREDENTIALS, "true".to_owned())]);
            dressed(next.run(request).await, words.unwrap_or_default())
        }))
    })
}

/// The list's pages read, and their preflights are answered, with these words besides.
fn approving(words: fn(&Request) -> Words) -> Parts {
    around(move |app| {
        app.layer(from_fn(move |request: Request, next: Next| async move {
            let origin = said(&request, "origin").filter(|origin| origin == APP);
            let mut own: Words = origin.map(|origin| (ALLOW, origin)).into_iter().collect();
            own.extend(words(&request));
            if request.method() != Method::OPTIONS {
                return dressed(next.run(request).await, own);
            }
            if !own.is_empty() {
                own.insert(0, (METHODS, "PUT, POST".to_owned()));
                own.insert(0, (HEADERS, "content-type".to_owned()));
            }
            dressed(StatusCode::NO_CONTENT.into_response(), own)
        }))
    })
}

fn list() -> CorsLayer {
    CorsLayer::new().allow_origin([HeaderValue::from_static(APP)])
}

fn cookie(text: &'static str) -> Parts {
    let sign_in = move |response: &mut Response| {
        response.headers_mut().append(header::SET_COOKIE, HeaderValue::from_static(text));
    };
    Parts { sign_in: Arc::new(sign_in), ..Parts::default() }
}

/// Approves every preflight, whatever the answer says later.
async fn approve_all(request: Request, next: Next) -> Response {
    if request.method() != Method::OPTIONS {
        return next.run(request).await;
    }
    let mut headers = HeaderMap::new();
    let own = |name: HeaderName| request.headers().get(name).cloned();
    for (name, value) in [
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, own(header::ORIGIN)),
        (header::ACCESS_CONTROL_ALLOW_METHODS, own(header::ACCESS_CONTROL_REQUEST_METHOD)),
        (header::ACCESS_CONTROL_ALLOW_HEADERS, own(header::ACCESS_CONTROL_REQUEST_HEADERS)),
    ] {
        headers.extend(value.map(|value| (name, value)));
    }
    (StatusCode::NO_CONTENT, headers).into_response()
}

/// Gives preflights to the code of the operation.
fn run_preflights(app: Router) -> Router {
    Router::new().fallback(async move |mut request: Request| {
        if request.method() == Method::OPTIONS {
            *request.method_mut() = Method::GET;
        }
        app.oneshot(request).await
    })
}

/// Sends back what is asked by TRACE (RFC 9110 9.3.8).
fn answer_trace(app: Router) -> Router {
    app.layer(from_fn(async |request: Request, next: Next| -> Response {
        if request.method() != Method::TRACE {
            return next.run(request).await;
        }
        let mut text = format!("TRACE {} HTTP/1.1\r\n", request.uri());
        for (name, value) in request.headers() {
            text.push_str(&format!("{name}: {}\r\n", value.to_str().unwrap_or_default()));
        }
        ([(header::CONTENT_TYPE, "message/http")], text).into_response()
    }))
}

/// Serves ten, of each word that a request has for itself. What stands inside dresses no refusal.
fn counting(inner: fn(Router) -> Router, word: fn(&Request) -> Option<String>) -> Parts {
    let counts: Arc<Mutex<HashMap<String, usize>>> = Arc::default();
    around(move |app| {
        let counts = counts.clone();
        inner(app).layer(from_fn(move |request: Request, next: Next| {
            let word = word(&request).unwrap_or_default();
            let count = {
                let mut counts = counts.lock().expect("nobody panics with it");
                let count = counts.entry(word).or_default();
                *count += 1;
                *count
            };
            async move {
                match count {
                    ..=10 => next.run(request).await,
                    _ => (StatusCode::TOO_MANY_REQUESTS, [(header::RETRY_AFTER, "60")])
                        .into_response(),
                }
            }
        }))
    })
}

/// Takes bodies of these types.
fn taking(is_taken: fn(&str) -> bool) -> Parts {
    around(move |app| {
        app.layer(from_fn(move |request: Request, next: Next| async move {
            let kind = said(&request, "content-type").unwrap_or_default();
            match request.method().is_safe() || is_taken(&kind) {
                true => next.run(request).await,
                false => StatusCode::UNSUPPORTED_MEDIA_TYPE.into_response(),
            }
        }))
    })
}

/// Refuses strangers by how their origin begins, and takes `null` for nobody.
fn refuse_some(app: Router) -> Router {
    app.layer(from_fn(async |request: Request, next: Next| -> Response {
        let origin = said(&request, "origin").unwrap_or_else(|| "null".to_owned());
        let is_let = request.method().is_safe() || origin == "null" || origin.starts_with(APP);
        match is_let {
            true => next.run(request).await,
            false => StatusCode::FORBIDDEN.into_response(),
        }
    }))
}
