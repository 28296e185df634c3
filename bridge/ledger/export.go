// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package ledger

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"
)

// ExportForm is the form of an export: lines of JSON, the header and then the
// entries. docs/ledger.md says what a stranger's verifier needs to know.
const ExportForm = "brobygger ledger export v1"

// maxLine is the longest line of an export in bytes.
const maxLine = 1 << 20

// ExportHeader is the first line of an export. One of a patient holds the
// patient's entries in order of seq, each with its proof; one of the whole ledger
// every leaf in order.
type ExportHeader struct {
	Form       string    `json:"form"`
	Origin     string    `json:"origin"`
	Key        string    `json:"key"`                 // the log's verifier key; what counts is the one that the reader has from elsewhere
	Witnesses  []string  `json:"witnesses,omitempty"` // likewise
	Patient    string    `json:"patient,omitempty"`   // empty: the whole ledger
	Made       time.Time `json:"made"`
	Checkpoint string    `json:"checkpoint"`          // a signed note
	Statement  string    `json:"statement,omitempty"` // of a patient's: a signed note, see Statement
	Earlier    *Prefix   `json:"earlier,omitempty"`
}

// Prefix proves that the export's tree begins with an earlier one.
type Prefix struct {
	Size  uint64 `json:"size"`
	Proof []Hash `json:"proof"`
}

// ExportEntry is a line of an export. Its commitment is the SHA-256 of salt and
// entry; the hash of its leaf is LeafHash of that.
type ExportEntry struct {
	Leaf  uint64 `json:"leaf"`
	Seq   uint64 `json:"seq,omitempty"`   // a patient's export
	Tree  *Hash  `json:"tree,omitempty"`  // the whole: the leaf's hash, as the tree has it
	Salt  []byte `json:"salt,omitempty"`  // left out with the entry
	Entry string `json:"entry,omitempty"` // canonical JSON, byte for byte
	Proof []Hash `json:"proof,omitempty"` // a patient's export: the leaf's path
	// Withheld says of a line of the whole ledger why it has no salt and entry:
	// Erased or Untold. Where neither is said the entry is gone.
	Withheld string `json:"withheld,omitempty"`
}

// Why a line has no entry.
const (
	Erased = "erased" // its key was destroyed, on purpose
	Untold = "untold" // the export has hashes only
)

// Statement is what the log says about a patient's chain, so that a chain which
// was cut at its end does not go unseen.
type Statement struct {
	Origin  string
	Patient string
	Entries uint64   // how many the chain has in a tree of Size leaves
	Head    [32]byte // the chain's head behind the last of them
	Size    uint64
}

// Sign is the statement as a signed note of six lines: the export's form, origin,
// patient, number of entries, head, size of the tree.
func (s Statement) Sign(key *Signer) ([]byte, error) {
	text := fmt.Sprintf("%s\n%s\n%s\n%d\n%s\n%d\n", ExportForm, key.name, s.Patient, s.Entries, Hash(s.Head), s.Size)
	if strings.Count(text, "\n") != 6 || s.Patient == "" {
		return nil, errStatement
	}
	signed, err := note.Sign(&note.Note{Text: text}, key)
	if err != nil {
		return nil, fmt.Errorf("signing a statement: %w", err)
	}
	return signed, nil
}

var errStatement = errors.New("not a statement about a patient's chain")

// OpenStatement reads a statement that the log has signed.
func OpenStatement(signed []byte, log *Verifier) (s Statement, err error) {
	if len(signed) > MaxNote {
		return s, errStatement
	}
	n, err := openNote(signed, log, nil)
	if err != nil {
		return s, err
	}
	lines := strings.Split(n.Text, "\n")
	if len(lines) != 7 || lines[0] != ExportForm {
		return s, errStatement
	}
	s = Statement{Origin: lines[1], Patient: lines[2]}
	var err1, err2, err3 error
	s.Entries, err1 = strconv.ParseUint(lines[3], 10, 64)
	head, err2 := parseHash(lines[4])
	s.Head = head
	s.Size, err3 = parseSize(lines[5])
	if s.Origin != log.name || s.Patient == "" || errors.Join(err1, err2, err3) != nil {
		return Statement{}, errStatement
	}
	return s, nil
}

// ExportWriter writes an export, line by line.
type ExportWriter struct {
	b   *bufio.Writer
	enc *json.Encoder
}

// NewExport writes the header.
func NewExport(w io.Writer, h ExportHeader) (*ExportWriter, error) {
	h.Form = ExportForm
	b := bufio.NewWriter(w)
	enc := json.NewEncoder(b)
	enc.SetEscapeHTML(false)
	return &ExportWriter{b, enc}, enc.Encode(h)
}

// Write writes an entry.
func (w *ExportWriter) Write(e ExportEntry) error { return w.enc.Encode(e) }

// Close writes out what is left. It does not close the writer below.
func (w *ExportWriter) Close() error { return w.b.Flush() }

// exportReader reads an export's lines.
type exportReader struct {
	r      *bufio.Reader
	line   int
	begins bool // as an export does
}

// next decodes the next line; io.EOF when there is none.
func (r *exportReader) next(v any) error {
	line, err := r.r.ReadSlice('\n')
	if r.line == 0 {
		r.begins = bytes.HasPrefix(line, []byte(`{"form":`))
	}
	switch {
	case errors.Is(err, io.EOF) && len(line) == 0:
		return io.EOF
	case err != nil && !errors.Is(err, io.EOF):
		return fmt.Errorf("reading line %d of the export: %w", r.line+1, err)
	}
	r.line++
	if errors.Is(err, io.EOF) && !json.Valid(line) {
		return fmt.Errorf("%w in line %d", ErrCut, r.line)
	}
	if _, plain := v.(*ExportEntry); plain { // a million of them; a later version may say more
		if err := json.Unmarshal(line, v); err != nil {
			return fmt.Errorf("line %d is no line of an export", r.line)
		}
		return nil
	}
	d := json.NewDecoder(bytes.NewReader(line))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return fmt.Errorf("line %d is no line of an export", r.line)
	}
	if d.More() {
		return fmt.Errorf("line %d is no line of an export", r.line)
	}
	return nil
}

// What is not an export, or not all of one.
var (
	ErrEmpty     = errors.New("this file is empty: not an export")
	ErrNotExport = errors.New("this file is neither an export of a ledger nor a receipt")
	ErrCut       = errors.New("this file breaks off")
)

// openExport reads the header.
func openExport(r io.Reader) (*exportReader, ExportHeader, error) {
	e := &exportReader{r: bufio.NewReaderSize(r, maxLine)}
	var h ExportHeader
	switch err := e.next(&h); {
	case errors.Is(err, io.EOF):
		return nil, h, ErrEmpty
	case h.Form == "" && !e.begins:
		return nil, h, ErrNotExport
	case err != nil:
		return nil, h, err
	case h.Form != ExportForm:
		return nil, h, fmt.Errorf("not an export: its form is %.60q, want %q", h.Form, ExportForm)
	}
	return e, h, nil
}
