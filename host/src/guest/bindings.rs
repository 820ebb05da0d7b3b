//! The Spin interfaces the runner implements, generated from the WIT of spin-sdk (see `build.rs`).

#![allow(missing_docs, clippy::all)]

include!(concat!(env!("OUT_DIR"), "/bindings.rs"));
