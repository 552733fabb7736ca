package main

import (
	"os"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/tracing"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/manager"

	"github.com/capaks/capaks/internal/trace"
)

// tracesFromEnv makes traces where the variables OTEL_* ask for them. What is wrong with them is said, and keeps the manager
// from nothing else: such variables are often set for a whole namespace.
func tracesFromEnv(mgr ctrl.Manager) (tracing.Provider, error) {
	log := mgr.GetLogger().WithName("trace")
	exporter, err := trace.FromEnv(os.Getenv, version, func(err error, spans int) { log.Error(err, "spans were not sent", "spans", spans) })
	if err != nil {
		log.Error(err, "no traces are sent")
	}
	if exporter == nil {
		return tracing.Provider{}, nil
	}
	log.Info("sending traces", "endpoint", exporter.Endpoint())
	return exporter.Provider(), mgr.Add(manager.RunnableFunc(exporter.Run))
}
