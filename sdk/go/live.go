package tidemill

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"iter"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/centrifugal/centrifuge-go"
)

const (
	againMin = 200 * time.Millisecond
	againMax = 20 * time.Second
)

// LiveState is what is known of a live query. A row that has not changed is the same pointer as before. Err says why,
// when Status is Failed, and what happened last, when it is Loading or Stale.
type LiveState[Row any] struct {
	Status Status
	Rows   []*Row
	Err    error
}

// LiveQuery is a live query: its rows in the order of the query, kept current.
type LiveQuery[Row any] struct {
	client  *Client
	target  string
	isOwn   bool
	problem error
}

// LiveOption says how an endpoint is followed.
type LiveOption func(*liveOptions)

type liveOptions struct{ everybody bool }

// Everybody is for endpoints whose file says `@auth none`.
func Everybody() LiveOption { return func(o *liveOptions) { o.everybody = true } }

// Live makes a live query of an endpoint, as "orders/mine" or "orders/{id}". Each loop over it has a connection of its
// own, as centrifuge-go has no maps.
func Live[Row any](client *Client, endpoint string, params Params, options ...LiveOption) *LiveQuery[Row] {
	var chosen liveOptions
	for _, option := range options {
		option(&chosen)
	}
	target, err := TargetOf(endpoint, params)
	isOwn := !chosen.everybody && (client.config.GetToken != nil || client.config.User != "")
	return &LiveQuery[Row]{client: client, target: target, isOwn: isOwn, problem: err}
}

// States gives the newest state, and each further one; of several that have come meanwhile only the newest. It ends with
// ctx, with the loop, or after a state that has Failed.
func (q *LiveQuery[Row]) States(ctx context.Context) iter.Seq[LiveState[Row]] {
	return func(yield func(LiveState[Row]) bool) {
		ctx, cancel := context.WithCancel(ctx)
		f := &follower[Row]{query: q, state: LiveState[Row]{Status: Loading}, changes: 1, changed: make(chan struct{}, 1),
			rows: map[string]*entry[Row]{}}
		done := make(chan struct{})
		go func() {
			defer close(done)
			f.run(ctx)
		}()
		defer func() {
			cancel()
			<-done
		}()
		given := 0
		for {
			state, number := f.now()
			if number != given {
				given = number
				if !yield(state) {
					return
				}
				continue
			}
			select {
			case <-f.changed:
			case <-done:
				if _, number := f.now(); number == given {
					return
				}
			}
		}
	}
}

type entry[Row any] struct {
	row   *Row
	json  []byte
	order float64
}

type follower[Row any] struct {
	query   *LiveQuery[Row]
	rows    map[string]*entry[Row] // of the goroutine that follows
	mu      sync.Mutex             // of what is below
	state   LiveState[Row]
	changes int
	changed chan struct{}
}

func (f *follower[Row]) now() (LiveState[Row], int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.state, f.changes
}

func (f *follower[Row]) run(ctx context.Context) {
	pause := againMin
	for {
		err := f.follow(ctx)
		if ctx.Err() != nil {
			return
		}
		var end *ended
		var told *Error
		isFinal := errors.Is(err, centrifuge.ErrUnauthorized) || errors.As(err, &told)
		if errors.As(err, &end) {
			err, isFinal = end.err, end.isFinal
		}
		state, _ := f.now()
		if isFinal {
			f.set(Failed, err)
			return
		}
		if state.Status == Current {
			pause = againMin
		} else {
			pause = min(againMax, pause*2)
		}
		if state.Status == Current {
			f.set(Stale, err)
		} else {
			f.set(state.Status, err)
		}
		select {
		case <-time.After(pause/2 + rand.N(pause/2)):
		case <-ctx.Done():
			return
		}
	}
}

func (f *follower[Row]) follow(ctx context.Context) error {
	q := f.query
	if q.problem != nil {
		return &Error{Code: 107, Message: q.problem.Error(), cause: q.problem}
	}
	user, token := "", ""
	var err error
	if q.isOwn {
		if user, err = q.client.userID(); err != nil {
			return err
		}
		if token, err = q.client.token(); err != nil {
			return err
		}
	}
	w, err := dial(ctx, q.client.url, q.client.token)
	if err != nil {
		return err
	}
	defer w.close()
	defer context.AfterFunc(ctx, w.close)()
	if err := w.connect(); err != nil {
		return err
	}
	entries, err := w.readMap(ChannelOf(q.target, user), token)
	if err != nil {
		return err
	}
	before := f.rows
	f.rows = make(map[string]*entry[Row], len(entries))
	for _, each := range entries {
		if err := f.put(each, before[each.Key]); err != nil {
			return err
		}
	}
	for {
		f.set(Current, nil)
		next, err := w.nextUpdate()
		if err != nil {
			return err
		}
		if next.Removed {
			delete(f.rows, next.Key)
		} else if err := f.put(next, f.rows[next.Key]); err != nil {
			return err
		}
	}
}

// A value is replaced only by another one.
func (f *follower[Row]) put(u update, before *entry[Row]) error {
	if before != nil && bytes.Equal(before.json, u.Data) {
		f.rows[u.Key] = &entry[Row]{before.row, before.json, u.order()}
		return nil
	}
	row := new(Row)
	if err := json.Unmarshal(u.Data, row); err != nil {
		return &ended{&Error{Message: err.Error(), cause: err}, true}
	}
	f.rows[u.Key] = &entry[Row]{row, u.Data, u.order()}
	return nil
}

func (f *follower[Row]) set(status Status, err error) {
	entries := make([]*entry[Row], 0, len(f.rows))
	for _, each := range f.rows {
		entries = append(entries, each)
	}
	slices.SortFunc(entries, func(a, b *entry[Row]) int { return cmp.Compare(b.order, a.order) })
	rows := make([]*Row, len(entries))
	for i, each := range entries {
		rows[i] = each.row
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.state.Status == status && f.state.Err == err && slices.Equal(f.state.Rows, rows) {
		return
	}
	f.state = LiveState[Row]{status, rows, err}
	f.changes++
	select {
	case f.changed <- struct{}{}:
	default:
	}
}
