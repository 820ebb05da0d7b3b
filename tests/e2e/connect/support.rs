//! A PostgreSQL of one test, with TLS if the test wants it, and the runner on it.

use anyhow::Result;
use http::Method;
use rolecall_e2e::Answer;
use rolecall_kit::{
    client::Client,
    process::temporary_directory,
    runner::{Runner, Start},
    token,
};
use rolecall_postgres::{Cluster, Options};
use serde_json::Value;
use std::{
    fs,
    os::unix::fs::{MetadataExt, PermissionsExt, chown},
    path::{Path, PathBuf},
    process::Command,
};
use uuid::Uuid;

/// The database's name.
const DATABASE: &str = "app";

/// A server with an empty database.
pub struct Server {
    /// The server itself.
    pub cluster: Cluster,
}

impl Server {
    /// Starts it.
    pub async fn start() -> Server {
        let cluster = tokio::task::spawn_blocking(|| Cluster::start(Options::for_tests())).await.unwrap().unwrap();
        cluster.create_database(DATABASE, None).await.unwrap();
        Server { cluster }
    }

    /// An administrator's login, without TLS.
    pub fn admin_url(&self) -> String {
        self.cluster.admin_url(DATABASE)
    }

    /// An administrator's login at another host and with other parameters: `localhost`, `sslmode=require`.
    pub fn url(&self, host: &str, parameters: &str) -> String {
        let url = self.admin_url().replace("127.0.0.1", host);
        format!("{}?{parameters}", url.split_once('?').unwrap().0)
    }

    /// Runs statements as an administrator, each by itself.
    pub async fn run(&self, statements: &[&str]) {
        let client = rolecall_database::connect(&self.admin_url()).await.unwrap();
        for statement in statements {
            client.batch_execute(statement).await.unwrap();
        }
    }

    /// Has the server take up changed files, and waits until it has.
    pub async fn reload(&self) {
        self.reload_through(&self.admin_url()).await;
    }

    /// The same through another login, where that of [`Server::admin_url`] is not let in.
    pub async fn reload_through(&self, url: &str) {
        let loaded = async |url: &str| -> Option<String> {
            let client = rolecall_database::connect(url).await.ok()?;
            Some(client.query_one("select pg_conf_load_time()::text", &[]).await.ok()?.get(0))
        };
        let client = rolecall_database::connect(url).await.unwrap();
        let before: String = client.query_one("select pg_conf_load_time()::text", &[]).await.unwrap().get(0);
        client.batch_execute("select pg_reload_conf()").await.unwrap();
        let urls = [self.admin_url(), self.url("127.0.0.1", "sslmode=require")];
        // A new session has what the server has read.
        rolecall_e2e::until("the server has read its files", async || {
            for url in &urls {
                if let Some(now) = loaded(url).await
                    && now != before
                {
                    return Some(());
                }
            }
            None
        })
        .await;
    }

    /// Where its files are.
    pub async fn data(&self) -> PathBuf {
        let client = rolecall_database::connect(&self.admin_url()).await.unwrap();
        let data: String = client.query_one("show data_directory", &[]).await.unwrap().get(0);
        data.into()
    }

    /// Speaks TLS with this certificate from now on.
    pub async fn present(&self, certificate: &Certificate) {
        let data = self.data().await;
        let owner = fs::metadata(&data).unwrap();
        for (name, from) in [("server.crt", &certificate.certificate), ("server.key", &certificate.key)] {
            let file = data.join(name);
            fs::copy(from, &file).unwrap();
            // PostgreSQL takes no key that others may read.
            fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
            chown(&file, Some(owner.uid()), Some(owner.gid())).unwrap();
        }
        self.run(&["alter system set ssl = on"]).await;
        self.reload().await;
    }

    /// Takes logins by TLS alone, or all of them again.
    pub async fn take(&self, tls_alone: bool) {
        let file = self.data().await.join("pg_hba.conf");
        let kind = if tls_alone { "hostssl" } else { "host" };
        fs::write(&file, format!("{kind} all all 127.0.0.1/32 scram-sha-256\n")).unwrap();
        self.reload().await;
    }
}

/// A certificate and its key, as files.
pub struct Certificate {
    /// The certificate.
    pub certificate: PathBuf,
    key: PathBuf,
}

