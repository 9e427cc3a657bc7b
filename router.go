package connect

import (
	"errors"
	"fmt"
	"strings"
)

// Route is one entry of a connector's `routes` table: what an external name looks
// like and the Danube topic its records go to. The tags are those a
// configuration struct needs to hold routes as they stand in the file.
type Route struct {
	// From is a pattern over names of levels parted by "/": "+" is one whole
	// level, "*" within a level is any run of characters (so a lone "*" is a
	// level that is not empty), and "#" as the last level is any number of
	// levels, none included: "parent/#" matches "parent", as MQTT 5.0 §4.7.1
	// says. A pattern whose first level begins with a wildcard does not match
	// names that begin with "$" (§4.7.2).
	From string `toml:"from" koanf:"from"`
	// To is the Danube topic.
	To string `toml:"to" koanf:"to"`
	// Partitions is as in Producer.
	Partitions int `toml:"partitions" koanf:"partitions"`
	// ReliableDispatch is as Producer.Reliable; absent means true.
	ReliableDispatch *bool `toml:"reliable_dispatch" koanf:"reliable_dispatch"`
}

// Producer returns the producer the route asks for.
func (r Route) Producer() Producer {
	return Producer{Topic: r.To, Partitions: r.Partitions, Reliable: r.ReliableDispatch == nil || *r.ReliableDispatch}
}

// Router finds the route of a name: the first that matches. It does not change
// after NewRouter and is safe for concurrent use. The zero Router matches nothing.
type Router struct {
	routes []Route
	levels [][]string
}

// NewRouter checks every route and returns all that is wrong at once, as an
// error of ClassConfig that names the routes by index.
func NewRouter(routes ...Route) (*Router, error) {
	r := &Router{}
	var errs []error
	seen := map[string]Producer{}
	for i, route := range routes {
		if err := checkPattern(route.From); err != nil {
			errs = append(errs, fmt.Errorf("routes[%d].from: %w", i, err))
		}
		p := route.Producer()
		if err := p.Validate(); err != nil {
			errs = append(errs, fmt.Errorf("routes[%d].to: %w", i, err))
		} else if before, ok := seen[p.Topic]; ok && before != p {
			errs = append(errs, fmt.Errorf("routes[%d]: %s is given other partitions or reliable_dispatch than by an earlier route; they must agree", i, p.Topic))
		} else {
			seen[p.Topic] = p
		}
		r.routes = append(r.routes, route)
		r.levels = append(r.levels, strings.Split(route.From, "/"))
	}
	if len(errs) > 0 {
		return nil, ConfigError("%w", errors.Join(errs...))
	}
	return r, nil
}

// Match returns the first route whose pattern matches name.
func (r *Router) Match(name string) (Route, bool) {
	for i, pattern := range r.levels {
		if matchLevels(pattern, name) {
			return r.routes[i], true
		}
	}
	return Route{}, false
}

// Producers returns one producer per topic, in the order of the routes.
func (r *Router) Producers() []Producer {
	var all []Producer
	seen := map[string]bool{}
	for _, route := range r.routes {
		if !seen[route.To] {
			seen[route.To] = true
			all = append(all, route.Producer())
		}
	}
	return all
}

func checkPattern(pattern string) error {
	if pattern == "" {
		return errors.New(`is empty; must be a pattern such as "input/*" or "sensors/+/temperature"`)
	}
	levels := strings.Split(pattern, "/")
	for i, level := range levels {
		switch {
		case strings.Contains(level, "#") && (level != "#" || i != len(levels)-1):
			return fmt.Errorf(`%q: "#" must be the whole last level`, pattern)
		case strings.Contains(level, "+") && level != "+":
			return fmt.Errorf(`%q: "+" must be a whole level; within a level use "*"`, pattern)
		}
	}
	return nil
}

func matchLevels(pattern []string, name string) bool {
	if strings.HasPrefix(name, "$") && strings.IndexAny(pattern[0], "+#*") == 0 {
		return false
	}
	rest, more := name, true
	for _, level := range pattern {
		if level == "#" {
			return true
		}
		if !more {
			return false
		}
		var part string
		part, rest, more = strings.Cut(rest, "/")
		if level != "+" && !matchLevel(level, part) {
			return false
		}
	}
	return !more
}

// matchLevel matches one level against a pattern in which "*" is any run of
// characters, greedily from the left with one point to go back to, so that the
// time is bounded by len(pattern) × len(s).
func matchLevel(pattern, s string) bool {
	if pattern == "*" {
		return s != ""
	}
	p, i, star, from := 0, 0, -1, 0
	for i < len(s) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, from = p, i
			p++
		case p < len(pattern) && pattern[p] == s[i]:
			p++
			i++
		case star >= 0:
			from++
			p, i = star+1, from
		default:
			return false
		}
	}
	return strings.Trim(pattern[p:], "*") == ""
}
