package arm

import (
	"fmt"
	"net/http"
	"time"
)

// Error is a failed request. Azure answers in two dialects: ARM and most providers wrap the error in "error", the
// AKS resource provider sends it flat with a subcode; Flat selects the second.
type Error struct {
	Status  int
	Code    string
	Message string
	Target  string
	Subcode string
	Details []Detail
	Flat    bool
	Brief   bool // flat without details, as AKS sent it until 2023
	// AdditionalInfo adds the empty list that some providers write always.
	AdditionalInfo bool
	Gateway        bool // produced by the ARM front door: adds x-ms-failure-cause: gateway
	RetryAfter     time.Duration
	Header         http.Header
}

// Detail is one nested error.
type Detail struct {
	Code    string `json:"code"`
	Message string `json:"message"`
	Target  string `json:"target,omitempty"`
}

func (e *Error) Error() string { return fmt.Sprintf("%d %s: %s", e.Status, e.Code, e.Message) }

// Body is the JSON document of the error.
func (e *Error) Body() any {
	if e.Flat {
		// The provider writes details and subcode always, target only when it has one.
		body := map[string]any{"code": e.Code, "details": nil, "message": e.Message, "subcode": e.Subcode}
		if e.Brief {
			delete(body, "details")
		} else if len(e.Details) > 0 {
			body["details"] = e.Details
		}
		if e.Target != "" {
			body["target"] = e.Target
		}
		return body
	}
	inner := map[string]any{"code": e.Code, "message": e.Message}
	if e.Target != "" {
		inner["target"] = e.Target
	}
	if e.Details != nil { // some providers always write the list
		inner["details"] = e.Details
	}
	if e.AdditionalInfo {
		inner["additionalInfo"] = []any{}
	}
	return map[string]any{"error": inner}
}

// GatewayError is an error of the ARM front door.
func GatewayError(status int, code, format string, args ...any) *Error {
	return &Error{Status: status, Code: code, Message: fmt.Sprintf(format, args...), Gateway: true}
}

// ProviderError is a wrapped error of a resource provider.
func ProviderError(status int, code, format string, args ...any) *Error {
	return &Error{Status: status, Code: code, Message: fmt.Sprintf(format, args...)}
}

// FlatError is an error in the AKS resource provider's own shape.
func FlatError(status int, code, format string, args ...any) *Error {
	return &Error{Status: status, Code: code, Message: fmt.Sprintf(format, args...), Flat: true}
}

// ResourceNotFound is the gateway's 404 for a top-level resource.
func ResourceNotFound(id ID) *Error {
	return GatewayError(http.StatusNotFound, "ResourceNotFound", "The Resource '%s' under resource group '%s' was not found. For more details please go to https://aka.ms/ARMResourceNotFoundFix", id.Path(), id.ResourceGroup)
}

// GroupNotFound is the gateway's 404 for anything inside an absent resource group.
func GroupNotFound(name string) *Error {
	return GatewayError(http.StatusNotFound, "ResourceGroupNotFound", "Resource group '%s' could not be found.", name)
}

// ParentNotFound is the gateway's 404 when the enclosing resource is absent.
func ParentNotFound(verb string, id ID) *Error {
	typ := id.Type()[len(id.Provider)+1:]
	return GatewayError(http.StatusNotFound, "ParentResourceNotFound", "Failed to perform '%s' on resource(s) of type '%s', because the parent resource '%s' could not be found.", verb, typ, id.Parent().String())
}
