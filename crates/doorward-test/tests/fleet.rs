//! Three gates on one server: what they count together, and what they do when it is gone, cut off,
//! slow, restarted or unfit.
//!
//! `DOORWARD_CAMPAIGN` is the number of times that one thing is claimed by all at the same instant.

use doorward_core::denial::{Denial, Denied};
use doorward_core::life::Life;
use doorward_core::question::{Answer, Ask, Question};
use doorward_core::secret::Secret;
use doorward_store::valkey::Standing;
use doorward_test::browser::Outcome;
use doorward_test::fleet::{Joining, Member, claim, is_yes, take, window};
use doorward_test::relay::{Network, Relay};
use doorward_test::remote_server::{Make, RemoteServer};
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::{Duration, Instant};
use tokio::runtime::Builder;
use tokio::task::JoinSet;

const GATES: usize = 3;
const TRIES: usize = 10_000;
const SHARE: u32 = 1_000;
/// Questions of one gate at once.
const AT_ONCE: usize = 20;
/// Claims at the same instant, in every run.
const INSTANTS: u64 = 100;
/// What a deadline may be overrun by on a busy machine.
const MARGIN: Duration = Duration::from_millis(750);

fn three(joining: impl Fn() -> Joining) -> Vec<Arc<Member>> {
    let gates = (0..GATES).map(|_| joining().join().expect("the server is good"));
    gates.map(Arc::new).collect()
}

/// Runs `work` on a thread of its own for each gate, beginning together; what each came to.
fn apart<T: Send + 'static>(
    gates: &[Arc<Member>],
    work: impl AsyncFn(Arc<Member>, Arc<Barrier>) -> T + Send + Sync + Clone + 'static,
) -> Vec<T> {
    let barrier = Arc::new(Barrier::new(gates.len()));
    let threads = gates.iter().map(|gate| {
        let (gate, barrier, work) = (Arc::clone(gate), Arc::clone(&barrier), work.clone());
        thread::spawn(move || {
            let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(async {
                // The connection stands before the others are waited for.
                let _ = gate.one(take(0, 1)).await;
                barrier.wait();
                work(gate, barrier).await
            })
        })
    });
    let threads: Vec<_> = threads.collect();
    threads.into_iter().map(|thread| thread.join().expect("it ends")).collect()
}

/// Asks the same so many times at once.
async fn at_once(gate: &Arc<Member>, times: usize, question: Question) -> Vec<Answer> {
    let mut asking = JoinSet::new();
    for _ in 0..times {
        let gate = Arc::clone(gate);
        asking.spawn(async move { gate.one(question).await });
    }
    asking.join_all().await
}

async fn admits_exactly(question: Question) -> Outcome<()> {
    let server = RemoteServer::start(Make::Valkey, &[]).await?;
    let socket = server.socket();
    let gates = three(|| Joining::at_socket(&socket));
    let passed = apart(&gates, async move |gate, _| {
        let mut passed = 0;
        for _ in 0..TRIES / GATES / AT_ONCE {
            let answers = at_once(&gate, AT_ONCE, question).await;
            passed += answers.into_iter().filter(|answer| is_yes(*answer)).count();
        }
        passed
    });
    assert_eq!(passed.iter().sum::<usize>(), SHARE as usize, "{passed:?}");
    assert!(passed.iter().all(|passed| *passed > 0), "one gate alone: {passed:?}");
    Ok(())
}

#[tokio::test]
async fn a_share_is_one_for_all_gates() -> Outcome<()> {
    admits_exactly(take(1, SHARE)).await
}

#[tokio::test]
async fn a_window_is_one_for_all_gates() -> Outcome<()> {
    admits_exactly(window(1, SHARE)).await
}

