package tidemill

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"iter"
	"sync"
	"time"

	"github.com/centrifugal/centrifuge-go"
)

const (
	pageSize    = 50
	changesSize = 200
	againAfter  = 500 * time.Millisecond
	lookEvery   = time.Second // for a connection that has ended for good: its subscriptions are not told
	waitingMax  = 1000        // events that nobody has taken yet; more are asked for once there is room
)

// Message of a room. Times are milliseconds since 1970.
type Message struct {
	ID          string     `json:"id"`
	RoomID      string     `json:"room_id"`
	Seq         int64      `json:"seq"`
	UserID      string     `json:"user_id"`
	Type        string     `json:"type"`
	Text        string     `json:"text"`
	ClientMsgID string     `json:"client_msg_id"`
	ThreadID    *string    `json:"thread_id"`
	Reactions   []Reaction `json:"reactions"`
	EditedAt    *int64     `json:"edited_at"`
	DeletedAt   *int64     `json:"deleted_at"`
	CreatedAt   int64      `json:"created_at"`
	Version     int64      `json:"version"`
}

// Reaction of some users to a message.
type Reaction struct {
	Emoji   string   `json:"emoji"`
	Count   int      `json:"count"`
	UserIDs []string `json:"user_ids"`
}

// Event of a room. Data is as docs/guide/chat.md has it; that of most events is in Message or Messages, too.
type Event struct {
	Type    string          `json:"type"`
	RoomID  string          `json:"room_id"`
	Version int64           `json:"version"`
	Time    int64           `json:"ts"`
	Data    json.RawMessage `json:"data"`
}

// Message that the event has as a whole; nil: none, as with reactions.
func (e Event) Message() *Message {
	var data struct{ Message *Message }
	_ = json.Unmarshal(e.Data, &data)
	return data.Message
}

// Messages of a page.
func (e Event) Messages() []Message {
	var data struct{ Messages []Message }
	_ = json.Unmarshal(e.Data, &data)
	return data.Messages
}

// Room of chat. Any goroutine.
type Room struct {
	ID     string
	client *Client
}

// SendOption says more of a message that is sent.
type SendOption func(params map[string]any)

// InThread sends a reply to that root message.
func InThread(message string) SendOption {
	return func(params map[string]any) { params["thread_id"] = message }
}

// ClientMsgID is made up unless given. Sent again under the same one it is the same message.
func ClientMsgID(id string) SendOption {
	return func(params map[string]any) { params["client_msg_id"] = id }
}

// Metadata is kept with the message as it is.
func Metadata(metadata map[string]any) SendOption {
	return func(params map[string]any) { params["metadata"] = metadata }
}

// Send returns when the message is there. What may have been lost on the way is sent again until ctx ends, and is there
// once.
func (r *Room) Send(ctx context.Context, text string, options ...SendOption) (Message, error) {
	params := map[string]any{"room_id": r.ID, "text": text, "client_msg_id": rand.Text()}
	for _, option := range options {
		option(params)
	}
	for {
		var answer struct{ Message Message }
		err := r.client.Chat(ctx, "messages.send", params, &answer)
		if err == nil {
			return answer.Message, nil
		}
		if again := pauseAfter(ctx, err); !again {
			return Message{}, err
		}
	}
}

// Edit changes the text of a message.
func (r *Room) Edit(ctx context.Context, message, text string) error {
	return r.client.Chat(ctx, "messages.edit", map[string]any{"message_id": message, "text": text}, nil)
}

// Delete leaves a tombstone.
func (r *Room) Delete(ctx context.Context, message string) error {
	return r.client.Chat(ctx, "messages.delete", map[string]any{"message_id": message}, nil)
}

// React adds a reaction, or takes it back.
func (r *Room) React(ctx context.Context, message, emoji string, on bool) error {
	operation := "reactions.remove"
	if on {
		operation = "reactions.add"
	}
	return r.client.Chat(ctx, operation, map[string]any{"message_id": message, "emoji": emoji}, nil)
}

// MarkRead says that everything up to this message is read.
func (r *Room) MarkRead(ctx context.Context, seq int64) error {
	return r.client.Chat(ctx, "read", map[string]any{"room_id": r.ID, "seq": seq}, nil)
}

