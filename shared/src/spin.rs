//! The Spin edge: the way of a request through a function, and the few calls to Spin it needs.
//!
//! What needs no Spin (`coalesce`, `failures`, `post`, `recent`, `settings`) compiles natively too and is tested there.

pub mod coalesce;
#[cfg(target_family = "wasm")]
mod database;
#[cfg(target_family = "wasm")]
mod exchange;
pub mod failures;
#[cfg(target_family = "wasm")]
mod flush;
#[cfg(target_family = "wasm")]
mod grouped;
#[cfg(target_family = "wasm")]
mod health;
#[cfg(target_family = "wasm")]
mod instance;
#[cfg(target_family = "wasm")]
mod items;
#[cfg(target_family = "wasm")]
mod job;
#[cfg(target_family = "wasm")]
mod keys;
#[cfg(target_family = "wasm")]
mod pages;
pub mod post;
pub mod recent;
#[cfg(target_family = "wasm")]
mod serve;
pub mod settings;

#[cfg(target_family = "wasm")]
pub use {
    job::{Job, serve_job, serve_text},
    pages::{Pages, serve_lines},
    serve::{Body, serve, serve_at, serve_health, serve_nothing},
};
