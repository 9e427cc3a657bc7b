package health

import "runtime/debug"

// build is what this binary is made of.
type build struct {
	// module is the version of this module, goes that of Go; "unknown" when the
	// binary does not say.
	module, goes string
}

const modulePath = "github.com/danube-messaging/danube-connect-go"

// builtFrom asks the running binary.
func builtFrom() build { return readBuild(debug.ReadBuildInfo()) }

// readBuild finds this module in a binary that is its own or one it is built into.
func readBuild(info *debug.BuildInfo, ok bool) build {
	b := build{module: "unknown", goes: "unknown"}
	if !ok {
		return b
	}
	if info.GoVersion != "" {
		b.goes = info.GoVersion
	}
	for _, m := range append([]*debug.Module{&info.Main}, info.Deps...) {
		if m.Path != modulePath {
			continue
		}
		for m.Replace != nil {
			m = m.Replace
		}
		if m.Version != "" {
			b.module = m.Version
		}
	}
	return b
}
