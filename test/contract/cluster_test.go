package contract

import (
	"encoding/base64"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"
)

// mainName is the cluster whose whole life is looked at: made, upgraded, changed, deleted.
const mainName = "contract"

const adminGroup = "917056a9-8eb5-439c-8679-b34901ade75a"

// oneCluster is the life of a cluster that has everything we make objects for.
func oneCluster(t *testing.T, w *world) {
	w.namespace(t, mainName)
	w.Apply(t, controlPlaneManifest(mainName, `sshPublicKey: ""`, `oidcIssuerProfile: {enabled: true}`,
		`aadProfile: {managed: true, adminGroupObjectIDs: [`+adminGroup+`]}`)+infraClusterManifest(mainName))
	until(t, limit, func() string {
		return unless(w.now(infraClusterKind, mainName, mainName) != nil, "the AzureManagedCluster is not there")
	})
	alone := time.Now()
	w.Apply(t, clusterManifest(mainName)+poolManifest(mainName, "system", "System", 1)+
		poolManifest(mainName, "user", "User", 2, `failureDomains: ["1", "2"]`))
	w.awaitRunning(t, mainName, "system", "user")

	rule(t, "IC6", "nothing happens before the Cluster owns its objects", func(t *testing.T) { waitForOwner(t, w, alone) })
	initialized(t, w)
	mirroredToTheCluster(t, w)
	machinePools(t, w)
	poolSettings(t, w)
	secrets(t, w)
	upgrade(t, w)
	deletion(t, w)
}

func isTrue(o object, path ...string) bool { return at(o, path...) == true }

// initialized are the rules about how a control plane comes up.
func initialized(t *testing.T, w *world) {
	clusters, cps := w.revisions(clusterKind, mainName, mainName), w.revisions(controlPlaneKind, mainName, mainName)
	now, cp := clusters[len(clusters)-1].object, cps[len(cps)-1].object
	initialized := first(cps, func(o object) bool { return isTrue(o, "status", "initialization", "controlPlaneInitialized") })
	endpoint := func(o object) bool { return textAt(o, "spec", "controlPlaneEndpoint", "host") != "" }

	rule(t, "CP1", "the endpoint reaches the Cluster when the control plane is initialized, and not before", func(t *testing.T) {
		known, copied := first(cps, endpoint), first(clusters, endpoint)
		if known == 0 || known > initialized || copied < initialized {
			t.Errorf("endpoint known in revision %d, control plane initialized in %d, Cluster has it in %d", known, initialized, copied)
		}
		for _, field := range []string{"host", "port"} {
			if a, b := textAt(cp, "spec", "controlPlaneEndpoint", field), textAt(now, "spec", "controlPlaneEndpoint", field); a == "" || a != b {
				t.Errorf("%s of the endpoint is %q in the control plane and %q in the Cluster", field, a, b)
			}
		}
	})
	rule(t, "CP3", "Cluster.status.controlPlane counts nothing", func(t *testing.T) {
		for _, one := range clusters {
			status, _ := at(one.object, "status", "controlPlane").(object)
			for field := range status {
				if field != "versions" {
					t.Errorf("revision %d has status.controlPlane.%s", one.number, field)
				}
			}
		}
	})
	rule(t, "CP4", "a version without v gets one", func(t *testing.T) {
		if v := textAt(cps[0].object, "spec", "version"); v != "v1.34.1" {
			t.Errorf("1.34.1 became %q", v)
		}
	})
	rule(t, "CP5", "status tells the version, in both fields", func(t *testing.T) { tellsVersion(t, w, cp, now, "v1.34.1") })
	rule(t, "CP6", "initialized is said once the API server can be used, and never taken back", func(t *testing.T) {
		stays(t, cps, "status", "initialization", "controlPlaneInitialized")
		stays(t, cps, "status", "initialized")
		if !isTrue(now, "status", "initialization", "controlPlaneInitialized") {
			t.Errorf("the Cluster's status.initialization is %v", at(now, "status", "initialization"))
		}
		if state, _ := condition(now, "ControlPlaneInitialized"); state != "True" {
			t.Errorf("the Cluster's condition ControlPlaneInitialized is %s", state)
		}
	})
}

