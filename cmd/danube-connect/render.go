package main

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"unicode/utf8"

	"github.com/danube-messaging/danube-connect-go/internal/danube"
)

// printed is a message as consume prints it.
type printed struct {
	Topic      string            `json:"topic"`
	Offset     uint64            `json:"offset"`
	Key        *string           `json:"key,omitempty"` // an empty key is a key
	Attributes map[string]string `json:"attributes,omitempty"`
	Schema     *printedSchema    `json:"schema,omitempty"`
	Payload    any               `json:"payload"`
}

// printedSchema is the version of a schema that a message names.
type printedSchema struct {
	Subject string `json:"subject,omitempty"` // unless the registry was not asked
	Version uint32 `json:"version"`
	ID      uint64 `json:"id"`
}

// render returns a message as one line of JSON.
func render(m danube.Message) []byte {
	p := printed{Topic: m.Topic, Offset: m.Offset, Attributes: m.Attributes, Payload: payload(m.Payload)}
	if m.Keyed {
		p.Key = &m.Key
	}
	if m.SchemaID != 0 {
		p.Schema = &printedSchema{m.SchemaSubject, m.SchemaVersion, m.SchemaID}
	}
	return line(&p, func() { p.Payload = inBase64(m.Payload) })
}

// line encodes v. Nothing that is printed can fail but JSON that is too deep to be
// written again: then spare takes it out.
func line(v any, spare func()) []byte {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if encoder.Encode(v) != nil {
		b.Reset()
		spare()
		_ = encoder.Encode(v)
	}
	return b.Bytes()
}

// payload is JSON as it is, else text as a string, else {"base64": …}.
func payload(data []byte) any {
	switch {
	case !utf8.Valid(data):
		return inBase64(data)
	case json.Valid(data):
		return json.RawMessage(data)
	}
	return string(data)
}

func inBase64(data []byte) map[string]string {
	return map[string]string{"base64": base64.StdEncoding.EncodeToString(data)}
}
