package arm

import (
	"crypto/x509"
	"errors"
	"net/http"
	"regexp"
	"strings"
	"time"

	azruntime "github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
)

// CodeAuthenticationFailed is the code of a sign-in that failed without an AADSTS number.
const CodeAuthenticationFailed = "AuthenticationFailed"

var aadsts = regexp.MustCompile(`AADSTS\d+`)

// signInReason is what decides about a certificate: "[Reason - The key used is expired., Thumbprint of key used by client: ...]".
var signInReason = regexp.MustCompile(`\[Reason - ([^.,\]]+)`)

// signInError turns what azidentity returns (many lines, with trace ids and timestamps) into one stable line. A sign-in that Entra ID
// refused has status 401; one that got no answer is an UnreachableError, because nothing is wrong with the credentials then.
func signInError(err error, authority string) error {
	var body []byte
	status := http.StatusUnauthorized
	e := &Error{}
	failed, ok := errors.AsType[*azidentity.AuthenticationFailedError](err)
	if ok && failed.RawResponse != nil {
		if failed.RawResponse.Body != nil {
			body, _ = azruntime.Payload(failed.RawResponse) // in memory; the description is optional
		}
		if s := failed.RawResponse.StatusCode; s == http.StatusTooManyRequests || s >= http.StatusInternalServerError {
			status = s
			e.RetryAfter = RetryAfter(failed.RawResponse.Header, time.Now())
			if e.RetryAfter == 0 && s == http.StatusTooManyRequests {
				e.RetryAfter = defaultThrottleWait
			}
		}
	}
	description := stringAt(decodeObject(body), "error_description")
	if !ok || failed.RawResponse == nil {
		description = err.Error()
		if m := networkText.FindString(description); m != "" && !aadsts.MatchString(description) {
			if strings.Contains(m, "unknown authority") {
				m = x509.UnknownAuthorityError{}.Error() + adviceCA
			}
			return &UnreachableError{Endpoint: authority, Reason: m, Err: err}
		}
	}
	e.Status = status
	e.Code = CodeAuthenticationFailed
	if code := aadsts.FindString(description); code != "" {
		e.Code = code
	}
	e.Message = signInMessage(description)
	if e.Message == "" {
		e.Message = "the sign-in was refused without a reason by " + authority
	}
	return e
}

// signInMessage is the first sentence of an error_description such as
// "AADSTS7000215: Invalid client secret provided. Ensure ... Trace ID: ... Timestamp: ...".
func signInMessage(description string) string {
	if i := aadsts.FindStringIndex(description); i != nil {
		description = strings.TrimLeft(description[i[1]:], ": ")
	}
	description, _, _ = strings.Cut(description, "\n")
	description, _, _ = strings.Cut(description, "Trace ID:")
	description = stable(description)
	why := signInReason.FindStringSubmatch(description)
	if i := strings.Index(description, ". "); i > 0 {
		description = description[:i+1]
	}
	if why != nil && !strings.Contains(description, why[1]) {
		description += " (" + why[1] + ")"
	}
	return description
}
