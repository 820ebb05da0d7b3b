//! Every behaviour on the wire, every race and every refusal, against a real PostgreSQL and the real components on the
//! real runner. One module for each subject; a test's name says what holds.

mod broadcast_cost;
mod broadcast_quota;
mod catalogue;
mod cors;
mod demo;
mod diagnostics;
mod flags;
mod health;
mod host_limits;
mod http_form;
mod idempotency;
mod identity;
mod impersonation;
mod keys;
mod logs;
mod matrix;
mod outage;
mod quota_reset;
mod races;
mod reply;
mod rollout;
mod rpc;
mod send_broadcast;
mod send_dm;
mod shutdown;
mod start_conversation;
mod typescript;
mod validation;
