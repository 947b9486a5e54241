package builtin

import (
	"fmt"
	"strings"

	"github.com/footprint-soc/footprint/hunts/kql/value"
	"golang.org/x/net/idna"
)

// textFunctions are those for parts of command lines and host names, and the
// assertions that stop a query.
func textFunctions() []Function {
	list := []Function{
		envFn("parse_command_line", 2, 2, value.Dynamic, parseCommandLine),
	}
	for name, f := range map[string]func(string) (string, error){
		"punycode_domain_to_string":   fromPunycode,
		"punycode_domain_from_string": idna.Punycode.ToASCII,
	} {
		list = append(list, pureFn(name, 1, 1, value.String, func(a []value.Value) value.Value {
			s, err := f(argText(a[0]))
			if err != nil {
				return value.StringValue("")
			}
			return value.StringValue(s)
		}))
	}
	return list
}

func fromPunycode(s string) (string, error) { return idna.Punycode.ToUnicode(s) }

// parseCommandLine cuts a command line into its arguments as Windows does.
func parseCommandLine(_ *Env, a []value.Value) (value.Value, error) {
	if kind := argText(a[1]); !strings.EqualFold(kind, "windows") {
		return value.Value{}, fmt.Errorf("the kind of parse_command_line() is %q; write 'windows'", kind)
	}
	args := windowsArguments(argText(a[0]))
	if args == nil {
		return value.Null(value.Dynamic), nil
	}
	return value.DynamicValue(args), nil
}

// windowsArguments follows CommandLineToArgvW: the program name ends at a
// space or its closing quote; behind it backslashes count only before a quote,
// 2n of them stand for n and leave the quote its meaning, 2n+1 for n and a
// quote; two quotes within a quoted part stand for one.
func windowsArguments(s string) []any {
	s = strings.TrimLeft(s, " \t")
	if s == "" {
		return nil
	}
	var out []any
	if rest, quoted := strings.CutPrefix(s, `"`); quoted {
		name, after, _ := strings.Cut(rest, `"`)
		out, s = append(out, name), after
	} else {
		end := strings.IndexAny(s, " \t")
		if end < 0 {
			end = len(s)
		}
		out, s = append(out, s[:end]), s[end:]
	}
	for {
		s = strings.TrimLeft(s, " \t")
		if s == "" {
			return out
		}
		var arg string
		arg, s = windowsArgument(s)
		out = append(out, arg)
	}
}

func windowsArgument(s string) (arg, rest string) {
	var b strings.Builder
	quoted := false
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '\\':
			n := 1
			for i+n < len(s) && s[i+n] == '\\' {
				n++
			}
			if i+n == len(s) || s[i+n] != '"' {
				b.WriteString(s[i : i+n])
				i += n - 1
				continue
			}
			b.WriteString(s[i : i+n/2])
			i += n - 1
			if n%2 == 1 {
				b.WriteByte('"')
				i++
			}
		case c == '"' && quoted && i+1 < len(s) && s[i+1] == '"':
			b.WriteByte('"')
			i++
		case c == '"':
			quoted = !quoted
		case (c == ' ' || c == '\t') && !quoted:
			return b.String(), s[i:]
		default:
			b.WriteByte(c)
		}
	}
	return b.String(), ""
}
