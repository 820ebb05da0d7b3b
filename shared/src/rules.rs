//! What is decided once for everybody: the permission matrix, the error catalogue, the limits and the words of the
//! wire.

pub mod blank;
pub mod code;
pub mod emoji;
pub mod form;
pub mod id;
pub mod limits;
pub mod matrix;
pub mod poaching;
pub mod redact;
pub mod rollout;
pub mod sms;
pub mod vocabulary;
pub mod word;
