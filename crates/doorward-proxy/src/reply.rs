//! The gate's own answers, as hyper's responses, and as bytes where hyper is gone already.

use crate::body::AnswerBody;
use crate::client::Client;
use crate::observe::Record;
use doorward_core::verdict::Reply;
use http::header::{self, HeaderValue};
use http::{Response, StatusCode};
use std::io::Write;
use std::sync::Arc;

/// An answer as a response.
pub(crate) fn response(
    reply: Reply,
    client: &Arc<Client>,
    record: Option<Box<Record>>,
    number: u64,
) -> Response<AnswerBody> {
    let body = AnswerBody::own(reply.body, Arc::clone(client), record);
    let mut response = Response::new(body);
    *response.status_mut() = reply.status;
    *response.headers_mut() = reply.headers;
    if !client.line.is_complete(number) && !client.line.is_stream() {
        // What is left of the client's body is not read as one; see `connection::linger`.
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    response
}

/// An answer as the bytes of an HTTP/1.1 response that ends its connection.
pub(crate) fn raw(reply: &Reply) -> Vec<u8> {
    let mut out = Vec::with_capacity(1_024);
    let name = reply.status.canonical_reason().unwrap_or("Refused");
    // Writing to a vector does not fail.
    let _ = write!(out, "HTTP/1.1 {} {name}\r\n", reply.status.as_u16());
    for (name, value) in &reply.headers {
        out.extend_from_slice(name.as_str().as_bytes());
        out.extend_from_slice(b": ");
        out.extend_from_slice(value.as_bytes());
        out.extend_from_slice(b"\r\n");
    }
    if reply.status != StatusCode::NO_CONTENT {
        let _ = write!(out, "content-length: {}\r\n", reply.body.len());
    }
    out.extend_from_slice(b"connection: close\r\n\r\n");
    out.extend_from_slice(&reply.body);
    out
}
