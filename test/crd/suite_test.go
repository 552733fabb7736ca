// Package crd_test holds the rules of the CRDs against a real API server: each case of testdata is an object, or an old
// and a new one, and what the API server has to say about it. It must not test webhooks or controllers.
package crd_test

import (
	"context"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/envtest"
	"sigs.k8s.io/yaml"

	"github.com/capaks/capaks/config"
)

var (
	api    client.Client
	server *rest.Config
	absent string
)

// binaries is the folder with kube-apiserver and etcd: $CAPAKS_BIN, or bin of this repository.
func binaries() (string, error) {
	dir := os.Getenv("CAPAKS_BIN")
	if dir == "" {
		dir = filepath.Join("..", "..", "bin")
	}
	for _, name := range []string{"kube-apiserver", "etcd"} {
		if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
			return "", fmt.Errorf("%s is not in %s: build it with make tools, or set CAPAKS_BIN to the folder that has it", name, dir)
		}
	}
	return filepath.Abs(dir)
}

func TestMain(m *testing.M) {
	code, err := run(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

func run(m *testing.M) (code int, err error) {
	flag.Parse()
	if testing.Short() {
		absent = "no API server with -short"
		return m.Run(), nil
	}
	dir, missing := binaries()
	if missing != nil {
		absent = missing.Error()
		return m.Run(), nil
	}
	crds, err := definitions()
	if err != nil {
		return 0, err
	}
	env := &envtest.Environment{
		BinaryAssetsDirectory:    dir,
		CRDInstallOptions:        envtest.CRDInstallOptions{CRDs: crds},
		ControlPlaneStartTimeout: time.Minute,
		ControlPlaneStopTimeout:  time.Minute,
	}
	server, err = env.Start()
	if err != nil {
		return 0, fmt.Errorf("start of the API server with the CRDs: %w", err)
	}
	defer func() {
		if stopErr := env.Stop(); err == nil {
			err = stopErr
		}
	}()
	if api, err = client.New(server, client.Options{}); err != nil {
		return 0, err
	}
	return m.Run(), nil
}

// definitions are the embedded CRDs.
func definitions() ([]*apiextensionsv1.CustomResourceDefinition, error) {
	files, err := fs.Glob(config.CRDs, "crd/bases/*.yaml")
	if err != nil {
		return nil, err
	}
	var out []*apiextensionsv1.CustomResourceDefinition
	for _, file := range files {
		text, err := config.CRDs.ReadFile(file)
		if err != nil {
			return nil, err
		}
		crd := &apiextensionsv1.CustomResourceDefinition{}
		if err := yaml.UnmarshalStrict(text, crd); err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		out = append(out, crd)
	}
	return out, nil
}

// needServer skips a test where there is no API server to ask.
func needServer(t *testing.T) context.Context {
	t.Helper()
	if api == nil {
		t.Skip(absent)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}
