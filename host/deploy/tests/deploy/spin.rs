//! Spin and SpinKube. The stand-in for `spin up` is the runner, which takes the same flags and serves the same components;
//! what the registry and the cluster are asked is noted.

use crate::support::{Machine, is_alive, noted};
use rolecall_kit::{runner::workspace, runtime::Runtime};

/// A machine with stand-ins for spin and kubectl that note what they are asked.
async fn machine() -> Machine {
    let mut machine = Machine::new().await;
    let note = machine.file("noted").display().to_string();
    let runner = Runtime::Runner.program().display().to_string();
    let spin = machine.program(
        "spin",
        &format!(
            "[ \"$1\" = --version ] && {{ echo 'spin 4.1.0 (stand-in)'; exit; }}\necho \"spin $*\" >> '{note}'\n\
             [ \"$1\" = up ] || exit 0\nmkdir -p \"$7\"\nln -sfn '{}' \"$7/cache\"\n'{runner}' \"$@\" &\n\
             trap \"kill $!\" TERM\nwait $!\nwait $!",
            workspace().join("target/test-cache").display()
        ),
    );
    let kubectl = machine.program(
        "kubectl",
        &format!(
            "echo \"kubectl $*\" >> '{note}'\n[ \"$1\" != \"$FAILS\" ] || {{ echo refused >&2; exit 1; }}\necho done"
        ),
    );
    machine.set("SPIN", &spin);
    machine.set("KUBECTL", &kubectl);
    machine.set("POOLER", "1");
    machine
}

#[tokio::test]
async fn spin_serves_the_copy_or_the_image_and_its_server_before_is_stopped() {
    let mut machine = machine().await;
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    machine.set("TARGET", "spin");
    machine.set("LISTEN", &port.to_string());
    let edge = machine.url().replacen("//postgres:", "//rolecall_edge:", 1);
    machine.set("SPIN_VARIABLE_DATABASE_URL", &edge);
    machine.set("SPIN_VARIABLE_JWT_SECRET", rolecall_kit::token::SECRET);
    // A first installation: the functions' login gets the password that its address has.
    machine.run("deploy", &[]).await.done().says(&["rolecall_edge has the password", "serves http://127.0.0.1:"]);
    let first = machine.records()[0]["pid"].as_u64().unwrap() as u32;
    assert!(is_alive(first));
    machine.run("deploy", &[]).await.done().says(&[&format!("process {first} has ended")]);
    assert!(!is_alive(first));
    let second = machine.records()[1]["pid"].as_u64().unwrap() as u32;
    machine.run("undeploy", &[]).await.done().says(&[&format!("process {second} has ended")]);
    assert!(!is_alive(second));
    let third = machine.records()[0]["pid"].as_u64().unwrap() as u32;
    assert!(is_alive(third), "the server of the first deploy is back");
    let asked = noted(&machine.file("noted"));
    assert!(asked.iter().all(|line| line.starts_with("spin up --listen 127.0.0.1:")), "{asked:#?}");
    assert_eq!(asked.iter().filter(|line| line.contains(machine.records()[0]["id"].as_str().unwrap())).count(), 2);
}

#[tokio::test]
async fn spinkube_gets_the_image_then_the_manifests_and_a_refusal_names_the_way_back() {
    let mut machine = machine().await;
    // What answers behind the cluster's address.
    machine.run("deploy", &[("POOLER", "")]).await.done();
    let (address, _) = machine.serving().unwrap();
    let secret = std::fs::read_to_string(machine.state().join("jwt_secret")).unwrap();
    machine.set("SPIN_VARIABLE_JWT_SECRET", secret.trim());
    machine.set("TARGET", "spinkube");
    machine.set("URL", &address);
    machine.set("IMAGE", "registry.example.org/rolecall");
    machine.set("MANIFESTS", &workspace().join("deploy/spinkube").display().to_string());
    let dry = machine.run("deploy", &[("DRY_RUN", "1")]).await.done();
    dry.says(&["registry push registry.example.org/rolecall:", "apply -f"]);
    assert!(noted(&machine.file("noted")).is_empty());

    machine.run("deploy", &[]).await.done().says(&["pushed registry.example.org/rolecall:"]);
    let asked = noted(&machine.file("noted"));
    let begins: Vec<String> = asked.iter().map(|line| line.split(' ').take(3).collect::<Vec<_>>().join(" ")).collect();
    assert_eq!(
        begins,
        ["kubectl get secret", "spin registry push", "kubectl apply -f", "kubectl rollout status"],
        "{asked:#?}"
    );
    let record = machine.records().pop().unwrap();
    let image = record["image"].as_str().unwrap();
    assert!(asked[1].contains(image));
    let folder = std::path::PathBuf::from(record["application"].as_str().unwrap());
    let app = std::fs::read_to_string(folder.join("spinapp.yaml")).unwrap();
    assert!(app.contains(&format!("  image: {image}\n")) && !folder.join("secret.yaml").exists());

    machine.run("deploy", &[("FAILS", "get")]).await.failed_at("publish").says(&["the Secret rolecall is missing"]);
    let said = machine.run("deploy", &[("FAILS", "apply")]).await.failed_at("publish");
    said.says(&["refused", "rollout undo deployment/rolecall", "maintenance is off again"]);
    machine.run("deploy", &[("IMAGE", "registry.example.org/rolecall:next")]).await.done();
    machine.run("undeploy", &[]).await.done();
    let last = noted(&machine.file("noted")).into_iter().rfind(|line| line.starts_with("kubectl apply")).unwrap();
    assert!(last.contains(record["id"].as_str().unwrap()), "what the deploy before had: {last}");
}
