//! Every parameter of libpq's is followed or refused.

use super::*;

const PEM: &str = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";

fn read(text: &str) -> Address {
    Address::parse(text, "").unwrap_or_else(|error| panic!("{text}: {error}"))
}

#[track_caller]
fn refused(text: &str, ca: &str, says: &str) {
    let error = Address::parse(text, ca).expect_err(text).to_string();
    assert!(error.contains(says) && !error.contains("hunter2"), "{text}: {error}");
}

fn mode(parameters: &str, ca: &str) -> (SslMode, Option<Ca>) {
    let address = Address::parse(&format!("postgres://u@h/d?{parameters}"), ca).unwrap();
    (address.ssl_mode, address.ca)
}

#[test]
fn both_forms_say_the_same() {
    let url = read("postgres://admin:p%40ss@db.example:6543/app?sslmode=require&application_name=x");
    let list = read("host=db.example port=6543 user=admin password=p@ss dbname=app sslmode=require application_name=x");
    assert_eq!(url, list);
    assert_eq!(url.to_string(), "admin@db.example:6543/app");
    assert_eq!(read("postgres://u@h").to_string(), "u@h:5432/u");
    assert_eq!(read("postgres://u@[::1]:1/d").to_string(), "u@[::1]:1/d");
    assert_eq!(read("postgres:///d?host=/run/postgresql&user=u").host, Host::Socket("/run/postgresql".into()));
}

#[test]
fn each_sslmode_has_the_meaning_of_libpq() {
    let file = || Some(Ca::File("ca.pem".into()));
    for (parameters, ca, expected) in [
        ("", "", (SslMode::Prefer, None)),
        ("sslmode=disable", "", (SslMode::Disable, None)),
        ("sslmode=prefer", "", (SslMode::Prefer, None)),
        ("sslmode=require", "", (SslMode::Require, None)),
        ("ssl=true", "", (SslMode::Require, None)),
        // With a CA, require is verify-ca.
        ("sslmode=require&sslrootcert=ca.pem", "", (SslMode::VerifyCa, file())),
        ("sslmode=require", "ca.pem", (SslMode::VerifyCa, file())),
        ("sslmode=verify-ca&sslrootcert=ca.pem", "", (SslMode::VerifyCa, file())),
        ("sslmode=verify-full&sslrootcert=ca.pem", "", (SslMode::VerifyFull, file())),
        ("sslmode=verify-full", "ca.pem", (SslMode::VerifyFull, file())),
        ("sslmode=verify-full", "", (SslMode::VerifyFull, Some(Ca::System))),
        ("sslmode=verify-full&sslrootcert=system", "", (SslMode::VerifyFull, Some(Ca::System))),
        ("sslrootcert=system", "", (SslMode::VerifyFull, Some(Ca::System))),
        // The variable is ours: whoever gives it wants the server checked.
        ("", "ca.pem", (SslMode::VerifyFull, file())),
        ("", PEM, (SslMode::VerifyFull, Some(Ca::Text(PEM.into())))),
        ("", &PEM.trim().replace('\n', "\\n"), (SslMode::VerifyFull, Some(Ca::Text(PEM.into())))),
    ] {
        assert_eq!(mode(parameters, ca), expected, "{parameters} {ca}");
    }
}

#[test]
fn an_sslmode_that_would_check_nothing_is_refused_with_a_ca() {
    let with = |parameters: &str| format!("postgres://u:hunter2@h/d?{parameters}");
    refused(&with("sslmode=disable"), PEM, "write sslmode=verify-full");
    refused(&with("sslmode=disable&sslrootcert=ca.pem"), "", "write sslmode=verify-full");
    refused(&with("sslmode=prefer"), PEM, "checks no certificate: write sslmode=verify-full");
    refused(&with("sslrootcert=ca.pem"), "", "checks no certificate: write sslmode=verify-full");
    refused(&with("sslmode=verify-ca"), "", "needs the CA");
    refused(&with("sslmode=verify-ca&sslrootcert=system"), "", "write verify-full");
    refused(&with("sslmode=require&sslrootcert=system"), "", "write verify-full");
    refused(&with("sslmode=verify-full&sslrootcert=ca.pem"), PEM, "given twice");
    refused(&with("sslmode=allow"), "", "write disable");
    refused(&with("sslmode=hunter2"), "", "does not exist");
}

