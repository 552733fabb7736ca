package kubernetesconfiguration

import (
	"crypto/sha1"
	"encoding/hex"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/capaks/capaks/azuresim/arm"
	"github.com/capaks/capaks/azuresim/fabric"
	"github.com/capaks/capaks/azuresim/tracked"
)

// The first api-versions with properties that earlier ones do not show.
const (
	blobSince           = "2022-07-01"
	reconciliationSince = "2023-05-01" // and wait and postBuild of kustomizations
	ociSince            = "2024-11-01"
)

func (p *Provider) flux(life tracked.Life) *tracked.Type {
	return &tracked.Type{
		Name: FluxType, Versions: versions, Under: cluster, Proxy: true, MergePatch: true, Life: life, Operation: "FluxConfiguration",
		ReadOnly: []string{
			"properties.statuses", "properties.repositoryPublicKey", "properties.sourceSyncedCommitId", "properties.sourceUpdatedAt", "properties.statusUpdatedAt", "properties.complianceState", "properties.errorMessage",
		},
		Since:   map[string]string{"properties.waitForReconciliation": reconciliationSince, "properties.reconciliationWaitDuration": reconciliationSince, "properties.azureBlob": blobSince, "properties.ociRepository": ociSince, "properties.gitRepository.provider": ociSince},
		Prepare: prepareFlux, Ended: p.fluxEnded, View: viewFlux, NotFound: notFound("The fluxConfiguration was not found. Name: '%s'."),
	}
}

// sources are the kinds of source with the property that describes each.
var sources = map[string]string{"GitRepository": "gitRepository", "Bucket": "bucket", "AzureBlob": "azureBlob", "OCIRepository": "ociRepository"}

// timing is what all sources and kustomizations share.
var timing = arm.Object{"timeoutInSeconds": int64(600), "syncIntervalInSeconds": int64(600)}

// sourceDefaults complete each of these properties; what is null is shown as such.
var sourceDefaults = map[string]arm.Object{
	"gitRepository": {"sshKnownHosts": nil, "httpsUser": nil, "httpsCACert": nil, "localAuthRef": nil, "provider": "generic"},
	"bucket":        {"insecure": true, "accessKey": nil, "localAuthRef": nil},
	"azureBlob":     {"servicePrincipal": nil, "accountKey": nil, "sasToken": nil, "managedIdentity": nil, "localAuthRef": nil},
	"ociRepository": {"repositoryRef": nil, "layerSelector": nil, "verify": nil, "insecure": false, "useWorkloadIdentity": false, "serviceAccountName": nil, "tlsConfig": nil, "localAuthRef": nil},
}

var kustomizationDefaults = arm.Object{"path": "", "dependsOn": nil, "retryIntervalInSeconds": nil, "prune": false, "force": false, "wait": true, "postBuild": nil}

func prepareFlux(w *tracked.Write) error {
	props := arm.Map(w.Body, "properties")
	fill(props, arm.Object{"scope": "cluster", "namespace": "default", "sourceKind": "GitRepository", "suspend": false, "waitForReconciliation": false, "kustomizations": arm.Object{}, "configurationProtectedSettings": arm.Object{}})
	kind := arm.Str(props, "sourceKind")
	property, known := sources[kind]
	source := arm.Map(props, property)
	switch {
	case !known:
		return invalid("The sourceKind '%s' is invalid. The supported kinds are '%s'.", kind, strings.Join(slices.Sorted(maps.Keys(sources)), ", "))
	case source == nil:
		return invalid("The property '%s' is required when sourceKind is '%s'.", property, kind)
	case arm.Str(source, "url") == "":
		return invalid("The property '%s.url' is required.", property)
	case w.Stored != nil && (arm.Str(w.Stored.Body, "properties.namespace") != arm.Str(props, "namespace") || arm.Str(w.Stored.Body, "properties.scope") != arm.Str(props, "scope")):
		return invalid("The properties 'scope' and 'namespace' of fluxConfiguration '%s' cannot be changed.", w.ID.Name())
	}
	fill(fill(source, arm.Copy(timing)), sourceDefaults[property])
	if provider := arm.Str(source, "provider"); provider != "" {
		source["provider"] = strings.ToLower(provider)
	}
	if property == "gitRepository" {
		arm.Default(source, "repositoryRef", arm.Object{})
		fill(arm.Map(source, "repositoryRef"), arm.Object{"branch": nil, "tag": nil, "semver": nil, "commit": nil})
	}
	for name, raw := range arm.Map(props, "kustomizations") {
		k, _ := raw.(map[string]any)
		if k == nil {
			return invalid("The kustomization '%s' must be an object.", name)
		}
		k["name"] = name
		fill(fill(k, arm.Copy(timing)), kustomizationDefaults)
	}
	written(w)
	return nil
}

