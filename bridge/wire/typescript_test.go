// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package wire_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/bridge/wire"
)

// clients/kit/wire.ts is written from the Go types by this test.

const typescriptFile = "../../clients/kit/wire.ts"

func TestTypeScriptIsWhatTheGoTypesSay(t *testing.T) {
	got := generate(t)
	if *update {
		if err := os.WriteFile(typescriptFile, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(typescriptFile)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("wire.ts has drifted (-want +got; rewrite with -update):\n%s", diff)
	}
}

// typescript collects what the file will hold.
type typescript struct {
	t      *testing.T
	values map[string][]string // of named string types, by package path and name
	docs   map[string]string   // of types
	done   map[reflect.Type]bool
	names  map[string]reflect.Type
	body   strings.Builder
}

// reader has read comments and constants of the three packages with words of the
// wire.
func reader(t *testing.T) *typescript {
	ts := &typescript{t: t, values: map[string][]string{}, docs: map[string]string{}, done: map[reflect.Type]bool{}, names: map[string]reflect.Type{}}
	for dir, pkg := range map[string]string{
		"..": reflect.TypeFor[bridge.Code]().PkgPath(), ".": reflect.TypeFor[wire.Command]().PkgPath(),
		"../ledger": reflect.TypeFor[bridge.Code]().PkgPath() + "/ledger",
	} {
		ts.read(dir, pkg)
	}
	return ts
}

func generate(t *testing.T) string {
	ts := reader(t)
	for _, s := range wire.Commands {
		ts.ref(s.Data)
		if s.OK != nil {
			ts.ref(s.OK)
		}
	}
	for _, s := range wire.Pushes {
		if s.Data != nil {
			ts.ref(s.Data)
		}
	}
	ts.ref(reflect.TypeFor[wire.Error]())
	return header + ts.tables() + ts.body.String()
}

const header = `// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

// The frames of brobygger.v1. Written from the Go types of bridge/wire by
// ` + "`go test ./bridge/wire -update`" + `; do not edit. The contract in prose is
// docs/protocol.md.

`

// read collects doc comments, and the values of named string types.
func (ts *typescript) read(dir, pkg string) {
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		ts.t.Fatal(err)
	}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ParseComments)
		if err != nil {
			ts.t.Fatal(err)
		}
		for _, d := range f.Decls {
			g, ok := d.(*ast.GenDecl)
			if !ok {
				continue
			}
			for _, spec := range g.Specs {
				switch s := spec.(type) {
				case *ast.TypeSpec:
					ts.docs[pkg+"."+s.Name.Name] = g.Doc.Text()
				case *ast.ValueSpec:
					ts.constant(pkg, g, s)
				}
			}
		}
	}
}

func (ts *typescript) constant(pkg string, g *ast.GenDecl, s *ast.ValueSpec) {
	of, ok := s.Type.(*ast.Ident)
	if g.Tok != token.CONST || !ok || len(s.Values) != 1 {
		return
	}
	lit, ok := s.Values[0].(*ast.BasicLit)
	if !ok || lit.Kind != token.STRING {
		return
	}
	value, err := strconv.Unquote(lit.Value)
	if err != nil {
		ts.t.Fatal(err)
	}
	ts.values[pkg+"."+of.Name] = append(ts.values[pkg+"."+of.Name], value)
}

// ref returns the TypeScript for a use of typ, and declares what it names.
func (ts *typescript) ref(typ reflect.Type) string {
	switch {
	case typ == reflect.TypeFor[time.Time]():
		return "Time"
	case typ.Name() != "" && typ.PkgPath() != "":
		ts.declare(typ)
		return ts.name(typ)
	}
	switch typ.Kind() {
	case reflect.Pointer:
		return ts.ref(typ.Elem())
	case reflect.Slice:
		if typ == reflect.TypeFor[[]byte]() {
			return "string"
		}
		return ts.ref(typ.Elem()) + "[]"
	case reflect.String:
		return "string"
	case reflect.Bool:
		return "boolean"
	case reflect.Int, reflect.Int64, reflect.Uint64, reflect.Uint32:
		return "number"
	}
	ts.t.Fatalf("no TypeScript for %v", typ)
	return ""
}

// name is the Go name. Two types of one name, or a name that TypeScript has
// taken, would be a mistake in a client.
func (ts *typescript) name(typ reflect.Type) string {
	name := typ.Name()
	switch {
	case typ == reflect.TypeFor[wire.Event]():
		return "DurablePush"
	case typ == reflect.TypeFor[wire.Error]():
		return "WireError"
	case typ.PkgPath() == reflect.TypeFor[bridge.Code]().PkgPath()+"/ledger":
		return map[string]string{"Entry": "LedgerEntry", "Kind": "EntryKind"}[name]
	}
	if other, taken := ts.names[name]; taken && other != typ {
		ts.t.Fatalf("%v and %v have one name", typ, other)
	}
	ts.names[name] = typ
	return name
}

