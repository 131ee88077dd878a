//! Processes that are measured: where they run, what they took, and that they end with the benchmark.

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;

use anyhow::{Context as _, Result};
use rustix::thread::CpuSet;

pub(crate) struct Process {
    child: Child,
}

/// Load and upstream share one core, whatever is measured has another, where there are two.
#[derive(Clone, Copy)]
pub(crate) enum Core {
    Surroundings,
    Measured,
}

impl Process {
    pub(crate) fn start(core: Core, program: &Path, arguments: &[&str]) -> Result<Self> {
        let command = match core.number() {
            Some(number) => {
                let mut command = Command::new("taskset");
                command
                    .args(["--cpu-list", &number.to_string()])
                    .arg(program);
                command
            }
            None => Command::new(program),
        };
        Self::spawn(command, program, arguments)
    }

    /// On whichever core is free.
    pub(crate) fn start_anywhere(program: &Path, arguments: &[&str]) -> Result<Self> {
        Self::spawn(Command::new(program), program, arguments)
    }

    fn spawn(mut command: Command, program: &Path, arguments: &[&str]) -> Result<Self> {
        command
            .args(arguments)
            .env("RUST_LOG", "warn")
            .stdout(Stdio::null());
        let child = command
            .spawn()
            .with_context(|| program.display().to_string())?;
        Ok(Self { child })
    }

    /// User and system time so far, in seconds.
    pub(crate) fn cpu(&self) -> Result<f64> {
        let stat = self.read("stat")?;
        // The name may hold anything; what follows its bracket is numbers (proc(5)).
        let fields = stat.rsplit(')').next().unwrap_or_default();
        let ticks: u64 = fields
            .split_whitespace()
            .skip(11)
            .take(2)
            .flat_map(str::parse::<u64>)
            .sum();
        let per_second = rustix::param::clock_ticks_per_second();
        Ok(f64::from(u32::try_from(ticks)?) / f64::from(u32::try_from(per_second)?))
    }

    /// Resident memory in MiB.
    pub(crate) fn memory(&self) -> Result<u64> {
        let status = self.read("status")?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kib = line
            .and_then(|line| line.split_whitespace().next())
            .context("VmRSS")?;
        Ok(kib.parse::<u64>()? / 1024)
    }

    fn read(&self, file: &str) -> Result<String> {
        Ok(fs::read_to_string(format!(
            "/proc/{}/{file}",
            self.child.id()
        ))?)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended by itself; nothing is lost then.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Core {
    fn number(self) -> Option<usize> {
        let cores = thread::available_parallelism().ok()?.get();
        (cores >= 2).then_some(match self {
            Self::Surroundings => 0,
            Self::Measured => 1,
        })
    }

    /// Moves this thread there.
    pub(crate) fn enter(self) -> Result<()> {
        if let Some(number) = self.number() {
            let mut set = CpuSet::new();
            set.set(number);
            rustix::thread::sched_setaffinity(None, &set)?;
        }
        Ok(())
    }
}
