//! The lab with its page, on free ports, in this process.

use super::{Browser, Outcome};
use doorward_lab::control::Control;
use doorward_lab::lab::{Lab, LabOptions};
use doorward_lab::net::Serving;
use fantoccini::wd::WebDriverCompatibleCommand;
use http::Method;
use serde_json::{Value, json};
use std::sync::Arc;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A running lab.
pub struct RunningLab {
    /// Its control server.
    pub control: Arc<Control>,
    /// The port of its page.
    pub port: u16,
    _serving: Serving,
}

impl RunningLab {
    /// Starts everything.
    ///
    /// # Errors
    ///
    /// When it does not start.
    pub async fn start() -> Outcome<Self> {
        let options = LabOptions { any_ports: true, ..LabOptions::default() };
        let (lab, bound) = Lab::start(options).await?;
        let port = bound.port();
        let control = Control::new(lab, Vec::new())?;
        let serving = control.serve(bound);
        Ok(Self { control, port, _serving: serving })
    }

    /// What an account has.
    #[must_use]
    pub fn balance(&self, name: &str) -> i64 {
        let balances = self.control.lab().balances();
        balances.iter().find(|(own, _)| *own == name).map_or(0, |(_, money)| *money)
    }

    /// Sends a line from the attacker's desk, as the lab's own page does.
    ///
    /// # Errors
    ///
    /// When the lab does not do it.
    pub async fn desk(&self, line: &str) -> Outcome<()> {
        let (port, address) = (self.port, self.control.address());
        let (_, token) = address.split_once("token=").ok_or("an address without a token")?;
        let body = json!({ "line": line }).to_string();
        let head = format!(
            "POST /api/desk HTTP/1.1\r\nHost: localhost:{port}\r\nConnection: close\r\nLab-Token: \
             {token}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        let mut stream = TcpStream::connect(("127.0.0.1", port)).await?;
        stream.write_all(format!("{head}{body}").as_bytes()).await?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await?;
        if answer.starts_with("HTTP/1.1 200") { Ok(()) } else { Err(answer.into()) }
    }

    /// How many stories were run.
    #[must_use]
    pub fn stories_run(&self) -> usize {
        self.control.results().stories().count()
    }
}

/// A command of Chromium's own protocol.
#[derive(Debug)]
struct Chromium {
    command: &'static str,
    parameters: Value,
}

impl WebDriverCompatibleCommand for Chromium {
    fn endpoint(
        &self,
        base: &url::Url,
        session: Option<&str>,
    ) -> Result<url::Url, url::ParseError> {
        base.join(&format!("session/{}/goog/cdp/execute", session.unwrap_or_default()))
    }

    fn method_and_body(&self, _: &url::Url) -> (Method, Option<String>) {
        let body = json!({ "cmd": self.command, "params": self.parameters });
        (Method::POST, Some(body.to_string()))
    }
}

impl Browser {
    /// Waits until a script's expression holds in the page.
    ///
    /// # Errors
    ///
    /// When it does not come to hold, or the page is gone.
    pub async fn until(&self, expression: &str) -> Outcome<()> {
        let script = format!("return Boolean({expression})");
        super::within(expression, async {
            while self.client().execute(&script, vec![]).await? != true {
                tokio::task::yield_now().await;
            }
            Ok(())
        })
        .await
    }

    /// The value of a script's expression in the page.
    ///
    /// # Errors
    ///
    /// When it throws.
    pub async fn value(&self, expression: &str) -> Outcome<Value> {
        Ok(self.client().execute(&format!("return {expression}"), vec![]).await?)
    }

    /// Presses a key, wherever the page has its focus.
    ///
    /// # Errors
    ///
    /// When the page is gone.
    pub async fn press(&self, key: &str) -> Outcome<()> {
        let active = self.client().active_element().await?;
        Ok(active.send_keys(key).await?)
    }

    /// Makes Chromium's page as wide and high as that.
    ///
    /// # Errors
    ///
    /// When it is no Chromium.
    pub async fn set_size(&self, width: u32, height: u32) -> Outcome<()> {
        let parameters =
            json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
        self.chromium("Emulation.setDeviceMetricsOverride", parameters).await
    }

    /// Has Chromium's pages believe that the person prefers dark, or light.
    ///
    /// # Errors
    ///
    /// When it is no Chromium.
    pub async fn set_dark(&self, dark: bool) -> Outcome<()> {
        let value = if dark { "dark" } else { "light" };
        let features = json!([{ "name": "prefers-color-scheme", "value": value }]);
        self.chromium("Emulation.setEmulatedMedia", json!({ "features": features })).await
    }

    async fn chromium(&self, command: &'static str, parameters: Value) -> Outcome<()> {
        self.client().issue_cmd(Chromium { command, parameters }).await?;
        Ok(())
    }
}
