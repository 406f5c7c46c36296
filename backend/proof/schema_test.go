package proof_test

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"pgregory.net/rapid"

	"einverstanden/backend/proof"
)

// document is a schema document as plain values.
func document(tb testing.TB, name string) any {
	tb.Helper()
	content, err := fs.ReadFile(proof.Schemas(), name)
	if err != nil {
		tb.Fatal(err)
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(content))
	if err != nil {
		tb.Fatalf("%s: %v", name, err)
	}
	return value
}

// compiled are the schemas of statements of every version and of receipts, formats asserted.
func compiled(tb testing.TB) (statement, receipt *jsonschema.Schema) {
	tb.Helper()
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	for urn, name := range map[string]string{
		"urn:einverstanden:schema:statement-v1": "statement-v1.json", "urn:einverstanden:schema:statement-v2": "statement-v2.json",
		"urn:einverstanden:schema:statement-v3": "statement-v3.json", "urn:einverstanden:schema:receipt-v1": "receipt-v1.json",
	} {
		if err := compiler.AddResource(urn, document(tb, name)); err != nil {
			tb.Fatal(err)
		}
	}
	statement, err1 := compiler.Compile("urn:einverstanden:schema:receipt-v1#/properties/statement")
	receipt, err2 := compiler.Compile("urn:einverstanden:schema:receipt-v1")
	if err1 != nil || err2 != nil {
		tb.Fatal(err1, err2)
	}
	return statement, receipt
}

func validate(schema *jsonschema.Schema, content []byte) error {
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(content))
	if err != nil {
		return err
	}
	return schema.Validate(value)
}

func TestEveryGoldenIsDescribedByItsSchema(t *testing.T) {
	statement, receipt := compiled(t)
	for name := range goldenStatements {
		if err := validate(statement, golden(t, statementFolder, name, nil)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name := range goldenReceipts {
		if err := validate(receipt, golden(t, receiptFolder, name, nil)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestEveryStatementIsReadBackAndDescribed(t *testing.T) {
	schema, _ := compiled(t)
	ofEveryKind(t, true, func(t *rapid.T, d deed) {
		body, err := d.statement.Encode()
		if err != nil {
			t.Fatal(err)
		}
		decoded, err := proof.DecodeStatement(body)
		if err != nil {
			t.Fatalf("%s: %v", body, err)
		}
		if again, err := decoded.Encode(); err != nil || !bytes.Equal(again, body) {
			t.Fatalf("%s became %s (%v)", body, again, err)
		}
		if err := validate(schema, body); err != nil {
			t.Fatalf("%s: %v", body, err)
		}
	})
}

func TestEveryReceiptHoldsAndIsDescribed(t *testing.T) {
	_, schema := compiled(t)
	ofEveryKind(t, false, func(t *rapid.T, d deed) {
		l := &tree{}
		before, after := rapid.IntRange(0, 3).Draw(t, "before"), rapid.IntRange(0, 3).Draw(t, "after")
		filler := d // the same statement with other salt: what stands around a leaf does not matter
		for range before {
			l.add(filler)
		}
		l.add(d)
		for range after {
			l.add(filler)
		}
		receipt := l.receipt(int64(before), l.size())
		file, err := receipt.Encode()
		if err != nil {
			t.Fatal(err)
		}
		if report := proof.Verify(file, proof.Against{}); !report.Holds() {
			t.Fatalf("%s: %+v", file, report.Claims)
		}
		if err := validate(schema, file); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		shared, err := receipt.Shared().Encode()
		if err != nil || validate(schema, shared) != nil || !proof.Verify(shared, proof.Against{}).Holds() {
			t.Fatalf("the shared copy: %v", err)
		}
	})
}

// change is a document with one member less or more.
type change struct {
	path    string
	content []byte
}

// without gives the document without each of its members; with gives it an unknown one in each of its objects.
func changes(t *testing.T, content []byte) (without, with []change) {
	t.Helper()
	var root any
	if err := json.Unmarshal(content, &root); err != nil {
		t.Fatal(err)
	}
	written := func() []byte { return must(proof.Canonical(json.RawMessage(must(json.Marshal(root))))) }
	var walk func(path string, value any)
	walk = func(path string, value any) {
		switch value := value.(type) {
		case map[string]any:
			for name, member := range value {
				delete(value, name)
				without = append(without, change{path + "/" + name, written()})
				value[name] = member
				walk(path+"/"+name, member)
			}
			value["unheardOf"] = 1
			with = append(with, change{path + "/unheardOf", written()})
			delete(value, "unheardOf")
		case []any:
			for _, element := range value {
				walk(path+"/-", element)
			}
		}
	}
	walk("", root)
	return without, with
}

// What the schema demands the program demands, and neither takes more than it knows.
func TestAStatementWithAMemberLessOrMoreIsRefused(t *testing.T) {
	schema, _ := compiled(t)
	required := 0
	for name := range goldenStatements {
		without, with := changes(t, golden(t, statementFolder, name, nil))
		for _, c := range without {
			described := validate(schema, c.content) == nil
			_, err := proof.DecodeStatement(c.content)
			switch {
			case described != (err == nil) && !strings.HasPrefix(c.path, "/declaration/texts/"):
				t.Errorf("%s without %s: described %t, read: %v", name, c.path, described, err)
			case !described:
				required++
			}
		}
		for _, c := range with {
			if strings.HasPrefix(c.path, "/declaration/texts/") {
				continue // any language may be there, if its value is a hash
			}
			if _, err := proof.DecodeStatement(c.content); err == nil || validate(schema, c.content) == nil {
				t.Errorf("%s with %s is taken (%v)", name, c.path, err)
			}
		}
	}
	if required < 100 {
		t.Errorf("only %d required members in all goldens", required)
	}
}

func TestAReceiptWithAMemberLessOrMoreIsRefused(t *testing.T) {
	_, schema := compiled(t)
	for name := range goldenReceipts {
		without, with := changes(t, golden(t, receiptFolder, name, nil))
		for _, c := range without {
			report := proof.Verify(c.content, proof.Against{})
			if report.Holds() && (c.path != "/private" || validate(schema, c.content) != nil) {
				t.Errorf("%s without %s holds", name, c.path)
			}
		}
		for _, c := range with {
			if proof.Verify(c.content, proof.Against{}).Holds() || validate(schema, c.content) == nil {
				t.Errorf("%s with %s is taken", name, c.path)
			}
		}
	}
}

// The schemas are documents for people too: every member that is named is explained.
func TestEveryMemberIsExplained(t *testing.T) {
	var walk func(path string, value any)
	walk = func(path string, value any) {
		object, _ := value.(map[string]any)
		for name, inside := range object {
			members, _ := inside.(map[string]any)
			if name == "oneOf" || name == "if" || name == "then" || name == "else" {
				continue // these narrow what is described elsewhere
			}
			for member, described := range members {
				d, _ := described.(map[string]any)
				if name == "properties" && d["description"] == nil && d["$ref"] == nil && d["const"] == nil {
					t.Errorf("%s/%s has no description", path, member)
				}
			}
			walk(path+"/"+name, inside)
		}
	}
	for _, name := range []string{"statement-v1.json", "statement-v2.json", "receipt-v1.json"} {
		walk(name, document(t, name))
	}
}