// mirroredToTheCluster are the rules about what the Cluster repeats, and about the infrastructure.
func mirroredToTheCluster(t *testing.T, w *world) {
	clusters, cps, ics := w.revisions(clusterKind, mainName, mainName), w.revisions(controlPlaneKind, mainName, mainName), w.revisions(infraClusterKind, mainName, mainName)
	now, cp, ic := clusters[len(clusters)-1].object, cps[len(cps)-1].object, ics[len(ics)-1].object
	rule(t, "CP7", "Available is mirrored to the Cluster with its reason and message", func(t *testing.T) {
		mirrored(t, cps, "Available", clusters, "ControlPlaneAvailable", true)
	})
	rule(t, "CP9", "Ready is mirrored to the Cluster's deprecated conditions", func(t *testing.T) {
		until(t, limit, func() string {
			want, _ := condition(w.now(controlPlaneKind, mainName, mainName), "Ready")
			got := deprecated(w.now(clusterKind, mainName, mainName), "ControlPlaneReady")
			return unless(got == want && want == "True", "Ready is %s and ControlPlaneReady %s", want, got)
		})
	})
	rule(t, "CP11", "the control plane is marked as externally managed", func(t *testing.T) {
		if !isTrue(cp, "status", "externalManagedControlPlane") {
			t.Error("status.externalManagedControlPlane is not true")
		}
	})
	rule(t, "CP15", "Cluster API's label and owner are kept", func(t *testing.T) {
		for _, o := range []object{cp, ic} {
			if textAt(o, "metadata", "labels", "cluster.x-k8s.io/cluster-name") != mainName || !ownedBy(o, now, core) {
				t.Errorf("%s has the labels %v and owners %v", textAt(o, "kind"), at(o, "metadata", "labels"), at(o, "metadata", "ownerReferences"))
			}
		}
	})
	rule(t, "IC1", "the infrastructure is provisioned together with the control plane, and stays so", func(t *testing.T) {
		stays(t, ics, "status", "initialization", "provisioned")
		stays(t, ics, "status", "ready")
		if !isTrue(now, "status", "initialization", "infrastructureProvisioned") || textAt(now, "status", "phase") != "Provisioned" {
			t.Errorf("the Cluster is %s, %v", textAt(now, "status", "phase"), at(now, "status", "initialization"))
		}
	})
	rule(t, "IC2", "the infrastructure has the endpoint of the control plane", func(t *testing.T) {
		if a, b := textAt(ic, "spec", "controlPlaneEndpoint"), textAt(cp, "spec", "controlPlaneEndpoint"); a != b || a == "" {
			t.Errorf("%q and %q", a, b)
		}
	})
	rule(t, "IC3", "there are no failure domains: AKS places its control plane itself", func(t *testing.T) {
		if at(ic, "status", "failureDomains") != nil || at(now, "status", "failureDomains") != nil {
			t.Errorf("%v, %v", at(ic, "status", "failureDomains"), at(now, "status", "failureDomains"))
		}
	})
	rule(t, "IC4", "Ready is mirrored to the Cluster with its reason and message", func(t *testing.T) {
		mirrored(t, ics, "Ready", clusters, "InfrastructureReady", true)
	})
}

// ownedBy tells whether an object names another as owner, in that version of its kind.
func ownedBy(o, owner object, version string) bool {
	refs, _ := at(o, "metadata", "ownerReferences").([]any)
	return slices.ContainsFunc(refs, func(r any) bool {
		return textAt(r, "uid") == textAt(owner, "metadata", "uid") && textAt(r, "apiVersion") == version && textAt(r, "kind") == textAt(owner, "kind") &&
			textAt(r, "name") == textAt(owner, "metadata", "name")
	})
}

