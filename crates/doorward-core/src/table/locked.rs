//! Some shards of a table, locked: every question about one key, and how it is taken back.

use super::layout::{self, LINE_SLOTS, Part, SLOT_WORDS, Spot};
use super::share::{self, Taken};
use super::{Kind, Named, NotLocked, Shards, Table, layout::SHARDS_MAX};
use crate::moment::Now;
use crate::question::{Answer, QUESTIONS_MAX, Rate, Subject};
use arrayvec::ArrayVec;
use std::sync::{MutexGuard, PoisonError};

/// A slot for a key.
#[derive(Clone, Copy)]
struct Place {
    shard: u8,
    part: Part,
    /// A reserve slot: it belongs to many.
    shared: bool,
    /// The slot's first word.
    word: usize,
    tag: u64,
    /// The key's value; 0 when it has none.
    value: u64,
}

/// What a slot was before it was written.
#[derive(Clone, Copy)]
struct Undo {
    was: [u64; SLOT_WORDS],
    word: usize,
    shard: u8,
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

    /// How many changes were made since the lock, to come back to.
    #[must_use]
    pub const fn mark(&self) -> usize {
        self.undo.len()
    }

    /// Takes back every change after `mark`, the last one first.
    pub fn undo(&mut self, mark: usize) {
        while self.undo.len() > mark {
            let Some(Undo { shard, word, was }) = self.undo.pop() else { return };
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
        self.write(place, share::take(place.value, rate, cost, now), cost > 0)
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
        let taken = share::take_from_window(place.value, window_s, limit, cost, now);
        self.write(place, taken, cost > 0)
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
        let place = self.own(named.spot)?;
        let value = place.map_or(0, |place| place.value);
        let given = share::give(value, rate, cost, now);
        let Some(place) = place else { return Ok(answer(given)) };
        self.write(place, given, true)
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
        if place.value != 0 {
            return Ok(Answer::No { retry_ns: share::claim_wait_ns(place.value, now) });
        }
        // A last second of 0 would read as free.
        self.write(place, Taken::Yes { value: until_unix_s.max(1), left: 0, reset_s: 0 }, true)
    }

    /// Gives a claim back.
    ///
    /// # Errors
    /// [`NotLocked`], and nothing has changed.
    pub fn unclaim(&mut self, named: &Named<'_>) -> Result<Answer, NotLocked> {
        let yes = Taken::Yes { value: 0, left: 0, reset_s: 0 };
        let Some(place) = self.own(named.spot)? else { return Ok(answer(yes)) };
        self.write(place, yes, true)
    }

    /// Nanoseconds until a strike of `named` would fit; `None` when one fits now.
    pub(crate) fn wait_ns(
        &self,
        named: &Named<'_>,
        rate: Rate,
        now: Now,
    ) -> Result<Option<u64>, NotLocked> {
        let Some(place) = self.find(named, now)? else { return Ok(None) };
        match share::take(place.value, rate, 1, now) {
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
        let value = share::strike(place.value, rate, now);
        self.write(place, Taken::Yes { value, left: 0, reset_s: 0 }, true)?;
        Ok(value)
    }

    /// The slot in which `named` is counted at `now`; none when there is none for it.
    #[inline]
    fn find(&self, named: &Named<'_>, now: Now) -> Result<Option<Place>, NotLocked> {
        match self.own(named.spot)? {
            Some(own) => Ok(Some(own.alive(now))),
            None => self.place(named, now),
        }
    }

    /// The slot for a key that has none yet.
    #[inline(never)]
    fn place(&self, named: &Named<'_>, now: Now) -> Result<Option<Place>, NotLocked> {
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

    /// The slot in which a stranger without a slot is counted: that of the narrowest prefix that has
    /// one, else a reserve slot.
    fn widen(&self, named: &Named<'_>, kind: Kind, now: Now) -> Result<Place, NotLocked> {
        let mut widest = named.spot;
        for spot in self.table.wider(named) {
            if let Some(place) = self.look(spot, now)? {
                return Ok(place);
            }
            widest = spot;
        }
        let words = self.words(widest.shard)?;
        let word = self.word(widest.shard, self.table.layout.reserve_slot(widest, kind));
        Ok(Place { shared: true, ..Place::new(widest, word, words[word + 1]) })
    }

    /// The key's own slot, live or not; none when it has none. Both lines are read before either is
    /// judged, so that their cache misses are waited for together.
    #[inline]
    fn own(&self, spot: Spot) -> Result<Option<Place>, NotLocked> {
        let words = self.words(spot.shard)?;
        let Some(lines) = self.table.layout.lines(spot) else { return Ok(None) };
        let [one, other] = lines.map(|line| self.word(spot.shard, line));
        let mut found = usize::MAX;
        for first in [one, other] {
            let line = &words[first..first + LINE_SLOTS * SLOT_WORDS];
            for slot in 0..LINE_SLOTS {
                let hit = line[slot * SLOT_WORDS] == spot.tag;
                found = if hit { first + slot * SLOT_WORDS } else { found };
            }
        }
        if found == usize::MAX {
            return Ok(None);
        }
        Ok(Some(Place::new(spot, found, words[found + 1])))
    }

    /// The key's own slot, or else a free one; none when both lines are full.
    fn look(&self, spot: Spot, now: Now) -> Result<Option<Place>, NotLocked> {
        match self.own(spot)? {
            Some(own) => Ok(Some(own.alive(now))),
            None => self.free(spot, now),
        }
    }

    /// A free slot in the emptier of both lines; none when both are full.
    fn free(&self, spot: Spot, now: Now) -> Result<Option<Place>, NotLocked> {
        let Some(lines) = self.table.layout.lines(spot) else { return Ok(None) };
        let mut best = (0, None);
        for line in lines {
            let free = self.slots(spot, line)?.filter(|place| debt_ns(*place, now) == 0);
            let (count, first) = free.fold((0, None), |(count, first), place| {
                (count + 1, first.or(Some(Place { tag: spot.tag, value: 0, ..place })))
            });
            if count > best.0 {
                best = (count, first);
            }
        }
        Ok(best.1)
    }

    /// Among the slots of both lines the one that would be free soonest.
    fn soonest(&self, spot: Spot, now: Now) -> Result<Option<Place>, NotLocked> {
        let Some([one, other]) = self.table.layout.lines(spot) else { return Ok(None) };
        let slots = self.slots(spot, one)?.chain(self.slots(spot, other)?);
        let place = slots.min_by_key(|place| debt_ns(*place, now));
        Ok(place.map(|place| Place { tag: spot.tag, value: 0, ..place }))
    }

    /// The four slots of a line, as they are.
    fn slots(&self, spot: Spot, line: usize) -> Result<impl Iterator<Item = Place>, NotLocked> {
        let words = self.words(spot.shard)?;
        let first = self.word(spot.shard, line);
        let at = (first..first + LINE_SLOTS * SLOT_WORDS).step_by(SLOT_WORDS);
        Ok(at
            .map(move |word| Place { tag: words[word], ..Place::new(spot, word, words[word + 1]) }))
    }

    /// Writes what was granted, where something changes, and says it.
    fn write(&mut self, place: Place, taken: Taken, change: bool) -> Result<Answer, NotLocked> {
        let Taken::Yes { value, .. } = taken else { return Ok(answer(taken)) };
        if !change {
            return Ok(answer(taken));
        }
        let words = self.words_mut(place.shard)?;
        let was = [words[place.word], words[place.word + 1]];
        // Nobody's debt in a shared bucket is forgiven because another limit is quicker.
        let shared_bucket = place.shared && !layout::is_window(place.tag);
        let value = if shared_bucket { value.max(was[1]) } else { value };
        // A free slot keeps no tag, so that a key is found in one slot only.
        words[place.word] = if value == 0 { 0 } else { place.tag };
        words[place.word + 1] = value;
        self.undo.push(Undo { shard: place.shard, word: place.word, was });
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

impl Place {
    /// The place, with no value if that means nothing any more.
    fn alive(self, now: Now) -> Self {
        let value = if debt_ns(self, now) == 0 { 0 } else { self.value };
        Self { value, ..self }
    }

    const fn new(spot: Spot, word: usize, value: u64) -> Self {
        Self { shard: spot.shard, part: spot.part, shared: false, word, tag: spot.tag, value }
    }
}

/// Nanoseconds until what a slot holds means nothing any more; 0 when it is free.
fn debt_ns(place: Place, now: Now) -> u64 {
    if place.value == 0 {
        return 0;
    }
    match place.part {
        Part::Claims if place.value < now.unix_s => 0,
        Part::Claims => share::claim_wait_ns(place.value, now),
        _ if layout::is_window(place.tag) => share::window_debt_ns(place.value, now),
        _ => place.value.saturating_sub(now.steady_ns),
    }
}

const fn answer(taken: Taken) -> Answer {
    match taken {
        Taken::Yes { left, reset_s, .. } => Answer::Yes { left, reset_s },
        Taken::No { retry_ns } => Answer::No { retry_ns },
    }
}
