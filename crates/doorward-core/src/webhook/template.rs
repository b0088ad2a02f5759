//! What a scheme signs: text with a delivery's time, id and body in it.

use super::SchemeError;

/// Bytes of a template at the most.
const TEMPLATE_BYTES_MAX: usize = 256;

/// A piece of a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Piece {
    Text(String),
    Timestamp,
    Id,
    Body,
}

/// A template, from which no two deliveries make the same bytes.
#[derive(Clone, Debug)]
pub(super) struct Template {
    pub(super) pieces: Vec<Piece>,
    /// What an id must not have in it: it would end the id earlier than the sender meant.
    pub(super) separators: Vec<char>,
}

impl Template {
    const NAMES: &[(&str, Piece)] =
        &[("{timestamp}", Piece::Timestamp), ("{id}", Piece::Id), ("{body}", Piece::Body)];

    /// Reads `{timestamp}`, `{id}` and `{body}` with text around them. The body stands in it once,
    /// the others at most once, and between two of them stands text that neither time nor id has:
    /// without it `1` and `23` would be signed as `12` and `3` are.
    pub(super) fn parse(text: &str) -> Result<Self, SchemeError> {
        if text.len() > TEMPLATE_BYTES_MAX {
            return Err(SchemeError::Template);
        }
        let mut pieces = Vec::new();
        let mut rest = text;
        while !rest.is_empty() {
            let (before, behind) = rest.split_at(rest.find('{').unwrap_or(rest.len()));
            if !before.is_empty() {
                pieces.push(Piece::Text(before.to_owned()));
            }
            rest = behind;
            if rest.is_empty() {
                break;
            }
            let known = Self::NAMES.iter().find_map(|(name, piece)| {
                rest.strip_prefix(name).map(|behind| (piece.clone(), behind))
            });
            let (piece, behind) = known.ok_or(SchemeError::Template)?;
            if pieces.contains(&piece) {
                return Err(SchemeError::Template);
            }
            pieces.push(piece);
            rest = behind;
        }
        let separators = separators(&pieces).ok_or(SchemeError::Template)?;
        if !pieces.contains(&Piece::Body) {
            return Err(SchemeError::Template);
        }
        Ok(Self { pieces, separators })
    }

    pub(super) fn has(&self, piece: &Piece) -> bool {
        self.pieces.contains(piece)
    }
}

/// The characters at both ends of each text between two values. None: two values touch, or such a
/// text begins or ends like a value could.
fn separators(pieces: &[Piece]) -> Option<Vec<char>> {
    let is_text = |piece: &Piece| matches!(piece, Piece::Text(_));
    if pieces.windows(2).any(|pair| pair.iter().all(|piece| !is_text(piece))) {
        return None;
    }
    let mut separators = Vec::new();
    for three in pieces.windows(3) {
        if let [_, Piece::Text(text), _] = three {
            separators.extend(text.chars().next());
            separators.extend(text.chars().next_back());
        }
    }
    let is_clear = |separator: &char| !separator.is_alphanumeric();
    separators.iter().all(is_clear).then_some(separators)
}
