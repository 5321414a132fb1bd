package leyden

// Values of Go as the probe reads them out of a request, and as tests say them.

import (
	"fmt"
	"math"
	"reflect"
	"sort"
	"strconv"
	"strings"
	"time"
	"unsafe"
)

const leydenDepthMax = 6
const leydenChannelRoom = 100

var leydenErrorType = reflect.TypeOf((*error)(nil)).Elem()
var leydenTimeType = reflect.TypeOf(time.Time{})

// Fields that may be hidden to reflection but are not to the package.
func leydenField(of reflect.Value, name string) reflect.Value {
	field := of.FieldByName(name)
	return reflect.NewAt(field.Type(), unsafe.Pointer(field.UnsafeAddr())).Elem()
}

// Channels of this call that are sent to, as they can be received from.
var leydenSentTo = map[uintptr]reflect.Value{}

// What was sent to one; not valid: nothing.
func leydenSent(to reflect.Value) (out reflect.Value) {
	from, ok := leydenSentTo[to.Pointer()]
	if !ok {
		return out
	}
	for {
		value, ok := from.TryRecv()
		if !ok {
			return out
		}
		if !out.IsValid() {
			out = reflect.MakeSlice(reflect.SliceOf(from.Type().Elem()), 0, 1)
		}
		out = reflect.Append(out, value)
	}
}

// What the table knows of a type: what implements it, its expressions, what is made of a text.
func leydenReadKnown(in *leydenRequest, kind reflect.Type) (out reflect.Value, known bool) {
	out = reflect.New(kind).Elem()
	if types, ok := leydenImplementations[kind]; ok && len(types) > 0 {
		if place := int(in.number()); place < len(types) {
			out.Set(leydenRead(in, types[place]))
			return out, true
		}
	}
	if choices, ok := leydenChoices[kind]; ok {
		if choice := choices[int(in.number())%len(choices)](); choice != nil {
			out.Set(reflect.ValueOf(choice).Convert(kind))
		}
		return out, true
	}
	made, known := leydenMadeOfText[kind]
	if known {
		text := ""
		if in.next() == 's' {
			text = in.string()
		}
		out.Set(reflect.ValueOf(made(text)).Convert(kind))
	}
	return out, known
}

func leydenRead(in *leydenRequest, kind reflect.Type) reflect.Value {
	out, known := leydenReadKnown(in, kind)
	if known {
		return out
	}
	switch kind.Kind() {
	case reflect.Bool:
		out.SetBool(in.number() != 0)
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		if in.next() == 's' {
			out.SetInt(int64(in.string()[0]))
		} else {
			out.SetInt(in.number())
		}
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		out.SetUint(uint64(in.number()))
	case reflect.Float32, reflect.Float64:
		if in.next() == 'r' {
			out.SetFloat(in.real())
		} else {
			out.SetFloat(float64(in.number()))
		}
	case reflect.String:
		out.SetString(in.string())
	case reflect.Ptr:
		if in.next() == 'n' {
			in.at++
			return out
		}
		out.Set(reflect.New(kind.Elem()))
		out.Elem().Set(leydenRead(in, kind.Elem()))
	case reflect.Slice:
		leydenReadSlice(in, out)
	case reflect.Array:
		for i, count := 0, int(in.number()); i < count; i++ {
			item := leydenRead(in, kind.Elem())
			if i < out.Len() {
				out.Index(i).Set(item)
			}
		}
	case reflect.Map:
		out.Set(reflect.MakeMap(kind))
		for count := in.number(); count > 1; count -= 2 {
			key := leydenRead(in, kind.Key())
			out.SetMapIndex(key, leydenRead(in, kind.Elem()))
		}
	case reflect.Struct:
		names := leydenFields[kind]
		for i, count := 0, int(in.number()); i < count; i++ {
			field := leydenField(out, names[i])
			field.Set(leydenRead(in, field.Type()))
		}
	case reflect.Chan:
		both := reflect.ChanOf(reflect.BothDir, kind.Elem())
		if in.next() == 'i' { // It is sent to.
			in.number()
			made := reflect.MakeChan(both, leydenChannelRoom)
			leydenSentTo[made.Pointer()] = made
			out.Set(made.Convert(kind))
			return out
		}
		count := int(in.number())
		made := reflect.MakeChan(both, count)
		for i := 0; i < count; i++ {
			made.Send(leydenRead(in, kind.Elem()))
		}
		made.Close()
		out.Set(made.Convert(kind))
	case reflect.Interface:
		if value := leydenReadAny(in); value != nil {
			out.Set(reflect.ValueOf(value))
		}
	}
	return out
}

