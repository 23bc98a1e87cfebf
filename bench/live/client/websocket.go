package main

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
)

// WebSocket is a client's side of RFC 6455, as far as whole text messages need it.
type WebSocket struct {
	conn   net.Conn
	reader *bufio.Reader
}

const (
	opText  = 1
	opClose = 8
	opPing  = 9
	opPong  = 10
)

func dial(address, path string) (*WebSocket, error) {
	conn, err := net.Dial("tcp", address)
	if err != nil {
		return nil, err
	}
	fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: %s\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"+
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n", path, address)
	reader := bufio.NewReaderSize(conn, 2048)
	status, err := reader.ReadString('\n')
	if err != nil {
		return nil, err
	}
	if !strings.Contains(status, " 101 ") {
		return nil, errors.New("no WebSocket: " + status)
	}
	for line := status; line != "\r\n"; {
		if line, err = reader.ReadString('\n'); err != nil {
			return nil, err
		}
	}
	return &WebSocket{conn: conn, reader: reader}, nil
}

// The mask is zero, which leaves the bytes as they are.
func (w *WebSocket) write(op byte, payload []byte) error {
	frame := []byte{0x80 | op, 0x80 | byte(len(payload)), 0, 0, 0, 0}
	if len(payload) > 125 {
		frame = []byte{0x80 | op, 0x80 | 126, byte(len(payload) >> 8), byte(len(payload)), 0, 0, 0, 0}
	}
	_, err := w.conn.Write(append(frame, payload...))
	return err
}

func (w *WebSocket) send(text string) error { return w.write(opText, []byte(text)) }

func (w *WebSocket) receive() ([]byte, error) {
	for {
		var head [2]byte
		if _, err := io.ReadFull(w.reader, head[:]); err != nil {
			return nil, err
		}
		size := uint64(head[1] & 0x7f)
		if size >= 126 {
			long := make([]byte, map[bool]int{true: 8, false: 2}[size == 127])
			if _, err := io.ReadFull(w.reader, long); err != nil {
				return nil, err
			}
			size = 0
			for _, each := range long {
				size = size<<8 | uint64(each)
			}
		}
		payload := make([]byte, size)
		if _, err := io.ReadFull(w.reader, payload); err != nil {
			return nil, err
		}
		switch head[0] & 0x0f {
		case opText:
			return payload, nil
		case opPing:
			if err := w.write(opPong, payload); err != nil {
				return nil, err
			}
		case opClose:
			code := uint16(0)
			if len(payload) >= 2 {
				code = binary.BigEndian.Uint16(payload)
			}
			return nil, fmt.Errorf("closed with %d %s", code, payload[min(2, len(payload)):])
		}
	}
}
