//! The kit of the tests, with every answer checked against `docs/openapi.yaml`.

pub mod browser;
pub mod endpoints;
pub mod observer;
pub mod openapi;
pub mod pushed;

mod checked;

pub use checked::Stand;
pub use rolecall_kit::*;
