package v1beta1

import (
	"bytes"
	"encoding/json"
)

// SKUTier is a pricing tier of the AKS control plane.
type SKUTier string

// Tiers. TierPaid is the old name of TierStandard and means the same.
const (
	TierFree     SKUTier = "Free"
	TierPaid     SKUTier = "Paid"
	TierStandard SKUTier = "Standard"
	TierPremium  SKUTier = "Premium"
)

// SKUName is the kind of cluster.
type SKUName string

// Kinds of clusters: one that is configured freely, and one AKS configures and operates by itself (AKS Automatic).
const (
	SKUNameBase      SKUName = "Base"
	SKUNameAutomatic SKUName = "Automatic"
)

// SKU is the pricing tier of the control plane. It may be written as a bare string (`sku: Free`) or as an object
// (`sku: {tier: Free}`); both mean the same and are kept as they were written, so that a GitOps tool never sees a
// difference. See docs/decisions/0001-sku-as-string.md.
type SKU struct {
	// tier is one of Free (no uptime guarantee, the default of AKS), Standard (financially backed uptime guarantee; Paid
	// is its old name) and Premium (long-term support). It can be changed at any time.
	Tier SKUTier `json:"tier" arm:"sku.tier,fold,alias=Paid:Standard"`

	// name is Base (the default) or Automatic: AKS then chooses most settings by itself.
	// https://learn.microsoft.com/azure/aks/intro-aks-automatic
	Name SKUName `json:"name,omitempty" arm:"sku.name,fold"`

	// Bare says that the value was written as a bare string and is to be written back so.
	Bare bool `json:"-"`
}

// UnmarshalJSON accepts both forms. Anything else, which the CRD refuses before it gets here, decodes to an empty tier:
// an object that cannot be decoded could not even be deleted.
func (s *SKU) UnmarshalJSON(data []byte) error {
	*s = SKU{}
	if data = bytes.TrimSpace(data); len(data) == 0 {
		return nil
	}
	switch data[0] {
	case '"':
		s.Bare = true
		return json.Unmarshal(data, (*string)(&s.Tier))
	case '{':
		var object struct {
			Tier any `json:"tier"`
			Name any `json:"name"`
		}
		if err := json.Unmarshal(data, &object); err != nil {
			return err
		}
		if tier, ok := object.Tier.(string); ok {
			s.Tier = SKUTier(tier)
		}
		if name, ok := object.Name.(string); ok {
			s.Name = SKUName(name)
		}
	}
	return nil
}

// MarshalJSON writes the form that was read.
func (s SKU) MarshalJSON() ([]byte, error) {
	if s.Bare {
		return json.Marshal(string(s.Tier))
	}
	object := map[string]string{"tier": string(s.Tier)}
	if s.Name != "" {
		object["name"] = string(s.Name)
	}
	return json.Marshal(object)
}
