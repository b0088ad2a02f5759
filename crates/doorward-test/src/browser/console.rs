//! What Chromium's console says, by its driver's log.

use super::{Browser, Outcome, within};
use fantoccini::wd::WebDriverCompatibleCommand;
use http::Method;
use serde_json::json;
use url::{ParseError, Url};

/// `POST /session/{id}/se/log`: everything since the last time.
#[derive(Debug)]
struct Log;

impl WebDriverCompatibleCommand for Log {
    fn endpoint(&self, base_url: &Url, session_id: Option<&str>) -> Result<Url, ParseError> {
        base_url.join(&format!("session/{}/se/log", session_id.unwrap_or_default()))
    }

    fn method_and_body(&self, _request_url: &Url) -> (Method, Option<String>) {
        (Method::POST, Some(json!({ "type": "browser" }).to_string()))
    }
}

impl Browser {
    /// The lines that the console got since the last look. Only a Chromium that was opened with
    /// `keeps_console` has any.
    ///
    /// # Errors
    ///
    /// When the driver keeps none.
    pub async fn console(&self) -> Outcome<Vec<String>> {
        let lines = within("the console", async { Ok(self.client().issue_cmd(Log).await?) });
        let lines = lines.await?;
        let lines = lines.as_array().into_iter().flatten();
        Ok(lines.filter_map(|line| line["message"].as_str().map(str::to_owned)).collect())
    }
}
