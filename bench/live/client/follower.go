package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"time"
)

type row struct {
	ID    int64 `json:"id"`
	Value int64 `json:"value"`
}

type receipt struct {
	commit int64 // what the row's value is
	at     time.Time
}

// Follower is one connection with some subscriptions, and the rows that each of them has now.
type Follower struct {
	socket   *WebSocket
	cohorts  []int
	channels map[string]int // the channel's cohort

	mutex    sync.Mutex
	rows     map[int]map[int64]int64 // by cohort and id
	receipts []receipt
	ended    error
}

type target interface {
	path() string
	begin(f *Follower) error
	take(f *Follower, message []byte, at time.Time) error
}

func (f *Follower) put(cohort int, each row, at time.Time, counts bool) {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	if f.rows[cohort] == nil {
		f.rows[cohort] = map[int64]int64{}
	}
	f.rows[cohort][each.ID] = each.Value
	if counts {
		f.receipts = append(f.receipts, receipt{each.Value, at})
	}
}

func (f *Follower) follow(to target) {
	for {
		message, err := f.socket.receive()
		if err == nil {
			err = to.take(f, message, time.Now())
		}
		if err != nil {
			f.mutex.Lock()
			f.ended = err
			f.mutex.Unlock()
			return
		}
	}
}

func (f *Follower) ready() (bool, error) {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	return len(f.rows) == len(f.cohorts), f.ended
}

// tidemill speaks the client protocol: a map subscription for each cohort.
type tidemill struct{ endpoint string }

func (t tidemill) path() string { return "/connection/websocket" }

func (t tidemill) begin(f *Follower) error {
	lines := []string{`{"id":1,"connect":{}}`}
	f.channels = map[string]int{}
	for i, cohort := range f.cohorts {
		channel := fmt.Sprintf("live:/%s?sensor=%d", t.endpoint, cohort)
		f.channels[channel] = cohort
		lines = append(lines, fmt.Sprintf(`{"id":%d,"subscribe":{"channel":"%s","type":1,"phase":2,"limit":100}}`, i+2, channel))
	}
	for _, line := range lines {
		if err := f.socket.send(line); err != nil {
			return err
		}
	}
	return nil
}

type publication struct {
	Data    row  `json:"data"`
	Removed bool `json:"removed"`
}

type reply struct {
	ID    int `json:"id"`
	Error *struct {
		Code    int    `json:"code"`
		Message string `json:"message"`
	} `json:"error"`
	Subscribe *struct {
		Phase        int           `json:"phase"`
		State        []publication `json:"state"`
		Publications []publication `json:"publications"`
	} `json:"subscribe"`
	Push *struct {
		Channel     string       `json:"channel"`
		Publication *publication `json:"pub"`
		Unsubscribe *struct {
			Code int `json:"code"`
		} `json:"unsubscribe"`
	} `json:"push"`
}

func (t tidemill) take(f *Follower, message []byte, at time.Time) error {
	for _, line := range strings.Split(strings.TrimSpace(string(message)), "\n") {
		if line == "{}" {
			if err := f.socket.send("{}"); err != nil {
				return err
			}
			continue
		}
		var said reply
		if err := json.Unmarshal([]byte(line), &said); err != nil {
			return err
		}
		switch {
		case said.Error != nil:
			return fmt.Errorf("error %d %s", said.Error.Code, said.Error.Message)
		case said.Subscribe != nil:
			if said.Subscribe.Phase != 0 {
				return fmt.Errorf("a result of %d rows takes several pages", len(said.Subscribe.State))
			}
			for _, each := range append(said.Subscribe.State, said.Subscribe.Publications...) {
				f.put(f.cohorts[said.ID-2], each.Data, at, false)
			}
		case said.Push != nil && said.Push.Unsubscribe != nil:
			return fmt.Errorf("unsubscribed with %d", said.Push.Unsubscribe.Code)
		case said.Push != nil && said.Push.Publication != nil:
			f.put(f.channels[said.Push.Channel], said.Push.Publication.Data, at, true)
		}
	}
	return nil
}

// plain is what the peer speaks: a list of cohorts there, rows back.
type plain struct{}

func (plain) path() string { return "/" }

func (plain) begin(f *Follower) error {
	text, err := json.Marshal(f.cohorts)
	if err != nil {
		return err
	}
	return f.socket.send(string(text))
}

func (plain) take(f *Follower, message []byte, at time.Time) error {
	var said struct {
		Sensor int   `json:"sensor"`
		Rows   []row `json:"rows"`
		First  bool  `json:"first"`
	}
	if err := json.Unmarshal(message, &said); err != nil {
		return err
	}
	for _, each := range said.Rows {
		f.put(said.Sensor, each, at, !said.First)
	}
	return nil
}
