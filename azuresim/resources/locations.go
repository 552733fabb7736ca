package resources

import (
	"net/http"

	"github.com/capaks/capaks/azuresim/arm"
)

// place is what Azure tells about a region.
type place struct {
	display, group, geography, longitude, latitude, physical, pair string
}

const (
	us     = "US"
	europe = "Europe"
	asia   = "Asia Pacific"
	usa    = "United States"
)

// places are facts about the regions of the default world.
var places = map[string]place{
	"australiaeast":      {"Australia East", asia, "Australia", "151.2094", "-33.86", "New South Wales", "australiasoutheast"},
	"brazilsouth":        {"Brazil South", "South America", "Brazil", "-46.633", "-23.55", "Sao Paulo State", "southcentralus"},
	"canadacentral":      {"Canada Central", "Canada", "Canada", "-79.383", "43.653", "Toronto", "canadaeast"},
	"centralindia":       {"Central India", asia, "India", "73.9197", "18.5822", "Pune", "southindia"},
	"centralus":          {"Central US", us, usa, "-93.6208", "41.5908", "Iowa", "eastus2"},
	"eastasia":           {"East Asia", asia, "Asia Pacific", "114.188", "22.267", "Hong Kong", "southeastasia"},
	"eastus":             {"East US", us, usa, "-79.8164", "37.3719", "Virginia", "westus"},
	"eastus2":            {"East US 2", us, usa, "-78.3889", "36.6681", "Virginia", "centralus"},
	"francecentral":      {"France Central", europe, "France", "2.3730", "46.3772", "Paris", "francesouth"},
	"germanywestcentral": {"Germany West Central", europe, "Germany", "8.682127", "50.110924", "Frankfurt", "germanynorth"},
	"japaneast":          {"Japan East", asia, "Japan", "139.77", "35.68", "Tokyo, Saitama", "japanwest"},
	"koreacentral":       {"Korea Central", asia, "Korea", "126.9780", "37.5665", "Seoul", "koreasouth"},
	"northcentralus":     {"North Central US", us, usa, "-87.6278", "41.8819", "Illinois", "southcentralus"},
	"northeurope":        {"North Europe", europe, "Europe", "-6.2597", "53.3478", "Ireland", "westeurope"},
	"norwayeast":         {"Norway East", europe, "Norway", "10.752245", "59.913868", "Norway", "norwaywest"},
	"southafricanorth":   {"South Africa North", "Africa", "South Africa", "28.218370", "-25.731340", "Johannesburg", "southafricawest"},
	"southcentralus":     {"South Central US", us, usa, "-98.5", "29.4167", "Texas", "northcentralus"},
	"southeastasia":      {"Southeast Asia", asia, "Asia Pacific", "103.833", "1.283", "Singapore", "eastasia"},
	"swedencentral":      {"Sweden Central", europe, "Sweden", "17.14127", "60.67488", "Gävle", "swedensouth"},
	"switzerlandnorth":   {"Switzerland North", europe, "Switzerland", "8.564572", "47.451542", "Zurich", "switzerlandwest"},
	"uksouth":            {"UK South", europe, "United Kingdom", "-0.799", "50.941", "London", "ukwest"},
	"westcentralus":      {"West Central US", us, usa, "-110.234", "40.890", "Wyoming", "westus2"},
	"westeurope":         {"West Europe", europe, "Europe", "4.9", "52.3667", "Netherlands", "northeurope"},
	"westus":             {"West US", us, usa, "-122.417", "37.783", "California", "eastus"},
	"westus2":            {"West US 2", us, usa, "-119.852", "47.233", "Washington", "westcentralus"},
	"westus3":            {"West US 3", us, usa, "-112.074036", "33.448376", "Phoenix", "eastus"},
}

// placeOf falls back to the bare name: a configured world may have regions Azure does not.
func placeOf(location string) place {
	if p, ok := places[location]; ok {
		return p
	}
	return place{display: location, group: "Other", geography: "Other"}
}

// geographySince is the api-version from which a location says which geography it belongs to.
const geographySince = "2022-12-01"

func (p *Provider) locations(rq *arm.Request) (*arm.Response, error) {
	root := "/subscriptions/" + p.World.Get().Subscription(rq.ID.Subscription).ID + "/locations/"
	value := []any{}
	for _, l := range p.World.Get().Locations {
		at := placeOf(l)
		metadata := arm.Object{"regionType": "Physical", "regionCategory": "Recommended", "geographyGroup": at.group, "longitude": at.longitude, "latitude": at.latitude, "physicalLocation": at.physical, "pairedRegion": []any{}}
		if at.pair != "" {
			metadata["pairedRegion"] = []any{arm.Object{"name": at.pair, "id": root + at.pair}}
		}
		if rq.APIVersion >= geographySince {
			metadata["geography"] = at.geography
		}
		value = append(value, arm.Object{"id": root + l, "name": l, "type": "Region", "displayName": at.display, "regionalDisplayName": "(" + at.group + ") " + at.display, "metadata": metadata})
	}
	return arm.Respond(http.StatusOK, arm.Page(rq, value)), nil
}