/// A CA of the test's own, made by openssl, which comes with PostgreSQL.
pub struct Authority {
    directory: PathBuf,
}

impl Authority {
    /// Makes one.
    pub fn new() -> Authority {
        let directory = temporary_directory().unwrap();
        let authority = Authority { directory };
        fs::write(authority.directory.join("ca.conf"), CONFIGURATION).unwrap();
        fs::write(authority.directory.join("index.txt"), "").unwrap();
        let subject = "/CN=Rolecall's tests";
        let mut arguments = vec!["req", "-x509", "-days", "2", "-subj", subject, "-keyout", "ca.key", "-out", "ca.pem"];
        arguments.extend(NEW_KEY);
        authority.openssl(&arguments);
        authority
    }

    /// Its certificate's file.
    pub fn file(&self) -> PathBuf {
        self.directory.join("ca.pem")
    }

    /// Its certificate's text.
    pub fn text(&self) -> String {
        fs::read_to_string(self.file()).unwrap()
    }

    /// A certificate for these names, such as `DNS:localhost`.
    pub fn certificate(&self, names: &str) -> Certificate {
        self.certificate_of(names, "20200101000000Z", "20991231000000Z")
    }

    /// One that has expired.
    pub fn expired(&self, names: &str) -> Certificate {
        self.certificate_of(names, "20200101000000Z", "20200102000000Z")
    }

    fn certificate_of(&self, names: &str, from: &str, until: &str) -> Certificate {
        let name = Uuid::new_v4().simple().to_string();
        let (key, request) = (format!("{name}.key"), format!("{name}.csr"));
        let (certificate, extensions) = (format!("{name}.crt"), format!("{name}.ext"));
        fs::write(self.directory.join(&extensions), format!("subjectAltName={names}\n")).unwrap();
        let mut arguments = vec!["req", "-subj", "/CN=server", "-keyout", &key, "-out", &request];
        arguments.extend(NEW_KEY);
        self.openssl(&arguments);
        let by = ["ca", "-batch", "-notext", "-config", "ca.conf", "-startdate", from, "-enddate", until];
        let arguments = [&by[..], &["-in", &request, "-extfile", &extensions, "-out", &certificate]].concat();
        self.openssl(&arguments);
        Certificate { certificate: self.directory.join(certificate), key: self.directory.join(key) }
    }

    fn openssl(&self, arguments: &[&str]) {
        let output = Command::new("openssl").args(arguments).current_dir(&self.directory).output().unwrap();
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    }
}

/// What `openssl ca` wants to know; only it can make a certificate that has expired.
const CONFIGURATION: &str = "\
[ca]
default_ca = test
[test]
database = index.txt
new_certs_dir = .
rand_serial = yes
default_md = sha256
unique_subject = no
policy = any
certificate = ca.pem
private_key = ca.key
[any]
commonName = supplied
";

const NEW_KEY: [&str; 5] = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];

impl Drop for Authority {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.directory);
    }
}

/// Starts a runner.
pub async fn start(start: Start) -> Result<Runner> {
    tokio::task::spawn_blocking(|| start.runner()).await.unwrap()
}

/// Starts a runner that is to refuse, and gives what it says.
pub async fn refused(start: Start) -> String {
    tokio::task::spawn_blocking(|| start.refused()).await.unwrap()
}

/// Waits for the end of a runner.
pub async fn ended(runner: std::sync::Arc<Runner>) -> std::process::ExitStatus {
    tokio::task::spawn_blocking(move || runner.wait()).await.unwrap()
}

/// Asks a runner for a page.
pub async fn get(runner: &Runner, path: &str) -> Answer {
    Client::new(runner.address()).call(Method::GET, path).send().await
}

/// Somebody of the demo data, by number, with a token that the runner's own secret signs.
pub fn demo_token(state_dir: &Path, number: u128) -> String {
    let id = Uuid::from_u128(0x0000_0000_0000_4000_8000_0000_0000_0000 + number);
    let secret = fs::read_to_string(state_dir.join("jwt_secret")).unwrap();
    token::hs256(&token::user_claims(id), secret.trim().as_bytes())
}

/// The runner's `run.json`.
pub fn run_file(state_dir: &Path) -> Value {
    serde_json::from_slice(&fs::read(state_dir.join("run.json")).unwrap()).unwrap()
}
