//! Who is asked for the primary, and what is made of the answers. The Sentinels are a few lines in
//! this process.

use doorward_core::remote::RemoteAt;
use doorward_store::remote::sentinel::{DialAt, open_primary};
use doorward_store::remote::{Opened, Stream};
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

const QUESTION: &[u8] =
    b"*3\r\n$8\r\nSENTINEL\r\n$23\r\nGET-MASTER-ADDR-BY-NAME\r\n$5\r\ngates\r\n";
const PRIMARY: &[u8] = b"*2\r\n$8\r\n10.0.0.9\r\n$4\r\n6400\r\n";

fn at(host: &str, port: u16) -> RemoteAt {
    RemoteAt::Port { host: host.to_owned(), port, is_tls: true }
}

/// Opens what is asked for, notes it, and answers as each of the hosts does; `None`: not reached.
fn dial(
    answers: Vec<(&'static str, Option<&'static [u8]>)>,
) -> (DialAt, Arc<Mutex<Vec<RemoteAt>>>) {
    let dialled = Arc::new(Mutex::new(Vec::new()));
    let notes = Arc::clone(&dialled);
    let dial: DialAt = Arc::new(move |at: RemoteAt| {
        notes.lock().expect("the notes").push(at.clone());
        let RemoteAt::Port { host, .. } = at else { panic!("a port") };
        let answer = answers.iter().find(|(known, _)| *known == host).map(|(_, answer)| *answer);
        let opened: Opened = match answer {
            Some(None) => Err("there is nobody".to_owned()),
            Some(Some(text)) => {
                let (own, mut other) = duplex(4_096);
                tokio::spawn(async move {
                    let mut question = vec![0; QUESTION.len()];
                    other.read_exact(&mut question).await?;
                    assert_eq!(question, QUESTION);
                    other.write_all(text).await
                });
                Ok(Box::new(own) as Box<dyn Stream>)
            }
            // The primary itself.
            None => Ok(Box::new(duplex(64).0) as Box<dyn Stream>),
        };
        Box::pin(async move { opened })
    });
    (dial, dialled)
}

#[tokio::test]
async fn the_first_sentinel_that_knows_is_believed() {
    let (dial, dialled) = dial(vec![
        ("one", None),
        ("two", Some(b"*-1\r\n")),
        ("three", Some(b"-ERR no\r\n")),
        ("four", Some(PRIMARY)),
        ("five", Some(PRIMARY)),
    ]);
    let sentinels = ["one", "two", "three", "four", "five"].map(|host| at(host, 26_379)).to_vec();
    assert!(open_primary(dial, sentinels.clone(), "gates".to_owned()).await.is_ok());
    let asked = dialled.lock().expect("the notes").clone();
    assert_eq!(asked, [&sentinels[..4], &[at("10.0.0.9", 6400)]].concat());
}

#[tokio::test]
async fn where_nobody_knows_every_reason_is_said() {
    let strange: [&'static [u8]; 5] = [
        b"*2\r\n$0\r\n\r\n$4\r\n6400\r\n",
        b"*2\r\n$1\r\na\r\n$1\r\n0\r\n",
        b"*2\r\n$1\r\na\r\n$5\r\n65536\r\n",
        b"*1\r\n$1\r\na\r\n",
        b"+OK\r\n",
    ];
    for text in strange {
        let (dial, dialled) = dial(vec![("one", None), ("two", Some(text))]);
        let sentinels = vec![at("one", 1), at("two", 2)];
        let opened = open_primary(dial, sentinels, "gates".to_owned()).await;
        let why = opened.err().expect("nobody knows");
        assert_eq!(
            why,
            "no Sentinel knows the primary gates: one:1: there is nobody; two:2: it does not know \
             it"
        );
        assert_eq!(dialled.lock().expect("the notes").len(), 2);
    }
}
