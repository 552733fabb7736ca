package workload

import (
	"bytes"
	"encoding/json"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// servedPlain is a stored object in this request's version.
func (r *request) servedPlain(raw []byte) []byte {
	if k := r.kind; k.converted {
		obj := decode(raw)
		obj["apiVersion"] = k.gvk.GroupVersion().String()
		return encode(obj)
	}
	return raw
}

// served is a stored object in this request's version and form.
func (r *request) served(raw []byte) []byte {
	raw = r.servedPlain(raw)
	if r.form == metadataForm {
		raw = encode(partial(decode(raw)))
	}
	return raw
}

// partial is the PartialObjectMetadata of an object.
func partial(obj object) object {
	return object{"apiVersion": "meta.k8s.io/v1", "kind": "PartialObjectMetadata", "metadata": obj["metadata"]}
}

func (r *request) respond(code int, raw []byte) {
	if r.form == tableForm {
		writeJSON(r.w, code, r.table([][]byte{raw}, text(decode(raw), "metadata", "resourceVersion"), true))
		return
	}
	writeRaw(r.w, code, r.served(raw))
}

func (r *request) respondList(items [][]byte, rv string) {
	if r.form == tableForm {
		writeJSON(r.w, 200, r.table(items, rv, true))
		return
	}
	head := metav1.TypeMeta{APIVersion: r.kind.gvk.GroupVersion().String(), Kind: r.kind.gvk.Kind + "List"}
	if r.form == metadataForm {
		head = metav1.TypeMeta{APIVersion: "meta.k8s.io/v1", Kind: "PartialObjectMetadataList"}
	}
	var b bytes.Buffer
	meta, _ := json.Marshal(metav1.ListMeta{ResourceVersion: rv}) // plain strings always encode
	b.WriteString(`{"kind":"` + head.Kind + `","apiVersion":"` + head.APIVersion + `","metadata":`)
	b.Write(meta)
	b.WriteString(`,"items":[`)
	for i, item := range items {
		if i > 0 {
			b.WriteByte(',')
		}
		b.Write(r.served(item))
	}
	b.WriteString("]}\n")
	writeRaw(r.w, 200, b.Bytes())
}
