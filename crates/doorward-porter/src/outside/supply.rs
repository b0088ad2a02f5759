//! One issuer's keys, as they come in: in the background, and because of requests. One task
//! fetches, so two look-ups never run at once.

use super::bucket::Bucket;
use super::fetch::{Fetcher, shown};
use super::fetch_error::{FetchError, Why};
use super::note::{Note, Report, Tally};
use super::records::Records;
use super::{Limits, lock};
use crate::clock::Clock;
use doorward_core::layers::identity::{Issuer, KeysUrl, LookedUp};
use doorward_core::moment::{Chance, Now};
use std::sync::{Arc, Mutex, Weak};
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::{sleep, timeout};

/// What every supply works with.
pub(super) struct Tools {
    pub(super) fetcher: Fetcher,
    pub(super) records: Records,
    pub(super) limits: Limits,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) chance: Arc<dyn Chance>,
    pub(super) note: Box<dyn Fn(&Note) + Send + Sync>,
}

/// One issuer's keys, as they come in.
pub(super) struct Supply {
    issuer: String,
    url: KeysUrl,
    /// The issuer in the present gate, the last one, and in those before it that still judge.
    learners: Mutex<Vec<Weak<Issuer>>>,
    /// The number of the look-up that some request waits for.
    wanted: watch::Sender<u64>,
    progress: watch::Sender<Progress>,
    tally: Mutex<Tally>,
}

/// Look-ups, counted.
#[derive(Clone, Copy)]
struct Progress {
    started: u64,
    finished: u64,
    last: LookedUp,
    /// There will be no more.
    is_over: bool,
}

impl Supply {
    /// None where the issuer's keys are not fetched.
    pub(super) fn new(issuer: &Arc<Issuer>) -> Option<Self> {
        let progress = Progress { started: 0, finished: 0, last: LookedUp::Away, is_over: false };
        Some(Self {
            issuer: issuer.name().to_owned(),
            url: issuer.keys_url()?.clone(),
            learners: Mutex::new(vec![Arc::downgrade(issuer)]),
            wanted: watch::Sender::new(0),
            progress: watch::Sender::new(progress),
            tally: Mutex::default(),
        })
    }

    /// Whether it is about that issuer: the same one, or the same of another gate.
    pub(super) fn serves(&self, issuer: &Issuer) -> bool {
        issuer.name() == self.issuer && issuer.keys_url() == Some(&self.url)
    }

    /// Another gate's issuer learns from now on, too.
    pub(super) fn teach(&self, issuer: &Arc<Issuer>) {
        let mut learners = lock(&self.learners);
        learners.retain(|learner| learner.strong_count() > 0);
        if !learners.iter().any(|learner| learner.as_ptr() == Arc::as_ptr(issuer)) {
            learners.push(Arc::downgrade(issuer));
        }
    }

    /// Asks for a look-up that has not begun; its number.
    pub(super) fn want(&self) -> u64 {
        let number = self.progress.borrow().started + 1;
        self.wanted.send_if_modified(|wanted| {
            let is_more = *wanted < number;
            *wanted = (*wanted).max(number);
            is_more
        });
        number
    }

    /// Waits for a look-up that begins from now on. None: none ended in time.
    pub(super) async fn next(&self, wait: Duration) -> Option<LookedUp> {
        let mut progress = self.progress.subscribe();
        let number = self.want();
        let seen = progress.wait_for(|seen| seen.finished >= number || seen.is_over);
        match timeout(wait, seen).await {
            Ok(Ok(seen)) if seen.is_over => Some(LookedUp::Away),
            Ok(Ok(seen)) => Some(seen.last),
            Ok(Err(_)) => Some(LookedUp::Away),
            Err(_) => None,
        }
    }

    /// Whether the last look-up failed.
    pub(super) fn is_failing(&self) -> bool {
        lock(&self.tally).in_a_row > 0
    }

    /// Nobody believes this issuer any more: whoever waits goes on.
    pub(super) fn end(&self) {
        self.progress.send_modify(|progress| progress.is_over = true);
    }

