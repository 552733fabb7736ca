package webhook

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"sigs.k8s.io/cluster-api/util/topology"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"

	"github.com/capaks/capaks/api/v1beta1"
	"github.com/capaks/capaks/internal/aks"
	"github.com/capaks/capaks/internal/armfield"
)

// +kubebuilder:webhook:path=/mutate-infrastructure-cluster-x-k8s-io-v1beta1-azuremanagedcontrolplanetemplate,mutating=true,failurePolicy=fail,matchPolicy=Equivalent,sideEffects=None,admissionReviewVersions=v1,groups=infrastructure.cluster.x-k8s.io,resources=azuremanagedcontrolplanetemplates,verbs=create;update,versions=v1beta1,name=default.azuremanagedcontrolplanetemplate.infrastructure.cluster.x-k8s.io,patch=`{"matchConditions":[{"name":"not-terminating","expression":"!has(object.metadata.deletionTimestamp)"}]}`
// +kubebuilder:webhook:path=/validate-infrastructure-cluster-x-k8s-io-v1beta1-azuremanagedcontrolplanetemplate,mutating=false,failurePolicy=fail,matchPolicy=Equivalent,sideEffects=None,admissionReviewVersions=v1,groups=infrastructure.cluster.x-k8s.io,resources=azuremanagedcontrolplanetemplates,verbs=create;update,versions=v1beta1,name=validation.azuremanagedcontrolplanetemplate.infrastructure.cluster.x-k8s.io,patch=`{"matchConditions":[{"name":"not-terminating","expression":"!has(object.metadata.deletionTimestamp)"}]}`
// +kubebuilder:webhook:path=/mutate-infrastructure-cluster-x-k8s-io-v1beta1-azuremanagedmachinepooltemplate,mutating=true,failurePolicy=fail,matchPolicy=Equivalent,sideEffects=None,admissionReviewVersions=v1,groups=infrastructure.cluster.x-k8s.io,resources=azuremanagedmachinepooltemplates,verbs=create;update,versions=v1beta1,name=default.azuremanagedmachinepooltemplate.infrastructure.cluster.x-k8s.io,patch=`{"matchConditions":[{"name":"not-terminating","expression":"!has(object.metadata.deletionTimestamp)"}]}`
// +kubebuilder:webhook:path=/validate-infrastructure-cluster-x-k8s-io-v1beta1-azuremanagedmachinepooltemplate,mutating=false,failurePolicy=fail,matchPolicy=Equivalent,sideEffects=None,admissionReviewVersions=v1,groups=infrastructure.cluster.x-k8s.io,resources=azuremanagedmachinepooltemplates,verbs=create;update,versions=v1beta1,name=validation.azuremanagedmachinepooltemplate.infrastructure.cluster.x-k8s.io,patch=`{"matchConditions":[{"name":"not-terminating","expression":"!has(object.metadata.deletionTimestamp)"}]}`

type controlPlaneTemplateDefaulter struct{}

// Default writes a template as the objects made from it are written; what depends on their names is left to them.
func (controlPlaneTemplateDefaulter) Default(_ context.Context, template *v1beta1.AzureManagedControlPlaneTemplate) error {
	spec := &template.Spec.Template.Spec
	defaultClass(&spec.AzureManagedControlPlaneClassSpec)
	spec.Version = aks.NormalVersion(spec.Version)
	return nil
}

type controlPlaneTemplateValidator struct{}

func (controlPlaneTemplateValidator) ValidateCreate(_ context.Context, template *v1beta1.AzureManagedControlPlaneTemplate) (admission.Warnings, error) {
	problems := classProblems(&template.Spec.Template.Spec.AzureManagedControlPlaneClassSpec, field.NewPath("spec", "template", "spec"))
	made := &v1beta1.AzureManagedControlPlane{}
	made.Spec.AzureManagedControlPlaneClassSpec = template.Spec.Template.Spec.AzureManagedControlPlaneClassSpec
	refused, warnings := templatePassthrough(aks.ControlPlanePassthrough(made, ""), rawWarnings(made))
	return append(templateWarnings(template), warnings...),
		invalid(v1beta1.GroupVersion.WithKind(kindControlPlane+"Template").GroupKind(), template.Name, append(problems, refused...))
}

func (controlPlaneTemplateValidator) ValidateUpdate(ctx context.Context, old, template *v1beta1.AzureManagedControlPlaneTemplate) (admission.Warnings, error) {
	return nil, frozen(ctx, kindControlPlane+"Template", template, &old.Spec.Template.Spec, &template.Spec.Template.Spec, freed)
}

