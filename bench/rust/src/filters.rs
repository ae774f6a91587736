use crate::blocks::split;
use crate::Task;
use bitcoin::bip158::BlockFilterReader;
use bitcoin::hashes::Hash;
use bitcoin::BlockHash;

/// For each query of so many scripts, whether the filter may have one of them. The input's parts: block hash, filter,
/// then the scripts.
fn matches(input: &[u8], scripts: usize) -> Vec<u8> {
    let parts = split(input);
    let hash = BlockHash::from_slice(parts[0]).expect("a hash");
    let any = |query: &[&[u8]]| -> bool {
        let mut filter = parts[1];
        BlockFilterReader::new(&hash).match_any(&mut filter, query.iter().copied()).expect("a filter")
    };
    parts[2..].chunks(scripts).map(|query| any(query).into()).collect()
}

pub fn matching(input: Vec<u8>, scripts: usize) -> Task {
    let again = input.clone();
    Task::new(
        move || matches(&input, scripts).into_iter().map(u64::from).sum(),
        move || matches(&again, scripts),
    )
}
