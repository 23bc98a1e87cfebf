// What the benchmark of stores asks, through pgx: README.md beside this folder says what each mode does.
//
// It is used as its documentation says: a pool, QueryRow and Scan into a struct, encoding/json.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"math/rand/v2"
	"os"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"tidemill/bench/stores/items"
)

func fields(i *items.Item) []any {
	return []any{&i.ID, &i.Name, &i.Status, &i.Quantity, &i.Score, &i.Active, &i.Note, &i.Created}
}

var (
	mode        = flag.String("mode", "", "lookup, stream, idle or check")
	host        = flag.String("host", "", "")
	port        = flag.String("port", "", "")
	user        = flag.String("user", "", "")
	database    = flag.String("database", "", "")
	inFlight    = flag.Int("in-flight", 1, "")
	connections = flag.Int("connections", 1, "")
	seconds     = flag.Float64("seconds", 1, "")
	warmUp      = flag.Float64("warm-up", 0.5, "")
	ids         = flag.Int64("ids", 1, "")
	query       = flag.String("sql", "", "")
)

func cpuSeconds() float64 {
	var usage syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &usage)
	return float64(usage.Utime.Sec+usage.Stime.Sec) + float64(usage.Utime.Usec+usage.Stime.Usec)/1e6
}

func statusKiB(field string) int64 {
	status, _ := os.ReadFile("/proc/self/status")
	for _, line := range strings.Split(string(status), "\n") {
		if found, ok := strings.CutPrefix(line, field+":"); ok {
			var kib int64
			_, _ = fmt.Sscan(found, &kib)
			return kib
		}
	}
	return 0
}

func open(ctx context.Context) *pgxpool.Pool {
	config, err := pgxpool.ParseConfig(fmt.Sprintf("host=%s port=%s user=%s dbname=%s pool_max_conns=%d", *host, *port,
		*user, *database, *connections))
	if err != nil {
		log.Fatal(err)
	}
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		log.Fatal(err)
	}
	return pool
}

func one(ctx context.Context, pool *pgxpool.Pool, id int64) []byte {
	var found items.Item
	if err := pool.QueryRow(ctx, *query, id).Scan(fields(&found)...); err != nil {
		log.Fatal(err)
	}
	if found.ID != id {
		log.Fatal("an answer to another question")
	}
	text, err := json.Marshal(&found)
	if err != nil {
		log.Fatal(err)
	}
	return text
}

func lookup(ctx context.Context, pool *pgxpool.Pool) {
	type count struct{ queries, bytes int64 }
	begin := time.Now()
	from := begin.Add(time.Duration(*warmUp * float64(time.Second)))
	until := from.Add(time.Duration(*seconds * float64(time.Second)))
	counts := make([]count, *inFlight)
	var group sync.WaitGroup
	for worker := range counts {
		group.Add(1)
		go func() {
			defer group.Done()
			random := rand.New(rand.NewPCG(1, uint64(worker)))
			for {
				text := one(ctx, pool, 1+random.Int64N(*ids))
				now := time.Now()
				if now.After(until) {
					return
				}
				if now.After(from) {
					counts[worker].queries++
					counts[worker].bytes += int64(len(text))
				}
			}
		}()
	}
	time.Sleep(time.Until(from))
	cpuFrom := cpuSeconds()
	time.Sleep(time.Until(until))
	cpu := cpuSeconds() - cpuFrom
	group.Wait()
	var all count
	for _, each := range counts {
		all.queries += each.queries
		all.bytes += each.bytes
	}
	fmt.Printf("{\"queries\":%d,\"seconds\":%f,\"cpu_seconds\":%f,\"json_bytes\":%d}\n", all.queries, until.Sub(from).Seconds(),
		cpu, all.bytes)
}

type counter int64

func (c *counter) Write(bytes []byte) (int, error) {
	*c += counter(len(bytes))
	return len(bytes), nil
}

func stream(ctx context.Context, pool *pgxpool.Pool) {
	begin, cpuBegin := time.Now(), cpuSeconds()
	rows, err := pool.Query(ctx, *query)
	if err != nil {
		log.Fatal(err)
	}
	var bytes counter
	encoder := json.NewEncoder(&bytes)
	count := 0
	for rows.Next() {
		var found items.Item
		if err := rows.Scan(fields(&found)...); err != nil {
			log.Fatal(err)
		}
		if err := encoder.Encode(&found); err != nil {
			log.Fatal(err)
		}
		count++
	}
	if rows.Err() != nil {
		log.Fatal(rows.Err())
	}
	fmt.Printf("{\"rows\":%d,\"seconds\":%f,\"cpu_seconds\":%f,\"json_bytes\":%d,\"peak_kib\":%d}\n", count,
		time.Since(begin).Seconds(), cpuSeconds()-cpuBegin, bytes, statusKiB("VmHWM"))
}

func idle(ctx context.Context, pool *pgxpool.Pool) {
	held := make([]*pgxpool.Conn, *connections)
	for at := range held {
		connection, err := pool.Acquire(ctx)
		if err != nil {
			log.Fatal(err)
		}
		held[at] = connection
		var found items.Item
		if err := connection.QueryRow(ctx, *query, int64(1)).Scan(fields(&found)...); err != nil {
			log.Fatal(err)
		}
	}
	for _, connection := range held {
		connection.Release()
	}
	runtime.GC()
	debug.FreeOSMemory()
	fmt.Printf("{\"anonymous_kib\":%d}\n", statusKiB("RssAnon"))
}

func main() {
	flag.Parse()
	ctx := context.Background()
	pool := open(ctx)
	switch *mode {
	case "lookup":
		lookup(ctx, pool)
	case "stream":
		stream(ctx, pool)
	case "idle":
		idle(ctx, pool)
	case "check":
		for id := int64(1); id <= *ids; id++ {
			fmt.Printf("%s\n", one(ctx, pool, id))
		}
	default:
		log.Fatal("no such mode")
	}
}
