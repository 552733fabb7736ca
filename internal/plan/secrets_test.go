package plan

import (
	"reflect"
	"testing"
)

func TestABodyIsShownWithoutItsSecrets(t *testing.T) {
	body := map[string]any{"properties": map[string]any{"windowsProfile": map[string]any{"adminPassword": "p", "adminUsername": "u"},
		"linuxProfile": map[string]any{"ssh": map[string]any{"publicKeys": []any{map[string]any{"keyData": "ssh-rsa AAAA someone"}}}}, "count": int64(2)}}
	want := map[string]any{"properties": map[string]any{"windowsProfile": map[string]any{"adminPassword": Hidden, "adminUsername": "u"},
		"linuxProfile": map[string]any{"ssh": map[string]any{"publicKeys": []any{map[string]any{"keyData": "ssh-rsa AAAA someone"}}}}, "count": int64(2)}}
	if got := WithoutSecrets(body); !reflect.DeepEqual(got, want) {
		t.Errorf("got %v", got)
	}
	if profile, _ := body["properties"].(map[string]any)["windowsProfile"].(map[string]any); profile["adminPassword"] != "p" {
		t.Error("the body itself was changed")
	}
}