// SayTyping says that one writes; again every few seconds while one does.
func (r *Room) SayTyping(ctx context.Context) error {
	return r.client.Chat(ctx, "typing", map[string]any{"room_id": r.ID}, nil)
}

// Events follows the room.
func (r *Room) Events() *RoomEvents {
	return &RoomEvents{room: r, status: Loading, more: make(chan struct{}, 1)}
}

// Whether the same is worth another try, after a pause.
func pauseAfter(ctx context.Context, err error) bool {
	told := errorOf(err)
	if !told.Passing() || ctx.Err() != nil {
		return false
	}
	wait := againAfter
	if told.RetryAfter > 0 {
		wait = told.RetryAfter
	}
	select {
	case <-time.After(wait):
		return true
	case <-ctx.Done():
		return false
	}
}

// RoomEvents is a room that is followed; one loop over All.
type RoomEvents struct {
	room     *Room
	more     chan struct{}
	mu       sync.Mutex // of what is below
	status   Status
	err      error
	isLoaded bool
	version  int64 // of the last event that was applied
	seen     int64 // the newest that was heard of
	waiting  []Event
	catching bool
	isOver   bool
}

// Status of the room's channel.
func (e *RoomEvents) Status() Status {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.status
}

// All gives "room.page" with the newest messages, then every change of the room, in order, each once. Another
// "room.page" says that more was missed than the server keeps: it takes the place of what is known. It ends with ctx,
// with the loop, or with the error that the server has ended it with, as for who is removed from the room.
func (e *RoomEvents) All(ctx context.Context) iter.Seq2[Event, error] {
	return func(yield func(Event, error) bool) {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		stop, err := e.follow(ctx)
		if err != nil {
			yield(Event{}, err)
			return
		}
		defer stop()
		look := time.NewTicker(lookEvery)
		defer look.Stop()
		for {
			if event, isThere := e.take(ctx); isThere {
				if !yield(event, nil) {
					return
				}
				continue
			}
			e.mu.Lock()
			err := e.err
			e.mu.Unlock()
			if err != nil {
				yield(Event{}, err)
				return
			}
			select {
			case <-e.more:
			case <-look.C:
				e.lookForEnd()
			case <-ctx.Done():
				return
			}
		}
	}
}

func (e *RoomEvents) lookForEnd() {
	if state := e.room.client.client.State(); state == centrifuge.StateDisconnected || state == centrifuge.StateClosed {
		e.fail(e.room.client.errorOf(centrifuge.ErrClientDisconnected))
	}
}

func (e *RoomEvents) follow(ctx context.Context) (func(), error) {
	client := e.room.client.client
	subscription, err := client.NewSubscription("chat:room/"+e.room.ID, centrifuge.SubscriptionConfig{
		GetState: func(centrifuge.SubscriptionGetStateEvent) (centrifuge.StreamPosition, error) { return e.position(ctx) },
	})
	if err != nil {
		return nil, err
	}
	subscription.OnSubscribed(func(centrifuge.SubscribedEvent) { e.set(Current) })
	subscription.OnSubscribing(func(centrifuge.SubscribingEvent) {
		if e.Status() == Current {
			e.set(Stale)
		}
	})
	subscription.OnUnsubscribed(func(event centrifuge.UnsubscribedEvent) {
		e.fail(&Error{Code: event.Code, Message: event.Reason})
	})
	subscription.OnPublication(func(publication centrifuge.PublicationEvent) {
		var event Event
		if json.Unmarshal(publication.Data, &event) == nil {
			e.hear(ctx, event)
		}
	})
	e.room.client.connect()
	if err := subscription.Subscribe(); err != nil {
		return nil, err
	}
	return func() {
		e.mu.Lock()
		e.isOver = true
		e.mu.Unlock()
		_ = subscription.Unsubscribe()
		_ = client.RemoveSubscription(subscription)
	}, nil
}

