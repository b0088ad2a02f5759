//! An event stream, cut into its events while it goes by (HTML, Server-sent events, 9.2.6).

use bytes::{Bytes, BytesMut};

/// Bytes of an event at the most: the last of a response has the whole of it in it.
const EVENT_BYTES_MAX: usize = 1024 * 1024;

/// What has come and is not handed on yet: whole events, and the beginning of another.
#[derive(Debug, Default)]
pub(super) struct Events {
    held: BytesMut,
    /// Bytes of `held` that were looked at: no event ends in them but at `ends`.
    seen: usize,
    /// Where an event ends that was not looked at yet.
    end: Option<usize>,
}

/// An event is too long to be looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TooLong;

impl Events {
    pub(super) fn push(&mut self, piece: &[u8]) {
        self.held.extend_from_slice(piece);
    }

    /// The bytes of the next whole event, with the empty line behind it. They stay here.
    pub(super) fn next(&mut self) -> Result<Option<&[u8]>, TooLong> {
        if self.end.is_none() {
            self.end = self.find();
        }
        match self.end {
            Some(end) if end <= EVENT_BYTES_MAX => Ok(self.held.get(..end)),
            Some(_) => Err(TooLong),
            None if self.held.len() > EVENT_BYTES_MAX => Err(TooLong),
            None => Ok(None),
        }
    }

    /// Hands on the event that [`next`](Self::next) told of.
    pub(super) fn take(&mut self) -> Bytes {
        let end = self.end.take().unwrap_or(0);
        self.seen = 0;
        self.held.split_to(end).freeze()
    }

    /// Hands on what is left, which is no whole event.
    pub(super) fn rest(&mut self) -> Bytes {
        (self.end, self.seen) = (None, 0);
        self.held.split().freeze()
    }

    /// Where the first event ends: behind an empty line. A line ends with CR, LF or both.
    fn find(&mut self) -> Option<usize> {
        let bytes = &self.held[..];
        let mut at = self.seen;
        while let Some(byte) = bytes.get(at) {
            let is_end = matches!(byte, b'\n' | b'\r');
            let line_end = match (byte, bytes.get(at + 1)) {
                (b'\r', Some(b'\n')) => at + 2,
                // What follows tells whether this is one line's end or two.
                (b'\r', None) => break,
                _ => at + 1,
            };
            let is_empty = is_end && (at == 0 || matches!(bytes.get(at - 1), Some(b'\n' | b'\r')));
            at = line_end;
            if is_empty {
                return Some(at);
            }
        }
        self.seen = at;
        None
    }
}

/// The data of an event: its `data` lines, one behind the other. None: it has none, as a comment.
pub(super) fn payload(event: &[u8]) -> Option<Vec<u8>> {
    let mut out: Option<Vec<u8>> = None;
    let lines = event.split(|byte| matches!(byte, b'\n' | b'\r'));
    for line in lines {
        // The first line of a stream may begin with a byte order mark.
        let line = line.strip_prefix("\u{feff}".as_bytes()).unwrap_or(line);
        let Some(rest) = line.strip_prefix(b"data") else { continue };
        let value = match rest.split_first() {
            None => rest,
            Some((b':', value)) => value.strip_prefix(b" ").unwrap_or(value),
            Some(_) => continue,
        };
        match &mut out {
            None => out = Some(value.to_vec()),
            Some(out) => {
                out.push(b'\n');
                out.extend_from_slice(value);
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn events(text: &[u8], piece: usize) -> (Vec<String>, String) {
        let mut events = Events::default();
        let mut out = Vec::new();
        for piece in text.chunks(piece) {
            events.push(piece);
            while let Ok(Some(_)) = events.next() {
                out.push(String::from_utf8_lossy(&events.take()).into_owned());
            }
        }
        (out, String::from_utf8_lossy(&events.rest()).into_owned())
    }

    #[test]
    fn events_end_at_an_empty_line_in_whatever_pieces() {
        for (text, want, rest) in [
            ("data: 1\n\ndata: 2\n\n", &["data: 1\n\n", "data: 2\n\n"][..], ""),
            ("data: 1\r\n\r\ndata: 2\r\n\r\n", &["data: 1\r\n\r\n", "data: 2\r\n\r\n"], ""),
            ("data: 1\r\rdata: 2\r\r:", &["data: 1\r\r", "data: 2\r\r"], ":"),
            ("data: 1\n\r\ndata", &["data: 1\n\r\n"], "data"),
            (": a\n\ndata: 1\nid: 2\n\n", &[": a\n\n", "data: 1\nid: 2\n\n"], ""),
            ("data: 1\n", &[], "data: 1\n"),
            ("\n\ndata: 1\n\n", &["\n", "\n", "data: 1\n\n"], ""),
        ] {
            for piece in [1, 2, 3, 1000] {
                let (found, left) = events(text.as_bytes(), piece);
                assert_eq!((found, left.as_str()), (own(want), rest), "{piece} {text:?}");
            }
        }
    }

    fn own(texts: &[&str]) -> Vec<String> {
        texts.iter().map(|text| (*text).to_owned()).collect()
    }

    #[test]
    fn the_data_of_an_event_are_its_data_lines() {
        for (event, want) in [
            ("data: 1\n\n", Some("1")),
            ("data:1\r\n\r\n", Some("1")),
            ("data:  1\n\n", Some(" 1")),
            ("event: a\ndata: 1\ndata: 2\n\n", Some("1\n2")),
            ("data\n\n", Some("")),
            ("\u{feff}data: 1\n\n", Some("1")),
            ("database: 1\n\n", None),
            (": data: 1\n\n", None),
            ("event: a\n\n", None),
        ] {
            let found =
                payload(event.as_bytes()).map(|data| String::from_utf8(data).expect("text"));
            assert_eq!(found.as_deref(), want, "{event:?}");
        }
    }

    #[test]
    fn an_event_without_an_end_is_not_held_for_ever() {
        let mut events = Events::default();
        events.push(&[b'a'; EVENT_BYTES_MAX]);
        assert_eq!(events.next(), Ok(None));
        events.push(b"a");
        assert_eq!(events.next(), Err(TooLong));
    }
}