func waitForOwner(t *testing.T, w *world, alone time.Time) {
	for _, kind := range []string{controlPlaneKind, infraClusterKind} {
		revisions := w.revisions(kind, mainName, mainName)
		if at(revisions[0].object, "metadata", "ownerReferences") != nil {
			t.Errorf("%s was never without an owner", kind)
		}
		for _, one := range revisions {
			if at(one.object, "metadata", "ownerReferences") == nil && (at(one.object, "metadata", "finalizers") != nil || at(one.object, "status") != nil) {
				t.Errorf("%s in revision %d, without an owner, has finalizers %v and status %v", kind, one.number, at(one.object, "metadata", "finalizers"), at(one.object, "status"))
			}
		}
	}
	for _, r := range w.Azure.Requests(t, 0, about(mainName)) {
		if r.Time.Before(alone) {
			t.Errorf("before the Cluster was there the manager sent %s", r)
		}
	}
}

// stays asserts that something was not true at first, became true, and remained so.
func stays(t *testing.T, revisions []revision, path ...string) {
	t.Helper()
	since := first(revisions, func(o object) bool { return isTrue(o, path...) })
	if since == 0 || since == revisions[0].number {
		t.Errorf("%s is true from revision %d on", strings.Join(path, "."), since)
	}
	for _, one := range revisions {
		if one.number > since && !one.gone && !isTrue(one.object, path...) {
			t.Errorf("%s was taken back in revision %d", strings.Join(path, "."), one.number)
		}
	}
}

// mirrored asserts that a condition of the Cluster never said anything but what the object's said, "True" aside, and that both said something bad
// once and are True now.
func mirrored(t *testing.T, objects []revision, conditionType string, clusters []revision, mirror string, now bool) {
	t.Helper()
	said := map[string]bool{}
	for _, one := range objects {
		state, message := condition(one.object, conditionType)
		said[state+": "+message] = true
	}
	repeated := 0
	for _, one := range clusters {
		state, message := condition(one.object, mirror)
		if said[state+": "+message] && state != "True" {
			repeated++
		}
	}
	if repeated == 0 {
		t.Errorf("%s of the Cluster never repeated %s, which was %v", mirror, conditionType, said)
	}
	if state, message := condition(clusters[len(clusters)-1].object, mirror); (state == "True") != now {
		t.Errorf("%s is %s (%s)", mirror, state, message)
	}
}

// deprecated is the status of a condition of the earlier contract.
func deprecated(o object, conditionType string) string {
	list, _ := at(o, "status", "deprecated", "v1beta1", "conditions").([]any)
	for _, c := range list {
		if textAt(c, "type") == conditionType {
			return textAt(c, "status")
		}
	}
	return "missing"
}

// tellsVersion looks at what is published, and at what Cluster API makes of it where its release knows the field.
func tellsVersion(t *testing.T, w *world, cp, cluster object, want string) {
	t.Helper()
	list, _ := at(cp, "status", "versions").([]any)
	if len(list) != 1 || textAt(list[0], "version") != want || at(list[0], "replicas") != nil || textAt(cp, "status", "version") != want {
		t.Errorf("status.versions is %v and status.version %q", list, textAt(cp, "status", "version"))
	}
	if w.knows(t, clusterKind, "status", "controlPlane", "versions") {
		if list, _ := at(cluster, "status", "controlPlane", "versions").([]any); len(list) != 1 || textAt(list[0], "version") != want {
			t.Errorf("Cluster.status.controlPlane.versions is %v", list)
		}
	}
}

// knows tells whether a kind has a field in this release of Cluster API.
func (w *world) knows(t *testing.T, kind string, path ...string) bool {
	t.Helper()
	var crd object
	if err := json.Unmarshal([]byte(w.Kubectl(t, "get", "crd", kind, "--output=json")), &crd); err != nil {
		t.Fatal(err)
	}
	value := schemaOf(crd, "v1beta2")
	for _, step := range path {
		value = at(value, "properties", step)
	}
	return value != nil
}

