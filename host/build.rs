//! Writes the `bindgen!` call for the Spin interfaces the runner implements.
//!
//! The WIT is the one of the spin-sdk package that Cargo resolved for this workspace: Cargo says where the package lies,
//! and the versions of the interfaces are read from it. So the runner follows the SDK, and nothing is copied into the tree.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

/// The interfaces the runner implements, as package and interface name.
const INTERFACES: [(&str, &str); 2] = [("spin:postgres", "postgres"), ("spin:variables", "variables")];

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=../Cargo.lock");

    let dependencies = spin_sdk_directory()?.join("wit").join("deps");
    println!("cargo::rerun-if-changed={}", dependencies.display());

    let mut paths = Vec::new();
    let mut imports = String::new();
    for (package, interface) in INTERFACES {
        let (directory, version) = newest_package(&dependencies, package)?;
        imports.push_str(&format!("            import {package}/{interface}@{version};\n"));
        paths.push(format!("{:?}", directory.display().to_string()));
    }
    let bindings = format!(
        r#"wasmtime::component::bindgen!({{
    inline: "
        package rolecall:host;
        world host {{
{imports}        }}
    ",
    path: [{paths}],
    world: "rolecall:host/host",
    imports: {{ default: async | trappable }},
    with: {{
        "spin:postgres/postgres.connection": crate::guest::postgres::Connection,
        "spin:postgres/postgres.connection-builder": crate::guest::postgres::ConnectionBuilder,
    }},
}});
"#,
        paths = paths.join(", ")
    );
    fs::write(PathBuf::from(env::var("OUT_DIR")?).join("bindings.rs"), bindings)?;
    Ok(())
}

/// Where Cargo keeps the sources of the spin-sdk package named in the lock file.
///
/// Packages that only other platforms need are left out of the question, so that nothing is downloaded for them; what is
/// still missing in a fresh clone is downloaded on the second try.
fn spin_sdk_directory() -> Result<PathBuf, Box<dyn Error>> {
    let offline = cargo_metadata(&["--offline"]);
    let metadata = match offline {
        Ok(metadata) => metadata,
        Err(_) => cargo_metadata(&[])?,
    };
    let packages = metadata["packages"].as_array().ok_or("cargo metadata lists no packages")?;
    let manifest = packages
        .iter()
        .find(|package| package["name"] == "spin-sdk")
        .and_then(|package| package["manifest_path"].as_str())
        .ok_or("the workspace does not depend on spin-sdk")?;
    let directory = Path::new(manifest).parent().ok_or("the manifest of spin-sdk has no directory")?;
    Ok(directory.to_path_buf())
}

fn cargo_metadata(arguments: &[&str]) -> Result<serde_json::Value, Box<dyn Error>> {
    let output = Command::new(env::var("CARGO")?)
        .args(["metadata", "--format-version=1", "--locked", "--filter-platform=wasm32-wasip2"])
        .args(arguments)
        .current_dir(env::var("CARGO_MANIFEST_DIR")?)
        .output()?;
    if !output.status.success() {
        return Err(format!("cargo metadata failed: {}", String::from_utf8_lossy(&output.stderr)).into());
    }
    Ok(serde_json::from_slice(&output.stdout)?)
}

/// The directory of the newest version of a WIT package among the SDK's dependencies, with that version.
fn newest_package(dependencies: &Path, package: &str) -> Result<(PathBuf, String), Box<dyn Error>> {
    let mut found: Option<(Vec<u64>, PathBuf, String)> = None;
    for entry in fs::read_dir(dependencies)? {
        let directory = entry?.path();
        let Some(version) = declared_version(&directory, package)? else {
            continue;
        };
        let order: Vec<u64> = version.split('.').map_while(|part| part.parse().ok()).collect();
        if found.as_ref().is_none_or(|(newest, ..)| order > *newest) {
            found = Some((order, directory, version));
        }
    }
    let (_, directory, version) = found.ok_or_else(|| format!("spin-sdk carries no WIT package {package}"))?;
    Ok((directory, version))
}

/// The version in the line `package <name>@<version>;` of one of the directory's WIT files, if it is that package.
fn declared_version(directory: &Path, package: &str) -> Result<Option<String>, Box<dyn Error>> {
    if !directory.is_dir() {
        return Ok(None);
    }
    for entry in fs::read_dir(directory)? {
        let file = entry?.path();
        if file.extension().is_none_or(|extension| extension != "wit") {
            continue;
        }
        let text = fs::read_to_string(&file)?;
        let version = text.lines().find_map(|line| {
            line.trim().strip_prefix("package ")?.strip_prefix(package)?.strip_prefix('@')?.strip_suffix(';')
        });
        if let Some(version) = version {
            return Ok(Some(version.to_string()));
        }
    }
    Ok(None)
}
