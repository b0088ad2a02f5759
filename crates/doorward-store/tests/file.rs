//! What is true of the file store alone: what a restart keeps, and what is wrong with a file.

use doorward_core::denial::{Denial, Denied};
use doorward_core::moment::Now;
use doorward_core::question::{Answer, Answers, Ask, Key, Question, Questions, Subject};
use doorward_store::file::{FileError, FileSettings, WhenAway, look};
use doorward_store::{DENIALS_MAX, DenialError, FileStore, Sizes};
use std::fs;
use std::path::Path;
use std::sync::Arc;
use tempfile::TempDir;

const SIZES: Sizes = Sizes { strangers_max: 10_000, known_max: 1_000, claims_max: 1_000 };
const DAY: u32 = 86_400;
/// The first second of a day.
const MIDNIGHT: u64 = 20_000 * DAY as u64;

fn on(unix_s: u64) -> Now {
    Now { steady_ns: 5_000_000_000, unix_s }
}

fn settings(path: &Path) -> FileSettings {
    FileSettings {
        path: path.to_owned(),
        sizes: SIZES,
        seed: *b"a seed for tests",
        when_away: WhenAway::Refuse,
        talk: Box::new(|_| {}),
    }
}

fn open(path: &Path, now: Now) -> FileStore {
    FileStore::open(settings(path), now).expect("a store")
}

const fn key(limit: u64, name: u8) -> Key {
    Key { limit, subject: Subject::Known([name; 16]) }
}

const fn take(key: Key, window_s: u32, limit: u32, cost: u32) -> Ask {
    Ask::TakeFromWindow { key, window_s, limit, cost }
}

const fn settle(key: Key, taken: u32, used: u32) -> Ask {
    Ask::Settle { key, window_s: DAY, taken, used, age_s: 0 }
}

fn batch(asks: &[Ask]) -> Questions {
    asks.iter().map(|ask| Question { ask: *ask, always: false, watch: false }).collect()
}

fn at_once(store: &FileStore, ask: Ask, now: Now) -> Answer {
    store.at_once(&batch(&[ask]), now).expect("nobody waits for a plain window")[0]
}

async fn answer(store: &FileStore, asks: &[Ask], now: Now) -> Answers {
    store.answer(&batch(asks), now).await
}

fn left(answer: Answer) -> Option<u32> {
    match answer {
        Answer::Yes { left, .. } => Some(left),
        Answer::No { .. } | Answer::Used { .. } | Answer::Skipped | Answer::Unavailable => None,
    }
}

/// A thousand a day are a thousand in 24 hours, however often the gate is restarted.
#[test]
fn a_days_share_survives_ten_restarts() {
    let folder = TempDir::new().expect("a folder");
    let path = folder.path().join("store.redb");
    let ann = key(1, 1);
    let mut admitted = 0;
    for hour in 0..24 {
        let now = on(MIDNIGHT + hour * 3_600);
        let store = open(&path, now);
        for number in 0..100 {
            let now = on(MIDNIGHT + hour * 3_600 + number);
            admitted += u32::from(left(at_once(&store, take(ann, DAY, 1_000, 1), now)).is_some());
        }
    }
    assert_eq!(admitted, 1_000);
    // Twin: the next day has its own, and what is shorter than an hour was never kept.
    let store = open(&path, on(MIDNIGHT + u64::from(DAY)));
    let next = on(MIDNIGHT + u64::from(DAY) + 1);
    assert_eq!(left(at_once(&store, take(ann, DAY, 1_000, 1), next)), Some(999));
    assert_eq!(left(at_once(&store, take(ann, 60, 10, 10), next)), Some(0));
    drop(store);
    let store = open(&path, next);
    assert_eq!(left(at_once(&store, take(ann, DAY, 1_000, 1), next)), Some(998));
    assert_eq!(left(at_once(&store, take(ann, 60, 10, 10), next)), Some(0));
}

