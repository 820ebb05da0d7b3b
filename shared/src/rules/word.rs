//! Words that a client texts alone: to get no more messages, to get them again, and for help.

use serde::Serialize;

/// What the client wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Word {
    /// No more messages.
    Stop,
    /// Messages again; an ordinary text of somebody who gets them.
    Start,
    /// Help.
    Help,
}

impl Word {
    /// The meaning of a text that has nothing but one of the words in it; any letter may be large or small.
    pub fn of(text: &str) -> Option<Word> {
        match text.trim().to_ascii_uppercase().as_str() {
            "STOP" | "STOPALL" | "UNSUBSCRIBE" | "CANCEL" | "END" | "QUIT" | "REVOKE" | "OPTOUT" => Some(Word::Stop),
            "START" | "UNSTOP" | "YES" => Some(Word::Start),
            "HELP" | "INFO" => Some(Word::Help),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_stands_alone() {
        for word in
            ["STOP", "stop", " Stop\n", "STOPALL", "UNSUBSCRIBE", "CANCEL", "End", "QUIT", "revoke", "\u{a0}OptOut"]
        {
            assert_eq!(Word::of(word), Some(Word::Stop), "{word:?}");
        }
        for word in ["START", "unstop", "Yes"] {
            assert_eq!(Word::of(word), Some(Word::Start), "{word:?}");
        }
        for word in ["HELP", "info\r\n"] {
            assert_eq!(Word::of(word), Some(Word::Help), "{word:?}");
        }
        for text in
            ["", " ", "STOP.", "please stop", "STOP NOW", "ST OP", "stopped", "ＳＴＯＰ", "yes, please", "\"STOP\""]
        {
            assert_eq!(Word::of(text), None, "{text:?}");
        }
    }
}
