// Checks job files of Nomad, as `nomad job validate` begins to: nomad-jobspec FILE…
//
// It prints each problem with its place, and fails if there is one: syntax, format (`nomad fmt -check`), unknown blocks and
// attributes, missing ones, and values of a wrong type. Which blocks and attributes exist is what the `hcl` tags of Nomad's API
// say: those that Nomad's own parser reads. That parser is in Nomad's main module, which is not open source since 1.7.
//
// It does not check the `config` of a driver, whose fields only the driver knows, nor what only a server decides.
// It knows neither variables of a job file nor functions.
package main

import (
	"bytes"
	"fmt"
	"os"
	"reflect"
	"strings"
	"time"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/hashicorp/hcl/v2/hclwrite"
	"github.com/hashicorp/nomad/api"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"
	"github.com/zclconf/go-cty/cty/gocty"
)

// A file of a job: `job "NAME" { … }`.
type file struct {
	Job *struct {
		Label string `hcl:",label"`
		api.Job
	} `hcl:"job,block"`
}

var durationType = reflect.TypeFor[time.Duration]()

func main() {
	failed := len(os.Args) < 2
	if failed {
		fmt.Fprintln(os.Stderr, "usage: nomad-jobspec FILE…")
	}
	for _, path := range os.Args[1:] {
		for _, problem := range checkFile(path) {
			fmt.Fprintln(os.Stderr, problem)
			failed = true
		}
	}
	if failed {
		os.Exit(1)
	}
}

func checkFile(path string) []error {
	text, err := os.ReadFile(path)
	if err != nil {
		return []error{err}
	}
	parsed, diagnostics := hclsyntax.ParseConfig(text, path, hcl.InitialPos)
	if !diagnostics.HasErrors() {
		body := parsed.Body.(*hclsyntax.Body)
		diagnostics = append(diagnostics, checkBody(body, reflect.TypeFor[file]())...)
		if len(body.Blocks) == 0 {
			diagnostics = append(diagnostics, problem(parsed.Body.MissingItemRange(), "Missing job block", "A job file has one job."))
		}
	}
	problems := diagnostics.Errs()
	if formatted := hclwrite.Format(text); len(problems) == 0 && !bytes.Equal(formatted, text) {
		problems = append(problems, fmt.Errorf("%s: not formatted as `nomad fmt` does", path))
	}
	return problems
}

// checkBody compares a body with a struct whose fields have `hcl` tags.
func checkBody(body *hclsyntax.Body, shape reflect.Type) hcl.Diagnostics {
	schema, fields := readTags(shape)
	content, diagnostics := body.Content(schema)
	for name, attribute := range content.Attributes {
		diagnostics = append(diagnostics, checkValue(attribute.Expr, fields[name].Type)...)
	}
	seen := map[string]bool{}
	for _, block := range content.Blocks {
		field := fields[block.Type].Type
		if field.Kind() == reflect.Pointer && seen[block.Type] {
			diagnostics = append(diagnostics, problem(block.DefRange, "Duplicate block", fmt.Sprintf("Only one %s block is allowed here.", block.Type)))
		}
		seen[block.Type] = true
		diagnostics = append(diagnostics, checkBlock(block.Body.(*hclsyntax.Body), field)...)
	}
	return diagnostics
}

// checkBlock compares the body of a block with the type of the field that it fills.
func checkBlock(body *hclsyntax.Body, field reflect.Type) hcl.Diagnostics {
	if shape := structOf(field); shape != nil {
		return checkBody(body, shape)
	}
	// Other maps have names that the user chooses.
	var diagnostics hcl.Diagnostics
	isAny := field.Elem().Kind() == reflect.Interface
	for _, attribute := range body.Attributes {
		diagnostics = append(diagnostics, checkValue(attribute.Expr, field.Elem())...)
	}
	for _, block := range body.Blocks {
		if isAny {
			diagnostics = append(diagnostics, checkBlock(block.Body, field)...)
		} else {
			diagnostics = append(diagnostics, problem(block.DefRange(), "Unsupported block type", "Only attributes are expected here."))
		}
	}
	return diagnostics
}

