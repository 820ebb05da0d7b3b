//! The relay between a real PostgreSQL and a real NATS, with what can go wrong between the three.

mod delivery;
mod failures;
mod lead;
mod support;
mod tls;
