//! The mapping: which tables and columns of the app hold what Rolecall needs. docs/install.md explains each line.

use std::collections::BTreeMap;

use anyhow::{Result, anyhow};
use serde::Deserialize;

/// The statuses of `rolecall.help_requests`.
pub const HELP_STATUSES: [&str; 6] = ["open", "in_progress", "completed", "cancelled", "closed", "matched"];

/// The statuses that a conversation of the app can be shown with.
pub const CONVERSATION_STATUSES: [&str; 4] = ["active", "completed", "cancelled", "closed"];

/// A mapping file. What is not mapped is not adopted.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mapping {
    /// The users.
    pub profiles: Option<Profiles>,
    /// The requests for help.
    pub help_requests: Option<HelpRequests>,
    /// The conversations of the app (V1), to be read only.
    pub conversations: Option<Conversations>,
    /// Who takes part in the conversations.
    pub participants: Option<Participants>,
    /// The messages of the conversations.
    pub messages: Option<Messages>,
}

/// Where the users are.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Profiles {
    /// `schema.table`; without a schema it is in `public`.
    pub table: String,
    /// The `sub` of the user's token.
    pub id: String,
    /// The name that others see.
    pub name: String,
    /// The column that decides the role; without it the role is left to the backend.
    pub role: Option<String>,
    /// The app's words for the roles. Those that are not named mean themselves; every other word is the lowest role.
    #[serde(default)]
    pub roles: BTreeMap<String, String>,
    /// The rows that count have these values.
    #[serde(default, rename = "where")]
    pub equal: Equal,
    /// The rows that count have null here.
    #[serde(default, rename = "where_null")]
    pub null: Vec<String>,
}

/// Where the requests for help are.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HelpRequests {
    /// `schema.table`; without a schema it is in `public`.
    pub table: String,
    /// The key.
    pub id: String,
    /// Who asks: an id of a user.
    pub requester: String,
    /// The title.
    pub title: String,
    /// The text, if there is one.
    pub description: Option<String>,
    /// How far the request is.
    pub status: String,
    /// The app's words for [`HELP_STATUSES`]. Those that are not named mean themselves; every other word is `closed`.
    #[serde(default)]
    pub statuses: BTreeMap<String, String>,
    /// When it was made, if that is recorded.
    pub created_at: Option<String>,
    /// The rows that count have these values.
    #[serde(default, rename = "where")]
    pub equal: Equal,
    /// The rows that count have null here.
    #[serde(default, rename = "where_null")]
    pub null: Vec<String>,
}

/// Where the app's conversations are.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Conversations {
    /// `schema.table`; without a schema it is in `public`.
    pub table: String,
    /// The key.
    pub id: String,
    /// The request for help that it is about.
    pub help_request: Option<String>,
    /// Who began it. Counts as the requester where the owner of the help request takes no part.
    pub created_by: Option<String>,
    /// Who asked for help, where there is no table of participants.
    pub requester: Option<String>,
    /// Who helps, where there is no table of participants.
    pub helper: Option<String>,
    /// Whether it goes on.
    pub status: Option<String>,
    /// The app's words for [`CONVERSATION_STATUSES`]. Those that are not named mean themselves; every other word is `closed`.
    #[serde(default)]
    pub statuses: BTreeMap<String, String>,
    /// When it began.
    pub created_at: String,
    /// When something last happened in it; `created_at` where that is not recorded.
    pub updated_at: Option<String>,
    /// The rows that count have these values.
    #[serde(default, rename = "where")]
    pub equal: Equal,
    /// The rows that count have null here.
    #[serde(default, rename = "where_null")]
    pub null: Vec<String>,
}

/// Who takes part in the app's conversations.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Participants {
    /// `schema.table`; without a schema it is in `public`.
    pub table: String,
    /// The conversation.
    pub conversation: String,
    /// The user.
    pub user: String,
    /// When they left; null while they take part. Who has left reads the conversation no more.
    pub left_at: Option<String>,
    /// The rows that count have these values.
    #[serde(default, rename = "where")]
    pub equal: Equal,
    /// The rows that count have null here.
    #[serde(default, rename = "where_null")]
    pub null: Vec<String>,
}

