// Package observability holds the stories of those who watch: what the manager measures, what kube-state-metrics makes of the objects,
// and whether every query of the dashboards and every alert in config/observability finds in a real Prometheus what it is about.
//
// It must not contain a query that is not in config/observability, or a fake of anything it asks.
package observability
