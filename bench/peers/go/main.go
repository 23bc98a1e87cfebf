// The Go peer: net/http, gorilla/websocket with prepared messages, go-redis.
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
	"sync"
	"time"

	"github.com/gorilla/websocket"
	"github.com/redis/go-redis/v9"
)

const (
	dataBytesMax = 64 << 10
	bodyBytesMax = dataBytesMax + 4<<10
)

type publication struct {
	Channel string          `json:"channel"`
	Data    json.RawMessage `json:"data"`
}

type server struct {
	hub       *hub
	publisher *redis.AutoPipeliner // nil without Redis
	apiKey    string
	ping      time.Duration
}

var upgrader = websocket.Upgrader{
	ReadBufferSize:  1024,
	WriteBufferPool: &sync.Pool{},
	CheckOrigin:     func(*http.Request) bool { return true },
}

func main() {
	seconds, err := strconv.ParseFloat(os.Getenv("PING_SECONDS"), 64)
	if err != nil {
		seconds = 25
	}
	s := &server{apiKey: os.Getenv("API_KEY"), ping: time.Duration(seconds * float64(time.Second))}
	var subscriber *redis.PubSub
	if url := os.Getenv("REDIS_URL"); url != "" {
		subscriber = s.connect(url)
	}
	s.hub = newHub(subscriber)
	http.HandleFunc("GET /health", func(http.ResponseWriter, *http.Request) {})
	http.HandleFunc("GET /ws", s.serveClient)
	http.Handle("POST /publish", s.withKey(s.publish))
	http.Handle("GET /presence", s.withKey(s.presence))
	log.Fatal(http.ListenAndServe("127.0.0.1:"+os.Getenv("PORT"), nil))
}

func (s *server) connect(url string) *redis.PubSub {
	options, err := redis.ParseURL(url)
	if err != nil {
		log.Fatal(err)
	}
	client := redis.NewClient(options)
	if s.publisher, err = client.AutoPipeline(); err != nil {
		log.Fatal(err)
	}
	subscriber := client.Subscribe(context.Background())
	if err := subscriber.Ping(context.Background()); err != nil {
		log.Fatal(err)
	}
	return subscriber
}

func (s *server) serveClient(w http.ResponseWriter, r *http.Request) {
	if conn, err := upgrader.Upgrade(w, r, nil); err == nil {
		c := newClient(conn, s.ping)
		go c.write()
		go c.read(s.hub)
	}
}

func (s *server) withKey(next http.HandlerFunc) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if subtle.ConstantTimeCompare([]byte(r.Header.Get("X-API-Key")), []byte(s.apiKey)) == 0 {
			http.Error(w, "{}", http.StatusUnauthorized)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		next(w, r)
	})
}

func (s *server) publish(w http.ResponseWriter, r *http.Request) {
	var p publication
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, bodyBytesMax))
	if err != nil || json.Unmarshal(body, &p) != nil ||
		p.Channel == "" || p.Data == nil || len(p.Data) > dataBytesMax {
		http.Error(w, "{}", http.StatusBadRequest)
		return
	}
	encoded, _ := json.Marshal(p) // what was decoded can be encoded
	if s.publisher == nil {
		s.hub.deliver(p.Channel, encoded)
	} else if err := s.publisher.Publish(r.Context(), p.Channel, encoded).Err(); err != nil {
		http.Error(w, "{}", http.StatusServiceUnavailable)
		return
	}
	w.Write([]byte("{}"))
}

func (s *server) presence(w http.ResponseWriter, r *http.Request) {
	json.NewEncoder(w).Encode(map[string]int{"count": s.hub.count(r.URL.Query().Get("channel"))})
}
