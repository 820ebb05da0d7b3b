//! What was measured, as the generated part of `docs/performance.md`, and as a chart.

use crate::{
    chart::{Bar, Chart, Kind},
    contender::{self, Contender, peers},
};
use anyhow::{Context, Result, ensure};
use rolecall_bench::{Figures, system::runner_version};
use rolecall_kit::runner::workspace;
use serde_json::Value;
use std::{fmt::Write, fs, path::Path};

/// What stands around the generated part.
pub const BEGIN: &str = "<!-- begin: written by `make bench-peers` -->";
/// The same, at its end.
pub const END: &str = "<!-- end: written by `make bench-peers` -->";

/// What one measurement of one contender showed.
#[derive(Clone, Copy, Debug)]
pub struct Measured {
    /// Requests and latencies.
    pub figures: Figures,
    /// Messages that shared a commit.
    pub per_commit: Option<f64>,
    /// Microseconds of processor time that the server used for a request; PostgreSQL's are not in it.
    pub cpu_us: Option<f64>,
    /// The server's peak memory in MiB.
    pub memory_mib: Option<f64>,
}

/// A measurement and the pgbench runs before and after it.
#[derive(Clone, Copy, Debug)]
pub struct Round {
    /// Who.
    pub contender: Contender,
    /// What came out.
    pub measured: Measured,
    /// Before and after.
    pub pgbench: [Figures; 2],
}

impl Round {
    /// Requests a second, compared with the mean of the pgbench runs next to it.
    fn ratio(&self) -> f64 {
        let [before, after] = self.pgbench.map(|figures| figures.per_second);
        self.measured.figures.per_second / ((before + after) / 2.0)
    }
}

/// The medians of a contender's rounds.
#[derive(Clone, Copy, Debug)]
pub struct Summary {
    contender: Contender,
    per_second: f64,
    ratio: f64,
    p50_ms: f64,
    p99_ms: f64,
    per_commit: Option<f64>,
    cpu_us: Option<f64>,
    /// The highest of all rounds.
    memory_mib: Option<f64>,
    /// Those of all rounds.
    errors: u64,
}

impl Summary {
    /// Of these rounds; `None` if the contender was in none.
    pub fn of(contender: Contender, rounds: &[Round]) -> Option<Summary> {
        let own: Vec<Round> = rounds.iter().copied().filter(|round| round.contender == contender).collect();
        let over = |value: fn(&Round) -> Option<f64>| median(own.iter().filter_map(value).collect());
        Some(Summary {
            contender,
            per_second: over(|round| Some(round.measured.figures.per_second))?,
            ratio: over(|round| Some(round.ratio()))?,
            p50_ms: over(|round| Some(round.measured.figures.p50_ms))?,
            p99_ms: over(|round| Some(round.measured.figures.p99_ms))?,
            per_commit: over(|round| round.measured.per_commit),
            cpu_us: over(|round| round.measured.cpu_us),
            memory_mib: own.iter().filter_map(|round| round.measured.memory_mib).reduce(f64::max),
            errors: own.iter().map(|round| round.measured.figures.errors).sum(),
        })
    }
}

/// The value in the middle; of an even number the higher of the two.
fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied()
}

/// The medians of all pgbench runs: requests a second, p50, p99.
fn pgbench(rounds: &[Round]) -> (f64, f64, f64) {
    let over = |value: fn(&Figures) -> f64| {
        median(rounds.iter().flat_map(|round| &round.pgbench).map(value).collect()).unwrap_or(0.0)
    };
    (over(|figures| figures.per_second), over(|figures| figures.p50_ms), over(|figures| figures.p99_ms))
}

/// What ran: each contender's line.
#[derive(Clone, Debug)]
pub struct Versions(Vec<(Contender, String)>);