/// Where the app's messages are.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Messages {
    /// `schema.table`; without a schema it is in `public`.
    pub table: String,
    /// The key: a uuid, or a whole number.
    pub id: String,
    /// The conversation.
    pub conversation: String,
    /// Who wrote it.
    pub sender: String,
    /// The text.
    pub content: String,
    /// When it was written.
    pub created_at: String,
    /// The rows that count have these values.
    #[serde(default, rename = "where")]
    pub equal: Equal,
    /// The rows that count have null here.
    #[serde(default, rename = "where_null")]
    pub null: Vec<String>,
}

/// Columns, and the value or values that they have.
pub type Equal = BTreeMap<String, Values>;

/// One value of a column, or several.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(untagged)]
pub enum Values {
    /// The column has this value.
    One(Value),
    /// The column has one of these.
    Any(Vec<Value>),
}

/// A value of a column, compared as PostgreSQL prints it.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(untagged)]
pub enum Value {
    /// `true` or `false`.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A text, a word of an enum, a uuid.
    Text(String),
}

impl Values {
    /// The values as PostgreSQL prints them.
    pub fn texts(&self) -> Vec<String> {
        let text = |value: &Value| match value {
            Value::Bool(value) => value.to_string(),
            Value::Int(value) => value.to_string(),
            Value::Text(value) => value.clone(),
        };
        match self {
            Self::One(value) => vec![text(value)],
            Self::Any(values) => values.iter().map(text).collect(),
        }
    }
}

impl Mapping {
    /// Reads a mapping file.
    ///
    /// # Errors
    /// A sentence for everything that is wrong with the file by itself, without a look at the database.
    pub fn parse(text: &str) -> Result<Self> {
        let mapping: Self = toml::from_str(text).map_err(|error| anyhow!("{error}"))?;
        let faults = mapping.faults();
        if faults.is_empty() { Ok(mapping) } else { Err(anyhow!(faults.join("\n"))) }
    }

    fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        if *self == Self::default() {
            faults.push("the mapping names no table".to_owned());
        }
        if let Some(profiles) = &self.profiles
            && profiles.role.is_none()
            && !profiles.roles.is_empty()
        {
            faults.push(
                "[profiles.roles] translates a column that is not named: add role = \"...\" to [profiles]".into(),
            );
        }
        if let Some(requests) = &self.help_requests {
            faults.extend(unknown_words("help_requests.statuses", &requests.statuses, &HELP_STATUSES));
        }
        match (&self.conversations, &self.participants, &self.messages) {
            (None, None, None) => {}
            (Some(conversations), participants, Some(_)) => {
                faults.extend(unknown_words("conversations.statuses", &conversations.statuses, &CONVERSATION_STATUSES));
                let pair = (&conversations.requester, &conversations.helper);
                match (participants, pair) {
                    (Some(_), (None, None)) | (None, (Some(_), Some(_))) => {}
                    (Some(_), _) => faults.push(
                        "who takes part is said twice: by [participants], and by requester and helper in [conversations]"
                            .into(),
                    ),
                    (None, _) => faults.push(
                        "who takes part in the conversations is not said: add [participants], or requester and helper to \
                         [conversations]"
                            .into(),
                    ),
                }
                if conversations.status.is_none() && !conversations.statuses.is_empty() {
                    faults.push(
                        "[conversations.statuses] translates a column that is not named: add status = \"...\" to \
                         [conversations]"
                            .into(),
                    );
                }
            }
            _ => faults.push("[conversations] and [messages] belong together; [participants] needs both".into()),
        }
        faults
    }
}

fn unknown_words(place: &str, words: &BTreeMap<String, String>, known: &[&str]) -> Vec<String> {
    words
        .iter()
        .filter(|(_, ours)| !known.contains(&ours.as_str()))
        .map(|(theirs, ours)| {
            format!("[{place}] {theirs} = {ours:?}: there is no such status; there are {}", known.join(", "))
        })
        .collect()
}

