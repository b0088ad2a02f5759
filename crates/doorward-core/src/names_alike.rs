//! Names of accounts, as backends compare them: in any case, in any of Unicode's forms, without
//! what nobody sees.

use std::borrow::Cow;

/// A name, folded. None: it cannot be.
pub(crate) fn fold(text: &str) -> Option<String> {
    let text = seen(&composed(text)?);
    // Upper case first: some letters have two lower ones.
    let text = text.to_uppercase().to_lowercase();
    // A folded letter may be one that is composed otherwise.
    let text = seen(&composed(&text)?);
    Some(text.trim().to_owned())
}

/// Compatible letters as one (UAX 15, NFKC): full width, circled, ligatures.
#[cfg(feature = "names")]
#[expect(clippy::unnecessary_wraps, reason = "without the feature there is nothing to say")]
fn composed(text: &str) -> Option<Cow<'_, str>> {
    if text.is_ascii() {
        return Some(Cow::Borrowed(text));
    }
    Some(icu_normalizer::ComposingNormalizerBorrowed::new_nfkc().normalize(text))
}

/// Without the tables only ASCII has one form.
#[cfg(not(feature = "names"))]
fn composed(text: &str) -> Option<Cow<'_, str>> {
    text.is_ascii().then_some(Cow::Borrowed(text))
}

fn seen(text: &str) -> String {
    text.chars().filter(|letter| !is_unseen(*letter)).collect()
}

/// What is drawn as nothing (Unicode, `Default_Ignorable_Code_Point`).
const fn is_unseen(letter: char) -> bool {
    matches!(
        letter,
        '\u{ad}'
            | '\u{34f}'
            | '\u{61c}'
            | '\u{115f}'..='\u{1160}'
            | '\u{17b4}'..='\u{17b5}'
            | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}'
            | '\u{ffa0}'
            | '\u{fff0}'..='\u{fff8}'
            | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}'
    )
}
