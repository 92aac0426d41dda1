//! The same work on rejoin, automerge, loro, yrs and diamond-types, side by side in one process.

mod bench;
mod contestants;
mod edit;
mod measure;
mod memory;
mod random;
mod report;
mod traces;
mod workloads;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;

use bench::{Bench, Selection};
use contestants::Who;

#[global_allocator]
static ALLOCATOR: memory::Counting = memory::Counting;

/// Runs the same work on rejoin, automerge, loro, yrs and diamond-types.
#[derive(Parser)]
struct Cli {
    /// Workloads to run: `merge`, or one row, `merge/text-10k`, or the start of its name; all when none is given
    #[arg(value_name = "WORKLOAD")]
    workloads: Vec<String>,
    /// The folder of the editing traces (`*.json.gz`)
    #[arg(long, value_name = "DIR")]
    traces: Option<PathBuf>,
    /// Prints JSON instead of tables
    #[arg(long)]
    json: bool,
    /// Timed runs of each contestant; the median counts
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..))]
    runs: u32,
    /// Skips what is known to take minutes, and says so
    #[arg(long)]
    quick: bool,
    /// Measures time of the processor, for a machine that does other work
    #[arg(long)]
    cpu: bool,
    /// Contestants to run, separated by commas; all when none is given
    #[arg(long, value_name = "NAMES", value_delimiter = ',', value_parser = Who::parse)]
    only: Vec<Who>,
    /// Lists the workloads
    #[arg(long)]
    list: bool,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    if cli.list {
        for workload in workloads::ALL {
            println!("{:<12}{}", workload.name, workload.about);
        }
        return ExitCode::SUCCESS;
    }
    let known = |wanted: &&String| !workloads::ALL.iter().any(|workload| workload.is_named_by(wanted));
    if let Some(unknown) = cli.workloads.iter().find(known) {
        eprintln!("no workload is called {unknown}; --list shows them");
        return ExitCode::FAILURE;
    }
    if cli.cpu {
        measure::use_processor_time();
    }
    let selection = Selection { workloads: cli.workloads, contestants: cli.only };
    let mut bench = Bench::new(selection, cli.runs as usize, cli.quick, cli.traces);
    for workload in workloads::ALL {
        if bench.wants_some_of(workload.name) {
            (workload.run)(&mut bench);
            let report = bench.report();
            print!("{}", if cli.json { report.json(workload.name) } else { report.table(workload.name) });
        }
    }
    let report = bench.report();
    for failure in &report.failures {
        eprintln!("{failure}");
    }
    if report.failures.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
