package main

import (
	"fmt"
	"os"
	"slices"
	"strings"

	lua "github.com/yuin/gopher-lua"
	"sigs.k8s.io/yaml"
)

// scripts are the health scripts of Argo CD by "group_Kind"; a star in the kind stands for any text.
type scripts map[string]string

const healthKey = "resource.customizations.health."

func readScripts(file string) (scripts, error) {
	raw, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var config struct{ Data map[string]string }
	if err := yaml.Unmarshal(raw, &config); err != nil {
		return nil, err
	}
	found := scripts{}
	for key, text := range config.Data {
		if name, ok := strings.CutPrefix(key, healthKey); ok {
			found[name] = text
		}
	}
	return found, nil
}

// states are those Argo CD knows.
var states = []string{"Healthy", "Progressing", "Degraded", "Suspended", "Missing", "Unknown"}

// health runs the script for an object in an interpreter without the libraries that Argo CD withholds as well: no string, no io, no os.
func (s scripts) health(o object) (status, message string, err error) {
	group, _, _ := strings.Cut(fmt.Sprint(o["apiVersion"]), "/")
	text := s[group+"_"+fmt.Sprint(o["kind"])]
	if text == "" {
		return "", "", nil
	}
	l := lua.NewState(lua.Options{SkipOpenLibs: true})
	defer l.Close()
	for name, open := range map[string]lua.LGFunction{lua.BaseLibName: lua.OpenBase, lua.TabLibName: lua.OpenTable} {
		if err := l.CallByParam(lua.P{Fn: l.NewFunction(open), Protect: true}, lua.LString(name)); err != nil {
			return "", "", err
		}
	}
	l.SetGlobal("obj", luaValue(l, o))
	if err := l.DoString(text); err != nil {
		return "", "", err
	}
	result, ok := l.Get(-1).(*lua.LTable)
	if !ok {
		return "", "", fmt.Errorf("the script returns %s, not a table", l.Get(-1).Type())
	}
	status = result.RawGetString("status").String()
	if !slices.Contains(states, status) {
		return "", "", fmt.Errorf("the script says %q", status)
	}
	return status, result.RawGetString("message").String(), nil
}

func luaValue(l *lua.LState, value any) lua.LValue {
	switch v := value.(type) {
	case map[string]any:
		table := l.NewTable()
		for key, member := range v {
			table.RawSetString(key, luaValue(l, member))
		}
		return table
	case []any:
		table := l.NewTable()
		for _, item := range v {
			table.Append(luaValue(l, item))
		}
		return table
	case string:
		return lua.LString(v)
	case float64:
		return lua.LNumber(v)
	case bool:
		return lua.LBool(v)
	}
	return lua.LNil
}