func leydenReadSlice(in *leydenRequest, out reflect.Value) {
	kind := out.Type()
	if in.next() == 's' {
		text := in.string()
		if kind.Elem().Kind() == reflect.Uint8 {
			out.Set(reflect.ValueOf([]byte(text)).Convert(kind))
		} else {
			out.Set(reflect.ValueOf([]rune(text)).Convert(kind))
		}
		return
	}
	count := int(in.number())
	out.Set(reflect.MakeSlice(kind, count, count))
	for i := 0; i < count; i++ {
		out.Index(i).Set(leydenRead(in, kind.Elem()))
	}
}

func leydenReadAny(in *leydenRequest) interface{} {
	switch in.next() {
	case 'i':
		return int(in.number())
	case 'r':
		return in.real()
	case 'b':
		return in.number() != 0
	case 's':
		return in.string()
	}
	in.at++
	return nil
}

// As a test in the package names it.
func leydenTypeText(kind reflect.Type) string {
	text := kind.String()
	return strings.ReplaceAll(text, leydenPackage+".", "")
}

// What a test says of a result: how it is compared, and with what.
func leydenClaim(value reflect.Value) [2]string {
	kind := value.Type()
	if kind.Implements(leydenErrorType) && kind.Kind() == reflect.Interface {
		if value.IsNil() {
			return [2]string{"error", ""}
		}
		return [2]string{"error", strconv.Quote(value.Interface().(error).Error())}
	}
	switch kind.Kind() {
	case reflect.Float32, reflect.Float64:
		if math.IsNaN(value.Float()) {
			return [2]string{"nan", ""}
		}
	case reflect.Bool:
		if kind.Name() == "bool" {
			return [2]string{"bool", strconv.FormatBool(value.Bool())}
		}
	case reflect.Slice, reflect.Map, reflect.Ptr, reflect.Interface, reflect.Func, reflect.Chan:
		if value.IsNil() {
			return [2]string{"nil", ""}
		}
	}
	text, sayable := leydenText(value, 0)
	if !sayable {
		switch kind.Kind() {
		case reflect.Ptr, reflect.Interface, reflect.Func, reflect.Chan:
			return [2]string{"set", ""}
		}
		return [2]string{"any", ""}
	}
	switch kind.Kind() {
	case reflect.Slice, reflect.Map, reflect.Ptr, reflect.Interface, reflect.Struct, reflect.Array:
		return [2]string{"deep", text}
	}
	return [2]string{"equal", text}
}

// An expression of that type.
func leydenText(value reflect.Value, depth int) (string, bool) {
	if !value.IsValid() {
		return "nil", true
	}
	kind := value.Type()
	switch kind.Kind() {
	case reflect.Struct, reflect.Slice, reflect.Array, reflect.Map, reflect.Ptr, reflect.Interface:
		return leydenItem(value, depth, false)
	}
	text, sayable := leydenItem(value, depth, false)
	plain := kind.Name() == "int" || kind.Name() == "string" || kind.Name() == "bool"
	if plain && kind.PkgPath() == "" || !sayable {
		return text, sayable
	}
	if kind.Kind() == reflect.Float64 && kind.PkgPath() == "" && strings.ContainsAny(text, ".e(") {
		return text, true
	}
	if kind.Kind() == reflect.Int32 && kind.PkgPath() == "" && strings.HasPrefix(text, "'") {
		return text, true
	}
	if names, ok := leydenNames[kind]; ok {
		for _, name := range names {
			if name == text {
				return text, true
			}
		}
	}
	return leydenTypeText(kind) + "(" + text + ")", true
}

// A structure of another package: times, in the zone that every machine has.
func leydenForeignText(of reflect.Value) (string, bool) {
	if of.Type() != leydenTimeType || !of.CanInterface() {
		return "", false
	}
	value := of.Interface().(time.Time)
	if value.Location() != time.UTC || !reflect.DeepEqual(value, value.Round(0)) {
		return "", false
	}
	if value.IsZero() {
		return "time.Time{}", true
	}
	return fmt.Sprintf("time.Date(%d, %d, %d, %d, %d, %d, %d, time.UTC)", value.Year(), value.Month(), value.Day(),
		value.Hour(), value.Minute(), value.Second(), value.Nanosecond()), true
}

