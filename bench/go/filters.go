package main

import (
	"slices"

	"github.com/btcsuite/btcd/btcutil/v2/gcs"
	"github.com/btcsuite/btcd/btcutil/v2/gcs/builder"
	"github.com/btcsuite/btcd/chainhash/v2"
)

func init() {
	// For each query of so many scripts, whether the filter may have one of them. The input's parts: block hash,
	// filter, then the scripts.
	tasks["filter-match"] = func(input []byte, scripts int) task {
		parts := split(input)
		key := builder.DeriveKey((*chainhash.Hash)(parts[0]))
		any := func(query [][]byte) bool {
			filter := must(gcs.FromNBytes(builder.DefaultP, builder.DefaultM, parts[1]))
			if len(query) == 1 {
				return must(filter.Match(key, query[0]))
			}
			return must(filter.MatchAny(key, query))
		}
		matches := func() (all []byte) {
			for query := range slices.Chunk(parts[2:], scripts) {
				all = append(all, byte(yes(any(query))))
			}
			return all
		}
		return task{
			func() uint64 {
				var sum uint64
				for _, match := range matches() {
					sum += uint64(match)
				}
				return sum
			},
			matches,
		}
	}
}
