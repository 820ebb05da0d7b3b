//! The manifests and CI examples, checked with npm's ajv against schemas of the documented fields (`tests/deploy`), and the
//! Makefile, which hands its variables on.

use rolecall_kit::{process::temporary_directory, runner::workspace};
use std::process::Command;

#[test]
fn the_files_of_deploy_have_documented_fields_only_and_a_wrong_one_is_noticed() {
    let output = Command::new("node").arg("check.mjs").current_dir(workspace().join("tests/deploy")).output();
    let output = output.expect("node is installed (make deploy-tools)");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn make_hands_its_variables_to_the_program() {
    use std::os::unix::fs::PermissionsExt;
    let directory = temporary_directory().unwrap();
    let cargo = directory.join("cargo");
    std::fs::write(&cargo, "#!/bin/sh\necho \"$* TARGET=$TARGET DRY_RUN=$DRY_RUN IMAGE=$IMAGE\"\n").unwrap();
    std::fs::set_permissions(&cargo, std::fs::Permissions::from_mode(0o755)).unwrap();
    let make = |arguments: &[&str]| {
        let path = format!("{}:{}", directory.display(), std::env::var("PATH").unwrap());
        let mut command = Command::new("make");
        command.args(["--no-print-directory"]).args(arguments).current_dir(workspace()).env("PATH", path);
        let output = command.env_remove("DRY_RUN").env_remove("TARGET").env_remove("IMAGE").output().unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    let said = make(&["deploy", "TARGET=spinkube", "DRY_RUN=1", "IMAGE=example.org/app"]);
    assert!(said.contains("-p rolecall-deploy -- deploy TARGET=spinkube DRY_RUN=1 IMAGE=example.org/app"), "{said}");
    assert!(said.contains("--target wasm32-wasip2"), "the components are built first: {said}");
    let said = make(&["undeploy"]);
    assert!(said.contains("-p rolecall-deploy -- undeploy TARGET= DRY_RUN="), "{said}");
    std::fs::remove_dir_all(directory).unwrap();
}
