// Command protogen writes the Go types of the Danube messages.
//
// It compiles the definitions in internal/wire, takes their services out and
// hands the rest to protoc-gen-go, so that neither protoc nor any installed
// program is needed. Run it from the tools directory, without arguments; the
// same definitions always give the same bytes. With -verify it writes nothing
// and fails when a generated file is not what it would write.
package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"

	"github.com/bufbuild/protocompile"
	"github.com/bufbuild/protocompile/protoutil"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/pluginpb"
)

// root is the import path under which the definitions are registered. It is not
// Danube's own, so that a program may link the official client as well.
const root = "danubeconnect/wire/"

func main() {
	dir := flag.String("dir", "../internal/wire", "directory of the definitions and of the generated files")
	verify := flag.Bool("verify", false, "write nothing; fail when a generated file is out of date")
	flag.Parse()
	if err := run(*dir, *verify); err != nil {
		fmt.Fprintln(os.Stderr, "protogen:", err)
		os.Exit(1)
	}
}

func run(dir string, verify bool) error {
	request, err := compile(dir)
	if err != nil {
		return err
	}
	files, err := generate(request)
	if err != nil {
		return err
	}
	for _, f := range files {
		name := filepath.Join(dir, path.Base(f.GetName()))
		if err := settle(name, []byte(f.GetContent()), verify); err != nil {
			return err
		}
	}
	return nil
}

// compile reads every definition in dir into the request a plugin understands.
func compile(dir string) (*pluginpb.CodeGeneratorRequest, error) {
	paths, err := filepath.Glob(filepath.Join(dir, "*.proto"))
	if err != nil {
		return nil, err
	}
	if len(paths) == 0 {
		return nil, fmt.Errorf("no *.proto in %s; run from the tools directory", dir)
	}
	request := &pluginpb.CodeGeneratorRequest{Parameter: proto.String("paths=source_relative")}
	for _, p := range paths {
		request.FileToGenerate = append(request.FileToGenerate, root+filepath.Base(p))
	}
	sources, err := read(paths)
	if err != nil {
		return nil, err
	}
	compiler := protocompile.Compiler{
		Resolver:       &protocompile.SourceResolver{Accessor: protocompile.SourceAccessorFromMap(sources)},
		SourceInfoMode: protocompile.SourceInfoStandard, // comments
	}
	compiled, err := compiler.Compile(context.Background(), request.FileToGenerate...)
	if err != nil {
		return nil, err
	}
	for _, f := range compiled {
		request.ProtoFile = append(request.ProtoFile, withoutServices(protoutil.ProtoFromFileDescriptor(f)))
	}
	return request, nil
}

func read(paths []string) (map[string]string, error) {
	sources := map[string]string{}
	for _, p := range paths {
		text, err := os.ReadFile(p)
		if err != nil {
			return nil, err
		}
		sources[root+filepath.Base(p)] = string(text)
	}
	return sources, nil
}

// withoutServices drops the services: a generated one would carry our package in
// its method paths, which no broker knows.
func withoutServices(f *descriptorpb.FileDescriptorProto) *descriptorpb.FileDescriptorProto {
	const serviceField = 6 // of FileDescriptorProto
	f.Service = nil
	kept := f.SourceCodeInfo.Location[:0]
	for _, at := range f.SourceCodeInfo.Location {
		if len(at.Path) == 0 || at.Path[0] != serviceField {
			kept = append(kept, at)
		}
	}
	f.SourceCodeInfo.Location = kept
	return f
}

// generate runs protoc-gen-go, in the version the tools module names.
func generate(request *pluginpb.CodeGeneratorRequest) ([]*pluginpb.CodeGeneratorResponse_File, error) {
	in, err := proto.Marshal(request)
	if err != nil {
		return nil, err
	}
	plugin := exec.Command("go", "tool", "protoc-gen-go")
	var complaint strings.Builder
	plugin.Stdin, plugin.Stderr = bytes.NewReader(in), &complaint
	out, err := plugin.Output()
	if err != nil {
		return nil, fmt.Errorf("protoc-gen-go: %w: %s", err, complaint.String())
	}
	var response pluginpb.CodeGeneratorResponse
	if err := proto.Unmarshal(out, &response); err != nil {
		return nil, fmt.Errorf("answer of protoc-gen-go: %w", err)
	}
	if response.Error != nil {
		return nil, errors.New(strings.TrimSpace(response.GetError()))
	}
	return response.File, nil
}

// settle makes the file say content, or checks that it does.
func settle(name string, content []byte, verify bool) error {
	if !verify {
		return os.WriteFile(name, content, 0o644)
	}
	have, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	if !bytes.Equal(have, content) {
		return fmt.Errorf("%s is out of date; run: cd tools && go run ./protogen", name)
	}
	return nil
}
