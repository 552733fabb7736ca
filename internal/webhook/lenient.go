package webhook

import (
	"context"
	"net/http"

	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"
)

// lenient lets an object with a value of the wrong type pass a mutating webhook as it is. Mutation comes before the schema is
// looked at: a refusal here would be that of Go's decoder, in words about structs, while the schema names the field, the type
// it has and the type that was given. Nothing gets past both: a validating webhook refuses what it cannot decode.
func lenient(mutation *admission.Webhook) *admission.Webhook {
	handler := mutation.Handler
	mutation.Handler = admission.HandlerFunc(func(ctx context.Context, req admission.Request) admission.Response {
		response := handler.Handle(ctx, req)
		if !response.Allowed && response.Result != nil && response.Result.Code == http.StatusBadRequest { // it could not be decoded
			return admission.Allowed("")
		}
		return response
	})
	return mutation
}
