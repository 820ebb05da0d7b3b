//! The application as its `spin.toml` describes it (manifest version 2), as far as the runner goes.
//!
//! What Spin knows and the runner does not is refused with a sentence, never passed over: an application that starts here
//! behaves as it does on Spin.

pub mod allowed_hosts;
pub mod route;
pub mod variables;

use crate::manifest::route::{Route, RouteError};
use crate::manifest::variables::{VariableDeclaration, is_variable_name};
use serde::Deserialize;
use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

/// Why a manifest is not served.
#[derive(Debug, thiserror::Error)]
pub enum ManifestError {
    /// The file cannot be read.
    #[error("cannot read {path}: {source}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The file is not TOML, or not of the form of a Spin manifest.
    #[error("{path} is not a valid manifest: {source}")]
    Malformed {
        /// The file.
        path: PathBuf,
        /// Where it is wrong, and how.
        source: Box<toml::de::Error>,
    },
    /// The manifest is of another version.
    #[error("spin_manifest_version is {0}; only version 2 is served")]
    Version(u64),
    /// The manifest uses something of Spin's that the runner does not have.
    #[error("component {component}: the one-machine runner does not support `{key}`; use `spin up` for it")]
    Unsupported {
        /// The component that asks for it.
        component: String,
        /// The manifest's key.
        key: &'static str,
    },
    /// There are triggers of a kind other than http.
    #[error("the one-machine runner has http triggers only, and the manifest has `[[trigger.{0}]]`")]
    Trigger(String),
    /// Nothing would be served.
    #[error("the manifest has no `[[trigger.http]]`")]
    NoTrigger,
    /// A trigger names a component that does not exist.
    #[error("route {route} is given to component {component}, which does not exist; there are: {known}")]
    UnknownComponent {
        /// The trigger's route.
        route: String,
        /// The name it gives.
        component: String,
        /// The names there are.
        known: String,
    },
    /// A route cannot be understood.
    #[error("route {route:?} of component {component}: {source}")]
    Route {
        /// The route.
        route: String,
        /// Its component.
        component: String,
        /// What is wrong with it.
        source: RouteError,
    },
    /// A trigger's route is neither a path nor private.
    #[error("a route of component {component} is neither a path nor `{{ private = true }}`")]
    RouteForm {
        /// Its component.
        component: String,
    },
    /// Two triggers have the same route.
    #[error("route {route} is given to both {first} and {second}")]
    DuplicateRoute {
        /// The route.
        route: String,
        /// The component of the first trigger.
        first: String,
        /// The component of the second trigger.
        second: String,
    },
    /// A variable's name breaks the rules.
    #[error("{0:?} is not a variable name: lower-case letters, digits and _, beginning with a letter")]
    VariableName(String),
    /// A variable is neither required nor has a default, or both.
    #[error("variable {0} needs exactly one of `required = true` and `default`")]
    VariableForm(String),
}

/// A Spin application.
#[derive(Debug)]
pub struct Manifest {
    /// Its name.
    pub name: String,
    /// The application variables by name.
    pub variables: BTreeMap<String, VariableDeclaration>,
    /// The routes, each with the name of its component.
    pub routes: Vec<(Route, String)>,
    /// The components that have a route, by name.
    pub components: BTreeMap<String, Component>,
    /// Requests to make at given times.
    pub schedule: Vec<ScheduleEntry>,
    /// The path that tells whether the components reach their database: `[application.tool.rolecall]`.
    pub health: Option<String>,
}

/// A component of the manifest.
#[derive(Debug)]
pub struct Component {
    /// The WebAssembly file.
    pub source: PathBuf,
    /// What the component sees: name to template.
    pub variables: HashMap<String, String>,
    /// Where it may connect to, as templates.
    pub allowed_outbound_hosts: Vec<String>,
    /// Its environment variables.
    pub environment: Vec<(String, String)>,
}

/// A request the runner makes at given times: `[[application.tool.rolecall.schedule]]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScheduleEntry {
    /// When, as a cron expression in UTC.
    pub cron: String,
    /// The request's method.
    #[serde(default = "post")]
    pub method: String,
    /// The request's path.
    pub path: String,
    /// The role in the token the runner signs for it; none for a request without a token.
    pub role: Option<String>,
}

fn post() -> String {
    "POST".to_owned()
}

impl Manifest {
    /// Reads and checks a manifest.
    ///
    /// # Errors
    /// Whatever keeps the application from being served as Spin would serve it.
    pub fn read(path: &Path) -> Result<Manifest, ManifestError> {
        let text = std::fs::read_to_string(path)
            .map_err(|source| ManifestError::Unreadable { path: path.to_owned(), source })?;
        let directory = path.parent().unwrap_or(Path::new(""));
        let file = toml::from_str(&text)
            .map_err(|source| ManifestError::Malformed { path: path.to_owned(), source: Box::new(source) })?;
        Manifest::checked(file, directory)
    }

