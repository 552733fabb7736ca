package resources

import (
	"net/http"
	"strings"

	"github.com/capaks/capaks/azuresim/arm"
	"github.com/capaks/capaks/azuresim/fabric"
	"github.com/capaks/capaks/azuresim/world"
)

// CheckPlace is what the gateway checks of every write of a resource that has a location of its own: where it may be,
// that it stays where it is, and its tags.
func CheckPlace(w *world.World, rq *arm.Request, stored *fabric.Resource, typ string) error {
	location := arm.Location(arm.Str(rq.Body, "location"))
	switch {
	case location == "":
		return arm.GatewayError(http.StatusBadRequest, "LocationRequired", "The location property is required for this definition.")
	case !w.HasLocation(location):
		return arm.GatewayError(http.StatusBadRequest, "LocationNotAvailableForResourceType", "The provided location '%s' is not available for resource type '%s'. List of available regions for the resource type is '%s'.", location, typ, strings.Join(w.Locations, ","))
	case stored != nil && stored.Location != location:
		return arm.GatewayError(http.StatusConflict, "InvalidResourceLocation", "The resource '%s' already exists in location '%s' in resource group '%s'. A resource with the same name cannot be created in location '%s'. Please select a new resource name.", stored.Name, stored.Location, rq.ID.ResourceGroup, location)
	}
	return CheckTags(arm.Map(rq.Body, "tags"))
}
