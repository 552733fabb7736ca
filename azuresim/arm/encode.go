package arm

import "encoding/json"

// Encode serialises an answer. The documents of a list may be serialised already; they are joined as they are, because
// encoding/json would go through each of them again, and lists are the largest answers there are.
func Encode(body any) ([]byte, error) {
	list, _ := body.(Object)
	documents, ok := list["value"].([]json.RawMessage)
	if !ok {
		return json.Marshal(body)
	}
	size := 64
	for _, d := range documents {
		size += len(d) + 1
	}
	rest := Object{}
	for k, v := range list {
		if k != "value" {
			rest[k] = v
		}
	}
	tail, err := json.Marshal(rest)
	if err != nil {
		return nil, err
	}
	out := append(make([]byte, 0, size+len(tail)), `{"value":[`...)
	for i, d := range documents {
		if i > 0 {
			out = append(out, ',')
		}
		out = append(out, d...)
	}
	out = append(out, ']')
	if len(rest) > 0 {
		out = append(out, ',')
	}
	return append(out, tail[1:]...), nil
}