    fn checked(file: ManifestFile, directory: &Path) -> Result<Manifest, ManifestError> {
        if file.spin_manifest_version != 2 {
            return Err(ManifestError::Version(file.spin_manifest_version));
        }
        for (name, declaration) in &file.variables {
            check_variable(name, declaration)?;
        }
        let routes = check_routes(file.trigger, &file.component)?;
        let mut components = BTreeMap::new();
        for (name, component) in file.component {
            if routes.iter().any(|(_, served)| *served == name) {
                let component = component.checked(&name, directory)?;
                components.insert(name, component);
            }
        }
        Ok(Manifest {
            name: file.application.name,
            variables: file.variables,
            routes,
            components,
            schedule: file.application.tool.rolecall.schedule,
            health: file.application.tool.rolecall.health,
        })
    }
}

fn check_variable(name: &str, declaration: &VariableDeclaration) -> Result<(), ManifestError> {
    if !is_variable_name(name) {
        return Err(ManifestError::VariableName(name.to_owned()));
    }
    if declaration.required == declaration.default.is_some() {
        return Err(ManifestError::VariableForm(name.to_owned()));
    }
    Ok(())
}

fn check_routes(
    triggers: BTreeMap<String, Vec<toml::Table>>,
    components: &BTreeMap<String, ComponentTable>,
) -> Result<Vec<(Route, String)>, ManifestError> {
    if let Some(kind) = triggers.keys().find(|kind| *kind != "http") {
        return Err(ManifestError::Trigger(kind.clone()));
    }
    let mut routes: Vec<(Route, String)> = Vec::new();
    for trigger in triggers.into_values().flatten() {
        let trigger: HttpTrigger = trigger.try_into().map_err(|source| ManifestError::Malformed {
            path: PathBuf::from("[[trigger.http]]"),
            source: Box::new(source),
        })?;
        let component = trigger.component;
        let route = match trigger.route {
            toml::Value::String(route) => route,
            // A private endpoint is reachable from other components only, which the runner does not connect.
            toml::Value::Table(table) if table.get("private") == Some(&toml::Value::Boolean(true)) => continue,
            _ => return Err(ManifestError::RouteForm { component }),
        };
        if !components.contains_key(&component) {
            let known = components.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
            return Err(ManifestError::UnknownComponent { route, component, known });
        }
        let parsed = match Route::parse(&route) {
            Ok(parsed) => parsed,
            Err(source) => return Err(ManifestError::Route { route, component, source }),
        };
        if let Some((_, first)) = routes.iter().find(|(other, _)| other.matches_the_same_as(&parsed)) {
            return Err(ManifestError::DuplicateRoute { route, first: first.clone(), second: component });
        }
        routes.push((parsed, component));
    }
    if routes.is_empty() {
        return Err(ManifestError::NoTrigger);
    }
    Ok(routes)
}

/// The file's own form.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ManifestFile {
    spin_manifest_version: u64,
    application: ApplicationTable,
    #[serde(default)]
    variables: BTreeMap<String, VariableDeclaration>,
    #[serde(default)]
    trigger: BTreeMap<String, Vec<toml::Table>>,
    #[serde(default)]
    component: BTreeMap<String, ComponentTable>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ApplicationTable {
    name: String,
    #[serde(rename = "version")]
    _version: Option<String>,
    #[serde(rename = "description")]
    _description: Option<String>,
    #[serde(rename = "authors")]
    _authors: Option<Vec<String>>,
    #[serde(default)]
    tool: ToolTable,
}