// Where the channel is to be followed from: at first, and when it could not be recovered.
func (e *RoomEvents) position(ctx context.Context) (centrifuge.StreamPosition, error) {
	page, err := e.page(ctx)
	if err != nil {
		if !errorOf(err).Passing() && ctx.Err() == nil {
			e.fail(err)
		}
		return centrifuge.StreamPosition{}, err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if !e.isLoaded || page.Version < e.version {
		e.load(page)
	} else {
		e.seen = max(e.seen, page.Version)
		e.catchUpIfBehind(ctx)
	}
	return page.Stream, nil
}

type page struct {
	Messages []json.RawMessage
	Version  int64
	Stream   centrifuge.StreamPosition
}

func (e *RoomEvents) page(ctx context.Context) (page, error) {
	var found page
	err := e.room.client.Chat(ctx, "messages.list", map[string]any{"room_id": e.room.ID, "limit": pageSize}, &found)
	return found, err
}

// Holding the lock, as those below.
func (e *RoomEvents) load(from page) {
	roots := []json.RawMessage{}
	for _, raw := range from.Messages {
		var message Message
		if json.Unmarshal(raw, &message) == nil && message.ThreadID == nil {
			roots = append(roots, raw)
		}
	}
	data, _ := json.Marshal(map[string]any{"messages": roots})
	e.isLoaded, e.version, e.seen = true, from.Version, from.Version
	e.give(Event{Type: "room.page", RoomID: e.room.ID, Version: from.Version, Time: time.Now().UnixMilli(), Data: data})
}

func (e *RoomEvents) give(event Event) {
	e.waiting = append(e.waiting, event)
	e.wake()
}

func (e *RoomEvents) apply(event Event) {
	if event.Version == e.version+1 && len(e.waiting) < waitingMax {
		e.version = event.Version
		e.give(event)
	}
}

func (e *RoomEvents) catchUpIfBehind(ctx context.Context) {
	if e.catching || e.err != nil || !e.isBehind() {
		return
	}
	e.catching = true
	go e.catchUp(ctx)
}

func (e *RoomEvents) isBehind() bool {
	return e.isLoaded && e.version < e.seen && len(e.waiting) < waitingMax
}

func (e *RoomEvents) wake() {
	select {
	case e.more <- struct{}{}:
	default:
	}
}

// Taking the lock.

func (e *RoomEvents) hear(ctx context.Context, event Event) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.seen = max(e.seen, event.Version)
	if !e.catching {
		e.apply(event)
	}
	e.catchUpIfBehind(ctx)
}

func (e *RoomEvents) take(ctx context.Context) (Event, bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if len(e.waiting) == 0 {
		return Event{}, false
	}
	event := e.waiting[0]
	e.waiting = e.waiting[1:]
	e.catchUpIfBehind(ctx)
	return event, true
}

// Asks for what was missed, and for what comes meanwhile.
func (e *RoomEvents) catchUp(ctx context.Context) {
	for {
		e.mu.Lock()
		if !e.isBehind() || ctx.Err() != nil {
			e.catching = false
			e.mu.Unlock()
			return
		}
		before := e.version
		e.mu.Unlock()
		err := e.askChanges(ctx, before)
		if err != nil && !errorOf(err).Passing() && ctx.Err() == nil {
			e.fail(err)
			return
		}
		if err != nil {
			pauseAfter(ctx, err)
			continue
		}
		e.mu.Lock()
		if e.version == before && len(e.waiting) < waitingMax {
			e.seen = before // There is nothing that could be missing.
		}
		e.mu.Unlock()
	}
}

func (e *RoomEvents) askChanges(ctx context.Context, after int64) error {
	var found struct {
		Changes []Event
		Reset   bool
	}
	params := map[string]any{"room_id": e.room.ID, "after": after, "limit": changesSize}
	if err := e.room.client.Chat(ctx, "changes", params, &found); err != nil {
		return err
	}
	if !found.Reset {
		e.mu.Lock()
		defer e.mu.Unlock()
		for _, event := range found.Changes {
			e.apply(event)
		}
		return nil
	}
	anew, err := e.page(ctx)
	if err != nil {
		return err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.load(anew)
	return nil
}

func (e *RoomEvents) set(status Status) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.err == nil {
		e.status = status
	}
}

func (e *RoomEvents) fail(err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.isOver || e.err != nil {
		return
	}
	e.status, e.err = Failed, err
	e.wake()
}
