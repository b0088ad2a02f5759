//! A disk without room: what goes on, what is refused, and how it is well again. The disk is a
//! limit on the length of a file, which ends a process that is not told otherwise: so a process of
//! its own is told, and it is this file's own program.

use doorward_core::address::Prefix;
use doorward_core::moment::Now;
use doorward_core::question::{Answer, Ask, Key, Question, Questions, Subject};
use doorward_store::file::{FileSettings, WhenAway};
use doorward_store::{DenialError, FileStore, Sizes};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::fs;
use std::net::Ipv6Addr;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use tempfile::TempDir;

/// Tells the process that there will be no room.
const CROWDED: &str = "DOORWARD_STORE_WITHOUT_ROOM";
const SIZES: Sizes = Sizes { strangers_max: 400_000, known_max: 1_000, claims_max: 1_000 };
const DAY: u32 = 86_400;
const NOW: Now = Now { steady_ns: 5_000_000_000, unix_s: 20_000 * 86_400 + 40_000 };
const BUDGET: Key = Key { limit: 1, subject: Subject::Known([1; 16]) };
const PLAIN: Key = Key { limit: 2, subject: Subject::Known([1; 16]) };

fn open(path: &Path, when_away: WhenAway, said: &Arc<Mutex<Vec<String>>>) -> FileStore {
    let said = Arc::clone(said);
    let settings = FileSettings {
        path: path.to_owned(),
        sizes: SIZES,
        seed: *b"a seed for tests",
        when_away,
        talk: Box::new(move |line| said.lock().expect("no panic").push(line.to_owned())),
    };
    FileStore::open(settings, NOW).expect("the store opens")
}

fn batch(ask: Ask) -> Questions {
    std::iter::once(Question { ask, always: false, watch: false }).collect()
}

const fn take(key: Key, cost: u32) -> Ask {
    Ask::TakeFromWindow { key, window_s: DAY, limit: 1_000, cost }
}

const fn settle(taken: u32, used: u32) -> Ask {
    Ask::Settle { key: BUDGET, window_s: DAY, taken, used, age_s: 0 }
}

async fn left(store: &FileStore, ask: Ask) -> Option<u32> {
    match store.answer(&batch(ask), NOW).await[0] {
        Answer::Yes { left, .. } => Some(left),
        Answer::No { .. } | Answer::Used { .. } | Answer::Skipped => panic!("{ask:?}"),
        Answer::Unavailable => None,
    }
}

/// How long a file may become; none: as long as it likes.
fn room(bytes: Option<u64>) {
    let maximum = getrlimit(Resource::Fsize).maximum;
    let limit = Rlimit { current: bytes.or(maximum), maximum };
    setrlimit(Resource::Fsize, limit).expect("a limit below the highest");
}

/// More and more windows, until the file would have to grow and cannot.
async fn fill(store: &FileStore, next: &AtomicUsize) {
    while store.figures().away.is_none() {
        for _ in 0..10_000 {
            let number = next.fetch_add(1, Ordering::Relaxed) as u128;
            assert!(number < 300_000, "the disk is never full");
            let address = Ipv6Addr::from((0x2001_0db8_u128 << 96) | (number << 64));
            let subject = Subject::Address(Prefix::subscriber(address.into()));
            let taken = store.at_once(&batch(take(Key { limit: 3, subject }, 1)), NOW);
            assert!(taken.is_some());
        }
        let _ = store.flush().await;
    }
}

