package sandbox

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"strings"
)

// Variable is one environment variable.
type Variable struct{ Name, Value string }

// Dir is the sandbox's directory.
func (s *Sandbox) Dir() string { return s.layout.dir }

// Kubeconfig is the path of the administrator's kubeconfig of the management API server.
func (s *Sandbox) Kubeconfig() string { return s.layout.kubeconfig() }

// APIServerURL is where the management API answers.
func (s *Sandbox) APIServerURL() string { return "https://" + loopback(s.state.Ports[portAPIServer]) }

// ManagerMetricsURL is where the manager serves its metrics.
func (s *Sandbox) ManagerMetricsURL() string {
	return "http://" + loopback(s.state.Ports[portManagerMetrics]) + "/metrics"
}

// ClusterAPIMetricsURL is where Cluster API's manager serves its metrics.
func (s *Sandbox) ClusterAPIMetricsURL() string {
	return "http://" + loopback(s.state.Ports[portClusterAPIMetrics]) + "/metrics"
}

// PID is the process id of a component, for what only the system knows about a process (memory, descriptors).
func (s *Sandbox) PID(component string) (int, error) {
	p, err := s.process(component)
	if err != nil {
		return 0, err
	}
	return p.id.PID, nil
}

// AzureEnv is the environment with which an Azure client reaches the emulator.
func (s *Sandbox) AzureEnv() ([]Variable, error) { return readEnvFile(s.layout.azureEnv()) }

// AzureURL is the address of the emulator's Azure Resource Manager, "" without an emulator.
func (s *Sandbox) AzureURL() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.state.AzureURL
}

// learnAzureURL takes the emulator's address from what it says itself.
func (s *Sandbox) learnAzureURL() error {
	raw, err := os.ReadFile(s.layout.azureReady())
	if err != nil {
		return err
	}
	var ready struct {
		URL string `json:"url"`
	}
	if err := json.Unmarshal(raw, &ready); err != nil || ready.URL == "" {
		return fmt.Errorf("%s names no url: %q, %w", s.layout.azureReady(), raw, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.state.AzureURL = ready.URL
	return s.state.write()
}

// Logs is everything a component has written since Up.
func (s *Sandbox) Logs(component string) (string, error) {
	raw, err := os.ReadFile(s.layout.log(component))
	return string(raw), err
}

// readEnvFile reads NAME=value lines, with or without "export" and shell quotes, as azuresim writes them and people edit them.
func readEnvFile(path string) ([]Variable, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("the emulator's environment: %w", err)
	}
	var variables []Variable
	for line := range bytes.Lines(raw) {
		text := strings.TrimSpace(string(line))
		if text == "" || strings.HasPrefix(text, "#") {
			continue
		}
		name, value, found := strings.Cut(strings.TrimPrefix(text, "export "), "=")
		if !found {
			return nil, fmt.Errorf("%s: %q is not NAME=value", path, text)
		}
		variables = append(variables, Variable{Name: strings.TrimSpace(name), Value: unquote(value)})
	}
	return variables, nil
}

// unquote undoes shell quoting as quote makes it.
func unquote(value string) string {
	if len(value) >= 2 && value[0] == '\'' && value[len(value)-1] == '\'' {
		return strings.ReplaceAll(value[1:len(value)-1], `'\''`, "'")
	}
	if len(value) >= 2 && value[0] == '"' && value[len(value)-1] == '"' {
		return value[1 : len(value)-1]
	}
	return value
}

// Export is the variable as a line a POSIX shell can evaluate.
func (v Variable) Export() string {
	return "export " + v.Name + "='" + strings.ReplaceAll(v.Value, "'", `'\''`) + "'"
}

// Environment is what `capaks sandbox env` prints for the sandbox in dir: how kubectl and Azure clients reach it.
func Environment(dir string) ([]Variable, error) {
	state, err := ReadState(dir)
	if err != nil {
		return nil, err
	}
	l := layout{state.Dir}
	variables := []Variable{{Name: "KUBECONFIG", Value: l.kubeconfig()}}
	if _, started := state.component(AzureSim); !started {
		return variables, nil
	}
	azure, err := readEnvFile(l.azureEnv())
	return append(variables, azure...), err
}

// LogTail is the end of a component's log, "" if it was not started.
func (s *Sandbox) LogTail(component string, lines int) string {
	if _, err := s.process(component); err != nil {
		return ""
	}
	return tail(s.layout.log(component), lines)
}

// CertificatesOf is the directory with tls.crt and tls.key of a component's server.
func (s *Sandbox) CertificatesOf(component string) string { return s.layout.certDir(component) }

// ManagerKubeconfig is the path of the kubeconfig with which the provider's manager runs: that of its service account.
func (s *Sandbox) ManagerKubeconfig() string { return s.layout.userKubeconfig(Manager) }