/// With slices of 2 % in advance: never more than the share, less by no more than a slice a gate,
/// and all of it once what lay unused was given back.
#[tokio::test]
async fn leases_stay_within_their_bound() -> Outcome<()> {
    for question in [take(1, SHARE), window(1, SHARE)] {
        let server = RemoteServer::start(Make::Redis, &[]).await?;
        let socket = server.socket();
        let gates = three(|| Joining { lease_percent: 2, ..Joining::at_socket(&socket) });
        let passed = apart(&gates, async move |gate, _| {
            let mut passed = 0;
            for _ in 0..TRIES / GATES {
                passed += usize::from(is_yes(gate.one(question).await));
            }
            passed
        });
        let (share, slice) = (SHARE as usize, SHARE as usize * 2 / 100);
        let mut passed = passed.iter().sum::<usize>();
        assert!((share - GATES * slice..=share).contains(&passed), "{passed}");
        let leased: u64 = gates.iter().map(|gate| gate.store.figures().leased).sum();
        assert!(leased > u64::from(SHARE / 2), "{leased} of {passed} without a trip");
        // What lies unused comes back by itself.
        let begun = Instant::now();
        while passed < share {
            passed += usize::from(is_yes(gates[0].one(question).await));
            assert!(begun.elapsed() < Duration::from_secs(30), "{passed}");
        }
        for gate in &gates {
            assert!(!is_yes(gate.one(question).await), "never one more");
        }
    }
    Ok(())
}

#[tokio::test]
async fn fleet_claims_once_at_the_same_instant() -> Outcome<()> {
    let campaign = std::env::var("DOORWARD_CAMPAIGN").ok();
    let instants = campaign.map_or(Ok(INSTANTS), |number| number.parse())?;
    for make in [Make::Redis, Make::Valkey] {
        let server = RemoteServer::start(make, &[]).await?;
        let socket = server.socket();
        let gates = three(|| Joining::at_socket(&socket));
        let now = gates[0].now();
        let won = apart(&gates, async move |gate, barrier| {
            let mut won = Vec::new();
            for number in 0..instants {
                barrier.wait();
                won.push(gate.one(claim(number, now)).await);
            }
            won
        });
        for number in 0..instants {
            let said = won.iter().map(|won| won[usize::try_from(number).unwrap_or(0)]);
            let said: Vec<Answer> = said.collect();
            assert_eq!(said.iter().filter(|answer| is_yes(**answer)).count(), 1, "{said:?}");
            let used = Answer::Used { answered: false };
            assert_eq!(said.iter().filter(|answer| **answer == used).count(), 2, "{said:?}");
        }
    }
    Ok(())
}

#[tokio::test]
async fn one_batch_is_one_trip() -> Outcome<()> {
    let server = RemoteServer::start(Make::Valkey, &[]).await?;
    let gate = Joining::at_socket(&server.socket()).join()?;
    let batch = |number| [take(1, SHARE), window(2, SHARE), claim(number, gate.now())];
    let _ = gate.ask(&batch(0)).await;
    let (before, trips) = (server.count("evalsha").await?, gate.store.figures().trips);
    for number in 1..=50 {
        assert!(gate.ask(&batch(number)).await.into_iter().all(is_yes));
    }
    assert_eq!(server.count("evalsha").await? - before, 50);
    // Beside them only the look once a second.
    assert!(gate.store.figures().trips - trips < 75);
    // A server that has lost the script is told it again.
    server.tell(&[b"SCRIPT", b"FLUSH"]).await?;
    assert!(gate.ask(&batch(99)).await.into_iter().all(is_yes));
    Ok(())
}

#[tokio::test]
async fn what_is_told_comes_before_what_is_asked_later() -> Outcome<()> {
    let server = RemoteServer::start(Make::Valkey, &[]).await?;
    let gate = Joining::at_socket(&server.socket()).join()?;
    for number in 0..100 {
        let claiming = claim(number, gate.now());
        assert!(is_yes(gate.one(claiming).await));
        let Ask::ClaimOnce { key, .. } = claiming.ask else { panic!("a claim") };
        let back = Question { ask: Ask::Unclaim { key }, ..claiming };
        gate.store.tell(&[back].into_iter().collect(), gate.now());
        assert!(is_yes(gate.one(claiming).await), "{number}");
    }
    assert_eq!(gate.store.figures().lost, 0);
    Ok(())
}