func (ts *typescript) declare(typ reflect.Type) {
	if ts.done[typ] {
		return
	}
	ts.done[typ] = true
	if typ == reflect.TypeFor[wire.Event]() {
		return // one of the pushes, and declared with them
	}
	doc := comment("", ts.docs[typ.PkgPath()+"."+typ.Name()])
	name := ts.name(typ)
	var text string
	switch typ.Kind() {
	case reflect.String:
		text = fmt.Sprintf("%sexport type %s = %s;\n\n", doc, name, ts.union(typ))
	case reflect.Struct:
		text = doc + ts.structure(name, typ)
	case reflect.Int: // time.Weekday
		text = fmt.Sprintf("/** 0 is Sunday. */\nexport type %s = 0 | 1 | 2 | 3 | 4 | 5 | 6;\n\n", name)
	default:
		ts.t.Fatalf("no TypeScript for %v", typ)
	}
	ts.body.WriteString(text)
}

// union is the values of a named string type: open for codes, since the policy
// has more, and string for what has no list.
func (ts *typescript) union(typ reflect.Type) string {
	if typ == reflect.TypeFor[bridge.Code]() {
		return "ErrorCode | (string & {})"
	}
	values := ts.values[typ.PkgPath()+"."+typ.Name()]
	if len(values) == 0 {
		return "string"
	}
	return quoted(values)
}

func quoted(values []string) string {
	var all []string
	for _, v := range values {
		all = append(all, strconv.Quote(v))
	}
	return strings.Join(all, " | ")
}

func (ts *typescript) structure(name string, typ reflect.Type) string {
	var fields, parents []string
	for f := range typ.Fields() {
		tag, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		if tag == "-" {
			continue
		}
		if f.Anonymous && tag == "" {
			parents = append(parents, ts.ref(f.Type))
			continue
		}
		if tag == "" {
			ts.t.Fatalf("%v.%s has no name on the wire", typ, f.Name)
		}
		if strings.Contains(options, "omit") {
			tag += "?"
		}
		fields = append(fields, fmt.Sprintf("  %s: %s;\n", tag, ts.ref(f.Type)))
	}
	head := "export interface " + name
	if len(parents) > 0 {
		head += " extends " + strings.Join(parents, ", ")
	}
	if len(fields) == 0 && len(parents) == 0 {
		return "export type " + name + " = Record<string, never>;\n\n"
	}
	return head + " {\n" + strings.Join(fields, "") + "}\n\n"
}

func comment(indent, text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	switch {
	case text == "":
		return ""
	case len(lines) == 1:
		return indent + "/** " + lines[0] + " */\n"
	}
	return indent + "/**\n" + indent + " * " + strings.Join(lines, "\n"+indent+" * ") + "\n" + indent + " */\n"
}

// tables writes the constants, and the frames as discriminated unions.
func (ts *typescript) tables() string {
	var b strings.Builder
	fmt.Fprintf(&b, "export const SUBPROTOCOL = %q;\n\n", wire.Subprotocol)
	b.WriteString("/** RFC 3339. */\nexport type Time = string;\n\n")
	fmt.Fprintf(&b, "/** Times, in milliseconds. */\nexport const TIMES = {\n")
	for _, t := range []struct {
		name string
		d    time.Duration
	}{
		{"auth", wire.AuthTimeout},
		{"ping", wire.PingEvery},
		{"pong", wire.PongTimeout},
		{"fresh", wire.Fresh},
		{"typingLifetime", wire.TypingLifetime},
		{"typingEvery", wire.TypingEvery},
		{"backoffFirst", wire.BackoffFirst},
		{"backoffLongest", wire.BackoffLongest},
		{"command", wire.CommandTimeout},
	} {
		fmt.Fprintf(&b, "  %s: %d,\n", t.name, t.d.Milliseconds())
	}
	b.WriteString("} as const;\n\n/** Sizes: see docs/protocol.md. */\nexport const LIMITS = {\n")
	for _, l := range []struct {
		name string
		n    int
	}{
		{"message", wire.MaxMessage},
		{"beforeAuth", wire.MaxBeforeAuth},
		{"frames", wire.MaxFrames},
		{"depth", wire.MaxDepth},
		{"body", bridge.MaxBody},
		{"parts", bridge.MaxParts},
		{"attachment", bridge.MaxAttachment},
		{"members", bridge.MaxMembers},
		{"claims", wire.MaxClaims},
		{"sync", wire.MaxSync},
		{"history", wire.MaxHistory},
		{"entries", wire.MaxEntries},
		{"list", wire.MaxList},
		{"watch", wire.MaxWatch},
	} {
		fmt.Fprintf(&b, "  %s: %d,\n", l.name, l.n)
	}
	b.WriteString("} as const;\n\n/** Close codes. 4000 to 4499: come back. 4500 to 4999: stop. */\nexport const CLOSE = {\n")
	for _, c := range wire.Closes {
		fmt.Fprintf(&b, "  /** %s */\n  %s: %d,\n", c.Doc, c.Reason, c.Code)
	}
	b.WriteString("} as const;\n\nexport type CloseCode = (typeof CLOSE)[keyof typeof CLOSE];\n\n")
	b.WriteString("/** Whether a client may connect again after this close code. */\n" +
		"export function comeBack(code: number): boolean {\n  return code < 4500 || code > 4999;\n}\n\n")
	var known []string
	for _, c := range codes() {
		known = append(known, string(c))
	}
	fmt.Fprintf(&b, "export type ErrorCode = %s;\n\n", quoted(known))
	b.WriteString("/** Whether the same command may succeed later by itself. */\nexport const RETRY: Record<ErrorCode, boolean> = {\n")
	for _, c := range codes() {
		fmt.Fprintf(&b, "  %s: %v,\n", c, bridge.Outcomes[c].Retry)
	}
	b.WriteString("};\n\n")
	ts.list(&b, "TOPICS", "Topic", bridge.Topics)
	ts.list(&b, "PURPOSES", "Purpose", bridge.Purposes)
	ts.commands(&b)
	ts.pushes(&b)
	b.WriteString(frames)
	return b.String()
}

