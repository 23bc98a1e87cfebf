// Does what tests/sdks/driver.py asks for: lines of JSON in and out.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/centrifugal/centrifuge-go"

	tidemill "tidemill/sdk/go"
)

type order map[string]any

type asked struct {
	ID          int    `json:"id"`
	Do          string `json:"do"`
	As          string `json:"as"`
	Of          string
	URL         string
	Token       string
	Endpoint    string
	Params      tidemill.Params
	User        string
	Everybody   bool
	Room        string
	Text        string
	ClientMsgID *string `json:"client_msg_id"`
	Message     string
	Emoji       string
	On          bool
}

type answer map[string]any

type follower interface {
	answer() answer
	end()
}

var (
	mu       sync.Mutex // of the two maps, and of what followers know
	clients  = map[string]*tidemill.Client{}
	followed = map[string]follower{}
	output   sync.Mutex
)

// A live query, as an application has it.
type query struct {
	state   tidemill.LiveState[order]
	numbers map[*order]int
	cancel  context.CancelFunc
	done    chan struct{}
}

func follow(live *tidemill.LiveQuery[order]) *query {
	ctx, cancel := context.WithCancel(context.Background())
	q := &query{numbers: map[*order]int{}, cancel: cancel, done: make(chan struct{})}
	go func() {
		defer close(q.done)
		for state := range live.States(ctx) {
			mu.Lock()
			q.state = state
			mu.Unlock()
		}
	}()
	return q
}

func (q *query) answer() answer {
	objects := []int{}
	rows := []*order{}
	for _, row := range q.state.Rows {
		if _, known := q.numbers[row]; !known {
			q.numbers[row] = len(q.numbers) + 1
		}
		objects = append(objects, q.numbers[row])
		rows = append(rows, row)
	}
	return answer{"status": q.state.Status, "rows": rows, "objects": objects, "code": codeOf(q.state.Err)}
}

func (q *query) end() {
	q.cancel()
	<-q.done
}

// A room, put together from its events.
type roomLog struct {
	room     *tidemill.Room
	events   *tidemill.RoomEvents
	order    []string
	messages map[string]tidemill.Message
	version  int64
	pages    int
	gaps     int
	err      error
	cancel   context.CancelFunc
	done     chan struct{}
}

func followRoom(room *tidemill.Room) *roomLog {
	ctx, cancel := context.WithCancel(context.Background())
	r := &roomLog{room: room, events: room.Events(), cancel: cancel, done: make(chan struct{}), messages: map[string]tidemill.Message{}}
	go func() {
		defer close(r.done)
		for event, err := range r.events.All(ctx) {
			mu.Lock()
			if err != nil {
				r.err = err
			} else {
				r.take(event)
			}
			mu.Unlock()
		}
	}()
	return r
}

func (r *roomLog) put(message tidemill.Message) {
	if _, known := r.messages[message.ID]; !known {
		r.order = append(r.order, message.ID)
	}
	r.messages[message.ID] = message
}

func (r *roomLog) take(event tidemill.Event) {
	if event.Type == "room.page" {
		r.pages++
		r.order, r.messages = nil, map[string]tidemill.Message{}
		for _, message := range event.Messages() {
			r.put(message)
		}
	} else if event.Version != r.version+1 {
		r.gaps++
	}
	r.version = event.Version
	if message := event.Message(); message != nil {
		r.put(*message)
	}
	if strings.HasPrefix(event.Type, "reaction.") {
		var data struct {
			MessageID string `json:"message_id"`
			Reactions []tidemill.Reaction
		}
		_ = json.Unmarshal(event.Data, &data)
		message := r.messages[data.MessageID]
		message.Reactions = data.Reactions
		r.put(message)
	}
}

func (r *roomLog) answer() answer {
	texts := []string{}
	for _, id := range r.order {
		message := r.messages[id]
		if message.Type != "text" {
			continue
		}
		text := message.Text
		for _, reaction := range message.Reactions {
			text += " " + reaction.Emoji
		}
		if message.DeletedAt != nil {
			text = "(deleted)"
		}
		texts = append(texts, text)
	}
	return answer{"status": r.events.Status(), "texts": texts, "pages": r.pages, "gaps": r.gaps, "code": codeOf(r.err)}
}

func (r *roomLog) end() {
	r.cancel()
	<-r.done
}

func codeOf(err error) any {
	var told *tidemill.Error
	if errors.As(err, &told) {
		return told.Code
	}
	if err != nil {
		return -1
	}
	return nil
}

func find[T any](of map[string]T, name string) T {
	mu.Lock()
	defer mu.Unlock()
	return of[name]
}

func do(a asked) (answer, error) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	room := func() *tidemill.Room { return find(followed, a.As).(*roomLog).room }
	switch a.Do {
	case "connect":
		config := tidemill.Config{Client: centrifuge.Config{MinReconnectDelay: 20 * time.Millisecond, MaxReconnectDelay: 100 * time.Millisecond}}
		if a.Token != "" {
			config.GetToken = func() (string, error) { return a.Token, nil }
		}
		client, err := tidemill.New(a.URL, config)
		mu.Lock()
		clients[a.As] = client
		mu.Unlock()
		return nil, err
	case "name":
		target, err := tidemill.TargetOf(a.Endpoint, a.Params)
		return answer{"channel": tidemill.ChannelOf(target, a.User)}, err
	case "live":
		var options []tidemill.LiveOption
		if a.Everybody {
			options = append(options, tidemill.Everybody())
		}
		q := follow(tidemill.Live[order](find(clients, a.Of), a.Endpoint, a.Params, options...))
		mu.Lock()
		followed[a.As] = q
		mu.Unlock()
	case "room":
		r := followRoom(find(clients, a.Of).Room(a.Room))
		mu.Lock()
		followed[a.As] = r
		mu.Unlock()
	case "rows", "texts":
		mu.Lock()
		defer mu.Unlock()
		return followed[a.As].answer(), nil
	case "send":
		var options []tidemill.SendOption
		if a.ClientMsgID != nil {
			options = append(options, tidemill.ClientMsgID(*a.ClientMsgID))
		}
		message, err := room().Send(ctx, a.Text, options...)
		return answer{"message": message.ID}, err
	case "edit":
		return nil, room().Edit(ctx, a.Message, a.Text)
	case "delete":
		return nil, room().Delete(ctx, a.Message)
	case "react":
		return nil, room().React(ctx, a.Message, a.Emoji, a.On)
	case "end":
		find(followed, a.As).end()
	}
	return nil, nil
}

func main() {
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<22)
	for lines.Scan() {
		var a asked
		if err := json.Unmarshal(lines.Bytes(), &a); err != nil {
			panic(err)
		}
		go func() {
			result, err := do(a)
			if result == nil || err != nil {
				result = answer{}
			}
			result["id"] = a.ID
			if err != nil {
				result["code"], result["message"] = codeOf(err), err.Error()
			}
			output.Lock()
			defer output.Unlock()
			_ = json.NewEncoder(os.Stdout).Encode(result)
		}()
	}
	for _, client := range clients {
		client.Close()
	}
}
