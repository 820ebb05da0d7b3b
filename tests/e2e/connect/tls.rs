//! TLS as at Supabase and RDS: the server's certificate is of a private CA. Migrator, runner and functions believe the
//! same servers, by libpq's meaning of `sslmode`; what is not believed is said in a sentence before anything listens.

use super::support::{Authority, Server, get, refused, start};
use rolecall_kit::runner::Start;

const ANY: &str = "DNS:localhost,IP:127.0.0.1";

/// What the migrator says about an address.
async fn migrator(url: &str) -> Result<(), String> {
    let client = rolecall_database::connect(url).await.map_err(|error| format!("{error:#}"))?;
    client.query_one("select 1", &[]).await.map(|_| ()).map_err(|error| error.to_string())
}

/// That migrator and runner refuse an address with this sentence.
#[track_caller]
fn refused_by_both(url: &str, sentence: &str) -> impl Future<Output = ()> {
    let (url, sentence) = (url.to_owned(), sentence.to_owned());
    async move {
        let error = migrator(&url).await.expect_err(&url);
        assert!(error.contains(&sentence), "the migrator at {url}: {error}");
        let said = refused(Start::new().environment("DATABASE_URL", &url)).await;
        assert!(said.contains(&sentence), "the runner at {url}: {said}");
        // The functions alone, whose login may be another.
        let given = Start::new().variable("database_url", &url).variable("database_host", host(&url));
        let said = refused(given).await;
        assert!(
            said.contains("the functions do not reach their database") && said.contains(&sentence),
            "the functions at {url}: {said}"
        );
    }
}

fn host(url: &str) -> &str {
    let (_, place) = url.split_once('@').unwrap();
    place.split_once(':').unwrap().0
}

/// That migrator, runner and functions get to the database with these.
async fn passes(server: &Server, url: &str, ca: &str) {
    if ca.is_empty() {
        migrator(url).await.unwrap_or_else(|error| panic!("the migrator at {url}: {error}"));
    }
    let wanted = Start::new().environment("DATABASE_URL", url).environment("SPIN_VARIABLE_DATABASE_CA", ca);
    let runner = start(wanted).await.unwrap_or_else(|error| panic!("the runner at {url}: {error:#}"));
    let health = get(&runner, "/api/health").await;
    assert_eq!((health.status, health["database"].as_str()), (200, Some("ok")), "the functions at {url}");
    let encrypted = "select count(*) from pg_stat_ssl join pg_stat_activity using (pid)
                     where usename = 'rolecall_edge' and ssl";
    let client = rolecall_database::connect(&server.admin_url()).await.unwrap();
    let encrypted: i64 = client.query_one(encrypted, &[]).await.unwrap().get(0);
    assert_eq!(encrypted > 0, !url.contains("sslmode=disable"), "{url}");
}

#[tokio::test]
async fn a_server_of_a_private_ca_is_believed_with_that_ca_alone() {
    let server = Server::start().await;
    let (authority, other) = (Authority::new(), Authority::new());
    server.present(&authority.certificate("DNS:localhost")).await;
    let ca = |authority: &Authority| authority.file().display().to_string();
    let with = |host: &str, parameters: &str, authority: &Authority| {
        server.url(host, &format!("{parameters}&sslrootcert={}", ca(authority)))
    };
    passes(&server, &with("localhost", "sslmode=verify-full", &authority), "").await;
    // The variable, as a file's name and as text, in one line or several; without sslmode it means verify-full.
    passes(&server, &server.url("localhost", "sslmode=verify-full"), &ca(&authority)).await;
    passes(&server, &server.url("localhost", ""), &authority.text()).await;
    passes(&server, &server.url("localhost", ""), &authority.text().replace('\n', "\\n")).await;
    // As libpq has it, these check the chain and no name, and these nothing at all.
    passes(&server, &with("127.0.0.1", "sslmode=verify-ca", &authority), "").await;
    passes(&server, &with("127.0.0.1", "sslmode=require", &authority), "").await;
    passes(&server, &server.url("127.0.0.1", "sslmode=require"), "").await;
    passes(&server, &server.url("127.0.0.1", "sslmode=prefer"), "").await;
    passes(&server, &server.url("127.0.0.1", "sslmode=disable"), "").await;

    let unknown = "is not signed by the CA that is given";
    refused_by_both(&with("localhost", "sslmode=verify-full", &other), unknown).await;
    refused_by_both(&with("127.0.0.1", "sslmode=verify-ca", &other), unknown).await;
    refused_by_both(&with("127.0.0.1", "sslmode=require", &other), unknown).await;
    let name = "the certificate is not one of 127.0.0.1: write a host that it names, or sslmode=verify-ca";
    refused_by_both(&with("127.0.0.1", "sslmode=verify-full", &authority), name).await;
    let system =
        "is not signed by a CA that this system trusts: give the CA's certificate in SPIN_VARIABLE_DATABASE_CA";
    refused_by_both(&server.url("localhost", "sslmode=verify-full"), system).await;
    refused_by_both(&server.url("localhost", "sslrootcert=system"), system).await;
    let weak = "checks no certificate: write sslmode=verify-full";
    let said = refused(Start::new().environment("DATABASE_URL", &with("localhost", "", &authority))).await;
    assert!(said.contains(weak), "{said}");
}

