// What the tests share: clients of either format, their events, tokens, and the server's API.
package sdk

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"reflect"
	"testing"
	"time"

	"github.com/centrifugal/centrifuge-go"
)

const wait = 15 * time.Second

type claims map[string]any

type object map[string]any

// Runs the test in JSON and in Protobuf.
func both(t *testing.T, test func(t *testing.T, format string)) {
	for _, format := range []string{"json", "protobuf"} {
		t.Run(format, func(t *testing.T) { test(t, format) })
	}
}

func unique(prefix string) string {
	var random [6]byte
	rand.Read(random[:])
	return prefix + hex.EncodeToString(random[:])
}

func inSeconds(seconds int64) int64 { return time.Now().Unix() + seconds }

func sign(c claims, secret string) string {
	part := func(value any) string {
		text, _ := json.Marshal(value)
		return base64.RawURLEncoding.EncodeToString(text)
	}
	signed := part(object{"alg": "HS256", "typ": "JWT"}) + "." + part(c)
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(signed))
	return signed + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

func token(c claims) string { return sign(c, "secret") }

type apiResult struct {
	Offset uint64
	Epoch  string
}

func api(t *testing.T, method string, request object) apiResult {
	t.Helper()
	body, _ := json.Marshal(request)
	call, _ := http.NewRequest("POST", os.Getenv("TIDEMILL_HTTP")+"/api/"+method, bytes.NewReader(body))
	call.Header.Set("X-API-Key", os.Getenv("TIDEMILL_API_KEY"))
	response, err := http.DefaultClient.Do(call)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	var answer struct {
		Result apiResult
		Error  *struct{ Message string }
	}
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil {
		t.Fatal(err)
	}
	if answer.Error != nil {
		t.Fatalf("%s: %s", method, answer.Error.Message)
	}
	return answer.Result
}

func encode(value any) []byte {
	text, _ := json.Marshal(value)
	return text
}

func decode[T any](t *testing.T, data []byte) T {
	t.Helper()
	var value T
	if err := json.Unmarshal(data, &value); err != nil {
		t.Fatalf("%v: %q", err, data)
	}
	return value
}

// The next event of a channel.
func next[T any](t *testing.T, events <-chan T) T {
	t.Helper()
	select {
	case event := <-events:
		return event
	case <-time.After(wait):
		var none T
		t.Fatalf("no %T within %v", none, wait)
		return none
	}
}

// Events of one client, in the order in which they came; more than fits is an error of the test.
type client struct {
	*centrifuge.Client
	connecting   chan centrifuge.ConnectingEvent
	connected    chan centrifuge.ConnectedEvent
	disconnected chan centrifuge.DisconnectedEvent
	subscribed   chan centrifuge.ServerSubscribedEvent
	unsubscribed chan centrifuge.ServerUnsubscribedEvent
	publications chan centrifuge.ServerPublicationEvent
}

func newClient(t *testing.T, format string, config centrifuge.Config) *client {
	return newClientAt(t, os.Getenv("TIDEMILL_WS"), format, config)
}

func newClientAt(t *testing.T, address, format string, config centrifuge.Config) *client {
	config.MinReconnectDelay = 20 * time.Millisecond
	c := &client{
		connecting:   make(chan centrifuge.ConnectingEvent, 100),
		connected:    make(chan centrifuge.ConnectedEvent, 100),
		disconnected: make(chan centrifuge.DisconnectedEvent, 100),
		subscribed:   make(chan centrifuge.ServerSubscribedEvent, 100),
		unsubscribed: make(chan centrifuge.ServerUnsubscribedEvent, 100),
		publications: make(chan centrifuge.ServerPublicationEvent, 100),
	}
	if format == "json" {
		c.Client = centrifuge.NewJsonClient(address, config)
	} else {
		c.Client = centrifuge.NewProtobufClient(address, config)
	}
	c.OnConnecting(func(e centrifuge.ConnectingEvent) { c.connecting <- e })
	c.OnConnected(func(e centrifuge.ConnectedEvent) { c.connected <- e })
	c.OnDisconnected(func(e centrifuge.DisconnectedEvent) { c.disconnected <- e })
	c.OnSubscribed(func(e centrifuge.ServerSubscribedEvent) { c.subscribed <- e })
	c.OnUnsubscribed(func(e centrifuge.ServerUnsubscribedEvent) { c.unsubscribed <- e })
	c.OnPublication(func(e centrifuge.ServerPublicationEvent) { c.publications <- e })
	t.Cleanup(c.Close)
	return c
}

