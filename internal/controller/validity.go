package controller

import (
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/capaks/capaks/api/v1beta1"
)

// reasonExpiresSoon is that of credentials which work, but not for long.
const reasonExpiresSoon = "ExpiresSoon"

// certificateWarning is how long before its end a certificate is worth a warning: long enough for somebody to come back from
// a holiday, and to have one signed.
const certificateWarning = 30 * 24 * time.Hour

// validityVerdict is that of credentials which were not refused. The end of a client secret is known to Entra ID only, and a
// federated token is renewed every hour: about them there is nothing to say.
func validityVerdict(notAfter, now time.Time) verdict {
	if notAfter.IsZero() {
		return good
	}
	end := notAfter.UTC().Format(time.RFC3339)
	const wayOut = "have a new one registered with the application and put it where the AzureClusterIdentity says"
	switch left := notAfter.Sub(now); {
	case left <= 0:
		return well(reasonExpiresSoon, fmt.Sprintf("the certificate was valid until %s, and no new sign-in works: %s", end, wayOut))
	case left < certificateWarning:
		return well(reasonExpiresSoon, fmt.Sprintf("the certificate is valid until %s, less than %d days: %s", end, int(certificateWarning.Hours()/24), wayOut))
	}
	return well("Valid", "the certificate is valid until "+end)
}

// warnOfExpiry tells once that credentials end soon.
func (r *Reconciler) warnOfExpiry(about runtime.Object, before, after []metav1.Condition) {
	was, is := meta.FindStatusCondition(before, v1beta1.CredentialsValidCondition), meta.FindStatusCondition(after, v1beta1.CredentialsValidCondition)
	if is == nil || is.Reason != reasonExpiresSoon || was != nil && was.Reason == is.Reason && was.Message == is.Message {
		return
	}
	r.event(about, corev1.EventTypeWarning, is.Reason, is.Message)
}
