package codec

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/bufbuild/protocompile"
	"github.com/bufbuild/protocompile/reporter"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"

	connect "github.com/danube-messaging/danube-connect-go"
)

// protobufFiles are the compiled files of one schema, in a registry of their own:
// the process's own registry neither helps nor is touched.
type protobufFiles struct {
	registry *protoregistry.Files
	// main are the files the schema itself consists of.
	main []protoreflect.FileDescriptor
}

var errNotAmongRefs = errors.New("is not among the refs")

// compileProtobuf compiles the schema, with the refs and Google's own files for
// what it imports.
func compileProtobuf(s Settings) (*protobufFiles, error) {
	sources := map[string]protocompile.SearchResult{}
	for _, ref := range s.Refs {
		sources[ref.Name] = protocompile.SearchResult{Source: bytes.NewReader(ref.Schema)}
	}
	names := []string{s.Name}
	if set := descriptorSet(s.Schema); set != nil {
		// The compiler believes descriptors; what is wrong with one would panic later.
		if _, err := (protodesc.FileOptions{AllowUnresolvable: true}).NewFiles(set); err != nil {
			return nil, connect.ConfigError("%s: is no FileDescriptorSet that makes sense: %w; must be as protoc writes it", s.Name, err)
		}
		names = nil
		for _, file := range set.GetFile() {
			sources[file.GetName()] = protocompile.SearchResult{Proto: file}
			names = append(names, file.GetName())
		}
	} else {
		sources[s.Name] = protocompile.SearchResult{Source: bytes.NewReader(s.Schema)}
	}
	var mistakes []error
	compiler := protocompile.Compiler{
		MaxParallelism: 1, // readers are used once, and mistakes come in order
		Reporter: reporter.NewReporter(func(err reporter.ErrorWithPos) error {
			mistakes = append(mistakes, err)
			return nil
		}, nil),
		Resolver: protocompile.WithStandardImports(protocompile.ResolverFunc(func(path string) (protocompile.SearchResult, error) {
			if found, ok := sources[path]; ok {
				return found, nil
			}
			return protocompile.SearchResult{}, fmt.Errorf("%q: %w", path, errNotAmongRefs)
		})),
	}
	compiled, err := compiler.Compile(context.Background(), names...)
	if len(mistakes) > 0 {
		err = errors.Join(mistakes...)
	}
	if err != nil {
		return nil, connect.ConfigError("%s: is no protobuf schema: %w; must be a .proto file, with the files it imports in refs, or a FileDescriptorSet", s.Name, err)
	}
	files := &protobufFiles{registry: new(protoregistry.Files)}
	for _, file := range compiled {
		if err := files.register(file); err != nil {
			return nil, connect.ConfigError("%s: %w; must declare every name once", s.Name, err)
		}
		files.main = append(files.main, file)
	}
	return files, nil
}

// descriptorSet returns a binary FileDescriptorSet, nil when text is none: no
// text parses as one.
func descriptorSet(text []byte) *descriptorpb.FileDescriptorSet {
	set := new(descriptorpb.FileDescriptorSet)
	if proto.Unmarshal(text, set) != nil || len(set.GetFile()) == 0 || len(set.ProtoReflect().GetUnknown()) > 0 {
		return nil
	}
	return set
}

// register adds a file after those it imports.
func (p *protobufFiles) register(file protoreflect.FileDescriptor) error {
	if _, err := p.registry.FindFileByPath(file.Path()); err == nil {
		return nil
	}
	imports := file.Imports()
	for i := range imports.Len() {
		if err := p.register(imports.Get(i).FileDescriptor); err != nil {
			return err
		}
	}
	return p.registry.RegisterFile(file)
}

// message finds the message of the settings; without a name, the only one there is.
func (p *protobufFiles) message(s Settings) (protoreflect.MessageDescriptor, error) {
	var names []string
	for _, file := range p.main {
		if !strings.HasPrefix(file.Path(), "google/protobuf/") {
			names = messageNames(names, file.Messages())
		}
	}
	name := s.Message
	if name == "" && len(names) == 1 {
		name = names[0]
	}
	if found, err := p.registry.FindDescriptorByName(protoreflect.FullName(name)); err == nil {
		if message, ok := found.(protoreflect.MessageDescriptor); ok {
			return message, nil
		}
	}
	slices.Sort(names)
	if len(names) == 0 {
		return nil, connect.ConfigError("%s: declares no message; must declare the one the topic carries", s.Name)
	}
	return nil, connect.ConfigError("%s: message %q is not declared; must be one of %s", s.Name, s.Message, strings.Join(names, ", "))
}

func messageNames(names []string, messages protoreflect.MessageDescriptors) []string {
	for i := range messages.Len() {
		if m := messages.Get(i); !m.IsMapEntry() {
			names = messageNames(append(names, string(m.FullName())), m.Messages())
		}
	}
	return names
}