#[tokio::test]
async fn a_certificate_that_has_expired_is_refused_whatever_its_ca() {
    let server = Server::start().await;
    let authority = Authority::new();
    server.present(&authority.expired(ANY)).await;
    for mode in ["verify-full", "verify-ca"] {
        let url = server.url("127.0.0.1", &format!("sslmode={mode}&sslrootcert={}", authority.file().display()));
        refused_by_both(&url, "the certificate of 127.0.0.1 has expired").await;
    }
}

#[tokio::test]
async fn a_server_without_tls_is_refused_where_it_is_required() {
    let server = Server::start().await;
    let says = "the server does not speak TLS: switch ssl on there, or write sslmode=disable";
    refused_by_both(&server.url("127.0.0.1", "sslmode=require"), says).await;
    refused_by_both(&server.url("127.0.0.1", "sslmode=verify-full"), says).await;
    passes_plainly(&server, "sslmode=prefer").await;
}

async fn passes_plainly(server: &Server, parameters: &str) {
    migrator(&server.url("127.0.0.1", parameters)).await.unwrap();
}

#[tokio::test]
async fn a_server_that_takes_tls_alone_refuses_who_disables_it() {
    let server = Server::start().await;
    server.present(&Authority::new().certificate(ANY)).await;
    server.take(true).await;
    refused_by_both(&server.url("127.0.0.1", "sslmode=disable"), "write sslmode=verify-full instead of disable").await;
    migrator(&server.url("127.0.0.1", "sslmode=require")).await.unwrap();
}

#[tokio::test]
async fn a_database_that_the_functions_do_not_reach_ends_the_start() {
    let server = Server::start().await;
    let runner = start(Start::new().environment("DATABASE_URL", &server.admin_url())).await.unwrap();
    drop(runner);
    let edge = |from: &str, to: &str| server.admin_url().replace(from, to);
    for (edge, sentence) in [
        (edge("postgres://postgres:", "postgres://rolecall_edge:x"), "the password is wrong"),
        (edge("/app?", "/nothing?"), "there is no such database"),
        ("postgres://rolecall_edge:x@127.0.0.1:1/app?sslmode=disable".to_owned(), "nobody listens there"),
    ] {
        let admin = Start::new().environment("DATABASE_URL", &server.admin_url());
        let said = refused(admin.environment("EDGE_DATABASE_URL", &edge)).await;
        assert!(said.contains("the functions do not reach their database") && said.contains(sentence), "{said}");
        let password = edge.split(':').nth(2).unwrap().split('@').next().unwrap();
        assert!(password.len() < 8 || !said.contains(password), "{said}");
    }
    // A database that answers but is none of Rolecall's.
    server.cluster.create_database("empty", None).await.unwrap();
    let said = refused(Start::new().variable("database_url", &edge("/app?", "/empty?"))).await;
    assert!(said.contains("the functions do not work: /api/health answers 503"), "{said}");
}
