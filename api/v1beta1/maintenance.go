package v1beta1

// MaintenanceConfiguration says when AKS may work on the cluster by itself.
// https://learn.microsoft.com/azure/aks/planned-maintenance
//
// +kubebuilder:validation:XValidation:rule="self.name == 'default' ? !has(self.maintenanceWindow) : !has(self.timeInWeek) && !has(self.notAllowedTime)",messageExpression="self.name == 'default' ? 'maintenanceConfigurations \"default\" has hours of the week, not a window: use timeInWeek and notAllowedTime, or another name' : 'maintenanceConfigurations \"' + self.name + '\" has a window, not hours of the week: use maintenanceWindow, or the name default'"
// +kubebuilder:validation:XValidation:rule="self.name == 'default' || has(self.maintenanceWindow)",messageExpression="'maintenanceConfigurations \"' + self.name + '\" has no window: write maintenanceWindow'",fieldPath=".maintenanceWindow"
type MaintenanceConfiguration struct {
	// name says what the time is for: default (releases of AKS itself), aksManagedAutoUpgradeSchedule (upgrades by
	// autoUpgradeProfile.upgradeChannel) or aksManagedNodeOSUpgradeSchedule (by autoUpgradeProfile.nodeOSUpgradeChannel).
	// +kubebuilder:validation:Enum=default;aksManagedAutoUpgradeSchedule;aksManagedNodeOSUpgradeSchedule
	Name string `json:"name" arm:"-,name of the maintenance configuration"`

	// timeInWeek are the hours of the week in which AKS may work, in UTC, for the name default.
	// +optional
	// +kubebuilder:validation:MaxItems=7
	TimeInWeek []TimeInWeek `json:"timeInWeek,omitempty" arm:"properties.timeInWeek"`

	// notAllowedTime are times in which AKS must not work, for the name default.
	// +optional
	// +kubebuilder:validation:MaxItems=100
	NotAllowedTime []TimeSpan `json:"notAllowedTime,omitempty" arm:"properties.notAllowedTime"`

	// maintenanceWindow is the window for the other names.
	// +optional
	MaintenanceWindow *MaintenanceWindow `json:"maintenanceWindow,omitempty" arm:"properties.maintenanceWindow"`
}

// Weekday is a day of the week.
//
// +kubebuilder:validation:Enum=Sunday;Monday;Tuesday;Wednesday;Thursday;Friday;Saturday
type Weekday string

// TimeInWeek are hours of one day of the week.
type TimeInWeek struct {
	// day of the week.
	Day Weekday `json:"day" arm:"day,fold"`

	// hourSlots are the hours, in UTC: 1 is from 01:00 to 02:00.
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=24
	// +kubebuilder:validation:items:Minimum=0
	// +kubebuilder:validation:items:Maximum=23
	HourSlots []int32 `json:"hourSlots" arm:"hourSlots,set"`
}

// TimeSpan is a time from start to end, in UTC.
type TimeSpan struct {
	// start of the time, for example 2026-12-24T00:00:00Z.
	// +kubebuilder:validation:Format=date-time
	Start string `json:"start" arm:"start"`

	// end of the time.
	// +kubebuilder:validation:Format=date-time
	End string `json:"end" arm:"end"`
}

// DateSpan are the days from start to end.
type DateSpan struct {
	// start is the first day, for example 2026-12-24.
	// +kubebuilder:validation:Format=date
	Start string `json:"start" arm:"start"`

	// end is the last day.
	// +kubebuilder:validation:Format=date
	End string `json:"end" arm:"end"`
}

// MaintenanceWindow is a repeated window.
type MaintenanceWindow struct {
	// schedule is how often the window comes.
	Schedule MaintenanceSchedule `json:"schedule" arm:"schedule"`

	// durationHours is the length of the window, 4 to 24 hours.
	// +kubebuilder:validation:Minimum=4
	// +kubebuilder:validation:Maximum=24
	DurationHours *int32 `json:"durationHours" arm:"durationHours"`

	// utcOffset is the time zone of startTime, for example +05:30 (default: +00:00).
	// +optional
	// +kubebuilder:validation:Pattern=`^[-+][0-9]{2}:[0-9]{2}$`
	UTCOffset string `json:"utcOffset,omitempty" arm:"utcOffset"`

	// startDate is the day from which on the schedule counts, for example 2026-12-01. Default: at once.
	// +optional
	// +kubebuilder:validation:Format=date
	StartDate string `json:"startDate,omitempty" arm:"startDate"`

	// startTime is the time of day at which the window starts, for example 02:30.
	// +kubebuilder:validation:Pattern=`^[0-9]{2}:[0-9]{2}$`
	StartTime string `json:"startTime" arm:"startTime"`

	// notAllowedDates are days without a window.
	// +optional
	// +kubebuilder:validation:MaxItems=100
	NotAllowedDates []DateSpan `json:"notAllowedDates,omitempty" arm:"notAllowedDates"`
}

// MaintenanceSchedule is how often a window comes: exactly one of its fields is given.
//
// +kubebuilder:validation:ExactlyOneOf=daily;weekly;absoluteMonthly;relativeMonthly
type MaintenanceSchedule struct {
	// daily is every few days.
	// +optional
	Daily *DailySchedule `json:"daily,omitempty" arm:"daily"`

	// weekly is a day of the week, every few weeks.
	// +optional
	Weekly *WeeklySchedule `json:"weekly,omitempty" arm:"weekly"`

	// absoluteMonthly is a day of the month, every few months.
	// +optional
	AbsoluteMonthly *AbsoluteMonthlySchedule `json:"absoluteMonthly,omitempty" arm:"absoluteMonthly"`

	// relativeMonthly is, for example, the last Sunday, every few months.
	// +optional
	RelativeMonthly *RelativeMonthlySchedule `json:"relativeMonthly,omitempty" arm:"relativeMonthly"`
}

// DailySchedule is every few days.
type DailySchedule struct {
	// intervalDays is the number of days between two windows, 1 to 7.
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=7
	IntervalDays *int32 `json:"intervalDays" arm:"intervalDays"`
}

// WeeklySchedule is a day of the week, every few weeks.
type WeeklySchedule struct {
	// intervalWeeks is the number of weeks between two windows, 1 to 4.
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=4
	IntervalWeeks *int32 `json:"intervalWeeks" arm:"intervalWeeks"`

	// dayOfWeek is the day.
	DayOfWeek Weekday `json:"dayOfWeek" arm:"dayOfWeek,fold"`
}

// AbsoluteMonthlySchedule is a day of the month, every few months.
type AbsoluteMonthlySchedule struct {
	// intervalMonths is the number of months between two windows, 1 to 6.
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=6
	IntervalMonths *int32 `json:"intervalMonths" arm:"intervalMonths"`

	// dayOfMonth is the day, 1 to 31.
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=31
	DayOfMonth *int32 `json:"dayOfMonth" arm:"dayOfMonth"`
}

// RelativeMonthlySchedule is, for example, the last Sunday, every few months.
type RelativeMonthlySchedule struct {
	// intervalMonths is the number of months between two windows, 1 to 6.
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=6
	IntervalMonths *int32 `json:"intervalMonths" arm:"intervalMonths"`

	// weekIndex is which of the month's days it is.
	// +kubebuilder:validation:Enum=First;Second;Third;Fourth;Last
	WeekIndex string `json:"weekIndex" arm:"weekIndex,fold"`

	// dayOfWeek is the day.
	DayOfWeek Weekday `json:"dayOfWeek" arm:"dayOfWeek,fold"`
}