func leydenRealText(value float64) (string, bool) {
	if math.IsNaN(value) {
		return "", false
	}
	if math.IsInf(value, 0) {
		sign := 1
		if value < 0 {
			sign = -1
		}
		return fmt.Sprintf("math.Inf(%d)", sign), true
	}
	text := strconv.FormatFloat(value, 'g', -1, 64)
	if !strings.ContainsAny(text, ".e") {
		text += ".0"
	}
	return text, true
}

// Where its type is known; `elided`: a composite needs no type of its own.
func leydenItem(value reflect.Value, depth int, elided bool) (string, bool) {
	if depth > leydenDepthMax {
		return "", false
	}
	kind := value.Type()
	if kind.PkgPath() != "" && kind.PkgPath() != leydenPath && kind.Kind() == reflect.Struct {
		return leydenForeignText(value)
	}
	if choices, ok := leydenChoices[kind]; ok && kind.Kind() != reflect.Func && kind.Kind() != reflect.Interface {
		for i, make := range choices {
			choice := make()
			if fmt.Sprint(reflect.ValueOf(choice).Convert(kind)) == fmt.Sprint(value) && leydenSame(reflect.ValueOf(choice), value) {
				return leydenNames[kind][i], true
			}
		}
	}
	switch kind.Kind() {
	case reflect.Bool:
		return strconv.FormatBool(value.Bool()), true
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int64:
		return strconv.FormatInt(value.Int(), 10), true
	case reflect.Int32:
		if kind.PkgPath() == "" && value.Int() >= ' ' && value.Int() < 0x3000 {
			return strconv.QuoteRune(rune(value.Int())), true
		}
		return strconv.FormatInt(value.Int(), 10), true
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		return strconv.FormatUint(value.Uint(), 10), true
	case reflect.Float64, reflect.Float32:
		return leydenRealText(value.Float())
	case reflect.Complex64, reflect.Complex128:
		return fmt.Sprint(value.Complex()), true
	case reflect.String:
		return strconv.Quote(value.String()), true
	case reflect.Interface:
		if value.IsNil() {
			return "nil", true
		}
		return leydenText(value.Elem(), depth+1)
	case reflect.Ptr:
		return leydenPointerText(value, depth, elided)
	}
	return leydenCompositeText(value, depth, elided)
}

func leydenSame(a, b reflect.Value) bool {
	switch b.Kind() {
	case reflect.String:
		return a.Kind() == reflect.String && a.String() == b.String()
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return a.Convert(reflect.TypeOf(int64(0))).Int() == b.Int()
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return a.Convert(reflect.TypeOf(uint64(0))).Uint() == b.Uint()
	}
	return false
}

func leydenPointerText(value reflect.Value, depth int, elided bool) (string, bool) {
	if value.IsNil() {
		return "nil", true
	}
	switch value.Elem().Kind() {
	case reflect.Struct, reflect.Slice, reflect.Array, reflect.Map:
		text, sayable := leydenItem(value.Elem(), depth+1, elided)
		if elided {
			return text, sayable
		}
		return "&" + text, sayable && !strings.HasSuffix(text, "(nil)")
	}
	return "", false
}

func leydenCompositeText(value reflect.Value, depth int, elided bool) (string, bool) {
	kind := value.Type()
	name := leydenTypeText(kind)
	var parts []string
	add := func(before string, item reflect.Value, elide bool) bool {
		text, sayable := leydenItem(item, depth+1, elide)
		parts = append(parts, before+text)
		return sayable
	}
	switch kind.Kind() {
	case reflect.Slice, reflect.Array:
		if kind.Kind() == reflect.Slice && value.IsNil() {
			if depth > 0 {
				return "nil", true
			}
			return name + "(nil)", true
		}
		for i := 0; i < value.Len(); i++ {
			if !add("", value.Index(i), true) {
				return "", false
			}
		}
	case reflect.Map:
		if value.IsNil() {
			if depth > 0 {
				return "nil", true
			}
			return name + "(nil)", true
		}
		for _, key := range value.MapKeys() {
			text, sayable := leydenItem(key, depth+1, true)
			if !sayable || !add(text+": ", value.MapIndex(key), true) {
				return "", false
			}
		}
		sort.Strings(parts)
	case reflect.Struct:
		for i := 0; i < value.NumField(); i++ {
			if value.Field(i).IsZero() {
				continue
			}
			if !add(kind.Field(i).Name+": ", value.Field(i), false) {
				return "", false
			}
		}
	default: // Functions and channels.
		if value.IsNil() {
			return "nil", true
		}
		return "", false
	}
	if elided {
		name = ""
	}
	return name + "{" + strings.Join(parts, ", ") + "}", true
}
