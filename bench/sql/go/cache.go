package main

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	"github.com/hashicorp/golang-lru/v2/expirable"
	"golang.org/x/sync/singleflight"
)

type answer struct {
	body []byte
	etag string
}

// cache keeps answers for a while; callers who come while one is made wait for it.
type cache struct {
	answers *expirable.LRU[string, *answer]
	flights singleflight.Group
}

func newCache(size int, ttl time.Duration) *cache {
	return &cache{answers: expirable.NewLRU[string, *answer](size, nil, ttl)}
}

func (c *cache) get(ctx context.Context, key string, fill func(context.Context) (any, error)) (*answer, error) {
	if found, ok := c.answers.Get(key); ok {
		return found, nil
	}
	made, err, _ := c.flights.Do(key, func() (any, error) {
		if found, ok := c.answers.Get(key); ok {
			return found, nil
		}
		// One caller's hang-up must not fail those who share its query.
		value, err := fill(context.WithoutCancel(ctx))
		if err != nil {
			return nil, err
		}
		body, err := json.Marshal(value)
		if err != nil {
			return nil, err
		}
		sum := sha256.Sum256(body)
		fresh := &answer{body, `"` + base64.RawURLEncoding.EncodeToString(sum[:16]) + `"`}
		c.answers.Add(key, fresh)
		return fresh, nil
	})
	if err != nil {
		return nil, err
	}
	return made.(*answer), nil
}

func (c *cache) serve(writer http.ResponseWriter, request *http.Request, key string,
	fill func(context.Context) (any, error)) {
	found, err := c.get(request.Context(), key, fill)
	if err != nil {
		fail(writer, err)
		return
	}
	writer.Header().Set("ETag", found.etag)
	if request.Header.Get("If-None-Match") == found.etag {
		writer.WriteHeader(http.StatusNotModified)
		return
	}
	writer.Header().Set("Content-Type", "application/json")
	writer.Header().Set("Content-Length", strconv.Itoa(len(found.body)))
	_, _ = writer.Write(found.body)
}
