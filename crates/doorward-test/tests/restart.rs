//! The program ends and begins again with the same secret: what was signed before is refused, since
//! nobody remembers any more whether it was used; whoever asks for a new pass is served.

use doorward_test::own_page::{OWN, PATH, backend, get, pass, signed, ticket};
use doorward_test::running_gate::{GateOptions, RunningGate};
use serde_json::Value;
use std::error::Error;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// A file of a test's own with a secret in it.
struct Secret(PathBuf);

impl Drop for Secret {
    fn drop(&mut self) {
        // It lies in the system's folder for such things.
        let _ = std::fs::remove_file(&self.0);
    }
}

impl Secret {
    fn new() -> std::io::Result<Self> {
        let name = format!("doorward-restart-{}.key", std::process::id());
        let path = std::env::temp_dir().join(name);
        std::fs::write(&path, "a secret that outlives the gate of this test, 32 bytes or more")?;
        Ok(Self(path))
    }

    fn config(&self) -> String {
        let file = format!("file:{}", self.0.display());
        format!(
            "external = [{OWN:?}]\n[layers.pass]\nmode = \"enforce\"\n\
             [secrets]\nsigning = [{file:?}]\n"
        )
    }
}

async fn start(upstream: &str, secret: &Secret) -> Outcome<RunningGate> {
    let config = secret.config();
    RunningGate::start(GateOptions { upstream, config: &config, ..GateOptions::default() }).await
}

#[tokio::test]
async fn what_was_signed_before_a_restart_is_refused_and_a_new_pass_works() -> Outcome<()> {
    let (ran, secret) = (Arc::new(AtomicUsize::new(0)), Secret::new()?);
    let upstream = format!("http://{}", backend(Arc::clone(&ran)).await?);
    let gate = start(&upstream, &secret).await?;
    let before = pass(&gate).await?;
    let (used, fresh) = (signed(&before, 1), signed(&before, 2));
    assert_eq!(get(&gate, PATH, &used).await?.said(), (200, ""));
    let link = ticket(&gate, &before, 3).await?;
    assert_eq!(get(&gate, &link, &[]).await?.said(), (200, ""));
    let unused = ticket(&gate, &before, 4).await?;
    assert_eq!(get(&gate, PATH, &used).await?.said(), (409, "pass/used"));
    assert_eq!(ran.load(Ordering::SeqCst), 2);
    gate.stop().await?;

    let gate = start(&upstream, &secret).await?;
    for headers in [&used, &fresh] {
        let answer = get(&gate, PATH, headers).await?;
        assert_eq!(answer.said(), (403, "pass/other-instance"));
        // So a client may ask for a new pass and send the request once more.
        let problem: Value = serde_json::from_str(&answer.body)?;
        assert_eq!(problem["executed"], "no", "{problem}");
    }
    for link in [&link, &unused] {
        assert_eq!(get(&gate, link, &[]).await?.said(), (403, "pass/other-instance"));
    }
    assert_eq!(ran.load(Ordering::SeqCst), 2, "nothing of that ran");
    let after = pass(&gate).await?;
    assert_eq!(get(&gate, PATH, &signed(&after, 1)).await?.said(), (200, ""));
    let link = ticket(&gate, &after, 3).await?;
    assert_eq!(get(&gate, &link, &[]).await?.said(), (200, ""));
    assert_eq!(ran.load(Ordering::SeqCst), 4);
    gate.stop().await
}
