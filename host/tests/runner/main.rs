//! The runner as its users meet it: the real program serves a real component over real sockets, one file a scenario.

mod app;
mod client;

mod body;
mod connections;
mod cpu;
mod database;
mod errors_at_the_start;
mod floods;
mod heads;
mod in_flight;
mod isolation;
mod memory;
mod outbound_http;
mod pace;
mod renewal;
mod request;
mod routes;
mod schedule;
mod stop;
mod stream;
mod timeout;
mod trap;
mod variables;
