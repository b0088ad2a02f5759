//! What is wrong with the axum application: for tower-http, and behind what stands in front.

use crate::APP;
use crate::applications::{Parts, around};
use axum::Router;
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use std::sync::Arc;
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
