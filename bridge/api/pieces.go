// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package api

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/brobygger/brobygger/bridge"
)

// piece is a part of a file, [from, to).
type piece struct{ from, to int }

// pieceOf reads a Range (RFC 9110 section 14.1.2) over a file of size bytes. What
// is no range of bytes, or several, is nothing that was asked for: false. One that
// holds no byte of the file is an error.
func pieceOf(header string, size int) (p piece, ok bool, err error) {
	spec, isBytes := strings.CutPrefix(header, "bytes=")
	if !isBytes || strings.Contains(spec, ",") {
		return piece{}, false, nil
	}
	first, last, found := strings.Cut(strings.TrimSpace(spec), "-")
	if !found {
		return piece{}, false, nil
	}
	p = piece{to: size}
	switch {
	case first == "": // the last so many
		n, err := strconv.ParseUint(last, 10, 31)
		if err != nil {
			return piece{}, false, nil
		}
		p.from = max(0, size-int(n))
	default:
		from, err := strconv.ParseUint(first, 10, 31)
		if err != nil {
			return piece{}, false, nil
		}
		p.from = int(from)
		if last == "" {
			break
		}
		to, err := strconv.ParseUint(last, 10, 31)
		if err != nil || to < from {
			return piece{}, false, nil
		}
		p.to = min(size, int(to)+1)
	}
	if p.from >= size || p.from >= p.to {
		return piece{}, false, bridge.BadRequest("a range that lies behind the file")
	}
	return p, true, nil
}

// words are the piece's Content-Range.
func (p piece) words(size int) string { return fmt.Sprintf("bytes %d-%d/%d", p.from, p.to-1, size) }