func (controlPlaneTemplateValidator) ValidateDelete(context.Context, *v1beta1.AzureManagedControlPlaneTemplate) (admission.Warnings, error) {
	return nil, nil
}

func templateWarnings(template *v1beta1.AzureManagedControlPlaneTemplate) admission.Warnings {
	warnings := controlPlaneWarnings(&v1beta1.AzureManagedControlPlaneSpec{AzureManagedControlPlaneClassSpec: template.Spec.Template.Spec.AzureManagedControlPlaneClassSpec})
	for i := range warnings {
		warnings[i] = strings.Replace(warnings[i], "spec.", "spec.template.spec.", 1)
	}
	return warnings
}

type nodePoolTemplateDefaulter struct{}

// Default repeats the mode as a label, as for the pools themselves. A pool made from the template gets its own.
func (nodePoolTemplateDefaulter) Default(_ context.Context, template *v1beta1.AzureManagedMachinePoolTemplate) error {
	labelMode(template, template.Spec.Template.Spec.Mode)
	return nil
}

type nodePoolTemplateValidator struct{}

func (nodePoolTemplateValidator) ValidateCreate(_ context.Context, template *v1beta1.AzureManagedMachinePoolTemplate) (admission.Warnings, error) {
	made := &v1beta1.AzureManagedMachinePool{}
	made.Spec.AzureManagedMachinePoolClassSpec = template.Spec.Template.Spec
	problems, warnings := templatePassthrough(aks.PoolPassthrough(made), rawPoolWarnings(&v1beta1.AzureManagedControlPlane{}, made))
	if name := template.Spec.Template.Spec.Name; name != "" {
		warnings = append(warnings, fmt.Sprintf("spec.template.spec.name %q is the name in Azure of every pool made from this template, and a cluster can have only one of them: "+
			"leave it out to use the names of the topology's pools", name))
	}
	return warnings, invalid(schema.GroupKind{Group: v1beta1.GroupName, Kind: kindNodePool + "Template"}, template.Name, problems)
}

func (nodePoolTemplateValidator) ValidateUpdate(ctx context.Context, old, template *v1beta1.AzureManagedMachinePoolTemplate) (admission.Warnings, error) {
	spec := &template.Spec.Template.Spec
	return nil, frozen(ctx, kindNodePool+"Template", template, &old.Spec.Template.Spec, spec, func(v armfield.Violation) bool { return rotated(spec, v) })
}

func (nodePoolTemplateValidator) ValidateDelete(context.Context, *v1beta1.AzureManagedMachinePoolTemplate) (admission.Warnings, error) {
	return nil, nil
}

// free are the fields of a control plane that its template may change although the objects made from it cannot: manifests in use
// do so, for the clusters to come. Of a cluster that exists, the control plane itself refuses them.
var free = []string{"resourceGroupName", "virtualNetwork.name", "virtualNetwork.resourceGroup", "httpProxyConfig", "azureEnvironment"}

func freed(v armfield.Violation) bool {
	return slices.ContainsFunc(free, func(name string) bool { return v.JSONPath == name || strings.HasPrefix(v.JSONPath, name+".") })
}

// rotated tells whether pools made from a template follow a change of a fixed field by being replaced: the rule of their CRD.
func rotated(spec *v1beta1.AzureManagedMachinePoolClassSpec, v armfield.Violation) bool {
	if spec.Replacement == nil || spec.Replacement.Strategy != v1beta1.ReplacementRotate || v.New == nil || v.JSONPath == "name" || v.JSONPath == "osType" {
		return false
	}
	return v.Rule == armfield.Fixed || v.Rule == armfield.SetOnce || v.Rule == armfield.Precreate
}

// frozen refuses a change the objects made from a template could not follow. Cluster API's topology controller tries such
// changes in dry runs to find out whether it needs a new template; it says so with an annotation, and must get through.
func frozen(ctx context.Context, kind string, template client.Object, old, spec any, followed func(armfield.Violation) bool) error {
	req, err := admission.RequestFromContext(ctx)
	if err != nil {
		return unreadable("the request", err)
	}
	if topology.IsDryRunRequest(req, template) || !template.GetDeletionTimestamp().IsZero() {
		return nil
	}
	var problems field.ErrorList
	for _, violation := range armfield.Immutable(old, spec) {
		if followed(violation) {
			continue
		}
		problems = append(problems, field.Forbidden(field.NewPath("spec", "template", "spec").Child(violation.JSONPath),
			violation.String()+"; restore the old value, or create a new template and refer to that"))
	}
	return invalid(schema.GroupKind{Group: v1beta1.GroupName, Kind: kind}, template.GetName(), problems)
}
