//! The address of a PostgreSQL database, read once for the migrator, the runner and the functions.
//!
//! libpq's two forms and libpq's meaning of every parameter (<https://www.postgresql.org/docs/current/libpq-connect.html>).
//! A parameter is followed or refused with a sentence that says what to write instead; none is passed over. The drivers
//! below (`tokio-postgres`, also in Spin) know fewer parameters and three of the six values of `sslmode`; they are given
//! [`Address::driver_url`].

mod address;
mod parameters;
mod text;

pub use address::{Address, Ca, Host, InvalidAddress, SslMode};

/// What a certificate in PEM form begins with.
pub const CERTIFICATE: &str = "-----BEGIN CERTIFICATE-----";

/// The login of the functions.
pub const EDGE_LOGIN: &str = "rolecall_edge";

/// The login of the relay.
pub const RELAY_LOGIN: &str = "rolecall_relay";
