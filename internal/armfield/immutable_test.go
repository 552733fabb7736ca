package armfield

import (
	"fmt"
	"strings"
	"testing"
)

type frozen struct {
	Location string   `json:"location" arm:"location,location,immutable"`
	Name     string   `json:"name" arm:"name,setonce"`
	Group    string   `json:"group" arm:"-,id,fold,precreate"`
	ID       string   `json:"id" arm:"id,id,immutable"`
	Version  string   `json:"version" arm:"version,version,up"`
	Zones    []string `json:"zones" arm:"zones,set,immutable"`
	On       *bool    `json:"on" arm:"on,true-only"`
	Channel  string   `json:"channel" arm:"channel,nounset"`
	Size     *int32   `json:"size" arm:"size,immutable"`
	Free     string   `json:"free" arm:"free"`
}

func TestImmutable(t *testing.T) {
	yes, no, one, two := true, false, int32(1), int32(2)
	for name, c := range map[string]struct {
		old, updated frozen
		want         string // parts of the only violation; none if empty
	}{
		"changed":                {frozen{Location: "westeurope"}, frozen{Location: "eastus"}, `location cannot be changed from "westeurope" to "eastus"`},
		"removed":                {frozen{Location: "westeurope"}, frozen{}, `from "westeurope" to (not set)`},
		"added":                  {frozen{}, frozen{Location: "eastus"}, `from (not set) to "eastus"`},
		"same location":          {frozen{Location: "West Europe"}, frozen{Location: "westeurope"}, ""},
		"same id":                {frozen{ID: "/A/b/"}, frozen{ID: "a/B"}, ""},
		"set once":               {frozen{}, frozen{Name: "a"}, ""},
		"set twice":              {frozen{Name: "a"}, frozen{Name: "b"}, "fixed once it is given"},
		"set once and removed":   {frozen{Name: "a"}, frozen{}, "to (not set)"},
		"name added":             {frozen{}, frozen{Group: "g"}, ""},
		"name in another case":   {frozen{Group: "G"}, frozen{Group: "g"}, ""},
		"name changed":           {frozen{Group: "g"}, frozen{Group: "h"}, `group cannot be changed from "g" to "h"`},
		"upgrade":                {frozen{Version: "v1.9.0"}, frozen{Version: "v1.10.0"}, ""},
		"upgrade from a preview": {frozen{Version: "v1.9.0-beta.1"}, frozen{Version: "1.9.0"}, ""},
		"downgrade":              {frozen{Version: "v1.10.0"}, frozen{Version: "v1.9.0"}, "can only rise"},
		"downgrade to a preview": {frozen{Version: "v1.9.0"}, frozen{Version: "v1.9.0-beta.1"}, "can only rise"},
		"version removed":        {frozen{Version: "v1.9.0"}, frozen{}, "to (not set)"},
		"malformed version":      {frozen{Version: "v1.9.0"}, frozen{Version: "latest"}, ""},
		"zones in another order": {frozen{Zones: []string{"1", "2"}}, frozen{Zones: []string{"2", "1"}}, ""},
		"zones changed":          {frozen{Zones: []string{"1", "2"}}, frozen{Zones: []string{"1"}}, `from "[1 2]" to "[1]"`},
		"turned on":              {frozen{On: &no}, frozen{On: &yes}, ""},
		"turned off":             {frozen{On: &yes}, frozen{On: &no}, `on cannot be changed from "true" to "false"`},
		"turned off by removal":  {frozen{On: &yes}, frozen{}, "not off again"},
		"never on":               {frozen{On: &no}, frozen{}, ""},
		"channel changed":        {frozen{Channel: "a"}, frozen{Channel: "b"}, ""},
		"channel removed":        {frozen{Channel: "a"}, frozen{}, "not removed"},
		"same number":            {frozen{Size: &one}, frozen{Size: new(int32(1))}, ""},
		"another number":         {frozen{Size: &one}, frozen{Size: &two}, `size cannot be changed from "1" to "2"`},
		"free":                   {frozen{Free: "a"}, frozen{Free: "b"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			got := Immutable(&c.old, &c.updated)
			if c.want == "" && len(got) > 0 || c.want != "" && (len(got) != 1 || !strings.Contains(fmt.Sprint(got[0]), c.want)) {
				t.Errorf("got %v, want %q", got, c.want)
			}
		})
	}
}
