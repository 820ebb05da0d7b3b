//! The components of `spin.toml`, from the metadata of the functions' crates.

use anyhow::{Context, bail};
use serde::Deserialize;
use std::{fmt::Write, fs, path::Path};

/// What stands between the part of `spin.toml` that is written by hand and the part that is generated.
const MARKER: &str = "# Generated from here on, by `make generate` from the [package.metadata.rolecall] of functions/*/Cargo.toml; \
                      do not edit.\n";

/// The variables that every component has; each is the application's of the same name.
const VARIABLES: &[&str] = &[
    "database_url",
    "database_ca",
    "jwt_secret",
    "jwt_jwks",
    "jwt_jwks_url",
    "jwt_issuer",
    "jwt_audience",
    "cors_allowed_origins",
    "cors_allowed_headers",
    "rollouts",
];

#[derive(Deserialize)]
struct Manifest {
    package: Package,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    metadata: Metadata,
}

#[derive(Deserialize)]
struct Metadata {
    rolecall: Component,
}

/// What the manifest of a function's crate says about its component.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Component {
    /// The paths it answers on.
    routes: Vec<String>,
    /// Whether requests of one of its operations may share a statement.
    #[serde(default)]
    group_commit: bool,
    /// Variables that it has beside those of every component.
    #[serde(default)]
    also_variables: Vec<String>,
    /// Variables with hosts that it may connect to beside those of every component.
    #[serde(default)]
    also_hosts: Vec<String>,
    /// The only variables it has, where it needs neither the database nor keys; it then connects to nothing.
    variables: Option<Vec<String>>,
}

/// The text of `spin.toml`: its head as it is, and after it the components in the order of their names.
pub fn spin_toml(root: &Path) -> anyhow::Result<String> {
    let current = fs::read_to_string(root.join("spin.toml")).context("cannot read spin.toml")?;
    let Some((head, _)) = current.split_once(MARKER) else { bail!("spin.toml lacks the line {MARKER}") };
    let mut text = format!("{head}{MARKER}");
    for (name, component) in components(root)? {
        write_component(&mut text, root, &name, &component)?;
    }
    Ok(text)
}

/// The components and their names, in the order of their names.
fn components(root: &Path) -> anyhow::Result<Vec<(String, Component)>> {
    let mut components = Vec::new();
    for entry in fs::read_dir(root.join("functions"))? {
        let path = entry?.path().join("Cargo.toml");
        if path.exists() {
            let text = fs::read_to_string(&path)?;
            let Manifest { package } = toml::from_str(&text).with_context(|| path.display().to_string())?;
            components.push((package.name, package.metadata.rolecall));
        }
    }
    components.sort_by(|(one, _), (other, _)| one.cmp(other));
    Ok(components)
}

fn write_component(text: &mut String, root: &Path, name: &str, component: &Component) -> std::fmt::Result {
    for route in &component.routes {
        write!(text, "\n[[trigger.http]]\nroute = \"{route}\"\ncomponent = \"{name}\"\n")?;
    }
    let file = name.replace('-', "_");
    let hosts = match component.variables {
        None => {
            let also = component.also_hosts.iter().map(|host| format!(r#", "*://{{{{ {host} }}}}:*""#));
            format!(
                r#"["postgres://{{{{ database_host }}}}:*", "*://{{{{ jwks_host }}}}:*"{}]"#,
                also.collect::<String>()
            )
        }
        Some(_) => "[]".to_owned(),
    };
    // What the page is made of is no Rust.
    let assets = if root.join("functions").join(name).join("assets").is_dir() {
        format!(r#", "functions/{name}/assets/*", "docs/openapi.yaml""#)
    } else {
        String::new()
    };
    write!(
        text,
        r#"
[component.{name}]
source = "target/wasm32-wasip2/component/{file}.wasm"
allowed_outbound_hosts = {hosts}

[component.{name}.build]
command = "cargo build --profile component --target wasm32-wasip2 -p {name}"
watch = ["functions/{name}/**/*.rs", "shared/src/**/*.rs", "Cargo.lock"{assets}]

[component.{name}.variables]
"#
    )?;
    let group_commit = component.group_commit.then_some("group_commit");
    let variables: Vec<&str> = match &component.variables {
        None => {
            let also = component.also_variables.iter().map(String::as_str);
            VARIABLES.iter().copied().chain(group_commit).chain(also).collect()
        }
        Some(variables) => variables.iter().map(String::as_str).collect(),
    };
    for variable in variables {
        writeln!(text, r#"{variable} = "{{{{ {variable} }}}}""#)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use rolecall_shared::{rules::rollout::FLAGS, wire::cors::DEFAULT_ALLOWED_HEADERS};

    /// Whether an operation of the component says no flag, so that it has the one of the component's name.
    fn has_flag_of_its_name(functions: &Path, component: &str) -> bool {
        let files = fs::read_dir(functions.join(component).join("src")).unwrap();
        files.into_iter().any(|file| {
            let text = fs::read_to_string(file.unwrap().path()).unwrap();
            text.matches("impl Function for ").count() > text.matches("const FLAG: ").count()
        })
    }

    #[test]
    fn every_flag_is_of_a_component_that_names_no_other_or_of_several() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let components = components(&root).unwrap();
        let names = components.iter().map(|(name, _)| name.as_str());
        let mut flags: Vec<&str> = names.filter(|name| has_flag_of_its_name(&root.join("functions"), name)).collect();
        // The flags of no component: what all of them require, what stops all writing, about whom is posted, what texting is
        // in parts.
        flags.extend(["maintenance", "messaging_v2_enabled", "webhooks"]);
        flags.extend(["messaging_v1", "proactive_thread_creation", "sitter_messages_v1"]);
        flags.sort_unstable();
        assert_eq!(flags, FLAGS);
    }

    #[test]
    fn a_component_with_variables_of_its_own_reaches_neither_the_database_nor_the_keys() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let text = spin_toml(&root).unwrap();
        let (_, home) = text.split_once("[component.home]").unwrap();
        let home = home.split("[[trigger.http]]").next().unwrap();
        assert!(home.contains("allowed_outbound_hosts = []"), "{home}");
        assert!(!home.contains("database_url") && !home.contains("jwt_") && !home.contains("operator_token"), "{home}");
    }

    #[test]
    fn the_default_of_the_allowed_headers_is_that_of_the_code() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let manifest: toml::Value = toml::from_str(&spin_toml(&root).unwrap()).unwrap();
        let default = &manifest["variables"]["cors_allowed_headers"]["default"];
        assert_eq!(default.as_str(), Some(DEFAULT_ALLOWED_HEADERS));
    }
}
