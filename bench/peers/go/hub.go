package main

import (
	"context"
	"sync"

	"github.com/redis/go-redis/v9"
)

// hub knows who is subscribed to what in this process. Any goroutine.
type hub struct {
	redis *redis.PubSub // nil without Redis

	mu      sync.Mutex
	topics  map[string]*topic
	pending map[string]int // SUBSCRIBE commands that Redis has not confirmed
}

// topic is a channel with subscribers. They are answered, and get its publications, once it is confirmed.
type topic struct {
	subscribers map[*client]struct{}
	confirmed   bool
}

func newHub(subscriber *redis.PubSub) *hub {
	h := &hub{redis: subscriber, topics: make(map[string]*topic), pending: make(map[string]int)}
	if subscriber != nil {
		go h.receive()
	}
	return h
}

func (h *hub) subscribe(c *client, channel string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	t := h.topics[channel]
	if t == nil {
		t = &topic{subscribers: make(map[*client]struct{}), confirmed: h.redis == nil}
		h.topics[channel] = t
		if h.redis != nil {
			h.pending[channel]++
			h.redis.Subscribe(context.Background(), channel) // go-redis repeats it when it has reconnected
		}
	}
	t.subscribers[c] = struct{}{}
	if t.confirmed {
		c.send(reply("subscribed", channel))
	}
}

func (h *hub) unsubscribe(c *client, channel string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	t := h.topics[channel]
	if t == nil {
		return
	}
	delete(t.subscribers, c)
	if len(t.subscribers) == 0 {
		delete(h.topics, channel)
		if h.redis != nil {
			h.redis.Unsubscribe(context.Background(), channel)
		}
	}
}

// confirm ignores all but the last of several SUBSCRIBE commands: an UNSUBSCRIBE was between them.
func (h *hub) confirm(channel string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.pending[channel]--; h.pending[channel] > 0 {
		return
	}
	delete(h.pending, channel)
	t := h.topics[channel]
	if t == nil || t.confirmed {
		return
	}
	t.confirmed = true
	for c := range t.subscribers {
		c.send(reply("subscribed", channel))
	}
}

func (h *hub) deliver(channel string, payload []byte) {
	h.mu.Lock()
	defer h.mu.Unlock()
	t := h.topics[channel]
	if t == nil || !t.confirmed {
		return
	}
	f := newFrame(payload)
	for c := range t.subscribers {
		c.send(f)
	}
}

func (h *hub) count(channel string) int {
	h.mu.Lock()
	defer h.mu.Unlock()
	if t := h.topics[channel]; t != nil {
		return len(t.subscribers)
	}
	return 0
}

func (h *hub) receive() {
	for event := range h.redis.ChannelWithSubscriptions() {
		switch e := event.(type) {
		case *redis.Subscription:
			if e.Kind == "subscribe" {
				h.confirm(e.Channel)
			}
		case *redis.Message:
			h.deliver(e.Channel, []byte(e.Payload))
		}
	}
}
