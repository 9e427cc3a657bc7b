package devbroker

import (
	"bytes"
	"context"
	"math/rand/v2"
	"net"
	"testing"

	"google.golang.org/grpc"
)

// frame makes an HTTP/2 frame with a payload of n bytes.
func frame(n int) []byte {
	return append([]byte{byte(n >> 16), byte(n >> 8), byte(n), 0, 0, 0, 0, 0, 1}, make([]byte, n)...)
}

func TestFramesKnowWhereOneEnds(t *testing.T) {
	t.Parallel()
	seed := rand.Uint64()
	random := rand.New(rand.NewPCG(seed, 0))
	var all []byte
	ends := map[int]bool{0: true}
	for range 200 {
		all = append(all, frame(random.IntN(300))...)
		ends[len(all)] = true
	}
	all = append(all, frame(70_000)...)
	ends[len(all)] = true
	var f frames
	for at := 0; at < len(all); {
		if f.between() != ends[at] {
			t.Fatalf("seed %d: at byte %d between is %v", seed, at, f.between())
		}
		n := min(1+random.IntN(40), len(all)-at)
		f.pass(all[at : at+n])
		at += n
	}
	if !f.between() {
		t.Errorf("seed %d: not between frames at the end", seed)
	}
}

// recorder is a connection that keeps what is written.
type recorder struct {
	net.Conn
	written bytes.Buffer
}

func (r *recorder) Write(p []byte) (int, error) { return r.written.Write(p) }

var cancelOf5 = []byte{0, 0, 4, 3, 0, 0, 0, 0, 5, 0, 0, 0, 8}

func TestResetWaitsForTheEndOfAFrame(t *testing.T) {
	t.Parallel()
	r := &recorder{}
	f := newFramed(r)
	whole := frame(20)
	write := func(p []byte) {
		if n, err := f.Write(p); n != len(p) || err != nil {
			t.Fatalf("Write: %d, %v", n, err)
		}
	}
	write(whole[:15])
	if err := f.reset(5); err != nil {
		t.Fatal(err)
	}
	write(whole[15:20])
	if bytes.Contains(r.written.Bytes(), cancelOf5) {
		t.Fatal("the reset is within a frame")
	}
	write(whole[20:])
	if err := f.reset(5); err != nil {
		t.Fatal(err)
	}
	write(whole)
	want := bytes.Join([][]byte{whole, cancelOf5, cancelOf5, whole}, nil)
	if !bytes.Equal(r.written.Bytes(), want) {
		t.Errorf("wrote % x; want % x", r.written.Bytes(), want)
	}
}

func TestStreamIDOfNoRequest(t *testing.T) {
	t.Parallel()
	type other struct{ grpc.ServerTransportStream }
	for name, ctx := range map[string]context.Context{
		"none":  context.Background(),
		"other": grpc.NewContextWithServerTransportStream(context.Background(), &other{}),
	} {
		if id, ok := streamID(ctx); ok {
			t.Errorf("%s: stream %d", name, id)
		}
	}
	if connOf(context.Background()) != nil {
		t.Error("a context without a peer has a connection")
	}
}
