package azuresim_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/capaks/capaks/azuresim/world"
)

// process is the built program, as somebody else would run it.
type process struct {
	t     *testing.T
	cmd   *exec.Cmd
	url   string
	token string
	http  *http.Client
}

func buildProgram(t *testing.T) string {
	t.Helper()
	program := filepath.Join(t.TempDir(), "azuresim")
	if out, err := exec.Command("go", "build", "-o", program, "../cmd/azuresim").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return program
}

func run(t *testing.T, program, dir string) *process {
	t.Helper()
	ready := filepath.Join(t.TempDir(), "ready.json")
	p := &process{t: t, cmd: exec.Command(program, "serve", "--data-dir", dir, "--ready-file", ready, "--throttle-scale", "0", "--speed", "100")}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.kill)
	var told struct{ URL, CAFile string }
	if err := json.Unmarshal(appeared(t, ready), &told); err != nil {
		t.Fatal(err)
	}
	ca, err := os.ReadFile(told.CAFile)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(ca)
	p.url, p.http = told.URL, &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}}, Timeout: 30 * time.Second}
	t.Cleanup(p.http.CloseIdleConnections)
	p.signIn()
	return p
}

// appeared waits for a file that is written as a whole.
func appeared(t *testing.T, path string) []byte {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		raw, err := os.ReadFile(path)
		if err == nil {
			return raw
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatal(err)
		}
	}
}

func (p *process) signIn() {
	p.t.Helper()
	resp, err := p.http.PostForm(p.url+"/"+world.TenantA+"/oauth2/v2.0/token", url.Values{
		"grant_type": {"client_credentials"}, "client_id": {world.ClientA}, "client_secret": {world.SecretA}, "scope": {"https://management.azure.com/.default"},
	})
	if err != nil {
		p.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	var answer struct {
		Token string `json:"access_token"`
	}
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil || answer.Token == "" {
		p.t.Fatalf("no token: %d %v", resp.StatusCode, err)
	}
	p.token = answer.Token
}

// kill is SIGKILL: the program gets no chance to write anything.
func (p *process) kill() {
	_ = p.cmd.Process.Kill()
	_ = p.cmd.Wait()
}

func (p *process) send(method, path, version, body string) (status int, raw string, err error) {
	req, err := http.NewRequestWithContext(context.Background(), method, p.url+path+"?api-version="+version, strings.NewReader(body))
	if err != nil {
		return 0, "", err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", "Bearer "+p.token)
	req.Header.Set("Content-Type", "application/json")
	resp, err := p.http.Do(req)
	if err != nil {
		return 0, "", err
	}
	defer func() { _ = resp.Body.Close() }()
	content, err := io.ReadAll(resp.Body)
	return resp.StatusCode, string(content), err
}

// credentials asks until the cluster's API server is there.
func (p *process) credentials() string {
	p.t.Helper()
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); {
		status, raw, err := p.send(http.MethodPost, cluster+"/listClusterAdminCredential", aksVersion, "")
		if err != nil {
			p.t.Fatal(err)
		}
		if status == http.StatusOK {
			return raw
		}
	}
	p.t.Fatal("the API server does not come")
	return ""
}

// writers change resource groups of their own, over and over, and remember the last version they were told is stored.
type writers struct {
	p       *process
	version []int
	running sync.WaitGroup
}

func (w *writers) target(n int) string { return fmt.Sprintf("%s/resourceGroups/writer-%d", sub, n) }

// start lets n writers write until nobody answers, and returns when each has had enough answers.
func (w *writers) start(n, enough int) {
	w.version = make([]int, n)
	busy := make(chan bool, n)
	for i := range n {
		w.running.Go(func() {
			for version := 1; ; version++ {
				status, _, err := w.p.send(http.MethodPut, w.target(i), rgVersion, fmt.Sprintf(`{"location":"westus2","tags":{"version":"%d"}}`, version))
				if err != nil {
					return // this one was never answered
				}
				if status != http.StatusOK && status != http.StatusCreated {
					w.p.t.Errorf("writer %d got %d", i, status)
					busy <- false
					return
				}
				if w.version[i] = version; version == enough {
					busy <- true
				}
			}
		})
	}
	for range n {
		<-busy
	}
}

// check compares what they were told with what there is now.
func (w *writers) check(now *process) {
	w.p.t.Helper()
	for i, told := range w.version {
		status, raw, err := now.send(http.MethodGet, w.target(i), rgVersion, "")
		var doc struct {
			Tags struct {
				Version int `json:"version,string"`
			}
		}
		if err == nil {
			err = json.Unmarshal([]byte(raw), &doc)
		}
		// The one write that was not answered may or may not have happened.
		if err != nil || status != http.StatusOK || doc.Tags.Version != told && doc.Tags.Version != told+1 {
			w.p.t.Errorf("writer %d was told version %d, now it is %d %s %v", i, told, status, raw, err)
		}
	}
}

// Whatever was answered before a SIGKILL in the midst of many writers is there again afterwards, credentials included.
func TestKill(t *testing.T) {
	if testing.Short() {
		t.Skip("builds the program")
	}
	program, dir := buildProgram(t), t.TempDir()
	p := run(t, program, dir)
	p.makeCluster()
	w := &writers{p: p}
	w.start(8, 60)
	kubeconfig := p.credentials()
	p.kill()
	w.running.Wait()

	again := run(t, program, dir)
	w.check(again)
	if again.credentials() != kubeconfig {
		t.Error("the credentials are not those that were handed out")
	}
}
