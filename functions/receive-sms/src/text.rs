//! A text of a client.

use rolecall_shared::{
    auth::caller::Carrier,
    function::{AnswerForm, Function},
    rules::{
        form::{Fault, FromText},
        limits::{MAX_MEDIA_URLS, THREAD_MESSAGE_CHARS},
        poaching::{self, Findings},
        word::Word,
    },
    wire::{
        fields::Fields,
        input::{Field, Input, Reader},
        link::HttpsLink,
        phone::PhoneNumber,
        sid::MessageSid,
    },
};
use serde::Serialize;
use serde_json::Value;

/// Takes a text, filters it and routes it. Which organisation it is for, and whether the feature is on there, the database
/// finds by the number that was texted.
pub struct Text;

impl Function for Text {
    const NAME: &'static str = "receive-sms.text";
    const FLAG: Option<&'static str> = None;
    const ENTRY: &'static str = "receive_sms";
    const TAKES_FORM: bool = true;
    const ANSWER: AnswerForm = AnswerForm::Twiml;
    type Caller = Carrier;
    type Input = IncomingText;
}

/// The parameters of Twilio's webhook for messages that are read; it has others.
#[derive(Debug, Serialize)]
pub struct IncomingText {
    message_sid: MessageSid,
    from: PhoneNumber,
    to: PhoneNumber,
    content: Content,
    /// They are kept and never fetched.
    media_urls: Vec<HttpsLink>,
    #[serde(skip_serializing_if = "Option::is_none")]
    word: Option<Word>,
    /// The carrier answers the word by itself.
    silent: bool,
    filter: Findings,
}

impl Input for IncomingText {
    fn decode(fields: &mut Fields) -> Option<IncomingText> {
        let message_sid = fields.get("MessageSid");
        let from = fields.get("From");
        let to = fields.get("To");
        let content = fields.get::<Content>("Body");
        let answered = fields.get::<Option<Answered>>("OptOutType");
        let Count(media) = fields.get("NumMedia").unwrap_or_default();
        let media_urls: Vec<_> = (0..media.min(MAX_MEDIA_URLS)).map(|n| fields.get(&format!("MediaUrl{n}"))).collect();
        fields.pass_over_rest();

        let content = content?;
        let answered = answered?.and_then(|Answered(word)| word);
        Some(IncomingText {
            message_sid: message_sid?,
            from: from?,
            to: to?,
            media_urls: media_urls.into_iter().collect::<Option<_>>()?,
            word: answered.or_else(|| Word::of(&content.0)),
            silent: answered.is_some(),
            filter: poaching::judge(&content.0),
            content,
        })
    }
}

/// The kind of a word that the carrier answers by itself, and of which it may have a list of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Answered(Option<Word>);

impl FromText for Answered {
    const WRONG_TYPE: &'static str = "Expected STOP, START or HELP in a string.";

    fn from_text(text: &str) -> Result<Answered, Fault> {
        Ok(Answered(Word::of(text)))
    }
}

/// What the client wrote, as it came; nothing where they only sent pictures.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
struct Content(String);

impl Field for Content {
    fn read(value: Value, reader: &mut Reader<'_>) -> Option<Content> {
        let Value::String(text) = value else { return reader.refuse(Fault::new("wrong_type", "Expected a string.")) };
        if text.chars().count() > THREAD_MESSAGE_CHARS {
            return reader.refuse(Fault::new("too_long", format!("At most {THREAD_MESSAGE_CHARS} characters.")));
        }
        // The database has no form for it.
        Some(Content(text.replace('\0', "\u{fffd}")))
    }

    fn absent(_: &mut Reader<'_>) -> Option<Content> {
        Some(Content::default())
    }
}

/// How many media a text has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Count(usize);

impl Field for Count {
    fn read(value: Value, reader: &mut Reader<'_>) -> Option<Count> {
        let number = match &value {
            Value::String(text) => text.parse().ok(),
            value => value.as_u64().and_then(|number| number.try_into().ok()),
        };
        number.map(Count).or_else(|| reader.refuse(Fault::new("malformed_number", "Expected a number.")))
    }

    fn absent(_: &mut Reader<'_>) -> Option<Count> {
        Some(Count::default())
    }
}
