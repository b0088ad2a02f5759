//! `examples/admission/axum.rs` around one route, on a free port of 127.0.0.1, which it prints.

#[path = "../../../../examples/admission/axum.rs"]
#[expect(unreachable_pub, reason = "the example is a module of its readers' applications")]
mod admission;

use axum::Router;
use axum::routing::get;
use std::io;
use tokio::net::TcpListener;

#[tokio::main(flavor = "current_thread")]
async fn main() -> io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("listening on http://{}", listener.local_addr()?);
    let app = Router::new()
        .route("/api/data", get(async || "{\"items\":[]}").post(async |body: String| body))
        .layer(axum::middleware::from_fn(admission::only_through_the_gate));
    axum::serve(listener, app).await
}
