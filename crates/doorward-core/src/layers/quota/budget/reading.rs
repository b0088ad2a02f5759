//! What an answer says while it goes by: how much it may have cost, and what it says of that.

use super::events::{self, Events};
use super::find::Finder;
use super::output;
use super::share::Share;
use super::spending::{Spending, State, Unreadable};
use super::usage::{self, Said};
use crate::json;
use bytes::Bytes;
use http::{HeaderMap, StatusCode, header};
use std::collections::VecDeque;

/// The member in which providers say what an answer has cost.
const USAGE: &str = "usage";

/// How an answer is read.
#[derive(Debug)]
pub(super) enum Reading {
    /// There is none yet.
    Nothing,
    Events(Events),
    /// As one JSON object, if it is one.
    Whole {
        finder: Finder,
        came: VecDeque<Bytes>,
        /// Its bytes are those that were written.
        is_plain: bool,
    },
}

/// What the next event holds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Look {
    pub(super) tokens: u64,
    pub(super) usage: Said,
}

impl Spending {
    /// The head of the answer is there.
    ///
    /// # Errors
    /// It streams, and nobody could count it: it must not go on.
    pub fn begin(&mut self, status: StatusCode, headers: &HeaderMap) -> Result<(), Unreadable> {
        let codings = headers.get_all(header::CONTENT_ENCODING).iter();
        let is_plain = codings.into_iter().all(|coding| coding.as_bytes() == b"identity");
        let mut types = headers.get_all(header::CONTENT_TYPE).iter();
        let has_events = types.any(|value| value.as_bytes().starts_with(b"text/event-stream"));
        // What the backend refuses, it does not bill for; what it fails at, it may.
        self.is_free = status.is_client_error();
        self.has_length = headers.contains_key(header::CONTENT_LENGTH);
        if !status.is_success() {
            self.plan.can_be_cut = false;
        }
        if self.plan.can_be_cut && !is_plain && !self.is_watched {
            return Err(Unreadable);
        }
        self.reading = match has_events && is_plain {
            true => Reading::Events(Events::default()),
            false => {
                let own = self.shares.iter().filter_map(Share::path);
                let names = own.map(|path| path.first().to_owned());
                let wanted = std::iter::once(USAGE.to_owned()).chain(names).collect();
                let came = VecDeque::new();
                let is_plain = is_plain && status.is_success();
                Reading::Whole { finder: Finder::new(wanted), came, is_plain }
            }
        };
        Ok(())
    }

    /// More of the answer came.
    pub fn feed(&mut self, piece: Bytes) {
        if piece.is_empty() {
            return;
        }
        match &mut self.reading {
            Reading::Nothing => {}
            Reading::Events(events) => events.push(&piece),
            Reading::Whole { finder, came, .. } => {
                finder.see(&piece);
                came.push_back(piece);
            }
        }
    }

    /// The answer has come to its end, or broke off.
    pub fn finish(&mut self, is_whole: bool) {
        if self.state == State::Open {
            self.state = if is_whole { State::Whole } else { State::Broken };
        }
    }

    pub(super) fn look(&mut self) -> Result<Option<Look>, events::TooLong> {
        match &mut self.reading {
            Reading::Nothing => Ok(None),
            Reading::Whole { came, is_plain, .. } => Ok(came.front().map(|piece| {
                let tokens = if *is_plain { piece.len() as u64 } else { 0 };
                Look { tokens, usage: Said::Nothing }
            })),
            Reading::Events(events) => {
                let Some(event) = events.next()? else { return Ok(None) };
                let data = events::payload(event);
                Ok(Some(self.look_at(data.as_deref())))
            }
        }
    }

    fn look_at(&mut self, data: Option<&[u8]>) -> Look {
        let nothing = Look { tokens: 0, usage: Said::Nothing };
        let data = match data {
            None | Some(b"[DONE]" | b"") => return nothing,
            Some(data) => data,
        };
        let Ok(event) = json::object(data) else {
            return Look { tokens: data.len() as u64, ..nothing };
        };
        for share in &mut self.shares {
            share.hear(|name| event.get(name));
        }
        // A response's event has it in the response, the first of a message in the message.
        let within = ["response", "message"].iter().filter_map(|name| event.get(*name));
        let places = event.get(USAGE).into_iter().chain(within.filter_map(|one| one.get(USAGE)));
        let usage = places.map(usage::read).find(|said| *said != Said::Nothing);
        let tokens = output::tokens_max(&event, data.len());
        Look { tokens, usage: usage.unwrap_or(Said::Nothing) }
    }

    pub(super) fn note_usage(&mut self, said: Said) {
        match said {
            Said::Nothing => {}
            Said::Nonsense => self.has_nonsense = true,
            // What streams is told as it stands so far, and never becomes less.
            Said::Tokens(tokens) => {
                self.usage = Some(self.usage.map_or(tokens, |before| before.max(tokens)));
                self.is_final = true;
            }
        }
    }

    /// What an answer says of its cost, if its object has come to its end. Whoever writes it on may
    /// let go with its last byte, and ask for no more.
    pub(super) fn hear_whole(&mut self) {
        let Reading::Whole { finder, .. } = &self.reading else { return };
        if self.usage.is_some() {
            return;
        }
        for share in &mut self.shares {
            share.hear(|name| finder.value(name));
        }
        let said = finder.value(USAGE).map_or(Said::Nothing, usage::read);
        self.note_usage(said);
    }
}
