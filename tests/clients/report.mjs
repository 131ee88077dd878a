// What every Node driver prints: one JSON line per case. The settings are those of report.py, and
// NODE_EXTRA_CA_CERTS for trust.

const DECISION_HEADERS = ["aegis-decision", "aegis-decision-id", "aegis-policy-version", "aegis-region"];

// A value that the caller must have set; its absence is the caller's mistake.
export function setting(name) {
  const value = process.env[name];
  if (value === undefined) {
    console.error(`${name} is not set`);
    process.exit(1);
  }
  return value;
}

// Prints what happened in one case.
export function report(name, what) {
  console.log(JSON.stringify({ case: name, ...what }));
}

// The headers that the proxy puts on its answers.
export function decision(headers) {
  const present = DECISION_HEADERS.filter((name) => headers.has(name));
  return Object.fromEntries(present.map((name) => [name, headers.get(name)]));
}

// How a library reported a failure: the type and what caused it.
export function failure(error) {
  return {
    exception: error.constructor.name,
    bases: bases(error),
    message: error.message,
    cause: error.cause?.message ?? null,
  };
}

// The types that an error stands on, itself first.
function bases(error) {
  const names = [];
  for (let type = error.constructor; type.name; type = Object.getPrototypeOf(type)) {
    names.push(type.name);
  }
  return names;
}