// fluxEnded reports what Flux would once it has fetched the source and tried to apply it.
func (p *Provider) fluxEnded(r *fabric.Resource, fail *arm.OperationError) {
	props := arm.Map(r.Body, "properties")
	if fail != nil {
		props["errorMessage"] = fail.Message
		return
	}
	now := p.Fabric.Clock.Now().UTC().Format("2006-01-02T15:04:05-07:00")
	kind := arm.Str(props, "sourceKind")
	source := arm.Map(props, sources[kind])
	repository := p.World.Get().Repository(arm.Str(source, "url"))
	revision := revisionOf(source, repository.Commit)
	report := func(name, kind, compliance string, conditions ...any) any {
		for _, c := range conditions {
			c.(arm.Object)["lastTransitionTime"] = now
		}
		return arm.Object{"name": name, "namespace": props["namespace"], "kind": kind, "complianceState": compliance, "appliedBy": nil, "helmReleaseProperties": nil, "statusConditions": conditions}
	}
	stored := "stored artifact for revision '" + revision + "'"
	statuses := []any{report(r.Name, kind, compliant, condition("Ready", "True", "Succeeded", stored), condition("ArtifactInStorage", "True", "Succeeded", stored))}
	state := compliant
	for _, name := range slices.Sorted(maps.Keys(arm.Map(props, "kustomizations"))) {
		conditions := []any{condition("Ready", "True", "ReconciliationSucceeded", "Applied revision: "+revision)}
		if repository.Failure != "" {
			state = nonCompliant
			conditions = []any{
				condition("Reconciling", "True", "ProgressingWithRetry", "Detecting drift for revision "+revision+" with a timeout of "+timeout(arm.Map(props, "kustomizations")[name])),
				condition("Ready", "False", "ReconciliationFailed", repository.Failure),
			}
		}
		statuses = append(statuses, report(r.Name+"-"+name, "Kustomization", state, conditions...))
	}
	maps.Copy(props, arm.Object{
		"statuses": statuses, "complianceState": state, "repositoryPublicKey": "", "errorMessage": "", "sourceSyncedCommitId": revision, "sourceUpdatedAt": now, "statusUpdatedAt": now,
	})
}

const (
	compliant    = "Compliant"
	nonCompliant = "Non-Compliant"
)

func condition(typ, status, reason, message string) arm.Object {
	return arm.Object{"type": typ, "status": status, "reason": reason, "message": message}
}

// timeout is a kustomization's time limit as Go writes durations, which is how Flux reports it.
func timeout(kustomization any) string {
	o, _ := kustomization.(map[string]any)
	seconds, _ := arm.Int(o, "timeoutInSeconds")
	return (time.Duration(seconds) * time.Second).String()
}

// revisionOf is the commit a source is at; an unknown one is made up, the same for the same source.
func revisionOf(source arm.Object, commit string) string {
	branch := arm.Str(source, "repositoryRef.branch")
	if branch == "" {
		branch = "master"
	}
	if asked := arm.Str(source, "repositoryRef.commit"); asked != "" {
		commit = asked
	}
	if commit == "" {
		sum := sha1.Sum([]byte(arm.Str(source, "url") + "@" + branch))
		commit = hex.EncodeToString(sum[:])
	}
	return branch + "@sha1:" + commit
}

func viewFlux(apiVersion string, _ *fabric.Resource, doc arm.Object) {
	props := arm.Map(doc, "properties")
	props["configurationProtectedSettings"] = conceal(arm.Map(props, "configurationProtectedSettings"))
	for _, property := range sources {
		if props[property] == nil {
			props[property] = nil
		}
	}
	for _, secret := range []string{"bucket.accessKey", "azureBlob.accountKey", "azureBlob.sasToken", "azureBlob.servicePrincipal.clientSecret", "azureBlob.servicePrincipal.clientCertificate"} {
		if arm.Get(props, secret) != nil {
			arm.Put(props, secret, "")
		}
	}
	if apiVersion < reconciliationSince {
		for _, k := range arm.Map(props, "kustomizations") {
			delete(k.(arm.Object), "wait")
			delete(k.(arm.Object), "postBuild")
		}
	}
	fill(props, arm.Object{
		"repositoryPublicKey": nil, "sourceUpdatedAt": nil, "statusUpdatedAt": nil, "sourceSyncedCommitId": nil, "complianceState": nil, "errorMessage": nil, "reconciliationWaitDuration": nil, "statuses": []any{},
	})
}