impl Versions {
    /// Asks the programs, and the files that lock their libraries.
    ///
    /// # Errors
    /// When something is not installed.
    pub fn find() -> Result<Versions> {
        ensure!(contender::axum().is_file(), "the axum peer is not built: `make bench-peers` builds it");
        let rustc = contender::version(Path::new("rustc"))?;
        let runner = runner_version().context("the runner is not built: `make build`")?;
        let ours = cargo_lock(&workspace().join("Cargo.lock"))?;
        let axum = cargo_lock(&peers().join("axum/Cargo.lock"))?;
        let npm = npm_lock(&peers().join("package-lock.json"))?;
        let runtime = |name: &str, program: &Path, libraries: &[(&str, &str)]| {
            let version = contender::version(program)?;
            let with: Result<Vec<_>> =
                libraries.iter().map(|(name, package)| Ok(format!("{name} {}", npm(package)?))).collect();
            anyhow::Ok(format!("{name} {version}: {}", with?.join(", ")))
        };
        let web = [("jose", "jose"), ("postgres.js", "postgres")];
        let node = [("Fastify", "fastify"), ("fast-jwt", "fast-jwt"), ("postgres.js", "postgres")];
        Ok(Versions(vec![
            (
                Contender::Rolecall,
                format!("{runner}: Wasmtime {}, spin-sdk {}, rustc {rustc}", ours("wasmtime")?, ours("spin-sdk")?),
            ),
            (Contender::Bun, runtime("Bun", &contender::bun(), &web)?),
            (
                Contender::Axum,
                format!(
                    "axum {}: sqlx {}, jsonwebtoken {}, tokio {}, rustc {rustc}",
                    axum("axum")?,
                    axum("sqlx")?,
                    axum("jsonwebtoken")?,
                    axum("tokio")?
                ),
            ),
            (Contender::Node, runtime("Node", Path::new("node"), &node)?),
            (Contender::Deno, runtime("Deno", &contender::deno(), &web)?),
        ]))
    }
}

/// The versions of packages in a Cargo.lock.
fn cargo_lock(path: &Path) -> Result<impl Fn(&str) -> Result<String> + use<>> {
    let text = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    let lock: toml::Table = text.parse()?;
    Ok(move |name: &str| {
        let packages = lock.get("package").and_then(toml::Value::as_array).into_iter().flatten();
        let mut named = packages.filter(|package| package.get("name").and_then(toml::Value::as_str) == Some(name));
        let version = named.next().and_then(|package| package.get("version")).and_then(toml::Value::as_str);
        version.map(str::to_owned).with_context(|| format!("{name} is not locked"))
    })
}

/// The versions of packages in a package-lock.json.
fn npm_lock(path: &Path) -> Result<impl Fn(&str) -> Result<String> + use<>> {
    let text = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    let lock: Value = serde_json::from_str(&text)?;
    Ok(move |name: &str| {
        let version = lock["packages"][format!("node_modules/{name}")]["version"].as_str();
        version.map(str::to_owned).with_context(|| format!("{name} is not locked"))
    })
}

/// What the processor calls itself, where /proc tells.
pub fn processor() -> Option<String> {
    let text = fs::read_to_string("/proc/cpuinfo").ok()?;
    let line = text.lines().find(|line| line.starts_with("model name"))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}

/// Where and how it was measured.
#[derive(Clone, Debug)]
pub struct Setting {
    /// What ran.
    pub versions: Versions,
    /// PostgreSQL's version.
    pub postgresql: String,
    /// Its settings that say whether a commit is safe.
    pub durability: String,
    /// The processor's name.
    pub processor: Option<String>,
    /// How many of them.
    pub cores: usize,
    /// The load average before the run.
    pub load_before: Option<String>,
    /// How many rounds.
    pub rounds: u64,
    /// Seconds of a measurement.
    pub seconds: u64,
    /// Seconds of the same load before it.
    pub warm_up: u64,
    /// Seconds of pgbench.
    pub pgbench_seconds: u64,
    /// Connections of the clients.
    pub connections: u64,
    /// Connections to PostgreSQL of a peer.
    pub pool: u64,
    /// Senders.
    pub users: u64,
    /// The command.
    pub command: String,
}

