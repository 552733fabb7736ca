package aks

import (
	"encoding/json"
	"testing"
	"time"
)

func TestWindowOpens(t *testing.T) {
	for _, c := range []struct{ name, window, now, want string }{
		{"daily, tomorrow", `"schedule":{"daily":{"intervalDays":1}},"startTime":"02:00"`, "2026-11-01T12:00:00Z", "2026-11-02T02:00:00Z"},
		{"daily, open since yesterday", `"schedule":{"daily":{"intervalDays":1}},"startTime":"22:00"`, "2026-11-01T01:00:00Z", ""},
		{"every third day", `"schedule":{"daily":{"intervalDays":3}},"startTime":"02:00"`, "2026-10-02T12:00:00Z", "2026-10-04T02:00:00Z"},
		{"weekly", `"schedule":{"weekly":{"intervalWeeks":1,"dayOfWeek":"Saturday"}},"startTime":"00:00"`, "2026-11-01T12:00:00Z", "2026-11-07T00:00:00Z"},
		{"every second week", `"schedule":{"weekly":{"intervalWeeks":2,"dayOfWeek":"Thursday"}},"startTime":"00:00"`, "2026-10-02T00:00:00Z", "2026-10-15T00:00:00Z"},
		{"offset", `"schedule":{"weekly":{"intervalWeeks":1,"dayOfWeek":"Monday"}},"startTime":"01:00","utcOffset":"+05:30"`, "2026-11-01T12:00:00Z", "2026-11-01T19:30:00Z"},
		{"last day of a short month", `"schedule":{"absoluteMonthly":{"intervalMonths":1,"dayOfMonth":31}},"startTime":"00:00"`, "2026-11-01T12:00:00Z", "2026-11-30T00:00:00Z"},
		{"every third month", `"schedule":{"absoluteMonthly":{"intervalMonths":3,"dayOfMonth":15}},"startTime":"08:30"`, "2026-11-01T12:00:00Z", "2027-01-15T08:30:00Z"},
		{"first Monday", `"schedule":{"relativeMonthly":{"intervalMonths":1,"weekIndex":"First","dayOfWeek":"Monday"}},"startTime":"00:00"`, "2026-11-03T12:00:00Z", "2026-12-07T00:00:00Z"},
		{"last Friday", `"schedule":{"relativeMonthly":{"intervalMonths":1,"weekIndex":"Last","dayOfWeek":"Friday"}},"startTime":"00:00"`, "2026-11-03T12:00:00Z", "2026-11-27T00:00:00Z"},
		{"excluded dates", `"schedule":{"daily":{"intervalDays":1}},"startTime":"02:00","notAllowedDates":[{"start":"2026-11-01","end":"2026-11-05"}]`, "2026-11-01T03:00:00Z", "2026-11-06T02:00:00Z"},
		{"not before its start", `"schedule":{"daily":{"intervalDays":1}},"startTime":"02:00","startDate":"2026-12-01"`, "2026-11-01T03:00:00Z", "2026-12-01T02:00:00Z"},
	} {
		t.Run(c.name, func(t *testing.T) {
			window := map[string]any{"startDate": "2026-10-01", "durationHours": int64(4)}
			if err := json.Unmarshal([]byte("{"+c.window+"}"), &window); err != nil {
				t.Fatal(err)
			}
			now, err := time.Parse(time.RFC3339, c.now)
			if err != nil {
				t.Fatal(err)
			}
			got := ""
			if at := windowOpens(window, now); !at.IsZero() {
				got = at.UTC().Format(time.RFC3339)
			}
			if got != c.want {
				t.Errorf("opens %q, want %q (\"\" = is open)", got, c.want)
			}
		})
	}
}
