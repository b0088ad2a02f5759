//! The lab's own server: its page, and what the page asks for.
//!
//! It can move the lab's money, so it is guarded as an admin listener is: a listed `Host` (a page
//! that rebinds a name has its own), a token of this run's that only the printed address holds, and
//! nothing for other origins to read. What a link says is data: nothing runs without a click.

mod answers;
mod assets;
mod desk;
mod differences;
mod explain;
mod guard;
mod results;
mod screens;
mod state;
mod story;

pub use differences::{Difference, Told};
pub use results::{
    Cell, Column, MatrixRow, Results, TableCell, TableRow, matrix_markdown, table_markdown,
};
pub(crate) use screens::Watcher;
pub use state::Control;

use crate::net::{Bound, Serving, serve};
use axum::Router;
use axum::extract::Request;
use axum::middleware::from_fn_with_state;
use axum::routing::{get, post};
use std::sync::Arc;
use tower::ServiceExt;

impl Control {
    /// Serves the lab's page on its port, until what is returned is dropped.
    #[must_use]
    pub fn serve(self: &Arc<Self>, bound: Bound) -> Serving {
        let router = self.router();
        serve(bound, None, move |_| {
            let router = router.clone();
            move |request: http::Request<hyper::body::Incoming>| {
                let router = router.clone();
                let request: Request = request.map(axum::body::Body::new);
                async move {
                    let answer = router.oneshot(request).await;
                    answer.unwrap_or_else(|never| match never {})
                }
            }
        })
    }

    /// Whoever watches first; waits for one.
    pub(crate) async fn first_watcher(self: &Arc<Self>) -> Watcher {
        Watcher { control: Arc::clone(self), id: self.screens.first().await }
    }

    fn router(self: &Arc<Self>) -> Router {
        let guarded = Router::new()
            .route("/api/lab", get(answers::lab))
            .route("/api/events", get(answers::events))
            .route("/api/stage", post(answers::stage))
            .route("/api/runs", post(answers::run_story))
            .route("/api/results", get(answers::results))
            .route("/api/table", get(answers::table))
            .route("/api/matrix", get(answers::matrix))
            .route("/api/differences", get(answers::differences))
            .route("/api/record", post(answers::record))
            .route("/api/reset", post(answers::reset))
            .route("/api/naming", post(answers::naming))
            .route("/api/self-test", post(answers::self_test))
            .route(
                "/api/secure-cookie",
                get(answers::secure_cookie).post(answers::set_secure_cookie),
            )
            .route("/api/desk", post(desk::call))
            .route("/api/copy", post(desk::copy))
            .route("/api/judge", post(desk::judge))
            .route("/api/explain", post(explain::pasted))
            .route_layer(from_fn_with_state(Arc::clone(self), guard::token));
        Router::new()
            .merge(guarded)
            .route("/", get(assets::page))
            .route("/stage", get(assets::stage))
            .route("/assets/{*path}", get(assets::asset))
            .layer(from_fn_with_state(Arc::clone(self), guard::host))
            .with_state(Arc::clone(self))
    }
}
