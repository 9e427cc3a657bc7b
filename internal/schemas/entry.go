package schemas

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	connect "github.com/danube-messaging/danube-connect-go"
	"github.com/danube-messaging/danube-connect-go/codec"
	"github.com/danube-messaging/danube-connect-go/config"
	"github.com/danube-messaging/danube-connect-go/internal/registry"
)

// entry is one [[schemas]] entry with its files read.
type entry struct {
	config.Schema
	compile func(codec.Settings) (codec.Codec, error)
	// text is what the file says, as the registry is to have it.
	text []byte
	refs []codec.Ref
	own  codec.Codec // by the file

	// fingerprint is the registry's of the file's definition; known once it was
	// registered.
	fingerprint string
}

// load reads and compiles what an entry names. Errors are of ClassConfig.
func load(s config.Schema, compile func(codec.Settings) (codec.Codec, error)) (*entry, error) {
	e := &entry{Schema: s.WithDefaults(), compile: compile}
	if registry.HasDefinition(s.SchemaType) {
		if err := e.read(); err != nil {
			return nil, e.wrong("%w; must be a file that can be read and sent to a broker", err)
		}
	}
	settings := e.settings(e.SchemaFile, e.text)
	settings.Refs = e.refs
	var err error
	if e.own, err = e.compile(settings); err != nil {
		return nil, e.wrong("%w", err)
	}
	if e.text, err = codec.Definition(settings); err != nil {
		return nil, e.wrong("%w", err)
	}
	return e, nil
}

func (e *entry) read() (err error) {
	if e.text, err = readFile(e.SchemaFile); err != nil {
		return err
	}
	for _, file := range e.Refs {
		text, err := readFile(file)
		if err != nil {
			return err
		}
		name, err := filepath.Rel(filepath.Dir(e.SchemaFile), file)
		if err != nil {
			return err
		}
		e.refs = append(e.refs, codec.Ref{Name: filepath.ToSlash(name), Schema: text})
	}
	return nil
}

// mostBytes is what a file may have: the broker takes no larger request.
const mostBytes = 4 << 20

// readFile reads no more of a file than can be used: one that is named by mistake
// may be of any size, or have no end.
func readFile(name string) (text []byte, err error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	if text, err = io.ReadAll(io.LimitReader(file, mostBytes+1)); err != nil {
		return nil, err
	}
	if len(text) > mostBytes {
		return nil, fmt.Errorf("%s has more than %d bytes, the most that a broker takes", name, mostBytes)
	}
	return text, nil
}

// settings are those of a definition, which errors call by name.
func (e *entry) settings(name string, definition []byte) codec.Settings {
	return codec.Settings{SchemaType: e.SchemaType, Schema: definition, Name: name, Encoding: e.Encoding, Message: e.Message}
}

// codecFor returns the codec of a version in the registry: the file's own when it
// says the same.
func (e *entry) codecFor(s registry.Schema) (codec.Codec, error) {
	if e.is(s) {
		return e.own, nil
	}
	settings := e.settings(fmt.Sprintf("subject %s version %d", s.Subject, s.Version), bytes.Clone(s.Definition))
	if e.SchemaType != "avro" { // of which the registry has the other files' types too
		settings.Refs = e.refs
	}
	return e.compile(settings)
}

// is reports whether a version in the registry is what the file says.
func (e *entry) is(s registry.Schema) bool {
	return s.Type == e.SchemaType && (e.fingerprint != "" && e.fingerprint == s.Fingerprint || registry.Equal(s.Type, e.text, s.Definition))
}

// schema is what the file says, as it would be registered.
func (e *entry) schema() registry.Schema {
	return registry.Schema{Subject: e.Subject, Type: e.SchemaType, Definition: e.text}
}

// wrong is a mistake in the entry: where it stands, what it is about, and what is
// wrong.
func (e *entry) wrong(format string, args ...any) error {
	return connect.ConfigError("%s: %w", e.name(), fmt.Errorf(format, args...))
}

// name says where the entry stands and what it is about.
func (e *entry) name() string {
	var b strings.Builder
	if e.Place != "" {
		b.WriteString(e.Place + ": ")
	}
	b.WriteString("[[schemas]] of " + e.Topic)
	if e.Subject != "" {
		b.WriteString(": subject " + e.Subject)
	}
	if e.SchemaFile != "" {
		b.WriteString(", file " + e.SchemaFile)
	}
	return b.String()
}

// difference words how to get from one version to another, or to the file.
func (e *entry) difference(from string, before []byte, to string, after []byte) string {
	lines := registry.Difference(e.SchemaType, before, after)
	if len(lines) == 0 {
		return ""
	}
	return fmt.Sprintf("from %s to %s: %s", from, to, strings.Join(lines, "; "))
}

func versionName(s registry.Schema) string { return fmt.Sprintf("version %d", s.Version) }

// theFile is what differences call the file.
const theFile = "the file"
