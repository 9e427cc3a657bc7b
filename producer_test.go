package connect_test

import (
	"regexp"
	"strconv"
	"strings"
	"testing"

	connect "github.com/danube-messaging/danube-connect-go"
)

var topics = []struct {
	name string
	// wrong is part of the complaint, empty when the name is right.
	wrong string
}{
	{"/default/events", ""},
	{"/a/b", ""},
	{"/A-Z_0/9-_z", ""},
	{"/default/events-part-0", ""}, // a partition is a topic like any other
	{"/-/_", ""},
	{"", "is empty"},
	{"/", "wrong shape"},
	{"//", "empty part"},
	{"/a", "wrong shape"},
	{"/a/", "empty part"},
	{"//b", "empty part"},
	{"a/b", "wrong shape"},
	{"default/events", "wrong shape"},
	{"/a/b/", "wrong shape"},
	{"/a/b/c", "wrong shape"},
	{"//a/b", "wrong shape"},
	{"/a/b c", `contains ' '`},
	{"/a/b\n", `contains '\n'`},
	{"/a.b/c", `contains '.'`},
	{"/a/ü", `contains 'ü'`},
	{"/a/\xff", `contains '�'`},
	{"/a/b#", `contains '#'`},
}

func TestCheckTopic(t *testing.T) {
	t.Parallel()
	for _, c := range topics {
		err := connect.CheckTopic(c.name)
		if (err == nil) != (c.wrong == "") {
			t.Errorf("CheckTopic(%q) = %v", c.name, err)
		}
		if err != nil && (!strings.Contains(err.Error(), c.wrong) || !strings.Contains(err.Error(), "must be /namespace/topic")) {
			t.Errorf("CheckTopic(%q) = %v; want %q and what would be right", c.name, err, c.wrong)
		}
	}
}

// topicShape says the rule in another way than CheckTopic does.
var topicShape = regexp.MustCompile(`^/[A-Za-z0-9_-]+/[A-Za-z0-9_-]+$`)

func FuzzCheckTopic(f *testing.F) {
	for _, c := range topics {
		f.Add(c.name)
	}
	f.Fuzz(func(t *testing.T, name string) {
		err := connect.CheckTopic(name)
		if (err == nil) != topicShape.MatchString(name) {
			t.Fatalf("CheckTopic(%q) = %v", name, err)
		}
		if err != nil && name != "" && !strings.Contains(err.Error(), strconv.Quote(name)) {
			t.Errorf("CheckTopic(%q) = %v; does not name the topic", name, err)
		}
	})
}

var producers = []struct {
	producer connect.Producer
	wrong    string
}{
	{connect.Producer{Topic: "/a/b"}, ""},
	{connect.Producer{Topic: "/a/b", Partitions: 1, Reliable: true}, ""},
	{connect.Producer{Topic: "/a/b", Partitions: connect.MaxPartitions}, ""},
	{connect.Producer{}, "topic is empty"},
	{connect.Producer{Topic: "a/b"}, `topic "a/b" has the wrong shape`},
	{connect.Producer{Topic: "/a/b", Partitions: -1}, "producer /a/b: partitions = -1; must be between 0"},
	{connect.Producer{Topic: "/a/b", Partitions: connect.MaxPartitions + 1}, "partitions = 4097"},
}

func TestProducerValidate(t *testing.T) {
	t.Parallel()
	for _, c := range producers {
		err := c.producer.Validate()
		switch {
		case c.wrong == "":
			if err != nil {
				t.Errorf("%+v: %v", c.producer, err)
			}
		case err == nil || !strings.Contains(err.Error(), c.wrong):
			t.Errorf("%+v: %v; want %q", c.producer, err, c.wrong)
		case connect.ClassOf(err) != connect.ClassConfig:
			t.Errorf("%+v: class %v; a producer is configured", c.producer, connect.ClassOf(err))
		}
	}
}
