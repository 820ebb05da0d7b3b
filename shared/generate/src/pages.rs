//! Tests of what is written by hand beside the code: pages whose links lead somewhere, a complete table of the API, a threat
//! model whose tests exist, and the files for deployments.

use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Every source file with one of these endings, from the root of the tree.
fn files(endings: &[&str]) -> Vec<PathBuf> {
    fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).unwrap() {
            let entry = entry.unwrap();
            let name = entry.file_name();
            if ["target", "node_modules", ".git", ".rolecall"].iter().any(|left_out| name == *left_out) {
                continue;
            }
            if entry.file_type().unwrap().is_dir() {
                walk(&entry.path(), found);
            } else {
                found.push(entry.path());
            }
        }
    }
    let mut found = Vec::new();
    walk(&root(), &mut found);
    found.retain(|path| endings.iter().any(|ending| path.to_string_lossy().ends_with(ending)));
    found.sort();
    assert!(!found.is_empty());
    found
}

/// A page without its blocks of code.
fn prose(text: &str) -> String {
    let mut inside = false;
    let mut prose = String::new();
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            inside = !inside;
        } else if !inside {
            prose.push_str(line);
            prose.push('\n');
        }
    }
    prose
}

/// The anchors of a page's headings, as they are made where pages are shown.
fn anchors(text: &str) -> BTreeSet<String> {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let mut anchors = BTreeSet::new();
    for heading in prose(text).lines().filter(|line| line.starts_with('#')) {
        let heading = heading.trim_start_matches('#').trim().to_lowercase();
        let kept = heading.chars().filter(|&c| c.is_alphanumeric() || c == '-' || c == '_' || c == ' ');
        let anchor: String = kept.map(|c| if c == ' ' { '-' } else { c }).collect();
        let times = seen.entry(anchor.clone()).or_default();
        anchors.insert(if *times == 0 { anchor } else { format!("{anchor}-{times}") });
        *times += 1;
    }
    anchors
}

/// What stands in backticks.
fn code(text: &str) -> Vec<String> {
    prose(text).split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

#[test]
fn every_link_of_every_page_leads_somewhere() {
    let mut broken = Vec::new();
    let mut links = 0;
    for page in files(&[".md"]) {
        let text = fs::read_to_string(&page).unwrap();
        for link in prose(&text).split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            if link.contains("://") || link.starts_with("mailto:") {
                continue;
            }
            links += 1;
            let (path, anchor) = link.split_once('#').unwrap_or((link, ""));
            let target = if path.is_empty() { page.clone() } else { page.parent().unwrap().join(path) };
            let leads = match (target.exists(), anchor) {
                (false, _) => false,
                (true, "") => true,
                (true, anchor) => anchors(&fs::read_to_string(&target).unwrap()).contains(anchor),
            };
            if !leads {
                broken.push(format!("{}: {link}", page.display()));
            }
        }
    }
    assert!(links > 50, "links are found");
    assert!(broken.is_empty(), "{broken:#?}");
}

#[test]
fn every_file_that_a_page_names_is_there() {
    const FOLDERS: [&str; 9] =
        ["clients/", "deploy/", "docs/", "functions/", "host/", "migrations/", "shared/", "tests/", "e2e/"];
    let mut missing = Vec::new();
    for page in files(&[".md"]) {
        for name in code(&fs::read_to_string(&page).unwrap()) {
            let is_path = FOLDERS.iter().any(|folder| name.starts_with(folder))
                && name.chars().all(|c| c.is_ascii_alphanumeric() || "/._-".contains(c));
            let found = [root().join(&name), root().join("tests").join(&name)].iter().any(|path| path.exists());
            // `docs/openapi/badges.yaml` and the like are examples of a page about adding them.
            if is_path && !found && !name.contains("badges") && !name.ends_with("next.sql") {
                missing.push(format!("{}: {name}", page.display()));
            }
        }
    }
    assert!(missing.is_empty(), "{missing:#?}");
}

#[test]
fn every_test_that_the_threat_model_names_is_there() {
    let sources: String = files(&[".rs"]).iter().map(|path| fs::read_to_string(path).unwrap()).collect();
    let named: Vec<String> = code(&read("SECURITY.md"))
        .into_iter()
        .filter(|name| {
            name.len() > 30 && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
        })
        .collect();
    assert!(named.len() > 15, "tests are named");
    let missing: Vec<&String> = named.iter().filter(|name| !sources.contains(&format!("fn {name}("))).collect();
    assert!(missing.is_empty(), "{missing:#?}");
}

