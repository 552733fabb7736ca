package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// begin starts the command with args; its standard output can be read while it runs.
func begin(t *testing.T, args ...string) (out *bufio.Reader, stop func() error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	r, w := io.Pipe()
	cmd := rootCommand()
	cmd.SetArgs(args)
	cmd.SetOut(w)
	cmd.SetErr(io.Discard)
	done := make(chan error, 1)
	go func() {
		err := cmd.ExecuteContext(ctx)
		_ = w.CloseWithError(io.EOF)
		done <- err
	}()
	t.Cleanup(cancel)
	return bufio.NewReader(r), func() error {
		cancel()
		go func() { _, _ = io.Copy(io.Discard, r) }()
		return <-done
	}
}

// serve alone is usable: it says where it listens and what a client needs, and ends when it is told to.
func TestServe(t *testing.T) {
	dir := t.TempDir()
	ready := filepath.Join(dir, "ready.json")
	out, stop := begin(t, "serve")
	line, err := out.ReadString('\n')
	if err != nil || !strings.HasPrefix(line, "azuresim listens on https://127.0.0.1:") {
		t.Fatalf("%q %v", line, err)
	}
	if line, err = out.ReadString('\n'); err != nil || !strings.HasPrefix(line, "open https://127.0.0.1:") || !strings.Contains(line, "in a browser") {
		t.Errorf("the page is not announced: %v %q", err, line)
	}
	env := map[string]string{}
	for env["SSL_CERT_FILE"] == "" { // the last of them
		if line, err = out.ReadString('\n'); err != nil {
			t.Fatalf("%v after %v", err, env)
		}
		if name, value, ok := strings.Cut(strings.TrimPrefix(strings.TrimSpace(line), "export "), "="); ok {
			env[name] = strings.Trim(value, "'")
		}
	}
	pem, err := os.ReadFile(env["SSL_CERT_FILE"])
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(pem)
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}}}
	defer client.CloseIdleConnections()
	resp, err := client.Get(env["AZURE_RESOURCE_MANAGER_ENDPOINT"] + "/_azuresim/clock")
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("%v %v", resp, err)
	}
	_ = resp.Body.Close()
	if err := stop(); err != nil {
		t.Errorf("stopping: %v", err)
	}

	out, stop = begin(t, "serve", "--data-dir", dir, "--ready-file", ready, "--env-file", filepath.Join(dir, "azure.env"), "--page-size", "7")
	if line, err = out.ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	var told struct {
		URL, CAFile string
		PID         int
		Env         map[string]string
	}
	raw, err := os.ReadFile(ready)
	if err != nil || json.Unmarshal(raw, &told) != nil || !strings.Contains(line, told.URL) || told.PID != os.Getpid() || told.Env["AZURE_CLIENT_ID"] == "" {
		t.Errorf("%v %s", err, raw)
	}
	if script, err := os.ReadFile(filepath.Join(dir, "azure.env")); err != nil || !strings.Contains(string(script), "export AZURE_TENANT_ID='") {
		t.Errorf("%v %s", err, script)
	}
	if err := stop(); err != nil {
		t.Errorf("stopping: %v", err)
	}
	if _, err := os.Stat(ready); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the ready file is still there: %v", err)
	}
}

func TestUsage(t *testing.T) {
	config := filepath.Join(t.TempDir(), "world.json")
	if err := os.WriteFile(config, []byte(`{"tenant":[]}`), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args []string
		out  string // what is printed
		err  string // or what it fails with
	}{
		{nil, "azuresim [command]", ""},
		{[]string{"version"}, "azuresim ", ""},
		{[]string{"serve", "--help"}, "--throttle-scale", ""},
		{[]string{"serve", "--help"}, "agentPool.upgrade", ""},
		{[]string{"serve", "--speed", "0"}, "", "--speed 0 must be positive"},
		{[]string{"serve", "--throttle-scale", "-1"}, "", "0 turns throttling off"},
		{[]string{"serve", "--page-size", "0"}, "", "--page-size 0 must be positive"},
		{[]string{"serve", "--token-lifetime", "-1s"}, "", "--token-lifetime -1s must not be negative"},
		{[]string{"serve", "--durations", "tulip=3s"}, "", "unknown duration \"tulip\""},
		{[]string{"serve", "--addr", "0.0.0.0:0"}, "", "not a loopback address"},
		{[]string{"serve", "--config", config}, "", `unknown field "tenant"`},
		{[]string{"dance"}, "", `unknown command "dance"`},
	} {
		cmd := rootCommand()
		var out bytes.Buffer
		cmd.SetArgs(append([]string{}, c.args...))
		cmd.SetOut(&out)
		cmd.SetErr(&out)
		err := cmd.Execute()
		if (err != nil) != (c.err != "") || err != nil && !strings.Contains(err.Error(), c.err) || !strings.Contains(out.String(), c.out) {
			t.Errorf("%v: %v\n%s", c.args, err, out.String())
		}
	}
}
