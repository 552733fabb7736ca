package replay

import (
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"strings"
)

// Recording is one file: requests somebody sent to Azure and what Azure answered, in order.
type Recording struct {
	Source    string     `json:"source"`
	Licence   string     `json:"licence"`
	Exchanges []Exchange `json:"exchanges"`
}

// Exchange is one request with its answer. URL begins at the path. Repeats counts how often the same exchange was
// seen in a row; 0 and 1 both mean once.
type Exchange struct {
	Method   string            `json:"method"`
	URL      string            `json:"url"`
	Request  json.RawMessage   `json:"request"`
	Status   int               `json:"status"`
	Headers  map[string]string `json:"headers"`
	Response any               `json:"response"`
	Repeats  int               `json:"repeats"`
}

// Read loads a recording.
func Read(file string) (*Recording, error) {
	raw, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var rec Recording
	if err := json.Unmarshal(raw, &rec); err != nil {
		return nil, fmt.Errorf("%s is not a recording: %w", file, err)
	}
	if len(rec.Exchanges) == 0 {
		return nil, fmt.Errorf("%s is not a recording: it has no exchanges", file)
	}
	for i := range rec.Exchanges {
		e := &rec.Exchanges[i]
		e.URL = strings.TrimPrefix(e.URL, azure)
		if e.Method == "" || !strings.HasPrefix(e.URL, "/") || e.Status == 0 {
			return nil, fmt.Errorf("%s: exchange %d needs a method, a url that begins with / and a status", file, i)
		}
	}
	return &rec, nil
}

// header reads a recorded header without regard to case.
func (e *Exchange) header(name string) string {
	for k, v := range e.Headers {
		if strings.EqualFold(k, name) {
			return v
		}
	}
	return ""
}

// body is the request's text, "" when there was none.
func (e *Exchange) body() string {
	if s := string(e.Request); s != "null" {
		return s
	}
	return ""
}

func (e *Exchange) accepted() bool { return e.Status < 300 }

func (e *Exchange) write() bool { return e.Method != "GET" && e.Method != "HEAD" }

// path is the lower-case path of an address, without host and query: what two spellings of it have in common.
func path(address string) string {
	p, _, _ := strings.Cut(address, "?")
	if u, err := url.Parse(p); err == nil {
		p = u.Path
	}
	return strings.TrimRight(strings.ToLower(p), "/")
}

// resource is the lower-case id an exchange is about: its path, for an action the path without the action.
func (e *Exchange) resource() string {
	p := path(e.URL)
	if e.Method == "POST" {
		p = p[:max(strings.LastIndex(p, "/"), 0)]
	}
	return p
}

// apiVersion is the one the request asks for.
func (e *Exchange) apiVersion() string {
	_, query, _ := strings.Cut(e.URL, "?")
	v, _ := url.ParseQuery(query)
	return v.Get("api-version")
}

// kind is the type of what an address names: Microsoft.Network/virtualNetworks/subnets. Actions and polling addresses
// have one too: Microsoft.Network/locations/operations.
func kind(address string) string {
	p, _, _ := strings.Cut(address, "?")
	seg := strings.Split(strings.Trim(p, "/"), "/")
	for i := len(seg) - 2; i >= 0; i-- {
		if i%2 == 0 && strings.EqualFold(seg[i], "providers") {
			out := seg[i+1]
			for j := i + 2; j < len(seg); j += 2 {
				out += "/" + seg[j]
			}
			return out
		}
	}
	if len(seg) >= 3 && strings.EqualFold(seg[0], "subscriptions") {
		return "Microsoft.Resources/" + seg[2]
	}
	return "Microsoft.Resources/" + seg[0]
}

// text reads a text at a dotted path of a decoded document, "" when there is none.
func text(doc any, dotted string) string {
	for part := range strings.SplitSeq(dotted, ".") {
		m, ok := doc.(map[string]any)
		if !ok {
			return ""
		}
		doc = m[part]
	}
	s, _ := doc.(string)
	return s
}

// errorCode is the code of a refusal in either of Azure's envelopes.
func errorCode(doc any) string {
	if code := text(doc, "error.code"); code != "" {
		return code
	}
	return text(doc, "code")
}
