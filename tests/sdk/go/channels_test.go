// Subscribing, publishing, history, presence, and what the server does to subscriptions.
package sdk

import (
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/centrifugal/centrifuge-go"
)

const channelLimit = 128

func TestReceivesItsOwnAndOthersPublications(t *testing.T) {
	both(t, func(t *testing.T, format string) {
		channel := unique("chat:")
		a := subscribe(t, connect(t, format, claims{"sub": "ada"}), channel)
		b := subscribe(t, connect(t, format, claims{"sub": "bob"}), channel)
		for _, s := range []*subscription{a, b} {
			if _, err := s.Publish(soon(t), encode("client")); err != nil {
				t.Fatal(err)
			}
		}
		api(t, "publish", object{"channel": channel, "data": "api", "tags": object{"k": "v"}})
		for _, s := range []*subscription{a, b} {
			for index, user := range []string{"ada", "bob"} {
				publication := next(t, s.publications)
				equal(t, publication.Offset, uint64(index+1))
				equal(t, publication.Info.User, user)
			}
			publication := next(t, s.publications)
			equal(t, string(publication.Data), `"api"`)
			equal(t, publication.Tags, map[string]string{"k": "v"})
			equal(t, publication.Info == nil, true)
		}
	})
}

func TestKeepsSeveralChannelsApart(t *testing.T) {
	both(t, func(t *testing.T, format string) {
		c := connect(t, format, claims{"sub": "ada"})
		var all []*subscription
		for range 3 {
			all = append(all, subscribe(t, c, unique("plain:")))
		}
		for _, s := range all {
			api(t, "publish", object{"channel": s.Channel, "data": s.Channel})
		}
		for _, s := range all {
			equal(t, data[string](t, s, 1), []string{s.Channel})
			equal(t, len(s.publications), 0)
		}
	})
}

func TestAThousandMessagesArriveInOrder(t *testing.T) {
	both(t, func(t *testing.T, format string) {
		channel := unique("chat:")
		all := []*subscription{
			subscribe(t, connect(t, format, claims{"sub": "ada"}), channel),
			subscribe(t, connect(t, format, claims{"sub": "bob"}), channel),
		}
		var publishing sync.WaitGroup
		for who, s := range all {
			publishing.Go(func() {
				for number := range 500 {
					if _, err := s.Publish(soon(t), encode([]int{who, number})); err != nil {
						t.Error(err)
						return
					}
				}
			})
		}
		publishing.Wait()
		first, second := data[[2]int](t, all[0], 1000), data[[2]int](t, all[1], 1000)
		equal(t, first, second)
		numbers := [2]int{}
		for _, message := range first {
			equal(t, message[1], numbers[message[0]])
			numbers[message[0]]++
		}
	})
}

func TestReadsHistory(t *testing.T) {
	both(t, func(t *testing.T, format string) {
		channel := unique("chat:")
		for number := 1; number <= 5; number++ {
			api(t, "publish", object{"channel": channel, "data": number})
		}
		c := connect(t, format, claims{"sub": "ada"})
		s := subscribe(t, c, channel)
		top, err := s.History(soon(t), centrifuge.WithHistoryLimit(0))
		if err != nil {
			t.Fatal(err)
		}
		equal(t, []uint64{top.Offset, uint64(len(top.Publications))}, []uint64{5, 0})
		since := centrifuge.WithHistorySince(&centrifuge.StreamPosition{Offset: 3, Epoch: top.Epoch})
		reverse := centrifuge.WithHistoryReverse(true)
		limit := centrifuge.WithHistoryLimit
		cases := []struct {
			name    string
			options []centrifuge.HistoryOption
			want    []int
		}{
			{"the first two", []centrifuge.HistoryOption{limit(2)}, []int{1, 2}},
			{"all", []centrifuge.HistoryOption{limit(-1)}, []int{1, 2, 3, 4, 5}},
			{"the last two, backwards", []centrifuge.HistoryOption{limit(2), reverse}, []int{5, 4}},
			{"after a position", []centrifuge.HistoryOption{limit(10), since}, []int{4, 5}},
			{"before a position", []centrifuge.HistoryOption{limit(10), since, reverse}, []int{2, 1}},
		}
		for _, each := range cases {
			result, err := s.History(soon(t), each.options...)
			if err != nil {
				t.Fatalf("%s: %v", each.name, err)
			}
			var got []int
			for _, publication := range result.Publications {
				got = append(got, decode[int](t, publication.Data))
			}
			if !slices.Equal(got, each.want) {
				t.Fatalf("%s: got %v, want %v", each.name, got, each.want)
			}
		}
		_, err = s.History(soon(t), centrifuge.WithHistorySince(&centrifuge.StreamPosition{Offset: 3, Epoch: "other"}))
		failsWith(t, err, 112)
		_, err = c.History(soon(t), unique("plain:"))
		failsWith(t, err, 108)
	})
}

func TestKnowsWhoIsPresentJoinsAndLeaves(t *testing.T) {
	both(t, func(t *testing.T, format string) {
		channel := unique("chat:")
		c := connect(t, format, claims{"sub": "ada"})
		s := subscribe(t, c, channel)
		equal(t, next(t, s.joins).User, "ada")
		var bobs []*client
		for range 2 {
			bobs = append(bobs, connect(t, format, claims{"sub": "bob"}))
			subscribe(t, bobs[len(bobs)-1], channel)
			equal(t, next(t, s.joins).User, "bob")
		}
		stats, err := s.PresenceStats(soon(t))
		if err != nil {
			t.Fatal(err)
		}
		equal(t, []int{stats.NumClients, stats.NumUsers}, []int{3, 2})
		present, err := s.Presence(soon(t))
		if err != nil {
			t.Fatal(err)
		}
		var users []string
		for _, info := range present.Clients {
			users = append(users, info.User)
		}
		slices.Sort(users)
		equal(t, users, []string{"ada", "bob", "bob"})
		bobs[0].Close()
		equal(t, next(t, s.leaves).User, "bob")
		_, err = c.Presence(soon(t), unique("plain:"))
		failsWith(t, err, 108)
	})
}