/// Asks until the clock says that it would have been too late; the longest wait.
async fn refused(gate: &Member) -> Duration {
    let mut longest = Duration::ZERO;
    for _ in 0..20 {
        let begun = Instant::now();
        assert_eq!(gate.one(take(7, SHARE)).await, Answer::Unavailable);
        longest = longest.max(begun.elapsed());
    }
    longest
}

#[tokio::test]
async fn a_server_that_is_killed_is_refused_for_and_comes_back_without_a_restart() -> Outcome<()> {
    let mut server = RemoteServer::start(Make::Valkey, &[]).await?;
    let gate = Joining::at_socket(&server.socket()).within_ms(250).join()?;
    let before = gate.life();
    assert!(matches!(before, Life::Shared(_)));
    assert!(is_yes(gate.one(claim(1, gate.now())).await));
    server.kill().await?;
    let longest = refused(&gate).await;
    assert!(longest < Duration::from_millis(250) + MARGIN, "{longest:?}");
    assert_eq!(gate.store.standing(), Standing::Away);
    assert_eq!(gate.life(), before, "it may come back with all that it knew");
    server.begin().await?;
    gate.until(Standing::Present).await;
    assert!(is_yes(gate.one(take(7, SHARE)).await));
    // It has begun anew, and so has its epoch: what was used could be used again.
    assert!(matches!(gate.life(), Life::Shared(_)) && gate.life() != before);
    let notes = gate.notes();
    let said = |word: &str| notes.iter().filter(|note| note.contains(word)).count();
    assert_eq!((said("is away"), said("answers again")), (1, 1), "{notes:?}");
    let figures = gate.store.figures();
    assert!(figures.times_away >= 1 && figures.refused >= 19 && figures.errors > 0, "{figures:?}");
    Ok(())
}

#[tokio::test]
async fn a_network_that_is_cut_costs_one_deadline_and_heals_by_itself() -> Outcome<()> {
    let server = RemoteServer::start(Make::Redis, &[]).await?;
    let relay = Relay::to(&server.socket()).await?;
    let gate = Joining::at_port(relay.port).within_ms(250).join_beside().await?;
    let before = gate.life();
    assert!(is_yes(gate.one(take(7, SHARE)).await));
    relay.make(Network::Cut);
    let begun = Instant::now();
    let longest = refused(&gate).await;
    assert!(longest < Duration::from_millis(250) + MARGIN, "{longest:?}");
    // Not twenty deadlines: after the first nobody waits.
    assert!(begun.elapsed() < Duration::from_millis(250) + 2 * MARGIN, "{:?}", begun.elapsed());
    relay.make(Network::Whole);
    gate.until(Standing::Present).await;
    assert!(is_yes(gate.one(take(7, SHARE)).await));
    assert_eq!(gate.life(), before, "it has forgotten nothing");
    Ok(())
}

#[tokio::test]
async fn a_slow_network_is_waited_for_within_the_deadline() -> Outcome<()> {
    let server = RemoteServer::start(Make::Redis, &[]).await?;
    let relay = Relay::to(&server.socket()).await?;
    let gate = Joining::at_port(relay.port).within_ms(2_000).join_beside().await?;
    assert!(is_yes(gate.one(take(7, SHARE)).await));
    relay.make(Network::Slow(Duration::from_millis(200)));
    let begun = Instant::now();
    let gate = Arc::new(gate);
    assert!(at_once(&gate, 10, take(7, SHARE)).await.into_iter().all(is_yes));
    let took = begun.elapsed();
    // All ten went out together.
    assert!(took >= Duration::from_millis(200) && took < Duration::from_millis(400) + MARGIN);
    // A gate that begins meanwhile gets there too.
    let late = Joining::at_port(relay.port).within_ms(2_000).join_beside().await?;
    assert!(is_yes(late.one(take(7, SHARE)).await));
    // Twin: beyond the deadline it is refused for, and not waited for by everybody.
    let hasty = Joining::at_port(relay.port).within_ms(50).join_beside().await?;
    assert_eq!(hasty.one(take(7, SHARE)).await, Answer::Unavailable);
    Ok(())
}

