use crate::Task;
use bitcoin::consensus::{deserialize, serialize};
use bitcoin::hashes::Hash;
use bitcoin::{Block, Transaction, Txid};

/// Cuts an input of many parts, each behind its length.
pub fn split(input: &[u8]) -> Vec<&[u8]> {
    let mut parts = Vec::new();
    let mut rest = input;
    while let Some((length, behind)) = rest.split_first_chunk::<4>() {
        let (part, others) = behind.split_at(u32::from_le_bytes(*length) as usize);
        parts.push(part);
        rest = others;
    }
    parts
}

pub fn block(input: &[u8]) -> Block {
    deserialize(input).expect("a block")
}

/// The first byte, so that a slice counts as read.
fn first(bytes: &[u8]) -> u64 {
    bytes.first().copied().unwrap_or(0).into()
}

fn read(block: &Block) -> u64 {
    let mut sum: u64 = 0;
    for tx in &block.txdata {
        sum += u64::from(tx.version.0 as u32) + u64::from(tx.lock_time.to_consensus_u32());
        for input in &tx.input {
            let script = input.script_sig.as_bytes();
            sum += u64::from(input.previous_output.txid.as_byte_array()[0]);
            sum += u64::from(input.previous_output.vout);
            sum += script.len() as u64 + first(script) + u64::from(input.sequence.0);
            for item in input.witness.iter() {
                sum += item.len() as u64 + first(item);
            }
        }
        for output in &tx.output {
            let script = output.script_pubkey.as_bytes();
            sum += output.value.to_sat() + script.len() as u64 + first(script);
        }
    }
    sum
}

pub fn decode(input: Vec<u8>) -> Task {
    let again = input.clone();
    Task::new(move || block(&input).txdata.len() as u64, move || serialize(&block(&again)))
}

pub fn fields(input: Vec<u8>) -> Task {
    let again = input.clone();
    Task::new(move || read(&block(&input)), move || serialize(&block(&again)))
}

fn ids(block: &Block) -> Vec<Txid> {
    block.txdata.iter().map(Transaction::compute_txid).collect()
}

pub fn sum(ids: &[Txid]) -> u64 {
    ids.iter().map(|id| u64::from(id.as_byte_array()[0])).sum()
}

pub fn concat(ids: &[Txid]) -> Vec<u8> {
    ids.iter().flat_map(|id| id.to_byte_array()).collect()
}

pub fn txids(input: Vec<u8>) -> Task {
    let again = input.clone();
    Task::new(move || sum(&ids(&block(&input))), move || concat(&ids(&block(&again))))
}

fn is_sound(input: &[u8]) -> bool {
    let block = block(input);
    block.check_merkle_root() && block.check_witness_commitment()
}

pub fn check(input: Vec<u8>) -> Task {
    let again = input.clone();
    Task::new(move || is_sound(&input).into(), move || vec![is_sound(&again).into()])
}

fn ids_of_each(input: &[u8]) -> Vec<Txid> {
    let tx = |part| deserialize::<Transaction>(part).expect("a transaction");
    split(input).into_iter().map(|part| tx(part).compute_txid()).collect()
}

pub fn tx_id(input: Vec<u8>) -> Task {
    let again = input.clone();
    Task::new(move || sum(&ids_of_each(&input)), move || concat(&ids_of_each(&again)))
}
