package devbroker

import (
	"io"
	"net"
	"os"
	"sync"
	"syscall"
	"time"
)

// pipeBuffer is how many bytes one direction holds before its writer waits, about
// what the kernel gives a loopback connection.
const pipeBuffer = 256 << 10

// pipe is one end of a connection in memory.
type pipe struct {
	in, out     *half
	here, there net.Addr
	abrupt      bool // guarded by out's lock
}

func newPipe(client, server net.Addr) (net.Conn, net.Conn) {
	up, down := newHalf(), newHalf()
	return &pipe{in: down, out: up, here: client, there: server}, &pipe{in: up, out: down, here: server, there: client}
}

// Read reads what the other end wrote.
func (p *pipe) Read(b []byte) (int, error) { return p.in.read(b) }

// Write writes to the other end; it waits while the buffer is full.
func (p *pipe) Write(b []byte) (int, error) { return p.out.write(b) }

// SetLinger with 0 makes Close a reset: what is buffered is lost.
func (p *pipe) SetLinger(sec int) error {
	p.out.mu.Lock()
	defer p.out.mu.Unlock()
	p.abrupt = sec == 0
	return nil
}

// Close ends both directions. The other end reads what was written, then EOF.
func (p *pipe) Close() error {
	p.out.mu.Lock()
	abrupt := p.abrupt
	p.out.mu.Unlock()
	p.out.endWrites(abrupt)
	p.in.endReads()
	return nil
}

// LocalAddr is this end's address.
func (p *pipe) LocalAddr() net.Addr { return p.here }

// RemoteAddr is the other end's address.
func (p *pipe) RemoteAddr() net.Addr { return p.there }

// SetDeadline sets both deadlines.
func (p *pipe) SetDeadline(t time.Time) error {
	p.in.reader.set(p.in, t)
	p.out.writer.set(p.out, t)
	return nil
}

// SetReadDeadline bounds Read.
func (p *pipe) SetReadDeadline(t time.Time) error {
	p.in.reader.set(p.in, t)
	return nil
}

// SetWriteDeadline bounds Write.
func (p *pipe) SetWriteDeadline(t time.Time) error {
	p.out.writer.set(p.out, t)
	return nil
}

// half is one direction. Who waits, waits on a condition, which a synctest bubble
// takes for blocked; the lock is held for moments only.
type half struct {
	mu             sync.Mutex
	change         sync.Cond
	buf            []byte // unread bytes
	spare          []byte // the array buf is in, from its start
	ended          bool   // no more writes: EOF once buf is empty
	broken         error  // what Read returns at once, buf or not
	deaf           bool   // nobody reads any more
	reader, writer deadline
}

func newHalf() *half {
	h := &half{}
	h.change.L = &h.mu
	return h
}

func (h *half) read(b []byte) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for {
		switch {
		case h.deaf:
			return 0, net.ErrClosed
		case h.broken != nil:
			return 0, h.broken
		case h.reader.passed():
			return 0, os.ErrDeadlineExceeded
		case len(h.buf) > 0:
			n := copy(b, h.buf)
			h.buf = h.buf[n:]
			h.change.Broadcast()
			return n, nil
		case h.ended:
			return 0, io.EOF
		case len(b) == 0:
			return 0, nil
		}
		h.change.Wait()
	}
}

func (h *half) write(b []byte) (n int, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for {
		switch {
		case h.ended:
			return n, net.ErrClosed
		case h.deaf:
			return n, syscall.EPIPE
		case h.writer.passed():
			return n, os.ErrDeadlineExceeded
		}
		if m := min(pipeBuffer-len(h.buf), len(b)); m > 0 {
			h.put(b[:m])
			n, b = n+m, b[m:]
			h.change.Broadcast()
		}
		if len(b) == 0 {
			return n, nil
		}
		h.change.Wait()
	}
}

// put appends to buf. When its array has run out, buf moves to the front if it is
// at most half of the array, so that a byte is moved once on average, and else to
// a larger array.
func (h *half) put(b []byte) {
	if len(h.buf) == 0 {
		h.buf = h.spare[:0]
	}
	if cap(h.buf)-len(h.buf) < len(b) && len(h.buf)+len(b) <= cap(h.spare)/2 {
		h.buf = h.spare[:copy(h.spare[:cap(h.spare)], h.buf)]
	}
	had := cap(h.buf)
	h.buf = append(h.buf, b...)
	if cap(h.buf) != had {
		h.spare = h.buf[:0]
	}
}

func (h *half) endWrites(abrupt bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.ended && abrupt {
		h.broken = syscall.ECONNRESET
		h.buf = nil
	}
	h.ended = true
	h.writer.stop()
	h.change.Broadcast()
}

func (h *half) endReads() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.deaf = true
	h.buf = nil
	h.reader.stop()
	h.change.Broadcast()
}

// deadline wakes the goroutines of one half at a time. Guarded by the half's lock.
type deadline struct {
	at    time.Time
	timer *time.Timer
}

func (d *deadline) passed() bool { return !d.at.IsZero() && !time.Now().Before(d.at) }

func (d *deadline) stop() {
	if d.timer != nil {
		d.timer.Stop()
	}
}

func (d *deadline) set(h *half, at time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	d.stop()
	d.at, d.timer = at, nil
	if !at.IsZero() {
		d.timer = time.AfterFunc(time.Until(at), func() {
			h.mu.Lock()
			defer h.mu.Unlock()
			h.change.Broadcast()
		})
	}
	h.change.Broadcast()
}
