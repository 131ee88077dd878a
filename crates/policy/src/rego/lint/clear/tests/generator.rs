//! Modules of a grammar that is wider than what is cleared.

use std::fmt::Write as _;

pub(super) struct Generator {
    state: u64,
    /// Names of the body that is being written.
    names: Vec<String>,
    values: usize,
    functions: usize,
}

impl Generator {
    pub(super) fn new(seed: u64) -> Self {
        Self {
            state: seed,
            names: Vec::new(),
            values: 0,
            functions: 0,
        }
    }

    pub(super) fn below(&mut self, limit: usize) -> usize {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) % limit as u64).unwrap()
    }

    pub(super) fn one_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }

    pub(super) fn pick<'t>(&mut self, texts: &[&'t str]) -> &'t str {
        texts[self.below(texts.len())]
    }

    /// Two of one package: the second has a part of the findings.
    pub(super) fn modules(&mut self) -> [String; 2] {
        let mut modules = ["package aegis.ext\n\n", "package aegis.ext\n\n"].map(str::to_owned);
        self.values = 0;
        self.functions = 0;
        for value in 0..self.below(4) {
            self.value(value, &mut modules[0]);
            self.values += 1;
        }
        for function in 0..self.below(3) {
            self.function(function, &mut modules[0]);
            self.functions += 1;
        }
        for _ in 0..=self.below(3) {
            let module = self.below(2);
            self.finding(&mut modules[module]);
        }
        modules
    }

    fn finding(&mut self, module: &mut String) {
        self.names.clear();
        let body = self.body();
        let message = match (self.below(12), self.names.last()) {
            (0, _) => self.term(),
            (1..5, Some(name)) => name.clone(),
            _ => "\"m\"".to_owned(),
        };
        let rule = self.below(3);
        let finding = format!("{{\"rule\": \"r{rule}\", \"message\": {message}}}");
        writeln!(module, "deny contains {finding} if {{\n{body}}}\n").unwrap();
    }

    fn function(&mut self, function: usize, module: &mut String) {
        self.names = (0..=self.below(2)).map(|n| format!("p{n}")).collect();
        let parameters = self.names.join(", ");
        let gives = self.gives();
        let body = self.body();
        let gives = gives.replace("LAST", self.names.last().unwrap());
        writeln!(module, "f{function}({parameters}){gives} if {{\n{body}}}\n").unwrap();
    }

    fn value(&mut self, value: usize, module: &mut String) {
        self.names.clear();
        if self.one_in(5) {
            writeln!(module, "default h{value} := {}\n", self.constant()).unwrap();
        }
        if self.one_in(3) {
            let term = self.term();
            writeln!(module, "h{value} := {term}\n").unwrap();
            return;
        }
        let gives = self.gives();
        for _ in 0..=usize::from(self.one_in(3)) {
            self.names.clear();
            let body = self.body();
            let last = self.names.last().map_or("input.phase", |name| name);
            let gives = gives.replace("LAST", last);
            write!(module, "h{value}{gives} if {{\n{body}}}").unwrap();
            if self.one_in(12) {
                let body = self.body();
                write!(module, " else := {} if {{\n{body}}}", self.constant()).unwrap();
            }
            module.push_str("\n\n");
        }
    }

    fn gives(&mut self) -> String {
        match self.below(3) {
            0 => String::new(),
            1 => format!(" := {}", self.constant()),
            _ => " := LAST".to_owned(),
        }
    }

    fn body(&mut self) -> String {
        let mut body = String::new();
        for _ in 0..=self.below(4) {
            let statement = self.statement();
            writeln!(body, "\t{statement}").unwrap();
        }
        body
    }

    fn statement(&mut self) -> String {
        match self.below(16) {
            0 | 1 => format!("not {}", self.condition()),
            2 => {
                let collection = self.collection();
                let name = self.name();
                format!("some {name} in {collection}")
            }
            3 => {
                let collection = self.collection();
                let (key, name) = (self.name(), self.name());
                format!("some {key}, {name} in {collection}")
            }
            4..=6 => {
                let term = self.term();
                let name = self.name();
                let test =
                    self.pick(&["is_string", "is_number", "is_object", "is_array", "not not"]);
                match test {
                    "not not" => format!("{name} := {term}"),
                    test => format!("{name} := {term}\n\t{test}({name})"),
                }
            }
            7 if self.one_in(8) => self.wild(),
            _ => self.condition(),
        }
    }

    /// What must never be cleared.
    fn wild(&mut self) -> String {
        let (term, condition) = (self.term(), self.condition());
        match self.below(7) {
            0 => format!("every e in {} {{ e == {term} }}", self.collection()),
            1 => format!("{condition} with input as {{}}"),
            2 => format!("{} = {term}", self.constant()),
            3 => format!("some w\n\tinput.dlp.types[w] == {term}"),
            4 => format!("count([1 | {condition}]) > 0"),
            5 => format!("{term} + 1 > 1"),
            _ => format!("input.dlp.findings[_].type == {term}"),
        }
    }

    fn condition(&mut self) -> String {
        match self.below(10) {
            0..=3 => {
                let operator = self.pick(&["==", "!=", "<", "<=", ">", ">="]);
                format!("{} {operator} {}", self.term(), self.term())
            }
            4 | 5 => format!("{} in {}", self.term(), self.collection()),
            6 => self.call(),
            7 => format!("is_string({})", self.term()),
            _ => self.term(),
        }
    }

    fn term(&mut self) -> String {
        match self.below(10) {
            0..=2 => self.constant(),
            3 | 4 if !self.names.is_empty() => self.of_name(),
            5 if self.values > 0 => {
                let value = self.below(self.values);
                let step = self.pick(&["", "", "", ".a", "[0]"]);
                format!("h{value}{step}")
            }
            6 => self.call(),
            7 if self.functions > 0 => {
                let function = self.below(self.functions);
                let argument = self.term();
                match self.below(2) {
                    0 => format!("f{function}({argument})"),
                    _ => format!("f{function}({argument}, {})", self.term()),
                }
            }
            _ => self.pick(REFERENCES).to_owned(),
        }
    }

    fn of_name(&mut self) -> String {
        let index = self.below(self.names.len());
        let name = self.names[index].clone();
        match self.below(10) {
            0 => format!("{name}.type"),
            1 => format!("{name}.a"),
            2 => format!("input.call.parameters[{name}]"),
            3 => format!("data.limits[{name}]"),
            4 => format!("{name}[0]"),
            _ => name,
        }
    }

    fn call(&mut self) -> String {
        let of = |generator: &mut Self| match generator.below(3) {
            0 => generator.term(),
            _ => generator.pick(TEXTS).to_owned(),
        };
        match self.below(8) {
            0 => format!("count({})", self.collection()),
            1 => format!("count({})", of(self)),
            2 => format!("startswith({}, {})", of(self), of(self)),
            3 => format!("contains({}, {})", of(self), of(self)),
            4 => format!("lower({})", of(self)),
            5 => {
                let key = self.pick(&["\"a\"", "\"team\"", "[\"b\", \"c\"]", "input.call.tool"]);
                let of = self.pick(&["input.call.parameters", "input.agent.labels", "input.facts"]);
                format!("object.get({of}, {key}, {})", self.term())
            }
            6 => format!("type_name({})", self.term()),
            _ => format!("endswith({}, {})", of(self), of(self)),
        }
    }

    fn collection(&mut self) -> String {
        match self.below(6) {
            0 => self.term(),
            1 => self
                .pick(&["[1, \"a\"]", "{\"a\", \"b\"}", "[]", "{\"a\": 1}"])
                .to_owned(),
            _ => self.pick(COLLECTIONS).to_owned(),
        }
    }

    fn constant(&mut self) -> String {
        self.pick(CONSTANTS).to_owned()
    }

    fn name(&mut self) -> String {
        let name = format!("v{}", self.names.len());
        self.names.push(name.clone());
        name
    }
}

