package main

import (
	"crypto/tls"
	"fmt"
	"io"
	"net/http"
	"net/http/pprof"
	"strconv"
	"strings"

	"github.com/go-logr/logr"
	authenticationv1 "k8s.io/api/authentication/v1"
	authorizationv1 "k8s.io/api/authorization/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/rest"
	cliflag "k8s.io/component-base/cli/flag"
	"k8s.io/component-base/logs"
	"sigs.k8s.io/controller-runtime/pkg/client"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"
)

// The usual filter for metrics comes with half an API server (CEL, gRPC, tracing): ten MiB of resident memory for one
// question to the API server. See docs/decisions/0004.

// tlsOptions are for the webhooks and the metrics alike.
func (o *options) tlsOptions() ([]func(*tls.Config), error) {
	version, err := cliflag.TLSVersion(o.tlsMinVersion)
	if err != nil {
		return nil, err
	}
	suites, err := cliflag.TLSCipherSuites(o.tlsCipherSuites)
	if err != nil {
		return nil, err
	}
	return []func(*tls.Config){func(c *tls.Config) {
		c.MinVersion = version
		if len(suites) > 0 {
			c.CipherSuites = suites
		}
	}}, nil
}

// metricsOptions serve metrics, profiles and the log level over TLS to those who may have them, or the metrics alone in the clear to
// everybody.
func (o *options) metricsOptions(tlsOptions []func(*tls.Config)) metricsserver.Options {
	options := metricsserver.Options{BindAddress: o.diagnosticsAddress}
	if !o.insecureDiagnostics {
		options.SecureServing, options.TLSOpts, options.FilterProvider = true, tlsOptions, authorized
		options.ExtraHandlers = map[string]http.Handler{
			"/debug/flags/v":       http.HandlerFunc(logLevel),
			"/debug/pprof/":        http.HandlerFunc(pprof.Index),
			"/debug/pprof/cmdline": http.HandlerFunc(pprof.Cmdline),
			"/debug/pprof/profile": http.HandlerFunc(pprof.Profile),
			"/debug/pprof/symbol":  http.HandlerFunc(pprof.Symbol),
			"/debug/pprof/trace":   http.HandlerFunc(pprof.Trace),
		}
	}
	return options
}

// logLevel sets the verbosity of the log to the number in the body of a PUT, until the next start.
func logLevel(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPut {
		w.Header().Set("Allow", http.MethodPut)
		http.Error(w, "PUT a number: the verbosity, as in --v", http.StatusMethodNotAllowed)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 16))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	level := strings.TrimSpace(string(body))
	if _, err := strconv.ParseUint(level, 10, 8); err != nil {
		http.Error(w, fmt.Sprintf("%q is no verbosity: PUT a number from 0 to 10", level), http.StatusBadRequest)
		return
	}
	if _, err := logs.GlogSetter(level); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	_, _ = fmt.Fprintf(w, "successfully set klog.logging.verbosity to %s\n", level) // whoever asked has gone otherwise
}

// authorized lets a request pass whose bearer token belongs to somebody who may do that (get, put) with the path it asks for, as
// the API server sees it. Every scrape asks anew: a scrape is rare, and a right that was taken away ends at once.
func authorized(config *rest.Config, httpClient *http.Client) (metricsserver.Filter, error) {
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{authenticationv1.AddToScheme, authorizationv1.AddToScheme} {
		if err := add(scheme); err != nil {
			return nil, err
		}
	}
	api, err := client.New(config, client.Options{Scheme: scheme, HTTPClient: httpClient})
	if err != nil {
		return nil, err
	}
	return func(log logr.Logger, next http.Handler) (http.Handler, error) {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			token, found := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
			if !found || token == "" {
				http.Error(w, "Unauthorized: send the token of a service account", http.StatusUnauthorized)
				return
			}
			who := &authenticationv1.TokenReview{Spec: authenticationv1.TokenReviewSpec{Token: token}}
			if err := api.Create(r.Context(), who); err != nil {
				log.Error(err, "reviewing a token")
				http.Error(w, "the token could not be reviewed", http.StatusInternalServerError)
				return
			}
			if !who.Status.Authenticated {
				http.Error(w, "Unauthorized: the token is not valid", http.StatusUnauthorized)
				return
			}
			may := &authorizationv1.SubjectAccessReview{Spec: access(who.Status.User, r.Method, r.URL.Path)}
			if err := api.Create(r.Context(), may); err != nil {
				log.Error(err, "reviewing access")
				http.Error(w, "the access could not be reviewed", http.StatusInternalServerError)
				return
			}
			if !may.Status.Allowed {
				http.Error(w, "Forbidden: "+who.Status.User.Username+" may not "+strings.ToLower(r.Method)+" "+r.URL.Path, http.StatusForbidden)
				return
			}
			next.ServeHTTP(w, r)
		}), nil
	}, nil
}

func access(user authenticationv1.UserInfo, method, path string) authorizationv1.SubjectAccessReviewSpec {
	extra := make(map[string]authorizationv1.ExtraValue, len(user.Extra))
	for key, values := range user.Extra {
		extra[key] = authorizationv1.ExtraValue(values)
	}
	return authorizationv1.SubjectAccessReviewSpec{
		User: user.Username, UID: user.UID, Groups: user.Groups, Extra: extra,
		NonResourceAttributes: &authorizationv1.NonResourceAttributes{Path: path, Verb: strings.ToLower(method)},
	}
}
