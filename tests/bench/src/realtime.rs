//! What it takes from a request over HTTP to the sockets of those who are to see it.
//!
//! Every message has a number, and is due at a moment: its time at a socket counts from that moment, so that no stall
//! hides behind what it held up. A ledger knows how many sockets are to hear of each number, and what was missed.

mod holders;
mod ledger;
mod opening;
mod socket;

pub use holders::Holders;
pub use ledger::{Heard, Kind, Ledger, number_in};
pub use opening::open_sockets;
pub use socket::Socket;
