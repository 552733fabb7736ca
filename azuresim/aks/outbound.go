package aks

import (
	"net/http"
	"strings"

	"github.com/capaks/capaks/azuresim/arm"
)

// outboundHosts are the addresses a cluster must reach, by category ("outbound network rules" of the documentation);
// {location} and {fqdn} stand for the cluster's.
var outboundHosts = []struct {
	category string
	hosts    []string
}{
	{"azure-resource-management", []string{"management.azure.com", "login.microsoftonline.com"}},
	{"images", []string{"mcr.microsoft.com", "*.data.mcr.microsoft.com"}},
	{"artifacts", []string{"packages.microsoft.com", "packages.aks.azure.com"}},
	{"time-sync", []string{"ntp.ubuntu.com:123"}},
	{"ubuntu-optional", []string{"security.ubuntu.com:80", "azure.archive.ubuntu.com:80", "changelogs.ubuntu.com:80"}},
	{"apiserver", []string{"{fqdn}", "*.hcp.{location}.azmk8s.io"}},
}

var protocols = map[string]struct {
	name string
	port int64
}{"": {"Https", 443}, "80": {"Http", 80}, "123": {"UDP", 123}}

func (p *Provider) outboundEndpoints(rq *arm.Request) (*arm.Response, error) {
	c, err := p.cluster(rq)
	if err != nil {
		return nil, err
	}
	fill := strings.NewReplacer("{location}", c.Location, "{fqdn}", arm.Str(c.Body, "properties.fqdn"))
	value := []any{}
	for _, group := range outboundHosts {
		endpoints := []any{}
		for _, entry := range group.hosts {
			host, port, _ := strings.Cut(entry, ":")
			via := protocols[port]
			endpoints = append(endpoints, arm.Object{"domainName": fill.Replace(host), "endpointDetails": []any{arm.Object{"port": via.port, "protocol": via.name}}})
		}
		value = append(value, arm.Object{"category": group.category, "endpoints": endpoints})
	}
	return pretty(http.StatusOK, arm.Page(rq, value)), nil
}
