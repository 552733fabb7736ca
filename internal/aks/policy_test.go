package aks

import (
	"testing"

	"github.com/capaks/capaks/api/v1beta1"
)

// A value that got past the webhook protects: whoever wrote it did not want the object to be deleted as any other.
func TestProtected(t *testing.T) {
	for value, want := range map[string]bool{"true": true, "false": false, "True": true, "yes": true, "": true} {
		cp := &v1beta1.AzureManagedControlPlane{}
		cp.Annotations = map[string]string{v1beta1.DeletionProtectionAnnotation: value}
		if got := Protected(cp); got != want {
			t.Errorf("%q protects: %t, want %t", value, got, want)
		}
	}
	if Protected(&v1beta1.AzureManagedControlPlane{}) {
		t.Error("an object without the annotation is protected")
	}
}
