// Deltas as the official Go client applies them.
package sdk

import (
	"fmt"
	"strings"
	"testing"

	"github.com/centrifugal/centrifuge-go"
)

func document(number int) object {
	return object{"n": number, "text": strings.Repeat("żółć 語 ", 50), "last": fmt.Sprint("zmiana ", number)}
}

func TestDeltasGoOnAfterRecovery(t *testing.T) {
	both(t, func(t *testing.T, format string) {
		channel := unique("delta:")
		c := connect(t, format, claims{"sub": "ada"})
		s := newSubscription(t, c, channel, centrifuge.SubscriptionConfig{Delta: centrifuge.DeltaTypeFossil})
		s.mustSubscribe(t)
		publish := func(first, last int) (want []string) {
			for number := first; number <= last; number++ {
				api(t, "publish", object{"channel": channel, "data": document(number)})
				want = append(want, fmt.Sprint("zmiana ", number))
			}
			return want
		}
		lasts := func(count int) (got []string) {
			for _, each := range data[object](t, s, count) {
				equal(t, each["text"], any(strings.Repeat("żółć 語 ", 50)))
				got = append(got, each["last"].(string))
			}
			return got
		}
		want := publish(1, 5)
		equal(t, lasts(5), want)
		if err := c.Disconnect(); err != nil {
			t.Fatal(err)
		}
		next(t, c.disconnected)
		want = publish(6, 12)
		if err := c.Connect(); err != nil {
			t.Fatal(err)
		}
		equal(t, next(t, s.subscribed).Recovered, true)
		want = append(want, publish(13, 15)...)
		equal(t, lasts(10), want)
	})
}
