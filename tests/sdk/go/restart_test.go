// A server of its own, which is killed and started again.
package sdk

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"github.com/centrifugal/centrifuge-go"
)

var listening = regexp.MustCompile(`server\.listening address="?([0-9.]+:[0-9]+)`)

type server struct {
	command *exec.Cmd
	address string
}

// A server with the common configuration, at a free port or at the address of an earlier one.
func serve(t *testing.T, address string, flags ...string) *server {
	t.Helper()
	arguments := append([]string{"serve", "--config", os.Getenv("SDK_CONFIG"), "--http_server.listen=" + address}, flags...)
	s := &server{command: exec.Command(os.Getenv("SDK_BINARY"), arguments...)}
	for _, variable := range os.Environ() {
		if !strings.HasPrefix(variable, "TIDEMILL_") { // the server would read it as a setting
			s.command.Env = append(s.command.Env, variable)
		}
	}
	log, err := s.command.StderrPipe()
	if err == nil {
		err = s.command.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.kill)
	addresses := make(chan string, 1)
	go func() {
		defer close(addresses)
		for lines := bufio.NewScanner(log); lines.Scan(); {
			if found := listening.FindStringSubmatch(lines.Text()); found != nil {
				addresses <- found[1]
			}
		}
	}()
	if s.address = next(t, addresses); s.address == "" {
		t.Fatal("the server ended before it listened")
	}
	return s
}

func (s *server) kill() {
	s.command.Process.Kill()
	s.command.Wait()
}

func (s *server) connect(t *testing.T, format string, config centrifuge.Config) *client {
	t.Helper()
	c := newClientAt(t, "ws://"+s.address+"/connection/websocket", format, config)
	if err := c.Connect(); err != nil {
		t.Fatal(err)
	}
	next(t, c.connecting)
	return c
}

func TestComesBackAfterAKillAndIsToldThatNothingWasRecovered(t *testing.T) {
	both(t, func(t *testing.T, format string) {
		first := serve(t, "127.0.0.1:0")
		c := first.connect(t, format, centrifuge.Config{Token: token(claims{"sub": "ada"})})
		next(t, c.connected)
		s := subscribe(t, c, unique("chat:"))
		publish := func(number int) {
			if _, err := s.Publish(soon(t), encode(number)); err != nil {
				t.Fatal(err)
			}
			equal(t, data[int](t, s, 1), []int{number})
		}
		publish(1)
		first.kill()
		next(t, c.connecting)
		serve(t, first.address)
		back := next(t, s.subscribed)
		equal(t, fmt.Sprint(back.WasRecovering, back.Recovered), "true false")
		publish(2)
	})
}

func TestIsRefusedWithoutATokenWhereNobodyMayBeAnonymous(t *testing.T) {
	both(t, func(t *testing.T, format string) {
		c := serve(t, "127.0.0.1:0", "--client.allow_anonymous_connect_without_token=false").
			connect(t, format, centrifuge.Config{})
		equal(t, next(t, c.disconnected).Code, uint32(3501))
	})
}
