package leyden

// What the probes that Leyden puts into a Go source call. One byte a probe; which mutant is on, from 0; the line of the last panic.

import (
	"os"
	"strconv"
	"syscall"
	"time"
)

const leydenProbesMax = 65536

var leydenHits = leydenOpenHits()
var leydenMutant = leydenChosenMutant()
var leydenThrown = 0
var leydenShift time.Duration // Of the wall clock.

// In runs of tests LEYDEN_HITS names a file that outlives whatever ends them.
func leydenOpenHits() []byte {
	path := os.Getenv("LEYDEN_HITS")
	if path == "" {
		return make([]byte, leydenProbesMax)
	}
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0644)
	if err == nil {
		err = file.Truncate(leydenProbesMax)
	}
	if err != nil {
		return make([]byte, leydenProbesMax)
	}
	hits, err := syscall.Mmap(int(file.Fd()), 0, leydenProbesMax, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_SHARED)
	if err != nil {
		return make([]byte, leydenProbesMax)
	}
	return hits
}

func leydenChosenMutant() int {
	number, err := strconv.Atoi(os.Getenv("LEYDEN_MUTANT"))
	if err != nil {
		return -1
	}
	return number
}

func leydenHit(probe int) { leydenHits[probe] = 1 }

func leydenIf(taken bool, yes, no int) bool {
	if taken {
		leydenHits[yes] = 1
	} else {
		leydenHits[no] = 1
	}
	return taken
}

func leydenNow() time.Time { return time.Now().Add(leydenShift) }

func leydenThrows(line int) { leydenThrown = line }

func leydenIs(mutant int) bool { return leydenMutant == mutant }