func checkValue(expression hcl.Expression, field reflect.Type) hcl.Diagnostics {
	value, diagnostics := expression.Value(placeholders(expression))
	if diagnostics.HasErrors() || field.Kind() == reflect.Interface {
		return diagnostics
	}
	if field.Kind() == reflect.Pointer {
		field = field.Elem()
	}
	wrong := func(err error) hcl.Diagnostics {
		return append(diagnostics, problem(expression.Range(), "Unsuitable value type", err.Error()))
	}
	target := field
	if field == durationType {
		target = reflect.TypeFor[string]()
	}
	wanted, err := gocty.ImpliedType(reflect.Zero(target).Interface())
	if err != nil {
		return wrong(err)
	}
	if value, err = convert.Convert(value, wanted); err != nil {
		return wrong(err)
	}
	if !value.IsWhollyKnown() {
		return diagnostics
	}
	decoded := reflect.New(target)
	if err = gocty.FromCtyValue(value, decoded.Interface()); err != nil {
		return wrong(err)
	}
	if field == durationType {
		if _, err = time.ParseDuration(decoded.Elem().String()); err != nil {
			return wrong(err)
		}
	}
	return diagnostics
}

// placeholders stand for what only a client of Nomad knows: ${NOMAD_…}, ${attr.…}, ${env["…"]}, ${meta.…}, ${node.…}.
func placeholders(expression hcl.Expression) *hcl.EvalContext {
	values := map[string]cty.Value{}
	for _, variable := range expression.Variables() {
		switch root := variable.RootName(); root {
		case "attr", "env", "meta", "node":
			values[root] = cty.DynamicVal
		default:
			if strings.HasPrefix(root, "NOMAD_") {
				values[root] = cty.UnknownVal(cty.String)
			}
		}
	}
	return &hcl.EvalContext{Variables: values}
}

// readTags returns what a body may contain, and the field for each name. Tags are `name,kind`, as package gohcl documents.
func readTags(shape reflect.Type) (*hcl.BodySchema, map[string]reflect.StructField) {
	schema, fields := &hcl.BodySchema{}, map[string]reflect.StructField{}
	for _, field := range reflect.VisibleFields(shape) {
		name, kind, _ := strings.Cut(field.Tag.Get("hcl"), ",")
		switch kind {
		case "block":
			schema.Blocks = append(schema.Blocks, hcl.BlockHeaderSchema{Type: name, LabelNames: labelsOf(field.Type)})
		case "", "attr", "optional":
			if name == "" || name == "-" {
				continue
			}
			required := kind != "optional" && field.Type.Kind() != reflect.Pointer
			schema.Attributes = append(schema.Attributes, hcl.AttributeSchema{Name: name, Required: required})
		default:
			continue
		}
		fields[name] = field
	}
	return schema, fields
}

func labelsOf(field reflect.Type) []string {
	shape := structOf(field)
	if shape == nil {
		return nil
	}
	var labels []string
	for _, each := range reflect.VisibleFields(shape) {
		if name, kind, _ := strings.Cut(each.Tag.Get("hcl"), ","); kind == "label" {
			if name == "" {
				name = strings.ToLower(each.Name)
			}
			labels = append(labels, name)
		}
	}
	return labels
}

// structOf returns the struct that a field holds, directly or as elements, or nil.
func structOf(field reflect.Type) reflect.Type {
	for {
		switch field.Kind() {
		case reflect.Struct:
			return field
		case reflect.Pointer, reflect.Slice, reflect.Map:
			field = field.Elem()
		default:
			return nil
		}
	}
}

func problem(at hcl.Range, summary, detail string) *hcl.Diagnostic {
	return &hcl.Diagnostic{Severity: hcl.DiagError, Summary: summary, Detail: detail, Subject: &at}
}
