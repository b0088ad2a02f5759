//! Structured fields (RFC 9651), read so that nothing in them stands twice.
//!
//! RFC 9651 4.2 lets the last of two equal names win. Whoever reads the same header with another
//! parser could see the first, so here two are an error.

use super::Fault;
use http::{HeaderMap, HeaderName};
use sfv::visitor::{
    DictionaryVisitor, EntryVisitor, InnerListVisitor, ItemVisitor, ParameterVisitor,
};
use sfv::{
    BareItemFromInput, Dictionary, FieldType, InnerList, Item, KeyRef, ListEntry, Parameters,
    Parser, Version,
};
use std::cell::Cell;

/// The lines of a header that is a dictionary, as one. None: no such header.
///
/// Each line must be a dictionary by itself: joined by commas first (RFC 9110 5.3), a text that is
/// cut in two by a line's end would become one again (RFC 9651 4.2 leaves that open).
pub(super) fn dictionary(
    headers: &HeaderMap,
    name: &HeaderName,
    version: Version,
    bytes_max: usize,
) -> Result<Option<Dictionary>, Fault> {
    let twice = Cell::new(false);
    let mut members = None;
    let mut bytes: usize = 0;
    for line in headers.get_all(name) {
        // The comma between lines counts too, so that empty lines are not free.
        bytes = bytes.saturating_add(line.len()).saturating_add(2);
        if bytes > bytes_max {
            return Err(Fault::TooLong);
        }
        let into = Members { members: members.unwrap_or_default(), twice: &twice };
        let parser = Parser::new(line.as_bytes()).with_version(version);
        let read = parser.parse_dictionary_with_visitor(into);
        let wrong = if twice.get() { Fault::Repeated } else { Fault::Malformed };
        members = Some(read.map_err(|_| wrong)?);
    }
    Ok(members)
}

/// An item, or an inner list as it stands in a list.
pub(super) fn written(member: &ListEntry) -> String {
    match member {
        ListEntry::Item(item) => item.serialize(),
        ListEntry::InnerList(list) => inner_list(list),
    }
}

/// An inner list with its parameters (RFC 9651 4.1.1.1).
pub(super) fn inner_list(list: &InnerList) -> String {
    // Only an empty list has no text; this one has a member.
    vec![ListEntry::InnerList(list.clone())].serialize().unwrap_or_default()
}

/// Ends the reading.
#[derive(Debug, thiserror::Error)]
#[error("a name stands twice")]
struct Twice;

struct Members<'c> {
    members: Dictionary,
    twice: &'c Cell<bool>,
}

impl<'de> DictionaryVisitor<'de> for Members<'_> {
    type Out = Dictionary;
    type Error = Twice;

    fn entry(&mut self, key: &'de KeyRef) -> Result<impl EntryVisitor<'de>, Twice> {
        if self.members.contains_key(key) {
            self.twice.set(true);
            return Err(Twice);
        }
        Ok(Member { members: &mut self.members, key, twice: self.twice })
    }

    fn finish(self) -> Result<Dictionary, Twice> {
        Ok(self.members)
    }
}

struct Member<'m, 'de> {
    members: &'m mut Dictionary,
    key: &'de KeyRef,
    twice: &'m Cell<bool>,
}

impl<'de> EntryVisitor<'de> for Member<'_, 'de> {
    type Error = Twice;

    fn item(self) -> Result<impl ItemVisitor<'de>, Twice> {
        let Self { members, key, twice } = self;
        Ok(OneItem {
            twice,
            then: move |item| {
                members.insert(key.to_owned(), ListEntry::Item(item));
            },
        })
    }

    fn inner_list(self) -> Result<impl InnerListVisitor<'de>, Twice> {
        Ok(Items { member: self, items: Vec::new() })
    }
}

struct Items<'m, 'de> {
    member: Member<'m, 'de>,
    items: Vec<Item>,
}

impl<'de> InnerListVisitor<'de> for Items<'_, 'de> {
    type Error = Twice;

    fn item(&mut self) -> Result<impl ItemVisitor<'de>, Twice> {
        let items = &mut self.items;
        Ok(OneItem { twice: self.member.twice, then: move |item| items.push(item) })
    }

    fn finish(self) -> Result<impl ParameterVisitor<'de>, Twice> {
        let Self { member: Member { members, key, twice }, items } = self;
        let then = move |params| {
            let list = InnerList::with_params(items, params);
            members.insert(key.to_owned(), ListEntry::InnerList(list));
        };
        Ok(Params { seen: Parameters::new(), twice, then })
    }
}

struct OneItem<'c, F> {
    twice: &'c Cell<bool>,
    then: F,
}

impl<'de, F: FnOnce(Item)> ItemVisitor<'de> for OneItem<'_, F> {
    type Out = ();
    type Error = Twice;

    fn bare_item(
        self,
        bare_item: BareItemFromInput<'de>,
    ) -> Result<impl ParameterVisitor<'de, Out = ()>, Twice> {
        let Self { twice, then } = self;
        let then = move |params| then(Item::with_params(bare_item, params));
        Ok(Params { seen: Parameters::new(), twice, then })
    }
}

struct Params<'c, F> {
    seen: Parameters,
    twice: &'c Cell<bool>,
    then: F,
}

impl<'de, F: FnOnce(Parameters)> ParameterVisitor<'de> for Params<'_, F> {
    type Out = ();
    type Error = Twice;

    fn parameter(&mut self, key: &'de KeyRef, value: BareItemFromInput<'de>) -> Result<(), Twice> {
        if self.seen.insert(key.to_owned(), value.into()).is_some() {
            self.twice.set(true);
            return Err(Twice);
        }
        Ok(())
    }

    fn finish(self) -> Result<(), Twice> {
        (self.then)(self.seen);
        Ok(())
    }
}
