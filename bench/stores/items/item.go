// Package items has the row that the benchmarks' programs in Go read.
package items

import "time"

// Item is a row of the table items, as JSON has it.
type Item struct {
	ID       int64     `json:"id"`
	Name     string    `json:"name"`
	Status   string    `json:"status"`
	Quantity int32     `json:"quantity"`
	Score    float64   `json:"score"`
	Active   bool      `json:"active"`
	Note     *string   `json:"note"`
	Created  time.Time `json:"created"`
}
