//! The machine: memory, processor time, open files, and what a report says of its circumstances.

use anyhow::{Result, ensure};
use rolecall_kit::Runtime;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use serde_json::{Value, json};
use std::{process::Command, time::Instant};

/// The most memory a process has had, in MiB (VmHWM), where /proc tells.
pub fn peak_memory_mib(pid: u32) -> Option<f64> {
    status_mib(pid, "VmHWM:")
}

/// The memory a process has now, in MiB (VmRSS), where /proc tells.
pub fn memory_mib(pid: u32) -> Option<f64> {
    status_mib(pid, "VmRSS:")
}

fn status_mib(pid: u32, line: &str) -> Option<f64> {
    parse_status(&std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?, line)
}

fn parse_status(status: &str, line: &str) -> Option<f64> {
    let value = status.lines().find_map(|text| text.strip_prefix(line))?;
    let kib: f64 = value.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib / 1024.0)
}

/// Seconds of processor time that a process has used, where /proc tells.
pub fn cpu_seconds(pid: u32) -> Option<f64> {
    parse_stat(&std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)
}

fn parse_stat(stat: &str) -> Option<f64> {
    // The name is in brackets and may have spaces in it. Linux counts in hundredths of a second, whatever the kernel's
    // own ticks are.
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace().skip(11);
    let (user, system): (f64, f64) = (fields.next()?.parse().ok()?, fields.next()?.parse().ok()?);
    Some((user + system) / 100.0)
}

/// The process `name` among the descendants of `pid`, where /proc tells.
pub fn child_of(pid: u32, name: &str) -> Option<u32> {
    let processes: Vec<(u32, u32, String)> = std::fs::read_dir("/proc")
        .ok()?
        .filter_map(|entry| {
            let pid: u32 = entry.ok()?.file_name().to_str()?.parse().ok()?;
            let (parent, name) = parse_parent(&std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)?;
            Some((pid, parent, name))
        })
        .collect();
    let mut family = vec![pid];
    let mut at = 0;
    while at < family.len() {
        for (child, parent, own) in &processes {
            if *parent == family[at] {
                if own == name {
                    return Some(*child);
                }
                family.push(*child);
            }
        }
        at += 1;
    }
    None
}

/// The parent's number and the name in a line of /proc/PID/stat.
fn parse_parent(stat: &str) -> Option<(u32, String)> {
    let (head, rest) = stat.rsplit_once(')')?;
    let name = head.split_once('(')?.1.to_owned();
    Some((rest.split_whitespace().nth(1)?.parse().ok()?, name))
}

/// The processor time that a process uses from some moment on.
#[derive(Clone, Copy, Debug)]
pub struct CpuShare {
    pid: u32,
    before: Option<f64>,
    since: Instant,
}

impl CpuShare {
    /// From now on.
    pub fn of(pid: u32) -> CpuShare {
        CpuShare { pid, before: cpu_seconds(pid), since: Instant::now() }
    }

    /// As a share of one core, where /proc tells.
    pub fn so_far(self) -> Option<f64> {
        Some((cpu_seconds(self.pid)? - self.before?) / self.since.elapsed().as_secs_f64())
    }
}

/// A share in percent.
pub fn percent(share: Option<f64>) -> String {
    share.map_or("unknown".to_owned(), |share| format!("{:.0} %", share * 100.0))
}

/// The load averages of one, five and fifteen minutes.
pub fn load_average() -> Option<String> {
    let text = std::fs::read_to_string("/proc/loadavg").ok()?;
    Some(text.split(' ').take(3).collect::<Vec<_>>().join(" "))
}

