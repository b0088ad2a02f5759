//! What the guard refuses a text for.

/// What is not as it has to be, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{why}, at byte {at}")]
pub struct Fault {
    /// What.
    pub why: Why,
    /// Bytes before it.
    pub at: u64,
}

/// What is not as it has to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Why {
    /// There is nothing.
    #[error("there is no value")]
    Empty,
    /// It ends too early.
    #[error("the text ends before its value does")]
    CutOff,
    /// Not JSON.
    #[error("this is not JSON")]
    Syntax,
    /// Something stands behind the value.
    #[error("something stands behind the value")]
    Trailing,
    /// A byte-order mark.
    #[error("a byte-order mark stands before the value")]
    Mark,
    /// Another encoding than UTF-8.
    #[error("this is not written in UTF-8")]
    Encoding,
    /// A comment.
    #[error("JSON has no comments")]
    Comment,
    /// `NaN` or `Infinity`.
    #[error("JSON has no NaN and no Infinity")]
    NotANumber,
    /// Too many objects and arrays in each other.
    #[error("too many objects and arrays are in each other")]
    TooDeep,
    /// A name stands twice in one object.
    #[error("a name stands twice in one object")]
    NameTwice,
    /// An object has too many names.
    #[error("an object has too many names")]
    ManyNames,
    /// A name by which JavaScript reaches what is no member.
    #[error("the name __proto__ is no member's")]
    Prototype,
    /// A name or a text is too long.
    #[error("a name or a text is too long")]
    TextTooLong,
    /// A byte that must be written as an escape.
    #[error("a control character stands in a text")]
    Control,
    /// An escape that there is not.
    #[error("there is no such escape")]
    Escape,
    /// Half of a letter.
    #[error("half of a surrogate pair stands alone")]
    LoneSurrogate,
    /// The letter U+0000.
    #[error("the letter U+0000 stands in a text")]
    Nul,
    /// A number is too long.
    #[error("a number is too long")]
    NumberTooLong,
    /// A number that readers would round or could not hold.
    #[error("a number is larger than every reader can hold")]
    NumberTooLarge,
}
