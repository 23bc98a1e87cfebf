// The SQL benchmark's service in net/http and pgx; README.md beside this folder says what it does.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"log"
	"net/http"
	"os"
	"strconv"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"tidemill/bench/stores/items"
)

type claims struct {
	Role string `json:"role"`
	jwt.RegisteredClaims
}

type service struct {
	pool   *pgxpool.Pool
	cache  *cache
	secret []byte
	parser *jwt.Parser
}

type failure struct {
	status  int
	message string
}

func (f failure) Error() string { return f.message }

func (s *service) caller(request *http.Request) (*claims, error) {
	const scheme = "Bearer "
	header := request.Header.Get("Authorization")
	if len(header) < len(scheme) || header[:len(scheme)] != scheme {
		return nil, failure{http.StatusUnauthorized, "no token"}
	}
	found := &claims{}
	key := func(*jwt.Token) (any, error) { return s.secret, nil }
	if _, err := s.parser.ParseWithClaims(header[len(scheme):], found, key); err != nil {
		return nil, failure{http.StatusUnauthorized, "the token is not good"}
	}
	if found.Role != "web" {
		return nil, failure{http.StatusForbidden, "the token lacks the role"}
	}
	return found, nil
}

func number(text string) (int64, error) {
	value, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return 0, failure{http.StatusBadRequest, "must be an integer"}
	}
	return value, nil
}

// as runs one statement with the caller's role and claims. A batch is one transaction, and one round trip.
func as[T any](ctx context.Context, pool *pgxpool.Pool, caller *claims, access string, scan pgx.RowToFunc[T], query string,
	arguments ...any) (T, error) {
	var row T
	text, err := json.Marshal(caller)
	if err != nil {
		return row, err
	}
	batch := &pgx.Batch{}
	batch.Queue("select set_config('transaction_read_only', $1, true), set_config('role', $2, true),"+
		" set_config('request.jwt.claims', $3, true)", access, caller.Role, string(text))
	batch.Queue(query, arguments...).Query(func(rows pgx.Rows) error {
		row, err = pgx.CollectExactlyOneRow(rows, scan)
		return err
	})
	return row, pool.SendBatch(ctx, batch).Close()
}

func (s *service) callersItem(ctx context.Context, caller *claims, id int64) (*callersItem, error) {
	return as(ctx, s.pool, caller, "on", pgx.RowToAddrOfStructByName[callersItem], selectCallersItem, id)
}

func (s *service) item(request *http.Request) (any, error) {
	caller, err := s.caller(request)
	if err != nil {
		return nil, err
	}
	id, err := number(request.PathValue("id"))
	if err != nil {
		return nil, err
	}
	return s.callersItem(request.Context(), caller, id)
}

func (s *service) items(request *http.Request) (any, error) {
	after, err := number(request.URL.Query().Get("after"))
	if err != nil {
		return nil, err
	}
	rows, _ := s.pool.Query(request.Context(), selectItems, after)
	return pgx.CollectRows(rows, pgx.RowToStructByName[items.Item])
}

func one[T any](s *service, query string) func(*http.Request) (any, error) {
	return func(request *http.Request) (any, error) {
		id, err := number(request.PathValue("id"))
		if err != nil {
			return nil, err
		}
		rows, _ := s.pool.Query(request.Context(), query, id)
		return pgx.CollectExactlyOneRow(rows, pgx.RowToAddrOfStructByName[T])
	}
}

func (s *service) order(request *http.Request) (any, error) {
	caller, err := s.caller(request)
	if err != nil {
		return nil, err
	}
	var asked newOrder
	if err := json.NewDecoder(request.Body).Decode(&asked); err != nil || asked.Item == nil || asked.Quantity == nil {
		return nil, failure{http.StatusBadRequest, "item and quantity are needed"}
	}
	return as(request.Context(), s.pool, caller, "off", pgx.RowToAddrOfStructByName[order], insertOrder, *asked.Item,
		*asked.Quantity)
}

func (s *service) cached(writer http.ResponseWriter, request *http.Request) {
	caller, err := s.caller(request)
	if err != nil {
		fail(writer, err)
		return
	}
	id, err := number(request.PathValue("id"))
	if err != nil {
		fail(writer, err)
		return
	}
	s.cache.serve(writer, request, caller.Subject+" "+request.PathValue("id"), func(ctx context.Context) (any, error) {
		return s.callersItem(ctx, caller, id)
	})
}

func (s *service) report(writer http.ResponseWriter, request *http.Request) {
	modulus, err := number(request.PathValue("modulus"))
	if err != nil {
		fail(writer, err)
		return
	}
	s.cache.serve(writer, request, request.URL.Path, func(ctx context.Context) (any, error) {
		rows, _ := s.pool.Query(ctx, selectReport, modulus)
		return pgx.CollectRows(rows, pgx.RowToStructByName[sums])
	})
}

func fail(writer http.ResponseWriter, err error) {
	var known failure
	switch {
	case errors.As(err, &known):
	case errors.Is(err, pgx.ErrNoRows):
		known = failure{http.StatusNotFound, "there is no row"}
	default:
		log.Print(err)
		known = failure{http.StatusInternalServerError, "it failed"}
	}
	write(writer, known.status, map[string]string{"message": known.message})
}

func write(writer http.ResponseWriter, status int, value any) {
	text, err := json.Marshal(value)
	if err != nil {
		log.Print(err)
		status, text = http.StatusInternalServerError, []byte("{}")
	}
	writer.Header().Set("Content-Type", "application/json")
	writer.Header().Set("Content-Length", strconv.Itoa(len(text)))
	writer.WriteHeader(status)
	_, _ = writer.Write(text)
}

func answering(handler func(*http.Request) (any, error)) http.HandlerFunc {
	return func(writer http.ResponseWriter, request *http.Request) {
		value, err := handler(request)
		if err != nil {
			fail(writer, err)
			return
		}
		write(writer, http.StatusOK, value)
	}
}

func main() {
	config, err := pgxpool.ParseConfig(os.Getenv("DATABASE_URL"))
	if err != nil {
		log.Fatal(err)
	}
	size, err := strconv.ParseInt(os.Getenv("POOL"), 10, 32)
	if err != nil {
		log.Fatal(err)
	}
	config.MaxConns, config.MinConns = int32(size), int32(size)
	config.AfterConnect = registerMood
	pool, err := pgxpool.NewWithConfig(context.Background(), config)
	if err != nil {
		log.Fatal(err)
	}
	s := &service{pool, newCache(50_000, time.Minute), []byte(os.Getenv("JWT_SECRET")),
		jwt.NewParser(jwt.WithValidMethods([]string{"HS256"}))}
	mux := http.NewServeMux()
	mux.Handle("GET /rest/items/{id}", answering(s.item))
	mux.Handle("GET /rest/items", answering(s.items))
	mux.Handle("GET /rest/types/{id}", answering(one[types](s, selectTypes)))
	mux.Handle("POST /rest/orders", answering(s.order))
	mux.HandleFunc("GET /rest/cached/{id}", s.cached)
	mux.HandleFunc("GET /rest/report/{modulus}", s.report)
	mux.Handle("GET /rest/gate/{id}", answering(one[gate](s, selectGate)))
	log.Fatal(http.ListenAndServe("127.0.0.1:"+os.Getenv("PORT"), mux))
}
