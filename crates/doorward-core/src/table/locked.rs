//! Some shards of a table, locked: every question about one key, and how it is taken back.

use super::layout::{self, LINE_SLOTS, Part, SLOT_WORDS, Spot};
use super::share::{self, Taken};
use super::{Kind, Named, NotLocked, Shards, Slot, Table, layout::SHARDS_MAX};
use crate::moment::Now;
use crate::question::{Answer, QUESTIONS_MAX, Rate, Subject};
use arrayvec::ArrayVec;
use std::sync::{MutexGuard, PoisonError};

/// A slot for a key.
#[derive(Clone, Copy)]
struct Place {
    /// The slot's first word.
    word: usize,
    shard: u8,
    /// 0: the key's own lines; above: how many times its prefix was widened.
    level: u8,
    state: State,
}

/// How a key stands to its slot.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// It is in it.
    Own,
    /// It is not in it yet; whatever is in it means nothing to the key.
    New,
    /// A reserve slot: it belongs to many.
    Shared,
}

/// What a slot was before it was written.
#[derive(Clone, Copy)]
struct Undo {
    was: [u64; SLOT_WORDS],
    word: usize,
    shard: u8,
    /// The length of the window that was counted there; 0 where it was none.
    window_s: u32,
}

/// Some shards of a table, locked, and what was changed in them since.
///
/// Changes stay when this is dropped; [`Locked::undo`] takes them back. Nothing is allocated.
pub struct Locked<'t> {
    table: &'t Table,
    shards: Shards,
    guards: ArrayVec<MutexGuard<'t, Box<[u64]>>, SHARDS_MAX>,
    undo: ArrayVec<Undo, QUESTIONS_MAX>,
}

impl<'t> Locked<'t> {
    /// Nothing locked yet.
    #[must_use]
    #[inline]
    pub fn new(table: &'t Table) -> Self {
        let shards = Shards::default();
        Self { table, shards, guards: ArrayVec::new(), undo: ArrayVec::new() }
    }

    /// Lets go of what is locked, forgets what could be undone, and locks these shards in their
    /// order. Everybody locks in that order, so nobody waits for one who waits for him.
    #[inline]
    pub fn lock(&mut self, shards: Shards) {
        self.guards.clear();
        self.undo.clear();
        self.shards = shards;
        let mut rest = shards.0;
        while rest != 0 {
            let shard = &self.table.shards[rest.trailing_zeros() as usize];
            // A panic of another thread leaves whole words: at worst an entry too many.
            self.guards.push(shard.words.lock().unwrap_or_else(PoisonError::into_inner));
            rest &= rest - 1;
        }
    }