async fn be_crowded(folder: &Path, when_away: WhenAway) {
    let said = Arc::new(Mutex::new(Vec::new()));
    let lines = || said.lock().expect("no panic").clone();
    let (path, next) = (folder.join("store.redb"), AtomicUsize::new(0));
    let store = open(&path, when_away, &said);
    assert_eq!(left(&store, take(BUDGET, 100)).await, Some(900));
    assert!(left(&store, settle(100, 50)).await.is_some());
    assert_eq!(left(&store, take(BUDGET, 0)).await, Some(950));
    room(Some(fs::metadata(&path).expect("the file").len()));
    fill(&store, &next).await;
    assert!(lines()[0].contains("cannot be") && lines()[0].contains("make room"), "{:?}", lines());
    // Plain windows go on in memory, without waiting.
    assert!(store.at_once(&batch(take(PLAIN, 30)), NOW).is_some());
    assert_eq!(left(&store, take(PLAIN, 0)).await, Some(970));
    // A settlement gives nothing back, and takes what is on top of it.
    assert_eq!(left(&store, settle(50, 10)).await, None);
    store.tell(&batch(settle(50, 10)), NOW);
    assert_eq!(left(&store, take(BUDGET, 0)).await, Some(950));
    store.tell(&batch(settle(50, 60)), NOW);
    assert_eq!(left(&store, take(BUDGET, 0)).await, Some(940));
    let (budget_left, wanted) = match when_away {
        WhenAway::Refuse => (940, None),
        WhenAway::Memory => (920, Some(920)),
    };
    assert_eq!(left(&store, take(BUDGET, 20)).await, wanted);
    let who = doorward_core::denial::Denied::Network("10.0.0.0/8".parse().expect("a network"));
    let denial = doorward_core::denial::Denial::new(who, u64::MAX, "x").expect("a denial");
    let denied = store.put_denial(&denial, NOW).await;
    assert!(matches!(denied, Err(DenialError::Unwritten(_))), "{denied:?}");
    assert!(store.figures().behind_ms > 0 && store.figures().failures > 0);
    // There is room again: nobody has to do anything, and nothing was lost.
    room(None);
    while !store.flush().await {}
    let figures = store.figures();
    assert_eq!(figures.away, None);
    assert_eq!(lines().len(), 2, "{:?}", lines());
    assert!(lines()[1].contains("nothing was lost"), "{:?}", lines());
    assert_eq!(left(&store, take(BUDGET, 20)).await, Some(budget_left - 20));
    store.put_denial(&denial, NOW).await.expect("there is room");
    drop(store);
    let store = open(&path, when_away, &said);
    assert_eq!(left(&store, take(BUDGET, 0)).await, Some(budget_left - 20));
    assert_eq!(left(&store, take(PLAIN, 0)).await, Some(970));
    assert_eq!(store.figures().rows, next.load(Ordering::Relaxed) as u64 + 2);
    assert_eq!(store.denials(0).expect("a list").denials, [denial]);
}

/// Runs this program again where a file that grows too long is an error and not the end.
fn crowded(word: &str) {
    let program = std::env::current_exe().expect("this program");
    let ended = Command::new("sh")
        .args(["-c", "trap '' XFSZ; exec \"$0\" --exact the_crowded_one --nocapture"])
        .arg(program)
        .env(CROWDED, word)
        .output()
        .expect("a shell");
    let out = String::from_utf8_lossy(&ended.stdout).into_owned();
    let talk = String::from_utf8_lossy(&ended.stderr).into_owned();
    assert!(ended.status.success() && out.contains(&format!("{word}: well")), "{out}\n{talk}");
}

#[test]
fn without_room_budgets_are_refused_and_the_rest_goes_on() {
    crowded("refuse");
}

#[test]
fn without_room_all_goes_on_where_it_is_said() {
    crowded("memory");
}

/// The process that the others start; without them it has all the room there is.
#[tokio::test]
async fn the_crowded_one() {
    let folder = TempDir::new().expect("a folder");
    match std::env::var(CROWDED).as_deref() {
        Ok("refuse") => be_crowded(folder.path(), WhenAway::Refuse).await,
        Ok("memory") => be_crowded(folder.path(), WhenAway::Memory).await,
        Ok(other) => panic!("{other}"),
        Err(_) => {
            let said = Arc::default();
            let store = open(&folder.path().join("store.redb"), WhenAway::Refuse, &said);
            assert!(left(&store, settle(0, 50)).await.is_some());
            assert_eq!(left(&store, take(BUDGET, 0)).await, Some(950));
            assert_eq!(*said.lock().expect("no panic"), Vec::<String>::new());
        }
    }
    println!("{}: well", std::env::var(CROWDED).unwrap_or_default());
}
