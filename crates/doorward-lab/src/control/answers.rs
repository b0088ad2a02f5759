//! What the page asks for, and what it is told.

use super::Control;
use super::guard::no;
use super::results::{Column, matrix_markdown, table_markdown};
use super::screens::{Screens, Watcher};
use super::story::Wish;
use crate::causes;
use crate::gate::Layer;
use crate::run::{RunError, run, self_test as self_test_of};
use crate::scenario::{Caller, CorsWord, Place, Side};
use crate::sites::Naming;
use axum::Json;
use axum::body::Body;
use axum::extract::{Query, State};
use axum::http::header::{CONTENT_TYPE, COOKIE, HeaderValue, SET_COOKIE, USER_AGENT};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use doorward_browser::{Engine, EngineId};
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;

type Own = State<Arc<Control>>;

/// Everything that the page begins with.
pub(super) async fn lab(State(control): Own, headers: HeaderMap) -> Json<Value> {
    let sites = control.lab.sites();
    let engine = engine_of(&headers).unwrap_or(EngineId::Chromium);
    let scenarios: Vec<Value> =
        control.scenarios.iter().map(|scenario| told(&control, scenario)).collect();
    let cors: Vec<Value> = CorsWord::ALL
        .into_iter()
        .map(|word| json!({ "word": word, "title": word.title() }))
        .collect();
    let pages = [Caller::Shop, Caller::Evil, Caller::Promo, Caller::OtherPort, Caller::Own];
    let pages: Vec<Value> = pages
        .into_iter()
        .filter_map(|caller| {
            Some(json!({ "word": caller, "origin": sites.page(caller, Side::Off)? }))
        })
        .collect();
    Json(json!({
        "scenarios": scenarios,
        "cors": cors,
        "layers": Layer::ALL.map(Layer::id),
        "columns": Column::all().iter().map(|column| column.title()).collect::<Vec<_>>(),
        "pages": pages,
        "engine": engine.word(),
        "engine-name": engine.to_string(),
        "naming": sites.naming,
        "tls": sites.tls,
        "api": sites.place(Place::Api, Side::Off),
        "gate": sites.place(Place::Api, Side::On),
        "balances": control.lab.balances(),
        "version": env!("CARGO_PKG_VERSION"),
    }))
}

/// A story as the page tells it.
fn told(control: &Control, scenario: &crate::scenario::Scenario) -> Value {
    let fill = |text: &str| control.lab.sites().fill(text, Side::Off);
    let short = |text: &str| fill(text).replace("http://", "").replace("https://", "");
    let steps: Vec<Value> = scenario
        .steps
        .iter()
        .map(|step| {
            json!({
                "says": step.says, "caller": step.caller, "attack": step.attack,
                "off": step.off.is_some(), "on": step.on.is_some(),
                "window": step.needs_window(), "times": step.times,
            })
        })
        .collect();
    json!({
        "id": scenario.id,
        "number": scenario.row.as_deref().map(|row| row.trim_start_matches('A')),
        "letter": scenario.letter,
        "room": scenario.room,
        "title": scenario.title,
        "story": short(&scenario.story),
        "ask": {
            "question": scenario.ask.question, "yes": scenario.ask.yes, "no": scenario.ask.no,
            "about": scenario.ask.about, "step": scenario.ask.step, "cookie": scenario.ask.cookie,
        },
        "lesson": scenario.lesson,
        "not-stopped": scenario.not_stopped,
        "waits-for": scenario.waits_for,
        "gate-only": scenario.gate_only,
        "passes": scenario.gate.asks_for_passes(),
        "cors": scenario.backend.cors,
        "not-on-http": scenario.not_on_http,
        "needs-window": {
            "off": scenario.needs_window(Side::Off), "on": scenario.needs_window(Side::On),
        },
        "steps": steps,
    })
}

#[derive(Deserialize)]
pub(super) struct ScreenId {
    screen: String,
}

/// The events of one screen, a line of JSON each, for as long as it listens.
pub(super) async fn events(
    State(control): Own,
    Query(asked): Query<ScreenId>,
    headers: HeaderMap,
) -> Response {
    let engine = engine_of(&headers).unwrap_or(EngineId::Chromium);
    let Some(seat) = Screens::seat(&control, &asked.screen, Engine::of(engine)) else {
        return no(
            StatusCode::SERVICE_UNAVAILABLE,
            "screens",
            "Too many pages of the lab are open.",
        );
    };
    let hello = json!({ "type": "hello", "engine": engine.word() }).to_string() + "\n";
    let lines = futures_util::stream::unfold((seat, Some(hello)), |(mut seat, first)| async move {
        let line = match first {
            Some(line) => line,
            None => seat.events.recv().await?,
        };
        Some((Ok::<_, std::convert::Infallible>(line), (seat, None)))
    });
    ([(CONTENT_TYPE, "application/x-ndjson")], Body::from_stream(lines)).into_response()
}

/// A screen says that it cannot show something: whoever waits for it need not.
pub(super) async fn stage(State(control): Own, Json(said): Json<Value>) -> Response {
    let url = said["url"].as_str().unwrap_or_default();
    control.lab.acts.give_up(url);
    StatusCode::NO_CONTENT.into_response()
}

