package leyden

// Runs calls of the tested code and says what came of each, one JSON object a line: the main program of a probe, a test binary without tests.
// What can't be recovered from (an endless loop, a stack that is used up) ends the probe; who started it goes on behind that input.
//
//	probe REQUEST ANSWERS
//
// request: mode, milliseconds a call may take, probes that were reached before, inputs, mutants each with its number and inputs
// modes:   explore  which inputs reach a probe that none did before
//          confirm  every input twice, with all that it reaches and what it gives
//          mutants  which input tells which mutant from the original

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"reflect"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

const (
	leydenTextMax    = 1500 // What is longer makes no readable test.
	leydenStackBytes = 64 << 20
	leydenAgain      = 8 // How often a call is made anew that does not give the same twice.
	leydenSteady     = 4 // Runs that all notice a mutant where answers vary: it is no accident.
	leydenWallMax    = 3 * time.Second
	leydenIdleTicks  = 40 // Without work a call waits for what nobody does: a lock, a channel.
	leydenIdleTime   = 10 * time.Millisecond
)

// What is called: a function, or a method's expression with what makes its object.
type leydenCallable struct {
	function reflect.Value
	maker    reflect.Value // A function; none: `object` is read.
	object   reflect.Type
	pointer  bool // The method belongs to the pointer.
	names    []string
	told     bool // What it does is told by other methods: it gives nothing itself.
}

type leydenInput struct {
	function int
	text     string
}

type leydenAnswer struct {
	Outcome string            `json:"outcome"`
	Form    string            `json:"form,omitempty"`
	Text    string            `json:"text,omitempty"`
	Error   string            `json:"error,omitempty"`
	Raised  int               `json:"raised,omitempty"`
	Changed map[string]string `json:"changed,omitempty"`
}

func (answer leydenAnswer) told() string {
	text, _ := json.Marshal(answer)
	return string(text)
}

func TestMain(*testing.M) {
	text, err := os.ReadFile(os.Args[1])
	if err != nil {
		os.Exit(9)
	}
	file, err := os.OpenFile(os.Args[2], os.O_WRONLY|os.O_CREATE|os.O_TRUNC|os.O_APPEND, 0644)
	if err != nil {
		os.Exit(9)
	}
	debug.SetMaxStack(leydenStackBytes)
	probe := &leydenProbe{in: &leydenRequest{text: string(text)}, answers: file}
	os.Stdout, _ = os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	probe.run()
	os.Exit(0)
}

type leydenProbe struct {
	in      *leydenRequest
	answers *os.File
	limit   time.Duration
	inputs  []leydenInput
	seen    []bool

	lock     sync.Mutex
	busy     bool
	began    time.Time
	used     time.Duration // Processor time at its beginning.
	ticks    int           // Of the watch since then: few on a machine that is busy with others.
	overtime func() map[string]interface{}
}

func (probe *leydenProbe) answer(line map[string]interface{}) {
	text, err := json.Marshal(line)
	if err != nil {
		os.Exit(9)
	}
	if _, err := probe.answers.Write(append(text, '\n')); err != nil {
		os.Exit(9)
	}
}

func (probe *leydenProbe) run() {
	in := probe.in
	mode := in.string()
	probe.limit = time.Duration(in.number()) * time.Millisecond
	probe.seen = make([]bool, leydenProbesMax)
	for count := in.number(); count > 0; count-- {
		probe.seen[in.number()] = true
	}
	for count := in.number(); count > 0; count-- {
		function := int(in.number())
		size := int(in.number())
		in.next()
		probe.inputs = append(probe.inputs, leydenInput{function, in.text[in.at : in.at+size]})
		in.at += size
	}
	go probe.watch()
	probe.answer(map[string]interface{}{"loaded": probe.hits(true)})
	switch mode {
	case "explore":
		probe.explore()
	case "confirm":
		probe.confirm()
	case "mutants":
		probe.mutants()
	}
	probe.answer(map[string]interface{}{"done": true})
}

