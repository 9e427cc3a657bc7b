package config

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
)

// pathVariable names the file when no argument does.
const pathVariable = "CONNECTOR_CONFIG_PATH"

// maxFileBytes bounds what is read before anything is allocated for it.
const maxFileBytes = 4 << 20

// Load reads the file at path, or, when path is empty, the one that the
// environment variable CONNECTOR_CONFIG_PATH names, and applies the process
// environment. T is a struct that embeds [Connector], or Connector itself. Every
// error is an [*Error].
func Load[T any](path string) (T, error) {
	return load[T](path, nil)
}

// LoadShared is [Load] for a tool that knows a file without its connector: it reads
// and checks what every connector shares, leaves alone what is the connector's own,
// and returns the names of that, which a misspelled table would be among.
func LoadShared(path string) (c Connector, others []string, err error) {
	c, err = load[Connector](path, &others)
	return c, others, err
}

func load[T any](path string, others *[]string) (T, error) {
	var none T
	if path == "" {
		path = os.Getenv(pathVariable)
	}
	if path == "" {
		return none, &Error{Problems: []Problem{{
			Variable: pathVariable, What: "is not set, and no path was given",
			Right: "must name the configuration file",
		}}}
	}
	data, err := read(path)
	if err != nil {
		return none, &Error{Problems: []Problem{{
			File: path, What: "cannot be read: " + reason(err),
			Right: "must be a TOML file of at most 4 MiB",
		}}}
	}
	return parse[T](path, data, os.Environ, rules, others)
}

func read(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close() //nolint:errcheck // nothing was written
	data, err := io.ReadAll(io.LimitReader(f, maxFileBytes+1))
	if err == nil && len(data) > maxFileBytes {
		err = fmt.Errorf("more than %d bytes", maxFileBytes)
	}
	return data, err
}

// reason is the text of a file error without the path, which the place already
// names.
func reason(err error) string {
	if e, ok := errors.AsType[*os.PathError](err); ok {
		err = e.Err
	}
	return strings.TrimSpace(err.Error())
}
