// The library at the heart of Centrifugo behind two HTTP handlers.
package main

import (
	"context"
	"crypto/subtle"
	"encoding/json"
	"io"
	"log"
	"net/http"
	"os"
	"strconv"
	"time"

	"github.com/centrifugal/centrifuge"
)

const (
	dataBytesMax    = 64 << 10
	bodyBytesMax    = dataBytesMax + 4<<10
	queueBytesMax   = 1 << 20
	messageBytesMax = 4 << 10
)

type request struct {
	Channel string          `json:"channel"`
	Data    json.RawMessage `json:"data"`
}

func main() {
	node, err := centrifuge.New(centrifuge.Config{
		LogLevel:           centrifuge.LogLevelError,
		LogHandler:         func(entry centrifuge.LogEntry) { log.Println(entry.Message, entry.Fields) },
		ClientQueueMaxSize: queueBytesMax,
	})
	check(err)
	if url := os.Getenv("REDIS_URL"); url != "" {
		connect(node, url)
	}
	acceptClients(node, os.Getenv("PRESENCE") == "1")
	check(node.Run())

	seconds, err := strconv.ParseFloat(os.Getenv("PING_SECONDS"), 64)
	if err != nil {
		seconds = 25
	}
	ping := time.Duration(seconds * float64(time.Second))
	http.HandleFunc("GET /health", func(http.ResponseWriter, *http.Request) {})
	http.Handle("/connection/websocket", centrifuge.NewWebsocketHandler(node, centrifuge.WebsocketConfig{
		CheckOrigin:        func(*http.Request) bool { return true },
		MessageSizeLimit:   messageBytesMax,
		UseWriteBufferPool: true,
		// The library wants the pong before the next ping.
		PingPongConfig: centrifuge.PingPongConfig{PingInterval: ping, PongTimeout: ping * 9 / 10},
	}))
	http.Handle("POST /api/publish", handler(func(r request) (any, error) {
		_, err := node.Publish(r.Channel, r.Data)
		return struct{}{}, err
	}, func(r request) bool { return r.Data != nil && len(r.Data) <= dataBytesMax }))
	http.Handle("POST /api/presence_stats", handler(func(r request) (any, error) {
		stats, err := node.PresenceStats(r.Channel)
		return map[string]int{"num_clients": stats.NumClients, "num_users": stats.NumUsers}, err
	}, func(request) bool { return true }))
	log.Fatal(http.ListenAndServe("127.0.0.1:"+os.Getenv("PORT"), nil))
}

func connect(node *centrifuge.Node, url string) {
	shard, err := centrifuge.NewRedisShard(node, centrifuge.RedisShardConfig{Address: url})
	check(err)
	shards := []*centrifuge.RedisShard{shard}
	broker, err := centrifuge.NewRedisBroker(node, centrifuge.RedisBrokerConfig{Shards: shards})
	check(err)
	presence, err := centrifuge.NewRedisPresenceManager(node,
		centrifuge.RedisPresenceManagerConfig{Shards: shards})
	check(err)
	node.SetBroker(broker)
	node.SetPresenceManager(presence)
}

func acceptClients(node *centrifuge.Node, presence bool) {
	node.OnConnecting(func(context.Context, centrifuge.ConnectEvent) (centrifuge.ConnectReply, error) {
		return centrifuge.ConnectReply{Credentials: &centrifuge.Credentials{}}, nil
	})
	node.OnConnect(func(client *centrifuge.Client) {
		client.OnSubscribe(func(_ centrifuge.SubscribeEvent, done centrifuge.SubscribeCallback) {
			done(centrifuge.SubscribeReply{Options: centrifuge.SubscribeOptions{EmitPresence: presence}}, nil)
		})
	})
}

// handler answers a request of the server API: its key and body are checked before it is acted upon.
func handler(act func(request) (any, error), accepts func(request) bool) http.Handler {
	key := []byte(os.Getenv("API_KEY"))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if subtle.ConstantTimeCompare([]byte(r.Header.Get("X-API-Key")), key) == 0 {
			http.Error(w, "{}", http.StatusUnauthorized)
			return
		}
		var decoded request
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, bodyBytesMax))
		if err != nil || json.Unmarshal(body, &decoded) != nil || decoded.Channel == "" || !accepts(decoded) {
			http.Error(w, "{}", http.StatusBadRequest)
			return
		}
		result, err := act(decoded)
		if err != nil {
			http.Error(w, "{}", http.StatusServiceUnavailable)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		json.NewEncoder(w).Encode(map[string]any{"result": result})
	})
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
