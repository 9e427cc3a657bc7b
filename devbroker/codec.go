package devbroker

import (
	"fmt"

	"google.golang.org/grpc/mem"
	"google.golang.org/protobuf/proto"

	"github.com/danube-messaging/danube-connect-go/internal/wire"
)

const (
	// maxRequest is the most bytes of an encoded request.
	maxRequest = wire.MaxMessageSize
	// maxReceive is what gRPC itself takes in, so that anything up to it is
	// refused by us with the status of the real broker.
	maxReceive = 64 << 20
)

// request is a message on its way in: its handler learns the size, and a message
// that is too large is not decoded.
type request struct {
	proto.Message
	size int
}

// codec is the protobuf codec, which measures requests.
type codec struct{}

// Name is the content subtype.
func (codec) Name() string { return "proto" }

// Marshal encodes a response.
func (codec) Marshal(v any) (mem.BufferSlice, error) {
	m, ok := v.(proto.Message)
	if !ok {
		return nil, fmt.Errorf("devbroker: cannot encode %T", v)
	}
	data, err := proto.Marshal(m)
	return mem.BufferSlice{mem.SliceBuffer(data)}, err
}

// Unmarshal decodes into a *request.
func (codec) Unmarshal(data mem.BufferSlice, v any) error {
	r, ok := v.(*request)
	if !ok {
		return fmt.Errorf("devbroker: cannot decode into %T", v)
	}
	if r.size = data.Len(); r.size > maxRequest {
		return nil
	}
	if len(data) == 1 {
		return proto.Unmarshal(data[0].ReadOnlyData(), r.Message)
	}
	buf := data.MaterializeToBuffer(mem.DefaultBufferPool())
	defer buf.Free()
	return proto.Unmarshal(buf.ReadOnlyData(), r.Message)
}

// check returns the real broker's refusal of a message that is too large.
func (r *request) check() error {
	if r.size > maxRequest {
		return oversize(r.size)
	}
	return nil
}
