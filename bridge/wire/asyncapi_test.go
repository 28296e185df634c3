// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package wire_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"

	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/bridge/wire"
)

// docs/asyncapi.yaml is written from the Go types by this test, with the golden
// frames as its examples.

const asyncapiFile = "../../docs/asyncapi.yaml"

type object = map[string]any

func TestAsyncAPIIsWhatTheGoTypesSay(t *testing.T) {
	a := asyncapi{typescript: reader(t), schemas: object{}, messages: object{}, operations: object{}}
	var out bytes.Buffer
	out.WriteString("# SPDX-FileCopyrightText: 2026 The Brobygger authors\n# SPDX-License-Identifier: MPL-2.0\n\n" +
		"# Written from the Go types of bridge/wire by `go test ./bridge/wire -update`; do not edit.\n")
	enc := yaml.NewEncoder(&out)
	enc.SetIndent(2)
	if err := enc.Encode(a.document()); err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(asyncapiFile, out.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(asyncapiFile)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), out.String()); diff != "" {
		t.Errorf("asyncapi.yaml has drifted (-want +got; rewrite with -update):\n%s", diff)
	}
}

// asyncapi collects what the file will hold. It reads comments and constants as
// the TypeScript does.
type asyncapi struct {
	*typescript
	schemas, messages, operations object
}

func (a *asyncapi) document() object {
	for _, s := range wire.Commands {
		a.command(s)
	}
	for _, s := range wire.Pushes {
		a.push(s)
	}
	a.message("error", "A command was refused", object{
		"type": "object", "required": []string{"id", "err"},
		"properties": object{"id": a.id(), "err": a.schema(reflect.TypeFor[wire.Error]())},
	}, "error.consent_required")
	a.message("ping", "Asks for a sign of life", object{"type": "object", "maxProperties": 0}, "")
	a.message("pong", "A sign of life: the answer to a ping", object{
		"type": "object", "required": []string{"b"}, "properties": object{"b": a.beat()}, "additionalProperties": false,
	}, "")
	a.operation("receivePong", "receive", "The client is alive.", "pong")
	a.operation("sendPing", "send", "Is the client alive?", "ping")

	inChannel := object{}
	for name := range a.messages {
		inChannel[name] = object{"$ref": "#/components/messages/" + name}
	}
	return object{
		"asyncapi": "3.0.0",
		"info": object{
			"title": "Brobygger", "version": "1.0.0",
			"description": "The protocol " + wire.Subprotocol + " between the bridge and its clients. docs/protocol.md says in prose what stands here in types, and more: order, resuming, freshness, retrying.",
			"license":     object{"name": "MPL-2.0", "url": "https://www.mozilla.org/MPL/2.0/"},
			"contact":     object{"name": "The Brobygger authors", "url": "https://github.com/brobygger/brobygger"},
			"tags":        []object{{"name": "messaging"}},
		},
		"defaultContentType": "application/json",
		"servers": object{"bridge": object{
			"host": "bridge.example.org", "pathname": "/ws", "protocol": "wss", "protocolVersion": "13",
			"description": "Any node of a bridge. Sec-WebSocket-Protocol is " + wire.Subprotocol + ". The first command authenticates.",
		}},
		"channels": object{"socket": object{
			"address": "/", "title": "The socket", "description": "Text messages of one or more frames, with newlines between them.",
			"messages":      inChannel,
			"bindings":      object{"ws": object{"method": "GET", "bindingVersion": "0.1.0"}},
			"x-close-codes": closeCodes(),
			"x-error-codes": errorCodes(),
		}},
		"operations": a.operations,
		"components": object{"messages": a.messages, "schemas": a.schemas},
	}
}

func closeCodes() []object {
	var all []object
	for _, c := range wire.Closes {
		all = append(all, object{"code": c.Code, "reason": string(c.Reason), "description": c.Doc, "comeBack": wire.ComeBack(c.Code)})
	}
	return all
}