/// Runs a story in the browser that asks for it.
pub(super) async fn run_story(State(control): Own, Json(wish): Json<Wish>) -> Response {
    let Some(engine) = control.screens.engine(&wish.screen) else {
        return no(StatusCode::CONFLICT, "screen", "This page does not listen; load it again.");
    };
    let watcher = Watcher { control: Arc::clone(&control), id: wish.screen.clone() };
    let mut spec = match wish.spec(&control, engine) {
        Ok(spec) => spec,
        Err(said) => return no(StatusCode::BAD_REQUEST, "wish", &said),
    };
    let ran = async {
        if spec.scenario.needs_window(spec.side) {
            spec.engine = watcher.measured(spec.engine.clone()).await?;
        }
        run(&control.lab, &spec, &watcher, &watcher).await
    };
    match ran.await {
        Ok(ran) => {
            let ran = control.results().take(ran, &spec.scenario, spec.is_changed());
            Json(&*ran).into_response()
        }
        Err(error) => {
            let code = match &error {
                RunError::Scene(_) => "scene",
                RunError::Screen(_) => "screen",
                RunError::NoSuchPage(_) => "page",
                RunError::NoSuchSide(_) => "side",
            };
            no(StatusCode::UNPROCESSABLE_ENTITY, code, &causes(&error))
        }
    }
}

#[derive(Deserialize)]
pub(super) struct TableForm {
    #[serde(default)]
    format: String,
}

/// Which stories were run, and whether all agreed.
pub(super) async fn results(State(control): Own) -> Json<Value> {
    let results = control.results();
    let stories = results.stories().map(|ran| {
        json!({ "scenario": ran.scenario, "gate": ran.gate, "engine": ran.engine, "ok": ran.ok })
    });
    Json(Value::Array(stories.collect()))
}

pub(super) async fn table(
    State(control): Own,
    Query(form): Query<TableForm>,
    headers: HeaderMap,
) -> Response {
    let engine = engine_of(&headers).unwrap_or(EngineId::Chromium);
    let rows = control.results().table(&control.scenarios, engine.word());
    if form.format == "markdown" {
        return table_markdown(&rows).into_response();
    }
    Json(rows).into_response()
}

pub(super) async fn matrix(State(control): Own, Query(form): Query<TableForm>) -> Response {
    let rows = control.results().matrix(&control.scenarios);
    if form.format == "markdown" {
        return matrix_markdown(&rows).into_response();
    }
    Json(rows).into_response()
}

/// Where the engines differ, of what was run.
pub(super) async fn differences(State(control): Own) -> Json<Value> {
    let found = control.results().differences(&control.scenarios);
    let rows = found.iter().map(|row| {
        let cells = row.engines.iter().map(
            |told| json!({ "engine": told.engine, "seen": told.seen, "says": told.text(row) }),
        );
        json!({
            "scenario": row.scenario, "gate": row.gate, "step": row.step, "says": row.says,
            "engines": cells.collect::<Vec<_>>(),
        })
    });
    Json(Value::Array(rows.collect()))
}

#[derive(Deserialize)]
pub(super) struct RunNumber {
    run: u64,
}

/// One page of a run, whole in itself.
pub(super) async fn record(State(control): Own, Json(asked): Json<RunNumber>) -> Response {
    let ran = control.results().run(asked.run);
    match ran {
        Some(ran) => {
            let page = crate::record::page(&[ran], control.scenarios());
            ([(CONTENT_TYPE, "text/html; charset=utf-8")], page).into_response()
        }
        None => no(StatusCode::NOT_FOUND, "run", "This run is not kept any more; run it again."),
    }
}

/// Everybody gets back what they had.
pub(super) async fn reset(State(control): Own) -> Json<Value> {
    control.lab.reset_bank();
    Json(json!({ "balances": control.lab.balances() }))
}

#[derive(Deserialize)]
pub(super) struct NamingWish {
    naming: Naming,
}

pub(super) async fn naming(State(control): Own, Json(wish): Json<NamingWish>) -> StatusCode {
    control.lab.rename(wish.naming);
    StatusCode::NO_CONTENT
}

/// Whether this browser resolves the names and says where requests come from: a hostile page is
/// shown in a frame, and calls the backend.
pub(super) async fn self_test(State(control): Own, Json(asked): Json<ScreenId>) -> Response {
    if control.screens.engine(&asked.screen).is_none() {
        return no(StatusCode::CONFLICT, "screen", "This page does not listen; load it again.");
    }
    let watcher = Watcher { control: Arc::clone(&control), id: asked.screen };
    Json(self_test_of(&control.lab, &watcher).await).into_response()
}

const SECURE: &str = "lab-secure=1; Path=/api/secure-cookie; Max-Age=10; Secure; SameSite=Strict";

/// Sets a `Secure` cookie, to see whether this browser keeps one from here.
pub(super) async fn set_secure_cookie() -> Response {
    let cookie = [(SET_COOKIE, HeaderValue::from_static(SECURE))];
    (StatusCode::NO_CONTENT, cookie).into_response()
}

pub(super) async fn secure_cookie(
    State(control): Own,
    Query(asked): Query<ScreenId>,
    headers: HeaderMap,
) -> Json<Value> {
    let kept = headers
        .get_all(COOKIE)
        .iter()
        .any(|line| line.to_str().is_ok_and(|line| line.contains("lab-secure=1")));
    control.screens.keeps_secure(&asked.screen, kept);
    Json(json!({ "secure": kept }))
}

pub(super) fn engine_of(headers: &HeaderMap) -> Option<EngineId> {
    let agent = headers.get_all(USER_AGENT).iter().next()?.to_str().ok()?;
    EngineId::of_user_agent(agent)
}
