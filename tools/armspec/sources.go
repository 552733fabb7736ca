package main

import (
	"fmt"
	"io"
	"path/filepath"
	"strings"
)

const (
	aks            = "Microsoft.ContainerService/managedClusters"
	agentPools     = aks + "/agentPools"
	maintenance    = aks + "/maintenanceConfigurations"
	trustedAccess  = aks + "/trustedAccessRoleBindings"
	fleetMember    = "Microsoft.ContainerService/fleets/members"
	extension      = "Microsoft.KubernetesConfiguration/extensions"
	virtualNetwork = "Microsoft.Network/virtualNetworks"
	subnet         = virtualNetwork + "/subnets"
	resourceGroup  = "Microsoft.Resources/resourceGroups"
	scaleSet       = "Microsoft.Compute/virtualMachineScaleSets"

	privateEndpoint = "Microsoft.Network/privateEndpoints"
)

var aksVersions = []string{"2025-02-01", "2025-07-01", "2026-05-01", "2026-05-02-preview"}

// aksDefinitions are the names of the bodies in the Swagger documents.
var aksDefinitions = []struct{ resourceType, definition string }{
	{aks, "ManagedCluster"},
	{agentPools, "AgentPool"},
	{maintenance, "MaintenanceConfiguration"},
	{trustedAccess, "TrustedAccessRoleBinding"},
}

// rebuilt are the api-versions for which a Swagger document of AKS exists; it wins over Bicep types.
var rebuilt = map[string]string{
	"2025-02-01": "openapi-rebuilt/containerservice-aks-2025-02-01.json",
	"2025-07-01": "openapi-rebuilt/containerservice-aks-2025-07-01.json",
}

// reader produces the tables; differences between two descriptions of the same thing go to report.
type reader struct {
	specs  string
	report io.Writer
}

func (r *reader) all() ([]table, error) {
	var tables []table
	for _, version := range aksVersions {
		for _, d := range aksDefinitions {
			t, err := r.containerService(d.resourceType, d.definition, version)
			if err != nil {
				return nil, err
			}
			tables = append(tables, t)
		}
	}
	for _, original := range []struct{ resourceType, version, file, definition string }{
		{virtualNetwork, "2021-02-01", "network/resource-manager/Microsoft.Network/stable/2021-02-01/virtualNetwork.json", "VirtualNetwork"},
		{subnet, "2021-02-01", "network/resource-manager/Microsoft.Network/stable/2021-02-01/virtualNetwork.json", "Subnet"},
		{aks, "2021-05-01", "containerservice/resource-manager/Microsoft.ContainerService/stable/2021-05-01/managedClusters.json", "ManagedCluster"},
		{agentPools, "2021-05-01", "containerservice/resource-manager/Microsoft.ContainerService/stable/2021-05-01/managedClusters.json", "AgentPool"},
		{privateEndpoint, "2021-02-01", "network/resource-manager/Microsoft.Network/stable/2021-02-01/privateEndpoint.json", "PrivateEndpoint"},
		{resourceGroup, "2021-04-01", "resources/resource-manager/Microsoft.Resources/stable/2021-04-01/resources.json", "ResourceGroup"},
		{scaleSet, "2021-03-01", "compute/resource-manager/Microsoft.Compute/stable/2021-03-01/compute.json", "VirtualMachineScaleSet"},
	} {
		file := "openapi-microsoft/specification/" + original.file
		rows, err := r.swagger(file, original.definition, true)
		if err != nil {
			return nil, err
		}
		tables = append(tables, table{resourceType: original.resourceType, apiVersion: original.version, sources: []string{file}, rows: rows})
	}
	network, err := r.newerNetwork(tables)
	if err != nil {
		return nil, err
	}
	tables = append(tables, network...)
	answers, err := r.answers(tables)
	if err != nil {
		return nil, err
	}
	tables = append(tables, answers...)
	spreadWriteOnly(tables)
	for i := range tables {
		tables[i].normalise()
	}
	return tables, nil
}

