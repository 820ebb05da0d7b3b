//! The WebAssembly side: the components, their instances, and the host functions they call.

pub mod application;
pub mod bindings;
pub mod context;
pub mod engine;
pub mod instance;
pub mod outbound_http;
pub mod postgres;
pub mod queue;
pub mod state;
mod variables;
pub mod vitals;
