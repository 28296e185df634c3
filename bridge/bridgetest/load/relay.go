// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package load

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strconv"
	"sync"

	"github.com/gorilla/websocket"
)

// Relay passes messages on over the same sockets, and does nothing else: it
// decides nothing, keeps nothing and forgets who is away. It is the floor under
// the bridge.
type Relay struct {
	mu sync.RWMutex // guards the following field

	lines map[string]*relayLine
}

type relayLine struct {
	mu sync.Mutex
	ws *websocket.Conn
}

func (l *relayLine) write(message []byte) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.ws.WriteMessage(websocket.TextMessage, message)
}

var plain = websocket.Upgrader{CheckOrigin: func(*http.Request) bool { return true }}

// ServeHTTP takes a connection. Its first frame says who it is and to whom its
// messages go.
func (r *Relay) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	ws, err := plain.Upgrade(w, req, nil)
	if err != nil {
		return
	}
	defer func() { _ = ws.Close() }()
	var first struct {
		ID   uint32 `json:"id"`
		Data struct {
			Me string `json:"me"`
			To string `json:"to"`
		} `json:"d"`
	}
	_, message, err := ws.ReadMessage()
	if err != nil || json.Unmarshal(message, &first) != nil {
		return
	}
	mine := &relayLine{ws: ws}
	r.mu.Lock()
	if r.lines == nil {
		r.lines = map[string]*relayLine{}
	}
	r.lines[first.Data.Me] = mine
	r.mu.Unlock()
	if mine.write(ok(nil, uint64(first.ID))) != nil {
		return
	}
	for {
		_, message, err := ws.ReadMessage()
		if err != nil {
			return
		}
		r.mu.RLock()
		to := r.lines[first.Data.To]
		r.mu.RUnlock()
		_, data, found := bytes.Cut(message, []byte(`,"d":`))
		if to == nil || !found {
			return
		}
		push := append([]byte(`{"t":"message","d":`), data...)
		if to.write(push) != nil || mine.write(ok(nil, number(message, `"id":`))) != nil {
			return
		}
	}
}

func ok(dst []byte, id uint64) []byte {
	return append(strconv.AppendUint(append(dst, `{"id":`...), id, 10), `,"ok":{}}`...)
}

// Plain holds connections in the usual way: gorilla's defaults, and a goroutine
// each for reading and writing. It is what idle connections are compared with.
func Plain(w http.ResponseWriter, r *http.Request) {
	ws, err := plain.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	out := make(chan []byte, 16)
	go func() {
		for message := range out {
			if ws.WriteMessage(websocket.TextMessage, message) != nil {
				return
			}
		}
	}()
	defer close(out)
	for {
		_, message, err := ws.ReadMessage()
		if err != nil {
			return
		}
		out <- ok(nil, number(message, `"id":`))
	}
}
