//! What every function of Rolecall needs, once: the permission matrix, the error catalogue and the way of a request.
//!
//! Everything but `spin` is pure and compiles natively; `spin` is the thin edge that only exists in a component.

pub mod answer;
pub mod coalesce;
pub mod code;
pub mod cors;
#[cfg(feature = "verify")]
pub mod decode;
pub mod envelope;
#[cfg(feature = "verify")]
pub mod function;
pub mod id;
pub mod limits;
pub mod lines;
pub mod log;
pub mod matrix;
pub mod phone;
pub mod refusal;
pub mod request_id;
pub mod rollout;
#[cfg(feature = "verify")]
pub mod settings;
#[cfg(all(target_family = "wasm", feature = "verify"))]
pub mod spin;
#[cfg(feature = "verify")]
pub mod token;
#[cfg(feature = "verify")]
pub mod token_cache;
pub mod vocabulary;
