package mix

// Payload is the part of a scenario that asks for nothing but calculations of large numbers.
type Payload struct {
	Operation string `yaml:"operation"` // + - * on integers
	Digits    Range  `yaml:"digits"`    // of each operand
	Bodies    int    `yaml:"bodies"`    // how many different ones
	Seed      uint64 `yaml:"seed"`
}

// Range is a range of whole numbers, both ends included.
type Range struct {
	Min int `yaml:"min"`
	Max int `yaml:"max"`
}

// Faults are all that is wrong with the payload.
func (p Payload) Faults() []Fault {
	var f faults
	f.add("", p.numbers().faults())
	f.check(p.Bodies != 0, "bodies", "is %d; give 1 to %d", p.Bodies, maxBodies)
	return f.found
}

func (p Payload) numbers() Numbers {
	return Numbers{Operation: p.Operation, Digits: Digits{Min: p.Digits.Min, Max: p.Digits.Max}, Bodies: p.Bodies}
}

// Spec is the payload as requests of users, whose results are checked.
func (p Payload) Spec(users int) Spec {
	return Spec{Users: users, Seed: p.Seed, Requests: []Request{{
		Name: "calculate", Numbers: p.numbers(), Expect: Expect{Status: []string{"200"}, Exact: true},
	}}}
}
