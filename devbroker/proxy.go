package devbroker

import (
	"fmt"

	"google.golang.org/grpc/metadata"

	"github.com/danube-messaging/danube-connect-go/internal/wire"
)

// route says which broker acts on a request: the one dialled, or, behind a proxy,
// the one its header names. A real proxy's answers to a missing or unknown name
// are its own affair; these are ours.
func (b *Broker) route(method string, dialled *gate, md metadata.MD) (*host, error) {
	if !b.proxy || !proxied[method] {
		for _, h := range b.hosts {
			if h.gate == dialled {
				return h, nil
			}
		}
	}
	name := md.Get(wire.BrokerURLHeader)
	if len(name) == 0 {
		return nil, invalid("proxy: the request names no broker in %s", wire.BrokerURLHeader)
	}
	for _, h := range b.hosts {
		if h.name == name[0] {
			return h, nil
		}
	}
	return nil, unavailable("proxy: there is no broker %q", name[0])
}

// proxied are the methods for which the broker matters; any may answer the rest.
var proxied = map[string]bool{
	"CreateProducer": true, "SendMessage": true, "HealthCheck": true,
	"Subscribe": true, "ReceiveMessages": true, "Ack": true, "Nack": true,
}

// hostName is what a broker behind a proxy calls itself.
func hostName(scheme string, index int) string {
	return fmt.Sprintf("%s://broker-%d.internal:6650", scheme, index)
}
