//! Who is asked about next: a bounded number at once, and each network in its turn, so that one
//! that sends a thousand made-up sessions waits for itself alone.

use super::lock;
use doorward_core::address::Prefix;
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex};
use tokio::sync::oneshot;

/// How many questions there may be.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    /// Questions that are asked at once.
    pub(super) asked_max: usize,
    /// Those of them of one prefix.
    pub(super) asked_of_prefix_max: usize,
    /// Questions that wait for their turn.
    pub(super) waiting_max: usize,
    /// Those of them of one prefix.
    pub(super) waiting_of_prefix_max: usize,
}

/// The line.
pub(super) struct Line {
    bounds: Bounds,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    asked: usize,
    asked_of: HashMap<Prefix, usize>,
    waiting: usize,
    waiting_of: HashMap<Prefix, VecDeque<oneshot::Sender<Turn>>>,
    /// Whoever waits, in the order of their turns.
    turns: VecDeque<Prefix>,
}

/// A turn to ask, until it is dropped.
pub(super) struct Turn {
    line: Arc<Line>,
    prefix: Prefix,
}

/// A place in the line.
pub(super) enum Place {
    /// It is one's turn.
    Now(Turn),
    /// It comes.
    Later(oneshot::Receiver<Turn>),
}

impl Line {
    pub(super) fn new(bounds: Bounds) -> Arc<Self> {
        Arc::new(Self { bounds, state: Mutex::default() })
    }

    /// A place for a question of `prefix`, if there is one.
    pub(super) fn enter(self: &Arc<Self>, prefix: Prefix) -> Option<Place> {
        let mut state = lock(&self.state);
        if state.may_ask(prefix, &self.bounds) && state.waiting_of(prefix) == 0 {
            state.take(prefix);
            return Some(Place::Now(Turn { line: Arc::clone(self), prefix }));
        }
        let is_full = state.waiting >= self.bounds.waiting_max
            || state.waiting_of(prefix) >= self.bounds.waiting_of_prefix_max;
        if is_full {
            return None;
        }
        let (turn, comes) = oneshot::channel();
        if state.waiting_of(prefix) == 0 {
            state.turns.push_back(prefix);
        }
        state.waiting += 1;
        state.waiting_of.entry(prefix).or_default().push_back(turn);
        Some(Place::Later(comes))
    }

    /// Gives turns to whoever waits, as far as they go.
    fn go_on(self: &Arc<Self>) {
        let mut given = Vec::new();
        {
            let mut state = lock(&self.state);
            while let Some((prefix, waits)) = state.next(&self.bounds) {
                given.push((waits, Turn { line: Arc::clone(self), prefix }));
            }
        }
        for (waits, turn) in given {
            // Whoever has gone gives it back at once, by dropping it.
            let _ = waits.send(turn);
        }
    }
}

impl State {
    fn may_ask(&self, prefix: Prefix, bounds: &Bounds) -> bool {
        let own = self.asked_of.get(&prefix).copied().unwrap_or(0);
        self.asked < bounds.asked_max && own < bounds.asked_of_prefix_max
    }

    fn waiting_of(&self, prefix: Prefix) -> usize {
        self.waiting_of.get(&prefix).map_or(0, VecDeque::len)
    }

    fn take(&mut self, prefix: Prefix) {
        self.asked += 1;
        *self.asked_of.entry(prefix).or_default() += 1;
    }

    fn give_back(&mut self, prefix: Prefix) {
        self.asked = self.asked.saturating_sub(1);
        let own = self.asked_of.get(&prefix).copied().unwrap_or(0);
        if own > 1 {
            self.asked_of.insert(prefix, own - 1);
        } else {
            self.asked_of.remove(&prefix);
        }
    }

    /// The next that may ask: the first of the networks in turn that has fewer than it may have.
    fn next(&mut self, bounds: &Bounds) -> Option<(Prefix, oneshot::Sender<Turn>)> {
        let at = self.turns.iter().position(|prefix| self.may_ask(*prefix, bounds))?;
        let prefix = self.turns.remove(at)?;
        let queue = self.waiting_of.get_mut(&prefix)?;
        let waits = queue.pop_front()?;
        if queue.is_empty() {
            self.waiting_of.remove(&prefix);
        } else {
            self.turns.push_back(prefix);
        }
        self.waiting -= 1;
        self.take(prefix);
        Some((prefix, waits))
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        lock(&self.line.state).give_back(self.prefix);
        self.line.go_on();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOUNDS: Bounds =
        Bounds { asked_max: 3, asked_of_prefix_max: 2, waiting_max: 5, waiting_of_prefix_max: 3 };

    fn prefix(last: u8) -> Prefix {
        Prefix::subscriber([203, 0, 113, last].into())
    }

    fn now(place: Option<Place>) -> Turn {
        match place {
            Some(Place::Now(turn)) => turn,
            Some(Place::Later(_)) | None => panic!("it is not its turn"),
        }
    }

    fn later(place: Option<Place>) -> oneshot::Receiver<Turn> {
        match place {
            Some(Place::Later(comes)) => comes,
            Some(Place::Now(_)) | None => panic!("it does not wait"),
        }
    }

    #[test]
    fn one_network_waits_for_itself_alone() {
        let line = Line::new(BOUNDS);
        let (first, second) = (now(line.enter(prefix(1))), now(line.enter(prefix(1))));
        let mut own: Vec<_> = (0..3).map(|_| later(line.enter(prefix(1)))).collect();
        assert!(line.enter(prefix(1)).is_none(), "three of one network wait at the most");
        let other = now(line.enter(prefix(2)));
        let mut others = later(line.enter(prefix(2)));
        let mut third = later(line.enter(prefix(3)));
        assert!(line.enter(prefix(4)).is_none(), "five wait at the most");
        drop(first);
        // In turn: the first network's next, then the others'.
        let again = own[0].try_recv().expect("its turn");
        assert!(others.try_recv().is_err());
        drop(second);
        assert!(own[1].try_recv().is_err(), "the other networks come first");
        let of_other = others.try_recv().expect("its turn");
        drop((again, other, of_other));
        assert!(third.try_recv().is_ok());
        assert!(own[1].try_recv().is_ok());
    }

    #[test]
    fn who_has_gone_keeps_nobody_waiting() {
        let line = Line::new(Bounds { asked_max: 1, ..BOUNDS });
        let first = now(line.enter(prefix(1)));
        drop(later(line.enter(prefix(2))));
        let mut third = later(line.enter(prefix(3)));
        drop(first);
        drop(third.try_recv().expect("its turn"));
        let state = lock(&line.state);
        assert_eq!((state.asked, state.waiting), (0, 0));
        assert!(state.asked_of.is_empty() && state.waiting_of.is_empty() && state.turns.is_empty());
    }
}
