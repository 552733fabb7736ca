package world

// The identities of the world that exists without a configuration file.
const (
	TenantA       = "11111111-1111-1111-1111-111111111111"
	SubscriptionA = "00000000-0000-0000-0000-000000000000"
	// SubscriptionDocs is the one the documentation's manifests name.
	SubscriptionDocs = "fae7cc14-bfba-4471-9435-f945b42a16dd"
	ClientA          = "aaaaaaaa-0000-4000-8000-000000000001"
	SecretA          = "azuresim-secret-a"
	// ClientIdentity is a user-assigned managed identity with the same rights as ClientA.
	ClientIdentity = "aaaaaaaa-0000-4000-8000-000000000002"
	// ClientNobody may sign in but has no role.
	ClientNobody = "aaaaaaaa-0000-4000-8000-000000000003"
	SecretNobody = "azuresim-secret-nobody"

	TenantB       = "22222222-2222-2222-2222-222222222222"
	SubscriptionB = "22222222-0000-0000-0000-000000000000"
	ClientB       = "bbbbbbbb-0000-4000-8000-000000000001"
	SecretB       = "azuresim-secret-b"
)

// Default is the world without a configuration: two tenants that cannot see each other.
func Default() World {
	sub := func(id string) string { return "/subscriptions/" + id }
	return World{
		Tenants: []Tenant{{ID: TenantA, Domain: "contoso.onmicrosoft.com"}, {ID: TenantB, Domain: "fabrikam.onmicrosoft.com"}},
		Subscriptions: []Subscription{
			{ID: SubscriptionA, TenantID: TenantA, DisplayName: "Contoso"},
			{ID: SubscriptionDocs, TenantID: TenantA, DisplayName: "Contoso documentation"},
			{ID: SubscriptionB, TenantID: TenantB, DisplayName: "Fabrikam"},
		},
		Principals: []Principal{
			{TenantID: TenantA, ClientID: ClientA, DisplayName: "contoso-capi", Secret: SecretA},
			{TenantID: TenantA, ClientID: ClientIdentity, DisplayName: "contoso-identity", ManagedIdentity: true,
				ResourceID: sub(SubscriptionA) + "/resourceGroups/identities/providers/Microsoft.ManagedIdentity/userAssignedIdentities/contoso-identity"},
			{TenantID: TenantA, ClientID: ClientNobody, DisplayName: "contoso-nobody", Secret: SecretNobody},
			{TenantID: TenantB, ClientID: ClientB, DisplayName: "fabrikam-capi", Secret: SecretB},
		},
		Roles: []RoleAssignment{
			{ClientA, "Contributor", sub(SubscriptionA)}, {ClientA, "Contributor", sub(SubscriptionDocs)},
			{ClientIdentity, "Contributor", sub(SubscriptionA)}, {ClientIdentity, "Contributor", sub(SubscriptionDocs)},
			{ClientB, "Contributor", sub(SubscriptionB)},
		},
		Locations: []string{
			"australiaeast", "brazilsouth", "canadacentral", "centralindia", "centralus", "eastasia", "eastus", "eastus2", "francecentral",
			"germanywestcentral", "japaneast", "koreacentral", "northcentralus", "northeurope", "norwayeast", "southafricanorth", "southcentralus",
			"southeastasia", "swedencentral", "switzerlandnorth", "uksouth", "westcentralus", "westeurope", "westus", "westus2", "westus3",
		},
		Quotas:   []Quota{{Family: "cores", Limit: 10000}},
		Versions: defaultVersions(),
		VMSizes:  defaultSizes(), Extensions: defaultExtensions(),
	}
}
