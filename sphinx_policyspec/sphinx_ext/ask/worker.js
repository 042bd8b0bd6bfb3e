/* The rest of the worker behind "Ask the spec": the engine, which stands before this, answers one query at a time. */
"use strict";
let store;
self.onmessage = async ({ data: { engine, graph, sparql, limit } }) => {
  try {
    if (engine) {
      initSync({ module: await WebAssembly.compile(engine) });
      store = new Store();
      store.load(graph, { format: "nt", no_transaction: true });
      self.postMessage({ ready: true });
      return;
    }
    const text = store.query(sparql, { results_format: "json" });
    const found = JSON.parse(text);
    if (Array.isArray(found)) {
      // CONSTRUCT and DESCRIBE give JSON-LD where asked for JSON.
      const triples = [...new Set(store.query(sparql, { results_format: "nt" }).trim().split("\n").filter(Boolean))].sort();
      self.postMessage({ triples: triples.slice(0, limit), total: triples.length });
    } else if ("boolean" in found) {
      self.postMessage({ columns: ["answer"], rows: [{ answer: { type: "literal", value: String(found.boolean) } }], total: 1 });
    } else {
      const rows = found.results.bindings;
      self.postMessage({ columns: found.head.vars, rows: rows.slice(0, limit), total: rows.length });
    }
  } catch (error) {
    self.postMessage({ error: String(error.message || error) });
  }
};
