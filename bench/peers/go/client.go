package main

import (
	"encoding/json"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

const (
	messageBytesMax = 4 << 10
	queueBytesMax   = 1 << 20
)

// frame is encoded once, however many clients it goes to.
type frame struct {
	prepared *websocket.PreparedMessage
	size     int
}

func newFrame(payload []byte) frame {
	prepared, _ := websocket.NewPreparedMessage(websocket.TextMessage, payload) // fails for control frames only
	return frame{prepared, len(payload)}
}

// client is one connection: a goroutine that reads, one that writes, and the queue between hub and writer.
type client struct {
	conn     *websocket.Conn
	ping     time.Duration
	channels map[string]struct{} // of the reader
	wake     chan struct{}
	done     chan struct{} // closed by the reader, when it ends

	mu      sync.Mutex
	waiting []frame
	bytes   int // of the waiting frames and the one that is being written
}

func newClient(conn *websocket.Conn, ping time.Duration) *client {
	return &client{conn: conn, ping: ping, channels: make(map[string]struct{}),
		wake: make(chan struct{}, 1), done: make(chan struct{})}
}

// send never blocks; a client that is too far behind is closed.
func (c *client) send(f frame) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.bytes+f.size > queueBytesMax {
		c.conn.NetConn().Close()
		return
	}
	c.bytes += f.size
	c.waiting = append(c.waiting, f)
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

func (c *client) take() []frame {
	c.mu.Lock()
	defer c.mu.Unlock()
	taken := c.waiting
	c.waiting = nil
	return taken
}

func (c *client) written(f frame) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.bytes -= f.size
}

func (c *client) write() {
	defer c.conn.Close()
	ping := time.NewTicker(c.ping)
	defer ping.Stop()
	for {
		select {
		case <-c.wake:
			for _, f := range c.take() {
				if c.conn.WritePreparedMessage(f.prepared) != nil {
					return
				}
				c.written(f)
			}
		case <-ping.C:
			if c.conn.WriteControl(websocket.PingMessage, nil, time.Now().Add(c.ping)) != nil {
				return
			}
		case <-c.done:
			return
		}
	}
}

func (c *client) read(h *hub) {
	defer c.conn.Close()
	defer close(c.done)
	defer c.leave(h)
	alive := func(string) error { return c.conn.SetReadDeadline(time.Now().Add(2 * c.ping)) }
	alive("")
	c.conn.SetPongHandler(alive)
	c.conn.SetReadLimit(messageBytesMax)
	for {
		kind, payload, err := c.conn.ReadMessage()
		if err != nil {
			return
		}
		alive("")
		if kind != websocket.TextMessage || !c.handle(h, payload) {
			reason := websocket.FormatCloseMessage(websocket.ClosePolicyViolation, "")
			c.conn.WriteControl(websocket.CloseMessage, reason, time.Now().Add(time.Second))
			return
		}
	}
}

func (c *client) handle(h *hub, payload []byte) bool {
	var command map[string]string
	if json.Unmarshal(payload, &command) != nil || len(command) != 1 {
		return false
	}
	if channel := command["subscribe"]; channel != "" {
		c.channels[channel] = struct{}{}
		h.subscribe(c, channel)
		return true
	}
	if channel := command["unsubscribe"]; channel != "" {
		delete(c.channels, channel)
		h.unsubscribe(c, channel)
		c.send(reply("unsubscribed", channel))
		return true
	}
	return false
}

func (c *client) leave(h *hub) {
	for channel := range c.channels {
		h.unsubscribe(c, channel)
	}
}

func reply(what, channel string) frame {
	encoded, _ := json.Marshal(map[string]string{what: channel})
	return newFrame(encoded)
}
