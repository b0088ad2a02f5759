//! One connection to a server of keys and values: when it is opened, given up and tried again. The
//! server is a few lines in this process; real ones are asked in `doorward-test`.

use doorward_core::remote::{Remote, RemoteAt};
use doorward_store::remote::{Open, Opened, RemoteError, RemoteLimits, RemoteStore};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};

const LIMITS: RemoteLimits = RemoteLimits {
    answer_ms_max: 20_000,
    open_ms_max: 20_000,
    away_ms: 20_000,
    idle_ms_max: 20_000,
};
/// A question for this key, as it goes over the connection.
const QUESTION: &[u8] = b"*4\r\n$8\r\nGETRANGE\r\n$1\r\nk\r\n$1\r\n0\r\n$1\r\n8\r\n";

/// Connections to a server, counted from 1; what `serve` drops of one closes it.
fn counted(serve: impl Fn(usize, DuplexStream) + Send + Sync + 'static) -> (Open, Counted) {
    let count = Arc::new(AtomicUsize::new(0));
    let counts = Arc::clone(&count);
    let open: Open = Box::new(move || {
        let (own, other) = duplex(4_096);
        serve(counts.fetch_add(1, Ordering::Relaxed) + 1, other);
        let opened: Opened = Ok(Box::new(own));
        Box::pin(async move { opened })
    });
    (open, Counted(count))
}

struct Counted(Arc<AtomicUsize>);

impl Counted {
    fn opened(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

fn store(limits: RemoteLimits, open: Open) -> RemoteStore {
    let at = RemoteAt::Socket("/run/server.sock".to_owned());
    RemoteStore::new(&Remote { at, database: 0, user: None, password: None }, limits, open)
}

/// Answers so many questions, all alike, and closes.
fn answer(mut stream: DuplexStream, times: usize, text: &'static [u8]) {
    tokio::spawn(async move {
        for _ in 0..times {
            let mut question = vec![0; QUESTION.len()];
            stream.read_exact(&mut question).await?;
            assert_eq!(question, QUESTION);
            stream.write_all(text).await?;
        }
        Ok::<(), std::io::Error>(())
    });
}

const ANN: &[u8] = b"$3\r\nann\r\n";

fn ann() -> Result<Option<Vec<u8>>, RemoteError> {
    Ok(Some(b"ann".to_vec()))
}

#[tokio::test]
async fn what_stands_at_a_key_is_read_up_to_its_bound() {
    for (text, want) in [
        (ANN, ann()),
        (b"$8\r\n12345678\r\n", Ok(Some(b"12345678".to_vec()))),
        (b"$9\r\n123456789\r\n", Err(RemoteError::TooLong(8))),
        (b"$0\r\n\r\n", Ok(None)),
        (b"$-1\r\n", Err(RemoteError::Strange)),
        (b":7\r\n", Err(RemoteError::Strange)),
        (b"+ann\r\n", Err(RemoteError::Strange)),
        (b"*1\r\n$3\r\nann\r\n", Err(RemoteError::Strange)),
    ] {
        let (open, counted) = counted(move |_, stream| answer(stream, 2, text));
        let store = store(LIMITS, open);
        for _ in 0..2 {
            assert_eq!(store.bytes("k", 8).await, want, "{}", text.escape_ascii());
        }
        assert_eq!(counted.opened(), 1, "an answer is no reason for another connection");
    }
}

#[tokio::test]
async fn an_error_of_the_server_is_an_answer() {
    let (open, counted) =
        counted(|_, stream| answer(stream, 2, b"-WRONGTYPE it is\x1b no text\r\n"));
    let store = store(LIMITS, open);
    for _ in 0..2 {
        let Err(RemoteError::Said(said)) = store.bytes("k", 8).await else { panic!("no error") };
        assert!(said.contains("WRONGTYPE") && !said.contains('\x1b'), "{said}");
    }
    assert_eq!(counted.opened(), 1);
}

#[tokio::test]
async fn a_connection_that_was_open_before_is_opened_anew() {
    let (open, counted) = counted(|_, stream| answer(stream, 1, ANN));
    let store = store(LIMITS, open);
    for opened in 1..4 {
        assert_eq!(store.bytes("k", 8).await, ann());
        assert_eq!(counted.opened(), opened);
    }
}

#[tokio::test]
async fn one_that_breaks_at_once_is_not() {
    let (open, counted) = counted(|_, stream| answer(stream, 0, ANN));
    let store = store(LIMITS, open);
    for _ in 0..3 {
        assert!(matches!(store.bytes("k", 8).await, Err(RemoteError::Broken(_))));
    }
    assert_eq!(counted.opened(), 1, "for a while nobody tries again");
}

#[tokio::test]
async fn a_server_that_was_away_is_tried_again() {
    let (open, counted) = counted(|number, stream| {
        let times = if number < 3 { 0 } else { 9 };
        answer(stream, times, ANN);
    });
    let store = store(RemoteLimits { away_ms: 0, ..LIMITS }, open);
    for _ in 0..2 {
        assert!(matches!(store.bytes("k", 8).await, Err(RemoteError::Broken(_))));
    }
    assert_eq!(store.bytes("k", 8).await, ann());
    assert_eq!(store.bytes("k", 8).await, ann());
    assert_eq!(counted.opened(), 3);
}

#[tokio::test]
async fn who_says_nothing_is_given_up() {
    let (open, counted) = counted(|number, stream| match number {
        1 => {
            // It is kept open.
            tokio::spawn(async move {
                let _stream = stream;
                std::future::pending::<()>().await;
            });
        }
        _ => answer(stream, 1, ANN),
    });
    let store = store(RemoteLimits { answer_ms_max: 20, away_ms: 0, ..LIMITS }, open);
    assert_eq!(store.bytes("k", 8).await, Err(RemoteError::TooSlow(20)));
    assert_eq!(store.bytes("k", 8).await, ann());
    assert_eq!(counted.opened(), 2);
}

#[tokio::test]
async fn what_nobody_used_for_long_is_not_trusted() {
    let (open, counted) = counted(|_, stream| answer(stream, 9, ANN));
    let store = store(RemoteLimits { idle_ms_max: 0, ..LIMITS }, open);
    for opened in 1..4 {
        assert_eq!(store.bytes("k", 8).await, ann());
        assert_eq!(counted.opened(), opened);
    }
}

#[tokio::test]
async fn where_nothing_is_opened_the_reason_is_said() {
    let open: Open = Box::new(|| Box::pin(async { Err("there is no such name".to_owned()) }));
    let error = store(LIMITS, open).bytes("k", 8).await;
    assert_eq!(error.map_err(|error| error.to_string()), Err("there is no such name".to_owned()));
}

#[tokio::test]
async fn many_questions_go_over_one_connection() {
    let (open, counted) = counted(|_, stream| answer(stream, 50, ANN));
    let store = Arc::new(store(LIMITS, open));
    let asking = (0..50).map(|_| {
        let store = Arc::clone(&store);
        tokio::spawn(async move { store.bytes("k", 8).await })
    });
    for one in asking.collect::<Vec<_>>() {
        assert_eq!(one.await.expect("it ends"), ann());
    }
    assert_eq!(counted.opened(), 1);
}
