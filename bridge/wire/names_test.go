// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package wire_test

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/brobygger/brobygger/bridge/wire"
)

func TestNothingThatTheBridgeSendsCanBeNullButAList(t *testing.T) {
	seen := map[reflect.Type]bool{}
	var walk func(typ reflect.Type)
	walk = func(typ reflect.Type) {
		for slices.Contains([]reflect.Kind{reflect.Pointer, reflect.Slice}, typ.Kind()) {
			typ = typ.Elem()
		}
		if typ.Kind() != reflect.Struct || typ == reflect.TypeFor[time.Time]() || seen[typ] {
			return
		}
		seen[typ] = true
		for f := range typ.Fields() {
			tag := f.Tag.Get("json")
			if tag == "-" {
				continue
			}
			switch f.Type.Kind() {
			case reflect.Pointer, reflect.Map, reflect.Interface:
				if !strings.Contains(tag, ",omit") {
					t.Errorf("%v.%s would be null, and go out as []", typ, f.Name)
				}
			}
			if f.Type.Kind() != reflect.Map {
				walk(f.Type)
			}
		}
	}
	for _, s := range wire.Commands {
		if s.OK != nil {
			walk(s.OK)
		}
	}
	for _, s := range wire.Pushes {
		if s.Data != nil {
			walk(s.Data)
		}
	}
	walk(reflect.TypeFor[wire.Error]())
	if len(seen) < 40 {
		t.Fatalf("walked %d types only", len(seen))
	}
}

// Names that fold to another of ours would make the refusal of capitals a hole.
func TestEveryNameThatAClientMayWriteIsPlain(t *testing.T) {
	seen := map[reflect.Type]bool{}
	var walk func(typ reflect.Type)
	walk = func(typ reflect.Type) {
		for typ.Kind() == reflect.Pointer || typ.Kind() == reflect.Slice {
			typ = typ.Elem()
		}
		if typ.Kind() != reflect.Struct || typ == reflect.TypeFor[time.Time]() || seen[typ] {
			return
		}
		seen[typ] = true
		for f := range typ.Fields() {
			tag, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			if tag == "" || strings.Trim(tag, "abcdefghijklmnopqrstuvwxyz0123456789_") != "" {
				t.Errorf("%v.%s is %q on the wire", typ, f.Name, tag)
			}
			if f.Type.Kind() == reflect.Map || f.Type.Kind() == reflect.Interface {
				t.Errorf("%v.%s takes any name", typ, f.Name)
			}
			walk(f.Type)
		}
	}
	for _, s := range wire.Commands {
		walk(s.Data)
	}
	if len(seen) < 20 {
		t.Fatalf("walked %d types only", len(seen))
	}
}
