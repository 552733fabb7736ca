package sandboxtest

import (
	"bytes"
	"context"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/capaks/capaks/internal/sandbox"
)

// Manager is a manager that a test started beside the sandbox's own.
type Manager struct {
	Health string // address of /healthz and /readyz
	cmd    *exec.Cmd
	done   chan struct{}
	mu     sync.Mutex
	out    bytes.Buffer
}

// Write takes the manager's output.
func (m *Manager) Write(b []byte) (int, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.out.Write(b)
}

// Log is all the manager has said.
func (m *Manager) Log() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.out.String()
}

// Await waits until the manager has said something.
func (m *Manager) Await(t testing.TB, line string) {
	t.Helper()
	Until(t, time.Minute, func() string {
		return Unless(strings.Contains(m.Log(), line), "the manager has not said %q but\n%s", line, m.Log())
	})
}

// End sends a signal and waits until the manager has ended.
func (m *Manager) End(t testing.TB, signal os.Signal) {
	t.Helper()
	if err := m.cmd.Process.Signal(signal); err != nil {
		t.Fatal(err)
	}
	select {
	case <-m.done:
	case <-time.After(time.Minute):
		t.Fatalf("the manager does not end after %s:\n%s", signal, m.Log())
	}
}

// StartManager runs a manager until the test ends, with the management API, the rights and the Azure of the sandbox's own.
func (p *Plane) StartManager(t testing.TB, webhookPort string, args ...string) *Manager {
	t.Helper()
	m := &Manager{Health: FreeAddress(t), done: make(chan struct{})}
	ctx, cancel := context.WithCancel(context.Background())
	m.cmd = exec.CommandContext(ctx, filepath.Join(p.Bin, "manager"), append([]string{
		"--kubeconfig=" + p.Box.ManagerKubeconfig(), "--leader-elect=false", "--health-addr=" + m.Health, "--diagnostics-address=0",
		"--webhook-host=127.0.0.1", "--webhook-port=" + webhookPort, "--webhook-cert-dir=" + p.Box.CertificatesOf(sandbox.Manager),
	}, args...)...)
	m.cmd.Stdout, m.cmd.Stderr = m, m
	variables, err := p.Box.AzureEnv()
	if err != nil {
		t.Fatal(err)
	}
	m.cmd.Env = os.Environ()
	for _, v := range variables {
		m.cmd.Env = append(m.cmd.Env, v.Name+"="+v.Value)
	}
	if err := m.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		_ = m.cmd.Wait() // however it ended, it did
		close(m.done)
	}()
	t.Cleanup(func() {
		cancel()
		<-m.done
	})
	return m
}

// WebhookPort is where the API server expects the webhooks of the sandbox's own manager.
func (p *Plane) WebhookPort(t testing.TB) string {
	t.Helper()
	status, err := sandbox.ReadStatus(p.Box.Dir())
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range status.Components {
		if c.Name == sandbox.Manager {
			return c.URL[strings.LastIndex(c.URL, ":")+1:]
		}
	}
	t.Fatal("there is no manager")
	return ""
}

// FreeAddress is one on which nobody listens.
func FreeAddress(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close() //nolint:errcheck // nothing was ever accepted on it
	return l.Addr().String()
}
