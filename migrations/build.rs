//! Lists the migrations of this folder, so that a new file is embedded without a word anywhere.

use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs};

fn main() {
    let folder = env::var("CARGO_MANIFEST_DIR").expect("Cargo sets it");
    println!("cargo::rerun-if-changed={folder}");
    println!("cargo::rerun-if-changed={folder}/rollback");
    let mut files: Vec<String> = fs::read_dir(&folder)
        .expect("the crate's folder can be read")
        .map(|entry| entry.expect("readable").file_name().into_string().expect("UTF-8"))
        .filter(|name| name.contains("_rolecall_") && name.ends_with(".sql"))
        .collect();
    files.sort();
    let mut list = String::from("&[\n");
    for (number, file) in files.iter().enumerate() {
        // 20261125120000_rolecall_0001_initial.sql
        let (_, rest) = file.split_once("_rolecall_").expect("filtered above");
        let (version, name) = rest.trim_end_matches(".sql").split_once('_').expect("a number and a name");
        let version: usize = version.parse().expect("a migration has a number");
        assert_eq!(version, number + 1, "{file}: the numbers of the migrations have a gap");
        let up = Path::new(&folder).join(file);
        let down = Path::new(&folder).join("rollback").join(file);
        writeln!(
            list,
            "Migration {{ version: {version}, name: {name:?}, file: {file:?}, up: include_str!({up:?}), down: include_str!({down:?}) }},"
        )
        .expect("writing to a String cannot fail");
    }
    list.push_str("]\n");
    let out = env::var("OUT_DIR").expect("Cargo sets it");
    fs::write(Path::new(&out).join("migrations.rs"), list).expect("the build folder can be written");
}
