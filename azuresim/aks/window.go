package aks

import (
	"strings"
	"time"

	"github.com/capaks/capaks/azuresim/arm"
)

// When maintenance windows are open. Of what the service does on its own only the update runs of a fleet ask.

// horizon is how far ahead a window is looked for: schedules repeat within six months.
const horizon = 400

// MaintenanceOpens is when the window for a kind of upgrade opens; zero when it is open now or none is configured.
// Kubernetes upgrades, which bring images along, follow one window and upgrades of the images alone another.
func (p *Provider) MaintenanceOpens(id, kind string) time.Time {
	name := upgradeMaintenance
	if kind == "NodeImageOnly" {
		name = nodeOSMaintenance
	}
	config := p.Fabric.Get(id + "/maintenanceConfigurations/" + name)
	if config == nil {
		return time.Time{}
	}
	return windowOpens(arm.Map(config.Body, "properties.maintenanceWindow"), p.Fabric.Clock.Now())
}

// windowOpens finds the next start of a window, zero when one is open. Offsets apply to all dates in it.
func windowOpens(window arm.Object, now time.Time) time.Time {
	zone := time.UTC
	if at, err := time.Parse("-07:00", arm.Str(window, "utcOffset")); err == nil {
		zone = at.Location()
	}
	clock, _ := time.Parse("15:04", arm.Str(window, "startTime"))
	first, _ := time.ParseInLocation(dateFormat, arm.Str(window, "startDate"), zone)
	hours, _ := arm.Int(window, "durationHours")
	y, m, d := now.In(zone).Date()
	for i := -1; i < horizon; i++ {
		day := time.Date(y, m, d+i, 0, 0, 0, 0, zone)
		if day.Before(first) || !occurs(arm.Map(window, "schedule"), first, day) || excluded(window, day) {
			continue
		}
		opens := day.Add(time.Duration(clock.Hour())*time.Hour + time.Duration(clock.Minute())*time.Minute)
		switch {
		case opens.After(now):
			return opens
		case opens.Add(time.Duration(hours) * time.Hour).After(now):
			return time.Time{}
		}
	}
	return now.AddDate(0, 0, horizon)
}

// occurs says whether a schedule that starts on the first day names a day.
func occurs(schedule arm.Object, first, day time.Time) bool {
	every := func(path string, passed int) bool {
		n, _ := arm.Int(schedule, path)
		return n > 0 && passed%int(n) == 0
	}
	days := int(day.Sub(first).Hours()+12) / 24
	months := (day.Year()-first.Year())*12 + int(day.Month()-first.Month())
	switch {
	case schedule["daily"] != nil:
		return every("daily.intervalDays", days)
	case schedule["weekly"] != nil:
		return isDay(schedule, "weekly.dayOfWeek", day) && every("weekly.intervalWeeks", days/7)
	case schedule["absoluteMonthly"] != nil:
		n, _ := arm.Int(schedule, "absoluteMonthly.dayOfMonth")
		return day.Day() == min(int(n), lastDay(day)) && every("absoluteMonthly.intervalMonths", months)
	}
	// Weeks of a month are counted from its first day, the last one from its last.
	week, known := map[string]int{"First": 0, "Second": 1, "Third": 2, "Fourth": 3, "Last": 4}[arm.Str(schedule, "relativeMonthly.weekIndex")]
	inWeek := (day.Day()-1)/7 == week
	if arm.Str(schedule, "relativeMonthly.weekIndex") == "Last" {
		inWeek = lastDay(day)-day.Day() < 7
	}
	return known && inWeek && isDay(schedule, "relativeMonthly.dayOfWeek", day) && every("relativeMonthly.intervalMonths", months)
}

func isDay(schedule arm.Object, path string, day time.Time) bool {
	return strings.EqualFold(arm.Str(schedule, path), day.Weekday().String())
}

func lastDay(day time.Time) int {
	return time.Date(day.Year(), day.Month()+1, 0, 0, 0, 0, 0, day.Location()).Day()
}

// excluded says whether notAllowedDates rule a day out.
func excluded(window arm.Object, day time.Time) bool {
	date := day.Format(dateFormat)
	for _, raw := range arm.List(window, "notAllowedDates") {
		span, _ := raw.(map[string]any)
		if date >= arm.Str(span, "start") && date <= arm.Str(span, "end") {
			return true
		}
	}
	return false
}
