//! What declarations leave to the operator.

/// What is not said by a schema itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Choices {
    /// Members that a schema does not name.
    pub additional: Additional,
    /// The word `format`.
    pub formats: Formats,
}

/// What becomes of members that a schema does not name, where it leaves them open.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Additional {
    /// As JSON Schema has it: they pass unless the schema says otherwise.
    #[default]
    AsDeclared,
    /// They are refused, wherever a schema names members at all and is silent about others.
    Refuse,
}

/// What the word `format` does (JSON Schema 2020-12, Validation 7.2).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Formats {
    /// A text must have its format, where it is one that is known.
    #[default]
    Assert,
    /// It says something to people alone.
    Ignore,
}

/// What a document of OpenAPI does not say itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ApiSettings {
    /// What stands before its paths, in place of what its servers have.
    pub prefix: Option<String>,
    /// Names of a query that no parameter has.
    pub queries: Queries,
    /// What its schemas do not say.
    pub choices: Choices,
}

/// What becomes of names in a query that no parameter has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Queries {
    /// They are refused.
    #[default]
    Refuse,
    /// They pass, unless a backend could read one as a declared one.
    Pass,
}

/// What becomes of a request below a document's paths that is none of its operations.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Unknown {
    /// It is refused.
    #[default]
    Refuse,
    /// It passes, unjudged.
    Pass,
}