/// Tables of tools; those of other tools are none of the runner's business.
#[derive(Debug, Default, Deserialize)]
struct ToolTable {
    #[serde(default)]
    rolecall: RolecallTable,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct RolecallTable {
    health: Option<String>,
    #[serde(default)]
    schedule: Vec<ScheduleEntry>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct HttpTrigger {
    #[serde(rename = "id")]
    _id: Option<String>,
    route: toml::Value,
    component: String,
    /// How Spin runs the component; the default is the only one there is here.
    #[serde(rename = "executor")]
    _executor: Option<HttpExecutor>,
}

#[derive(Debug, Deserialize)]
struct HttpExecutor {
    #[serde(rename = "type")]
    _kind: HttpExecutorKind,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum HttpExecutorKind {
    Http,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ComponentTable {
    source: toml::Value,
    #[serde(rename = "description")]
    _description: Option<String>,
    #[serde(default)]
    variables: HashMap<String, String>,
    #[serde(default)]
    allowed_outbound_hosts: Vec<String>,
    #[serde(default)]
    environment: BTreeMap<String, String>,
    /// How `spin build` builds it.
    #[serde(rename = "build")]
    _build: Option<toml::Table>,
    #[serde(rename = "tool")]
    _tool: Option<toml::Table>,
    #[serde(default)]
    files: Vec<toml::Value>,
    #[serde(default)]
    key_value_stores: Vec<String>,
    #[serde(default)]
    sqlite_databases: Vec<String>,
    #[serde(default)]
    ai_models: Vec<String>,
    #[serde(default)]
    dependencies: toml::Table,
}

impl ComponentTable {
    fn checked(self, name: &str, directory: &Path) -> Result<Component, ManifestError> {
        let unsupported = |key| Err(ManifestError::Unsupported { component: name.to_owned(), key });
        let source = match self.source {
            toml::Value::String(file) => directory.join(file),
            _ => return unsupported("source = { url, digest }"),
        };
        let uses = [
            ("files", !self.files.is_empty()),
            ("key_value_stores", !self.key_value_stores.is_empty()),
            ("sqlite_databases", !self.sqlite_databases.is_empty()),
            ("ai_models", !self.ai_models.is_empty()),
            ("dependencies", !self.dependencies.is_empty()),
        ];
        if let Some((key, _)) = uses.into_iter().find(|(_, used)| *used) {
            return unsupported(key);
        }
        for variable in self.variables.keys() {
            if !is_variable_name(variable) {
                return Err(ManifestError::VariableName(variable.clone()));
            }
        }
        Ok(Component {
            source,
            variables: self.variables,
            allowed_outbound_hosts: self.allowed_outbound_hosts,
            environment: self.environment.into_iter().collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const APPLICATION: &str = r#"
        spin_manifest_version = 2
        [application]
        name = "test"
        version = "1.0.0"
        authors = ["A <a@example.org>"]
        [[application.tool.rolecall.schedule]]
        cron = "0 2 * * *"
        path = "/reset"
        role = "service_role"
        [variables]
        url = { required = true, secret = true }
        host = { default = "127.0.0.1" }
    "#;
    const COMPONENT: &str = r#"
        [[trigger.http]]
        route = "/one/:id"
        component = "one"
        [component.one]
        source = "target/one.wasm"
        allowed_outbound_hosts = ["postgres://{{ host }}:*"]
        [component.one.variables]
        database_url = "{{ url }}"
        [component.one.build]
        command = "cargo build"
    "#;

    fn parse(text: &str) -> Result<Manifest, ManifestError> {
        let file = toml::from_str(text)
            .map_err(|source| ManifestError::Malformed { path: "spin.toml".into(), source: Box::new(source) })?;
        Manifest::checked(file, Path::new("/app"))
    }

    #[track_caller]
    fn refused(text: &str, expected: &str) {
        let error = parse(text).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }

    #[test]
    fn a_whole_manifest_is_read() {
        let manifest = parse(&format!("{APPLICATION}{COMPONENT}")).unwrap();
        assert_eq!(manifest.name, "test");
        assert!(manifest.variables["url"].required && manifest.variables["url"].secret);
        assert_eq!(manifest.variables["host"].default.as_deref(), Some("127.0.0.1"));
        assert_eq!(manifest.components["one"].source, Path::new("/app/target/one.wasm"));
        assert_eq!(manifest.components["one"].variables["database_url"], "{{ url }}");
        assert_eq!(manifest.schedule[0].method, "POST");
        assert_eq!(manifest.schedule[0].role.as_deref(), Some("service_role"));
    }

    #[test]
    fn components_without_a_route_are_left_out() {
        let unused = "[component.unused]\nsource = { url = \"https://example.org\", digest = \"x\" }";
        let manifest = parse(&format!("{APPLICATION}{COMPONENT}{unused}")).unwrap();
        assert_eq!(manifest.components.keys().collect::<Vec<_>>(), ["one"]);
    }

    #[test]
    fn mistakes_are_named() {
        refused("spin_manifest_version = 2", "missing field `application`");
        refused(&APPLICATION.replace("= 2\n", "= 1\n"), "only version 2");
        refused(APPLICATION, "no `[[trigger.http]]`");
        let app = |component: &str| format!("{APPLICATION}{component}");
        refused(
            &app(&COMPONENT.replace("component = \"one\"", "component = \"two\"")),
            "component two, which does not exist; there are: one",
        );
        refused(&app(&COMPONENT.replace("/one/:id", "one")), "must begin with /");
        refused(
            &app(&format!("{COMPONENT}[[trigger.http]]\nroute = \"/one/:other\"\ncomponent = \"one\"")),
            "both one and one",
        );
        refused(&app(&COMPONENT.replace("[[trigger.http]]", "[[trigger.redis]]")), "trigger.redis");
        refused(&app(&COMPONENT.replace("allowed_outbound_hosts", "allowed_hosts")), "unknown field `allowed_hosts`");
        refused(
            &app(&COMPONENT.replace("\"target/one.wasm\"", "{ url = \"https://example.org\", digest = \"x\" }")),
            "does not support `source",
        );
        refused(&app(COMPONENT).replace("required = true, ", ""), "variable url needs exactly one");
        refused(
            &app(COMPONENT).replace("required = true, ", "required = true, default = \"x\", "),
            "variable url needs exactly one",
        );
        refused(&app(COMPONENT).replace("url = {", "Url = {"), "not a variable name");
    }

    #[test]
    fn what_spin_has_and_the_runner_has_not_is_refused() {
        for (key, value) in [
            ("files", "[\"static/*\"]"),
            ("key_value_stores", "[\"default\"]"),
            ("sqlite_databases", "[\"default\"]"),
            ("ai_models", "[\"llama2-chat\"]"),
        ] {
            let component = COMPONENT.replace("source =", &format!("{key} = {value}\nsource ="));
            refused(&format!("{APPLICATION}{component}"), &format!("does not support `{key}`"));
        }
    }
}
