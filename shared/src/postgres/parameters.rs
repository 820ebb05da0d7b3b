//! What becomes of each parameter of libpq's that is no part of the place, the login or TLS.

/// What becomes of a parameter.
pub enum Fate {
    /// The driver is given it, under this name.
    Passed(&'static str),
    /// It says what is so anyway.
    Fulfilled,
    /// It is refused with this sentence.
    Refused(String),
    /// libpq has no such parameter.
    Unknown,
}

/// What becomes of a parameter with this value.
pub fn fate(name: &str, value: &str) -> Fate {
    use Fate::{Fulfilled, Passed, Refused, Unknown};
    let number = |least: i64| value.trim().parse::<i64>().is_ok_and(|number| number >= least);
    let counted = |passed: &'static str| match number(0) {
        true => Passed(passed),
        false => Refused(format!("{name} is a number, such as {name}=10")),
    };
    let only = |fulfilled: &[&str], instead: &str| match fulfilled.iter().any(|each| value.eq_ignore_ascii_case(each)) {
        true => Fulfilled,
        false => Refused(format!("{name}={value} is not supported: {instead}")),
    };
    match name {
        "options" => Passed("options"),
        "application_name" | "fallback_application_name" => Passed("application_name"),
        "connect_timeout" => match number(i64::MIN) {
            true => Passed("connect_timeout"),
            false => Refused("connect_timeout is a number of seconds, such as connect_timeout=10".to_owned()),
        },
        "tcp_user_timeout" => counted("tcp_user_timeout"),
        "keepalives" => counted("keepalives"),
        "keepalives_idle" => counted("keepalives_idle"),
        "keepalives_interval" => counted("keepalives_interval"),
        "keepalives_count" => counted("keepalives_retries"),
        "target_session_attrs" => match value {
            "any" | "read-write" => Passed("target_session_attrs"),
            "primary" => Refused("target_session_attrs=primary is not supported: write read-write".to_owned()),
            _ => Refused(format!("target_session_attrs={value} is not supported: Rolecall writes; write read-write")),
        },
        "channel_binding" => match value {
            "disable" | "prefer" | "require" => Passed("channel_binding"),
            _ => Refused(format!("channel_binding={value} does not exist: write disable, prefer or require")),
        },
        // There is one host.
        "load_balance_hosts" => only(&["disable", "random"], "leave it out"),
        "client_encoding" => only(&["utf8", "utf-8", "unicode", "auto"], "everything is UTF-8; leave it out"),
        "gssencmode" => only(&["disable"], "encryption is TLS alone; write gssencmode=disable"),
        "sslnegotiation" => only(&["postgres"], "write sslnegotiation=postgres"),
        "sslcompression" => only(&["0"], "leave it out"),
        "sslsni" => only(&["1"], "the host's name is always sent; leave it out"),
        "sslcertmode" => only(&["disable", "allow"], "client certificates are not supported; use a password"),
        "ssl_min_protocol_version" => {
            only(&["TLSv1", "TLSv1.1", "TLSv1.2"], "TLS 1.2 is the oldest that is spoken; leave it out")
        }
        "ssl_max_protocol_version" => only(&["TLSv1.3", ""], "TLS 1.3 is the newest that is spoken; leave it out"),
        "replication" => only(&["false", "off", "no", "0"], "leave it out"),
        "sslcert" | "sslkey" | "sslpassword" => {
            Refused(format!("{name}: client certificates are not supported; use a password"))
        }
        "sslcrl" | "sslcrldir" => Refused(format!("{name}: revocation lists are not supported; leave it out")),
        "service" | "servicefile" | "passfile" => {
            Refused(format!("{name}: no file of libpq's is read; write the login, host and database into the address"))
        }
        "krbsrvname" | "gsslib" | "gssdelegation" => Refused(format!("{name}: GSSAPI is not supported; use a password")),
        "require_auth" => {
            Refused("require_auth is not supported: channel_binding=require has a SCRAM password checked".to_owned())
        }
        "requirepeer" | "requiressl" | "min_protocol_version" | "max_protocol_version" | "sslkeylogfile"
        | "scram_client_key" | "scram_server_key" => Refused(format!("{name} is not supported: leave it out")),
        "pgbouncer" => Refused(
            "pgbouncer is no parameter of PostgreSQL's: leave it out, and use the pooler in session mode (Supabase: port \
             5432), since transaction mode loses prepared statements"
                .to_owned(),
        ),
        _ => Unknown,
    }
}
