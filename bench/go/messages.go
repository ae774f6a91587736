package main

import (
	"bytes"
	"io"

	"github.com/btcsuite/btcd/wire/v2"
)

// version is the newest that btcd speaks.
const version = wire.ProtocolVersion

func decode[M wire.Message](message M, payload []byte) M {
	if err := message.BtcDecode(bytes.NewBuffer(payload), version, wire.WitnessEncoding); err != nil {
		panic(err)
	}
	return message
}

func payloadOf(message wire.Message) []byte {
	var out bytes.Buffer
	if err := message.BtcEncode(&out, version, wire.WitnessEncoding); err != nil {
		panic(err)
	}
	return out.Bytes()
}

// target is written to again and again, as a socket is.
var target bytes.Buffer

// frameOf is the message as it is written to a socket; valid until the next.
func frameOf(message wire.Message) []byte {
	target.Reset()
	must(wire.WriteMessageWithEncodingN(&target, message, version, wire.MainNet, wire.WitnessEncoding))
	return target.Bytes()
}

// readStream hands each message of a stream to next.
func readStream(input []byte, next func(wire.Message)) uint64 {
	reader := bytes.NewReader(input)
	var count uint64
	for {
		_, message, _, err := wire.ReadMessageWithEncodingN(reader, version, wire.MainNet, wire.WitnessEncoding)
		if err == io.EOF {
			return count
		}
		if err != nil {
			panic(err)
		}
		count++
		next(message)
	}
}

func encoding(messages []wire.Message) task {
	return task{
		func() uint64 {
			var sum uint64
			for _, message := range messages {
				sum += uint64(len(frameOf(message)))
			}
			return sum
		},
		func() []byte {
			var all []byte
			for _, message := range messages {
				all = append(all, frameOf(message)...)
			}
			return all
		},
	}
}

func stream(input []byte, _ int) task {
	return task{
		func() uint64 { return readStream(input, func(wire.Message) {}) },
		func() []byte {
			var all []byte
			readStream(input, func(message wire.Message) {
				all = append(all, message.Command()...)
				all = append(all, payloadOf(message)...)
			})
			return all
		},
	}
}

func init() {
	headers := func(input []byte) []*wire.BlockHeader { return decode(&wire.MsgHeaders{}, input).Headers }
	inventory := func(input []byte) []*wire.InvVect { return decode(&wire.MsgInv{}, input).InvList }
	tasks["headers-ids"] = func(input []byte, _ int) task {
		return task{
			func() uint64 {
				var sum uint64
				for _, header := range headers(input) {
					id := header.BlockHash()
					sum += uint64(id[0])
				}
				return sum
			},
			func() []byte {
				var all []byte
				for _, header := range headers(input) {
					id := header.BlockHash()
					all = append(all, id[:]...)
				}
				return all
			},
		}
	}
	tasks["headers-fields"] = func(input []byte, _ int) task {
		return task{
			func() uint64 {
				var sum uint64
				for _, header := range headers(input) {
					sum += uint64(uint32(header.Version)) + uint64(header.PrevBlock[0]) + uint64(header.MerkleRoot[0])
					sum += uint64(header.Timestamp.Unix()) + uint64(header.Bits) + uint64(header.Nonce)
				}
				return sum
			},
			func() []byte { return payloadOf(decode(&wire.MsgHeaders{}, input)) },
		}
	}
	tasks["inv-read"] = func(input []byte, _ int) task {
		return task{
			func() uint64 {
				var sum uint64
				for _, entry := range inventory(input) {
					sum += uint64(entry.Type) + uint64(entry.Hash[0])
				}
				return sum
			},
			func() []byte { return payloadOf(decode(&wire.MsgInv{}, input)) },
		}
	}
	tasks["encode-block"] = func(input []byte, _ int) task {
		return encoding([]wire.Message{decodeBlock(input)})
	}
	tasks["encode-tx"] = func(input []byte, _ int) task {
		var messages []wire.Message
		for _, part := range split(input) {
			messages = append(messages, decodeTx(part))
		}
		return encoding(messages)
	}
	tasks["encode-inv"] = func(input []byte, _ int) task {
		return encoding([]wire.Message{decode(&wire.MsgInv{}, input)})
	}
	tasks["stream"] = stream
	// What btcd's peer reads with; what it does with a message comes on top.
	tasks["peer"] = stream
}
