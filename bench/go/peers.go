package main

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"runtime"
	"strconv"
	"time"

	"github.com/btcsuite/btcd/chaincfg/v2"
	"github.com/btcsuite/btcd/peer"
	"github.com/btcsuite/btcd/wire/v2"
)

// config is of a peer that tells when the handshake is done.
func config(done func()) *peer.Config {
	return &peer.Config{
		UserAgentName:    "contestant",
		UserAgentVersion: "1.0.0",
		ChainParams:      &chaincfg.RegressionNetParams,
		TrickleInterval:  10 * time.Second,
		AllowSelfConns:   true,
		Listeners: peer.MessageListeners{
			OnVerAck: func(*peer.Peer, *wire.MsgVerAck) { done() },
		},
	}
}

// open answers an outbound peer behind its handshake.
func open(address string) *peer.Peer {
	done := make(chan struct{})
	outbound := must(peer.NewOutboundPeer(config(func() { close(done) }), address))
	outbound.AssociateConnection(must(net.Dial("tcp", address)))
	<-done
	return outbound
}

// resident is the memory that the process has, in bytes.
func resident() int {
	for range 4 {
		runtime.GC()
		time.Sleep(100 * time.Millisecond)
	}
	fields := bytes.Fields(must(os.ReadFile("/proc/self/statm")))
	return must(strconv.Atoi(string(fields[1]))) * os.Getpagesize()
}

const (
	// peers are open at the end, firstPeers before the first measurement.
	peers      = 5_000
	firstPeers = 100
)

func init() {
	tasks["handshake"] = func([]byte, int) task {
		listener := must(net.Listen("tcp", "127.0.0.1:0"))
		accepted := make(chan *peer.Peer, 1)
		go func() {
			for {
				done := make(chan struct{})
				inbound := peer.NewInboundPeer(config(func() { close(done) }))
				inbound.AssociateConnection(must(listener.Accept()))
				<-done
				accepted <- inbound
			}
		}()
		shakeHands := func() uint64 {
			outbound := open(listener.Addr().String())
			inbound := <-accepted
			outbound.Disconnect()
			outbound.WaitForDisconnect()
			inbound.WaitForDisconnect()
			return 1
		}
		return task{shakeHands, func() []byte { return []byte{byte(shakeHands())} }}
	}
	gauges["idle"] = func(port int) float64 {
		address := fmt.Sprintf("127.0.0.1:%d", port)
		kept := []*peer.Peer{}
		openTo := func(count int) {
			for len(kept) < count {
				kept = append(kept, open(address))
			}
		}
		openTo(firstPeers)
		before := resident()
		openTo(peers)
		after := resident()
		return float64(after-before) / float64(len(kept)-firstPeers) / 1000
	}
}
