//! What every function of Rolecall needs, once: the permission matrix, the error catalogue and the way of a request.
//!
//! Six rooms, each of which uses only those before it: [`postgres`], [`rules`], [`wire`], [`settings`], [`auth`], [`spin`].
//! All but the calls to Spin is pure and compiles natively.

#[cfg(feature = "verify")]
pub mod auth;
#[cfg(feature = "verify")]
pub mod function;
pub mod postgres;
pub mod rules;
pub mod settings;
#[cfg(feature = "verify")]
pub mod spin;
pub mod wire;

#[doc(hidden)]
pub use serde;
