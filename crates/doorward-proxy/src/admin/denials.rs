//! `/denials`: who is denied while the gate runs; read by GET, changed by POST.

use super::{Desk, JSON, plain, problem};
use bytes::Bytes;
use doorward_core::denial::wish;
use doorward_core::header::{One, single};
use doorward_core::moment::Now;
use doorward_porter::denials;
use doorward_store::DenialError;
use http::header::{self, HeaderName, HeaderValue};
use http::{Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;

/// Bytes of a wish.
const WISH_BYTES_MAX: usize = 8 * 1024;
/// What browsers send along, and programs do not: no page has any business here.
const OF_BROWSERS: [HeaderName; 2] = [header::ORIGIN, HeaderName::from_static("sec-fetch-site")];

pub(super) async fn answer(desk: &Desk, request: Request<Incoming>) -> Response<Full<Bytes>> {
    let shared = &desk.shared;
    let now = shared.clock.now();
    match *request.method() {
        Method::GET | Method::HEAD => {
            denials::refresh(&shared.store, &shared.memory).await;
            match shared.store.denials(0).await {
                Some(list) => plain(StatusCode::OK, JSON, wish::list(&list.denials, now)),
                None => {
                    let what = "The store is away, so nobody knows who is denied by now.";
                    problem(StatusCode::SERVICE_UNAVAILABLE, "admin/store-away", what)
                }
            }
        }
        Method::POST => put(desk, request, now).await,
        _ => {
            let what = "This address is read by GET and changed by POST.";
            let mut response = problem(StatusCode::METHOD_NOT_ALLOWED, "admin/method", what);
            let methods = HeaderValue::from_static("GET, HEAD, POST");
            response.headers_mut().insert(header::ALLOW, methods);
            response
        }
    }
}

async fn put(desk: &Desk, request: Request<Incoming>, now: Now) -> Response<Full<Bytes>> {
    let headers = request.headers();
    if OF_BROWSERS.iter().any(|name| headers.contains_key(name)) {
        let what = "A page sent this; the operator's own programs send no Origin.";
        return problem(StatusCode::FORBIDDEN, "admin/browser", what);
    }
    let is_json = match single(headers, &header::CONTENT_TYPE) {
        One::Value(kind) => kind.eq_ignore_ascii_case(JSON),
        One::Absent | One::Repeated | One::Unreadable => false,
    };
    if !is_json {
        let what = "Send Content-Type: application/json, once.";
        return problem(StatusCode::UNSUPPORTED_MEDIA_TYPE, "admin/content-type", what);
    }
    let body = match Limited::new(request.into_body(), WISH_BYTES_MAX).collect().await {
        Ok(body) => body.to_bytes(),
        Err(_) => {
            let what = "The body broke off, or is longer than 8 KiB.";
            return problem(StatusCode::PAYLOAD_TOO_LARGE, "admin/body", what);
        }
    };
    let shared = &desk.shared;
    let gate = shared.setup.load().gate.clone();
    let denial = match wish::read(&body, &gate.issuer_names(), now) {
        Ok(denial) => denial,
        Err(error) => {
            return problem(StatusCode::BAD_REQUEST, "admin/wish", &error.to_string());
        }
    };
    match denials::put(&shared.store, &shared.memory, &denial, now).await {
        Ok(()) => {
            desk.log.audit(&denial, now);
            plain(StatusCode::OK, JSON, wish::done(&denial, now))
        }
        Err(error @ DenialError::Full) => {
            problem(StatusCode::CONFLICT, "admin/denials-full", &error.to_string())
        }
        Err(error @ DenialError::Unwritten(_)) => {
            problem(StatusCode::SERVICE_UNAVAILABLE, "admin/store-away", &error.to_string())
        }
    }
}
