//! HTTP/2 by the frame (RFC 9113 4.1), for what no library sends.

use super::PATIENCE;
use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};

pub(crate) const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
pub(crate) const DATA: u8 = 0;
pub(crate) const HEADERS: u8 = 1;
pub(crate) const PRIORITY: u8 = 2;
pub(crate) const RST_STREAM: u8 = 3;
pub(crate) const SETTINGS: u8 = 4;
pub(crate) const PING: u8 = 6;
pub(crate) const GOAWAY: u8 = 7;
pub(crate) const WINDOW_UPDATE: u8 = 8;
pub(crate) const CONTINUATION: u8 = 9;
pub(crate) const ACK: u8 = 1;
pub(crate) const END_STREAM: u8 = 1;
pub(crate) const END_HEADERS: u8 = 4;
pub(crate) const ENHANCE_YOUR_CALM: u32 = 11;

/// One frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Frame {
    pub(crate) kind: u8,
    pub(crate) flags: u8,
    pub(crate) stream: u32,
    pub(crate) payload: Vec<u8>,
}

/// A frame's bytes.
pub(crate) fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).expect("a short payload").to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

/// Fields as HPACK literals that nobody remembers (RFC 7541 6.2.2).
pub(crate) fn fields(fields: &[(&str, &str)]) -> Vec<u8> {
    let mut out = Vec::new();
    for (name, value) in fields {
        out.push(0);
        for text in [name, value] {
            let length = u8::try_from(text.len()).expect("a short text");
            assert!(length < 127, "one byte's length");
            out.push(length);
            out.extend_from_slice(text.as_bytes());
        }
    }
    out
}

/// The fields of a request.
pub(crate) fn request(method: &str, path: &str) -> Vec<u8> {
    fields(&[
        (":method", method),
        (":scheme", "http"),
        (":authority", "localhost"),
        (":path", path),
    ])
}

/// A GET with its end.
pub(crate) fn get(stream: u32, path: &str) -> Vec<u8> {
    frame(HEADERS, END_HEADERS | END_STREAM, stream, &request("GET", path))
}

/// A connection, frame by frame.
pub(crate) struct Frames {
    pub(crate) socket: TcpStream,
}

impl Frames {
    /// A connection that has sent its preface and `settings`.
    pub(crate) fn to(address: SocketAddr, settings: &[(u16, u32)]) -> Self {
        let socket = TcpStream::connect(address).expect("the proxy listens");
        socket.set_read_timeout(Some(PATIENCE)).expect("a timeout can be set");
        socket.set_nodelay(true).expect("nodelay can be set");
        let mut payload = Vec::new();
        for (key, value) in settings {
            payload.extend_from_slice(&key.to_be_bytes());
            payload.extend_from_slice(&value.to_be_bytes());
        }
        let mut out = Self { socket };
        out.send(&[PREFACE, &frame(SETTINGS, 0, 0, &payload)].concat());
        out
    }

    pub(crate) fn send(&mut self, bytes: &[u8]) {
        self.socket.write_all(bytes).expect("the gate reads");
    }

    /// Sends `bytes` again and again, until the gate does not take them any more. How often it did.
    pub(crate) fn flood(&mut self, mut bytes: impl FnMut(u32) -> Vec<u8>, most: u32) -> u32 {
        self.socket.set_write_timeout(Some(PATIENCE)).expect("a timeout can be set");
        for count in 0..most {
            if let Err(error) = self.socket.write_all(&bytes(count)) {
                assert_ne!(error.kind(), ErrorKind::WouldBlock, "neither taken nor refused");
                return count;
            }
        }
        most
    }

    /// The next frame; none at the end, or a reset.
    pub(crate) fn next(&mut self) -> Option<Frame> {
        let mut header = [0; 9];
        if !self.fill(&mut header) {
            return None;
        }
        let [high, middle, low, kind, flags, stream @ ..] = header;
        let length = usize::from(high) << 16 | usize::from(middle) << 8 | usize::from(low);
        let mut payload = vec![0; length];
        let stream = u32::from_be_bytes(stream);
        self.fill(&mut payload).then_some(Frame { kind, flags, stream, payload })
    }

    fn fill(&mut self, into: &mut [u8]) -> bool {
        match self.socket.read_exact(into) {
            Ok(()) => true,
            Err(error) => {
                assert_ne!(error.kind(), ErrorKind::WouldBlock, "nothing came");
                false
            }
        }
    }

    /// The next frame of this kind and stream.
    pub(crate) fn until(&mut self, kind: u8, stream: u32) -> Frame {
        loop {
            let frame = self.next().expect("the connection lives");
            if (frame.kind, frame.stream) == (kind, stream) {
                return frame;
            }
        }
    }

    /// The next frame of this stream that is not of a body.
    pub(crate) fn first_of(&mut self, stream: u32) -> Frame {
        loop {
            let frame = self.next().expect("the connection lives");
            if frame.stream == stream && frame.kind != DATA {
                return frame;
            }
        }
    }

    /// Reads until so many frames of this kind came.
    pub(crate) fn count(&mut self, kind: u8, count: usize) {
        for _ in 0..count {
            while self.next().expect("the connection lives").kind != kind {}
        }
    }

    /// The reason of the GOAWAY with which the gate ends the connection; none without one.
    pub(crate) fn end(&mut self) -> Option<u32> {
        let mut reason = None;
        while let Some(frame) = self.next() {
            if frame.kind == GOAWAY {
                let code = frame.payload[4..8].try_into().expect("a GOAWAY has eight bytes");
                reason = Some(u32::from_be_bytes(code));
            }
        }
        reason
    }
}
