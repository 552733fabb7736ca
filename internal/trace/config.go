package trace

import (
	"fmt"
	"math"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// config is what the standard variables OTEL_* say.
type config struct {
	endpoint string
	headers  map[string]string
	resource []attribute
	delay    time.Duration
	timeout  time.Duration
	queue    int
	ratio    float64
}

const protocolJSON = "http/json"

// configFrom reads the variables; on is false where they ask for no traces.
func configFrom(getenv func(string) string, version string) (c config, on bool, err error) {
	either := func(name string) (value, variable string) {
		if value := getenv("OTEL_EXPORTER_OTLP_TRACES_" + name); value != "" {
			return value, "OTEL_EXPORTER_OTLP_TRACES_" + name
		}
		return getenv("OTEL_EXPORTER_OTLP_" + name), "OTEL_EXPORTER_OTLP_" + name
	}
	endpoint, variable := either("ENDPOINT")
	if endpoint == "" || strings.EqualFold(getenv("OTEL_SDK_DISABLED"), "true") || getenv("OTEL_TRACES_EXPORTER") == "none" {
		return c, false, nil
	}
	if value, variable := either("PROTOCOL"); value != "" && value != protocolJSON {
		return c, false, fmt.Errorf("%s is %q: the manager sends %s only; set it to that, and the endpoint to the collector's HTTP port (4318 as a rule)", variable, value, protocolJSON)
	}
	u, err := url.Parse(endpoint)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return c, false, fmt.Errorf("%s is %q: give an address such as http://collector:4318", variable, endpoint)
	}
	if variable == "OTEL_EXPORTER_OTLP_ENDPOINT" { // the other one is the whole address
		u = u.JoinPath("v1", "traces")
	}
	c.endpoint = u.String()
	headers, variable := either("HEADERS")
	if c.headers, err = pairs(variable, headers); err != nil {
		return c, false, err
	}
	if err := c.identify(getenv, version); err != nil {
		return c, false, err
	}
	if c.ratio, err = ratio(getenv); err != nil || c.ratio == 0 {
		return c, false, err
	}
	timeout, variable := either("TIMEOUT")
	if c.timeout, err = milliseconds(variable, timeout, 10*time.Second); err != nil {
		return c, false, err
	}
	if c.delay, err = milliseconds("OTEL_BSP_SCHEDULE_DELAY", getenv("OTEL_BSP_SCHEDULE_DELAY"), 5*time.Second); err != nil {
		return c, false, err
	}
	c.queue = 2048
	if value := getenv("OTEL_BSP_MAX_QUEUE_SIZE"); value != "" {
		if c.queue, err = strconv.Atoi(value); err != nil || c.queue < 1 {
			return c, false, fmt.Errorf("OTEL_BSP_MAX_QUEUE_SIZE is %q: give a number of spans", value)
		}
	}
	return c, true, nil
}

// identify says who sends the spans.
func (c *config) identify(getenv func(string) string, version string) error {
	attributes, err := pairs("OTEL_RESOURCE_ATTRIBUTES", getenv("OTEL_RESOURCE_ATTRIBUTES"))
	if err != nil {
		return err
	}
	for key, value := range map[string]string{"service.name": "capaks-manager", "service.version": version, "k8s.namespace.name": getenv("POD_NAMESPACE"), "k8s.pod.name": getenv("POD_NAME")} {
		if attributes[key] == "" && value != "" {
			attributes[key] = value
		}
	}
	if name := getenv("OTEL_SERVICE_NAME"); name != "" {
		attributes["service.name"] = name
	}
	for key, value := range attributes {
		c.resource = append(c.resource, attribute{key, value})
	}
	return nil
}

// ratio is the share of traces to send. A reconcile has no parent elsewhere, so the samplers that ask one are the plain ones.
func ratio(getenv func(string) string) (float64, error) {
	sampler := getenv("OTEL_TRACES_SAMPLER")
	switch strings.TrimPrefix(sampler, "parentbased_") {
	case "", "always_on":
		return 1, nil
	case "always_off":
		return 0, nil
	case "traceidratio":
		text := getenv("OTEL_TRACES_SAMPLER_ARG")
		if text == "" {
			return 1, nil
		}
		share, err := strconv.ParseFloat(text, 64)
		if err != nil || math.IsNaN(share) || share < 0 || share > 1 {
			return 0, fmt.Errorf("OTEL_TRACES_SAMPLER_ARG is %q: give a number from 0 to 1", text)
		}
		return share, nil
	}
	return 0, fmt.Errorf("OTEL_TRACES_SAMPLER is %q: choose always_on, always_off or traceidratio", sampler)
}

func milliseconds(variable, text string, otherwise time.Duration) (time.Duration, error) {
	if text == "" {
		return otherwise, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		return 0, fmt.Errorf("%s is %q: give a number of milliseconds", variable, text)
	}
	return time.Duration(n) * time.Millisecond, nil
}

// pairs reads key=value,key=value with the values as in URLs. An error does not show the value: it may be a secret.
func pairs(variable, text string) (map[string]string, error) {
	all := map[string]string{}
	for part := range strings.SplitSeq(text, ",") {
		if strings.TrimSpace(part) == "" {
			continue
		}
		key, value, found := strings.Cut(part, "=")
		decoded, err := url.PathUnescape(strings.TrimSpace(value))
		if !found || err != nil {
			return nil, fmt.Errorf("%s: the part that begins with %q is not key=value", variable, strings.TrimSpace(key))
		}
		all[strings.TrimSpace(key)] = decoded
	}
	return all, nil
}
