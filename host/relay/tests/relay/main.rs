//! The relay between a real PostgreSQL, a real NATS and real receivers of webhooks, with what can go wrong between them.

mod delivery;
mod failures;
mod lead;
mod receiver;
mod standard;
mod support;
mod webhook_failures;
mod webhooks;
