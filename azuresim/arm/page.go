package arm

import (
	"encoding/base64"
	"net/url"
	"strconv"
)

// pageSize is how many items a list answers at once unless $top asks for fewer. Azure's own sizes differ by provider
// and are not documented; a client must follow nextLink whatever they are.
const pageSize = 1000

// Page is a list answer: value holds one page, nextLink the address of the next, if any. The continuation is the
// opaque $skiptoken ARM uses, so a client that builds its own paging addresses fails here as it does there.
func Page[T any](rq *Request, items []T) Object {
	start := 0
	if raw, err := base64.RawURLEncoding.DecodeString(rq.Query.Get("$skiptoken")); err == nil {
		start, _ = strconv.Atoi(string(raw))
	}
	size := pageSize
	if rq.PageSize > 0 {
		size = rq.PageSize
	}
	if top, err := strconv.Atoi(rq.Query.Get("$top")); err == nil && top > 0 {
		size = min(size, top)
	}
	start = min(max(start, 0), len(items))
	end := min(start+size, len(items))
	page := items[start:end]
	if page == nil {
		page = []T{}
	}
	out := Object{"value": page}
	if end < len(items) {
		query := url.Values{}
		for k, v := range rq.Query {
			query[k] = v
		}
		query.Set("$skiptoken", base64.RawURLEncoding.EncodeToString([]byte(strconv.Itoa(end))))
		out["nextLink"] = rq.BaseURL + rq.Path + "?" + query.Encode()
	}
	return out
}