func errorCodes() []object {
	var all []object
	for _, code := range codes() {
		all = append(all, object{"code": string(code), "retry": bridge.Outcomes[code].Retry, "description": errorDocs[code]})
	}
	return all
}

func (a *asyncapi) id() object {
	return object{"type": "integer", "minimum": 1, "maximum": 1<<32 - 1, "description": "Grows within a connection."}
}

func (a *asyncapi) beat() object {
	return object{"type": "integer", "minimum": 1, "maximum": wire.MaxBeat, "description": "The client's own counter; grows with each frame of a connection."}
}

func (a *asyncapi) number() object {
	return object{"type": "integer", "minimum": 1, "maximum": wire.MaxBeat, "description": "Place in the party's log, without gaps."}
}

func (a *asyncapi) command(s wire.CommandSpec) {
	properties := object{"t": object{"const": string(s.Type)}, "b": a.beat(), "d": a.schema(s.Data)}
	required := []string{"t", "b"}
	if s.Answered() {
		properties["id"] = a.id()
		required = append(required, "id")
	}
	name := messageName("command", string(s.Type))
	a.message(name, s.Doc, object{"type": "object", "required": required, "properties": properties, "additionalProperties": false}, "command."+string(s.Type))
	o := a.operation("receive"+camel(string(s.Type)), "receive", s.Doc, name)
	if !s.Answered() {
		return
	}
	answer := messageName("reply", string(s.Type))
	a.message(answer, "The answer to "+string(s.Type), object{
		"type": "object", "required": []string{"id", "ok"},
		"properties": object{"id": a.id(), "b": a.beat(), "ok": a.schema(s.OK)},
	}, "reply."+string(s.Type))
	o["reply"] = object{
		"channel":  object{"$ref": "#/channels/socket"},
		"messages": []object{inSocket(answer), inSocket("error")},
	}
}

func (a *asyncapi) push(s wire.PushSpec) {
	properties := object{"t": object{"const": string(s.Type)}}
	required := []string{"t"}
	if s.Durable || s.Type == wire.PushPoke {
		properties["n"] = a.number()
		required = append(required, "n")
	}
	if s.Durable {
		properties["b"] = a.beat()
	}
	if s.Data != nil {
		properties["d"] = a.schema(s.Data)
		required = append(required, "d")
	}
	name := messageName("push", string(s.Type))
	a.message(name, s.Doc, object{"type": "object", "required": required, "properties": properties}, "push."+string(s.Type))
	a.operation("send"+camel(string(s.Type)), "send", s.Doc, name)
}

func (a *asyncapi) message(name, doc string, payload object, example string) {
	m := object{"name": name, "title": name, "summary": doc, "payload": payload}
	if example != "" {
		m["examples"] = []object{{"name": example, "payload": a.example(example)}}
	}
	a.messages[name] = m
}

func (a *asyncapi) example(name string) any {
	data, err := os.ReadFile(filepath.Join("testdata", name+".json"))
	if err != nil {
		a.t.Fatal(err)
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		a.t.Fatal(err)
	}
	return integers(v)
}

// integers makes numbers of YAML out of those of JSON.
func integers(v any) any {
	switch v := v.(type) {
	case json.Number:
		n, err := v.Int64()
		if err != nil {
			panic(err)
		}
		return n
	case object:
		for k, x := range v {
			v[k] = integers(x)
		}
	case []any:
		for i, x := range v {
			v[i] = integers(x)
		}
	}
	return v
}

func (a *asyncapi) operation(name, action, doc, message string) object {
	o := object{
		"action": action, "summary": doc,
		"channel":  object{"$ref": "#/channels/socket"},
		"messages": []object{inSocket(message)},
	}
	a.operations[name] = o
	return o
}

func inSocket(name string) object { return object{"$ref": "#/channels/socket/messages/" + name} }

func messageName(kind, t string) string { return kind + camel(t) }

// camel makes ConsentRequest of consent.request.
func camel(t string) string {
	var b strings.Builder
	for _, word := range strings.FieldsFunc(t, func(r rune) bool { return r == '.' || r == '_' }) {
		b.WriteString(strings.ToUpper(word[:1]) + word[1:])
	}
	return b.String()
}

