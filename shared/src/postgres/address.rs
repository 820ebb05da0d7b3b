//! The address itself.

use super::parameters::{Fate, fate};
use super::text::{Pair, encoded, pairs};
use super::{CERTIFICATE, EDGE_LOGIN};
use std::fmt;

/// The port where none is given.
const PORT: u16 = 5432;

/// A server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Host {
    /// A name or an address of a network.
    Network(String),
    /// The folder of a Unix socket.
    Socket(String),
}

/// How a connection is encrypted and whom it believes, as libpq's `sslmode`. There is no `allow`: it is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SslMode {
    /// Never encrypted.
    Disable,
    /// Encrypted where the server can; nobody is checked.
    Prefer,
    /// Encrypted; nobody is checked.
    Require,
    /// Encrypted, and the certificate is signed by the CA.
    VerifyCa,
    /// Encrypted, and the certificate is signed by the CA for this host.
    VerifyFull,
}

impl SslMode {
    /// libpq's word.
    pub fn as_str(self) -> &'static str {
        match self {
            SslMode::Disable => "disable",
            SslMode::Prefer => "prefer",
            SslMode::Require => "require",
            SslMode::VerifyCa => "verify-ca",
            SslMode::VerifyFull => "verify-full",
        }
    }

    /// Whether the server's certificate is checked.
    pub fn verifies(self) -> bool {
        matches!(self, SslMode::VerifyCa | SslMode::VerifyFull)
    }
}

/// The certificates that a server's has to be signed with.
#[derive(Clone, PartialEq, Eq)]
pub enum Ca {
    /// Those that the system trusts.
    System,
    /// Those in a file, in PEM form.
    File(String),
    /// These, in PEM form.
    Text(String),
}

impl Ca {
    /// Reads the value of `sslrootcert` or of the variable `database_ca`: `system`, PEM text, or a file's name. In PEM
    /// text that had to stand in one line, `\n` is the end of a line.
    pub fn of(text: &str) -> Option<Ca> {
        match text.trim() {
            "" => None,
            "system" => Some(Ca::System),
            text if text.contains(CERTIFICATE) => Some(Ca::Text(format!("{}\n", text.replace("\\n", "\n")))),
            file => Some(Ca::File(file.to_owned())),
        }
    }
}

/// Without the text of certificates, which is long.
impl fmt::Debug for Ca {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Ca::System => "system",
            Ca::File(file) => file,
            Ca::Text(_) => "PEM",
        })
    }
}

/// An address that was read and found to be one that can be followed.
#[derive(Clone, PartialEq, Eq)]
pub struct Address {
    /// The server.
    pub host: Host,
    /// Its port.
    pub port: u16,
    /// The login.
    pub user: String,
    password: Option<String>,
    /// The database's name.
    pub database: String,
    /// How the connection is encrypted and whom it believes.
    pub ssl_mode: SslMode,
    /// The certificates that count; `None` where nobody is checked.
    pub ca: Option<Ca>,
    /// The parameters that the driver is given besides, under its names.
    parameters: Vec<(&'static str, String)>,
}

/// What is wrong with an address, a sentence a fault. None repeats a password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidAddress {
    /// The sentences.
    pub faults: Vec<String>,
}

impl InvalidAddress {
    fn new(fault: impl Into<String>) -> InvalidAddress {
        InvalidAddress { faults: vec![fault.into()] }
    }
}

impl fmt::Display for InvalidAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.faults.join("; "))
    }
}

impl std::error::Error for InvalidAddress {}

/// Without the password.
impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self} ({}, {:?})", self.ssl_mode.as_str(), self.ca)
    }
}

/// `user@host:port/database`, for people.
impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.host {
            Host::Network(host) if host.contains(':') => write!(f, "{}@[{host}]:{}", self.user, self.port)?,
            Host::Network(host) => write!(f, "{}@{host}:{}", self.user, self.port)?,
            Host::Socket(folder) => write!(f, "{}@{folder}:{}", self.user, self.port)?,
        }
        write!(f, "/{}", self.database)
    }
}

impl Address {
    /// Reads an address in either of libpq's forms. `database_ca` is the variable of that name; empty: not given. With it
    /// and without an `sslmode` the mode is `verify-full`.
    ///
    /// # Errors
    /// Every fault of it, each with what to write instead.
    pub fn parse(text: &str, database_ca: &str) -> Result<Address, InvalidAddress> {
        let pairs = pairs(text).map_err(InvalidAddress::new)?;
        Reader::read(pairs, Ca::of(database_ca))
    }

    /// [`Address::parse`] for the functions, which read no files and have no sockets.
    ///
    /// # Errors
    /// As [`Address::parse`]; and for a socket, or a CA that is a file's name.
    pub fn parse_for_functions(text: &str, database_ca: &str) -> Result<Address, InvalidAddress> {
        let address = Address::parse(text, database_ca)?;
        let mut faults = Vec::new();
        if let Host::Socket(_) = address.host {
            faults.push("a function cannot reach a Unix socket: write the server's host and port".to_owned());
        }
        if let Some(Ca::File(_)) = address.ca {
            faults.push(
                "a function cannot read a file: give the text of the CA's certificate in SPIN_VARIABLE_DATABASE_CA \
                 instead of a file's name or sslrootcert"
                    .to_owned(),
            );
        }
        if faults.is_empty() { Ok(address) } else { Err(InvalidAddress { faults }) }
    }

