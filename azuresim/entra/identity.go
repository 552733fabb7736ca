package entra

import (
	"net/http"
	"strconv"
	"time"

	"github.com/capaks/capaks/azuresim/world"
)

func unix(t time.Time) string { return strconv.FormatInt(t.Unix(), 10) }

// appService is the managed identity endpoint of App Service and Functions, which is protected by a header only the
// application knows.
func (d *Directory) appService(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("X-IDENTITY-HEADER") != d.IdentityHeader {
		identityError(w, "Required metadata header not specified")
		return
	}
	d.identityToken(w, r, func(p *world.Principal, access string) map[string]any {
		return map[string]any{"access_token": access, "expires_on": unix(d.expiry(p, r.URL.Query().Get("resource"))), "resource": r.URL.Query().Get("resource"), "token_type": "Bearer", "client_id": p.ClientID}
	})
}

// instanceMetadata is the managed identity endpoint of a virtual machine, which on a real one has a link-local address
// without TLS. The header keeps requests that were only forwarded there from getting a token; azidentity also sends one
// without it, to see whether there is such an endpoint at all.
func (d *Directory) instanceMetadata(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Metadata") != "true" {
		identityError(w, "Required metadata header not specified")
		return
	}
	d.identityToken(w, r, func(p *world.Principal, access string) map[string]any {
		seconds := strconv.Itoa(d.secondsForClient(d.lifetime(p, r.URL.Query().Get("resource"))))
		return map[string]any{
			"access_token": access, "client_id": p.ClientID, "expires_in": seconds, "ext_expires_in": seconds, "expires_on": unix(d.expiry(p, r.URL.Query().Get("resource"))),
			"not_before": unix(time.Now()), "resource": r.URL.Query().Get("resource"), "token_type": "Bearer",
		}
	})
}

// expiry is the moment a token issued now expires by the client's clock.
func (d *Directory) expiry(p *world.Principal, resource string) time.Time {
	return time.Now().Add(time.Duration(d.secondsForClient(d.lifetime(p, resource))) * time.Second)
}

func identityError(w http.ResponseWriter, description string) {
	writeJSON(w, http.StatusBadRequest, map[string]any{"error": "invalid_request", "error_description": description})
}

func (d *Directory) identityToken(w http.ResponseWriter, r *http.Request, document func(*world.Principal, string) map[string]any) {
	q := r.URL.Query()
	for _, name := range []string{"api-version", "resource"} {
		if q.Get(name) == "" {
			identityError(w, "Required query variable '"+name+"' is missing")
			return
		}
	}
	p := d.identity(q.Get("client_id"), q.Get("object_id")+q.Get("principal_id"), q.Get("mi_res_id")+q.Get("msi_res_id"))
	if p == nil {
		identityError(w, "Identity not found")
		return
	}
	if f := d.audience(q.Get("resource"), p.TenantID); f != nil {
		f.write(w)
		return
	}
	access, err := d.issue(p, q.Get("resource"))
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	writeJSON(w, http.StatusOK, document(p, access))
}

// identity is the one a request names; without a name the host's own, which is the first of the world.
func (d *Directory) identity(ids ...string) *world.Principal {
	w := d.World.Get()
	asked := false
	for _, id := range ids {
		if id == "" {
			continue
		}
		asked = true
		if p := w.Principal(id); p != nil && p.ManagedIdentity {
			return p
		}
	}
	for i := range w.Principals {
		if !asked && w.Principals[i].ManagedIdentity {
			return &w.Principals[i]
		}
	}
	return nil
}
