package aks

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/capaks/capaks/azuresim/arm"
	"github.com/capaks/capaks/azuresim/fabric"
)

// The three names a maintenance configuration can have. The first is the weekly table for the service's own
// maintenance, the others are windows for automatic upgrades.
const (
	defaultMaintenance = "default"
	upgradeMaintenance = "aksManagedAutoUpgradeSchedule"
	nodeOSMaintenance  = "aksManagedNodeOSUpgradeSchedule"
)

// schedules are the alternatives of a window's schedule.
var schedules = []string{"daily", "weekly", "absoluteMonthly", "relativeMonthly"}

const dateFormat = "2006-01-02"

var maintenanceConfiguration = childType{
	name: MaintenanceType, collection: "maintenanceConfigurations", param: "config",
	what: "maintenance configuration", notFound: "GetMaintenanceConfiguration_NotFound", view: viewMaintenance,
}

// viewMaintenance has no type and no systemData, although the description declares both (recorded).
func viewMaintenance(r *fabric.Resource) arm.Object {
	return arm.Object{"id": r.ID, "name": r.Name, "properties": r.Body["properties"]}
}

// putMaintenance answers 200 at once, also for a new configuration (recorded), and whatever runs on the cluster.
func (p *Provider) putMaintenance(rq *arm.Request) (*arm.Response, error) {
	c, err := p.parent(rq)
	if err != nil {
		return nil, err
	}
	if err := checkBody(MaintenanceType, rq); err != nil {
		return nil, err
	}
	props := arm.Map(clean(rq.Body, nil), "properties")
	if err := checkMaintenance(rq.Params["config"], props); err != nil {
		return nil, err
	}
	dropEmpty(props)
	if window := arm.Map(props, "maintenanceWindow"); window != nil {
		dropEmpty(window)
		arm.Default(window, "utcOffset", "+00:00")
		arm.Default(window, "startDate", rq.Now.Format(dateFormat))
	}
	id := c.ARMID().Child("maintenanceConfigurations", rq.Params["config"])
	config := p.Fabric.Get(id.String())
	if config == nil {
		config = p.Fabric.Create(id, "", nil)
		config.State = "Succeeded"
	}
	config.Body = arm.Object{"properties": props}
	p.Fabric.Save(config)
	return pretty(http.StatusOK, viewMaintenance(config)), nil
}

func (p *Provider) deleteMaintenance(rq *arm.Request) (*arm.Response, error) {
	_, config, err := p.child(rq, maintenanceConfiguration)
	switch {
	case err != nil:
		return nil, err
	case config == nil:
		return arm.Respond(http.StatusNoContent, nil), nil
	}
	p.Fabric.Drop(config)
	return arm.Respond(http.StatusOK, nil), nil
}

// checkMaintenance applies what the planned maintenance documentation says about names and windows.
func checkMaintenance(name string, props arm.Object) error {
	invalid := func(parameter, format string, args ...any) error {
		return badRequest("InvalidParameter", parameter, "The value of parameter "+parameter+" is invalid. Error details: "+format+".", args...)
	}
	window := arm.Map(props, "maintenanceWindow")
	switch {
	case strings.EqualFold(name, defaultMaintenance):
		if window != nil {
			return invalid("maintenanceWindow", "maintenanceWindow cannot be used in the maintenance configuration '%s'", name)
		}
		return nil
	case !strings.EqualFold(name, upgradeMaintenance) && !strings.EqualFold(name, nodeOSMaintenance):
		return invalid("configName", "'%s' is not one of %s, %s, %s", name, defaultMaintenance, upgradeMaintenance, nodeOSMaintenance)
	case window == nil:
		return badRequest("InvalidParameter", "maintenanceWindow", "Required parameter maintenanceWindow is missing (null).")
	case len(arm.List(props, "timeInWeek")) > 0 || len(arm.List(props, "notAllowedTime")) > 0:
		return invalid("timeInWeek", "timeInWeek and notAllowedTime belong to the maintenance configuration '%s'", defaultMaintenance)
	}
	if err := checkSchedule(name, arm.Map(window, "schedule"), invalid); err != nil {
		return err
	}
	if hours, ok := arm.Int(window, "durationHours"); !ok || hours < 4 || hours > 24 {
		return invalid("maintenanceWindow.durationHours", "it must be between 4 and 24")
	}
	if _, err := time.Parse("15:04", arm.Str(window, "startTime")); err != nil {
		return invalid("maintenanceWindow.startTime", "'%s' is not a time of day such as 08:30", arm.Str(window, "startTime"))
	}
	if offset := arm.Str(window, "utcOffset"); offset != "" {
		if _, err := time.Parse("-07:00", offset); err != nil {
			return invalid("maintenanceWindow.utcOffset", "'%s' is not an offset such as +05:30", offset)
		}
	}
	return checkDates(window, invalid)
}

func checkSchedule(name string, schedule arm.Object, invalid func(string, string, ...any) error) error {
	kind := ""
	for k := range schedule {
		if !slices.Contains(schedules, k) {
			continue
		}
		if kind != "" {
			return invalid("maintenanceWindow.schedule", "only one of %s can be given", strings.Join(schedules, ", "))
		}
		kind = k
	}
	if kind == "" {
		return invalid("maintenanceWindow.schedule", "one of %s must be given", strings.Join(schedules, ", "))
	}
	if kind == "daily" && !strings.EqualFold(name, nodeOSMaintenance) {
		return invalid("maintenanceWindow.schedule", "a daily schedule is only possible for %s", nodeOSMaintenance)
	}
	return nil
}

func checkDates(window arm.Object, invalid func(string, string, ...any) error) error {
	if start := arm.Str(window, "startDate"); start != "" {
		if _, err := time.Parse(dateFormat, start); err != nil {
			return invalid("maintenanceWindow.startDate", "'%s' is not a date such as 2023-01-31", start)
		}
	}
	for _, raw := range arm.List(window, "notAllowedDates") {
		span, _ := raw.(map[string]any)
		from, errFrom := time.Parse(dateFormat, arm.Str(span, "start"))
		to, errTo := time.Parse(dateFormat, arm.Str(span, "end"))
		if errFrom != nil || errTo != nil || to.Before(from) {
			return invalid("maintenanceWindow.notAllowedDates", "'%s' to '%s' is not a span of dates", arm.Str(span, "start"), arm.Str(span, "end"))
		}
	}
	return nil
}
