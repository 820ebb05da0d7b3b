//! Who calls: tokens and the keys that verify them.

pub mod cache;
pub mod verifier;
