//! Tickets: leave for one request that cannot carry headers. Their fields stand in clear, so that a
//! refusal can name what differs.

use super::fields;
use super::seal::{PassId, id_text, sixteen};
use crate::crypto::{self, KEY_BYTES, MacKey, from_base64url};
use crate::secret::Secret;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// What a ticket begins with.
const PREFIX: &str = "dwt1.";
/// The version that stands in it.
const VERSION: &str = "1";
/// Fields of a ticket.
pub(crate) const FIELDS: usize = 15;
/// Characters of a ticket at the most.
pub(crate) const TICKET_TEXT_MAX: usize = 6 * 1024;

/// How often a ticket is good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Use {
    /// For one request.
    Once,
    /// Until it ends.
    Window,
}

impl Use {
    const fn word(self) -> &'static str {
        match self {
            Use::Once => "once",
            Use::Window => "window",
        }
    }
}

/// What a ticket says; its texts stand in what was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Ticket<'t> {
    pub(crate) issued_unix_s: u64,
    pub(crate) expires_unix_s: u64,
    pub(crate) nonce: [u8; 16],
    pub(crate) used: Use,
    pub(crate) method: &'t str,
    pub(crate) authority: &'t str,
    pub(crate) path: &'t str,
    /// Without its question mark; none is not the same as an empty one.
    pub(crate) query: Option<&'t str>,
    pub(crate) origin: &'t str,
    /// The pass that it was asked for with.
    pub(crate) pass: Option<PassId>,
    /// The known caller that asked for it.
    pub(crate) user: Option<[u8; 16]>,
    pub(crate) class: u8,
    /// Which life of which process made it.
    pub(crate) boot: [u8; 8],
}

/// Why a text is no ticket of this gate's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TicketError {
    /// Not the form of one.
    Malformed,
    /// Signed with a key that this gate does not have.
    UnknownKey,
    /// Not signed by this gate.
    Forged,
}

/// The keys of tickets: the first signs, all verify.
pub(crate) struct TicketKeys(Vec<(String, MacKey)>);

impl TicketKeys {
    /// Derives a key of each secret; the newest comes first.
    pub(crate) fn new(secrets: &[Secret], gate_id: &str) -> Self {
        let key = |secret| {
            let key = crypto::derive(secret, &["doorward ticket v1", gate_id]);
            let named = crypto::derive(secret, &["doorward ticket key id v1", gate_id]);
            (encoded(named.expose().get(..4).unwrap_or_default()), MacKey::new(&key))
        };
        Self(secrets.iter().map(key).collect())
    }

    /// Writes a ticket. None without keys.
    pub(crate) fn write(&self, ticket: &Ticket<'_>) -> Option<String> {
        let (key_id, key) = self.0.first()?;
        let user = ticket.user.as_ref().map(id_text).unwrap_or_default();
        let pass = ticket.pass.as_ref().map(id_text).unwrap_or_default();
        let query = ticket.query.as_ref().map(|query| format!("?{query}")).unwrap_or_default();
        let said: [&str; FIELDS] = [
            VERSION,
            key_id,
            &ticket.issued_unix_s.to_string(),
            &ticket.expires_unix_s.to_string(),
            &id_text(&ticket.nonce),
            ticket.used.word(),
            ticket.method,
            ticket.authority,
            ticket.path,
            &query,
            ticket.origin,
            &pass,
            &user,
            &ticket.class.to_string(),
            &encoded(&ticket.boot),
        ];
        let mut payload = Vec::new();
        for field in said {
            fields::push(field.as_bytes(), &mut payload);
        }
        let mac = key.sign(&payload);
        Some(format!("{PREFIX}{}.{}", encoded(&payload), encoded(&mac)))
    }

    /// Reads a ticket that this gate signed, into `room`.
    pub(crate) fn read<'t>(
        &self,
        text: &str,
        room: &'t mut Vec<u8>,
    ) -> Result<Ticket<'t>, TicketError> {
        const MALFORMED: TicketError = TicketError::Malformed;
        if text.len() > TICKET_TEXT_MAX {
            return Err(MALFORMED);
        }
        let (payload, mac) =
            text.strip_prefix(PREFIX).and_then(|rest| rest.split_once('.')).ok_or(MALFORMED)?;
        let mac = mac_of(mac).ok_or(MALFORMED)?;
        let whole = payload_of(payload, room).ok_or(MALFORMED)?;
        let said: [&str; FIELDS] = fields::read(whole).ok_or(MALFORMED)?;
        let known = self.0.iter().find(|(id, _)| id == said[1]);
        let (_, key) = known.ok_or(TicketError::UnknownKey)?;
        if !key.matches(whole.as_bytes(), &mac) {
            return Err(TicketError::Forged);
        }
        ticket_of(&said).ok_or(MALFORMED)
    }
}

/// The bytes of a MAC.
fn mac_of(text: &str) -> Option<[u8; KEY_BYTES]> {
    // The decoder asks for room up to the next whole group.
    let mut room = [0; KEY_BYTES + 3];
    let length = URL_SAFE_NO_PAD.decode_slice(text, &mut room).ok()?;
    room.get(..length)?.try_into().ok()
}

