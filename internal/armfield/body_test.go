package armfield

import (
	"encoding/json"
	"flag"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/api/resource"
	utiljson "k8s.io/apimachinery/pkg/util/json"
	"sigs.k8s.io/yaml"

	"github.com/capaks/capaks/api/v1beta1"
	"github.com/capaks/capaks/internal/fieldset"
)

var update = flag.Bool("update", false, "write the golden bodies anew")

// specs by the prefix of the name of a file in testdata, with the table their bodies must fit.
var specs = map[string]struct {
	kind string
	make func() any
}{
	"controlplane": {"managedClusters", func() any { return &v1beta1.AzureManagedControlPlaneSpec{} }},
	"nodepool":     {"agentPools", func() any { return &v1beta1.AzureManagedMachinePoolSpec{} }},
}

// Golden bodies: a spec as a user writes it, and the whole document that is sent.
func TestGoldenBodies(t *testing.T) {
	files, err := filepath.Glob(filepath.Join("testdata", "*.yaml"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no testdata: %v", err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".yaml")
		t.Run(name, func(t *testing.T) {
			prefix, _, _ := strings.Cut(name, "-")
			spec := specs[prefix].make()
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if err := yaml.UnmarshalStrict(text, spec); err != nil {
				t.Fatal(err)
			}
			body := Encode(spec)
			golden(t, strings.TrimSuffix(file, ".yaml")+".golden.json", body)
			if path := fieldset.ParsePath("properties.linuxProfile"); strings.HasPrefix(name, "controlplane-full") {
				// AKS wants it beside a key. It is no setting of ours; package aks adds it.
				fieldset.Put(body, path.Child("adminUsername"), "azureuser")
			}
			if problems := Schema(specs[prefix].kind, apiVersion).Validate(body); len(problems) > 0 {
				t.Errorf("Azure would refuse the body: %s", strings.Join(problems, "; "))
			}
		})
	}
}

func golden(t *testing.T, file string, body map[string]any) {
	t.Helper()
	got, err := json.MarshalIndent(body, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	got = append(got, '\n')
	if *update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("body (-want +got):\n%s", diff)
	}
}

// Whatever the spec: what is sent, and comes back through JSON, reads as the same spec.
func FuzzRoundTrip(f *testing.F) {
	for seed := range uint64(50) {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, seed uint64) {
		for prefix := range specs {
			spec := specs[prefix].make()
			fill(rand.New(rand.NewPCG(seed, 1)), spec)
			body := Encode(spec)
			text, err := json.Marshal(body)
			if err != nil {
				t.Fatal(err)
			}
			var read map[string]any
			if err := utiljson.Unmarshal(text, &read); err != nil {
				t.Fatal(err)
			}
			back := specs[prefix].make()
			if err := Decode(read, back); err != nil {
				t.Fatalf("%s\n%v", text, err)
			}
			if diff := cmp.Diff(spec, back); diff != "" {
				t.Fatalf("seed %d (-sent +read):\n%s", seed, diff)
			}
			if problems := Immutable(spec, back); len(problems) > 0 {
				t.Fatalf("a spec differs from itself: %v", problems)
			}
		}
	})
}

// fill sets about half of the fields that are sent.
func fill(r *rand.Rand, spec any) {
	fillFields(r, Table(spec), reflect.ValueOf(spec).Elem())
}

func fillFields(r *rand.Rand, fields []Field, root reflect.Value) {
	words := []string{"a", "B9", "x-y", "v1.2.3"}
	word := func() string { return words[r.IntN(len(words))] }
	for _, f := range fields {
		if f.ARMPath == "" || r.IntN(2) == 0 {
			continue
		}
		v := f.target(root)
		switch c := f.codec.(type) {
		case versionCodec:
			v.SetString("v1.33." + string('0'+rune(r.IntN(10))))
		case lowerCodec, aliasCodec:
			v.SetString("Standard")
		case floatCodec:
			q := resource.MustParse([]string{"-1", "0.05", "123.456789", "2"}[r.IntN(4)])
			v.Set(reflect.ValueOf(&q))
		case taintsCodec:
			v.Set(reflect.ValueOf([]v1beta1.Taint{{Key: "example.com/a", Value: []string{"", "b=c"}[r.IntN(2)], Effect: "NoSchedule"}}))
		case sshKeyCodec:
			key := "c3NoLXJzYSBBQUFB"
			v.Set(reflect.ValueOf(&key))
		case pointerCodec:
			p := reflect.New(v.Type().Elem())
			switch p.Elem().Kind() {
			case reflect.Bool:
				p.Elem().SetBool(r.IntN(2) == 0)
			case reflect.String:
				p.Elem().SetString(word())
			default:
				p.Elem().SetInt(int64(int32(r.Uint32())))
			}
			v.Set(p)
		case listCodec:
			v.Set(reflect.ValueOf([]string{word(), word()}))
		case mapCodec:
			v.Set(reflect.ValueOf(map[string]string{"k." + word(): word()}))
		case stringCodec, identityMapCodec:
			v.SetString(word())
		case boolCodec:
			v.SetBool(r.IntN(2) == 0)
		case objectsCodec:
			items := reflect.MakeSlice(v.Type(), 2, 2)
			for i := range items.Len() {
				fillFields(r, tableOf(v.Type()), items.Index(i))
				if c.key != "" {
					c.keyOf(items.Index(i)).SetString(string('a' + rune(i)))
				}
			}
			v.Set(items)
		default:
			panic(c)
		}
	}
}

