//! Values that are text on the wire, and what is wrong with text that has another form.

use std::borrow::Cow;

/// What is wrong with a value of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The kind of fault.
    pub code: &'static str,
    /// What was expected, for people.
    pub message: Cow<'static, str>,
}

impl Fault {
    /// A fault of this kind.
    pub fn new(code: &'static str, message: impl Into<Cow<'static, str>>) -> Fault {
        Fault { code, message: message.into() }
    }
}

/// A value that is text on the wire.
pub trait FromText: Sized {
    /// What was expected where the value is no text at all, for people.
    const WRONG_TYPE: &'static str;

    /// Reads the text.
    fn from_text(text: &str) -> Result<Self, Fault>;
}
