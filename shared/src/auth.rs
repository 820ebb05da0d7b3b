//! Who calls: tokens, the keys that verify them, and whom a function admits.

pub mod cache;
pub mod caller;
pub mod identity;
pub mod keys;
pub mod realtime;
pub mod schedule;
pub mod signature;
pub mod verifier;
