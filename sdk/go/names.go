package tidemill

import (
	"fmt"
	"maps"
	"net/url"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Params are those of a query: text, numbers, true and false, lists of these. What is nil is left out.
type Params map[string]any

var inPath = regexp.MustCompile(`\{([^}]*)\}`)

// TargetOf gives path and parameters in the one spelling that the server has for them, too. Those whose names stand in
// the path, as in "orders/{id}", are put there.
func TargetOf(endpoint string, params Params) (string, error) {
	rest := maps.Clone(params)
	var wrong error
	path := inPath.ReplaceAllStringFunc("/"+strings.TrimPrefix(endpoint, "/"), func(found string) string {
		name := found[1 : len(found)-1]
		values, err := textsOf(rest[name])
		if err != nil || len(values) != 1 {
			wrong = fmt.Errorf("%s: %s needs one value", endpoint, name)
			return ""
		}
		delete(rest, name)
		return componentOf(values[0])
	})
	if wrong != nil {
		return "", wrong
	}
	var pairs []string
	for _, name := range slices.Sorted(maps.Keys(rest)) {
		values, err := textsOf(rest[name])
		if err != nil {
			return "", fmt.Errorf("%s: %s %w", endpoint, name, err)
		}
		for _, value := range values {
			pairs = append(pairs, encoded(name)+"="+encoded(value))
		}
	}
	if len(pairs) == 0 {
		return path, nil
	}
	return path + "?" + strings.Join(pairs, "&"), nil
}

// ChannelOf gives the channel of a live query; user "": the endpoint says `@auth none`, and its rows are everybody's.
func ChannelOf(target, user string) string {
	if user == "" {
		return "live:" + target
	}
	return "live:" + target + "#" + user
}

func textsOf(value any) ([]string, error) {
	at := reflect.ValueOf(value)
	switch at.Kind() {
	case reflect.Invalid:
		return nil, nil
	case reflect.Pointer:
		if at.IsNil() {
			return nil, nil
		}
		return textsOf(at.Elem().Interface())
	case reflect.Slice, reflect.Array:
		var all []string
		for i := range at.Len() {
			one, err := textsOf(at.Index(i).Interface())
			if err != nil {
				return nil, err
			}
			all = append(all, one...)
		}
		return all, nil
	case reflect.String, reflect.Bool, reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64, reflect.Uint,
		reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return []string{fmt.Sprint(value)}, nil
	case reflect.Float32, reflect.Float64:
		return []string{strconv.FormatFloat(at.Float(), 'f', -1, at.Type().Bits())}, nil
	}
	return nil, fmt.Errorf("is text, a number, a bool or a list of these, and not %T", value)
}

// As URLSearchParams has it.
func encoded(text string) string {
	return strings.NewReplacer("%2A", "*", "~", "%7E").Replace(url.QueryEscape(text))
}

// As encodeURIComponent has it.
func componentOf(text string) string {
	return strings.NewReplacer("+", "%20", "%21", "!", "%27", "'", "%28", "(", "%29", ")", "%2A", "*").Replace(url.QueryEscape(text))
}
