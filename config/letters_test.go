package config

import "testing"

// A topic that takes dead letters has no schema that a broker holds its messages to:
// the first letter would be refused.
func TestDeadLettersToATopicWithASchema(t *testing.T) {
	t.Parallel()
	const (
		all     = "[errors]\non_invalid = \"dead_letter\"\ndead_letter_topic = \"/a/x\"\n"
		one     = "[topics.\"/a/b\"]\non_invalid = \"dead_letter\"\n"
		another = one + "dead_letter_topic = \"/a/x\"\n"
		entry   = "[[schemas]]\nschema_type = \"number\"\ntopic = \"/a/x\"\n"
		usual   = "[[schemas]]\nschema_type = \"number\"\ntopic = \"/default/orders-dead-letters\"\n"
		subject = "subject = \"x\"\n"
	)
	for _, tt := range []mistake{
		{"of every topic", all + entry + subject, []string{
			`8:1: schemas[0].topic: "/a/x" takes dead letters (errors.dead_letter_topic), which follow no schema; ` +
				`must be another topic, or errors.dead_letter_topic must name a topic without a subject in [[schemas]]`,
		}},
		{"of one topic", another + entry + subject, []string{
			`8:1: schemas[0].topic: "/a/x" takes dead letters (topics."/a/b".dead_letter_topic), which follow no schema; ` +
				`must be another topic, or topics."/a/b".dead_letter_topic must name a topic without a subject in [[schemas]]`,
		}},
		{"of one topic, to the usual one", one + usual + subject, []string{
			`7:1: schemas[0].topic: "/default/orders-dead-letters" takes dead letters (errors.dead_letter_topic), which follow no schema; ` +
				`must be another topic, or errors.dead_letter_topic must name a topic without a subject in [[schemas]]`,
		}},
		{"that the registry does not know", all + entry, nil},
		{"of records that halt", "[errors]\ndead_letter_topic = \"/a/x\"\n" + entry + subject, nil},
		{"of one topic whose records are skipped", all + "[topics.\"/a/b\"]\non_invalid = \"skip\"\ndead_letter_topic = \"/a/y\"\n" +
			"[[schemas]]\nschema_type = \"number\"\ntopic = \"/a/y\"\n" + subject, nil},
		{"of another topic", one + entry + subject, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if tt.want != nil {
				checkMistake(t, minimal+tt.file, tt.want)
			} else if _, err := Parse[Connector]("c.toml", []byte(minimal+tt.file), nil); err != nil {
				t.Error(err)
			}
		})
	}
}
