//! The attacker's desk has a scene of its own: a backend and a gate before it, whatever was run.

use super::{Lab, Scene, Setting};
use crate::gate::Layers;
use crate::run::LogLine;
use crate::scenario::{self, Scenario, Side};
use crate::wire::Mark;
use std::sync::atomic::Ordering;

/// The desk's story: an open bank, a gate, nobody signed in.
const DESK: &str = r#"
id = "desk"
title = "The attacker's desk"
story = "Lines that somebody typed."
lesson = "What was typed was sent."
not-stopped = "What the desk finds."
ask = { question = "Does it get in?", yes = "It does", no = "It does not", about = "executed" }

[backend]
trust = "network"

[[step]]
says = "a line"
caller = "curl"
request.path = "/api/data"
off = { gets = "read" }
"#;

/// A scene that stays until somebody sets another one.
pub(super) struct Standing {
    scene: Scene,
    /// How many scenes had been set with it.
    sets: u64,
}

impl Lab {
    /// Sees to it that something stands behind the taps, and marks what is sent to it. None when
    /// nothing can be set.
    pub(crate) async fn desk_mark(&self, step: u32) -> Option<Mark> {
        let _alone = self.stage.lock().await;
        let mut standing = self.standing.lock().await;
        let sets = self.sets.load(Ordering::Relaxed);
        if standing.as_ref().is_none_or(|standing| standing.sets != sets) {
            let desk: Scenario = scenario::read("desk", DESK).ok()?;
            let setting =
                Setting { scenario: &desk, side: Side::On, cors: None, layers: Layers::All };
            let scene = self.set(&setting).await.ok()?;
            *standing = Some(Standing { scene, sets: self.sets.load(Ordering::Relaxed) });
        }
        Some(Mark { run: self.next_run(), step })
    }

    /// What the backend's log says of a line.
    pub(crate) async fn desk_log(&self, mark: Mark) -> Vec<LogLine> {
        let standing = self.standing.lock().await;
        let own = standing.as_ref().map(|standing| standing.scene.backend.witness());
        let both = own.into_iter().chain([self.paid_ai.witness()]);
        both.flat_map(|witness| LogLine::of(witness, mark)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::DESK;

    #[test]
    fn the_desks_story_can_be_read() {
        crate::scenario::read("desk", DESK).unwrap_or_else(|error| panic!("{error}"));
    }
}
