package devbroker

import (
	"encoding/binary"
	"net"
)

// frames follows a stream of HTTP/2 frames to know when it is between two.
type frames struct {
	head [frameHead]byte
	have int // bytes of head seen
	body int // bytes of the payload still to come
}

const frameHead = 9

// pass looks at bytes that went by.
func (f *frames) pass(p []byte) {
	for len(p) > 0 {
		if f.body > 0 {
			n := min(f.body, len(p))
			f.body -= n
			p = p[n:]
			continue
		}
		n := copy(f.head[f.have:], p)
		f.have += n
		p = p[n:]
		if f.have == frameHead {
			f.have = 0
			f.body = int(f.head[0])<<16 | int(f.head[1])<<8 | int(f.head[2])
		}
	}
}

// between reports whether a frame of our own may go next.
func (f *frames) between() bool { return f.have == 0 && f.body == 0 }

// framed is a connection after the TLS handshake, if any, into which RST_STREAM
// frames can be written between those of the gRPC server: the server itself has
// no way to reset one stream.
type framed struct {
	net.Conn
	turn    chan struct{} // capacity 1; who has put one in may write
	out     frames
	waiting []byte
}

func newFramed(c net.Conn) *framed { return &framed{Conn: c, turn: make(chan struct{}, 1)} }

// Write writes the server's bytes and then the resets that wait.
func (f *framed) Write(p []byte) (int, error) {
	f.turn <- struct{}{}
	defer f.release()
	n, err := f.Conn.Write(p)
	f.out.pass(p[:n])
	if err == nil {
		err = f.flush()
	}
	return n, err
}

// reset resets a stream as the panic of a handler does: RST_STREAM, CANCEL.
func (f *framed) reset(stream uint32) error {
	const rstStream, cancel = 3, 8
	frame := []byte{0, 0, 4, rstStream, 0, 0, 0, 0, 0, 0, 0, 0, cancel}
	binary.BigEndian.PutUint32(frame[5:], stream)
	f.turn <- struct{}{}
	defer f.release()
	f.waiting = append(f.waiting, frame...)
	return f.flush()
}

// flush writes the resets that wait, unless the server is within a frame: then
// its next Write will.
func (f *framed) flush() error {
	if len(f.waiting) == 0 || !f.out.between() {
		return nil
	}
	_, err := f.Conn.Write(f.waiting)
	f.waiting = nil
	return err
}

func (f *framed) release() { <-f.turn }
