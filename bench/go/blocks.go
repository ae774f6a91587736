package main

import (
	"bytes"
	"encoding/binary"

	"github.com/btcsuite/btcd/blockchain"
	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/wire/v2"
)

func decodeBlock(input []byte) *wire.MsgBlock {
	var block wire.MsgBlock
	if err := block.Deserialize(bytes.NewReader(input)); err != nil {
		panic(err)
	}
	return &block
}

func serialised(block *wire.MsgBlock) []byte {
	var out bytes.Buffer
	if err := block.Serialize(&out); err != nil {
		panic(err)
	}
	return out.Bytes()
}

// first is the first byte, so that a view counts as read.
func first(bytes []byte) uint64 {
	if len(bytes) == 0 {
		return 0
	}
	return uint64(bytes[0])
}

func readBlock(block *wire.MsgBlock) uint64 {
	var sum uint64
	for _, tx := range block.Transactions {
		sum += uint64(uint32(tx.Version)) + uint64(tx.LockTime)
		for _, in := range tx.TxIn {
			sum += uint64(in.PreviousOutPoint.Hash[0]) + uint64(in.PreviousOutPoint.Index)
			sum += uint64(len(in.SignatureScript)) + first(in.SignatureScript) + uint64(in.Sequence)
			for _, item := range in.Witness {
				sum += uint64(len(item)) + first(item)
			}
		}
		for _, out := range tx.TxOut {
			sum += uint64(out.Value) + uint64(len(out.PkScript)) + first(out.PkScript)
		}
	}
	return sum
}

func concat(hashes []chainhash.Hash) []byte {
	var all []byte
	for _, hash := range hashes {
		all = append(all, hash[:]...)
	}
	return all
}

// checkBlock answers whether the root and the witness commitment are those of the transactions.
func checkBlock(input []byte) bool {
	message := decodeBlock(input)
	block := btcutil.NewBlock(message)
	root := blockchain.CalcMerkleRoot(block.Transactions(), false)
	return root == message.Header.MerkleRoot && blockchain.ValidateWitnessCommitment(block) == nil
}

// split cuts an input of many parts, each behind its length.
func split(input []byte) [][]byte {
	var parts [][]byte
	for len(input) > 0 {
		end := 4 + binary.LittleEndian.Uint32(input)
		parts = append(parts, input[4:end])
		input = input[end:]
	}
	return parts
}

func decodeTx(input []byte) *wire.MsgTx {
	var tx wire.MsgTx
	if err := tx.Deserialize(bytes.NewReader(input)); err != nil {
		panic(err)
	}
	return &tx
}

func yes(value bool) uint64 {
	if value {
		return 1
	}
	return 0
}

func init() {
	tasks["block-decode"] = func(input []byte, _ int) task {
		return task{
			func() uint64 { return uint64(len(decodeBlock(input).Transactions)) },
			func() []byte { return serialised(decodeBlock(input)) },
		}
	}
	tasks["block-fields"] = func(input []byte, _ int) task {
		return task{
			func() uint64 { return readBlock(decodeBlock(input)) },
			func() []byte { return serialised(decodeBlock(input)) },
		}
	}
	tasks["block-txids"] = func(input []byte, _ int) task {
		ids := func() []chainhash.Hash { return must(decodeBlock(input).TxHashes()) }
		return task{
			func() uint64 {
				var sum uint64
				for _, id := range ids() {
					sum += uint64(id[0])
				}
				return sum
			},
			func() []byte { return concat(ids()) },
		}
	}
	tasks["block-check"] = func(input []byte, _ int) task {
		return task{
			func() uint64 { return yes(checkBlock(input)) },
			func() []byte { return []byte{byte(yes(checkBlock(input)))} },
		}
	}
	tasks["tx-id"] = func(input []byte, _ int) task {
		parts := split(input)
		return task{
			func() uint64 {
				var sum uint64
				for _, part := range parts {
					id := decodeTx(part).TxHash()
					sum += uint64(id[0])
				}
				return sum
			},
			func() []byte {
				var ids []chainhash.Hash
				for _, part := range parts {
					ids = append(ids, decodeTx(part).TxHash())
				}
				return concat(ids)
			},
		}
	}
}
