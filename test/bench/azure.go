package main

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/capaks/capaks/internal/sandbox"
)

// azure looks into the emulator through its control API, whose clock is this machine's.
type azure struct {
	url    string
	client *http.Client

	mu         sync.Mutex
	operations map[string]operation // every one ever seen running, by id
	trouble    error                // why operations are not followed any more
}

// operation is a long-running operation. Whoever asks after its end sees the resource in its final state.
type operation struct {
	ID, Resource, Kind string
	StartTime          time.Time
	End                time.Time `json:"expectedEnd"`
}

// request is one line of the request log.
type request struct {
	N          int       `json:"n"`
	Time       time.Time `json:"time"`
	Method     string    `json:"method"`
	Path       string    `json:"path"`
	Status     int       `json:"status"`
	ErrorCode  string    `json:"errorCode"`
	SpecErrors []string  `json:"specErrors"`
}

func (r request) write() bool {
	return r.Method == http.MethodPut || r.Method == http.MethodPatch || r.Method == http.MethodDelete
}

// followPeriod is far below any length of an operation that is measured.
const followPeriod = 250 * time.Millisecond

// openAzure follows the operations until ctx ends: the emulator lists only those that run.
func openAzure(ctx context.Context, box *sandbox.Sandbox) (*azure, error) {
	env, err := box.AzureEnv()
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	for _, v := range env {
		if v.Name == "SSL_CERT_FILE" {
			ca, err := os.ReadFile(v.Value)
			if err != nil {
				return nil, err
			}
			roots.AppendCertsFromPEM(ca)
		}
	}
	a := &azure{url: box.AzureURL(), operations: map[string]operation{}, client: &http.Client{
		Timeout: 20 * time.Second, Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}},
	}}
	if err := a.look(ctx); err != nil {
		return nil, err
	}
	go func() {
		ticker := time.NewTicker(followPeriod)
		defer ticker.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-ticker.C:
				if err := a.look(ctx); err != nil && ctx.Err() == nil {
					a.mu.Lock()
					a.trouble = err
					a.mu.Unlock()
					return
				}
			}
		}
	}()
	return a, nil
}

func (a *azure) look(ctx context.Context) error {
	body, err := a.get(ctx, "/_azuresim/state")
	if err != nil {
		return err
	}
	defer body.Close() //nolint:errcheck // read only
	var state struct {
		Operations []operation `json:"operations"`
	}
	if err := json.NewDecoder(body).Decode(&state); err != nil {
		return err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, op := range state.Operations {
		a.operations[op.ID] = op
	}
	return nil
}

func (a *azure) get(ctx context.Context, path string) (io.ReadCloser, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, a.url+path, nil)
	if err != nil {
		return nil, err
	}
	response, err := a.client.Do(r)
	if err != nil {
		return nil, err
	}
	if response.StatusCode != http.StatusOK {
		return nil, errors.Join(fmt.Errorf("GET %s: %s", path, response.Status), response.Body.Close())
	}
	return response.Body, nil
}

// busy returns when Azure's last operation on a cluster, its pools or its resource group that began in the window
// ended, and how long Azure was at work in all.
func (a *azure) busy(group string, w window) (end time.Time, worked time.Duration, err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, op := range a.operations {
		if !inGroup(op.Resource, group) || op.StartTime.Before(w.from) || op.StartTime.After(w.to) || strings.Contains(op.Resource, "/Microsoft.Network/") {
			continue
		}
		worked += op.End.Sub(op.StartTime)
		if op.End.After(end) {
			end = op.End
		}
	}
	if end.IsZero() {
		return end, 0, errors.Join(fmt.Errorf("the emulator ran no operation in resource group %s", group), a.trouble)
	}
	return end, worked, nil
}

// requests is the log after entry number n.
func (a *azure) requests(ctx context.Context, n int) ([]request, error) {
	body, err := a.get(ctx, fmt.Sprintf("/_azuresim/requests?since=%d", n))
	if err != nil {
		return nil, err
	}
	defer body.Close() //nolint:errcheck // read only
	var all []request
	decoder := json.NewDecoder(bufio.NewReader(body))
	for {
		var r request
		switch err := decoder.Decode(&r); {
		case errors.Is(err, io.EOF):
			return all, nil
		case err != nil:
			return nil, err
		}
		all = append(all, r)
	}
}

// window is a span of time.
type window struct{ from, to time.Time }

func (w window) has(t time.Time) bool { return !t.Before(w.from) && t.Before(w.to) }

// inGroup tells whether a path lies in a cluster's resource group or in the one AKS makes for its nodes.
func inGroup(path, group string) bool {
	_, rest, found := strings.Cut(strings.ToLower(path), "/resourcegroups/")
	name, _, _ := strings.Cut(rest, "/")
	name, _, _ = strings.Cut(name, "?")
	return found && (name == group || strings.HasPrefix(name, "mc_"+group+"_"))
}

// counts are requests by method; Shared of them are listings of a whole subscription.
type counts struct {
	Total    int            `json:"total"`
	ByMethod map[string]int `json:"byMethod"`
	Shared   int            `json:"shared"`
	// Machines are reads of scale sets and their instances.
	Machines int `json:"machines"`
}

// count counts what was asked for one cluster (group "" for all of them) in a window, shared listings included.
func count(requests []request, group string, w window) counts {
	c := counts{ByMethod: map[string]int{}}
	for _, r := range requests {
		shared := !strings.Contains(strings.ToLower(r.Path), "/resourcegroups/")
		if !w.has(r.Time) || group != "" && !shared && !inGroup(r.Path, group) {
			continue
		}
		if shared {
			c.Shared++
		}
		if strings.Contains(strings.ToLower(r.Path), "/microsoft.compute/") {
			c.Machines++
		}
		c.Total++
		c.ByMethod[r.Method]++
	}
	return c
}

func (c counts) writes() int { return c.ByMethod["PUT"] + c.ByMethod["PATCH"] + c.ByMethod["DELETE"] }
