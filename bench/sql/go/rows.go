package main

import (
	"context"
	"encoding/json"
	"net/netip"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"tidemill/bench/stores/items"
)

const (
	columns           = "id, name, status, quantity, score, active, note, created"
	selectCallersItem = "select " + columns + ", current_user::text as role," +
		" current_setting('request.jwt.claims', true)::json ->> 'sub' as caller from items where id = $1"
	selectItems = "select " + columns + " from items where id > $1 order by id limit 100"
	selectTypes = "select id, small, big, exact, single, twice, yes, words, short, fixed, day, moment, instant, uid, bytes, doc," +
		" docb, feeling, numbers, names, flags, halves, address from types where id = $1"
	selectReport = "select status, count(*) as items, sum(quantity) as quantity from items where id % $1 = 0" +
		" group by status order by status"
	selectGate  = "select id, name from gate where id = $1"
	insertOrder = "insert into orders (item, quantity, buyer) values" +
		" ($1, $2, current_setting('request.jwt.claims', true)::json ->> 'sub') returning id, item, quantity, buyer"
)

type callersItem struct {
	items.Item
	Role   string `json:"role"`
	Caller string `json:"caller"`
}

type types struct {
	ID      int32            `json:"id"`
	Small   int16            `json:"small"`
	Big     int64            `json:"big"`
	Exact   pgtype.Numeric   `json:"exact"`
	Single  float32          `json:"single"`
	Twice   float64          `json:"twice"`
	Yes     bool             `json:"yes"`
	Words   string           `json:"words"`
	Short   string           `json:"short"`
	Fixed   string           `json:"fixed"`
	Day     pgtype.Date      `json:"day"`
	Moment  pgtype.Timestamp `json:"moment"`
	Instant time.Time        `json:"instant"`
	UID     pgtype.UUID      `json:"uid"`
	Bytes   []byte           `json:"bytes"`
	Doc     json.RawMessage  `json:"doc"`
	DocB    json.RawMessage  `json:"docb" db:"docb"`
	Feeling string           `json:"feeling"`
	Numbers []int32          `json:"numbers"`
	Names   []string         `json:"names"`
	Flags   []bool           `json:"flags"`
	Halves  []float64        `json:"halves"`
	Address netip.Prefix     `json:"address"`
}

type sums struct {
	Status   string `json:"status"`
	Items    int64  `json:"items"`
	Quantity int64  `json:"quantity"`
}

type newOrder struct {
	Item     *int64 `json:"item"`
	Quantity *int32 `json:"quantity"`
}

type order struct {
	ID       int64  `json:"id"`
	Item     int64  `json:"item"`
	Quantity int32  `json:"quantity"`
	Buyer    string `json:"buyer"`
}

type gate struct {
	ID   int64  `json:"id"`
	Name string `json:"name"`
}

func registerMood(ctx context.Context, connection *pgx.Conn) error {
	mood, err := connection.LoadType(ctx, "mood")
	if err == nil {
		connection.TypeMap().RegisterType(mood)
	}
	return err
}
