//! A JSON API behind the gate: `cargo run -p doorward-tower --example axum`.

use axum::Router;
use axum::extract::ConnectInfo;
use axum::http::header::CONTENT_TYPE;
use axum::routing::{get, post};
use doorward_config::{Given, Machine};
use doorward_core::memory::Memory;
use doorward_core::moment::Chance;
use doorward_porter::chance::SystemChance;
use doorward_store::{MemoryStore, Sizes, Store};
use doorward_tower::GateLayer;
use std::error::Error;
use std::net::SocketAddr;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/axum.toml");
    let given = Given { file: Some(file.into()), ..Given::default() };
    let config =
        doorward_config::load(&given, &Machine, random()).map_err(|report| report.render(false))?;
    let store = Store::Memory(MemoryStore::new(Sizes::default(), random()));
    let gate = GateLayer::builder(config.gate, store.into(), Memory::new(100_000, random()).into())
        .insecure_partial(["message"])
        .peer_from(|has| has.get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip()))
        .observe(|seen| println!("{} {} {:?} {:?}", seen.method, seen.path, seen.came, seen.status))
        .build()?;
    let json = |body: &'static str| async move { ([(CONTENT_TYPE, "application/json")], body) };
    let app = Router::new()
        .route("/api/balance", get(move || json(r#"{"balance":100}"#)))
        .route("/api/transfer", post(move || json(r#"{"sent":true}"#)))
        .layer(gate);
    let listener = tokio::net::TcpListener::bind(config.listen).await?;
    println!("{}", include_str!("axum.txt"));
    let app = app.into_make_service_with_connect_info::<SocketAddr>();
    Ok(axum::serve(listener, app).await?)
}

fn random<const BYTES: usize>() -> [u8; BYTES] {
    let mut bytes = [0; BYTES];
    SystemChance.fill(&mut bytes);
    bytes
}
