package tidemill

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/centrifugal/centrifuge-go"
)

// Of the client: the connection has ended for good.
const codeDisconnected = 3

// Error is what the server refuses, or what did not reach it. Code is the protocol's, or the HTTP status of a call of
// chat; 0: nobody answered. Kind is chat's word for it.
type Error struct {
	Code       uint32
	Kind       string
	Message    string
	Field      string
	RetryAfter time.Duration
	cause      error
}

func (e *Error) Error() string {
	if e.Code == 0 {
		return e.Message
	}
	return fmt.Sprintf("%s (%d)", e.Message, e.Code)
}

func (e *Error) Unwrap() error { return e.cause }

// Passing says that the same may succeed later: nobody answered, too many calls, the server's own trouble.
func (e *Error) Passing() bool {
	if e.Code == codeDisconnected {
		return false
	}
	return e.Code < 100 || e.Code == 100 || e.Code == 111 || e.Code == 429 || e.Code >= 500
}

// Of what the centrifuge client gives; chat puts its error object, as JSON, into the message.
func errorOf(err error) *Error {
	var own *Error
	if errors.As(err, &own) {
		return own
	}
	var told *centrifuge.Error
	if !errors.As(err, &told) {
		return &Error{Message: err.Error(), cause: err}
	}
	result := &Error{Code: told.Code, Message: told.Message, cause: err}
	type refusal struct {
		Code, Message, Field string
		RetryAfterMs         int64 `json:"retry_after_ms"`
	}
	var chat struct {
		refusal
		Error *refusal
	}
	if json.Unmarshal([]byte(told.Message), &chat) == nil {
		from := chat.refusal
		if chat.Error != nil {
			from = *chat.Error
		}
		result.Kind, result.Message, result.Field = from.Code, from.Message, from.Field
		result.RetryAfter = time.Duration(from.RetryAfterMs) * time.Millisecond
	}
	return result
}
