package v1beta1

// AddonProfile is an add-on of AKS.
type AddonProfile struct {
	// name of the add-on, for example azurepolicy, omsagent (Container insights), azureKeyvaultSecretsProvider or
	// ingressApplicationGateway. https://learn.microsoft.com/azure/aks/integrations
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=128
	Name string `json:"name" arm:"-,name of the add-on"`

	// enabled turns the add-on on. It can be changed at any time.
	Enabled bool `json:"enabled" arm:"enabled"`

	// config are the settings of the add-on, for example logAnalyticsWorkspaceResourceID for omsagent. They can be changed at
	// any time; one that is dropped is taken out of Azure.
	// +optional
	// +kubebuilder:validation:MaxProperties=50
	Config map[string]string `json:"config,omitempty" arm:"config"`
}

// Switch turns a part of AKS on or off.
type Switch struct {
	// enabled turns it on. It can be changed at any time.
	Enabled bool `json:"enabled" arm:"enabled"`
}

// StorageProfile says which storage drivers AKS installs.
// https://learn.microsoft.com/azure/aks/csi-storage-drivers
type StorageProfile struct {
	// diskCSIDriver is for Azure disks (AKS: on).
	// +optional
	DiskCSIDriver *Switch `json:"diskCSIDriver,omitempty" arm:"diskCSIDriver"`

	// fileCSIDriver is for Azure Files (AKS: on).
	// +optional
	FileCSIDriver *Switch `json:"fileCSIDriver,omitempty" arm:"fileCSIDriver"`

	// blobCSIDriver is for Azure Blob storage (AKS: off).
	// +optional
	BlobCSIDriver *Switch `json:"blobCSIDriver,omitempty" arm:"blobCSIDriver"`

	// snapshotController makes snapshots of volumes (AKS: on).
	// +optional
	SnapshotController *Switch `json:"snapshotController,omitempty" arm:"snapshotController"`
}

// WorkloadAutoScalerProfile says which autoscalers of workloads AKS installs.
type WorkloadAutoScalerProfile struct {
	// keda scales workloads by events. https://learn.microsoft.com/azure/aks/keda-about
	// +optional
	KEDA *Switch `json:"keda,omitempty" arm:"keda"`

	// verticalPodAutoscaler sets the requests of pods by what they use.
	// https://learn.microsoft.com/azure/aks/vertical-pod-autoscaler
	// +optional
	VerticalPodAutoscaler *Switch `json:"verticalPodAutoscaler,omitempty" arm:"verticalPodAutoscaler"`
}

// AzureMonitorProfile sends what happens in the cluster to Azure Monitor.
type AzureMonitorProfile struct {
	// metrics are collected by Azure Monitor managed service for Prometheus.
	// https://learn.microsoft.com/azure/azure-monitor/containers/kubernetes-monitoring-enable
	// +optional
	Metrics *AzureMonitorMetrics `json:"metrics,omitempty" arm:"metrics"`

	// appMonitoring observes applications with Application Insights.
	// +optional
	AppMonitoring *AzureMonitorAppMonitoring `json:"appMonitoring,omitempty" arm:"appMonitoring"`
}

// AzureMonitorMetrics are collected by Azure Monitor managed service for Prometheus.
type AzureMonitorMetrics struct {
	// enabled turns the collection on. It can be changed at any time.
	Enabled bool `json:"enabled" arm:"enabled"`

	// kubeStateMetrics says what is collected about Kubernetes objects.
	// +optional
	KubeStateMetrics *KubeStateMetrics `json:"kubeStateMetrics,omitempty" arm:"kubeStateMetrics"`

	// controlPlane collects metrics of the API server and etcd, too.
	// +optional
	ControlPlane *Switch `json:"controlPlane,omitempty" arm:"controlPlane"`
}

// KubeStateMetrics says what is collected about Kubernetes objects.
type KubeStateMetrics struct {
	// metricLabelsAllowlist are the labels that are collected, per resource, for example "namespaces=[team,env],pods=[*]";
	// AKS collects only name and namespace. It can be changed at any time.
	// +optional
	// +kubebuilder:validation:MaxLength=4096
	MetricLabelsAllowlist string `json:"metricLabelsAllowlist,omitempty" arm:"metricLabelsAllowlist"`

	// metricAnnotationsAllowList are the annotations that are collected, in the same form. It can be changed at any time.
	// +optional
	// +kubebuilder:validation:MaxLength=4096
	MetricAnnotationsAllowList string `json:"metricAnnotationsAllowList,omitempty" arm:"metricAnnotationsAllowList"`
}