func (c *client) mustConnect(t *testing.T) centrifuge.ConnectedEvent {
	t.Helper()
	if err := c.Connect(); err != nil {
		t.Fatal(err)
	}
	next(t, c.connecting)
	return next(t, c.connected)
}

func connect(t *testing.T, format string, c claims) *client {
	t.Helper()
	made := newClient(t, format, centrifuge.Config{Token: token(c)})
	made.mustConnect(t)
	return made
}

// The channels of a token, until the one that is wanted: a user's personal channel may be among them.
func (c *client) awaitServerSubscription(t *testing.T, channel string) {
	t.Helper()
	for next(t, c.subscribed).Channel != channel {
	}
}

type subscription struct {
	*centrifuge.Subscription
	subscribing  chan centrifuge.SubscribingEvent
	subscribed   chan centrifuge.SubscribedEvent
	unsubscribed chan centrifuge.UnsubscribedEvent
	publications chan centrifuge.PublicationEvent
	joins        chan centrifuge.JoinEvent
	leaves       chan centrifuge.LeaveEvent
}

func newSubscription(t *testing.T, c *client, channel string, config centrifuge.SubscriptionConfig) *subscription {
	t.Helper()
	config.MinResubscribeDelay = 20 * time.Millisecond
	made, err := c.NewSubscription(channel, config)
	if err != nil {
		t.Fatal(err)
	}
	s := &subscription{
		Subscription: made,
		subscribing:  make(chan centrifuge.SubscribingEvent, 100),
		subscribed:   make(chan centrifuge.SubscribedEvent, 100),
		unsubscribed: make(chan centrifuge.UnsubscribedEvent, 100),
		publications: make(chan centrifuge.PublicationEvent, 2000),
		joins:        make(chan centrifuge.JoinEvent, 100),
		leaves:       make(chan centrifuge.LeaveEvent, 100),
	}
	made.OnSubscribing(func(e centrifuge.SubscribingEvent) { s.subscribing <- e })
	made.OnSubscribed(func(e centrifuge.SubscribedEvent) { s.subscribed <- e })
	made.OnUnsubscribed(func(e centrifuge.UnsubscribedEvent) { s.unsubscribed <- e })
	made.OnPublication(func(e centrifuge.PublicationEvent) { s.publications <- e })
	made.OnJoin(func(e centrifuge.JoinEvent) { s.joins <- e })
	made.OnLeave(func(e centrifuge.LeaveEvent) { s.leaves <- e })
	return s
}

func (s *subscription) mustSubscribe(t *testing.T) centrifuge.SubscribedEvent {
	t.Helper()
	if err := s.Subscribe(); err != nil {
		t.Fatal(err)
	}
	return next(t, s.subscribed)
}

func subscribe(t *testing.T, c *client, channel string) *subscription {
	t.Helper()
	s := newSubscription(t, c, channel, centrifuge.SubscriptionConfig{})
	s.mustSubscribe(t)
	return s
}

// The data of the next publications.
func data[T any](t *testing.T, s *subscription, count int) []T {
	t.Helper()
	values := make([]T, 0, count)
	for range count {
		values = append(values, decode[T](t, next(t, s.publications).Data))
	}
	return values
}

func equal(t *testing.T, got, want any) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Fatalf("got %v, want %v", got, want)
	}
}

// The error is the server's, of that code.
func failsWith(t *testing.T, err error, code uint32) {
	t.Helper()
	var replied *centrifuge.Error
	if !errors.As(err, &replied) || replied.Code != code {
		t.Fatalf("got %v, want code %d", err, code)
	}
}

func soon(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), wait)
	t.Cleanup(cancel)
	return ctx
}