/// The generated part of the page, without its markers.
pub fn generated(setting: &Setting, summaries: &[Summary], rounds: &[Round]) -> String {
    let mut text = format!(
        "| | requests/s | of pgbench | p50 | p99 | requests per commit | CPU per request | peak memory | errors |\n\
         |---|---:|---:|---:|---:|---:|---:|---:|---:|\n{}{}\n",
        sorted(summaries).iter().map(row).collect::<String>(),
        pgbench_row(pgbench(rounds)),
    );
    if let Some(comparison) = comparison(summaries) {
        let _ = writeln!(text, "{comparison}\n");
    }
    let _ = writeln!(
        text,
        "Each figure: {}; the peak memory is the highest and the errors are those of all rounds. \
         *Of pgbench* is the requests a second, divided by the mean of the pgbench runs right before and after. \
         *CPU per request* is the processor time of the server alone, without PostgreSQL's.\n",
        median_of(setting.rounds)
    );
    let _ = writeln!(text, "{}", circumstances(setting));
    let _ = writeln!(
        text,
        "<details><summary>Every round</summary>\n\n\
         | | pgbench before | requests/s | pgbench after | of pgbench | p99 |\n\
         |---|---:|---:|---:|---:|---:|\n{}\n</details>",
        rounds.iter().map(round_row).collect::<String>()
    );
    text
}

/// The fastest first.
fn sorted(summaries: &[Summary]) -> Vec<Summary> {
    let mut sorted = summaries.to_vec();
    sorted.sort_by(|a, b| b.per_second.total_cmp(&a.per_second));
    sorted
}

fn row(summary: &Summary) -> String {
    let or_dash = |value: Option<String>| value.unwrap_or_else(|| "–".to_owned());
    format!(
        "| {} | {} | {:.2} | {:.1} ms | {:.1} ms | {} | {} | {} | {} |\n",
        summary.contender.name(),
        thousands(summary.per_second),
        summary.ratio,
        summary.p50_ms,
        summary.p99_ms,
        or_dash(summary.per_commit.map(|number| format!("{number:.1}"))),
        or_dash(summary.cpu_us.map(|us| format!("{us:.0} µs"))),
        or_dash(summary.memory_mib.map(|mib| format!("{mib:.0} MiB"))),
        thousands(summary.errors as f64),
    )
}

fn pgbench_row((per_second, p50_ms, p99_ms): (f64, f64, f64)) -> String {
    format!(
        "| pgbench, the SQL alone | {} | 1.00 | {p50_ms:.1} ms | {p99_ms:.1} ms | 1.0 | – | – | – |\n",
        thousands(per_second)
    )
}

fn round_row(round: &Round) -> String {
    let [before, after] = round.pgbench.map(|figures| thousands(figures.per_second));
    let figures = round.measured.figures;
    format!(
        "| {} | {before} | {} | {after} | {:.2} | {:.1} ms |\n",
        round.contender.name(),
        thousands(figures.per_second),
        round.ratio(),
        figures.p99_ms
    )
}

/// How Rolecall compares with each of the others, by what each made of what pgbench made beside it.
fn comparison(summaries: &[Summary]) -> Option<String> {
    let own = summaries.iter().find(|summary| summary.contender == Contender::Rolecall)?;
    let others: Vec<_> = summaries
        .iter()
        .filter(|summary| summary.contender != Contender::Rolecall)
        .map(|summary| {
            let name = match summary.contender {
                Contender::OneByOne => "itself without group commit",
                peer => peer.name(),
            };
            format!("{:.2} times {name}", own.ratio / summary.ratio)
        })
        .collect();
    (!others.is_empty()).then(|| format!("By the column *of pgbench*, Rolecall makes {}.", others.join(", ")))
}

fn circumstances(setting: &Setting) -> String {
    let versions: String = setting.versions.0.iter().map(|(_, text)| format!("- {text}\n")).collect();
    format!(
        "- {} cores ({}); PostgreSQL, the server and the load generator share them. Load average before the run: {}\n\
         - PostgreSQL {}: {}\n{versions}\
         - {} connections; {} senders, each writing to {} recipients; {} s of warm-up and {} s measured in each round, \
         {} s of pgbench between\n\
         - each peer is one process with at most {} connections to PostgreSQL\n\
         - command: `{}`\n",
        setting.cores,
        setting.processor.as_deref().unwrap_or("of a kind that /proc does not tell"),
        setting.load_before.as_deref().unwrap_or("unknown"),
        setting.postgresql,
        setting.durability,
        setting.connections,
        thousands(setting.users as f64),
        rolecall_bench::requests::RECIPIENTS_OF_A_SENDER,
        setting.warm_up,
        setting.seconds,
        setting.pgbench_seconds,
        setting.pool,
        setting.command,
    )
}