#[tokio::test]
async fn a_store_that_forgets_begins_a_new_epoch_for_all() -> Outcome<()> {
    let server = RemoteServer::start(Make::Valkey, &[]).await?;
    let socket = server.socket();
    let gates = three(|| Joining::at_socket(&socket));
    let before = gates[0].life();
    let now = gates[0].now();
    assert!(gates.iter().all(|gate| gate.life() == before), "one epoch");
    for gate in &gates {
        assert!(is_yes(gate.one(take(7, SHARE)).await));
    }
    assert!(is_yes(gates[0].one(claim(1, now)).await));
    assert_eq!(gates[1].one(claim(1, now)).await, Answer::Used { answered: false });
    server.tell(&[b"FLUSHALL"]).await?;
    // What was judged in the epoch before is not claimed in the next; a share alone is taken.
    let claimed = gates[1].one(claim(1, now)).await;
    assert!(claimed == Answer::Unavailable || gates[1].life() != before, "{claimed:?}");
    for gate in &gates {
        assert!(is_yes(gate.one(take(7, SHARE)).await));
        assert!(gate.life() != before && gate.life() == gates[0].life());
    }
    Ok(())
}

#[tokio::test]
async fn a_server_that_cannot_keep_what_gates_share_is_refused() -> Outcome<()> {
    for (arguments, word) in [
        (&["--maxmemory-policy", "allkeys-lru"][..], "maxmemory-policy"),
        (&["--cluster-enabled", "yes"], "a cluster"),
        (&["--requirepass", "hush"], "does not let the gate in"),
        (&["--replicaof", "127.0.0.1 1"], "a replica"),
    ] {
        for make in [Make::Redis, Make::Valkey] {
            let server = RemoteServer::start(make, arguments).await?;
            let error = Joining::at_socket(&server.socket()).join().err();
            let error = error.ok_or_else(|| format!("{make:?} is taken: {arguments:?}"))?;
            let error = error.to_string();
            assert!(error.contains(word), "{make:?}: {error}");
        }
    }
    let server = RemoteServer::start(Make::Redis, &[]).await?;
    server.tell(&[b"ACL", b"SETUSER", b"default", b"-eval"]).await?;
    let error = Joining::at_socket(&server.socket()).join().err().ok_or("it is taken")?;
    assert!(error.to_string().contains("lacks rights"), "{error}");
    // Twins: said aloud, and with the password.
    let server = RemoteServer::start(Make::Valkey, &["--maxmemory-policy", "allkeys-lru"]).await?;
    let joining = Joining::at_socket(&server.socket());
    let gate = Joining { insecure_evicting: true, ..joining }.join()?;
    assert!(is_yes(gate.one(take(7, SHARE)).await));
    let server = RemoteServer::start(Make::Redis, &["--requirepass", "hush"]).await?;
    let mut joining = Joining::at_socket(&server.socket());
    joining.remote.password = Some(Secret::new(*b"hush"));
    assert!(is_yes(joining.join()?.one(take(7, SHARE)).await));
    Ok(())
}

#[tokio::test]
async fn what_a_server_does_not_say_is_said() -> Outcome<()> {
    let server = RemoteServer::start(Make::Valkey, &[]).await?;
    server.tell(&[b"ACL", b"SETUSER", b"default", b"-info"]).await?;
    let gate = Joining::at_socket(&server.socket()).join()?;
    assert!(is_yes(gate.one(take(7, SHARE)).await));
    let notes = gate.notes().join("\n");
    assert!(notes.contains("maxmemory-policy") && notes.contains("run_id"), "{notes}");
    Ok(())
}

/// As docs/shared-store.md lists them.
const RIGHTS: &str = "+eval +evalsha +script|load +select +info +time +get +mget +set +del +hset \
                      +hdel +hexists +hlen +hscan +incr +expire +ttl ~doorward:*";