#[tokio::test]
async fn a_budget_waits_for_its_commit_and_is_settled_on_disk() {
    let folder = TempDir::new().expect("a folder");
    let path = folder.path().join("store.redb");
    let (budget, plain, now) = (key(1, 1), key(2, 1), on(MIDNIGHT + 50));
    let store = open(&path, now);
    let reserve = |cost| take(budget, DAY, 1_000, cost);
    assert_eq!(left(at_once(&store, reserve(100), now)), Some(900));
    assert!(store.at_once(&batch(&[settle(budget, 100, 30)]), now).is_none());
    assert!(matches!(answer(&store, &[settle(budget, 100, 30)], now).await[0], Answer::Yes { .. }));
    // From now on it is known for a budget, and the twin is not.
    assert!(store.at_once(&batch(&[reserve(1)]), now).is_none());
    assert_eq!(left(at_once(&store, take(plain, DAY, 1_000, 1), now)), Some(999));
    assert_eq!(left(answer(&store, &[reserve(20)], now).await[0]), Some(950));
    assert!(store.figures().commits >= 2);
    // As the disk is at this moment; a process that was killed leaves the same.
    let copy = folder.path().join("copy.redb");
    fs::copy(&path, &copy).expect("a copy");
    drop(store);
    for path in [&copy, &path] {
        let store = open(path, now);
        assert!(store.at_once(&batch(&[reserve(1)]), now).is_none(), "it is known for a budget");
        assert_eq!(left(answer(&store, &[reserve(0)], now).await[0]), Some(950));
    }
}

#[tokio::test]
async fn rows_of_windows_that_ended_go() {
    let folder = TempDir::new().expect("a folder");
    let path = folder.path().join("store.redb");
    let store = open(&path, on(MIDNIGHT));
    for name in 0..200 {
        let _ = at_once(&store, take(key(1, name), 3_600, 10, 1), on(MIDNIGHT));
        let _ = at_once(&store, take(key(2, name), DAY, 10, 1), on(MIDNIGHT));
    }
    assert!(store.flush().await);
    assert_eq!(store.figures().rows, 400);
    // One look a second, at one shard each, while there is anything to do.
    for second in 0..8 {
        let now = on(MIDNIGHT + 3_600 + second);
        let _ = at_once(&store, take(key(3, 1), DAY, 10, 0), now);
        let _ = at_once(&store, take(key(3, 1), DAY, 100, 1), now);
        assert!(store.flush().await);
    }
    assert!(store.flush().await);
    assert_eq!(store.figures().rows, 201);
    drop(store);
    let store = open(&path, on(MIDNIGHT + 2 * u64::from(DAY)));
    assert!(store.flush().await);
    assert_eq!(store.figures().rows, 0);
}

/// A file of which nearly nothing is used any more is made small at the next start.
#[tokio::test]
async fn a_file_does_not_stay_large() {
    let folder = TempDir::new().expect("a folder");
    let path = folder.path().join("store.redb");
    let sizes = Sizes { known_max: 300_000, ..SIZES };
    let store = FileStore::open(FileSettings { sizes, ..settings(&path) }, on(MIDNIGHT));
    let store = store.expect("a store");
    for number in 0..250_000_u128 {
        let key = Key { limit: 1, subject: Subject::Known(number.to_le_bytes()) };
        let _ = at_once(&store, take(key, 3_600, 10, 1), on(MIDNIGHT));
    }
    let day = take(key(2, 1), DAY, 10, 3);
    assert_eq!(left(at_once(&store, day, on(MIDNIGHT))), Some(7));
    assert!(store.flush().await);
    drop(store);
    let length = || fs::metadata(&path).expect("the file").len();
    let large = length();
    let store = open(&path, on(MIDNIGHT + 3_600));
    assert!(length() < large / 2, "{} of {large} bytes", length());
    assert!(store.flush().await);
    assert_eq!(store.figures().rows, 1);
    let day = take(key(2, 1), DAY, 10, 0);
    assert_eq!(left(at_once(&store, day, on(MIDNIGHT + 3_600))), Some(7));
}

fn denials(store: &FileStore) -> Vec<Denial> {
    let list = store.denials(0).expect("no list has version 0");
    assert_eq!(store.denials(list.version), None, "it is known");
    list.denials
}

fn denied(name: &str) -> Denied {
    let mut digest = [0; 16];
    let bytes = name.as_bytes();
    digest[..bytes.len()].copy_from_slice(bytes);
    Denied::Known { digest, name: format!("user:{name}") }
}

fn denial(who: Denied, until_unix_s: u64) -> Denial {
    Denial::new(who, until_unix_s, "scraped\u{20ac}").expect("a denial")
}

