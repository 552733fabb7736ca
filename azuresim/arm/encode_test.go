package arm

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A list of finished documents reads like the same list serialised in one go.
func TestEncode(t *testing.T) {
	for name, rest := range map[string]Object{"one page": {}, "a page of more": {"nextLink": "https://x/?a=1&b=2", "count": 3.0}} {
		for _, documents := range [][]json.RawMessage{{}, {json.RawMessage(`{"a":1}`)}, {json.RawMessage(`{"a":1}`), json.RawMessage(`{"b":["<"]}`)}} {
			list := Object{"value": documents}
			for k, v := range rest {
				list[k] = v
			}
			fast, err := Encode(list)
			if err != nil {
				t.Fatal(err)
			}
			slow, err := json.Marshal(list)
			if err != nil {
				t.Fatal(err)
			}
			var got, want any
			if err := json.Unmarshal(fast, &got); err != nil {
				t.Fatalf("%s of %d: %v: %s", name, len(documents), err, fast)
			}
			if err := json.Unmarshal(slow, &want); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s of %d (-want +got):\n%s", name, len(documents), diff)
			}
		}
	}
}
