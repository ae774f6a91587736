// Contestant: what rxpeer is measured beside, in Go. Its protocol is in ../README.md.
package main

import (
	"bufio"
	"crypto/sha256"
	"fmt"
	"os"
	"strconv"
	"syscall"
)

// task is one row's work over an input that was read before.
type task struct {
	// run does the work once and answers a number that all contestants must agree on.
	run func() uint64
	// digest answers everything that the work makes, so that all contestants can be compared.
	digest func() []byte
}

// tasks by name; each is made of the input's bytes and the row's argument.
var tasks = map[string]func(input []byte, argument int) task{}

// gauges measure something else than processor time, and answer it in the row's unit.
var gauges = map[string]func(argument int) float64{}

// cpu is the processor time of the whole process, with its garbage collector, in microseconds.
func cpu() int64 {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		panic(err)
	}
	micros := func(t syscall.Timeval) int64 { return t.Sec*1_000_000 + t.Usec }
	return micros(usage.Utime) + micros(usage.Stime)
}

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

// serveGauge answers what a gauge measures, once for each line.
func serveGauge(gauge func(int) float64) {
	argument := must(strconv.Atoi(os.Args[3]))
	fmt.Println("ready")
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		fmt.Println(gauge(argument), 0)
	}
}

func main() {
	if gauge, known := gauges[os.Args[1]]; known {
		serveGauge(gauge)
		return
	}
	build, known := tasks[os.Args[1]]
	if !known {
		fmt.Println("unknown")
		return
	}
	var input []byte
	if os.Args[2] != "-" {
		input = must(os.ReadFile(os.Args[2]))
	}
	work := build(input, must(strconv.Atoi(os.Args[3])))
	fmt.Println("ready")
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		var times int
		if lines.Text() == "digest" {
			fmt.Printf("%x\n", sha256.Sum256(work.digest()))
		} else if _, err := fmt.Sscanf(lines.Text(), "run %d", &times); err == nil {
			var result uint64
			before := cpu()
			for range times {
				result = work.run()
			}
			fmt.Println(cpu()-before, result)
		}
	}
}
