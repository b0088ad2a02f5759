//! What a browser is found to do before it is asked to show stories: settings differ where engines
//! do not, and a prediction for another browser would be a false alarm.

use super::stage::{Screen, Show, Stage, View};
use super::{BEFORE, RunError};
use crate::acts::{Act, Opened, PREFIX};
use crate::lab::Lab;
use crate::scenario::{Caller, Credentials, Place, Said, Side, Way};
use crate::wire::{Mark, Message, What};
use doorward_browser::ThirdParty;
use serde::Serialize;
use std::time::Duration;

/// How long a browser may take to resolve a name of this machine.
const PATIENCE: Duration = Duration::from_secs(4);

/// What a browser can be shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct SelfTest {
    /// It resolves the sites' names.
    pub names: bool,
    /// It says where requests come from: `Sec-Fetch-*`.
    pub metadata: bool,
}

/// Shows a hostile page in a frame and lets it call the backend.
pub async fn self_test(lab: &Lab, screen: &dyn Screen) -> SelfTest {
    // Something must stand behind the taps to be called.
    let Some(mark) = lab.desk_mark(BEFORE).await else { return SelfTest::default() };
    let origin = lab.sites().page(Caller::Evil, Side::Off).unwrap_or_default();
    let act = Act {
        origin,
        way: Way::Fetch,
        method: "GET".to_owned(),
        url: lab.address(Place::Api, Side::Off, &mark.on("/status")),
        said: Said::default(),
        says: "The self-test".to_owned(),
        script: None,
    };
    let Opened { url, report: reported, .. } = lab.acts.open(act);
    if screen.show(Show { url, view: View::Frame }).await.is_err() {
        return SelfTest::default();
    }
    let names = tokio::time::timeout(PATIENCE, reported).await.is_ok_and(|r| r.is_ok());
    let is_told = |message: &Message| match &message.what {
        What::Request { headers, .. } => {
            headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("sec-fetch-site"))
        }
        What::Answer { .. } | What::Broken => false,
    };
    SelfTest { names, metadata: lab.wire().of_step(mark).iter().any(is_told) }
}

/// Whether cookies of one site go along from a page of another: the API sets some on a page of its
/// own, and a hostile page calls it.
///
/// None when the pages were not shown: nothing is known then.
///
/// # Errors
/// When nobody shows pages.
pub async fn third_party(lab: &Lab, screen: &dyn Screen) -> Result<Option<ThirdParty>, RunError> {
    let _alone = lab.stage.lock().await;
    let (stage, mark) = (Stage { lab, screen }, Mark { run: lab.next_run(), step: BEFORE });
    let (nonce, mut arrived) = lab.acts.probe();
    let url = lab.address(Place::Api, Side::Off, &format!("{PREFIX}probe/{nonce}"));
    let said = Said { credentials: Some(Credentials::Include), ..Said::default() };
    let act = |origin, method: &str| Act {
        origin,
        way: Way::Fetch,
        method: method.to_owned(),
        url: url.clone(),
        said: said.clone(),
        says: "Do cookies go along from other sites here?".to_owned(),
        script: None,
    };
    let own = lab.sites().place(Place::Api, Side::Off);
    stage.show(act(own, "POST"), View::Window, mark).await?;
    let evil = lab.sites().page(Caller::Evil, Side::Off);
    let evil = evil.ok_or(RunError::NoSuchPage(Caller::Evil.word()))?;
    stage.show(act(evil, "GET"), View::Window, mark).await?;
    // It has been told by now, or will never be.
    Ok(arrived.try_recv().ok().map(|came| match came {
        true => ThirdParty::Allowed,
        false => ThirdParty::Blocked,
    }))
}
