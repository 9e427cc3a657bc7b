package wire_test

import (
	"errors"
	"strings"
	"testing"

	connect "github.com/danube-messaging/danube-connect-go"
	"github.com/danube-messaging/danube-connect-go/internal/wire"
	"google.golang.org/protobuf/proto"
)

const broken = "\xff\xfe"

var texts = map[string]struct {
	message wire.Message
	names   string // what the error must name; empty: no error
}{
	"fine":            {wire.Message{Key: "ключ", Keyed: true, Attributes: []connect.Attribute{{Key: "a", Value: "ä"}}}, ""},
	"payload is free": {wire.Message{Payload: []byte(broken)}, ""},
	"key":             {wire.Message{Key: broken, Keyed: true}, "key"},
	"partition":       {wire.Message{Partition: broken}, "source partition"},
	"attribute key":   {wire.Message{Attributes: []connect.Attribute{{Key: broken, Value: "v"}}}, "attribute key"},
	"attribute value": {wire.Message{Attributes: []connect.Attribute{{Key: "trace", Value: broken}}}, "trace"},
	"a long one":      {wire.Message{Key: strings.Repeat("x", 1<<20) + broken, Keyed: true}, "key"},
}

func TestCheckText(t *testing.T) {
	t.Parallel()
	for name, tc := range texts {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := tc.message.CheckText()
			encoded := producer.Template().Append(nil, &tc.message)
			if decodes := proto.Unmarshal(encoded, new(wire.StreamMessage)) == nil; decodes != (err == nil) {
				t.Errorf("CheckText says %v, but decodes = %v", err, decodes)
			}
			if tc.names == "" {
				return
			}
			if !errors.Is(err, connect.ClassInvalid) || !strings.Contains(err.Error(), tc.names) {
				t.Errorf("error %v (class %v) does not name %q", err, connect.ClassOf(err), tc.names)
			}
			if len(err.Error()) > 512 {
				t.Errorf("the error is %d bytes long", len(err.Error()))
			}
		})
	}
}
