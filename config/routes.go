package config

import (
	"fmt"
	"reflect"
	"strings"

	connect "github.com/danube-messaging/danube-connect-go"
)

// routes checks a list of routes wherever a connector keeps one: each pattern,
// topic and count of partitions, and that routes to one topic agree.
func (r *review) routes(v reflect.Value, path string) {
	first := map[string]int{}
	for i := range v.Len() {
		route, ok := v.Index(i).Interface().(connect.Route)
		if !ok {
			return
		}
		here := at(path, i)
		r.pattern(here+".from", route.From)
		r.topic(here+".to", route.To)
		if route.Partitions < 0 || route.Partitions > connect.MaxPartitions {
			r.object(here+".partitions", fmt.Sprintf("%d is out of range", route.Partitions),
				fmt.Sprintf("must be an integer from 0 (a plain topic) to %d", connect.MaxPartitions))
		}
		before, again := first[route.To]
		if !again {
			first[route.To] = i
			continue
		}
		if other, _ := v.Index(before).Interface().(connect.Route); other.Producer() != route.Producer() {
			r.object(here, fmt.Sprintf("has other partitions or reliable_dispatch for %s than %s", route.To, at(path, before)),
				"must be the same for all routes to a topic")
		}
	}
}

// pattern checks the from of a route. NewRouter knows the rules; it names the
// route in front of what is wrong.
func (r *review) pattern(key, from string) {
	_, err := connect.NewRouter(connect.Route{From: from, To: "/any/topic"})
	if err == nil {
		return
	}
	what := strings.TrimPrefix(err.Error(), "routes[0].from: ")
	what, right, _ := strings.Cut(what, "; ")
	r.object(key, what, right)
}