#[test]
fn the_table_of_the_api_has_every_operation_and_no_other() {
    let document: Value = serde_saphyr::from_str(&read("docs/openapi.yaml")).unwrap();
    let mut documented = BTreeSet::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let is_health = operation["operationId"].as_str().is_some_and(|id| id.ends_with(".health"));
            if ["get", "post", "put", "patch", "delete"].contains(&method.as_str()) && !is_health {
                documented.insert(format!("{} {path}", method.to_uppercase()));
            }
        }
    }
    let page = read("docs/api.md");
    let rows = page.lines().filter(|line| line.starts_with("| `"));
    let listed: BTreeSet<String> = rows.flat_map(|row| code(row.split(" | ").next().unwrap())).collect();
    assert_eq!(listed, documented);
}

fn yaml(path: &Path) -> Value {
    serde_saphyr::from_str(&fs::read_to_string(path).unwrap())
        .unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The application variables of spin.toml.
fn variables() -> BTreeSet<String> {
    let manifest = read("spin.toml");
    let (_, variables) = manifest.split_once("\n[variables]\n").unwrap();
    let (variables, _) = variables.split_once("\n# Generated from here on").unwrap();
    variables.lines().filter_map(|line| line.split_once(" = {")).map(|(name, _)| name.to_owned()).collect()
}

#[test]
fn deployments_name_variables_and_secrets_that_exist() {
    let variables = variables();
    assert!(variables.contains("database_url"));
    let folder = root().join("deploy/spinkube");
    let (app, secret) = (yaml(&folder.join("spinapp.yaml")), yaml(&folder.join("secret.yaml")));
    assert_eq!((&app["apiVersion"], &app["kind"]), (&"core.spinkube.dev/v1alpha1".into(), &"SpinApp".into()));
    let has_secret = |reference: &Value| {
        assert_eq!(reference["name"], secret["metadata"]["name"], "{reference}");
        assert!(secret["stringData"][reference["key"].as_str().unwrap()].is_string(), "{reference}");
    };
    for variable in app["spec"]["variables"].as_array().unwrap() {
        assert!(variables.contains(variable["name"].as_str().unwrap()), "{variable}");
        match &variable["valueFrom"]["secretKeyRef"] {
            Value::Null => assert!(variable["value"].is_string(), "{variable}"),
            reference => has_secret(reference),
        }
    }
    // Where the runner follows its schedule, a cluster has a CronJob, which knows no seconds.
    let jobs = [
        ("reset-broadcast-quotas.yaml", "/functions/v1/reset-broadcast-quotas"),
        ("alerts.yaml", "/functions/v1/alerts"),
        ("guard.yaml", "/functions/v1/rollout/guard"),
    ];
    for (file, path) in jobs {
        let job = yaml(&folder.join(file));
        assert_eq!((&job["apiVersion"], &job["kind"]), (&"batch/v1".into(), &"CronJob".into()), "{file}");
        assert_eq!(job["spec"]["concurrencyPolicy"], "Forbid", "{file}");
        let container = &job["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"][0];
        has_secret(&container["env"][0]["valueFrom"]["secretKeyRef"]);
        assert!(container["command"][2].as_str().unwrap().contains(path), "{file}");
    }
    let nightly = yaml(&folder.join("reset-broadcast-quotas.yaml"));
    let schedule = format!("cron = {}", nightly["spec"]["schedule"]);
    assert!(read("spin.toml").contains(&schedule), "the job runs when the runner's schedule does");
    let scaler = yaml(&folder.join("hpa.yaml"));
    assert_eq!(scaler["spec"]["scaleTargetRef"]["name"], app["metadata"]["name"]);

    let environment = read("deploy/systemd/rolecall.env");
    let names: Vec<&str> = environment
        .lines()
        .filter_map(|line| line.trim_start_matches('#').split_once('='))
        .map(|(name, _)| name)
        .collect();
    assert!(names.len() > 4);
    for name in names {
        let variable = name.strip_prefix("SPIN_VARIABLE_").unwrap_or_else(|| panic!("{name}")).to_lowercase();
        assert!(variables.contains(&variable), "{name}");
    }
}

/// Where systemd is installed, it reads the unit without a complaint.
#[test]
fn the_unit_of_systemd_is_valid() {
    let unit = read("deploy/systemd/rolecall.service");
    let folder = std::env::temp_dir().join(format!("rolecall-unit-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let file = folder.join("rolecall.service");
    // The program is not installed here.
    fs::write(&file, unit.replace("ExecStart=/opt/rolecall/rolecall ", "ExecStart=/bin/true ")).unwrap();
    let verified = Command::new("systemd-analyze").args(["verify", "--man=no"]).arg(&file).output();
    fs::remove_dir_all(&folder).unwrap();
    match verified {
        Ok(output) => {
            let said = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success() && !said.contains("rolecall.service"), "{said}");
        }
        Err(error) => println!("systemd-analyze is not here, so the unit is not checked: {error}"),
    }
}