/// A table's name in two parts, as it stands in the catalogue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableName {
    /// The schema.
    pub schema: String,
    /// The table.
    pub name: String,
}

impl TableName {
    /// Reads `schema.table`, `table`, and either part in double quotes if it contains a dot. Upper case counts.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = vec![String::new()];
        let mut quoted = false;
        let mut characters = text.chars().peekable();
        while let Some(character) = characters.next() {
            match character {
                '"' if quoted && characters.peek() == Some(&'"') => {
                    characters.next();
                    parts.last_mut()?.push('"');
                }
                '"' => quoted = !quoted,
                '.' if !quoted => parts.push(String::new()),
                other => parts.last_mut()?.push(other),
            }
        }
        if quoted || parts.iter().any(|part| part.is_empty() || part.contains('\0')) {
            return None;
        }
        let name = parts.pop()?;
        let schema = parts.pop().unwrap_or_else(|| "public".to_owned());
        parts.is_empty().then_some(Self { schema, name })
    }
}

impl std::fmt::Display for TableName {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}.{}", self.schema, self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_is_read() {
        let mapping = Mapping::parse(include_str!("../../../docs/install/adopt.toml")).expect("it is valid");
        assert!(mapping.profiles.is_some() && mapping.help_requests.is_some() && mapping.messages.is_some());
        assert_eq!(mapping.participants.expect("it is mapped").left_at.as_deref(), Some("left_at"));
    }

    #[test]
    fn mistakes_are_named() {
        for (text, part) in [
            ("", "names no table"),
            ("[profiles]\ntabel = 'x'\n", "tabel"),
            ("[profiles]\ntable = 'x'\nid = 'id'\n", "name"),
            ("[people]\n", "people"),
            ("[profiles]\ntable = 'x'\nid = 'id'\nname = 'n'\nroles = { boss = 'admin' }\n", "not named"),
            (
                "[help_requests]\ntable = 'x'\nid = 'id'\nrequester = 'r'\ntitle = 't'\nstatus = 's'\nstatuses = { new = 'fresh' }",
                "\"fresh\"",
            ),
            (
                "[messages]\ntable = 'm'\nid = 'i'\nconversation = 'c'\nsender = 's'\ncontent = 'c'\ncreated_at = 'a'",
                "belong together",
            ),
            (
                "[conversations]\ntable = 'c'\nid = 'i'\ncreated_at = 'a'\n[messages]\ntable = 'm'\nid = 'i'\nconversation = 'c'\n\
                 sender = 's'\ncontent = 'c'\ncreated_at = 'a'",
                "who takes part",
            ),
        ] {
            let error = Mapping::parse(text).expect_err(text).to_string();
            assert!(error.contains(part), "{text}: {error}");
        }
    }

    #[test]
    fn names_of_tables_are_taken_literally() {
        let name = |text| TableName::parse(text).map(|name| (name.schema, name.name));
        let parts = |schema: &str, table: &str| Some((schema.to_owned(), table.to_owned()));
        assert_eq!(name("profiles"), parts("public", "profiles"));
        assert_eq!(name("shop.HelpRequests"), parts("shop", "HelpRequests"));
        assert_eq!(name(r#"shop."a.b""#), parts("shop", "a.b"));
        assert_eq!(name(r#""say ""hi""".x; drop"#), parts(r#"say "hi""#, "x; drop"));
        for wrong in ["", ".", "a.", "a.b.c", "\"a"] {
            assert_eq!(name(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn values_are_compared_as_they_are_printed() {
        let mapping = Mapping::parse(
            "[profiles]\ntable = 'x'\nid = 'id'\nname = 'n'\nwhere = { active = true, kind = ['a', 3] }\nwhere_null = ['gone']",
        )
        .expect("it is valid");
        let profiles = mapping.profiles.expect("it is mapped");
        assert_eq!(profiles.equal["active"].texts(), ["true"]);
        assert_eq!(profiles.equal["kind"].texts(), ["a", "3"]);
        assert_eq!(profiles.null, ["gone"]);
    }
}
