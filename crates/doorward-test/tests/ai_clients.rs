//! OpenAI's own clients for Python and Node, unchanged but for their base URL and a key of the
//! gate's, before a stand-in for the provider: what works, and what they make of a refusal.

use doorward_test::ai_upstream::{AiUpstream, Event};
use doorward_test::running_gate::{GateOptions, RunningGate};
use doorward_test::tokens;
use serde_json::{Value, json};
use std::error::Error;
use std::path::PathBuf;
use tokio::process::Command;

type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// Whose client asks.
#[derive(Clone, Copy, Debug)]
enum Client {
    Python,
    Node,
}

const CLIENTS: [Client; 2] = [Client::Python, Client::Node];

/// The real key, which only the gate has.
const REAL: &str = "sk-the-real-one-of-this-test";

fn script(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("scripts/ai").join(name)
}

impl Client {
    fn command(self) -> Outcome<Command> {
        let variable = match self {
            Self::Python => "DOORWARD_AI_PYTHON",
            Self::Node => "DOORWARD_AI_PACKAGES",
        };
        let found = std::env::var_os(variable);
        let found =
            found.ok_or_else(|| format!("{variable} names nothing: run `cargo xtask test`"))?;
        let (program, name) = match self {
            Self::Python => (found.clone(), "ask.py"),
            Self::Node => ("node".into(), "ask.mjs"),
        };
        let mut command = Command::new(program);
        command.arg(script(name));
        if let Self::Node = self {
            command.arg(found);
        }
        Ok(command)
    }

    /// What it says of one call.
    async fn ask(self, gate: &RunningGate, deed: &str, model: &str) -> Outcome<Value> {
        let url = format!("http://{}/v1", gate.address());
        let mut command = self.command()?;
        command.args([&url, &tokens::api_key("program"), deed, model]).kill_on_drop(true);
        let output = command.output().await?;
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        let error = String::from_utf8_lossy(&output.stderr);
        serde_json::from_str(&said).map_err(|_| format!("{self:?}: {said}{error}").into())
    }
}

/// A gate before the stand-in, whose route has this budget.
async fn gate(upstream: &AiUpstream, budget: &str) -> Outcome<RunningGate> {
    let config = format!(
        "profile = \"authenticated\"\nunmatched = \"refuse\"\n\
         [secrets]\ninsecure_literal_secret = true\n\
         [layers.identity.keys]\nheader = \"authorization\"\nfile = {keys:?}\n\
         [layers.credential]\nadd = [{{ name = \"real\", header = \"authorization\", \
         value = \"Bearer {REAL}\" }}]\n\
         [layers.quota]\nbudgets = [{{ name = \"ai\", by = [\"user\"], {budget} }}]\n\
         [[route]]\npath = \"/v1/chat/completions\"\nmethods = [\"POST\"]\n\
         credential = [\"real\"]\nbudget = [\"ai\"]\n\
         ai = {{ models = [\"small\", \"endless\"], tokens_max = 1000 }}\n",
        keys = concat!(env!("CARGO_MANIFEST_DIR"), "/keys/kit-keys.toml"),
    );
    let upstream = upstream.url();
    let options = GateOptions { upstream: &upstream, config: &config, ..GateOptions::default() };
    RunningGate::start(options).await
}

#[tokio::test]
async fn whole_answers_and_streams_come_as_from_the_provider() -> Outcome<()> {
    for client in CLIENTS {
        let mut upstream = AiUpstream::start().await?;
        let gate = gate(&upstream, "limit = \"100000 tokens\"").await?;
        let said = client.ask(&gate, "whole", "small").await?;
        assert_eq!(said["text"], "word ".repeat(20), "{client:?}: {said}");
        assert!(said["total"].as_u64() > Some(20), "{client:?}: {said}");
        let said = client.ask(&gate, "stream", "small").await?;
        assert_eq!(said["pieces"], 20, "{client:?}: {said}");
        assert!(said["total"].as_u64() > Some(20), "usage is in the last chunk: {said}");
        let Some(Event::Asked(asked)) = upstream.events.recv().await else { panic!("it came") };
        let line = format!("authorization: Bearer {REAL}");
        assert!(asked.headers.contains(&line), "the gate has the key: {asked:?}");
        assert!(asked.headers.iter().all(|line| !line.contains("dwk1_")), "{asked:?}");
    }
    Ok(())
}

#[tokio::test]
async fn a_budget_that_is_over_is_an_error_of_theirs_and_no_hang() -> Outcome<()> {
    for client in CLIENTS {
        let mut upstream = AiUpstream::start().await?;
        let mut gate = gate(&upstream, "limit = \"1500 tokens\"").await?;
        // In the middle: what was said before stays said.
        let said = client.ask(&gate, "stream", "endless").await?;
        assert_eq!(said["error"], "APIError", "{client:?}: {said}");
        assert_eq!(said["code"], "quota/budget", "{client:?}: {said}");
        assert!(said["pieces"].as_u64() > Some(100), "{client:?}: {said}");
        assert_eq!(upstream.ended().await, Some(false), "its backend is aborted");
        // Before: it is told not to try again, and does not.
        let said = client.ask(&gate, "stream", "small").await?;
        assert_eq!(said["error"], "RateLimitError", "{client:?}: {said}");
        let want = (&json!(429), &json!("quota/budget"));
        assert_eq!((&said["status"], &said["code"]), want, "{client:?}: {said}");
        assert_eq!(upstream.asked(), 0, "it never came");
        let path = "/v1/chat/completions";
        for (status, cut) in [(200, json!("quota/budget")), (429, Value::Null)] {
            let line = gate.logged("POST", path).await?;
            assert_eq!((line.status, &line.whole["cut"]), (status, &cut), "{line:?}");
        }
        gate.log.close();
        assert_eq!(gate.log.recv().await, None, "{client:?} tried once");
    }
    Ok(())
}

#[tokio::test]
async fn a_wait_that_is_short_is_waited_by_the_client_itself() -> Outcome<()> {
    for client in CLIENTS {
        let upstream = AiUpstream::start().await?;
        // One request of some 120 tokens, reserved; a window that ends soon.
        let gate = gate(&upstream, "per = \"2s\", limit = \"140 tokens\"").await?;
        for _ in 0..4 {
            let said = client.ask(&gate, "whole", "small").await?;
            assert_eq!(said["text"], "word ".repeat(20), "{client:?}: {said}");
        }
    }
    Ok(())
}

#[tokio::test]
async fn a_model_that_may_not_be_asked_is_an_error_with_its_place() -> Outcome<()> {
    for client in CLIENTS {
        let mut upstream = AiUpstream::start().await?;
        let gate = gate(&upstream, "limit = \"1500 tokens\"").await?;
        let said = client.ask(&gate, "whole", "large").await?;
        assert_eq!(said["error"], "PermissionDeniedError", "{client:?}: {said}");
        assert_eq!((&said["status"], &said["code"]), (&json!(403), &json!("body/model")));
        assert_eq!(said["param"], "/model", "{client:?}: {said}");
        assert_eq!(upstream.asked(), 0, "it never came");
    }
    Ok(())
}

#[tokio::test]
async fn a_client_that_leaves_stops_the_backend() -> Outcome<()> {
    for client in CLIENTS {
        let mut upstream = AiUpstream::start().await?;
        let gate = gate(&upstream, "limit = \"1000000 tokens\"").await?;
        let said = client.ask(&gate, "leave", "endless").await?;
        assert_eq!(said, json!({ "pieces": 3 }), "{client:?}");
        assert_eq!(upstream.ended().await, Some(false), "{client:?}");
    }
    Ok(())
}