func (r *reader) containerService(resourceType, definition, version string) (table, error) {
	t := table{resourceType: resourceType, apiVersion: version}
	bicepFile := "bicep-types/microsoft.containerservice-aks/" + version + "/types.json"
	types, err := loadBicep(filepath.Join(r.specs, bicepFile))
	if err != nil {
		return t, err
	}
	bicep, err := types.resource(resourceType + "@" + version)
	if err != nil {
		return t, err
	}
	templateFile := "arm-json-schema/" + version + "/Microsoft.ContainerService.Aks.json"
	template, err := r.template(templateFile, strings.ReplaceAll(strings.TrimPrefix(resourceType, "Microsoft.ContainerService/"), "/", "_"))
	if err != nil {
		return t, err
	}
	swaggerFile, exists := rebuilt[version]
	if !exists {
		t.rows, t.sources = bicep, []string{bicepFile}
		t.refine(templateFile, template)
		return t, nil
	}
	if t.rows, err = r.swagger(swaggerFile, definition, false); err != nil {
		return t, err
	}
	t.sources = []string{swaggerFile}
	r.compare(t, bicep)
	t.refine(bicepFile, bicep)
	t.refine(templateFile, template)
	return t, nil
}

// compare reports what Swagger and Bicep say differently about one resource, in the normal form of the tables.
func (r *reader) compare(t table, bicep []row) {
	left := table{rows: append([]row(nil), t.rows...)}
	right := table{rows: append([]row(nil), bicep...)}
	left.normalise()
	right.normalise()
	for _, d := range differences(left.rows, right.rows) {
		fmt.Fprintf(r.report, "%s@%s: swagger/bicep: %s\n", t.resourceType, t.apiVersion, d)
	}
}

func (r *reader) swagger(file, definition string, shallow bool) ([]row, error) {
	return r.document(file, "/definitions/"+definition, shallow)
}

func (r *reader) template(file, resource string) ([]row, error) {
	return r.document(file, "/resourceDefinitions/"+resource, true)
}

func (r *reader) document(file, pointer string, shallow bool) ([]row, error) {
	d := &documents{shallow: shallow}
	root, err := d.at(filepath.Join(r.specs, file), pointer)
	if err != nil {
		return nil, err
	}
	rows, err := d.rows(root, "", map[string]string{})
	if err != nil {
		return nil, err
	}
	return rows[1:], nil
}

// newerNetwork adds the api-versions of network resources that came after the Swagger documents. Only template schemas exist for
// them; the read-only properties come from the newest Swagger document there is.
func (r *reader) newerNetwork(tables []table) ([]table, error) {
	readOnly := map[string][]row{}
	for _, t := range tables {
		readOnly[t.resourceType] = t.rows
	}
	var out []table
	for _, version := range []string{"2024-05-01", "2025-07-01"} {
		file := "arm-json-schema/" + version + "/Microsoft.Network.NRP.json"
		for _, resourceType := range []string{virtualNetwork, subnet, privateEndpoint} {
			rows, err := r.template(file, strings.ReplaceAll(strings.TrimPrefix(resourceType, "Microsoft.Network/"), "/", "_"))
			if err != nil {
				return nil, err
			}
			for i := range rows {
				if rows[i].path == "properties" {
					rows[i].required = false // a template needs it, a request does not
				}
			}
			t := table{resourceType: resourceType, apiVersion: version, sources: []string{file}, rows: rows}
			t.addReadOnly("read-only properties of 2021-02-01", readOnly[resourceType])
			out = append(out, t)
		}
	}
	return out, nil
}

// spreadWriteOnly marks a property as write-only in every api-version when one of them says so: only the newest
// descriptions mark secrets, but a password was never returned by the older ones either.
func spreadWriteOnly(tables []table) {
	type key struct{ resourceType, path string }
	secret := map[key]bool{}
	for _, t := range tables {
		for _, r := range t.rows {
			if r.writeOnly {
				secret[key{t.resourceType, r.path}] = true
			}
		}
	}
	for _, t := range tables {
		for i := range t.rows {
			t.rows[i].writeOnly = t.rows[i].writeOnly || secret[key{t.resourceType, t.rows[i].path}]
		}
	}
}