#[tokio::test]
async fn denials_survive_a_restart_and_end_by_themselves() {
    let folder = TempDir::new().expect("a folder");
    let path = folder.path().join("store.redb");
    let now = on(MIDNIGHT);
    let network = Denied::Network("203.0.113.0/24".parse().expect("a network"));
    let all = [
        denial(denied("ann"), MIDNIGHT + 60),
        denial(network, MIDNIGHT + 3_600),
        denial(denied("bob"), MIDNIGHT + 3_600),
    ];
    let store = open(&path, now);
    for denial in &all {
        // Said twice, it is there once.
        store.put_denial(denial, now).await.expect("kept");
        store.put_denial(denial, now).await.expect("kept");
    }
    let lifted = denial(denied("bob"), 0);
    store.put_denial(&lifted, now).await.expect("lifted");
    store.put_denial(&lifted, now).await.expect("lifted twice");
    assert_eq!(denials(&store), all[..2]);
    let copy = folder.path().join("copy.redb");
    fs::copy(&path, &copy).expect("a copy");
    drop(store);
    for path in [&copy, &path] {
        assert_eq!(denials(&open(path, now)), all[..2]);
        assert_eq!(denials(&open(path, on(MIDNIGHT + 61))), all[1..2]);
    }
}

#[tokio::test]
async fn a_full_list_says_so() {
    let folder = TempDir::new().expect("a folder");
    let now = on(MIDNIGHT);
    let store = Arc::new(open(&folder.path().join("store.redb"), now));
    let one = |number: usize| denial(denied(&number.to_string()), MIDNIGHT + 1);
    let put = |number: usize| {
        let store = Arc::clone(&store);
        tokio::spawn(async move { store.put_denial(&one(number), now).await })
    };
    for thousand in (0..DENIALS_MAX).step_by(1_000) {
        for putting in (thousand..thousand + 1_000).map(put).collect::<Vec<_>>() {
            putting.await.expect("it ends").expect("there is room");
        }
    }
    let full = store.put_denial(&one(DENIALS_MAX), now).await;
    assert_eq!(full, Err(DenialError::Full));
    // Twins: one that is there already, and any once the others have ended.
    store.put_denial(&one(7), now).await.expect("it is there");
    store.put_denial(&denial(denied("x"), MIDNIGHT + 9), on(MIDNIGHT + 2)).await.expect("room");
    assert_eq!(denials(&store).len(), 1);
}

fn error(path: &Path) -> String {
    let Err(error) = FileStore::open(settings(path), on(MIDNIGHT)) else {
        panic!("{} was opened", path.display());
    };
    error.to_string()
}

#[test]
fn what_is_wrong_with_a_path_is_named() {
    let folder = TempDir::new().expect("a folder");
    let at = |name: &str| folder.path().join(name);
    assert!(error(folder.path()).contains("is a folder; name a file in it"));
    assert!(error(&at("none/store.redb")).contains("make its folder first"));
    fs::write(at("text"), "not a database, and long enough to be read as one".repeat(200))
        .expect("a file");
    assert!(error(&at("text")).contains("is no store of doorward's"));
    fs::write(at("empty"), "").expect("a file");
    assert!(error(&at("empty")).contains("is empty"));
    let other = redb::Database::create(at("other")).expect("a database");
    let table: redb::TableDefinition<'_, u32, u32> = redb::TableDefinition::new("else");
    let writing = other.begin_write().expect("a transaction");
    writing.open_table(table).expect("a table").insert(1, 1).expect("a row");
    writing.commit().expect("a commit");
    assert!(error(&at("other")).contains("another doorward has the store"));
    drop(other);
    assert!(error(&at("other")).contains("a database of another program"));
    // A look says the same of what can be seen from outside.
    for (name, want) in [("none/store.redb", "make its folder first"), ("empty", "is empty")] {
        let seen = look(&at(name)).expect_err(name).to_string();
        assert!(seen.contains(want), "{seen}");
    }
    assert!(look(folder.path()).expect_err("a folder").to_string().contains("is a folder"));
    assert!(look(&at("other")).is_ok() && look(&at("store.redb")).is_ok());
    // Twin: a path that is there for the taking, twice, but not at once.
    let store = open(&at("store.redb"), on(MIDNIGHT));
    assert!(error(&at("store.redb")).contains("another doorward has the store"));
    drop(store);
    drop(open(&at("store.redb"), on(MIDNIGHT)));
    let left = fs::read_dir(folder.path()).expect("the folder").count();
    assert_eq!(left, 4, "nothing else is left behind");
}