func TestPrivateChannelNeedsAToken(t *testing.T) {
	both(t, func(t *testing.T, format string) {
		channel := unique("$secret:")
		c := connect(t, format, claims{"sub": "ada"})
		refused := newSubscription(t, c, channel, centrifuge.SubscriptionConfig{})
		if err := refused.Subscribe(); err != nil {
			t.Fatal(err)
		}
		equal(t, next(t, refused.unsubscribed).Code, uint32(103))
		if err := c.RemoveSubscription(refused.Subscription); err != nil {
			t.Fatal(err)
		}
		allowed := newSubscription(t, c, channel, centrifuge.SubscriptionConfig{
			Token: token(claims{"sub": "ada", "channel": channel}),
		})
		allowed.mustSubscribe(t)
		api(t, "publish", object{"channel": channel, "data": 1})
		equal(t, data[int](t, allowed, 1), []int{1})
	})
}

func TestTokenOfAnotherChannelEndsTheConnection(t *testing.T) {
	both(t, func(t *testing.T, format string) {
		c := connect(t, format, claims{"sub": "ada"})
		s := newSubscription(t, c, unique("$secret:"), centrifuge.SubscriptionConfig{
			Token: token(claims{"sub": "ada", "channel": "$secret:y"}),
		})
		if err := s.Subscribe(); err != nil {
			t.Fatal(err)
		}
		equal(t, next(t, c.disconnected).Code, uint32(3500))
	})
}

func TestSubscriptionTokensAreAskedForAndRefreshed(t *testing.T) {
	both(t, func(t *testing.T, format string) {
		channel := unique("$secret:")
		var asked atomic.Int32
		c := connect(t, format, claims{"sub": "ada"})
		s := newSubscription(t, c, channel, centrifuge.SubscriptionConfig{
			GetToken: func(centrifuge.SubscriptionTokenEvent) (string, error) {
				lifetime := []int64{-10, 2, 600}[min(asked.Add(1)-1, 2)]
				return token(claims{"sub": "ada", "channel": channel, "exp": inSeconds(lifetime)}), nil
			},
		})
		s.mustSubscribe(t)
		equal(t, asked.Load(), int32(2))
		for deadline := time.Now().Add(wait); asked.Load() < 3; time.Sleep(20 * time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatal("no third token was asked for")
			}
		}
		api(t, "publish", object{"channel": channel, "data": "still here"})
		equal(t, data[string](t, s, 1), []string{"still here"})
		equal(t, len(s.subscribed), 0)
	})
}

func TestFollowsTheChannelsOfItsToken(t *testing.T) {
	both(t, func(t *testing.T, format string) {
		channel, user := unique("chat:"), unique("user-")
		c := connect(t, format, claims{"sub": user, "channels": []string{channel}})
		c.awaitServerSubscription(t, channel)
		api(t, "publish", object{"channel": channel, "data": 1})
		equal(t, string(next(t, c.publications).Data), "1")
		api(t, "disconnect", object{"user": user, "disconnect": object{"code": 4001, "reason": "again"}})
		next(t, c.connecting)
		api(t, "publish", object{"channel": channel, "data": 2})
		equal(t, string(next(t, c.publications).Data), "2")
	})
}

func TestIsSubscribedAndUnsubscribedByTheAPI(t *testing.T) {
	both(t, func(t *testing.T, format string) {
		channel, user := unique("chat:"), unique("user-")
		c := connect(t, format, claims{"sub": user})
		api(t, "subscribe", object{"user": user, "channel": channel})
		c.awaitServerSubscription(t, channel)
		api(t, "publish", object{"channel": channel, "data": 1})
		equal(t, string(next(t, c.publications).Data), "1")
		api(t, "unsubscribe", object{"user": user, "channel": channel})
		equal(t, next(t, c.unsubscribed).Channel, channel)
	})
}

func TestLosesItsSubscriptionToTheAPI(t *testing.T) {
	both(t, func(t *testing.T, format string) {
		channel, user := unique("chat:"), unique("user-")
		s := subscribe(t, connect(t, format, claims{"sub": user}), channel)
		api(t, "unsubscribe", object{"user": user, "channel": channel})
		equal(t, next(t, s.unsubscribed), centrifuge.UnsubscribedEvent{Code: 2000, Reason: "server unsubscribe"})
	})
}

func TestHasRoomForSoManyChannels(t *testing.T) {
	both(t, func(t *testing.T, format string) {
		// A user would have a personal channel besides.
		c := connect(t, format, claims{"sub": ""})
		prefix := unique("anonymous:")
		var all []*subscription
		for number := range 300 {
			s := newSubscription(t, c, fmt.Sprintf("%s-%d", prefix, number), centrifuge.SubscriptionConfig{})
			if err := s.Subscribe(); err != nil {
				t.Fatal(err)
			}
			all = append(all, s)
		}
		outcomes := map[uint32]int{}
		for _, s := range all {
			select {
			case <-s.subscribed:
				outcomes[0]++
			case gone := <-s.unsubscribed:
				outcomes[gone.Code]++
			case <-time.After(wait):
				t.Fatal("neither subscribed nor refused")
			}
		}
		equal(t, outcomes, map[uint32]int{0: channelLimit, 106: 300 - channelLimit})
	})
}
