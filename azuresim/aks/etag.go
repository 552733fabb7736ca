package aks

import (
	"net/http"

	"github.com/capaks/capaks/azuresim/arm"
)

// precondition implements the table of "use eTags" in the AKS documentation.
func precondition(rq *arm.Request, exists bool, etag string) error {
	match, none := rq.Header.Get("If-Match"), rq.Header.Get("If-None-Match")
	switch {
	case match != "" && none != "":
		return arm.FlatError(http.StatusBadRequest, "BadRequest", "If-Match and If-None-Match must not be used together.")
	case none != "" && none != "*":
		return arm.FlatError(http.StatusBadRequest, "BadRequest", "If-None-Match must be empty or '*', got '%s'.", none)
	case none == "*" && exists:
		return arm.FlatError(http.StatusPreconditionFailed, "PreconditionFailed", "The resource exists already, but If-None-Match '*' was provided. Current eTag is '%s'.", etag)
	case match != "" && !exists:
		return arm.FlatError(http.StatusPreconditionFailed, "PreconditionFailed", "Resource not found but ETag header is provided. If this is a request to create, please do not provide ETag.")
	case match != "" && match != "*" && match != etag:
		return arm.FlatError(http.StatusPreconditionFailed, "PreconditionFailed", "The provided eTag '%s' does not match the current eTag '%s' of the resource.", match, etag)
	}
	return nil
}
