//! Pages of a story in a browser: each is shown until it is there, and waited for until it has
//! acted.

use super::RunError;
use crate::acts::{Act, Opened, Report};
use crate::lab::Lab;
use crate::wire::Mark;
use serde::Serialize;
use std::pin::Pin;
use std::time::Duration;
use tokio::sync::oneshot;

/// How long a page may take with one step.
const STEP_PATIENCE: Duration = Duration::from_secs(12);

/// How long a page may take until it is there before it is shown again: each time twice as long.
const FIRST_PATIENCE: Duration = Duration::from_millis(400);
/// The same for a page without scripts, which would act again.
const PLAIN_PATIENCE: Duration = Duration::from_millis(1_600);
const SHOWS_MAX: u32 = 4;

/// Where a page is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum View {
    /// In a frame of the lab's page.
    Frame,
    /// In a window of its own: frames change which cookies travel.
    Window,
}

/// A page that is to be shown.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Show {
    /// Its address.
    pub url: String,
    /// Where.
    pub view: View,
}

/// Shows pages in a browser.
pub trait Screen: Send + Sync {
    /// Shows one page. That it was asked to is enough: what the page does tells the rest.
    ///
    /// # Errors
    /// When there is no browser any more, in words.
    fn show<'a>(
        &'a self,
        show: Show,
    ) -> Pin<Box<dyn Future<Output = Result<(), String>> + Send + 'a>>;
}

/// A screen, and the lab whose pages it shows.
#[derive(Clone, Copy)]
pub(super) struct Stage<'a> {
    pub(super) lab: &'a Lab,
    pub(super) screen: &'a dyn Screen,
}

impl Stage<'_> {
    /// Shows an act's page and waits until it has acted.
    pub(super) async fn show(
        &self,
        act: Act,
        view: View,
        mark: Mark,
    ) -> Result<Option<Report>, RunError> {
        let (navigates, tells) = (act.way.navigates(), !act.way.is_without_scripts());
        // A page that asks for a token is answered once more.
        let answers = 1 + u64::from(act.said.with_csrf);
        let Opened { url, served, report: reported } = self.lab.acts.open(act);
        let patience = if tells { FIRST_PATIENCE } else { PLAIN_PATIENCE };
        self.bring(Show { url, view }, served, patience).await?;
        let wire = self.lab.wire();
        let acted = async {
            if navigates || !tells {
                // Nobody is left to tell: the answer on the wire is the end.
                wire.quiet(mark, answers).await;
                return None;
            }
            let report = reported.await.ok();
            wire.quiet(mark, 0).await;
            report
        };
        Ok(tokio::time::timeout(STEP_PATIENCE, acted).await.unwrap_or_default())
    }

    /// Has a page shown until it is there. A browser that is still busy with the page before may
    /// drop it; nothing of it was done then.
    async fn bring(
        &self,
        show: Show,
        mut served: oneshot::Receiver<()>,
        patience: Duration,
    ) -> Result<(), RunError> {
        for shown in 0..SHOWS_MAX {
            self.screen.show(show.clone()).await.map_err(RunError::Screen)?;
            if tokio::time::timeout(patience * 2_u32.pow(shown), &mut served).await.is_ok() {
                return Ok(());
            }
        }
        // The step then says that nothing came.
        Ok(())
    }
}
