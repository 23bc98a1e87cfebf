// Connecting, tokens, pings, and being disconnected.
package sdk

import (
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/centrifugal/centrifuge-go"
)

func TestConnectsAsTheUserOfItsToken(t *testing.T) {
	both(t, func(t *testing.T, format string) {
		user := unique("user-")
		c := newClient(t, format, centrifuge.Config{Token: token(claims{"sub": user, "info": object{"name": "Ada"}})})
		id := c.mustConnect(t).ClientID
		present, err := subscribe(t, c, unique("chat:")).Presence(soon(t))
		if err != nil {
			t.Fatal(err)
		}
		equal(t, present.Clients[id].User, user)
		equal(t, string(present.Clients[id].ConnInfo), `{"name":"Ada"}`)
	})
}

func TestConnectsAsNobody(t *testing.T) {
	both(t, func(t *testing.T, format string) {
		c := connect(t, format, claims{"sub": ""})
		s := subscribe(t, c, unique("anonymous:"))
		if _, err := s.Publish(soon(t), encode("hello")); err != nil {
			t.Fatal(err)
		}
		publication := next(t, s.publications)
		equal(t, string(publication.Data), `"hello"`)
		equal(t, publication.Info.User, "")
	})
}

func TestBadTokenIsRefusedForGood(t *testing.T) {
	both(t, func(t *testing.T, format string) {
		c := newClient(t, format, centrifuge.Config{Token: sign(claims{"sub": "ada"}, "another")})
		if err := c.Connect(); err != nil {
			t.Fatal(err)
		}
		equal(t, next(t, c.disconnected), centrifuge.DisconnectedEvent{Code: 3500, Reason: "invalid token"})
	})
}

func TestExpiredTokenIsReplaced(t *testing.T) {
	both(t, func(t *testing.T, format string) {
		var asked atomic.Int32
		c := newClient(t, format, centrifuge.Config{
			Token: token(claims{"sub": "ada", "exp": inSeconds(-10)}),
			GetToken: func(centrifuge.ConnectionTokenEvent) (string, error) {
				asked.Add(1)
				return token(claims{"sub": "ada", "exp": inSeconds(600)}), nil
			},
		})
		c.mustConnect(t)
		equal(t, asked.Load(), int32(1))
	})
}

func TestTokenIsRefreshedInTime(t *testing.T) {
	both(t, func(t *testing.T, format string) {
		asked := make(chan int64, 10)
		lifetimes := []int64{2, 600}
		c := newClient(t, format, centrifuge.Config{
			GetToken: func(centrifuge.ConnectionTokenEvent) (string, error) {
				lifetime := lifetimes[min(len(asked), 1)]
				asked <- lifetime
				return token(claims{"sub": "ada", "exp": inSeconds(lifetime)}), nil
			},
		})
		c.mustConnect(t)
		for deadline := time.Now().Add(wait); len(asked) < 2; time.Sleep(20 * time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatal("no second token was asked for")
			}
		}
		_, err := c.RPC(soon(t), "none", encode(nil))
		failsWith(t, err, 108)
		equal(t, len(c.connecting), 0)
	})
}

func TestStaysThroughSeveralPings(t *testing.T) {
	both(t, func(t *testing.T, format string) {
		t.Parallel()
		c := newClient(t, format, centrifuge.Config{
			Token:              token(claims{"sub": "ada"}),
			MaxServerPingDelay: time.Second,
		})
		c.mustConnect(t)
		time.Sleep(4200 * time.Millisecond)
		equal(t, len(c.connecting)+len(c.disconnected), 0)
		equal(t, c.State(), centrifuge.StateConnected)
	})
}

func TestIsDisconnectedByTheAPI(t *testing.T) {
	both(t, func(t *testing.T, format string) {
		user := unique("user-")
		c := connect(t, format, claims{"sub": user})
		api(t, "disconnect", object{"user": user, "disconnect": object{"code": 4501, "reason": "bye"}})
		equal(t, next(t, c.disconnected), centrifuge.DisconnectedEvent{Code: 4501, Reason: "bye"})
	})
}

func TestComesBackWhenTheAPISaysSo(t *testing.T) {
	both(t, func(t *testing.T, format string) {
		user := unique("user-")
		c := connect(t, format, claims{"sub": user})
		api(t, "disconnect", object{"user": user, "disconnect": object{"code": 4001, "reason": "again"}})
		equal(t, next(t, c.connecting), centrifuge.ConnectingEvent{Code: 4001, Reason: "again"})
		next(t, c.connected)
	})
}

func TestRemoteCallIsAnsweredWithAnError(t *testing.T) {
	both(t, func(t *testing.T, format string) {
		_, err := connect(t, format, claims{"sub": "ada"}).RPC(soon(t), "none", encode(nil))
		failsWith(t, err, 108)
	})
}

func TestTakesAMessageUpToTheLimitAndNoLonger(t *testing.T) {
	both(t, func(t *testing.T, format string) {
		c := connect(t, format, claims{"sub": "ada"})
		channel := unique("plain:")
		s := subscribe(t, c, channel)
		text := strings.Repeat("x", 65000)
		if _, err := c.Publish(soon(t), channel, encode(text)); err != nil {
			t.Fatal(err)
		}
		equal(t, data[string](t, s, 1), []string{text})
		go c.Publish(soon(t), channel, encode(strings.Repeat("x", 66000)))
		// This client comes back by itself, and says that a message was too long.
		equal(t, next(t, c.connecting).Code, uint32(3))
		next(t, c.connected)
	})
}
