// Package page is the emulator's window for people: a read-only web page that shows resource groups, clusters, pools,
// operations in flight and the request log while they change. It must not change anything, and it must not know
// any rule of Azure: it shows what is stored. Whoever wants to change the world uses the control API.
package page

import (
	"embed"
	"io/fs"
	"net/http"
	"sync"

	"github.com/capaks/capaks/azuresim/fabric"
	"github.com/capaks/capaks/azuresim/front"
	"github.com/capaks/capaks/azuresim/world"
)

// Prefix is where everything but the page itself is served.
const Prefix = "/_azuresim/page/"

//go:embed assets
var embedded embed.FS

// Sources is what the page shows.
type Sources struct {
	Fabric   *fabric.Fabric
	World    *world.Holder
	Requests *front.Log
	Faults   *front.Faults
	Throttle *front.Throttle
}

// Page serves the page, its files and the stream of changes.
type Page struct {
	Sources
	mux *http.ServeMux

	mu      sync.Mutex
	readers map[*reader]bool
	ended   []string // ids of the operations that ended last, oldest first
}

// New hooks the page into the fabric.
func New(s Sources) *Page {
	p := &Page{Sources: s, mux: http.NewServeMux(), readers: map[*reader]bool{}}
	assets, err := fs.Sub(embedded, "assets")
	if err != nil {
		panic(err) // only an invalid path does this
	}
	files := http.FileServerFS(assets)
	p.mux.Handle("GET /{$}", files) // index.html
	p.mux.Handle("GET "+Prefix, http.StripPrefix(Prefix, files))
	p.mux.HandleFunc("GET "+Prefix+"events", p.events)
	s.Fabric.Watch(p.note)
	return p
}

// ServeHTTP adds what keeps a page that shows other people's texts harmless: nothing is loaded from elsewhere, nothing
// in a text can become code, and no other site can frame it.
func (p *Page) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Security-Policy", "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cache-Control", "no-cache") // the next build serves other files at the same address
	p.mux.ServeHTTP(w, r)
}
