package scenarios

import (
	"maps"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// refused tries what the API server is to refuse, document by document, each laid over what is declared and then forgotten.
func (s *story) refused() {
	s.Helper()
	if len(s.folder.refused) != len(s.folder.expect.Refusals) {
		s.Fatalf("refused.yaml has %d documents, expect.yaml %d refusals", len(s.folder.refused), len(s.folder.expect.Refusals))
	}
	since := s.azure.Last(s.T)
	for i, patch := range s.folder.refused {
		want := s.folder.expect.Refusals[i]
		if err := s.try(patch); err == nil || !strings.Contains(err.Error(), want) {
			s.Fatalf("document %d of refused.yaml is answered with %v, want %q", i+1, err, want)
		}
	}
	if s.folder.refused == nil {
		return
	}
	s.looked(since, 2)
	if sent := s.azure.Requests(s.T, since, func(r request) bool { return r.Write() && about(s.folder.name)(r) }); len(sent) > 0 {
		s.Errorf("refused.yaml: the manager sent %v", sent)
	}
}

func (s *story) try(patch object) error {
	kind, name, _ := strings.Cut(s.declared.key(patch), "/")
	if patch["$patch"] == "delete" {
		return s.kube.Resource(kinds[kind]).Namespace(s.folder.name).Delete(s.Context(), name, metav1.DeleteOptions{})
	}
	trial := &declared{name: s.declared.name, objects: maps.Clone(s.declared.objects), order: slices.Clone(s.declared.order)}
	apply, _ := trial.lay([]object{patch})
	for _, o := range apply {
		if err := s.kubeApply(kind, o); err != nil {
			return err
		}
	}
	return nil
}

// same compares values of Kubernetes objects with those of resources: what Azure made up, nobody can write down beforehand.
func (s *story) same(want map[string]string) (out []string) {
	for _, here := range slices.Sorted(maps.Keys(want)) {
		key, path, _ := strings.Cut(here, " ")
		kind, name, _ := strings.Cut(key, "/")
		var have any
		if o := s.get(kind, s.folder.name, name); o != nil {
			have, _ = lookup(o.Object, strings.Split(path, ".")...)
		}
		place, there, _ := strings.Cut(want[here], " ")
		id := s.id(place)
		azure, found := lookup(s.azure.Get(s.T, id, versionFor(id)), strings.Split(there, ".")...)
		if !found || azure == "" || have != azure {
			out = append(out, here+" is "+text(have, have != nil)+", "+want[here]+" is "+text(azure, found))
		}
	}
	return out
}
