package controller

import (
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
)

// told collects who was told.
type told struct {
	mu    sync.Mutex
	names []string
}

func (l *told) by(name string) func() {
	return func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.names = append(l.names, name)
	}
}

func (l *told) take() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	names := l.names
	l.names = nil
	slices.Sort(names)
	return names
}

func TestReloads(t *testing.T) {
	ctx := t.Context()
	api := fake.NewClientBuilder().Build()
	key := client.ObjectKey{Namespace: "n", Name: "credentials"}
	path := filepath.Join(t.TempDir(), "token")
	r := &Reloads{Reader: api}
	var heard told
	expect := func(when string, want ...string) {
		t.Helper()
		r.look(ctx)
		if got := heard.take(); !slices.Equal(got, want) {
			t.Errorf("%s: told %v, want %v", when, got, want)
		}
	}
	version := func() string {
		v, err := r.version(ctx, credentialSource{secret: key})
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	r.await(credentialSource{}, "", "nobody", heard.by("nobody")) // a managed identity has nothing to be replaced
	r.await(credentialSource{secret: key}, "", "a", heard.by("a"))
	r.await(credentialSource{path: path}, "", "file", heard.by("file"))
	expect("nothing happened")
	secret := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: key.Namespace, Name: key.Name}}
	if err := api.Create(ctx, secret); err != nil {
		t.Fatal(err)
	}
	expect("the Secret is created", "a")
	if err := os.WriteFile(path, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	expect("the file is written", "file")
	expect("nobody waits any more")

	first := version()
	r.await(credentialSource{secret: key}, first, "a", heard.by("a"))
	r.await(credentialSource{secret: key}, first, "b", heard.by("b"))
	r.await(credentialSource{secret: key}, first, "c", heard.by("c"))
	r.await(credentialSource{secret: key}, first, "b", heard.by("b")) // looked again in vain
	r.forget("c")
	expect("the same Secret")
	secret.StringData = map[string]string{"clientSecret": "second"}
	if err := api.Update(ctx, secret); err != nil {
		t.Fatal(err)
	}
	// b has read the new one already, and it is no better: a is told at once, b when it changes again.
	r.await(credentialSource{secret: key}, version(), "b", heard.by("b"))
	expect("another version is known", "a")
	if err := api.Delete(ctx, secret); err != nil {
		t.Fatal(err)
	}
	expect("the Secret is deleted", "b")
	if len(r.waiting) != 0 {
		t.Errorf("kept %v", r.waiting)
	}
}
