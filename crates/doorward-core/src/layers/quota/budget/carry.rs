//! An answer on its way, as far as it is paid for.

use super::Spent;
use super::events;
use super::reading::Reading;
use super::spending::{Next, SLICE_TOKENS, Spending, State};
use crate::layers::quota::Reason;
use crate::moment::Now;
use crate::question::{Answer, Questions};
use bytes::Bytes;

impl Spending {
    /// What is done with what has come.
    pub fn step(&mut self) -> Next {
        if self.state == State::Cut {
            return Next::Done;
        }
        if self.looked_at.is_none() {
            match self.look() {
                Ok(Some(look)) => self.looked_at = Some(look),
                Ok(None) => return self.without_event(),
                // What cannot be read cannot be counted.
                Err(events::TooLong) if !self.is_bound() => {}
                Err(events::TooLong) => return self.cut(None),
            }
        }
        let tokens = self.looked_at.map_or(0, |look| look.tokens);
        let after = self.with_more(tokens);
        if self.is_bound() && after > self.reserved {
            return match self.no {
                Some(reason) => self.cut(Some(reason)),
                None => Next::Wait,
            };
        }
        self.output = after;
        if let Some(look) = self.looked_at.take() {
            self.is_final &= look.tokens == 0;
            self.note_usage(look.usage);
        }
        match &mut self.reading {
            Reading::Nothing => Next::More,
            Reading::Events(events) => Next::Pass(events.take()),
            Reading::Whole { came, .. } => came.pop_front().map_or(Next::More, Next::Pass),
        }
    }

    /// There is no whole event.
    fn without_event(&mut self) -> Next {
        if self.state == State::Open {
            return Next::More;
        }
        match &mut self.reading {
            Reading::Events(events) => {
                // No event, so nobody reads it as one.
                let rest = events.rest();
                if rest.is_empty() { Next::Done } else { Next::Pass(rest) }
            }
            Reading::Nothing | Reading::Whole { .. } => {
                self.hear_whole();
                Next::Done
            }
        }
    }

    /// Ends the answer. An event stream says why, in the shape in which clients of these APIs look
    /// for an error.
    fn cut(&mut self, reason: Option<Reason>) -> Next {
        self.state = State::Cut;
        let (Some(reason), Reading::Events(_), false) = (reason, &self.reading, self.has_length)
        else {
            return Next::End(None);
        };
        let words = reason.words();
        Next::End(Some(Bytes::from(format!(
            "event: error\ndata: {{\"type\":\"error\",\"error\":{{\"type\":\"doorward\",\
             \"code\":\"{}\",\"message\":{:?},\"param\":null}}}}\n\n",
            words.code, words.title,
        ))))
    }

    /// Why it was ended, where nothing was left for it.
    #[must_use]
    pub fn cut_for(&self) -> Option<crate::reason::Reason> {
        let reason = self.no.filter(|_| self.state == State::Cut);
        reason.map(crate::reason::Reason::Quota)
    }

    /// What the store is to be asked now, while the answer goes on.
    pub fn wants(&mut self) -> Option<Questions> {
        let is_paid = self.plan.most.is_some_and(|most| self.reserved >= most);
        let is_asked = self.asking.is_some() || self.no.is_some();
        // Behind the end of it, only what waits is to be paid for.
        let is_open = match self.state {
            State::Open => !matches!(self.reading, Reading::Nothing),
            State::Whole | State::Broken => self.looked_at.is_some(),
            State::Cut => false,
        };
        if !self.is_bound() || is_paid || is_asked || !is_open {
            return None;
        }
        let needed = self.with_more(self.looked_at.map_or(0, |look| look.tokens));
        // The next slice is asked for when half of this one is used.
        if needed.saturating_add(SLICE_TOKENS / 2) <= self.reserved {
            return None;
        }
        let target = needed.max(self.reserved).saturating_add(SLICE_TOKENS);
        let target = self.plan.most.map_or(target, |most| target.min(most));
        let questions: Questions = self.wish(target).collect();
        if questions.is_empty() {
            // It costs less than the smallest unit.
            self.reserved = target;
            return None;
        }
        self.asking = Some(target);
        Some(questions)
    }

    /// What the store has said to what [`wants`](Self::wants) wanted to know.
    pub fn answered(&mut self, answers: &[Answer], now: Now, spent: &Spent) {
        let Some(target) = self.asking.take() else { return };
        match self.judge(answers, target) {
            Some(beyond) => self.no = Some(beyond.reason),
            None => {
                self.note_taken(answers, target, now, spent);
                self.reserved = target;
            }
        }
    }
}
