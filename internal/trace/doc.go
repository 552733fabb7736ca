// Package trace sends traces to an OpenTelemetry collector: the spans that azcore makes of requests to Azure, and those of the
// reconciler around them, as OTLP over HTTP in its JSON form. It is off, and costs nothing, unless the standard variables
// OTEL_* ask for it.
//
// It must not import the OpenTelemetry SDK (docs/decisions/0034 says why), know anything of clusters, or hold up who ends a span: what cannot be sent is
// dropped and said so.
package trace
