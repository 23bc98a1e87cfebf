// Coming back: exactly what was missed, or the plain word that it is not to be had.
package sdk

import (
	"testing"
	"time"

	"github.com/centrifugal/centrifuge-go"
)

// Longer than the namespace "brief" remembers a stream that nobody asks for.
const forgotten = 1500 * time.Millisecond

type comeback struct {
	subscription *subscription
	first, back  centrifuge.SubscribedEvent
}

// Receives `before`, is away while `missed` is published, and comes back.
func comeBack(t *testing.T, format, channel string, before, missed []int, meanwhile func()) comeback {
	t.Helper()
	c := connect(t, format, claims{"sub": "ada"})
	s := newSubscription(t, c, channel, centrifuge.SubscriptionConfig{})
	first := s.mustSubscribe(t)
	equal(t, first.Recoverable, true)
	for _, number := range before {
		api(t, "publish", object{"channel": channel, "data": number})
	}
	equal(t, data[int](t, s, len(before)), before)
	if err := c.Disconnect(); err != nil {
		t.Fatal(err)
	}
	next(t, c.disconnected)
	meanwhile()
	for _, number := range missed {
		api(t, "publish", object{"channel": channel, "data": number})
	}
	if err := c.Connect(); err != nil {
		t.Fatal(err)
	}
	return comeback{subscription: s, first: first, back: next(t, s.subscribed)}
}

// Exactly these publications arrive, then one that is made now.
func assertNext(t *testing.T, s *subscription, want []int) {
	t.Helper()
	api(t, "publish", object{"channel": s.Channel, "data": -1})
	equal(t, data[int](t, s, len(want)+1), append(want[:len(want):len(want)], -1))
}

func TestRecovery(t *testing.T) {
	var fifty []int
	for number := 3; number <= 52; number++ {
		fifty = append(fifty, number)
	}
	cases := []struct {
		name           string
		namespace      string
		before, missed []int
		recovered      bool
		then           []int
	}{
		{"exactly what was missed", "chat:", []int{1, 2}, fifty, true, fifty},
		{"nothing was missed", "chat:", []int{1, 2}, nil, true, nil},
		{"too much was missed", "small:", []int{1}, []int{2, 3, 4, 5}, false, nil},
		{"the latest, in cache mode", "cache:", []int{1}, []int{2, 3, 4}, true, []int{4}},
	}
	for _, each := range cases {
		t.Run(each.name, func(t *testing.T) {
			both(t, func(t *testing.T, format string) {
				came := comeBack(t, format, unique(each.namespace), each.before, each.missed, func() {})
				equal(t, []bool{came.back.WasRecovering, came.back.Recovered}, []bool{true, each.recovered})
				assertNext(t, came.subscription, each.then)
			})
		})
	}
}

func TestRecoverySaysSoWhenTheStreamIsAnother(t *testing.T) {
	both(t, func(t *testing.T, format string) {
		channel := unique("brief:")
		came := comeBack(t, format, channel, []int{1}, []int{2}, func() {
			epoch := api(t, "history", object{"channel": channel}).Epoch
			for deadline := time.Now().Add(wait); api(t, "history", object{"channel": channel}).Epoch == epoch; {
				if time.Now().After(deadline) {
					t.Fatal("the stream is still the same")
				}
				time.Sleep(forgotten)
			}
		})
		equal(t, []bool{came.back.WasRecovering, came.back.Recovered}, []bool{true, false})
		equal(t, came.back.StreamPosition.Epoch != came.first.StreamPosition.Epoch, true)
		assertNext(t, came.subscription, nil)
	})
}

func TestIsPositionedWithoutRecovery(t *testing.T) {
	both(t, func(t *testing.T, format string) {
		channel := unique("positioned:")
		top := api(t, "publish", object{"channel": channel, "data": 1})
		s := newSubscription(t, connect(t, format, claims{"sub": "ada"}), channel, centrifuge.SubscriptionConfig{})
		event := s.mustSubscribe(t)
		equal(t, []bool{event.Positioned, event.Recoverable}, []bool{true, false})
		equal(t, top.Offset, uint64(1))
		assertNext(t, s, nil)
	})
}
