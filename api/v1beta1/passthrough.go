package v1beta1

import "k8s.io/apimachinery/pkg/runtime"

// Passthrough are properties of an Azure resource as its API takes them, for settings that are no field here.
type Passthrough struct {
	// apiVersion is the api-version with which this Azure resource is read and written, for example 2026-05-02-preview.
	// Default: the one the provider uses for all resources. Properties that only another version knows stay in Azure when
	// apiVersion is removed; the default version neither shows nor changes them. It can be changed at any time.
	// https://learn.microsoft.com/azure/aks/concepts-preview-api-life-cycle
	// +optional
	// +kubebuilder:validation:MaxLength=32
	// +kubebuilder:validation:XValidation:rule=`self.matches('^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])(-[a-z]+)?$')`,messageExpression=`'apiVersion "' + self + '" is not an api-version of Azure: write a date, for example 2026-05-01 or 2026-05-02-preview'`
	APIVersion string `json:"apiVersion,omitempty" arm:"-,selects the api-version"`

	// body are the properties as they stand in the body of a PUT request, for example
	// {properties: {enableNamespaceResources: true}}. They are sent, kept and shown like fields, and given up when they are
	// removed here: Azure keeps the value then. An explicit null asks for no value. A property that is a field is given there
	// and not here. It can be changed at any time, as far as Azure can change the property.
	// +optional
	// +kubebuilder:pruning:PreserveUnknownFields
	Body *runtime.RawExtension `json:"body,omitempty" arm:"-,merged into the body of the request"`
}
