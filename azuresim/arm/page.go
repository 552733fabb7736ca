package arm

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"strconv"
)

// pageSize is how many items a list answers at once unless $top asks for fewer. Azure's own sizes differ by provider
// and are not documented; a client must follow nextLink whatever they are.
const pageSize = 1000

// Page is a list answer: value holds one page, nextLink the address of the next, if any. The continuation is the
// opaque $skiptoken ARM uses, so a client that builds its own paging addresses fails here as it does there.
func Page[T any](rq *Request, items []T) Object {
	start, _ := skipped(rq.Query.Get("$skiptoken")) // see CheckPage
	size := pageSize
	if rq.PageSize > 0 {
		size = rq.PageSize
	}
	if top, err := strconv.Atoi(rq.Query.Get("$top")); err == nil && top > 0 {
		size = min(size, top)
	}
	start = min(start, len(items))
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

// CheckPage refuses paging parameters no list can follow: a $top that is no positive number, a $skiptoken that is from
// no nextLink.
func CheckPage(query url.Values) error {
	if top := query.Get("$top"); query.Has("$top") {
		if n, err := strconv.Atoi(top); err != nil || n <= 0 {
			return GatewayError(http.StatusBadRequest, "InvalidTopInQueryString", "Invalid $top '%s' specified in the query string. It must be a positive number.", top)
		}
	}
	if token := query.Get("$skiptoken"); query.Has("$skiptoken") {
		if _, ok := skipped(token); !ok {
			return GatewayError(http.StatusBadRequest, "InvalidSkipTokenInQueryString", "Invalid $skiptoken '%s' specified in the query string.", token)
		}
	}
	return nil
}

// skipped is how many items a continuation leaves out.
func skipped(token string) (n int, ok bool) {
	raw, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil {
		return 0, false
	}
	n, err = strconv.Atoi(string(raw))
	return max(n, 0), err == nil && n >= 0
}
