package kubernetesconfiguration

import (
	"strings"

	"github.com/google/uuid"

	"github.com/capaks/capaks/azuresim/arm"
	"github.com/capaks/capaks/azuresim/fabric"
	"github.com/capaks/capaks/azuresim/tracked"
)

// currentSince is the first api-version that calls the installed version currentVersion.
const currentSince = "2022-07-01"

func (p *Provider) extension(life tracked.Life) *tracked.Type {
	return &tracked.Type{
		Name: ExtensionType, Versions: versions, Under: cluster, Proxy: true, MergePatch: true, Life: life, Operation: "Extension",
		ReadOnly: []string{"properties.currentVersion", "properties.installedVersion", "properties.statuses", "properties.isSystemExtension", "properties.errorInfo", "properties.aksAssignedIdentity.principalId", "identity.principalId"},
		Prepare:  p.prepareExtension, Ended: p.extensionEnded, View: viewExtension, NotFound: notFound("Extension instance with name '%s' not found."),
	}
}

func (p *Provider) prepareExtension(w *tracked.Write) error {
	props := arm.Map(w.Body, "properties")
	typ := arm.Str(props, "extensionType")
	switch {
	case typ == "":
		return invalid("The property 'extensionType' is required.")
	case w.Stored != nil && !strings.EqualFold(arm.Str(w.Stored.Body, "properties.extensionType"), typ):
		return invalid("The property 'extensionType' of extension '%s' cannot be changed.", w.ID.Name())
	case arm.Map(props, "scope.cluster") != nil && arm.Map(props, "scope.namespace") != nil:
		return invalid("An extension has either cluster or namespace scope.")
	case arm.Str(props, "version") != "" && props["autoUpgradeMinorVersion"] == true:
		return invalid("The property 'version' cannot be set when 'autoUpgradeMinorVersion' is true.")
	}
	offer := p.World.Get().Extension(typ)
	fill(props, arm.Object{"autoUpgradeMinorVersion": true, "releaseTrain": "Stable", "configurationSettings": arm.Object{}, "configurationProtectedSettings": arm.Object{}})
	if arm.Map(props, "scope.namespace") == nil {
		arm.Default(props, "scope.cluster.releaseNamespace", offer.Namespace)
	}
	if arm.Str(w.Body, "identity.type") == "SystemAssigned" {
		w.Once("identity.principalId", func() any { return uuid.NewString() })
	}
	w.Once("principal", func() any { return uuid.NewString() }) // of the identity AKS gives the extension
	written(w)
	return nil
}

// extensionEnded installs the version asked for or the one that is current.
func (p *Provider) extensionEnded(r *fabric.Resource, fail *arm.OperationError) {
	props := arm.Map(r.Body, "properties")
	if fail != nil {
		props["errorInfo"] = arm.Object{"code": fail.Code, "message": fail.Message}
		return
	}
	delete(props, "errorInfo")
	props["currentVersion"] = p.World.Get().Extension(arm.Str(props, "extensionType")).Version
	if version := arm.Str(props, "version"); version != "" {
		props["currentVersion"] = version
	}
}

func viewExtension(apiVersion string, r *fabric.Resource, doc arm.Object) {
	props := arm.Map(doc, "properties")
	delete(doc, "principal")
	props["configurationProtectedSettings"] = conceal(arm.Map(props, "configurationProtectedSettings"))
	identity := arm.Map(props, "aksAssignedIdentity")
	delete(props, "aksAssignedIdentity")
	fill(props, arm.Object{"version": nil, "currentVersion": nil, "statuses": []any{}, "aksAssignedIdentity": nil, "isSystemExtension": false})
	if r.State == "Succeeded" {
		// The identity asked for is only an echo; the real one appears here once the extension runs.
		delete(doc, "identity")
		props["aksAssignedIdentity"] = arm.Object{"type": identity["type"], "principalId": r.Body["principal"], "tenantId": nil}
	}
	if apiVersion < currentSince {
		props["installedVersion"] = props["currentVersion"]
		delete(props, "currentVersion")
		delete(props, "isSystemExtension")
	}
}
