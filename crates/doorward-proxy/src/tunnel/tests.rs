//! The ends that a gate puts to a tunnel, where a clock in hand says when.

use super::*;
use crate::tests::{at, client};
use crate::web_socket::Side;
use doorward_porter::clock::FixedClock;
use std::sync::Arc;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::net::UnixStream;
use tokio::task::JoinHandle;

/// A tunnel whose both ends are in the test's hands.
struct Scene {
    clock: Arc<FixedClock>,
    client: DuplexStream,
    upstream: UnixStream,
    run: JoinHandle<Leaving>,
}

fn open(ends_unix_s: Option<u64>, first: &'static [u8]) -> Scene {
    let clock = Arc::new(FixedClock::new(at(10)));
    let (near, far) = UnixStream::pair().expect("a pair of sockets");
    let (client_end, mut socket) = duplex(64 * 1024);
    let proxied = client(&clock);
    let shared = Arc::clone(&proxied.worker.shared);
    let tunnel = Tunnel {
        upstream: UpstreamSocket::Unix(near),
        first: Bytes::from_static(first),
        from_client: Frames::new(Side::Client, false),
        from_upstream: Frames::new(Side::Server, false),
        leave: Leave::new(shared, None, ends_unix_s, Duration::from_millis(5)),
        record: None,
    };
    let run = tokio::spawn(async move { run(&proxied, &mut socket, Box::new(tunnel)).await });
    Scene { clock, client: client_end, upstream: far, run }
}

fn block_on(test: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime").block_on(test);
}

async fn read<const N: usize>(from: &mut (impl AsyncRead + Unpin)) -> [u8; N] {
    let mut out = [0; N];
    from.read_exact(&mut out).await.expect("so many bytes");
    out
}

async fn rest(from: &mut (impl AsyncRead + Unpin)) -> Vec<u8> {
    let mut out = Vec::new();
    let _ = from.read_to_end(&mut out).await;
    out
}

#[test]
fn a_tunnel_ends_with_its_callers_leave_and_says_so() {
    block_on(async {
        let mut scene = open(Some(20), &[0x81, 1, b'a']);
        assert_eq!(read(&mut scene.client).await, [0x81, 1, b'a'], "what came behind the 101");
        scene.client.write_all(&[0x81, 0x81, 0, 0, 0, 0, b'b']).await.expect("it is read");
        assert_eq!(read(&mut scene.upstream).await, [0x81, 0x81, 0, 0, 0, 0, b'b']);
        scene.clock.set(at(19));
        scene.upstream.write_all(&[0x81, 1, b'c']).await.expect("it is read");
        assert_eq!(read(&mut scene.client).await, [0x81, 1, b'c']);
        scene.clock.set(at(20));
        assert_eq!(rest(&mut scene.client).await, CloseCode::Policy.frame());
        assert!(rest(&mut scene.upstream).await.is_empty(), "the upstream is closed");
        assert_eq!(scene.run.await.expect("it ends"), Leaving::Close);
    });
}

#[test]
fn a_close_never_stands_within_a_frame() {
    block_on(async {
        let mut scene = open(Some(20), &[0x89, 0, 0x82, 4, b'a']);
        assert_eq!(read(&mut scene.client).await, [0x89, 0, 0x82, 4, b'a']);
        scene.clock.set(at(20));
        assert!(rest(&mut scene.client).await.is_empty());
        assert_eq!(scene.run.await.expect("it ends"), Leaving::Reset);
    });
}

#[test]
fn a_leave_without_an_end_ends_no_tunnel() {
    block_on(async {
        let mut scene = open(None, &[]);
        scene.clock.set(at(u64::MAX));
        scene.upstream.write_all(&[0x88, 2, 3, 0xe8]).await.expect("it is read");
        assert_eq!(read(&mut scene.client).await, [0x88, 2, 3, 0xe8]);
        scene.client.write_all(&[0x88, 0x80, 0, 0, 0, 0]).await.expect("it is read");
        assert_eq!(read(&mut scene.upstream).await, [0x88, 0x80, 0, 0, 0, 0]);
        drop(scene.upstream);
        assert!(rest(&mut scene.client).await.is_empty(), "the end is told once");
        assert_eq!(scene.run.await.expect("it ends"), Leaving::Close);
    });
}

#[test]
fn whoever_does_not_read_is_not_read_for() {
    block_on(async {
        let mut scene = open(None, &[]);
        let header = [0x82, 127, 0, 0, 0, 0, 0, 64, 0, 0];
        scene.upstream.write_all(&header).await.expect("it is read");
        // Nobody reads: the sender comes to a stop long before the frame's 4 MiB.
        let (mut sent, mut stops) = (0, 0);
        while stops < 100 {
            match scene.upstream.try_write(&[7; 16 * 1024]) {
                Ok(bytes) => (sent, stops) = (sent + bytes, 0),
                Err(_) => stops += 1,
            }
            assert!(sent < 2 << 20, "all of it is taken in");
            tokio::task::yield_now().await;
        }
        drop(scene.client);
        assert_eq!(scene.run.await.expect("it ends"), Leaving::Reset);
    });
}