func leydenProcessorTime() time.Duration {
	var usage syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &usage) != nil {
		return 0
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// A call can't be stopped from outside: its process is.
func (probe *leydenProbe) watch() {
	for {
		time.Sleep(10 * time.Millisecond)
		probe.lock.Lock()
		probe.ticks++
		used := leydenProcessorTime() - probe.used
		idle := probe.ticks > leydenIdleTicks && used < leydenIdleTime
		if probe.busy && (idle || used > probe.limit || time.Since(probe.began) > leydenWallMax) {
			probe.answer(probe.overtime())
			probe.answer(map[string]interface{}{"ended": true})
			os.Exit(3)
		}
		probe.lock.Unlock()
	}
}

func (probe *leydenProbe) timed(call func()) float64 {
	begin := time.Now()
	probe.lock.Lock()
	probe.busy, probe.began, probe.used, probe.ticks = true, begin, leydenProcessorTime(), 0
	probe.lock.Unlock()
	call()
	probe.lock.Lock()
	probe.busy = false
	probe.lock.Unlock()
	return float64(time.Since(begin).Microseconds()) / 1000
}

func (probe *leydenProbe) hits(fresh bool) []int {
	out := []int{}
	for i, hit := range leydenHits {
		if hit == 0 || (fresh && probe.seen[i]) {
			continue
		}
		if fresh {
			probe.seen[i] = true
		}
		out = append(out, i)
	}
	return out
}

func leydenForget() {
	for i := range leydenHits {
		leydenHits[i] = 0
	}
}

// One call, with what comes before it.
func (probe *leydenProbe) call(input leydenInput) (out leydenAnswer) {
	ready := false
	leydenThrown = 0
	defer func() {
		caught := recover()
		if caught == nil {
			return
		}
		out = leydenAnswer{Outcome: "broken"}
		if !ready {
			return
		}
		out = leydenAnswer{Outcome: "error", Error: fmt.Sprint(caught), Raised: leydenThrown}
		if _, byItself := caught.(runtime.Error); byItself || len(out.Error) > 200 {
			out.Raised = 0
		}
	}()
	in := &leydenRequest{text: input.text}
	leydenSentTo = map[uintptr]reflect.Value{}
	callable := leydenCallables[input.function]
	var object reflect.Value
	if callable.object != nil || callable.maker.IsValid() {
		object = leydenMadeObject(in, callable)
	}
	for left := in.number(); left > 0; left-- {
		callable = leydenCallables[int(in.number())]
		arguments := leydenArguments(in, callable.function.Type(), object.IsValid())
		if object.IsValid() {
			receiver := object
			if !callable.pointer {
				receiver = object.Elem()
			}
			arguments = append([]reflect.Value{receiver}, arguments...)
		}
		if left > 1 {
			leydenCalled(callable.function, arguments)
			continue
		}
		before := leydenStates(callable, object, arguments)
		ready = true
		results := leydenCalled(callable.function, arguments)
		out = leydenResult(callable, results, before, leydenStates(callable, object, arguments))
	}
	return out
}

func leydenCalled(function reflect.Value, arguments []reflect.Value) []reflect.Value {
	if function.Type().IsVariadic() {
		return function.CallSlice(arguments)
	}
	return function.Call(arguments)
}

func leydenArguments(in *leydenRequest, function reflect.Type, method bool) []reflect.Value {
	in.number()
	first := 0
	if method {
		first = 1
	}
	var out []reflect.Value
	for i := first; i < function.NumIn(); i++ {
		out = append(out, leydenRead(in, function.In(i)))
	}
	return out
}

// A pointer to it.
func leydenMadeObject(in *leydenRequest, callable leydenCallable) reflect.Value {
	var made reflect.Value
	if callable.maker.IsValid() {
		results := leydenCalled(callable.maker, leydenArguments(in, callable.maker.Type(), false))
		made = results[0]
		if len(results) > 1 && !results[1].IsNil() {
			panic("no object")
		}
		if made.Kind() == reflect.Interface && !made.IsNil() {
			made = made.Elem()
		}
		if made.Kind() == reflect.Ptr {
			if made.IsNil() {
				panic("no object")
			}
			return made
		}
	} else if callable.object.Kind() == reflect.Struct {
		made = leydenRead(in, callable.object)
	} else {
		in.number()
		made = leydenRead(in, callable.object)
	}
	out := reflect.New(made.Type())
	out.Elem().Set(made)
	return out
}

// What was written to a buffer.
func leydenWritten(value reflect.Value) (string, bool) {
	if !value.CanInterface() {
		return "", false
	}
	switch buffer := value.Interface().(type) {
	case *bytes.Buffer:
		return buffer.String(), buffer != nil
	case *strings.Builder:
		return buffer.String(), buffer != nil
	}
	return "", false
}

// What a call may change: its object, and what its arguments refer to.
func leydenStates(callable leydenCallable, object reflect.Value, arguments []reflect.Value) map[string]string {
	out := map[string]string{}
	add := func(name string, value reflect.Value) {
		if text, sayable := leydenText(value, 0); sayable {
			out[name] = text
		}
	}
	first := 0
	if object.IsValid() {
		first = 1
		if callable.pointer {
			add("object", object)
		}
	}
	for i, name := range callable.names {
		value := arguments[first+i]
		if buffer, ok := leydenWritten(value); ok {
			out[name] = strconv.Quote(buffer)
			continue
		}
		switch value.Kind() {
		case reflect.Chan:
			if sent := leydenSent(value); sent.IsValid() {
				add(name, sent)
			}
		case reflect.Interface: // A stand-in, or what else the package has there.
			if !value.IsNil() && value.Elem().Kind() == reflect.Ptr {
				add(name, value)
			}
		case reflect.Slice, reflect.Map, reflect.Ptr:
			if !value.IsNil() {
				add(name, value)
			}
		}
	}
	return out
}

func leydenResult(callable leydenCallable, results []reflect.Value, before, after map[string]string) leydenAnswer {
	out := leydenAnswer{Outcome: "value", Form: "results", Changed: map[string]string{}}
	claims := [][2]string{}
	size, said := 0, len(results) == 0 && !callable.told
	for _, result := range results {
		claim := leydenClaim(result)
		claims = append(claims, claim)
		size += len(claim[1])
		said = said || claim[0] != "any"
	}
	for name, text := range after {
		if before[name] != text || (name == "object" && len(results) == 0) {
			out.Changed[name] = text
			size += len(text)
		}
	}
	if size > leydenTextMax || (!said && len(out.Changed) == 0) {
		return leydenAnswer{Outcome: "unsayable"}
	}
	text, _ := json.Marshal(claims)
	out.Text = string(text)
	return out
}

func (probe *leydenProbe) explore() {
	for i, input := range probe.inputs {
		probe.overtime = func() map[string]interface{} {
			return map[string]interface{}{"input": i, "outcome": "time"}
		}
		leydenForget()
		var got leydenAnswer
		ms := probe.timed(func() { got = probe.call(input) })
		line := map[string]interface{}{"input": i, "outcome": got.Outcome, "ms": ms, "raised": got.Raised}
		if got.Outcome == "value" || (got.Outcome == "error" && got.Raised != 0) {
			if fresh := probe.hits(true); len(fresh) > 0 {
				line["fresh"] = fresh
			}
		}
		probe.answer(line)
	}
}

// What a test says must hold tomorrow, too.
func (probe *leydenProbe) callOnAnotherDay(input leydenInput, number int) (out leydenAnswer) {
	leydenShift = -time.Duration(34567890+3200107*number) * time.Second
	probe.timed(func() { out = probe.call(input) })
	leydenShift = 0
	return out
}

func (probe *leydenProbe) confirm() {
	for i, input := range probe.inputs {
		probe.overtime = func() map[string]interface{} {
			return map[string]interface{}{"input": i, "outcome": "time"}
		}
		leydenForget()
		var got leydenAnswer
		ms := probe.timed(func() { got = probe.call(input) })
		reached := probe.hits(false)
		told := got.told()
		others := []leydenAnswer{probe.callOnAnotherDay(input, 0)}
		stable := others[0].told() == told
		for !stable && got.Outcome == "value" && len(others) < leydenAgain {
			others = append(others, probe.callOnAnotherDay(input, len(others)))
		}
		line := map[string]interface{}{}
		if json.Unmarshal([]byte(told), &line) != nil {
			os.Exit(9)
		}
		line["input"], line["stable"], line["reached"], line["ms"] = i, stable, reached, ms
		if len(others) > 1 {
			line["others"] = others
		}
		probe.answer(line)
	}
}

// What a call gives without mutants. One that does not give the same twice has a result of certain kinds of letters, or at least one.
type leydenExpected struct {
	told   string
	varies bool
	kinds  string
}

func (answer leydenAnswer) kinds() string {
	if !strings.HasPrefix(answer.Text, `[["equal","\"`) {
		return ""
	}
	return strings.Map(func(letter rune) rune {
		switch {
		case letter >= 'A' && letter <= 'Z':
			return 'A'
		case letter >= 'a' && letter <= 'z':
			return 'a'
		case letter >= '0' && letter <= '9':
			return '0'
		}
		return letter
	}, answer.Text)
}

func (probe *leydenProbe) expected(input leydenInput) leydenExpected {
	probe.overtime = func() map[string]interface{} { return map[string]interface{}{} }
	var first leydenAnswer
	probe.timed(func() { first = probe.call(input) })
	out := leydenExpected{told: first.told(), kinds: first.kinds()}
	for i := 1; i == 1 || (out.varies && i <= leydenAgain); i++ {
		again := probe.callOnAnotherDay(input, i)
		out.varies = out.varies || again.told() != out.told
		if again.kinds() != out.kinds {
			out.kinds = ""
		}
	}
	return out
}

func (answer leydenAnswer) meets(expected leydenExpected) bool {
	if !expected.varies {
		return answer.told() == expected.told
	}
	return answer.Outcome == "value" && (expected.kinds == "" || answer.kinds() == expected.kinds)
}

func (probe *leydenProbe) mutants() {
	in := probe.in
	expected := make([]leydenExpected, len(probe.inputs))
	for i, input := range probe.inputs {
		expected[i] = probe.expected(input)
	}
	for count := in.number(); count > 0; count-- {
		leydenMutant = int(in.number())
		line := map[string]interface{}{"mutant": leydenMutant}
		killed := false
		for inputs := in.number(); inputs > 0; inputs-- {
			i := int(in.number())
			if killed {
				continue
			}
			probe.overtime = func() map[string]interface{} {
				return map[string]interface{}{"mutant": leydenMutant, "killer": i}
			}
			killed = true
			for run := 0; killed && (run == 0 || (expected[i].varies && run < leydenSteady)); run++ {
				probe.timed(func() { killed = !probe.call(probe.inputs[i]).meets(expected[i]) })
			}
			if killed {
				line["killer"] = i
			}
		}
		probe.answer(line)
	}
}

// ---- Requests. One letter for the kind, then what belongs to it: i-5 r1.5 b1 s3:abc l2 ... n
type leydenRequest struct {
	text string
	at   int
}

func (in *leydenRequest) next() byte {
	for in.at < len(in.text) && (in.text[in.at] == ' ' || in.text[in.at] == '\n') {
		in.at++
	}
	if in.at == len(in.text) {
		return 0
	}
	return in.text[in.at]
}

// A kind is read whatever it is: the number behind it counts.
func (in *leydenRequest) real() float64 {
	in.next()
	begin := in.at
	for in.at < len(in.text) && in.text[in.at] != ' ' && in.text[in.at] != '\n' && in.text[in.at] != ':' {
		in.at++
	}
	if in.at < begin+2 {
		return 0
	}
	out, _ := strconv.ParseFloat(in.text[begin+1:in.at], 64)
	return out
}

func (in *leydenRequest) number() int64 {
	if in.next() == 'r' {
		return int64(in.real())
	}
	begin := in.at
	for in.at < len(in.text) && in.text[in.at] != ' ' && in.text[in.at] != '\n' && in.text[in.at] != ':' {
		in.at++
	}
	if in.at < begin+2 {
		return 0
	}
	out, _ := strconv.ParseInt(in.text[begin+1:in.at], 10, 64)
	return out
}

func (in *leydenRequest) string() string {
	size := int(in.number())
	begin := in.at + 1
	in.at = begin + size
	return in.text[begin:in.at]
}