/// The chart of the requests a second.
pub fn chart(setting: &Setting, summaries: &[Summary], rounds: &[Round]) -> Chart {
    let (per_second, _, p99_ms) = pgbench(rounds);
    let text = |per_second, p99_ms| format!("{}/s, p99 {p99_ms:.1} ms", thousands(per_second));
    let mut bars: Vec<Bar> = sorted(summaries)
        .into_iter()
        .map(|summary| Bar {
            name: summary.contender.name().to_owned(),
            text: text(summary.per_second, summary.p99_ms),
            value: summary.per_second,
            kind: match summary.contender {
                Contender::Rolecall => Kind::Own,
                Contender::OneByOne => Kind::Variant,
                _ => Kind::Peer,
            },
        })
        .collect();
    bars.push(Bar {
        name: "pgbench, the SQL alone".to_owned(),
        text: text(per_second, p99_ms),
        value: per_second,
        kind: Kind::Reference,
    });
    Chart {
        title: "Direct messages sent per second".to_owned(),
        note: format!(
            "The same SQL with every rule on, durable; {} connections; {} cores for PostgreSQL, server and clients; \
             {}",
            setting.connections,
            setting.cores,
            median_of(setting.rounds)
        ),
        bars,
    }
}

fn median_of(rounds: u64) -> String {
    if rounds == 1 { "one round".to_owned() } else { format!("median of {rounds} rounds") }
}

/// The page with another generated part.
///
/// # Errors
/// When the page has no place for it.
pub fn replace(page: &str, generated: &str) -> Result<String> {
    let (before, rest) = page.split_once(BEGIN).context("the page has no line where the generated part begins")?;
    let (_, after) = rest.split_once(END).context("the page has no line where the generated part ends")?;
    Ok(format!("{before}{BEGIN}\n\n{}\n\n{END}{after}", generated.trim()))
}