    /// Reads the lines of all these keys, so that their cache misses are waited for together and
    /// not one after the other.
    pub fn fetch(&self, names: &[Named<'_>]) {
        let mut sum = 0;
        for named in names {
            let Some(lines) = self.table.layout.lines(named.spot) else { continue };
            let Ok(words) = self.words(named.spot.shard) else { continue };
            for line in lines {
                sum ^= words[self.word(named.spot.shard, line)];
            }
        }
        std::hint::black_box(sum);
    }

    /// How many changes were made since the lock, to come back to.
    #[must_use]
    pub const fn mark(&self) -> usize {
        self.undo.len()
    }

    /// The slots of windows that were changed since the lock and not taken back, with the windows'
    /// lengths in seconds; one slot may come twice.
    pub fn windows(&self) -> impl Iterator<Item = (Slot, u32)> {
        let windows = self.undo.iter().filter(|undo| undo.window_s > 0);
        windows.map(|undo| {
            let first = self.table.shards[usize::from(undo.shard)].first;
            // A part's slots are counted by what fits into 32 bits: `Layout` has no more.
            let number = u32::try_from((undo.word - first) / SLOT_WORDS).unwrap_or(u32::MAX);
            (Slot { shard: undo.shard, number }, undo.window_s)
        })
    }

    /// Takes back every change after `mark`, the last one first.
    pub fn undo(&mut self, mark: usize) {
        while self.undo.len() > mark {
            let Some(Undo { shard, word, was, .. }) = self.undo.pop() else { return };
            if let Ok(words) = self.words_mut(shard) {
                words[word..word + SLOT_WORDS].copy_from_slice(&was);
            }
        }
    }

    /// Takes `cost` tokens. At most [`QUESTIONS_MAX`] changes are made between locks.
    ///
    /// # Errors
    /// [`NotLocked`], and nothing has changed.
    pub fn take(
        &mut self,
        named: &Named<'_>,
        rate: Rate,
        cost: u32,
        now: Now,
    ) -> Result<Answer, NotLocked> {
        let Some(place) = self.find(named, now)? else { return Ok(Answer::Unavailable) };
        let value = self.value(place)?;
        self.write(named, place, share::take(value, rate, cost, now), cost > 0)
    }

    /// Takes `cost` from what is left of `limit` in the window of `named`.
    ///
    /// # Errors
    /// [`NotLocked`], and nothing has changed.
    pub fn take_from_window(
        &mut self,
        named: &Named<'_>,
        limit: u32,
        cost: u32,
        now: Now,
    ) -> Result<Answer, NotLocked> {
        let Kind::Window { window_s } = named.kind else { return Ok(Answer::Unavailable) };
        let Some(place) = self.find(named, now)? else { return Ok(Answer::Unavailable) };
        let value = self.value(place)?;
        let taken = share::take_from_window(value, window_s, limit, cost, now);
        self.write(named, place, taken, cost > 0)
    }

    /// Gives back `cost` tokens that were taken from this very key. What was taken from a wider
    /// prefix while the table was full is not given back: it is not known any more who took it.
    ///
    /// # Errors
    /// [`NotLocked`], and nothing has changed.
    pub fn give(
        &mut self,
        named: &Named<'_>,
        rate: Rate,
        cost: u32,
        now: Now,
    ) -> Result<Answer, NotLocked> {
        let Some(place) = self.own(named.spot)? else {
            return Ok(answer(share::give(0, rate, 0, now)));
        };
        let value = self.value(place)?;
        self.write(named, place, share::give(value, rate, cost, now), true)
    }

    /// Settles what was taken from the window of `named` in advance. What was taken from a wider
    /// prefix while the table was full is not given back.
    ///
    /// # Errors
    /// [`NotLocked`], and nothing has changed.
    pub fn settle(
        &mut self,
        named: &Named<'_>,
        amounts: (u32, u32),
        age_s: u32,
        now: Now,
    ) -> Result<Answer, NotLocked> {
        let Kind::Window { window_s } = named.kind else { return Ok(Answer::Unavailable) };
        let (taken, used) = amounts;
        let place = match used > taken {
            true => self.find(named, now)?,
            false => self.own(named.spot)?,
        };
        let Some(place) = place else {
            return Ok(answer(Taken::Yes { value: 0, left: 0, reset_s: 0 }));
        };
        let settled = share::settle(self.value(place)?, window_s, amounts, age_s, now);
        self.write(named, place, settled, taken != used)
    }

    /// Claims once, until `until_unix_s` inclusive. A claim whose time has passed already could not
    /// be kept, so it is a no; full is `Unavailable`.
    ///
    /// # Errors
    /// [`NotLocked`], and nothing has changed.
    pub fn claim(
        &mut self,
        named: &Named<'_>,
        until_unix_s: u64,
        now: Now,
    ) -> Result<Answer, NotLocked> {
        if until_unix_s < now.unix_s {
            return Ok(Answer::No { retry_ns: u64::MAX });
        }
        let Some(place) = self.find(named, now)? else { return Ok(Answer::Unavailable) };
        let held = self.value(place)?;
        if held != 0 && share::claim_until(held) >= now.unix_s {
            return Ok(Answer::Used { answered: share::is_answered(held) });
        }
        let value = share::claim_value(until_unix_s);
        self.write(named, place, Taken::Yes { value, left: 0, reset_s: 0 }, true)
    }

    /// Notes that what a claim stood for was answered; one that is not there stays so.
    ///
    /// # Errors
    /// [`NotLocked`], and nothing has changed.
    pub fn answered(&mut self, named: &Named<'_>) -> Result<Answer, NotLocked> {
        let yes = |value| Taken::Yes { value, left: 0, reset_s: 0 };
        let Some(place) = self.own(named.spot)? else { return Ok(answer(yes(0))) };
        let held = self.value(place)?;
        self.write(named, place, yes(share::answered(held)), held != 0)
    }

    /// Gives a claim back, unless what it stands for was answered meanwhile.
    ///
    /// # Errors
    /// [`NotLocked`], and nothing has changed.
    pub fn unclaim(&mut self, named: &Named<'_>) -> Result<Answer, NotLocked> {
        let yes = Taken::Yes { value: 0, left: 0, reset_s: 0 };
        let Some(place) = self.own(named.spot)? else { return Ok(answer(yes)) };
        if share::is_answered(self.value(place)?) {
            return Ok(answer(yes));
        }
        self.write(named, place, yes, true)
    }

    /// Nanoseconds until a strike of `named` would fit; `None` when one fits now.
    pub(crate) fn wait_ns(
        &self,
        named: &Named<'_>,
        rate: Rate,
        now: Now,
    ) -> Result<Option<u64>, NotLocked> {
        let Some(place) = self.find(named, now)? else { return Ok(None) };
        match share::take(self.value(place)?, rate, 1, now) {
            Taken::No { retry_ns } => Ok(Some(retry_ns)),
            Taken::Yes { .. } => Ok(None),
        }
    }

    /// Counts one strike; the time at which it is forgotten.
    pub(crate) fn strike(
        &mut self,
        named: &Named<'_>,
        rate: Rate,
        now: Now,
    ) -> Result<u64, NotLocked> {
        let Some(place) = self.find(named, now)? else { return Ok(0) };
        let value = share::strike(self.value(place)?, rate, now);
        self.write(named, place, Taken::Yes { value, left: 0, reset_s: 0 }, true)?;
        Ok(value)
    }

    /// What is kept of `named`; 0 when nothing.
    pub(crate) fn kept(&self, named: &Named<'_>, now: Now) -> Result<u64, NotLocked> {
        let Some(place) = self.find(named, now)? else { return Ok(0) };
        self.value(place)
    }

    /// Keeps what `next` makes of it, and says it.
    pub(crate) fn keep(
        &mut self,
        named: &Named<'_>,
        next: impl Fn(u64) -> u64,
        now: Now,
    ) -> Result<u64, NotLocked> {
        let Some(place) = self.find(named, now)? else { return Ok(0) };
        let value = next(self.value(place)?);
        self.write(named, place, Taken::Yes { value, left: 0, reset_s: 0 }, true)?;
        Ok(value)
    }

    /// The slot in which `named` is counted at `now`; none when there is none for it.
    #[inline]
    fn find(&self, named: &Named<'_>, now: Now) -> Result<Option<Place>, NotLocked> {
        match self.own(named.spot)? {
            Some(own) => Ok(Some(own)),
            None => self.admit(named, now),
        }
    }

    /// The slot for a key that has none yet.
    #[inline(never)]
    fn admit(&self, named: &Named<'_>, now: Now) -> Result<Option<Place>, NotLocked> {
        let place = self.free(named.spot, now)?;
        if place.is_some() {
            return Ok(place);
        }
        match (named.kind, named.key.subject) {
            (Kind::Claim, _) => Ok(None),
            (_, Subject::Known(_)) => self.soonest(named.spot, now),
            (kind, Subject::Address(_)) => self.widen(named, kind, now).map(Some),
        }
    }

    /// The slot in which a stranger without a slot is counted: that of the narrowest prefix that
    /// has one, else a reserve slot.
    fn widen(&self, named: &Named<'_>, kind: Kind, now: Now) -> Result<Place, NotLocked> {
        let mut widest = named.spot;
        for (spot, level) in self.table.wider(named).zip(1..) {
            let own = self.own(spot)?;
            let place = if own.is_some() { own } else { self.free(spot, now)? };
            if let Some(place) = place {
                return Ok(Place { level, ..place });
            }
            widest = spot;
        }
        let shard = widest.shard;
        self.words(shard)?;
        let word = self.word(shard, self.table.layout.reserve_slot(widest, kind));
        Ok(Place { word, shard, level: 0, state: State::Shared })
    }

    /// The slot that bears the key's tag, live or not. Both lines are read before either is judged,
    /// so that their cache misses are waited for together.
    fn own(&self, spot: Spot) -> Result<Option<Place>, NotLocked> {
        let words = self.words(spot.shard)?;
        let Some(lines) = self.table.layout.lines(spot) else { return Ok(None) };
        let mut found = usize::MAX;
        for line in lines {
            let first = self.word(spot.shard, line);
            let line = &words[first..first + LINE_SLOTS * SLOT_WORDS];
            for slot in 0..LINE_SLOTS {
                let hit = line[slot * SLOT_WORDS] == spot.tag;
                found = if hit { first + slot * SLOT_WORDS } else { found };
            }
        }
        let place = Place { word: found, shard: spot.shard, level: 0, state: State::Own };
        Ok((found != usize::MAX).then_some(place))
    }

    /// A free slot in the emptier of both lines; none when both are full.
    fn free(&self, spot: Spot, now: Now) -> Result<Option<Place>, NotLocked> {
        let Some(lines) = self.table.layout.lines(spot) else { return Ok(None) };
        let mut best = (0, None);
        for line in lines {
            let free = self.slots(spot, line, now)?.filter(|(_, debt_ns)| *debt_ns == 0);
            let (count, first) = free
                .fold((0, None), |(count, first), (place, _)| (count + 1, first.or(Some(place))));
            if count > best.0 {
                best = (count, first);
            }
        }
        Ok(best.1)
    }

    /// Among the slots of both lines the one that would be free soonest.
    fn soonest(&self, spot: Spot, now: Now) -> Result<Option<Place>, NotLocked> {
        let Some([one, other]) = self.table.layout.lines(spot) else { return Ok(None) };
        let slots = self.slots(spot, one, now)?.chain(self.slots(spot, other, now)?);
        Ok(slots.min_by_key(|(_, debt_ns)| *debt_ns).map(|(place, _)| place))
    }

    /// The four slots of a line, each with the nanoseconds until it is free.
    fn slots(
        &self,
        spot: Spot,
        line: usize,
        now: Now,
    ) -> Result<impl Iterator<Item = (Place, u64)>, NotLocked> {
        let words = self.words(spot.shard)?;
        let first = self.word(spot.shard, line);
        let at = (first..first + LINE_SLOTS * SLOT_WORDS).step_by(SLOT_WORDS);
        Ok(at.map(move |word| {
            let place = Place { word, shard: spot.shard, level: 0, state: State::New };
            (place, debt_ns(spot.part, words[word], words[word + 1], now))
        }))
    }

    /// What the key has in its slot; 0 when nothing.
    fn value(&self, place: Place) -> Result<u64, NotLocked> {
        match place.state {
            State::New => Ok(0),
            State::Own | State::Shared => Ok(self.words(place.shard)?[place.word + 1]),
        }
    }

    /// Writes what was granted, where something changes, and says it.
    fn write(
        &mut self,
        named: &Named<'_>,
        place: Place,
        taken: Taken,
        change: bool,
    ) -> Result<Answer, NotLocked> {
        let Taken::Yes { value, .. } = taken else { return Ok(answer(taken)) };
        if !change {
            return Ok(answer(taken));
        }
        let new_tag = match place.state {
            State::New => self.table.tag(named, place.level),
            State::Own | State::Shared => named.spot.tag,
        };
        let words = self.words_mut(place.shard)?;
        let was = [words[place.word], words[place.word + 1]];
        let (tag, value) = match (place.state, named.kind) {
            // Nobody's debt in a shared bucket is forgiven because another limit is quicker.
            (State::Shared, Kind::Bucket) => (new_tag, value.max(was[1])),
            (State::Own, _) => (was[0], value),
            (State::New | State::Shared, _) => (new_tag, value),
        };
        // A free slot keeps no tag, so that a key is found in one slot only.
        words[place.word] = if value == 0 { 0 } else { tag };
        words[place.word + 1] = value;
        let window_s = match named.kind {
            Kind::Window { window_s } => window_s,
            Kind::Bucket | Kind::Claim => 0,
        };
        self.undo.push(Undo { shard: place.shard, word: place.word, was, window_s });
        Ok(answer(taken))
    }

    /// The index of a slot's first word.
    fn word(&self, shard: u8, slot: usize) -> usize {
        self.table.shards[usize::from(shard)].first + slot * SLOT_WORDS
    }

    fn words(&self, shard: u8) -> Result<&[u64], NotLocked> {
        let rank = self.shards.rank(shard).ok_or(NotLocked)?;
        self.guards.get(rank).map(|guard| &***guard).ok_or(NotLocked)
    }

    fn words_mut(&mut self, shard: u8) -> Result<&mut [u64], NotLocked> {
        let rank = self.shards.rank(shard).ok_or(NotLocked)?;
        self.guards.get_mut(rank).map(|guard| &mut ***guard).ok_or(NotLocked)
    }
}

/// Nanoseconds until what a slot holds means nothing any more; 0 when it is free.
fn debt_ns(part: Part, tag: u64, value: u64, now: Now) -> u64 {
    if value == 0 {
        return 0;
    }
    match part {
        Part::Claims if share::claim_until(value) < now.unix_s => 0,
        Part::Claims => share::claim_wait_ns(value, now),
        Part::Strangers | Part::Wider | Part::Known if layout::is_window(tag) => {
            share::window_debt_ns(value, now)
        }
        Part::Strangers | Part::Wider | Part::Known => value.saturating_sub(now.steady_ns),
    }
}

const fn answer(taken: Taken) -> Answer {
    match taken {
        Taken::Yes { left, reset_s, .. } => Answer::Yes { left, reset_s },
        Taken::No { retry_ns } => Answer::No { retry_ns },
    }
}
