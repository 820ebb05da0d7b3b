//! The signature of a carrier's requests, compared with the verdicts of Twilio's own library. `make test` installs it
//! (`make carrier-tools`).

use rolecall_shared::auth::signature::{CarrierKeys, Signed, SignedBody};
use serde_json::Value;
use std::{path::Path, process::Command};

const REQUESTS: usize = 10_000;

#[test]
fn ten_thousand_random_requests_are_judged_as_twilios_library_judges_them() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/carrier");
    assert!(folder.join("node_modules").exists(), "Twilio's library is not installed: run `make carrier-tools`");
    let output = Command::new("node")
        .arg(folder.join("requests.mjs"))
        .arg(REQUESTS.to_string())
        .output()
        .unwrap_or_else(|error| panic!("node does not start: {error}"));
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    let mut counts = [0; 2];
    for line in text.lines() {
        let request: Value = serde_json::from_str(line).unwrap();
        let text = |name: &str| request[name].as_str().unwrap_or_default();
        let keys = CarrierKeys::new(text("url"), text("primary"), text("secondary"), "required").unwrap();
        let pairs = request["form"].as_array().into_iter().flatten();
        let text_at = |pair: &Value, at: usize| pair[at].as_str().unwrap().to_owned();
        let form: Vec<_> = pairs.map(|pair| (text_at(pair, 0), text_at(pair, 1))).collect();
        let body = match request["body"].as_str() {
            Some(body) => SignedBody::Bytes(body.as_bytes()),
            None => SignedBody::Form(&form),
        };
        let signs = keys.signs(text("signature"), &Signed { path: "", query: request["query"].as_str(), body });
        assert_eq!(signs, request["valid"].as_bool().unwrap(), "{line}");
        counts[usize::from(signs)] += 1;
    }
    println!("{} signed, {} not", counts[1], counts[0]);
    assert_eq!(counts[0] + counts[1], REQUESTS);
    assert!(counts.iter().all(|&count| count >= REQUESTS / 4), "{counts:?}");
}