func (ts *typescript) list(b *strings.Builder, name, of string, values any) {
	var all []string
	for _, v := range reflect.ValueOf(values).Seq2() {
		all = append(all, strconv.Quote(v.String()))
	}
	fmt.Fprintf(b, "export const %s: readonly %s[] = [%s];\n\n", name, of, strings.Join(all, ", "))
}

func (ts *typescript) commands(b *strings.Builder) {
	b.WriteString("/** What each command holds (d), and what answers it (ok). */\nexport interface Commands {\n")
	for _, s := range wire.Commands {
		ok := "never"
		if s.Answered() {
			ok = ts.ref(s.OK)
		}
		fmt.Fprintf(b, "%s  %q: { d: %s; ok: %s };\n", comment("  ", s.Doc), s.Type, ts.ref(s.Data), ok)
	}
	b.WriteString("}\n\n")
	var silent []string
	for _, s := range wire.Commands {
		if !s.Answered() {
			silent = append(silent, string(s.Type))
		}
	}
	fmt.Fprintf(b, "export type CommandType = keyof Commands;\n\n/** Commands that have no id and are not answered. */\nexport type Unanswered = %s;\n\nexport type Answered = Exclude<CommandType, Unanswered>;\n\n", quoted(silent))
}

func (ts *typescript) pushes(b *strings.Builder) {
	b.WriteString("/** What each push holds (d). */\nexport interface Pushes {\n")
	var lasting, passing []string
	for _, s := range wire.Pushes {
		d := "undefined"
		if s.Data != nil {
			d = ts.ref(s.Data)
		}
		fmt.Fprintf(b, "%s  %q: %s;\n", comment("  ", s.Doc), s.Type, d)
		if s.Durable {
			lasting = append(lasting, string(s.Type))
		} else if s.Type != wire.PushPoke {
			passing = append(passing, string(s.Type))
		}
	}
	fmt.Fprintf(b, "}\n\nexport type PushType = keyof Pushes;\n\n/** Pushes that are events of the party's log, and carry n. */\nexport type DurableType = %s;\n\nexport type EphemeralType = %s;\n\n", quoted(lasting), quoted(passing))
}

const frames = `/** A command frame: b is the client's own counter, and grows with each frame. */
export type Command =
  | { [T in Answered]: { id: number; t: T; b: number; d: Commands[T]["d"] } }[Answered]
  | { [T in Unanswered]: { t: T; b: number; d: Commands[T]["d"] } }[Unanswered];

/** The answer to a ping. */
export interface SignOfLife {
  b: number;
}

export type Reply<T extends Answered = Answered> =
  | { id: number; b?: number; ok: Commands[T]["ok"]; err?: undefined }
  | { id: number; err: WireError; ok?: undefined };

/** A push that is an event of the party's log; b is there when it has content. */
export type DurablePush = { [T in DurableType]: { t: T; n: number; b?: number; d: Pushes[T] } }[DurableType];

export interface Poke {
  t: "poke";
  n: number;
}

export type EphemeralPush = { [T in EphemeralType]: { t: T; d: Pushes[T] } }[EphemeralType];

export type Push = DurablePush | Poke | EphemeralPush;

/** Asks for a sign of life. */
export type Ping = Record<string, never>;

export type ServerFrame = Reply | Push | Ping;

/** Reads the frames of one message; a message may hold several, one in a line. */
export function readFrames(message: string): ServerFrame[] {
  return message
    .split("\n")
    .filter((line) => line.trim() !== "")
    .map((line) => JSON.parse(line) as ServerFrame);
}

export function isReply(frame: ServerFrame): frame is Reply {
  return "id" in frame;
}

export function isPush(frame: ServerFrame): frame is Push {
  return "t" in frame;
}

export function isPing(frame: ServerFrame): frame is Ping {
  return !("id" in frame) && !("t" in frame);
}

/** Whether a push is an event of the party's log. */
export function isDurable(push: Push): push is DurablePush {
  return "n" in push && push.t !== "poke";
}

`
