package config

import (
	"errors"
	"strings"

	"github.com/go-viper/mapstructure/v2"
	"github.com/knadh/koanf/parsers/toml/v2"
	"github.com/knadh/koanf/providers/confmap"
	"github.com/knadh/koanf/providers/env/v2"
	"github.com/knadh/koanf/providers/rawbytes"
	"github.com/knadh/koanf/v2"
)

// merge fills the struct cfg points to: the defaults, over them the file, over
// that the environment. The file has been checked: koanf's decoder by itself
// truncates floats and wraps integers.
func merge(cfg any, file []byte, variables []string, keys map[string]string) error {
	k := koanf.New(delimiter)
	allowed := env.Opt{
		EnvironFunc: func() []string { return variables },
		TransformFunc: func(name, value string) (string, any) {
			if value == "" {
				return "", nil // an empty variable counts as not set
			}
			return keys[name], value
		},
	}
	err := errors.Join(
		k.Load(confmap.Provider(defaults(), ""), nil),
		k.Load(rawbytes.Provider(file), toml.Parser()),
		k.Load(env.Provider(delimiter, allowed), nil),
	)
	if err != nil {
		return err
	}
	return k.UnmarshalWithConf("", cfg, koanf.UnmarshalConf{DecoderConfig: &mapstructure.DecoderConfig{
		Result: cfg, TagName: "toml", Squash: true, ErrorUnused: true,
		MatchName: func(key, field string) bool { return key == strings.ToLower(field) },
		DecodeHook: mapstructure.ComposeDecodeHookFunc(
			mapstructure.StringToTimeDurationHookFunc(),
			mapstructure.TextUnmarshallerHookFunc(),
		),
	}})
}

// set returns the variables that fill a key, by the key's path as messages show
// it.
func set(variables []string, keys map[string]string) map[string]string {
	byKey := map[string]string{}
	for _, v := range variables {
		name, value, _ := strings.Cut(v, "=")
		if key := keys[name]; key != "" && value != "" {
			path := ""
			for step := range strings.SplitSeq(key, delimiter) {
				path = join(path, step)
			}
			byKey[path] = name
		}
	}
	return byKey
}
