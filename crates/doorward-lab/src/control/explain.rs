//! Why a page is not let: what was pasted, judged by the model. Nothing is sent.

use super::guard::no;
use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use doorward_browser::EngineId;
use doorward_probe::explain::{Case, Explained, Pasted, case, explain};
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wish {
    text: String,
    #[serde(default)]
    from: String,
    #[serde(default)]
    answers: String,
    #[serde(default)]
    engine: String,
}

/// Explains what was pasted.
pub(super) async fn pasted(Json(wish): Json<Wish>) -> Response {
    let engine = EngineId::of_word(&wish.engine);
    if engine.is_none() && !wish.engine.is_empty() {
        let said = "There are three engines: chromium, firefox and webkit.";
        return no(StatusCode::BAD_REQUEST, "engine", said);
    }
    let Wish { text, from, answers, .. } = &wish;
    match case(&Pasted { text, from: from.trim(), answers, engine }) {
        Ok(case) => Json(told(&case)).into_response(),
        Err(unclear) => {
            let body = json!({ "error": {
                "code": unclear.part, "says": unclear.says, "hint": unclear.mend,
            } });
            (StatusCode::BAD_REQUEST, Json(body)).into_response()
        }
    }
}

/// A case and its explanation, for the page.
fn told(case: &Case) -> Value {
    let explained = explain(case.engine, &case.page, &case.request, &case.answers);
    let Explained { judged, steps, consoles, others, changes, .. } = &explained;
    let rows = |rows: &[(EngineId, String)]| -> Vec<Value> {
        rows.iter().map(|(engine, said)| json!([engine.to_string(), said])).collect()
    };
    let consoles = consoles.iter().map(|(engine, said)| json!([engine.to_string(), said]));
    json!({
        "method": case.request.method,
        "url": case.request.url.as_str(),
        "page": case.page.origin().to_string(),
        "engine": case.engine.to_string(),
        "works": judged.works(),
        "sent": judged.is_sent(),
        "steps": steps,
        "why": {
            "id": judged.cause.id,
            "section": judged.cause.section,
            "link": judged.cause.link,
            "says": judged.cause.says,
            "detail": judged.cause.detail,
        },
        "consoles": consoles.collect::<Vec<_>>(),
        "others": rows(others),
        "changes": changes.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "page-changes": explained.page_changes,
        "hints": explained.hints,
        "warnings": explained.warnings,
        "notes": case.notes,
    })
}
