package danube

import (
	"github.com/danube-messaging/danube-connect-go/internal/wire"
	"google.golang.org/grpc/mem"
)

// frame is the argument of a SendMessage call: a message and the template of the
// session it goes out in.
type frame struct {
	template *wire.Template
	message  wire.Message
}

// sendCodec is the codec of SendMessage alone. It encodes a *frame straight into
// a pooled buffer, and does not decode the answer, in which there is nothing but
// the request id: gRPC itself joins questions to answers.
type sendCodec struct{ pool mem.BufferPool }

// Marshal encodes v, a *frame.
func (c sendCodec) Marshal(v any) (mem.BufferSlice, error) {
	f := v.(*frame)
	size := f.template.Size(&f.message)
	if mem.IsBelowBufferPoolingThreshold(size) {
		return mem.BufferSlice{mem.SliceBuffer(f.template.Append(make([]byte, 0, size), &f.message))}, nil
	}
	buffer := c.pool.Get(size)
	*buffer = f.template.Append((*buffer)[:0], &f.message)
	return mem.BufferSlice{mem.NewBuffer(buffer, c.pool)}, nil
}

// Unmarshal does nothing.
func (sendCodec) Unmarshal(mem.BufferSlice, any) error { return nil }

// Name is the content subtype brokers expect.
func (sendCodec) Name() string { return "proto" }
