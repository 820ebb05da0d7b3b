//! The database by itself, through its functions and under load. One binary, so that it is linked once, and what waits runs
//! beside what computes. Tests that install, adopt or alter roles, or that count what only an undisturbed server shows, have
//! servers of their own and stand beside it.

#[path = "../support/mod.rs"]
mod support;

mod group_commit;
mod messaging;
mod moderation;
mod pgtap;
mod plans;
mod races;
mod texting_plans;
mod too_late;
mod webhooks;
