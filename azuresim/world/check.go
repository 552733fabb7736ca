package world

import (
	"encoding/pem"
	"fmt"
	"regexp"
	"strings"
)

// Check finds what would surprise later: references to nothing, missing names, values no look-up can use. Each message
// names the place, the value and the way out.
func (w *World) Check() error { return w.CheckIn(w) }

// CheckIn is Check for a part that has become one of all: it may refer to anything there, and messages name the places
// in the part.
func (w *World) CheckIn(all *World) error {
	for _, check := range []func(*World) error{w.checkDirectories, w.checkPrincipals, w.checkRoles, w.checkPlaces, w.checkVersions, w.checkSizes} {
		if err := check(all); err != nil {
			return err
		}
	}
	return nil
}

func (w *World) checkDirectories(all *World) error {
	for i, t := range w.Tenants {
		if t.ID == "" {
			return fmt.Errorf("tenants[%d].id is missing; it is a GUID", i)
		}
	}
	for i, s := range w.Subscriptions {
		if s.ID == "" {
			return fmt.Errorf("subscriptions[%d].id is missing; it is a GUID", i)
		}
		if all.Tenant(s.TenantID) == nil {
			return fmt.Errorf("subscriptions[%d].tenantId %q is not among the tenants; add it there or use one of %s", i, s.TenantID, names(all.Tenants, func(t Tenant) string { return t.ID }))
		}
	}
	return nil
}

func (w *World) checkPrincipals(all *World) error {
	for i, p := range w.Principals {
		at := fmt.Sprintf("principals[%d]", i)
		switch {
		case p.ClientID == "" && p.ObjectID == "":
			return fmt.Errorf("%s.clientId is missing; it is the GUID a client signs in with", at)
		case all.Tenant(p.TenantID) == nil:
			return fmt.Errorf("%s.tenantId %q is not among the tenants; add it there or use one of %s", at, p.TenantID, names(all.Tenants, func(t Tenant) string { return t.ID }))
		case p.CertificatePEM != "" && !hasPEM(p.CertificatePEM, "CERTIFICATE"):
			return fmt.Errorf("%s.certificatePem holds no PEM block of type CERTIFICATE", at)
		}
		for resource, seconds := range p.TokenSeconds {
			if seconds <= 0 {
				return fmt.Errorf("%s.tokenSeconds[%s] is %d; a token lives at least a second", at, resource, seconds)
			}
		}
		for j, f := range p.Federated {
			switch {
			case f.Issuer == "" || f.Subject == "":
				return fmt.Errorf("%s.federated[%d] needs issuer and subject", at, j)
			case f.PublicKeyPEM != "" && !hasPEM(f.PublicKeyPEM, "PUBLIC KEY", "CERTIFICATE"):
				return fmt.Errorf("%s.federated[%d].publicKeyPem holds no PEM block of type PUBLIC KEY or CERTIFICATE", at, j)
			}
		}
	}
	return nil
}

func hasPEM(text string, types ...string) bool {
	for block, rest := pem.Decode([]byte(text)); block != nil; block, rest = pem.Decode(rest) {
		for _, t := range types {
			if block.Type == t {
				return true
			}
		}
	}
	return false
}

func (w *World) checkRoles(all *World) error {
	for i, r := range w.Roles {
		switch {
		case all.Principal(r.Principal) == nil:
			return fmt.Errorf("roleAssignments[%d].principal %q is neither the client id nor the object id of a principal", i, r.Principal)
		case RoleNamed(r.Role) == nil:
			return fmt.Errorf("roleAssignments[%d].role %q is no built-in role; use its name, such as Owner, Contributor or Reader, or its GUID", i, r.Role)
		case !strings.HasPrefix(r.Scope, "/"):
			return fmt.Errorf("roleAssignments[%d].scope %q is no id; a subscription is /subscriptions/<GUID>", i, r.Scope)
		}
	}
	for i, p := range w.Policies {
		if !strings.HasPrefix(p.Scope, "/subscriptions/") {
			return fmt.Errorf("tagPolicies[%d].scope %q is no id; a subscription is /subscriptions/<GUID>", i, p.Scope)
		}
	}
	return nil
}

func (w *World) checkPlaces(all *World) error {
	for i, l := range w.Locations {
		if l == "" || l != strings.ToLower(strings.ReplaceAll(l, " ", "")) {
			return fmt.Errorf("locations[%d] %q is not how Azure writes it in ids: in lower case and without spaces, as westus2", i, l)
		}
	}
	for i, q := range w.Quotas {
		switch {
		case q.Family == "":
			return fmt.Errorf("quotas[%d].family is missing; \"cores\" is the total of a region", i)
		case q.Limit < 0:
			return fmt.Errorf("quotas[%d].limit %d is negative", i, q.Limit)
		case q.Location != "" && !all.HasLocation(q.Location):
			return fmt.Errorf("quotas[%d].location %q is not among the locations: %s", i, q.Location, strings.Join(all.Locations, ", "))
		}
	}
	return nil
}

var minor, patch = regexp.MustCompile(`^\d+\.\d+$`), regexp.MustCompile(`^\d+\.\d+\.\d+$`)

func (w *World) checkVersions(all *World) error {
	if len(all.Versions) == 0 {
		return fmt.Errorf("versions is empty; a cluster needs one to run")
	}
	for i, v := range w.Versions {
		if !minor.MatchString(v.Minor) || len(v.Patches) == 0 {
			return fmt.Errorf("versions[%d] needs minor, as \"1.34\" and not %q, and patches, oldest first", i, v.Minor)
		}
		for _, p := range v.Patches {
			if !patch.MatchString(p) || !strings.HasPrefix(p, v.Minor+".") {
				return fmt.Errorf("versions[%d].patches has %q, which is no patch of %s; write it as %s.1", i, p, v.Minor, v.Minor)
			}
		}
	}
	return nil
}

func (w *World) checkSizes(*World) error {
	for i, s := range w.VMSizes {
		if s.Name == "" || s.VCPUs <= 0 || s.Family == "" {
			return fmt.Errorf("vmSizes[%d] %q needs name, vCPUs above 0 and family, which quotas are about", i, s.Name)
		}
	}
	return nil
}

func names[T any](list []T, name func(T) string) string {
	out := make([]string, 0, len(list))
	for _, x := range list {
		out = append(out, name(x))
	}
	return strings.Join(out, ", ")
}
