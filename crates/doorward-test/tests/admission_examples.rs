//! The verifiers of `examples/admission`, run for real against proofs that the core makes.

use doorward_core::moment::Now;
use doorward_core::route;
use doorward_core::secret::Secret;
use doorward_core::settings::Settings;
use doorward_core::verdict::Verdict;
use doorward_test::sample::{Request, Rig};
use http::Method;
use serde_json::{Value, json};
use std::error::Error;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};
use tokio::process::Command;

type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// The key, and the same as the backends are given it.
const KEY: [u8; 32] = [0xfb; 32];
const KEY_TEXT: &str = "-_v7-_v7-_v7-_v7-_v7-_v7-_v7-_v7-_v7-_v7-_s";

/// Reads rows of proof, method, target and body, and prints for each whether it is admitted.
const PYTHON: &str = r#"
import json, sys
sys.path.insert(0, sys.argv[1])
from admission import admitted
rows = json.loads(sys.argv[2])
print(json.dumps([admitted(row[0], row[1], row[2], row[3].encode()) for row in rows]))
"#;
const NODE: &str = r#"
    const [folder, rows] = process.argv.slice(1);
    import(folder + "/admission.mjs").then(({ admitted }) =>
        console.log(JSON.stringify(JSON.parse(rows).map((row) => admitted(...row)))));
"#;
const WORKER: &str = r#"
    const [folder, rows] = process.argv.slice(1);
    const bytes = (text) => new TextEncoder().encode(text);
    import(folder + "/worker.mjs").then(async ({ admitted }) =>
        console.log(JSON.stringify(await Promise.all(JSON.parse(rows).map(
            ([proof, method, target, body]) =>
                admitted(process.env, proof, method, target, bytes(body)))))));
"#;

/// The proof that the core makes.
fn proof(gate_id: &str, key: [u8; 32], unix_s: u64, request: &Row) -> String {
    let mut settings = Settings::public();
    settings.gate_id = gate_id.to_owned();
    settings.credential.admission_key = Secret::new(key);
    settings.routes = vec![route::Settings {
        path: "/bound".to_owned(),
        bind_body: true,
        ..route::Settings::default()
    }];
    let rig = Rig::new(&settings);
    let method = Method::from_bytes(request.method.as_bytes()).expect("a method");
    let path = request.target.split('?').next().unwrap_or_default();
    let sent = Request::new(method.clone(), path, &[("host", "localhost")]);
    let at = rig.at(Now { steady_ns: 1, unix_s });
    let Verdict::Admit(admitted) = rig.judge(sent.view(), request.body.as_bytes(), at) else {
        panic!("{request:?} is admitted")
    };
    let edits = admitted.upstream_edits(&method, request.target);
    let Ok(edits) = edits else { panic!("the proof can be written") };
    let (name, value) = edits.into_adds().pop().expect("a proof");
    assert_eq!(name, "doorward-admitted");
    value.to_str().expect("text").to_owned()
}

#[derive(Clone, Copy, Debug)]
struct Row {
    method: &'static str,
    target: &'static str,
    body: &'static str,
}

const GET: Row = Row { method: "GET", target: "/v1/items?a=b&c", body: "" };
const POST: Row = Row { method: "POST", target: "/bound", body: "{\"a\":1}" };

/// Why, what the backend sees, and whether it is admitted.
fn rows(now: u64) -> Vec<(&'static str, Value, bool)> {
    let made = |row: &Row| proof("doorward", KEY, now, row);
    let row = |proof: String, seen: Row| json!([proof, seen.method, seen.target, seen.body]);
    let get = |proof: String| row(proof, GET);
    let (good, bound) = (made(&GET), made(&POST));
    let empty = Row { target: "/v1/items?", ..GET };
    let digest = bound.split('.').nth(4).expect("a digest").to_owned();
    vec![
        ("good", get(good.clone()), true),
        ("a body of its own", row(bound.clone(), POST), true),
        ("an empty query", row(made(&empty), empty), true),
        ("a body that is not bound", row(good.clone(), Row { body: "any", ..GET }), true),
        ("55 seconds old", get(proof("doorward", KEY, now - 55, &GET)), true),
        ("another path", row(good.clone(), Row { target: "/v1/items2?a=b&c", ..GET }), false),
        ("another query", row(good.clone(), Row { target: "/v1/items?a=b&d", ..GET }), false),
        ("no query", row(good.clone(), Row { target: "/v1/items", ..GET }), false),
        ("another method", row(good.clone(), Row { method: "DELETE", ..GET }), false),
        ("old", get(proof("doorward", KEY, now - 90, &GET)), false),
        ("from the future", get(proof("doorward", KEY, now + 90, &GET)), false),
        ("a newer time", get(good.replacen(&now.to_string(), &(now + 1).to_string(), 1)), false),
        ("another key", get(proof("doorward", [1; 32], now, &GET)), false),
        ("another gate", get(proof("staging", KEY, now, &GET)), false),
        ("another body", row(bound.clone(), Row { body: "{\"a\":2}", ..POST }), false),
        ("a body let loose", row(bound.replace(&digest, "-"), POST), false),
        ("an identity added", get(good.replacen(".-.", ".ann.", 1)), false),
        ("a cut MAC", get(good[..good.len() - 2].to_owned()), false),
        ("a seventh field", get(format!("{good}.x")), false),
        ("twice", get(format!("{good}, {good}")), false),
        ("another version", get(good.replacen("dwa1", "dwa2", 1)), false),
        ("nothing but dots", get(".....".to_owned()), false),
        ("empty", get(String::new()), false),
        ("none", json!([null, "GET", GET.target, ""]), false),
    ]
}

async fn check(program: &str, flag: &str, script: &str) -> Outcome<()> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
    let rows = rows(now);
    let seen: Vec<&Value> = rows.iter().map(|(_, seen, _)| seen).collect();
    let folder = Path::new(&std::env::var("CARGO_MANIFEST_DIR").expect("cargo says where"))
        .join("../../examples/admission");
    let mut command = Command::new(program);
    command.args([flag, script]).arg(folder.canonicalize()?).arg(json!(seen).to_string());
    command.env("DOORWARD_ADMISSION_KEY", KEY_TEXT).env("PYTHONDONTWRITEBYTECODE", "1");
    let output = command.env_remove("DOORWARD_GATE_ID").output().await?;
    let talk = String::from_utf8_lossy(&output.stderr);
    let got: Vec<bool> = serde_json::from_slice(&output.stdout).map_err(|_| talk.into_owned())?;
    assert_eq!(got.len(), rows.len());
    for ((why, _, want), got) in rows.iter().zip(got) {
        assert_eq!(got, *want, "{program}: {why}");
    }
    Ok(())
}

#[tokio::test]
async fn the_python_verifier_holds() -> Outcome<()> {
    check("python3", "-c", PYTHON).await
}

#[tokio::test]
async fn the_node_verifier_holds() -> Outcome<()> {
    check("node", "-e", NODE).await
}

#[tokio::test]
async fn the_worker_verifier_holds() -> Outcome<()> {
    check("node", "-e", WORKER).await
}
