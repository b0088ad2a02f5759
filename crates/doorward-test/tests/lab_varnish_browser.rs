//! The story of the forgotten `Vary` (A15), through a real Varnish in place of the lab's own cache.

use doorward_browser::EngineId;
use doorward_lab::browsers::BrowserOptions;
use doorward_lab::scenario::Side;
use doorward_lab::wire::What;
use doorward_test::browser::{Browser, Outcome, RunningLab, within};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::PathBuf;
use std::process::Stdio;
use tokio::net::TcpStream;
use tokio::process::{Child, Command};

/// A running Varnish, with a folder of its own.
struct Varnish {
    child: Child,
    folder: PathBuf,
    address: SocketAddr,
}

impl Varnish {
    /// Starts it before `behind`. Its key leaves one parameter out: the mark by which the lab tells
    /// its steps apart.
    async fn start(name: &str, behind: SocketAddr) -> Outcome<Self> {
        let folder = std::env::temp_dir().join(format!("doorward-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&folder)?;
        let port = behind.port();
        let vcl = format!(
            r#"vcl 4.1;
backend default {{ .host = "127.0.0.1"; .port = "{port}"; }}
sub vcl_hash {{
    hash_data(regsub(req.url, "[?&]lab=[0-9.]+", ""));
    hash_data(req.http.host);
    return (lookup);
}}
"#
        );
        let file = folder.join("lab.vcl");
        std::fs::write(&file, vcl)?;
        // It takes no free port by itself and says nothing of it: the one that is free now.
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port();
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let path = std::env::var("PATH").unwrap_or_default();
        let child = Command::new("varnishd")
            .env("PATH", format!("{path}:/usr/sbin:/sbin"))
            .args(["-F", "-j", "none", "-s", "malloc,16m", "-a", &address.to_string()])
            .arg("-n")
            .arg(folder.join("work"))
            .arg("-f")
            .arg(&file)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| format!("varnishd does not start: {error}"))?;
        let own = Self { child, folder, address };
        within("varnishd to listen", async {
            while TcpStream::connect(address).await.is_err() {
                tokio::task::yield_now().await;
            }
            Ok(())
        })
        .await?;
        Ok(own)
    }

    /// Ends it with its worker.
    async fn stop(mut self) -> Outcome<()> {
        if let Some(id) = self.child.id() {
            Command::new("kill").args(["-TERM", &id.to_string()]).status().await?;
        }
        self.child.wait().await?;
        Ok(std::fs::remove_dir_all(&self.folder)?)
    }
}

#[tokio::test]
async fn a_forgotten_vary_breaks_an_honest_page_and_the_gate_mends_it() -> Outcome<()> {
    let lab = RunningLab::start().await?;
    let browser = Browser::open_engine(EngineId::Chromium, BrowserOptions::default()).await?;
    browser.open_page(&lab.control.address()).await?;
    browser.wait_for(".answer").await?;
    browser.click(".all button").await?;
    let (behind, _open) = lab.control.lab().open_to_cache().await?;
    for side in [Side::Off, Side::On] {
        let (word, own) = if side == Side::Off { ("off", 1) } else { ("on", 2) };
        let varnish = Varnish::start(&format!("varnish-{word}"), behind).await?;
        lab.control.lab().put_cache(varnish.address);
        browser.run(&format!("location.hash = '#/s/missing-vary?gate={word}'"), &[]).await?;
        let chosen = format!("document.querySelectorAll('.gate input')[{own} - 1].checked");
        browser.until(&chosen).await?;
        browser.click("button.run").await?;
        browser.wait_for(".outcome").await?;
        assert_eq!(lab.stories_run(), own);
        let ran = {
            let results = lab.control.results();
            let found = results.stories().find(|ran| ran.gate == side).cloned();
            found.ok_or("the story was not run")?
        };
        let faults: Vec<_> = ran.steps.iter().flat_map(|step| &step.faults).collect();
        assert!(ran.ok, "{faults:?}");
        // The answers are Varnish's.
        for step in &ran.steps {
            let via = step.wire.iter().any(|message| match &message.what {
                What::Answer { headers, .. } => {
                    headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("x-varnish"))
                }
                What::Request { .. } | What::Broken => false,
            });
            assert!(via, "{side:?} {}", step.says);
        }
        let cached: Vec<bool> = ran.steps.iter().map(|step| step.seen.from_cache).collect();
        match side {
            Side::Off => assert_eq!(cached, [false, true, true, false, true]),
            Side::On => assert_eq!(cached, [false, false, true, false, false]),
        }
        varnish.stop().await?;
    }
    browser.close().await
}