#[tokio::test]
async fn a_user_with_no_more_rights_than_are_listed_is_enough() -> Outcome<()> {
    for make in [Make::Redis, Make::Valkey] {
        let server = RemoteServer::start(make, &[]).await?;
        let words: Vec<&[u8]> = RIGHTS.split(' ').map(str::as_bytes).collect();
        let user: [&[u8]; 5] = [b"ACL", b"SETUSER", b"gate", b"on", b">hush"];
        server.tell(&[&user[..], &words].concat()).await?;
        let mut joining = Joining::at_socket(&server.socket());
        joining.remote.user = Some("gate".to_owned());
        joining.remote.password = Some(Secret::new(*b"hush"));
        joining.remote.database = 1;
        let gate = joining.join()?;
        let now = gate.now();
        assert!(
            gate.ask(&[take(7, SHARE), window(8, 9), claim(1, now)]).await.into_iter().all(is_yes)
        );
        let who = Denied::Network("203.0.113.0/24".parse()?);
        let denial = Denial::new(who, now.unix_s + 600, "a flood").ok_or("a good one")?;
        gate.store.put_denial(&denial, now).await?;
        gate.store.put_denial(&Denial { until_unix_s: 0, ..denial }, now).await?;
        assert_eq!(gate.notes(), Vec::<String>::new());
    }
    Ok(())
}

#[tokio::test]
async fn a_full_server_grants_nothing() -> Outcome<()> {
    let server = RemoteServer::start(Make::Valkey, &[]).await?;
    let gate = Joining::at_socket(&server.socket()).join()?;
    assert!(is_yes(gate.one(take(7, SHARE)).await));
    server.tell(&[b"CONFIG", b"SET", b"maxmemory", b"1"]).await?;
    assert_eq!(gate.one(take(7, SHARE)).await, Answer::Unavailable);
    server.tell(&[b"CONFIG", b"SET", b"maxmemory", b"0"]).await?;
    gate.until(Standing::Present).await;
    assert!(is_yes(gate.one(take(7, SHARE)).await));
    Ok(())
}

#[tokio::test]
async fn a_gate_that_goes_on_alone_has_its_part_and_a_life_of_its_own() -> Outcome<()> {
    let mut server = RemoteServer::start(Make::Valkey, &[]).await?;
    let socket = server.socket();
    let gates = three(|| Joining::at_socket(&socket).within_ms(250).alone_of(3));
    let before = gates[0].life();
    assert!(is_yes(gates[0].one(claim(1, gates[0].now())).await));
    server.kill().await?;
    for gate in &gates {
        let mut passed = 0;
        for _ in 0..50 {
            passed += u32::from(is_yes(gate.one(take(8, 31)).await));
        }
        assert_eq!(passed, 10, "a third of 31");
        assert_eq!((gate.store.standing(), gate.life()), (Standing::Alone, Life::Alone));
        // What this process made meanwhile is good once here.
        assert!(is_yes(gate.one(claim(2, gate.now())).await));
        assert_eq!(gate.one(claim(2, gate.now())).await, Answer::Used { answered: false });
    }
    server.begin().await?;
    for gate in &gates {
        gate.until(Standing::Present).await;
        assert!(matches!(gate.life(), Life::Shared(_)) && gate.life() != before);
        // What was taken while it went on alone goes back to where it was taken from.
        let Ask::TakeTokens { key, rate, .. } = take(8, 31).ask else { panic!("tokens") };
        let back = Question { ask: Ask::GiveTokens { key, rate, cost: 1 }, ..take(8, 31) };
        assert!(is_yes(gate.one(back).await));
    }
    let mut passed = 0;
    for _ in 0..50 {
        passed += u32::from(is_yes(gates[0].one(take(8, 31)).await));
    }
    assert_eq!(passed, 31);
    let notes = gates[0].notes();
    let said = |word: &str| notes.iter().filter(|note| note.contains(word)).count();
    assert_eq!((said("goes on alone"), said("answers again")), (1, 1), "{notes:?}");
    Ok(())
}