// A body may be anything; reading it may fail, but not break.
func FuzzDecode(f *testing.F) {
	for _, text := range []string{
		`{"location":"westeurope","sku":{"tier":"Standard"},"properties":{"kubernetesVersion":"1.33.4"}}`,
		`{"properties":{"nodeTaints":["a=b:NoSchedule","c"],"spotMaxPrice":-1,"maxPods":1e10,"tags":{"a":1}}}`,
		`{"properties":{"linuxProfile":{"ssh":{"publicKeys":[{"keyData":"ssh-rsa AAAA"},1]}},"networkProfile":null}}`,
		`{"properties":{"networkProfile":{"loadBalancerSku":"","loadBalancerProfile":{"outboundIPs":{"publicIPs":[{"id":null}]}}}}}`,
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var body map[string]any
		if utiljson.Unmarshal([]byte(text), &body) != nil {
			return
		}
		for prefix := range specs {
			spec := specs[prefix].make()
			if Decode(body, spec) != nil {
				continue
			}
			again := specs[prefix].make()
			if err := Decode(Encode(spec), again); err != nil {
				t.Fatalf("what was read from %s cannot be read again: %v", text, err)
			}
		}
	})
}

func TestDecodeErrors(t *testing.T) {
	for text, want := range map[string]string{
		`{"location":1}`:                                              "location: 1 (int64) is not a string",
		`{"properties":{"maxPods":1.5}}`:                              "properties.maxPods: 1.5 (float64) is not an integer",
		`{"properties":{"maxPods":5000000000}}`:                       "is not an integer that fits",
		`{"properties":{"enableFIPS":"yes"}}`:                         "properties.enableFIPS: yes (string) is not a boolean",
		`{"properties":{"nodeTaints":["a"]}}`:                         "is not a taint key=value:effect",
		`{"properties":{"nodeLabels":{"a":{}}}}`:                      "properties.nodeLabels",
		`{"properties":{"availabilityZones":"1"}}`:                    "is not a list",
		`{"properties":{"spotMaxPrice":"1"}}`:                         "is not a number",
		`{"properties":{"linuxProfile":{"ssh":{"publicKeys":[{}]}}}}`: "is not a key with keyData",
	} {
		var body map[string]any
		if err := utiljson.Unmarshal([]byte(text), &body); err != nil {
			t.Fatal(err)
		}
		err := Decode(body, &v1beta1.AzureManagedControlPlaneSpec{})
		if err == nil {
			err = Decode(body, &v1beta1.AzureManagedMachinePoolSpec{})
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", text, err, want)
		}
	}
}

// Values that are sent in another form than they are written in.
func TestForms(t *testing.T) {
	empty, plain := "", "ssh-rsa AAAA me@here"
	for name, c := range map[string]struct {
		spec v1beta1.AzureManagedControlPlaneSpec
		want string
	}{
		"an empty key is none":             {v1beta1.AzureManagedControlPlaneSpec{SSHPublicKey: &empty}, `{}`},
		"a key that is not encoded is one": {v1beta1.AzureManagedControlPlaneSpec{SSHPublicKey: &plain}, `{"properties":{"linuxProfile":{"ssh":{"publicKeys":[{"keyData":"ssh-rsa AAAA me@here"}]}}}}`},
		"Paid means Standard": {v1beta1.AzureManagedControlPlaneSpec{AzureManagedControlPlaneClassSpec: v1beta1.AzureManagedControlPlaneClassSpec{
			SKU: &v1beta1.SKU{Tier: v1beta1.TierPaid, Bare: true}}}, `{"sku":{"tier":"Standard"}}`},
		"an empty list is none": {v1beta1.AzureManagedControlPlaneSpec{AzureManagedControlPlaneClassSpec: v1beta1.AzureManagedControlPlaneClassSpec{
			APIServerAccessProfile: &v1beta1.APIServerAccessProfile{AuthorizedIPRanges: []string{}}}}, `{}`},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := json.Marshal(Encode(c.spec))
			if err != nil || string(got) != c.want {
				t.Errorf("got %s, %v; want %s", got, err, c.want)
			}
		})
	}
}
