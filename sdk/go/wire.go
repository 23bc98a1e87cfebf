package tidemill

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"strconv"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

// Follows one map channel over a WebSocket of its own: the part of the client protocol, in JSON, that this needs.
// centrifuge-go has no maps yet; this can go when it has them. A connection that ends is made anew by whoever uses it,
// and reads the map from its beginning.

const (
	silence      = 10 * time.Second // beyond the server's own interval of pings
	messageBytes = 64 << 20

	mapType     = 1
	phaseLive   = 0
	phaseStream = 1
	phaseState  = 2
)

type update struct {
	Key     string
	Data    json.RawMessage
	Removed bool
	Tags    map[string]string
}

func (u update) order() float64 {
	order, _ := strconv.ParseFloat(u.Tags["order"], 64)
	return order
}

// The connection or the subscription is over. isFinal: trying again would end in the same way.
type ended struct {
	err     *Error
	isFinal bool
}

func (e *ended) Error() string { return e.err.Error() }

type reply struct {
	ID    uint32
	Error *struct {
		Code      uint32
		Message   string
		Temporary bool
	}
	Connect   *lease
	Refresh   *lease
	Subscribe *mapPage
	Push      *struct {
		Channel                 string
		Pub                     *update
		Unsubscribe, Disconnect *struct {
			Code   uint32
			Reason string
		}
	}
}

type lease struct {
	Ping    int
	Pong    bool
	Expires bool
	TTL     int
}

type mapPage struct {
	Phase               int
	Cursor, Epoch       string
	Offset              uint64
	State, Publications []update
}

type wire struct {
	socket   *websocket.Conn
	getToken func() (string, error)
	channel  string
	lines    [][]byte
	silence  time.Duration
	pong     bool
	refresh  *time.Timer
	mu       sync.Mutex // of what is below
	count    uint32
}

func dial(ctx context.Context, url string, getToken func() (string, error)) (*wire, error) {
	dialer := websocket.Dialer{HandshakeTimeout: answerTimeout}
	socket, _, err := dialer.DialContext(ctx, url, nil)
	if err != nil {
		return nil, err
	}
	socket.SetReadLimit(messageBytes)
	return &wire{socket: socket, getToken: getToken, silence: answerTimeout}, nil
}

func (w *wire) close() {
	if w.refresh != nil {
		w.refresh.Stop()
	}
	_ = w.socket.Close()
}

func (w *wire) connect() error {
	token, err := w.getToken()
	if err != nil {
		return err
	}
	answer, err := w.call("connect", map[string]any{"token": token, "name": "tidemill-go"})
	if err != nil {
		return err
	}
	if answer.Connect == nil {
		return errors.New("the server has answered without a connect")
	}
	if answer.Connect.Ping > 0 {
		w.silence = time.Duration(answer.Connect.Ping)*time.Second + silence
	}
	w.pong = answer.Connect.Pong
	w.planRefresh(answer.Connect)
	return nil
}

// Reads the map page by page; what nextUpdate gives follows it without a gap.
func (w *wire) readMap(channel, token string) (map[string]update, error) {
	w.channel = channel
	asked := map[string]any{"channel": channel, "type": mapType, "phase": phaseState}
	if token != "" {
		asked["token"] = token
	}
	entries := map[string]update{}
	isFirst := true
	for {
		answer, err := w.call("subscribe", asked)
		if err != nil {
			return nil, err
		}
		page := answer.Subscribe
		if page == nil {
			return nil, errors.New("the server has answered without a subscribe")
		}
		for _, each := range append(page.State, page.Publications...) {
			if each.Removed {
				delete(entries, each.Key)
			} else {
				entries[each.Key] = each
			}
		}
		if page.Phase == phaseLive {
			return entries, nil
		}
		if isFirst || page.Phase == phaseStream {
			asked["offset"], asked["epoch"] = page.Offset, page.Epoch
		}
		isFirst = false
		asked["phase"], asked["cursor"] = phaseStream, page.Cursor
		if page.Cursor != "" {
			asked["phase"] = phaseState
		}
	}
}

func (w *wire) nextUpdate() (update, error) {
	for {
		next, err := w.next()
		if err != nil {
			return update{}, err
		}
		if next.Push != nil && next.Push.Channel == w.channel && next.Push.Pub != nil {
			return *next.Push.Pub, nil
		}
	}
}

func (w *wire) call(kind string, params map[string]any) (*reply, error) {
	number, err := w.send(kind, params)
	if err != nil {
		return nil, err
	}
	for {
		next, err := w.next()
		if err != nil {
			return nil, err
		}
		if next.ID == number {
			return next, nil
		}
	}
}

func (w *wire) send(kind string, params map[string]any) (uint32, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.count++
	_ = w.socket.SetWriteDeadline(time.Now().Add(answerTimeout))
	return w.count, w.socket.WriteJSON(map[string]any{"id": w.count, kind: params})
}

func (w *wire) answerPing() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	_ = w.socket.SetWriteDeadline(time.Now().Add(answerTimeout))
	return w.socket.WriteMessage(websocket.TextMessage, []byte("{}"))
}

// The next that is neither a ping nor an end.
func (w *wire) next() (*reply, error) {
	for {
		for len(w.lines) == 0 {
			_ = w.socket.SetReadDeadline(time.Now().Add(w.silence))
			_, message, err := w.socket.ReadMessage()
			if err != nil {
				return nil, endOf(err)
			}
			w.lines = bytes.Split(bytes.TrimSpace(message), []byte("\n"))
		}
		line := w.lines[0]
		w.lines = w.lines[1:]
		if len(line) == 0 {
			continue
		}
		if string(line) == "{}" {
			if w.pong {
				if err := w.answerPing(); err != nil {
					return nil, err
				}
			}
			continue
		}
		next := &reply{}
		if err := json.Unmarshal(line, next); err != nil {
			return nil, err
		}
		if err := w.lookForEnd(next); err != nil {
			return nil, err
		}
		if next.Refresh != nil {
			w.planRefresh(next.Refresh)
			continue
		}
		return next, nil
	}
}

func (w *wire) lookForEnd(next *reply) error {
	if e := next.Error; e != nil {
		passes := e.Temporary || e.Code == 100 || e.Code == 109 || e.Code == 112
		return &ended{&Error{Code: e.Code, Message: e.Message}, !passes}
	}
	if next.Push == nil {
		return nil
	}
	if e := next.Push.Disconnect; e != nil {
		return &ended{&Error{Code: e.Code, Message: e.Reason}, isFinal(e.Code)}
	}
	if e := next.Push.Unsubscribe; e != nil && next.Push.Channel == w.channel {
		return &ended{&Error{Code: e.Code, Message: e.Reason}, e.Code < 2500}
	}
	return nil
}

func (w *wire) planRefresh(l *lease) {
	if !l.Expires {
		return
	}
	if w.refresh != nil {
		w.refresh.Stop()
	}
	w.refresh = time.AfterFunc(time.Duration(l.TTL)*time.Second, func() {
		// Without one the server ends the connection, and another is made.
		if token, err := w.getToken(); err == nil {
			_, _ = w.send("refresh", map[string]any{"token": token})
		}
	})
}

func endOf(err error) error {
	var closed *websocket.CloseError
	if errors.As(err, &closed) {
		return &ended{&Error{Code: uint32(closed.Code), Message: closed.Text}, isFinal(uint32(closed.Code))}
	}
	return err
}

func isFinal(code uint32) bool {
	return code >= 3500 && code <= 3999 || code >= 4500 && code <= 4999
}
