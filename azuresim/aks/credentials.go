package aks

import (
	"encoding/base64"
	"net/http"
	"strings"

	"sigs.k8s.io/yaml"

	"github.com/capaks/capaks/azuresim/arm"
	"github.com/capaks/capaks/azuresim/fabric"
	"github.com/capaks/capaks/azuresim/workload"
)

func (p *Provider) adminCredential(rq *arm.Request) (*arm.Response, error) {
	return p.credential(rq, "clusterAdmin")
}

func (p *Provider) userCredential(rq *arm.Request) (*arm.Response, error) {
	return p.credential(rq, "clusterUser")
}

func (p *Provider) monitoringCredential(rq *arm.Request) (*arm.Response, error) {
	return p.credential(rq, "clusterMonitoringUser")
}

func (p *Provider) credential(rq *arm.Request, kind string) (*arm.Response, error) {
	_, file, err := p.kubeconfigOf(rq, kind)
	if err != nil {
		return nil, err
	}
	return pretty(http.StatusOK, arm.Object{"kubeconfigs": []any{arm.Object{"name": kind, "value": base64.StdEncoding.EncodeToString(file)}}}), nil
}

// accessProfile is the older way to the same files.
func (p *Provider) accessProfile(rq *arm.Request) (*arm.Response, error) {
	role := rq.Params["role"]
	for _, known := range []string{"clusterAdmin", "clusterUser"} {
		if !strings.EqualFold(role, known) {
			continue
		}
		c, file, err := p.kubeconfigOf(rq, known)
		if err != nil {
			return nil, err
		}
		return pretty(http.StatusOK, arm.Object{
			"id": lowerGroups(c.ID) + "/accessProfiles/" + known, "name": known, "type": "Microsoft.ContainerService/ManagedClusters/AccessProfiles", "location": c.Location,
			"properties": arm.Object{"kubeConfig": base64.StdEncoding.EncodeToString(file)},
		}), nil
	}
	return nil, arm.FlatError(http.StatusNotFound, "NotFound", "The access profile '%s' was not found.", role)
}

func (p *Provider) kubeconfigOf(rq *arm.Request, kind string) (*fabric.Resource, []byte, error) {
	c, err := p.cluster(rq)
	if err != nil {
		return nil, nil, err
	}
	if !private(c).API {
		return nil, nil, noControlPlane(c)
	}
	awake := p.Workload.Awake(workloadID(c))
	access, ok := p.Workload.Access(workloadID(c))
	if !ok {
		return nil, nil, noControlPlane(c)
	}
	if !awake { // what is handed out must outlive a crash
		p.keepWorkload(c)
	}
	directory := arm.Map(c.Body, "properties.aadProfile") != nil
	if arm.Bool(c.Body, "properties.disableLocalAccounts") && (kind != "clusterUser" || !directory) {
		return nil, nil, arm.FlatError(http.StatusBadRequest, "BadRequest", "Getting static credential is not allowed because this cluster is set to disable local accounts.")
	}
	login := secretLogin
	if directory && kind == "clusterUser" {
		login = pluginLogin
		if strings.EqualFold(rq.Query.Get("format"), "azure") {
			login = legacyLogin
		}
	}
	file, err := yaml.Marshal(kubeconfig(c, access, server(c, access, rq.Query.Get("server-fqdn"), p.World.Get().PrivateNetworks), kind, login, p.tenant(c)))
	return c, file, err
}

// login is how a kubeconfig signs in: with a secret of the file, with kubelogin, or with the client library's own
// Azure support, which Kubernetes 1.26 removed but the format parameter still selects.
type login int

const (
	secretLogin login = iota
	pluginLogin
	legacyLogin
)

// The applications of Entra ID that stand for AKS, the same in every tenant.
const (
	serverApp = "6dae42f8-4368-4678-94ff-3960e28e3630"
	clientApp = "80faf920-1908-4b52-b5ef-a8e7bedfc67a"
)

// noControlPlane is what az shows while there is no API server; the status code is assumed.
func noControlPlane(c *fabric.Resource) error {
	e := arm.FlatError(http.StatusNotFound, "ControlPlaneNotFound", "Could not find control plane with ID %s.", arm.Str(c.Body, "properties.resourceUID"))
	e.Details = []arm.Detail{{Code: "Unspecified", Message: "rpc error: code = NotFound desc = Control Plane not found"}}
	return e
}

// server is how a kubeconfig says where the API server is: at its loopback address instead of the FQDN, because no DNS knows the
// emulated name, and by what name to check its certificate. Where private networks are private, the API server of a private
// cluster is at its FQDN, which leads nowhere.
func server(c *fabric.Resource, access workload.Access, which string, privateNetworks bool) arm.Object {
	public, private := arm.Str(c.Body, "properties.fqdn"), arm.Str(c.Body, "properties.privateFQDN")
	fqdn := strings.ToLower(public)
	if isPrivate(c) && private != "" && (public == "" || !strings.EqualFold(which, "public")) {
		fqdn = strings.ToLower(private)
	}
	out := arm.Object{"certificate-authority-data": base64.StdEncoding.EncodeToString(access.CAPEM), "server": "https://" + access.Address}
	switch {
	case privateNetworks && isPrivate(c):
		out["server"] = "https://" + fqdn + ":443"
	case public != "": // the certificate has the public name and the loopback address
		out["tls-server-name"] = strings.ToLower(public)
	}
	return out
}

// kubeconfig has the names AKS uses.
func kubeconfig(c *fabric.Resource, access workload.Access, server arm.Object, kind string, how login, tenant string) arm.Object {
	b64 := base64.StdEncoding.EncodeToString
	user := kind + "_" + c.ARMID().ResourceGroup + "_" + c.Name
	context := c.Name
	if kind == "clusterAdmin" {
		context += "-admin"
	}
	token := access.UserToken
	if kind == "clusterAdmin" {
		token = access.AdminToken
	}
	credential := arm.Object{"client-certificate-data": b64(access.AdminCertPEM), "client-key-data": b64(access.AdminKeyPEM), "token": token}
	switch how {
	case pluginLogin: // with Entra ID the file holds no secret: kubelogin fetches a token
		credential = arm.Object{"exec": arm.Object{
			"apiVersion": "client.authentication.k8s.io/v1beta1", "command": "kubelogin", "interactiveMode": "IfAvailable", "provideClusterInfo": false, "env": nil,
			"args": []any{"get-token", "--environment", "AzurePublicCloud", "--server-id", serverApp, "--client-id", clientApp, "--tenant-id", tenant, "--login", "devicecode"},
		}}
	case legacyLogin:
		credential = arm.Object{"auth-provider": arm.Object{"name": "azure", "config": arm.Object{
			"apiserver-id": serverApp, "client-id": clientApp, "config-mode": "1", "environment": "AzurePublicCloud", "tenant-id": tenant,
		}}}
	}
	return arm.Object{
		"apiVersion": "v1", "kind": "Config", "preferences": arm.Object{}, "current-context": context,
		"clusters": []any{arm.Object{"name": c.Name, "cluster": server}},
		"contexts": []any{arm.Object{"name": context, "context": arm.Object{"cluster": c.Name, "user": user}}},
		"users":    []any{arm.Object{"name": user, "user": credential}},
	}
}