#[test]
fn a_file_of_a_later_version_is_left_alone() {
    let folder = TempDir::new().expect("a folder");
    let path = folder.path().join("store.redb");
    drop(open(&path, on(MIDNIGHT)));
    let database = redb::Database::open(&path).expect("a database");
    let table: redb::TableDefinition<'_, &str, &[u8]> = redb::TableDefinition::new("doorward");
    let writing = database.begin_write().expect("a transaction");
    let format = 2_u32.to_le_bytes();
    writing.open_table(table).expect("a table").insert("format", &format[..]).expect("a row");
    writing.commit().expect("a commit");
    drop(database);
    assert!(error(&path).contains("was written by a later version (format 2, this one knows 1)"));
    let left_alone = doorward_store::file::repair::repair(&path, 1);
    assert!(matches!(left_alone, Err(FileError::Later { found: 2, .. })));
    assert!(path.exists());
}

/// What a damaged file is opened as: by another seed for each way in which it is damaged.
struct Random(u64);

impl Random {
    fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % end
    }
}

/// Flipped bytes and cut-off ends are found at the start, named, and never served from. What is not
/// found is no damage: nothing of what was counted differs.
#[test]
fn a_damaged_file_is_found_at_the_start() {
    let folder = TempDir::new().expect("a folder");
    let (whole, path) = (folder.path().join("whole.redb"), folder.path().join("store.redb"));
    let now = on(MIDNIGHT);
    let names = 0..100;
    let store = open(&whole, now);
    for name in names.clone() {
        assert_eq!(left(at_once(&store, take(key(1, name), DAY, 10, 3), now)), Some(7));
    }
    drop(store);
    let bytes = fs::read(&whole).expect("the file");
    let mut random = Random(0x5eed);
    let (mut found, mut well) = (0, 0);
    for number in 0..300 {
        let mut bytes = bytes.clone();
        if number % 3 == 0 {
            bytes.truncate(random.below(bytes.len() as u64) as usize);
        } else {
            for _ in 0..=number % 8 {
                let place = random.below(bytes.len() as u64) as usize;
                bytes[place] ^= 1 << random.below(8);
            }
        }
        fs::write(&path, &bytes).expect("a damaged file");
        match FileStore::open(settings(&path), now) {
            Ok(store) => {
                well += 1;
                for name in names.clone() {
                    let asked = at_once(&store, take(key(1, name), DAY, 10, 0), now);
                    assert_eq!(left(asked), Some(7), "round {number}");
                }
            }
            Err(error) => {
                found += 1;
                let named = matches!(
                    error,
                    FileError::Damaged { .. } | FileError::Foreign { .. } | FileError::Empty(_)
                );
                assert!(named, "round {number}: {error}");
            }
        }
    }
    println!("{found} damaged files were found, {well} were as good as whole");
    assert!(found > 100);
}

#[test]
fn a_file_beyond_repair_is_moved_aside_when_somebody_says_so() {
    use doorward_store::file::repair::{Repaired, repair};
    let folder = TempDir::new().expect("a folder");
    let path = folder.path().join("store.redb");
    let store = open(&path, on(MIDNIGHT));
    let _ = at_once(&store, take(key(1, 1), DAY, 10, 1), on(MIDNIGHT));
    drop(store);
    let well = repair(&path, 77).expect("a whole one");
    assert_eq!(well, Repaired::Well { windows: 1, denials: 0 });
    let bytes = fs::read(&path).expect("the file");
    fs::write(&path, &bytes[..bytes.len() / 3]).expect("a cut-off file");
    assert!(error(&path).contains("doorward store repair"));
    let moved = repair(&path, 77).expect("it is moved");
    let Repaired::Moved { to, .. } = moved else { panic!("{moved:?}") };
    assert_eq!(to, folder.path().join("store.redb.broken-77"));
    assert!(to.exists() && !path.exists());
    // The next start begins anew; what is no store is not touched.
    drop(open(&path, on(MIDNIGHT)));
    let text = folder.path().join("letters");
    fs::write(&text, "not ours".repeat(1_000)).expect("a file");
    assert!(matches!(repair(&text, 77), Err(FileError::Foreign { .. })));
    assert!(text.exists());
}