// AzureMonitorAppMonitoring observes applications with Application Insights.
// https://learn.microsoft.com/azure/azure-monitor/app/kubernetes-codeless
type AzureMonitorAppMonitoring struct {
	// autoInstrumentation observes applications without a change of their code.
	// +optional
	AutoInstrumentation *Switch `json:"autoInstrumentation,omitempty" arm:"autoInstrumentation"`
}

// MetricsProfile are figures about the cluster itself.
type MetricsProfile struct {
	// costAnalysis shows costs per namespace and workload in the portal; it needs sku Standard or Premium.
	// https://learn.microsoft.com/azure/aks/cost-analysis
	// +optional
	CostAnalysis *Switch `json:"costAnalysis,omitempty" arm:"costAnalysis"`
}

// IngressProfile says how requests get into the cluster.
type IngressProfile struct {
	// webAppRouting is the application routing add-on.
	// +optional
	WebAppRouting *WebAppRouting `json:"webAppRouting,omitempty" arm:"webAppRouting"`

	// gatewayAPI installs the kinds of the Kubernetes Gateway API.
	// +optional
	GatewayAPI *GatewayAPI `json:"gatewayAPI,omitempty" arm:"gatewayAPI"`
}

// WebAppRouting is the application routing add-on: a managed ingress controller with DNS names and certificates.
// https://learn.microsoft.com/azure/aks/app-routing
type WebAppRouting struct {
	// enabled turns the add-on on. It can be changed at any time.
	Enabled bool `json:"enabled" arm:"enabled"`

	// dnsZoneResourceIDs are the ids of up to five public and five private DNS zones; the public ones have to be in one
	// resource group, and the private ones, too. They can be changed at any time.
	// +optional
	// +kubebuilder:validation:MaxItems=10
	// +kubebuilder:validation:items:MaxLength=1024
	DNSZoneResourceIDs []string `json:"dnsZoneResourceIDs,omitempty" arm:"dnsZoneResourceIds,set,id,release=[]"`

	// nginx are the settings of the ingress controller.
	// +optional
	Nginx *WebAppRoutingNginx `json:"nginx,omitempty" arm:"nginx"`

	// gatewayAPIImplementations serve the Kubernetes Gateway API.
	// +optional
	GatewayAPIImplementations *GatewayAPIImplementations `json:"gatewayAPIImplementations,omitempty" arm:"gatewayAPIImplementations"`
}

// WebAppRoutingNginx are the settings of the ingress controller.
type WebAppRoutingNginx struct {
	// defaultIngressControllerType is the address of the default controller: AnnotationControlled (the default of AKS),
	// External, Internal, or None for no default controller. It can be changed at any time.
	// +optional
	// +kubebuilder:validation:Enum=AnnotationControlled;External;Internal;None
	DefaultIngressControllerType string `json:"defaultIngressControllerType,omitempty" arm:"defaultIngressControllerType,fold"`
}

// GatewayAPIImplementations serve the Kubernetes Gateway API.
type GatewayAPIImplementations struct {
	// appRoutingIstio serves it with Istio, for application routing only.
	// +optional
	AppRoutingIstio *AppRoutingIstio `json:"appRoutingIstio,omitempty" arm:"appRoutingIstio"`
}

// AppRoutingIstio serves the Kubernetes Gateway API with Istio.
type AppRoutingIstio struct {
	// mode is Enabled or Disabled. It can be changed at any time.
	// +kubebuilder:validation:Enum=Enabled;Disabled
	Mode string `json:"mode" arm:"mode,fold"`
}

// GatewayAPI installs the kinds of the Kubernetes Gateway API.
type GatewayAPI struct {
	// installation is Standard (the stable kinds) or Disabled. It can be changed at any time.
	// +kubebuilder:validation:Enum=Disabled;Standard
	Installation string `json:"installation" arm:"installation,fold"`
}