    /// Fetches when it is time, and when it is asked for and allowed; until it is over.
    pub(super) async fn keep(self: Arc<Self>, tools: Arc<Tools>) {
        let mut wanted = self.wanted.subscribe();
        let mut over = self.progress.subscribe();
        let every = Duration::from_millis(tools.limits.fetch_every_ms_min);
        let mut bucket = Bucket::new(tools.limits.fetches_burst, every);
        let is_known = self.newest().is_some_and(|issuer| issuer.is_believed(tools.clock.now()));
        let mut rest = if is_known { self.rest(&tools) } else { Duration::ZERO };
        loop {
            let started = self.progress.borrow().started;
            tokio::select! {
                biased;
                _ = over.wait_for(|progress| progress.is_over) => return,
                () = sleep(rest) => {}
                () = async {
                    // The sender is `self`'s own, so there is always one.
                    let _ = wanted.wait_for(|wanted| *wanted > started).await;
                    bucket.ready().await;
                } => bucket.take(),
            }
            self.look_up(&tools).await;
            rest = self.rest(&tools);
        }
    }

    async fn look_up(&self, tools: &Tools) {
        self.progress.send_modify(|progress| progress.started += 1);
        // By the moment before: keys are not believed for longer than they are known to be right.
        let at = tools.clock.now();
        let learned = match tools.fetcher.fetch(&self.url).await {
            Ok(bytes) => self.learn(&bytes, at),
            Err(error) => Err(error),
        };
        let now_ns = tools.clock.now().steady_ns;
        let (last, note) = {
            let mut tally = lock(&self.tally);
            match learned {
                Ok(has_changed) => {
                    (LookedUp::Fresh, tally.succeed(&self.issuer, has_changed, now_ns))
                }
                Err(error) => (LookedUp::Away, tally.fail(&self.issuer, error, now_ns)),
            }
        };
        if let Some(note) = note {
            (tools.note)(&note);
        }
        self.progress.send_modify(|progress| {
            progress.finished = progress.started;
            progress.last = last;
        });
    }

    /// Every gate's issuer takes the keys in; what the newest says of them counts.
    fn learn(&self, bytes: &[u8], at: Now) -> Result<bool, FetchError> {
        let learners: Vec<_> = lock(&self.learners).iter().filter_map(Weak::upgrade).collect();
        let mut learned = Ok(false);
        for issuer in &learners {
            learned = issuer.learn(bytes, at);
        }
        learned.map_err(|error| FetchError { from: shown(&self.url.url), why: Why::Keys(error) })
    }

    fn newest(&self) -> Option<Arc<Issuer>> {
        lock(&self.learners).iter().rev().find_map(Weak::upgrade)
    }

    fn rest(&self, tools: &Tools) -> Duration {
        let in_a_row = lock(&self.tally).in_a_row;
        let mut byte = [0];
        tools.chance.fill(&mut byte);
        Duration::from_millis(rest_ms(self.url.refresh_s, in_a_row, &tools.limits, byte[0]))
    }

    pub(super) fn report(&self, now: Now) -> Report {
        let tally = lock(&self.tally);
        let age_s = |ns: u64| now.steady_ns.saturating_sub(ns) / 1_000_000_000;
        Report {
            issuer: self.issuer.clone(),
            fetches: tally.fetches,
            failures: tally.failures,
            success_age_s: tally.success_ns.map(age_s),
            error: tally.error.clone(),
        }
    }
}

/// How long to rest: until the keys should be refreshed, or longer after each failure. By chance up
/// to a fifth shorter, so that not all gates of a fleet ask at once.
fn rest_ms(refresh_s: u64, failures_in_a_row: u64, limits: &Limits, chance: u8) -> u64 {
    let refresh_ms = refresh_s.max(1).saturating_mul(1_000);
    let whole_ms = match failures_in_a_row {
        0 => refresh_ms,
        failures => {
            let doubled = 1_u64 << (failures - 1).min(16);
            limits.retry_ms_min.saturating_mul(doubled).min(limits.retry_ms_max).min(refresh_ms)
        }
    };
    whole_ms - (whole_ms / 5).saturating_mul(u64::from(chance)) / 255
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_are_tried_again_ever_later_and_successes_by_the_clock() {
        let limits = Limits::default();
        for (refresh_s, failures, chance, want_ms) in [
            (300, 0, 0, 300_000),
            (300, 0, 255, 240_000),
            (300, 1, 0, 1_000),
            (300, 1, 255, 800),
            (300, 2, 0, 2_000),
            (300, 6, 0, 32_000),
            (300, 7, 0, 60_000),
            (300, u64::MAX, 0, 60_000),
            (5, 7, 0, 5_000),
            (0, 0, 0, 1_000),
        ] {
            assert_eq!(rest_ms(refresh_s, failures, &limits, chance), want_ms, "{failures}");
        }
        assert!(rest_ms(u64::MAX, 0, &limits, 255) > 0);
    }
}
