//! What became of a message that the carrier was handed.

use rolecall_shared::{
    auth::{caller::Carrier, signature::status_path},
    function::{AnswerForm, Function, PathParameters},
    rules::form::{Fault, FromText},
    wire::{
        fields::Fields,
        input::{Field, Input, Reader},
        sid::MessageSid,
    },
};
use serde::Serialize;
use serde_json::Value;
use std::borrow::Cow;

/// Takes the carrier's word on the message of a row of the outbox, whose id stands in the path.
pub struct Status;

impl Function for Status {
    const NAME: &'static str = "receive-sms.status";
    const FLAG: Option<&'static str> = None;
    const ENTRY: &'static str = "receive_sms_status";
    const TAKES_FORM: bool = true;
    const ANSWER: AnswerForm = AnswerForm::Twiml;
    type Caller = Carrier;
    type Input = MessageStatus;

    fn webhook_path(path: PathParameters<'_>) -> Cow<'static, str> {
        status_path(path.id.unwrap_or_default()).into()
    }
}

/// The parameters of Twilio's status callback that are read; it has others.
#[derive(Debug, Serialize)]
pub struct MessageStatus {
    id: RowId,
    message_sid: MessageSid,
    status: StatusName,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_code: Option<u32>,
}

impl Input for MessageStatus {
    fn decode(fields: &mut Fields) -> Option<MessageStatus> {
        let id = fields.get("id");
        let message_sid = fields.get("MessageSid");
        let status = fields.get("MessageStatus");
        let ErrorCode(error_code) = fields.get("ErrorCode").unwrap_or_default();
        fields.pass_over_rest();
        Some(MessageStatus { id: id?, message_sid: message_sid?, status: status?, error_code })
    }
}

/// The largest error code that is taken.
const MAX_ERROR_CODE: u32 = 999_999;

/// The id in the path. The carrier was given it, so one that is no uuid is unknown, and not a fault.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
struct RowId(String);

impl Field for RowId {
    fn read(_: Value, reader: &mut Reader<'_>) -> Option<RowId> {
        RowId::absent(reader)
    }

    fn absent(reader: &mut Reader<'_>) -> Option<RowId> {
        Some(RowId(reader.path_id.unwrap_or_default().to_owned()))
    }
}

/// A status of the carrier's, which may have more of them tomorrow.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
struct StatusName(String);

impl FromText for StatusName {
    const WRONG_TYPE: &'static str = "Expected the status of the message, in a string.";

    fn from_text(text: &str) -> Result<StatusName, Fault> {
        if (1..=32).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
            Ok(StatusName(text.to_ascii_lowercase()))
        } else {
            Err(Fault::new("malformed_status", "Expected up to 32 letters and digits."))
        }
    }
}

/// The carrier's error, if there is one. Twilio's have five digits; whatever is no number, or may be that of a phone, is none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct ErrorCode(Option<u32>);

impl Field for ErrorCode {
    fn read(value: Value, _: &mut Reader<'_>) -> Option<ErrorCode> {
        let number = match &value {
            Value::String(text) => text.parse().ok(),
            value => value.as_u64().and_then(|number| number.try_into().ok()),
        };
        Some(ErrorCode(number.filter(|&number| (1..=MAX_ERROR_CODE).contains(&number))))
    }

    fn absent(_: &mut Reader<'_>) -> Option<ErrorCode> {
        Some(ErrorCode::default())
    }
}
