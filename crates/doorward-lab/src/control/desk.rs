//! The attacker's desk: a curl line, sent for real. And the request builder's three lights.

use super::Control;
use super::guard::no;
use super::story::Built;
use crate::acts::Act;
use crate::client::{Call, CallError};
use crate::curl::{self, Form, copied};
use crate::predict;
use crate::scenario::{Place, Side};
use crate::wire::Mark;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::json;
use std::sync::Arc;

/// Characters of an answer's body that are shown.
const BODY_CHARS_MAX: usize = 16 * 1024;
/// The step of what the desk sends: it belongs to no story.
const STEP: u32 = 1_000;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Line {
    line: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CopyWish {
    line: String,
    form: Form,
}

/// Sends a line to one of the scenarios' sites, and to nobody else.
pub(super) async fn call(State(control): State<Arc<Control>>, Json(asked): Json<Line>) -> Response {
    let call = match curl::read(&asked.line) {
        Ok(call) => call,
        Err(error) => return malformed(&error),
    };
    // What stands behind the taps is that of the story before; nothing is behind them at first.
    let Some(mark) = control.lab.desk_mark(STEP).await else {
        return no(StatusCode::SERVICE_UNAVAILABLE, "scene", "The backend does not start.");
    };
    let marked = Call { url: mark.on(&call.url), ..call };
    match control.lab.call(&marked).await {
        Ok(answered) => {
            let text = String::from_utf8_lossy(&answered.body);
            let body: String = text.chars().take(BODY_CHARS_MAX).collect();
            Json(json!({
                "status": answered.status,
                "headers": answered.headers,
                "body": body,
                "log": control.lab.desk_log(mark).await,
                "balances": control.lab.balances(),
            }))
            .into_response()
        }
        Err(error @ CallError::NotOurs(_)) => {
            let sites = control.lab.sites();
            let own = [
                sites.place(Place::Api, Side::Off),
                sites.place(Place::Api, Side::On),
                sites.place(Place::Cdn, Side::Off),
                sites.place(Place::PaidAi, Side::Off),
            ];
            let said = format!("{error}. Its sites are {}.", own.join(", "));
            no(StatusCode::UNPROCESSABLE_ENTITY, "address", &said)
        }
        Err(error) => no(StatusCode::UNPROCESSABLE_ENTITY, "call", &error.to_string()),
    }
}

/// The same request in another language.
pub(super) async fn copy(Json(asked): Json<CopyWish>) -> Response {
    match curl::read(&asked.line) {
        Ok(call) => Json(json!({ "text": copied(&call, asked.form) })).into_response(),
        Err(error) => malformed(&error),
    }
}

fn malformed(error: &curl::CurlError) -> Response {
    let body = json!({ "error": {
        "code": "line", "says": error.what, "hint": error.hint, "at": error.at,
    } });
    (StatusCode::BAD_REQUEST, Json(body)).into_response()
}

/// Says of a request that is being built whether a browser would ask first, and why.
pub(super) async fn judge(
    State(control): State<Arc<Control>>,
    Json(built): Json<Built>,
) -> Response {
    let said = match built.said() {
        Ok(said) => said,
        Err(said) => return no(StatusCode::BAD_REQUEST, "request", &said),
    };
    let sites = control.lab.sites();
    let origin = sites.page(built.caller(), Side::Off).unwrap_or_default();
    let mark = Mark { run: 0, step: 0 };
    let act = Act {
        origin,
        way: built.way(),
        method: said.method.clone().unwrap_or_default(),
        url: format!("{}{}", sites.place(Place::Api, Side::Off), mark.on(&said.path)),
        said,
        says: String::new(),
        script: None,
    };
    match predict::conditions(&act) {
        Some(conditions) => {
            Json(json!({ "conditions": conditions, "shown": act.shown() })).into_response()
        }
        None => no(StatusCode::BAD_REQUEST, "request", "This makes no address: look at the path."),
    }
}