#[tokio::test]
async fn a_gate_begins_although_its_store_is_away() -> Outcome<()> {
    let mut server = RemoteServer::start(Make::Valkey, &[]).await?;
    server.kill().await?;
    let gate = Joining::at_socket(&server.socket()).join()?;
    assert_eq!((gate.store.standing(), gate.life()), (Standing::Away, Life::Alone));
    assert_eq!(gate.one(take(7, SHARE)).await, Answer::Unavailable);
    server.begin().await?;
    gate.until(Standing::Present).await;
    assert!(is_yes(gate.one(take(7, SHARE)).await));
    // A server that became unfit meanwhile is not taken back.
    server.tell(&[b"CONFIG", b"SET", b"maxmemory-policy", b"allkeys-lru"]).await?;
    gate.until(Standing::Away).await;
    let notes = gate.notes().join("\n");
    assert!(notes.contains("noeviction"), "{notes}");
    Ok(())
}

#[tokio::test]
async fn a_denial_is_known_to_all_gates_and_read_by_nobody_else() -> Outcome<()> {
    let server = RemoteServer::start(Make::Valkey, &[]).await?;
    let socket = server.socket();
    let gates = three(|| Joining::at_socket(&socket));
    let now = gates[0].now();
    let who = Denied::Network("203.0.113.0/24".parse()?);
    let denial = Denial::new(who, now.unix_s + 600, "a flood").ok_or("a good one")?;
    gates[0].store.put_denial(&denial, now).await?;
    let known = |gate: &Member| gate.store.denials(0).unwrap_or_default().denials;
    assert_eq!(known(&gates[0]), std::slice::from_ref(&denial));
    for gate in &gates {
        // The next answer says that there is another list.
        let begun = Instant::now();
        while known(gate) != [denial.clone()] {
            let _ = gate.one(take(7, SHARE)).await;
            assert!(begun.elapsed() < Duration::from_secs(20), "it is never known");
        }
    }
    let lifted = Denial { until_unix_s: 0, ..denial.clone() };
    gates[1].store.put_denial(&lifted, now).await?;
    assert_eq!(known(&gates[1]), []);
    // Who knows the list already hears nothing; a list that is forgotten is another one.
    let version = gates[1].store.denials(0).ok_or("a list")?.version;
    assert_eq!(gates[1].store.denials(version), None);
    gates[1].store.put_denial(&denial, now).await?;
    let version = gates[1].store.denials(version).ok_or("another list")?.version;
    server.tell(&[b"FLUSHALL"]).await?;
    let begun = Instant::now();
    while gates[1].store.denials(version).is_none() {
        let _ = gates[1].one(take(7, SHARE)).await;
        assert!(begun.elapsed() < Duration::from_secs(20), "it is never known");
    }
    assert_eq!(known(&gates[1]), []);
    Ok(())
}

#[tokio::test]
async fn nothing_stands_there_in_the_clear() -> Outcome<()> {
    let server = RemoteServer::start(Make::Valkey, &[]).await?;
    let gate = Joining::at_socket(&server.socket()).join()?;
    assert!(gate.ask(&[take(1, SHARE), claim(2, gate.now())]).await.into_iter().all(is_yes));
    let size: usize = server.tell(&[b"DBSIZE"]).await?.trim_start_matches(':').parse()?;
    // The epoch and two keys; none of them stays for ever but the epoch.
    assert_eq!(size, 3);
    let script = b"local out = {} for _, key in ipairs(redis.call('KEYS', '*')) do \
                   out[#out + 1] = key .. '=' .. redis.call('TTL', key) end \
                   return table.concat(out, ' ')";
    let keys = server.tell(&[b"EVAL", script, b"0"]).await?;
    let mut forever = 0;
    for one in keys.split(' ') {
        let (name, left_s) = one.split_once('=').ok_or("a name")?;
        let digits = name.strip_prefix("doorward:fleet:").ok_or("whose it is")?;
        assert_eq!(digits.len(), 22, "{name}");
        forever += usize::from(left_s == "-1");
    }
    assert_eq!(forever, 1, "{keys}");
    Ok(())
}
