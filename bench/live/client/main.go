// Subscribers of one table's rows by the thousand, and the writer whose commits they wait for: one process, so that
// both have one clock. It links nothing of the server. Prints a line of JSON once everybody follows, waits for a line,
// writes, and prints what came of it.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"math/rand"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
)

type options struct {
	to, address, database string
	connections, each     int
	cohorts, rows         int
	rate                  float64
	seconds               float64
}

type outcome struct {
	Commits    int     `json:"commits"`
	Deliveries int     `json:"deliveries"` // that came
	Wanted     int     `json:"wanted"`     // commits times subscribers of each
	P50        float64 `json:"p50_ms"`
	P95        float64 `json:"p95_ms"`
	P99        float64 `json:"p99_ms"`
	Max        float64 `json:"max_ms"`
	Lost       int     `json:"lost_states"` // subscriptions that differ from the table in the end
	LateMs     float64 `json:"writer_late_ms"`
	SettledMs  float64 `json:"settled_ms"` // from the last commit until nobody differs
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

func (o options) target() target {
	if o.to == "plain" {
		return plain{}
	}
	return tidemill{endpoint: o.to}
}

func connectAll(o options) []*Follower {
	followers := make([]*Follower, o.connections)
	places := make(chan bool, 64)
	var all sync.WaitGroup
	for i := range followers {
		places <- true
		all.Add(1)
		go func() {
			defer func() { <-places; all.Done() }()
			socket, err := dial(o.address, o.target().path())
			if err != nil {
				fail(err)
			}
			f := &Follower{socket: socket, rows: map[int]map[int64]int64{}}
			for k := range o.each {
				f.cohorts = append(f.cohorts, (i*o.each+k)%o.cohorts)
			}
			if err := o.target().begin(f); err != nil {
				fail(err)
			}
			followers[i] = f
			go f.follow(o.target())
		}()
	}
	all.Wait()
	return followers
}

func untilReady(followers []*Follower) {
	deadline := time.Now().Add(120 * time.Second)
	for {
		waiting := 0
		for _, f := range followers {
			ready, err := f.ready()
			if err != nil {
				fail(err)
			}
			if !ready {
				waiting++
			}
		}
		if waiting == 0 {
			return
		}
		if time.Now().After(deadline) {
			fail(fmt.Errorf("%d connections have not all that they asked for", waiting))
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// One row of one cohort each time, at even distances.
func write(o options, database *pgx.Conn) ([]time.Time, time.Duration) {
	random := rand.New(rand.NewSource(1))
	committed := []time.Time{{}} // from 1
	begun := time.Now()
	late := time.Duration(0)
	for n := 1; float64(n) <= o.rate*o.seconds; n++ {
		due := begun.Add(time.Duration(float64(n) / o.rate * float64(time.Second)))
		time.Sleep(time.Until(due))
		late = max(late, time.Since(due))
		id := random.Intn(o.cohorts * o.rows)
		if _, err := database.Exec(context.Background(), "update readings set value = $1 where id = $2", n, id); err != nil {
			fail(err)
		}
		committed = append(committed, time.Now())
	}
	return committed, late
}

func table(database *pgx.Conn) map[int]map[int64]int64 {
	found, err := database.Query(context.Background(), "select sensor, id, value from readings")
	if err != nil {
		fail(err)
	}
	all := map[int]map[int64]int64{}
	for found.Next() {
		var sensor int
		var each row
		if err := found.Scan(&sensor, &each.ID, &each.Value); err != nil {
			fail(err)
		}
		if all[sensor] == nil {
			all[sensor] = map[int64]int64{}
		}
		all[sensor][each.ID] = each.Value
	}
	return all
}

func differing(followers []*Follower, wanted map[int]map[int64]int64) int {
	count := 0
	for _, f := range followers {
		f.mutex.Lock()
		for _, cohort := range f.cohorts {
			same := len(f.rows[cohort]) == len(wanted[cohort])
			for id, value := range wanted[cohort] {
				same = same && f.rows[cohort][id] == value
			}
			if !same {
				count++
			}
		}
		f.mutex.Unlock()
	}
	return count
}

func judge(o options, followers []*Follower, database *pgx.Conn, committed []time.Time, late time.Duration) outcome {
	last := committed[len(committed)-1]
	result := outcome{Commits: len(committed) - 1, LateMs: float64(late.Microseconds()) / 1000}
	result.Wanted = result.Commits * o.connections * o.each / o.cohorts
	wanted := table(database)
	deadline := time.Now().Add(15 * time.Second)
	for result.Lost = differing(followers, wanted); result.Lost > 0 && time.Now().Before(deadline); {
		time.Sleep(5 * time.Millisecond)
		result.Lost = differing(followers, wanted)
	}
	result.SettledMs = float64(time.Since(last).Microseconds()) / 1000
	var took []float64
	for _, f := range followers {
		f.mutex.Lock()
		if f.ended != nil {
			fail(f.ended)
		}
		for _, each := range f.receipts {
			if each.commit > 0 && int(each.commit) < len(committed) {
				took = append(took, max(0, float64(each.at.Sub(committed[each.commit]).Microseconds())/1000))
			}
		}
		f.mutex.Unlock()
	}
	slices.Sort(took)
	at := func(share float64) float64 { return took[min(len(took)-1, int(share*float64(len(took))))] }
	if result.Deliveries = len(took); result.Deliveries > 0 {
		result.P50, result.P95, result.P99, result.Max = at(0.5), at(0.95), at(0.99), took[len(took)-1]
	}
	return result
}

func main() {
	var o options
	flag.StringVar(&o.to, "to", "keyed", "an endpoint of ours, or plain")
	flag.StringVar(&o.address, "address", "", "host:port")
	flag.StringVar(&o.database, "database", "", "URL")
	flag.IntVar(&o.connections, "connections", 100, "")
	flag.IntVar(&o.each, "each", 1, "subscriptions of a connection")
	flag.IntVar(&o.cohorts, "cohorts", 10, "")
	flag.IntVar(&o.rows, "rows", 10, "of a cohort")
	flag.Float64Var(&o.rate, "rate", 50, "commits per second")
	flag.Float64Var(&o.seconds, "seconds", 10, "")
	flag.Parse()
	database, err := pgx.Connect(context.Background(), o.database)
	if err != nil {
		fail(err)
	}
	begun := time.Now()
	followers := connectAll(o)
	untilReady(followers)
	fmt.Printf("{\"ready_s\":%.3f}\n", time.Since(begun).Seconds())
	if _, err := bufio.NewReader(os.Stdin).ReadString('\n'); err != nil {
		fail(err)
	}
	committed, late := write(o, database)
	text, err := json.Marshal(judge(o, followers, database, committed, late))
	if err != nil {
		fail(err)
	}
	fmt.Println(string(text))
}
