//! The functions' login on this machine: the server that is started gets no administrator's.

use crate::settings::Settings;
use anyhow::{Context, Result, anyhow};
use rolecall_database::{connect_to, set_edge_password};
use rolecall_shared::postgres::Address;
use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// The file of the password, as `rolecall up` keeps it with a DATABASE_URL.
const FILE: &str = "edge_password";

/// The length of a password that is made.
const PASSWORD_BYTES: usize = 32;

/// The functions' login: that of SPIN_VARIABLE_DATABASE_URL, or rolecall_edge with a password of the state directory's, which
/// it is given if it does not have it yet.
///
/// # Errors
/// The password can neither be used nor set.
pub async fn of_functions(settings: &Settings) -> Result<Address> {
    if let Some(edge) = &settings.edge {
        return Ok(edge.clone());
    }
    let password = password(&settings.state_dir).context("making a password for rolecall_edge")?;
    let client = connect_to(&settings.admin).await?;
    // What the server calls the login tells whether a pooler has taken a suffix off it.
    let server_user: String = client.query_one("select session_user::text", &[]).await?.get(0);
    let edge = settings.admin.with_login(&settings.admin.edge_login(&server_user), &password);
    if connect_to(&edge).await.is_err() {
        set_edge_password(&settings.admin.to_url(), &password)
            .await
            .context("giving rolecall_edge a password (set SPIN_VARIABLE_DATABASE_URL to do it yourself)")?;
    }
    Ok(edge)
}

fn password(state_dir: &Path) -> Result<String> {
    let file = state_dir.join(FILE);
    match fs::read_to_string(&file) {
        Ok(password) if !password.trim().is_empty() => return Ok(password.trim().to_owned()),
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error.into()),
        _ => {}
    }
    let mut bytes = [0; PASSWORD_BYTES];
    getrandom::fill(&mut bytes).map_err(|error| anyhow!("{error}"))?;
    let password: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let mut written = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&file)?;
    writeln!(written, "{password}")?;
    Ok(password)
}
