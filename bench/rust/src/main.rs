//! Contestant: what rxpeer is measured beside, in Rust. Its protocol is in ../README.md.

mod blocks;
mod filters;
mod messages;

use bitcoin::hashes::{sha256, Hash};
use std::io::{BufRead, Write};

/// One row's work over an input that was read before.
pub struct Task {
    /// Does the work once and answers a number that all contestants must agree on.
    pub run: Box<dyn FnMut() -> u64>,
    /// Answers everything that the work makes, so that all contestants can be compared.
    pub digest: Box<dyn FnMut() -> Vec<u8>>,
}

impl Task {
    pub fn new(run: impl FnMut() -> u64 + 'static, digest: impl FnMut() -> Vec<u8> + 'static) -> Task {
        Task { run: Box::new(run), digest: Box::new(digest) }
    }
}

fn task(name: &str, input: Vec<u8>, argument: usize) -> Option<Task> {
    match name {
        "block-decode" => Some(blocks::decode(input)),
        "block-fields" => Some(blocks::fields(input)),
        "block-txids" => Some(blocks::txids(input)),
        "block-check" => Some(blocks::check(input)),
        "tx-id" => Some(blocks::tx_id(input)),
        "headers-ids" => Some(messages::headers_ids(input)),
        "headers-fields" => Some(messages::headers_fields(input)),
        "inv-read" => Some(messages::inv_read(input)),
        "encode-block" => Some(messages::encode_block(input)),
        "encode-tx" => Some(messages::encode_tx(input)),
        "encode-inv" => Some(messages::encode_inv(input)),
        // The crate has no peer: reading a message is what one would be built on.
        "stream" | "peer" => Some(messages::stream(input)),
        "filter-match" => Some(filters::matching(input, argument)),
        _ => None,
    }
}

/// Processor time of the whole process, in microseconds.
fn cpu() -> i64 {
    // Sound: getrusage writes the whole struct, or fails.
    let usage = unsafe {
        let mut usage: libc::rusage = std::mem::zeroed();
        assert_eq!(libc::getrusage(libc::RUSAGE_SELF, &mut usage), 0);
        usage
    };
    let micros = |t: libc::timeval| t.tv_sec * 1_000_000 + t.tv_usec;
    micros(usage.ru_utime) + micros(usage.ru_stime)
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let input = match arguments[2].as_str() {
        "-" => Vec::new(),
        path => std::fs::read(path).expect("the input is there"),
    };
    let argument = arguments[3].parse().expect("a number");
    let Some(mut task) = task(&arguments[1], input, argument) else {
        println!("unknown");
        return;
    };
    println!("ready");
    for line in std::io::stdin().lock().lines() {
        let line = line.expect("lines are text");
        if line == "digest" {
            println!("{}", sha256::Hash::hash(&(task.digest)()));
        } else if let Some(times) = line.strip_prefix("run ") {
            let times: u32 = times.parse().expect("a number");
            let before = cpu();
            let mut result = 0;
            for _ in 0..times {
                result = (task.run)();
            }
            println!("{} {}", cpu() - before, result);
        }
        std::io::stdout().flush().expect("somebody listens");
    }
}