    /// The address as the drivers read it: with their three values of `sslmode`, and without the CA.
    pub fn driver_url(&self) -> String {
        self.url(match self.ssl_mode {
            SslMode::Disable => "disable",
            SslMode::Prefer => "prefer",
            SslMode::Require | SslMode::VerifyCa | SslMode::VerifyFull => "require",
        })
    }

    /// The whole address as a URL that reads back the same.
    pub fn to_url(&self) -> String {
        let url = self.function_url();
        match &self.ca {
            None | Some(Ca::System) => url,
            Some(Ca::File(text) | Ca::Text(text)) => format!("{url}&sslrootcert={}", encoded(text)),
        }
    }

    /// The address for the variable `database_url` of the functions, which have the CA beside it in `database_ca`.
    pub fn function_url(&self) -> String {
        self.url(self.ssl_mode.as_str())
    }

    fn url(&self, ssl_mode: &str) -> String {
        let mut url = format!("postgres://{}", encoded(&self.user));
        if let Some(password) = &self.password {
            url.push(':');
            url.push_str(&encoded(password));
        }
        url.push('@');
        let database = encoded(&self.database);
        match &self.host {
            Host::Network(host) if host.contains(':') => url.push_str(&format!("[{host}]:{}/{database}?", self.port)),
            Host::Network(host) => url.push_str(&format!("{}:{}/{database}?", encoded(host), self.port)),
            Host::Socket(folder) => {
                url.push_str(&format!("/{database}?host={}&port={}&", encoded(folder), self.port));
            }
        }
        url.push_str("sslmode=");
        url.push_str(ssl_mode);
        for (name, value) in &self.parameters {
            url.push_str(&format!("&{name}={}", encoded(value)));
        }
        url
    }

    /// The CA's certificates as text, if they are given so.
    pub fn ca_text(&self) -> Option<&str> {
        match &self.ca {
            Some(Ca::Text(text)) => Some(text),
            _ => None,
        }
    }

    /// The host, if it is one of a network.
    pub fn network_host(&self) -> Option<&str> {
        match &self.host {
            Host::Network(host) => Some(host),
            Host::Socket(_) => None,
        }
    }

    /// The same server and database with another login.
    #[must_use]
    pub fn with_login(&self, user: &str, password: &str) -> Address {
        Address { user: user.to_owned(), password: Some(password.to_owned()), ..self.clone() }
    }

    /// The name that the functions' login has at this address, whose own login the server calls `server_user`. A pooler
    /// for many databases is told which by a suffix of the login's name, `postgres.<ref>`, that the server never sees.
    pub fn edge_login(&self, server_user: &str) -> String {
        let suffix = self.user.strip_prefix(server_user).filter(|suffix| suffix.starts_with('.')).unwrap_or("");
        format!("{EDGE_LOGIN}{suffix}")
    }

    /// Whether the login is that of the functions, with or without the suffix of a pooler.
    pub fn is_edge_login(&self) -> bool {
        self.user.strip_prefix(EDGE_LOGIN).is_some_and(|suffix| suffix.is_empty() || suffix.starts_with('.'))
    }
}

/// An address while it is read.
#[derive(Default)]
struct Reader {
    host: Option<String>,
    port: Option<String>,
    user: Option<String>,
    password: Option<String>,
    database: Option<String>,
    ssl_mode: Option<String>,
    root: Option<String>,
    parameters: Vec<(&'static str, String)>,
    faults: Vec<String>,
}

impl Reader {
    fn read(pairs: Vec<Pair>, database_ca: Option<Ca>) -> Result<Address, InvalidAddress> {
        let mut reader = Reader::default();
        for (name, value) in pairs {
            reader.take(&name, value);
        }
        let host = reader.host();
        let port = reader.port();
        let user = reader.user.take().filter(|user| !user.is_empty());
        if user.is_none() {
            reader.fault("it names no user: write postgres://user:password@host:port/database");
        }
        let (ssl_mode, ca) = reader.trust(database_ca);
        let channel_binding = reader.parameters.iter().find(|(name, _)| *name == "channel_binding");
        if channel_binding.is_some_and(|(_, value)| value == "require") && ssl_mode == SslMode::Disable {
            reader.fault("channel_binding=require needs TLS: write sslmode=verify-full");
        }
        let Reader { password, database, parameters, faults, .. } = reader;
        match (host, port, user) {
            (Some(host), Some(port), Some(user)) if faults.is_empty() => {
                // As the server does, but settled here, so that another login has the same.
                let database = database.filter(|database| !database.is_empty()).unwrap_or_else(|| user.clone());
                Ok(Address { host, port, user, password, database, ssl_mode, ca, parameters })
            }
            _ => Err(InvalidAddress { faults }),
        }
    }