// secrets are the rules about what we make beside the objects of the contract.
func secrets(t *testing.T, w *world) {
	rule(t, "KC", "the kubeconfig Secret has name, label, type, key and owner, and needs no plugin", func(t *testing.T) {
		secret, cp := w.Get(t, "secret", mainName, mainName+"-kubeconfig"), w.now(controlPlaneKind, mainName, mainName)
		if textAt(secret, "metadata", "labels", "cluster.x-k8s.io/cluster-name") != mainName || textAt(secret, "type") != "cluster.x-k8s.io/secret" || !ownedBy(secret, cp, infra) {
			t.Errorf("label, type or owner are wrong: %v, %s", at(secret, "metadata"), textAt(secret, "type"))
		}
		file, err := base64.StdEncoding.DecodeString(textAt(secret, "data", "value"))
		if err != nil || !strings.Contains(string(file), "current-context") || strings.Contains(string(file), "exec:") || strings.Contains(string(file), "auth-provider:") {
			t.Errorf("%v in\n%s", err, file)
		}
	})
	rule(t, "KC", "kubectl and Cluster API can use it", func(t *testing.T) {
		out, err := w.Workload(t, mainName, mainName, "get", "nodes", "--output=name")
		if err != nil || strings.Count(out, "node/") != 3 {
			t.Errorf("%v: %s", err, out)
		}
		w.await(t, clusterKind, mainName, mainName, "RemoteConnectionProbe", "True")
	})
	rule(t, "M", "every Secret and ConfigMap belongs to the control plane", func(t *testing.T) { owners(t, w) })
	rule(t, "M", "an owner reference of an old version is brought up to date", func(t *testing.T) { oldOwners(t, w) })
}

// made are the names of all Secrets and ConfigMaps of the cluster.
var made = map[string]string{
	mainName + "-kubeconfig": "secret", mainName + "-kubeconfig-user": "secret", mainName + "-ssh-key": "secret", mainName + "-aso-oidc-issuer-profile": "configmap",
}

// owners: the chain goes on to the Cluster, because the control plane belongs to that (CP15).
func owners(t *testing.T, w *world) {
	cp := w.now(controlPlaneKind, mainName, mainName)
	var list struct{ Items []object }
	if err := json.Unmarshal([]byte(w.Kubectl(t, "get", "secrets,configmaps", "--namespace="+mainName, "--output=json")), &list); err != nil {
		t.Fatal(err)
	}
	for _, o := range list.Items {
		if name := textAt(o, "metadata", "name"); made[name] == "" || !ownedBy(o, cp, infra) {
			t.Errorf("%s %s is not expected, or its owners are %v", textAt(o, "kind"), name, at(o, "metadata", "ownerReferences"))
		}
	}
	if len(list.Items) != len(made) {
		t.Errorf("there are %d of them, want %v", len(list.Items), made)
	}
}

func oldOwners(t *testing.T, w *world) {
	cp := w.now(controlPlaneKind, mainName, mainName)
	for name, kind := range made {
		w.Patch(t, kind, mainName, name, `{"metadata":{"ownerReferences":[{"apiVersion":"infrastructure.cluster.x-k8s.io/v1alpha4","kind":"AzureManagedControlPlane",`+
			`"name":"`+mainName+`","uid":"`+textAt(cp, "metadata", "uid")+`"}]}}`)
	}
	w.Kubectl(t, "annotate", controlPlaneKind, mainName, "--namespace="+mainName, "example.com/look=again")
	for name, kind := range made {
		until(t, limit, func() string {
			o := w.Get(t, kind, mainName, name)
			return unless(ownedBy(o, cp, infra), "%s has the owners %v", name, at(o, "metadata", "ownerReferences"))
		})
	}
}
