use crate::blocks::{block, split};
use crate::Task;
use bitcoin::block::Header;
use bitcoin::consensus::{deserialize, serialize, Decodable, Encodable};
use bitcoin::hashes::Hash;
use bitcoin::p2p::message::{NetworkMessage, RawNetworkMessage};
use bitcoin::p2p::message_blockdata::Inventory;
use bitcoin::p2p::Magic;

/// A header as the message carries it: with a count of transactions, which is zero.
fn headers(mut payload: &[u8]) -> Vec<Header> {
    let count = bitcoin::VarInt::consensus_decode(&mut payload).expect("a count").0;
    let mut headers = Vec::with_capacity(count as usize);
    for _ in 0..count {
        headers.push(Header::consensus_decode(&mut payload).expect("a header"));
        u8::consensus_decode(&mut payload).expect("no transactions");
    }
    headers
}

fn first(hash: &[u8; 32]) -> u64 {
    hash[0].into()
}

pub fn headers_ids(input: Vec<u8>) -> Task {
    let again = input.clone();
    Task::new(
        move || headers(&input).iter().map(|header| first(header.block_hash().as_byte_array())).sum(),
        move || headers(&again).iter().flat_map(|header| header.block_hash().to_byte_array()).collect(),
    )
}

fn payload_of(message: NetworkMessage) -> Vec<u8> {
    serialize(&RawNetworkMessage::new(Magic::BITCOIN, message)).split_off(24)
}

fn fields_of(header: &Header) -> u64 {
    let hashes = first(header.prev_blockhash.as_byte_array()) + first(header.merkle_root.as_byte_array());
    let words = u64::from(header.time) + u64::from(header.bits.to_consensus()) + u64::from(header.nonce);
    u64::from(header.version.to_consensus() as u32) + hashes + words
}

pub fn headers_fields(input: Vec<u8>) -> Task {
    let again = input.clone();
    Task::new(
        move || headers(&input).iter().map(fields_of).sum(),
        move || payload_of(NetworkMessage::Headers(headers(&again))),
    )
}

fn inventory(payload: &[u8]) -> Vec<Inventory> {
    deserialize(payload).expect("an inventory")
}

fn entry(entry: &Inventory) -> u64 {
    match entry {
        Inventory::Error => 0,
        Inventory::Transaction(id) => 1 + first(id.as_byte_array()),
        Inventory::Block(id) => 2 + first(id.as_byte_array()),
        Inventory::CompactBlock(id) => 4 + first(id.as_byte_array()),
        Inventory::WTx(id) => 5 + first(id.as_byte_array()),
        Inventory::WitnessTransaction(id) => 0x4000_0001 + first(id.as_byte_array()),
        Inventory::WitnessBlock(id) => 0x4000_0002 + first(id.as_byte_array()),
        Inventory::Unknown { inv_type, hash } => u64::from(*inv_type) + first(hash),
    }
}

pub fn inv_read(input: Vec<u8>) -> Task {
    let again = input.clone();
    Task::new(move || inventory(&input).iter().map(entry).sum(), move || serialize(&inventory(&again)))
}

/// Writes the message in its frame, as to a socket, and hands it back to be written again.
fn write(message: NetworkMessage, target: &mut Vec<u8>) -> NetworkMessage {
    let raw = RawNetworkMessage::new(Magic::BITCOIN, message);
    raw.consensus_encode(target).expect("there is room");
    raw.into_payload()
}

fn encoding(messages: Vec<NetworkMessage>) -> Task {
    let again = messages.clone();
    let mut waiting = messages;
    // Written to again and again, as a socket is.
    let mut target = Vec::new();
    Task::new(
        move || {
            let mut sum = 0;
            for message in &mut waiting {
                target.clear();
                // Taken out and put back, because a copy of the message would be measured with it.
                *message = write(std::mem::replace(message, NetworkMessage::Verack), &mut target);
                sum += target.len() as u64;
            }
            sum
        },
        move || {
            let mut all = Vec::new();
            for message in &again {
                write(message.clone(), &mut all);
            }
            all
        },
    )
}

pub fn encode_block(input: Vec<u8>) -> Task {
    encoding(vec![NetworkMessage::Block(block(&input))])
}

pub fn encode_tx(input: Vec<u8>) -> Task {
    encoding(
        split(&input)
            .into_iter()
            .map(|part| NetworkMessage::Tx(deserialize(part).expect("a transaction")))
            .collect(),
    )
}

pub fn encode_inv(input: Vec<u8>) -> Task {
    encoding(vec![NetworkMessage::Inv(inventory(&input))])
}

/// Hands each message of a stream to `next`.
fn read_stream(mut input: &[u8], mut next: impl FnMut(RawNetworkMessage)) -> u64 {
    let mut count = 0;
    while !input.is_empty() {
        next(RawNetworkMessage::consensus_decode_from_finite_reader(&mut input).expect("a message"));
        count += 1;
    }
    count
}

pub fn stream(input: Vec<u8>) -> Task {
    let again = input.clone();
    Task::new(
        move || {
            read_stream(&input, |message| {
                std::hint::black_box(message);
            })
        },
        move || {
            let mut all = Vec::new();
            read_stream(&again, |message| {
                all.extend_from_slice(message.cmd().as_bytes());
                all.extend_from_slice(&serialize(&message)[24..]);
            });
            all
        },
    )
}