/// A whole number with its thousands set apart.
fn thousands(number: f64) -> String {
    let digits = format!("{number:.0}");
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figures(per_second: f64) -> Figures {
        Figures { per_second, p50_ms: 10.0, p95_ms: 15.0, p99_ms: 20.0, max_ms: 30.0, requests: 100, errors: 1 }
    }

    fn round(contender: Contender, per_second: f64, pgbench: [f64; 2]) -> Round {
        let (per_commit, cpu_us, memory_mib) = (Some(2.0), Some(per_second / 10.0), Some(per_second / 20.0));
        let measured = Measured { figures: figures(per_second), per_commit, cpu_us, memory_mib };
        Round { contender, measured, pgbench: pgbench.map(figures) }
    }

    fn rounds() -> Vec<Round> {
        vec![
            round(Contender::Bun, 500.0, [1000.0, 1000.0]),
            round(Contender::Rolecall, 1800.0, [1000.0, 1400.0]),
            round(Contender::Rolecall, 900.0, [1000.0, 1000.0]),
            round(Contender::Rolecall, 1000.0, [800.0, 1200.0]),
        ]
    }

    fn setting() -> Setting {
        Setting {
            versions: Versions(vec![(Contender::Bun, "Bun 1: jose 2".to_owned())]),
            postgresql: "15.1".to_owned(),
            durability: "fsync on".to_owned(),
            processor: Some("A processor".to_owned()),
            cores: 2,
            load_before: None,
            rounds: 3,
            seconds: 15,
            warm_up: 5,
            pgbench_seconds: 8,
            connections: 64,
            pool: 32,
            users: 1000,
            command: "make bench-peers".to_owned(),
        }
    }

    fn summaries() -> Vec<Summary> {
        let all = [Contender::Bun, Contender::Rolecall, Contender::Deno];
        all.into_iter().filter_map(|contender| Summary::of(contender, &rounds())).collect()
    }

    #[test]
    fn a_summary_is_the_median_of_its_rounds() {
        let summary = Summary::of(Contender::Rolecall, &rounds()).unwrap();
        // 1800 of 1200, 900 of 1000, 1000 of 1000.
        assert_eq!((summary.per_second, summary.ratio), (1000.0, 1.0));
        assert_eq!((summary.cpu_us, summary.memory_mib, summary.errors), (Some(100.0), Some(90.0), 3));
        assert!(Summary::of(Contender::Deno, &rounds()).is_none());
    }

    #[test]
    fn the_table_has_every_contender_and_pgbench() {
        let text = generated(&setting(), &summaries(), &rounds());
        let lines: Vec<_> = text.lines().collect();
        assert_eq!(lines[2], "| Rolecall | 1,000 | 1.00 | 10.0 ms | 20.0 ms | 2.0 | 100 µs | 90 MiB | 3 |");
        assert_eq!(lines[3], "| Bun | 500 | 0.50 | 10.0 ms | 20.0 ms | 2.0 | 50 µs | 25 MiB | 1 |");
        assert_eq!(lines[4], "| pgbench, the SQL alone | 1,000 | 1.00 | 10.0 ms | 20.0 ms | 1.0 | – | – | – |");
        assert!(text.contains("Rolecall makes 2.00 times Bun."), "{text}");
        assert!(text.contains("| Rolecall | 1,000 | 1,800 | 1,400 | 1.50 | 20.0 ms |"), "{text}");
        for part in ["A processor", "load average", "PostgreSQL 15.1", "Bun 1: jose 2", "`make bench-peers`"] {
            assert!(text.to_lowercase().contains(&part.to_lowercase()), "{part} is not in {text}");
        }
    }

    #[test]
    fn the_chart_shows_the_fastest_first_and_pgbench_last() {
        let chart = chart(&setting(), &summaries(), &rounds());
        let bars: Vec<_> = chart.bars.iter().map(|bar| (bar.text.as_str(), bar.value, bar.kind)).collect();
        let expected = [
            ("1,000/s, p99 20.0 ms", 1000.0, Kind::Own),
            ("500/s, p99 20.0 ms", 500.0, Kind::Peer),
            ("1,000/s, p99 20.0 ms", 1000.0, Kind::Reference),
        ];
        assert_eq!(bars, expected);
    }

    #[test]
    fn only_the_generated_part_of_the_page_changes() {
        let page = format!("# Title\n\n{BEGIN}\nold\n{END}\n\nmore\n");
        let once = replace(&page, "new\n").unwrap();
        assert_eq!(once, format!("# Title\n\n{BEGIN}\n\nnew\n\n{END}\n\nmore\n"));
        assert_eq!(replace(&once, "new\n").unwrap(), once);
        assert!(replace("# Title", "new").is_err());
        assert!(replace(BEGIN, "new").is_err());
    }

    #[test]
    fn the_page_has_a_place_for_it() {
        let page = fs::read_to_string(workspace().join("docs/performance.md")).unwrap();
        replace(&page, "new").unwrap();
    }

    #[test]
    fn one_round_has_no_median() {
        assert_eq!([1, 3].map(median_of), ["one round", "median of 3 rounds"]);
    }

    #[test]
    fn thousands_are_set_apart() {
        let written = [0.0, 999.4, 999.5, 12_345.0, 1_234_567.0].map(thousands);
        assert_eq!(written, ["0", "999", "1,000", "12,345", "1,234,567"]);
    }

    #[test]
    fn locked_versions_are_found() {
        let axum = cargo_lock(&peers().join("axum/Cargo.lock")).unwrap();
        assert!(axum("sqlx").unwrap().starts_with("0."));
        assert!(axum("no such package").is_err());
        let npm = npm_lock(&peers().join("package-lock.json")).unwrap();
        assert!(npm("fastify").unwrap().starts_with("5."));
        assert!(npm("no such package").is_err());
    }
}
