//! How often somebody else's host is asked.

use super::{Asker, Manners};
use crate::scope::Scope;
use std::time::Duration;
use tokio::time::Instant;
use url::Url;

async fn asker(url: &str) -> Asker {
    let mut scope = Scope::new(&["192.0.2.7".to_owned()]);
    scope.add(&Url::parse(url).expect("an address")).await.expect("it is authorised");
    let manners = Manners { allow_writes: false, requests_max: 9, tls: None, pretended: None };
    Asker::new(scope, manners)
}

/// However many want to at once, in no second more than twenty leave.
#[tokio::test(start_paused = true)]
async fn another_host_is_asked_twenty_times_a_second() {
    let asker = &asker("http://192.0.2.7/").await;
    let turns = (0..100).map(|_| async move {
        asker.wait_its_turn().await;
        Instant::now()
    });
    let mut at = Vec::new();
    let mut waiting: Vec<_> = turns.map(Box::pin).collect();
    while !waiting.is_empty() {
        at.push(waiting.remove(0).await);
    }
    // What was not asked for some time gives nobody a share to catch up with.
    tokio::time::advance(Duration::from_secs(60)).await;
    for _ in 0..50 {
        asker.wait_its_turn().await;
        at.push(Instant::now());
    }
    for first in &at {
        let second = at
            .iter()
            .filter(|own| **own >= *first && own.duration_since(*first) < Duration::from_secs(1));
        assert!(second.count() <= 20);
    }
}

#[tokio::test(start_paused = true)]
async fn this_machine_is_asked_at_once() {
    let asker = asker("http://127.0.0.1/").await;
    let begun = Instant::now();
    for _ in 0..100 {
        asker.wait_its_turn().await;
    }
    assert_eq!(begun.elapsed(), Duration::ZERO);
}
