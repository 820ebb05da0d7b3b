//! The answer to the carrier's webhook, as an XML document (TwiML, <https://www.twilio.com/docs/messaging/twiml>).

use http::HeaderValue;
use serde_json::{Map, Value};

/// The media type that the carrier expects.
pub const CONTENT_TYPE: HeaderValue = HeaderValue::from_static("text/xml; charset=utf-8");

/// The document for the data of a success: the carrier sends its member `reply`, if it is text, to the sender.
pub fn answer(data: &Map<String, Value>) -> String {
    let mut xml = String::from(r#"<?xml version="1.0" encoding="UTF-8"?>"#);
    match data.get("reply").and_then(Value::as_str) {
        None => xml.push_str("<Response/>"),
        Some(reply) => {
            xml.push_str("<Response><Message>");
            reply.chars().for_each(|c| push_escaped(&mut xml, c));
            xml.push_str("</Message></Response>");
        }
    }
    xml
}

/// Adds a character of a text. XML 1.0 has no form for most control characters, and reads a carriage return as a line feed
/// unless it is a reference.
fn push_escaped(xml: &mut String, c: char) {
    match c {
        '&' => xml.push_str("&amp;"),
        '<' => xml.push_str("&lt;"),
        '>' => xml.push_str("&gt;"),
        '\r' => xml.push_str("&#13;"),
        '\n' | '\t' => xml.push(c),
        '\0'..='\x1f' | '\u{fffe}' | '\u{ffff}' => xml.push('\u{fffd}'),
        _ => xml.push(c),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn of(reply: Value) -> String {
        let xml = answer(json!({ "reply": reply, "thread_id": "t" }).as_object().unwrap());
        xml.strip_prefix(r#"<?xml version="1.0" encoding="UTF-8"?>"#).unwrap().to_owned()
    }

    #[test]
    fn silence_is_an_empty_response() {
        assert_eq!(of(Value::Null), "<Response/>");
        assert_eq!(answer(&Map::new()), r#"<?xml version="1.0" encoding="UTF-8"?><Response/>"#);
    }

    #[test]
    fn a_reply_cannot_leave_its_element() {
        let reply = json!("<Message>Rex & Mia]]></Message>\r\n\u{0}ß 🐕");
        assert_eq!(
            of(reply),
            "<Response><Message>&lt;Message&gt;Rex &amp; Mia]]&gt;&lt;/Message&gt;&#13;\n\u{fffd}ß 🐕</Message></Response>"
        );
    }
}
