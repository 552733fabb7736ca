package controller

import (
	"context"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/tracing"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/controller"

	"github.com/capaks/capaks/internal/arm"
	"github.com/capaks/capaks/internal/trace"
)

// startSpan begins the span of a look at a cluster. Its log lines name the trace then.
func (r *Reconciler) startSpan(ctx context.Context, a *aggregate) (context.Context, tracing.Span) {
	if !r.Tracer.Enabled() {
		return ctx, tracing.Span{}
	}
	ctx, span := r.Tracer.Start(ctx, "reconcile AzureManagedControlPlane", &tracing.SpanOptions{Kind: tracing.SpanKindInternal, Attributes: []tracing.Attribute{
		{Key: "k8s.namespace.name", Value: a.controlPlane.Namespace},
		{Key: "capaks.control_plane", Value: a.controlPlane.Name},
		{Key: "capaks.cluster", Value: a.cluster.Name},
		{Key: "capaks.reconcile_id", Value: string(controller.ReconcileIDFromContext(ctx))},
		{Key: "azure.correlation.id", Value: arm.CorrelationID(ctx)},
	}})
	if id := trace.ID(ctx); id != "" {
		ctx = ctrl.LoggerInto(ctx, ctrl.LoggerFrom(ctx).WithValues("trace_id", id))
	}
	return ctx, span
}

// endSpan says what the look came to.
func endSpan(span tracing.Span, o outcome) {
	span.SetAttributes(tracing.Attribute{Key: "capaks.outcome", Value: o.word()})
	for _, sent := range o.report.Sent {
		span.AddEvent("sent", tracing.Attribute{Key: "plan", Value: sent.Action.Line()})
	}
	for _, finished := range o.report.Finished {
		span.AddEvent("finished", tracing.Attribute{Key: "operation", Value: finished.Description}, tracing.Attribute{Key: "result", Value: finished.Result})
	}
	switch {
	case o.err != nil:
		span.SetStatus(tracing.SpanStatusError, o.err.Error())
	case o.report.Error != nil:
		span.SetStatus(tracing.SpanStatusError, o.report.Error.Code)
	}
	span.End()
}
