// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package sqlite

import "encoding/binary"

// encoder appends to a document of numbers and strings.
type encoder []byte

func (e *encoder) number(n int64) { *e = binary.AppendVarint(*e, n) }

func (e *encoder) numbers(all ...int64) {
	for _, n := range all {
		e.number(n)
	}
}

func (e *encoder) text(s string) {
	*e = binary.AppendUvarint(*e, uint64(len(s)))
	*e = append(*e, s...)
}

// decoder reads what an encoder has written. Once something is missing it has
// failed, and gives zeros.
type decoder struct {
	doc    []byte
	failed bool
}

func (d *decoder) number() int64 {
	n, size := binary.Varint(d.doc)
	return n * int64(d.skip(size))
}

// skip goes on by so many bytes, and returns 1; 0 when they are not there.
func (d *decoder) skip(size int) int {
	if size <= 0 || size > len(d.doc) || d.failed {
		d.failed = true
		return 0
	}
	d.doc = d.doc[size:]
	return 1
}

func (d *decoder) numbers(count int) []int64 {
	all := make([]int64, count)
	for i := range all {
		all[i] = d.number()
	}
	return all
}

// bytes returns the next bytes, which are those of the document itself.
func (d *decoder) bytes(size int) []byte {
	if size == 0 {
		return nil
	}
	from := d.doc
	if d.skip(size) == 0 {
		return nil
	}
	return from[:size:size]
}

func (d *decoder) text() string {
	size, n := binary.Uvarint(d.doc)
	if d.skip(n) == 0 || size > uint64(len(d.doc)) {
		d.failed = true
		return ""
	}
	return string(d.bytes(int(size)))
}
