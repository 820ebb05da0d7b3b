//! The one statement of a function, which calls its entry point in the database.

/// The schema of the entry points.
const SCHEMA: &str = "rolecall_edge";

/// The longest statement there can be, in bytes.
const CAPACITY: usize = 96;

/// A statement that hands one `jsonb` to an entry point and gets one back. It is made when the component is compiled.
#[derive(Clone, Copy, Debug)]
pub struct Statement {
    text: [u8; CAPACITY],
    length: usize,
}

impl Statement {
    /// The statement that calls this entry point.
    pub const fn of(entry: &str) -> Statement {
        Statement { text: [0; CAPACITY], length: 0 }.with("select ").with(SCHEMA).with(".").with(entry).with("($1)")
    }

    /// The statement as text. Functions ask in a `const` block, so that nothing of it is left to a request.
    pub const fn as_str(&self) -> &str {
        match std::str::from_utf8(self.text.split_at(self.length).0) {
            Ok(text) => text,
            // Only a part of a string would be no text, and `with` takes whole ones.
            Err(_) => panic!("a statement is made of whole strings"),
        }
    }

    const fn with(mut self, part: &str) -> Statement {
        let bytes = part.as_bytes();
        let mut at = 0;
        while at < bytes.len() {
            self.text[self.length] = bytes[at];
            self.length += 1;
            at += 1;
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_calls_an_entry_point() {
        const STATEMENT: &Statement = &Statement::of("send_dm");
        assert_eq!(STATEMENT.as_str(), format!("select {SCHEMA}.send_dm($1)"));
    }
}
