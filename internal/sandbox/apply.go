package sandbox

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
)

// Apply applies files with kubectl, as a person would: what a client-side apply accepts and a server-side one does not (the bare
// string of an old `sku`) must work here too. Namespaces that do not exist are made first.
func (s *Sandbox) Apply(ctx context.Context, files ...string) error {
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		objects, err := parse(raw)
		if err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
		seen := map[string]bool{}
		for _, object := range objects {
			if ns := object.GetNamespace(); ns != "" && !seen[ns] {
				seen[ns] = true
				if err := s.ensureNamespace(ctx, ns); err != nil {
					return fmt.Errorf("%s: %w", file, err)
				}
			}
		}
		out, err := s.Kubectl(ctx, "apply", "-f", file)
		for line := range strings.Lines(out) {
			s.logf("%s", strings.TrimSpace(line))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (s *Sandbox) ensureNamespace(ctx context.Context, name string) error {
	install, err := s.newInstaller()
	if err != nil {
		return err
	}
	namespaces := install.core.CoreV1().Namespaces()
	// The default namespace is made by the API server itself, shortly after it says that it is ready.
	if name == "default" {
		return wait.PollUntilContextTimeout(ctx, 20*time.Millisecond, time.Minute, true, func(ctx context.Context) (bool, error) {
			_, err := namespaces.Get(ctx, name, metav1.GetOptions{})
			if apierrors.IsNotFound(err) {
				return false, nil
			}
			return err == nil, err
		})
	}
	if _, err := namespaces.Get(ctx, name, metav1.GetOptions{}); !apierrors.IsNotFound(err) {
		return err
	}
	return install.apply(ctx, namespace(name))
}

// Kubectl runs kubectl against the management API and returns its output. The error, if any, carries what it said.
func (s *Sandbox) Kubectl(ctx context.Context, args ...string) (string, error) {
	// A cache of discovery keyed by host and port would outlive the sandbox that had this port before.
	args = append([]string{"--kubeconfig=" + s.Kubeconfig(), "--cache-dir=" + filepath.Join(s.layout.data(), "kubectl-cache")}, args...)
	cmd := exec.CommandContext(ctx, s.options.kubectl(), args...)
	cmd.Env = baseEnv()
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		return stdout.String(), fmt.Errorf("kubectl %s: %w: %s", strings.Join(args[2:], " "), err, strings.TrimSpace(stderr.String()))
	}
	return stdout.String() + stderr.String(), nil
}