// schema returns the JSON Schema for a use of typ.
func (a *asyncapi) schema(typ reflect.Type) object {
	switch {
	case typ == reflect.TypeFor[time.Time]():
		return object{"type": "string", "format": "date-time"}
	case typ == reflect.TypeFor[json.RawMessage]():
		return object{"description": "What the push of this type holds."}
	case typ.Kind() == reflect.Pointer:
		return a.schema(typ.Elem())
	case typ.Kind() == reflect.Slice:
		return object{"type": "array", "items": a.schema(typ.Elem())}
	case typ.Name() != "" && typ.PkgPath() != "":
		name := typ.Name()
		if typ.PkgPath() == reflect.TypeFor[bridge.Code]().PkgPath()+"/ledger" {
			name = map[string]string{"Entry": "LedgerEntry", "Kind": "EntryKind"}[name]
		}
		if _, done := a.schemas[name]; !done {
			a.schemas[name] = object{} // for a type that holds itself
			a.schemas[name] = a.named(typ)
		}
		return object{"$ref": "#/components/schemas/" + name}
	}
	switch typ.Kind() {
	case reflect.String:
		return object{"type": "string"}
	case reflect.Bool:
		return object{"type": "boolean"}
	case reflect.Uint64, reflect.Uint32:
		return object{"type": "integer", "minimum": 0}
	case reflect.Int, reflect.Int64:
		return object{"type": "integer"}
	}
	a.t.Fatalf("no schema for %v", typ)
	return nil
}

func (a *asyncapi) named(typ reflect.Type) object {
	s := object{}
	if doc := strings.TrimSpace(strings.ReplaceAll(a.docs[typ.PkgPath()+"."+typ.Name()], "\n", " ")); doc != "" {
		s["description"] = doc
	}
	switch typ.Kind() {
	case reflect.String:
		s["type"] = "string"
		if values := a.values[typ.PkgPath()+"."+typ.Name()]; len(values) > 0 && typ != reflect.TypeFor[bridge.Code]() {
			s["enum"] = values
		}
	case reflect.Int: // time.Weekday
		s["type"], s["minimum"], s["maximum"], s["description"] = "integer", 0, 6, "0 is Sunday."
	case reflect.Struct:
		properties, required := object{}, []string{}
		a.fields(typ, properties, &required)
		s["type"], s["properties"] = "object", properties
		if len(required) > 0 {
			s["required"] = required
		}
	default:
		a.t.Fatalf("no schema for %v", typ)
	}
	return s
}

func (a *asyncapi) fields(typ reflect.Type, properties object, required *[]string) {
	for f := range typ.Fields() {
		tag, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case tag == "-":
		case f.Anonymous && tag == "":
			a.fields(f.Type, properties, required)
		default:
			properties[tag] = a.schema(f.Type)
			if !strings.Contains(options, "omit") {
				*required = append(*required, tag)
			}
		}
	}
}

func TestAsyncAPIKnowsEveryWord(t *testing.T) {
	data, err := os.ReadFile(asyncapiFile)
	if err != nil {
		t.Fatal(err)
	}
	text := string(data)
	for _, s := range wire.Commands {
		if !strings.Contains(text, "const: "+string(s.Type)+"\n") {
			t.Errorf("command %s is not there", s.Type)
		}
	}
	for _, s := range wire.Pushes {
		if !strings.Contains(text, "const: "+string(s.Type)+"\n") {
			t.Errorf("push %s is not there", s.Type)
		}
	}
	for _, c := range wire.Closes {
		if !strings.Contains(text, fmt.Sprintf("code: %d\n", c.Code)) {
			t.Errorf("close code %d is not there", c.Code)
		}
	}
	for _, c := range codes() {
		if !strings.Contains(text, "code: "+string(c)+"\n") {
			t.Errorf("error %s is not there", c)
		}
	}
}
