// Package tidemill has live queries and chat of a Tidemill server, over the official client centrifuge-go.
package tidemill

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/centrifugal/centrifuge-go"
)

const answerTimeout = 10 * time.Second

// Status of what is followed.
type Status string

const (
	Loading Status = "loading" // nothing is there yet
	Current Status = "live"    // what is there is current
	Stale   Status = "stale"   // it was; the connection is being made again
	Failed  Status = "error"   // the server has refused or ended it
)

// Config of a Client; all of it may be left out.
type Config struct {
	// GetToken gives a JSON Web Token. It is called when one is needed, and again before it expires.
	GetToken func() (string, error)
	// User is whom the tokens are of; read from the first one (its sub) unless given.
	User string
	// Client is for centrifuge-go; GetToken there is taken from here.
	Client centrifuge.Config
}

// Client is a server, and what is followed of it. Any goroutine.
type Client struct {
	url    string
	config Config
	once   sync.Once
	client *centrifuge.Client
	mu     sync.Mutex
	user   string
}

// New makes a client. The address is the server's, as https://rt.example.com, or its WebSocket's, with ws: or wss:.
// Nothing is connected before it is needed.
func New(address string, config Config) (*Client, error) {
	at, err := url.Parse(address)
	if err != nil {
		return nil, err
	}
	if strings.HasPrefix(at.Scheme, "http") {
		at.Scheme = strings.Replace(at.Scheme, "http", "ws", 1)
		at.Path = strings.TrimSuffix(at.Path, "/") + "/connection/websocket"
	}
	c := &Client{url: at.String(), config: config, user: config.User}
	settings := config.Client
	if settings.Name == "" {
		settings.Name = "tidemill-go"
	}
	if config.GetToken != nil {
		settings.GetToken = func(centrifuge.ConnectionTokenEvent) (string, error) { return config.GetToken() }
	}
	c.client = centrifuge.NewJsonClient(c.url, settings)
	return c, nil
}

// Centrifuge is the official client: whatever it can do is yours to use.
func (c *Client) Centrifuge() *centrifuge.Client { return c.client }

// Close ends the connection.
func (c *Client) Close() { c.client.Close() }

// RPC calls a method of the server; the answer is put into `into`, unless that is nil.
func (c *Client) RPC(ctx context.Context, method string, data, into any) error {
	c.connect()
	body, err := json.Marshal(data)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, answerTimeout)
	defer cancel()
	result, err := c.client.RPC(ctx, method, body)
	if err != nil {
		return c.errorOf(err)
	}
	if into == nil {
		return nil
	}
	return json.Unmarshal(result.Data, into)
}

// Room is a room of chat; nothing is asked before it is followed or written to.
func (c *Client) Room(id string) *Room { return &Room{ID: id, client: c} }

// Chat calls any operation of /chat/v1/openapi.json by its name, as "rooms.create", with all its parameters.
func (c *Client) Chat(ctx context.Context, operation string, params map[string]any, into any) error {
	if params == nil {
		params = map[string]any{}
	}
	return c.RPC(ctx, "chat:"+operation, params, into)
}

// What was under way when a connection was lost fails as what finds no connection any more.
func (c *Client) errorOf(err error) *Error {
	if state := c.client.State(); state == centrifuge.StateDisconnected || state == centrifuge.StateClosed {
		return &Error{Code: codeDisconnected, Message: "the connection has ended, and is not made again", cause: err}
	}
	return errorOf(err)
}

func (c *Client) connect() {
	c.once.Do(func() { _ = c.client.Connect() })
}

func (c *Client) token() (string, error) {
	if c.config.GetToken == nil {
		return "", nil
	}
	return c.config.GetToken()
}

// Whom the token is of.
func (c *Client) userID() (string, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.user != "" {
		return c.user, nil
	}
	token, err := c.token()
	if err != nil {
		return "", err
	}
	var claims struct{ Sub string }
	if parts := strings.Split(token, "."); len(parts) == 3 {
		if body, err := base64.RawURLEncoding.DecodeString(parts[1]); err == nil {
			_ = json.Unmarshal(body, &claims)
		}
	}
	if claims.Sub == "" {
		return "", &Error{Code: 101, Message: "the token names no user: it is a JSON Web Token with sub, or Config.User says who it is"}
	}
	c.user = claims.Sub
	return c.user, nil
}