/// What `rolecall --version` says, or `spin --version`.
pub fn runner_version() -> Option<String> {
    let output = Command::new(Runtime::chosen().program()).arg("--version").output().ok()?;
    Some(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// Open files that a server or a load generator needs beside those of the clients' connections.
const OTHER_FILES: u64 = 512;

/// Lets this process, and those that it starts from now on, have connections to so many clients at a time.
///
/// # Errors
/// When the hard limit is lower; the message says what to do.
pub fn allow_connections(number: u64) -> Result<()> {
    allow_open_files(number + OTHER_FILES)
}

/// Lets this process, and those that it starts from now on, have so many files open at a time.
///
/// # Errors
/// When the hard limit is lower; the message says what to do.
pub fn allow_open_files(needed: u64) -> Result<()> {
    let limits = getrlimit(Resource::Nofile);
    // `None` is no limit.
    if limits.current.is_none_or(|soft| soft >= needed) {
        return Ok(());
    }
    ensure!(
        limits.maximum.is_none_or(|hard| hard >= needed),
        "so many connections need {needed} open files, but at most {} are allowed (ulimit -Hn): \
         raise the hard limit (limits.conf, LimitNOFILE=, docker run --ulimit nofile={needed}) or use fewer connections",
        limits.maximum.unwrap_or_default()
    );
    setrlimit(Resource::Nofile, Rlimit { current: Some(needed), maximum: limits.maximum })?;
    Ok(())
}

/// Where and how something was measured.
#[derive(Debug)]
pub struct Surroundings {
    program: &'static str,
    load_before: Option<String>,
}

impl Surroundings {
    /// At the start of `program`, before there is any load of its own.
    pub fn now(program: &'static str) -> Surroundings {
        Surroundings { program, load_before: load_average() }
    }

    /// The command line, without the path of the program.
    pub fn command(&self) -> String {
        let arguments: Vec<_> = std::env::args().skip(1).collect();
        [self.program.to_owned()].into_iter().chain(arguments).collect::<Vec<_>>().join(" ")
    }

    /// Two lines to be printed at the end.
    pub fn text(&self, postgresql: &str) -> String {
        format!(
            "PostgreSQL {postgresql}, {}, {} cores, load average {} before and {} after\ncommand: {}",
            runner_version().unwrap_or_default(),
            cores(),
            self.load_before.as_deref().unwrap_or("unknown"),
            load_average().as_deref().unwrap_or("unknown"),
            self.command()
        )
    }

    /// The same for a report in JSON: adds to an object.
    pub fn add_to(&self, report: &mut Value, postgresql: &str) {
        report["postgresql"] = json!(postgresql);
        report["runner"] = json!(runner_version());
        report["cores"] = json!(cores());
        report["load_average_before"] = json!(self.load_before);
        report["load_average_after"] = json!(load_average());
        report["command"] = json!(self.command());
    }
}

/// How many processors there are for us.
pub fn cores() -> usize {
    std::thread::available_parallelism().map_or(0, usize::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn proc_is_understood() {
        let status = "Name:\trolecall\nVmHWM:\t   76800 kB\nVmRSS:\t   51200 kB\n";
        assert_eq!(parse_status(status, "VmHWM:"), Some(75.0));
        assert_eq!(parse_status(status, "VmRSS:"), Some(50.0));
        assert_eq!(parse_status(status, "VmSwap:"), None);
        let stat = "42 (a (b) c) S 1 42 42 0 -1 4194560 100 0 0 0 150 25 0 0 20 0 4 0 12345 1000 100";
        assert_eq!(parse_stat(stat), Some(1.75));
        assert_eq!(parse_stat("42"), None);
        assert_eq!(parse_parent(stat), Some((1, "a (b) c".to_owned())));
    }

    #[test]
    fn this_process_has_memory_and_time() {
        let pid = std::process::id();
        let (now, peak) = (memory_mib(pid).unwrap(), peak_memory_mib(pid).unwrap());
        assert!(now > 0.0 && peak >= now, "{now} {peak}");
        assert!(cpu_seconds(pid).is_some());
    }

    #[test]
    fn more_files_than_the_hard_limit_are_refused_with_advice() {
        let Some(hard) = getrlimit(Resource::Nofile).maximum else { return };
        let error = allow_open_files(hard + 1).unwrap_err().to_string();
        assert!(error.contains("ulimit -Hn") && error.contains(&hard.to_string()), "{error}");
        allow_open_files(64).unwrap();
    }
}
