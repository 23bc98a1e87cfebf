// A server of its own, which is killed and started again.
package sdk

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"testing"

	"github.com/centrifugal/centrifuge-go"
)

type server struct {
	starter *exec.Cmd
	address string
	pid     int
}

// A server with the common configuration, at a free port or at the address of an earlier one.
func serve(t *testing.T, address string, flags ...string) *server {
	t.Helper()
	arguments := append([]string{"../../lib/server.py", os.Getenv("SDK_BINARY"), "--config", os.Getenv("SDK_CONFIG"),
		"--http_server.listen=" + address}, flags...)
	s := &server{starter: exec.Command("python3", arguments...)}
	s.starter.Stderr = os.Stderr
	output, err := s.starter.StdoutPipe()
	if err == nil {
		_, err = s.starter.StdinPipe() // its end would end the server
	}
	if err == nil {
		err = s.starter.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.kill)
	var started struct {
		Address string
		Pid     int
	}
	if err := json.NewDecoder(output).Decode(&started); err != nil {
		t.Fatal("the server did not start")
	}
	s.address, s.pid = started.Address, started.Pid
	return s
}

func (s *server) kill() {
	if s.pid != 0 {
		syscall.Kill(s.pid, syscall.SIGKILL)
		s.pid = 0
		s.starter.Wait()
	}
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
