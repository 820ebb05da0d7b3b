//! Holds sockets for `rolecall-bench-realtime`, and tells it what they hear: a process may open only so many files, and
//! 50,000 sockets need several.
//!
//! On standard output it says `open`, and then a line for each message: its number, and when it was heard, in microseconds
//! of Unix time. It ends with its standard input.

use anyhow::Result;
use clap::Parser;
use rolecall_bench::{
    realtime::{number_in, open_sockets},
    system::allow_connections,
};
use std::{
    cell::RefCell,
    io::{Write, stdout},
    rc::Rc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};
use tokio::{io::AsyncReadExt, task::LocalSet, time::sleep};

/// How long what was heard waits for more.
const FLUSH: Duration = Duration::from_millis(20);

/// Holds sockets, each of another user.
#[derive(Debug, Parser)]
#[command(name = "rolecall-bench-sockets")]
struct Options {
    /// host:port of the functions
    #[arg(long)]
    host: String,

    /// The server whose sockets they are: ws://host:port
    #[arg(long)]
    server: String,

    /// The number of the first user
    #[arg(long)]
    first: u64,

    /// Sockets
    #[arg(long)]
    sockets: u64,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let options = Options::parse();
    allow_connections(options.sockets)?;
    LocalSet::new().run_until(hold(options)).await
}

async fn hold(options: Options) -> Result<()> {
    let heard = Rc::new(RefCell::new(Vec::new()));
    let note = heard.clone();
    let hear = move |event: &[u8]| {
        if let Some(number) = number_in(event) {
            let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
            note.borrow_mut().push((number, now.as_micros()));
        }
    };
    let users = options.first..options.first + options.sockets;
    open_sockets(&options.host, Some(&options.server), users, hear).await?;
    say("open\n")?;
    let telling = async {
        loop {
            sleep(FLUSH).await;
            let lines: String = heard.take().iter().map(|(number, micros)| format!("{number} {micros}\n")).collect();
            say(&lines)?;
        }
    };
    let (mut input, mut ignored) = (tokio::io::stdin(), [0]);
    tokio::select! {
        ended = telling => ended,
        _ = input.read(&mut ignored) => Ok(()),
    }
}

fn say(text: &str) -> Result<()> {
    let mut output = stdout().lock();
    output.write_all(text.as_bytes())?;
    Ok(output.flush()?)
}
