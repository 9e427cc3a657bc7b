package plan

import "testing"

// FuzzPlan makes a schema and texts for it, and asks the library and the plan
// about each.
func FuzzPlan(f *testing.F) {
	for i := range 64 {
		f.Add([]byte{byte(i), byte(i * 7)}, []byte(`{"a": [1, "b"]}`))
	}
	f.Fuzz(func(t *testing.T, choices, text []byte) {
		c := newChooser(choices)
		schema, source := c.document()
		o, err := newOracle(source)
		if err != nil || o.plan == nil {
			return
		}
		root, _ := schema.(map[string]any)
		for range 8 {
			fitting := c.fitting(root, root, 6)
			for _, text := range []string{fitting, c.mutate(fitting), c.any(3)} {
				if err := o.compare([]byte(text)); err != nil {
					t.Errorf("%s\n%v", source, err)
				}
			}
		}
		if err := o.compare(text); err != nil {
			t.Errorf("%s\n%v", source, err)
		}
	})
}

// FuzzTexts asks the library and the plans of the table about any text.
func FuzzTexts(f *testing.F) {
	var all []oracle
	for _, row := range table {
		all = append(all, mustOracle(f, row.schema))
		for _, text := range append(row.proved, row.refused...) {
			f.Add([]byte(text))
		}
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		for i, o := range all {
			if err := o.compare(text); err != nil {
				t.Errorf("%s\n%v", table[i].schema, err)
			}
		}
	})
}