#[test]
fn every_other_parameter_is_followed_or_refused() {
    // Those of PostgreSQL 18's documentation, beside host, port, login, sslmode and sslrootcert.
    let followed = [
        ("options", "-c statement_timeout=5s", "options=-c%20statement_timeout%3D5s"),
        ("application_name", "x y", "application_name=x%20y"),
        ("fallback_application_name", "x", "application_name=x"),
        ("connect_timeout", "10", "connect_timeout=10"),
        ("tcp_user_timeout", "10", "tcp_user_timeout=10"),
        ("keepalives", "0", "keepalives=0"),
        ("keepalives_idle", "1", "keepalives_idle=1"),
        ("keepalives_interval", "1", "keepalives_interval=1"),
        ("keepalives_count", "1", "keepalives_retries=1"),
        ("target_session_attrs", "read-write", "target_session_attrs=read-write"),
        ("channel_binding", "require", "channel_binding=require"),
        ("client_encoding", "UTF8", ""),
        ("load_balance_hosts", "disable", ""),
        ("gssencmode", "disable", ""),
        ("sslnegotiation", "postgres", ""),
        ("sslcompression", "0", ""),
        ("sslsni", "1", ""),
        ("sslcertmode", "allow", ""),
        ("ssl_min_protocol_version", "TLSv1.2", ""),
    ];
    for (name, value, passed) in followed {
        let address = read(&format!("host=h user=u {name}='{value}'"));
        let url = address.driver_url();
        let expected = if passed.is_empty() { "sslmode=prefer".to_owned() } else { format!("sslmode=prefer&{passed}") };
        assert_eq!(url.split_once('?').unwrap().1, expected, "{name}");
    }
    for (name, value) in [
        ("hostaddr", "10.0.0.1"),
        ("target_session_attrs", "standby"),
        ("target_session_attrs", "primary"),
        ("channel_binding", "yes"),
        ("connect_timeout", "soon"),
        ("keepalives", "x"),
        ("client_encoding", "LATIN1"),
        ("gssencmode", "prefer"),
        ("sslnegotiation", "direct"),
        ("sslcompression", "1"),
        ("sslsni", "0"),
        ("sslcert", "x"),
        ("sslkey", "x"),
        ("sslpassword", "hunter2"),
        ("sslcertmode", "require"),
        ("sslcrl", "x"),
        ("sslcrldir", "x"),
        ("ssl_min_protocol_version", "TLSv1.3"),
        ("ssl_max_protocol_version", "TLSv1.2"),
        ("service", "x"),
        ("servicefile", "x"),
        ("passfile", "x"),
        ("krbsrvname", "x"),
        ("gsslib", "x"),
        ("gssdelegation", "1"),
        ("require_auth", "scram-sha-256"),
        ("requirepeer", "x"),
        ("requiressl", "1"),
        ("replication", "database"),
        ("min_protocol_version", "3.2"),
        ("max_protocol_version", "3.2"),
        ("sslkeylogfile", "x"),
        ("scram_client_key", "x"),
        ("scram_server_key", "x"),
        ("pgbouncer", "true"),
        ("connection_limit", "1"),
    ] {
        refused(&format!("host=h user=u password=hunter2 {name}='{value}'"), "", name);
    }
}

#[test]
fn all_faults_are_said_at_once() {
    let error = Address::parse("postgres://a:hunter2@/d?sslmode=allow&sslcert=x&port=0", "").unwrap_err();
    assert_eq!(error.faults.len(), 4, "{error}");
}

#[test]
fn a_place_that_cannot_be_connected_to_is_refused() {
    refused("postgres://u:hunter2@a,b/d", "", "several hosts");
    refused("postgres://u:hunter2@/d", "", "names no host");
    refused("postgres://:hunter2@h/d", "", "names no user");
    refused("host=h dbname=d", "", "names no user");
    refused("postgres://u:p/hunter2@h:5432/d", "", "%2F");
    refused("postgres://u@h:0/d", "", "1 to 65535");
    refused("postgres://u@h:65536/d", "", "1 to 65535");
    refused("postgres://u:p@a b/d", "", "host is none");
    let functions = |text, ca| Address::parse_for_functions(text, ca).unwrap_err().to_string();
    assert!(functions("postgres:///d?host=/run/postgresql&user=u", "").contains("Unix socket"));
    assert!(functions("postgres://u@h/d?sslmode=verify-full&sslrootcert=a", "").contains("SPIN_VARIABLE_DATABASE_CA"));
    assert!(Address::parse_for_functions("postgres://u@h/d?sslmode=verify-full", PEM).is_ok());
}

#[test]
fn what_is_read_is_written_back_for_each_reader() {
    for (text, ca) in [
        ("postgres://u:p%40%2F%20x@h:1/d%20e?sslmode=verify-full", PEM),
        ("postgres://u@[::1]/d?sslmode=disable&options=-c%20a%3Db", ""),
        ("postgres:///d?host=/run/postgresql&user=u&port=1", ""),
        ("host=h user=u password='a b' sslmode=verify-full", "ca.pem"),
        ("postgres://u@h/d?sslmode=require", ""),
    ] {
        let address = Address::parse(text, ca).unwrap();
        assert_eq!(read(&address.to_url()), address, "{text}");
        let driver = address.driver_url();
        assert!(["disable", "prefer", "require"].iter().any(|mode| driver.contains(&format!("sslmode={mode}"))));
        assert!(!driver.contains("sslrootcert"), "{driver}");
    }
}

#[test]
fn the_functions_login_goes_through_the_same_pooler() {
    let pooled = read("postgres://postgres.abcdef:x@aws-0.pooler.supabase.com/postgres");
    assert_eq!(pooled.edge_login("postgres"), "rolecall_edge.abcdef");
    // A name with a dot of its own is no pooler's.
    assert_eq!(pooled.edge_login("postgres.abcdef"), "rolecall_edge");
    assert_eq!(read("postgres://admin@h").edge_login("admin"), "rolecall_edge");
    assert_eq!(read("postgres://administrator@h").edge_login("admin"), "rolecall_edge");
    let edge = pooled.with_login("rolecall_edge.abcdef", "secret");
    assert_eq!(edge.to_string(), "rolecall_edge.abcdef@aws-0.pooler.supabase.com:5432/postgres");
    assert!(edge.is_edge_login() && read("postgres://rolecall_edge@h").is_edge_login());
    assert!(!pooled.is_edge_login() && !read("postgres://rolecall_edges@h").is_edge_login());
}

#[test]
fn neither_form_for_people_shows_the_password_or_the_certificate() {
    let address = Address::parse("postgres://u:hunter2@h/d", PEM).unwrap();
    let shown = format!("{address} {address:?} {:?}", address.ca);
    assert!(!shown.contains("hunter2") && !shown.contains("AAAA"), "{shown}");
}