/// The text of a payload, decoded into `room`.
fn payload_of<'t>(text: &str, room: &'t mut Vec<u8>) -> Option<&'t str> {
    room.clear();
    URL_SAFE_NO_PAD.decode_vec(text, room).ok()?;
    std::str::from_utf8(room).ok()
}

/// What a ticket says, whoever signed it.
pub(super) fn fields_of<'t>(text: &str, room: &'t mut Vec<u8>) -> Option<Ticket<'t>> {
    let (payload, _) = text.strip_prefix(PREFIX)?.split_once('.')?;
    ticket_of(&fields::read(payload_of(payload, room)?)?)
}

/// The fields of a ticket; nothing is believed before it was signed by this gate.
pub(crate) fn ticket_of<'t>(said: &[&'t str; FIELDS]) -> Option<Ticket<'t>> {
    let [version, _, issued, expires, nonce, used, rest @ ..] = said;
    let [method, authority, path, query, origin, pass, user, class, boot] = rest;
    let used = [Use::Once, Use::Window].into_iter().find(|word| word.word() == *used)?;
    let sixteen_or_none = |text: &str| match text {
        "" => Some(None),
        text => sixteen(text).map(Some),
    };
    let query = match query.strip_prefix('?') {
        Some(query) => Some(query),
        None if query.is_empty() => None,
        None => return None,
    };
    (*version == VERSION).then_some(())?;
    Some(Ticket {
        issued_unix_s: fields::number(issued)?,
        expires_unix_s: fields::number(expires)?,
        nonce: sixteen(nonce)?,
        used,
        method,
        authority,
        path,
        query,
        origin,
        pass: sixteen_or_none(pass)?,
        user: sixteen_or_none(user)?,
        class: u8::try_from(fields::number(class)?).ok()?,
        boot: from_base64url(boot)?.try_into().ok()?,
    })
}

fn encoded(bytes: &[u8]) -> String {
    let mut out = Vec::new();
    crypto::base64url(bytes, &mut out);
    String::from_utf8(out).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ticket() -> Ticket<'static> {
        Ticket {
            issued_unix_s: 100,
            expires_unix_s: 220,
            nonce: [3; 16],
            used: Use::Once,
            method: "GET",
            authority: "api.shop.example",
            path: "/v1/events",
            query: Some("room=1"),
            origin: "https://shop.example",
            pass: Some([1; 16]),
            user: None,
            class: 0x36,
            boot: [9; 8],
        }
    }

    fn keys(secrets: &[u8], gate: &str) -> TicketKeys {
        let secrets: Vec<Secret> = secrets.iter().map(|byte| Secret::new([*byte; 32])).collect();
        TicketKeys::new(&secrets, gate)
    }

    #[test]
    fn a_ticket_is_read_as_it_was_written_and_no_changed_one_is() {
        let keys = keys(&[1], "prod");
        let text = keys.write(&ticket()).expect("a ticket");
        assert_eq!(keys.read(&text, &mut Vec::new()), Ok(ticket()));
        for place in 0..text.len() {
            for change in 1..=127_u8 {
                let mut bytes = text.clone().into_bytes();
                bytes[place] ^= change;
                let changed = String::from_utf8(bytes).expect("ASCII");
                assert!(keys.read(&changed, &mut Vec::new()).is_err(), "{place} {change}");
            }
            assert!(keys.read(&text[..place], &mut Vec::new()).is_err(), "{place}");
        }
    }

    #[test]
    fn fields_cannot_be_spliced() {
        let keys = keys(&[1], "prod");
        let one = Ticket { method: "GE", authority: "Tapi", ..ticket() };
        let other = Ticket { method: "GET", authority: "api", ..ticket() };
        let (one, other) = (keys.write(&one).expect("one"), keys.write(&other).expect("other"));
        let mac = |text: &str| text.rsplit('.').next().map(str::to_owned);
        assert_ne!(mac(&one), mac(&other));
        let empty = Ticket { query: Some(""), ..ticket() };
        let none = Ticket { query: None, ..ticket() };
        assert_ne!(keys.write(&empty), keys.write(&none));
        let text = keys.write(&empty).expect("a ticket");
        assert_eq!(keys.read(&text, &mut Vec::new()), Ok(empty));
    }

    #[test]
    fn keys_rotate_with_overlap_and_belong_to_one_gate() {
        let old = keys(&[1], "prod").write(&ticket()).expect("a ticket");
        assert!(keys(&[2, 1], "prod").read(&old, &mut Vec::new()).is_ok());
        assert_eq!(keys(&[3, 2], "prod").read(&old, &mut Vec::new()), Err(TicketError::UnknownKey));
        assert_eq!(keys(&[1], "staging").read(&old, &mut Vec::new()), Err(TicketError::UnknownKey));
        assert_eq!(keys(&[1], "prod").read("", &mut Vec::new()), Err(TicketError::Malformed));
    }
}
