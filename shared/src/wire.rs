//! What passes over the wire: requests, answers, logs, and the exchange with the database.

pub mod answer;
pub mod author;
pub mod cors;
pub mod cursor;
pub mod envelope;
pub mod fields;
pub mod flag;
pub mod input;
pub mod json;
pub mod lines;
pub mod link;
pub mod list;
pub mod log;
pub mod nkey;
pub mod number;
pub mod path_id;
pub mod phone;
pub mod refusal;
pub mod request_id;
pub mod sid;
pub mod statement;
#[cfg(test)]
mod testing;
pub mod text;
pub mod timestamp;
pub mod twiml;
