// River: what the job benchmark asks of it; ../README.md says what the scenarios are.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"log/slog"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivermigrate"
)

const bulk = 1000

type options struct {
	URL        string  `json:"url"`
	Jobs       int     `json:"jobs"`
	Width      int     `json:"width"`
	Workers    int     `json:"workers"`
	Rate       int     `json:"rate"`
	Seconds    int     `json:"seconds"`
	SecondsMax float64 `json:"seconds_max"`
	AheadS     float64 `json:"ahead_s"`
	Pool       int     `json:"pool"`
}

type args struct {
	N  int     `json:"n"`
	At float64 `json:"at"` // ms
}

func (args) Kind() string { return "job" }

type worker struct {
	river.WorkerDefaults[args]
	onJob func(args)
}

func (w *worker) Work(_ context.Context, job *river.Job[args]) error {
	w.onJob(job.Args)
	return nil
}

type ledger struct {
	runs []atomic.Int32
	left atomic.Int64
	done chan struct{}
}

func newLedger(count int) *ledger {
	l := &ledger{runs: make([]atomic.Int32, count), done: make(chan struct{})}
	l.left.Store(int64(count))
	return l
}

func (l *ledger) mark(n int) {
	if l.runs[n].Add(1) == 1 && l.left.Add(-1) == 0 {
		close(l.done)
	}
}

func (l *ledger) wait(seconds float64) {
	select {
	case <-l.done:
	case <-time.After(time.Duration(seconds * float64(time.Second))):
	}
}

// After a moment in which a second run of a job would show.
func (l *ledger) verdict(figures map[string]any) {
	time.Sleep(300 * time.Millisecond)
	twice := 0
	for i := range l.runs {
		if l.runs[i].Load() > 1 {
			twice++
		}
	}
	figures["missing"], figures["twice"] = l.left.Load(), twice
}

func now() float64 { return float64(time.Now().UnixMicro()) / 1000 }

type bench struct {
	options
	pool   *pgxpool.Pool
	client *river.Client[pgx.Tx]
}

func open(o options, onJob func(args)) (*bench, error) {
	ctx := context.Background()
	config, err := pgxpool.ParseConfig(o.URL)
	if err != nil {
		return nil, err
	}
	config.MaxConns = int32(o.Pool)
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, err
	}
	driver := riverpgxv5.New(pool)
	migrator, err := rivermigrate.New(driver, &rivermigrate.Config{Logger: quiet()})
	if err != nil {
		return nil, err
	}
	if _, err := migrator.Migrate(ctx, rivermigrate.DirectionUp, nil); err != nil {
		return nil, err
	}
	settings := &river.Config{Logger: quiet(), FetchCooldown: 2 * time.Millisecond, FetchPollInterval: 100 * time.Millisecond}
	if onJob != nil {
		workers := river.NewWorkers()
		river.AddWorker(workers, &worker{onJob: onJob})
		settings.Workers = workers
		settings.Queues = map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: o.Workers}}
	}
	client, err := river.NewClient(driver, settings)
	if err != nil {
		return nil, err
	}
	return &bench{o, pool, client}, nil
}

func quiet() *slog.Logger { return slog.New(slog.NewTextHandler(io.Discard, nil)) }

func (b *bench) push(job args, opts *river.InsertOpts) {
	if _, err := b.client.Insert(context.Background(), job, opts); err != nil {
		log.Fatal(err)
	}
}

// Runs task(n) for 0 to count - 1, `width` at once.
func atOnce(count, width int, task func(int)) {
	var next atomic.Int64
	var all sync.WaitGroup
	for range width {
		all.Go(func() {
			for n := next.Add(1) - 1; n < int64(count); n = next.Add(1) - 1 {
				task(int(n))
			}
		})
	}
	all.Wait()
}

func (b *bench) pushAll() { atOnce(b.Jobs, b.Width, func(n int) { b.push(args{N: n}, nil) }) }

func (b *bench) fill() {
	atOnce((b.Jobs+bulk-1)/bulk, 4, func(part int) {
		jobs := []river.InsertManyParams{}
		for n := part * bulk; n < min(b.Jobs, (part+1)*bulk); n++ {
			jobs = append(jobs, river.InsertManyParams{Args: args{N: n}})
		}
		if _, err := b.client.InsertManyFast(context.Background(), jobs); err != nil {
			log.Fatal(err)
		}
	})
}

func percentiles(values []float64, figures map[string]any) {
	slices.Sort(values)
	if len(values) == 0 {
		return
	}
	at := func(share float64) float64 { return values[min(len(values)-1, int(float64(len(values))*share))] }
	figures["p50_ms"], figures["p99_ms"], figures["max_ms"] = at(0.5), at(0.99), values[len(values)-1]
}

type waits struct {
	mutex  sync.Mutex
	values []float64
}

func (w *waits) add(ms float64) {
	w.mutex.Lock()
	w.values = append(w.values, ms)
	w.mutex.Unlock()
}

func run(name string, o options) (map[string]any, error) {
	figures := map[string]any{}
	count := o.Jobs
	if name == "latency" {
		count = o.Rate * o.Seconds
	}
	marks, waited := newLedger(count), &waits{}
	onJob := func(job args) {
		if job.At != 0 {
			waited.add(now() - job.At)
		}
		marks.mark(job.N)
	}
	works := name != "push" && name != "bulk" && name != "backlog"
	if !works {
		onJob = nil
	}
	b, err := open(o, onJob)
	if err != nil {
		return nil, err
	}
	start := func() {
		if err := b.client.Start(context.Background()); err != nil {
			log.Fatal(err)
		}
	}
	begun := time.Now()
	switch name {
	case "push":
		b.pushAll()
	case "bulk", "backlog":
		b.fill()
	case "work":
		start()
		begun = time.Now()
		b.pushAll()
		marks.wait(o.SecondsMax)
	case "drain":
		b.fill()
		begun = time.Now()
		start()
		marks.wait(o.SecondsMax)
	case "latency":
		start()
		b.pushAtRate(count)
		marks.wait(o.SecondsMax)
	case "burst":
		at := time.Now().Add(time.Duration(o.AheadS * float64(time.Second))).Truncate(time.Millisecond)
		due := float64(at.UnixMilli())
		atOnce(o.Jobs, o.Width, func(n int) { b.push(args{n, due}, &river.InsertOpts{ScheduledAt: at}) })
		figures["pushed_in_time"] = time.Now().Before(at)
		start()
		time.Sleep(time.Until(at))
		marks.wait(o.SecondsMax)
	default:
		return nil, errors.New("no such scenario: " + name)
	}
	figures["seconds"] = time.Since(begun).Seconds()
	if works {
		marks.verdict(figures)
		waited.mutex.Lock()
		percentiles(waited.values, figures)
		waited.mutex.Unlock()
	}
	return figures, nil
}

func (b *bench) pushAtRate(count int) {
	begun := time.Now()
	var all sync.WaitGroup
	for n := 0; n < count; {
		due := min(count, int(time.Since(begun).Seconds()*float64(b.Rate)))
		for ; n < due; n++ {
			job := args{n, now()}
			all.Go(func() { b.push(job, nil) })
		}
		time.Sleep(time.Millisecond)
	}
	all.Wait()
}

func main() {
	var o options
	if len(os.Args) != 3 || json.Unmarshal([]byte(os.Args[2]), &o) != nil {
		log.Fatal("usage: river SCENARIO OPTIONS-AS-JSON")
	}
	figures, err := run(os.Args[1], o)
	if err != nil {
		log.Fatal(err)
	}
	text, _ := json.Marshal(figures)
	fmt.Println(string(text))
}