    fn fault(&mut self, fault: impl Into<String>) {
        self.faults.push(fault.into());
    }

    /// Takes a pair; of two with the same name the last counts.
    fn take(&mut self, name: &str, value: String) {
        match name {
            "host" => self.host = Some(value),
            "port" => self.port = Some(value),
            "user" => self.user = Some(value),
            "password" => self.password = Some(value),
            "dbname" => self.database = Some(value),
            "sslmode" => self.ssl_mode = Some(value),
            "sslrootcert" => self.root = Some(value),
            // As libpq reads it, for the sake of JDBC.
            "ssl" if value == "true" => self.ssl_mode = Some("require".to_owned()),
            "hostaddr" => self.fault("hostaddr is not supported: write the address as the host"),
            _ => match fate(name, &value) {
                Fate::Passed(passed) => {
                    let is_fallback = name == "fallback_application_name";
                    let known = self.parameters.iter_mut().find(|(other, _)| *other == passed);
                    match known {
                        Some(_) if is_fallback => {}
                        Some((_, known)) => *known = value,
                        None => self.parameters.push((passed, value)),
                    }
                }
                Fate::Fulfilled => {}
                Fate::Refused(sentence) => self.fault(sentence),
                Fate::Unknown => {
                    self.fault(format!("{name} is no parameter of PostgreSQL's connection strings: leave it out"));
                }
            },
        }
    }

    fn host(&mut self) -> Option<Host> {
        let host = self.host.take().unwrap_or_default();
        if host.is_empty() {
            if !self.faults.iter().any(|fault| fault.starts_with("hostaddr")) {
                self.fault("it names no host: write postgres://user:password@host:port/database");
            }
            None
        } else if host.contains(',') {
            self.fault("it names several hosts: write one, that of the primary or of a proxy before it");
            None
        } else if host.starts_with(['/', '@']) {
            Some(Host::Socket(host))
        } else if host.contains(|c: char| c.is_whitespace() || c.is_control() || "/?#@[]".contains(c)) {
            self.fault("its host is none: in a password write %2F for /, %3F for ?, %23 for #, %40 for @");
            None
        } else {
            Some(Host::Network(host))
        }
    }

    fn port(&mut self) -> Option<u16> {
        let port = self.port.take().unwrap_or_default();
        match port.trim() {
            "" => Some(PORT),
            text => match text.parse().ok().filter(|&port| port > 0) {
                Some(port) => Some(port),
                None => {
                    // What stands there may be the rest of a password.
                    self.fault("its port is no number from 1 to 65535; in a password write %3A for : and %2F for /");
                    None
                }
            },
        }
    }

    /// The mode and the certificates that follow from it, by libpq's rules.
    fn trust(&mut self, database_ca: Option<Ca>) -> (SslMode, Option<Ca>) {
        let root = self.root.take().as_deref().and_then(Ca::of);
        if root.is_some() && database_ca.is_some() {
            self.fault("the CA is given twice: leave out sslrootcert or the variable SPIN_VARIABLE_DATABASE_CA");
        }
        let given = self.ssl_mode.take();
        let mode = match given.as_deref() {
            Some("disable") => SslMode::Disable,
            Some("prefer") => SslMode::Prefer,
            Some("require") => SslMode::Require,
            Some("verify-ca") => SslMode::VerifyCa,
            Some("verify-full") => SslMode::VerifyFull,
            Some("allow") => {
                self.fault("sslmode=allow is not supported: write disable for none, or verify-full for encryption");
                return (SslMode::Disable, None);
            }
            Some(_) => {
                self.fault("its sslmode does not exist: write disable, prefer, require, verify-ca or verify-full");
                return (SslMode::Disable, None);
            }
            None if database_ca.is_some() || root == Some(Ca::System) => SslMode::VerifyFull,
            None => SslMode::Prefer,
        };
        match (mode, root.or(database_ca)) {
            (SslMode::Disable, Some(_)) => {
                self.fault(
                    "sslmode=disable does not use the CA that is given: write sslmode=verify-full, or take it out",
                );
                (mode, None)
            }
            (SslMode::Prefer, Some(_)) => {
                self.fault(
                    "sslmode=prefer, also where none is given, checks no certificate: write sslmode=verify-full",
                );
                (mode, None)
            }
            (SslMode::Require | SslMode::VerifyCa, Some(Ca::System)) => {
                self.fault(format!("sslmode={} is too weak for the system's CAs: write verify-full", mode.as_str()));
                (mode, None)
            }
            (SslMode::VerifyCa, None) => {
                self.fault(
                    "sslmode=verify-ca needs the CA: give its certificate with sslrootcert or in \
                     SPIN_VARIABLE_DATABASE_CA, or write verify-full for the CAs that the system trusts",
                );
                (mode, None)
            }
            (SslMode::Require, Some(ca)) => (SslMode::VerifyCa, Some(ca)),
            (SslMode::VerifyFull, None) => (mode, Some(Ca::System)),
            (mode, ca) => (mode, ca),
        }
    }
}

#[cfg(test)]
mod tests;