const CONSTANTS: &[&str] = &[
    "\"a\"",
    "\"b\"",
    "\"\"",
    "1",
    "100",
    "0",
    "1.5",
    "true",
    "false",
    "null",
    "[1, \"a\"]",
    "{\"a\", 1}",
    "{\"a\": 1}",
    "`a`",
    "\"request\"",
    "-1",
];

const TEXTS: &[&str] = &[
    "input.call.tool",
    "input.destination.host",
    "input.agent.labels.team",
    "input.http.method",
    "\"a\"",
    "\"A\"",
    "lower(input.call.tool)",
];

const COLLECTIONS: &[&str] = &[
    "input.dlp.types",
    "input.dlp.findings",
    "input.chain.agents",
    "input.call.parameters",
    "input.agent.labels",
    "input.tenant.regions",
    "input.destination.regions",
    "input.facts",
    "data.limits.list",
];

const REFERENCES: &[&str] = &[
    "input.phase",
    "input.call.tool",
    "input.call.parameters.a",
    "input.call.parameters.b.c",
    "input.call.parameters[\"a\"]",
    "input.call.parameters[input.call.tool]",
    "input.call.stream",
    "input.tenant.regions",
    "input.tenant.regions[0]",
    "input.agent.labels.team",
    "input.agent.labels[input.call.tool]",
    "input.dlp.types",
    "input.dlp.findings[0].type",
    "input.dlp.findings[0].count",
    "input.chain.depth",
    "input.destination.port",
    "input.facts.a",
    "input.http.method",
    "input.patterns[input.call.tool]",
    "data.limits.n",
    "data.limits.none",
    "data.limits[input.call.tool]",
    "data.limits.list[0]",
    "data.nowhere.at.all",
    "input.call.parameters",
    "input",
];
