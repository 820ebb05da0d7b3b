//! What passes over the wire: requests, answers, logs, and the exchange with the database.

pub mod answer;
pub mod cors;
pub mod decode;
pub mod envelope;
pub mod lines;
pub mod log;
pub mod phone;
pub mod refusal;
pub mod request_id;
