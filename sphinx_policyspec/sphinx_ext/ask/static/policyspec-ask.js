/* The page "Ask the spec": named questions and SPARQL, answered in the browser by an engine in a worker.
   Engine and graph are scripts, loaded with the first query: pages opened from a disk may not fetch. */
(() => {
  "use strict";

  const own = document.currentScript;
  const root = new URL("..", own.src);
  const { make, speaker } = window.policyspec;
  const say = speaker(own);

  const place = document.querySelector(".ps-ask");
  if (!place || typeof DecompressionStream === "undefined" || typeof WebAssembly === "undefined") return;
  const SECONDS = 10;
  const ROWS = 10000;
  const SHOWN = 1000;
  const OFFERED = 8;
  const MARK = "#ask:";

  /* ---- the engine ---- */

  const scripts = new Map();
  const load = (name) => {
    if (!scripts.has(name)) {
      scripts.set(
        name,
        new Promise((done, fail) => {
          const script = make("script", { src: new URL(name, root) });
          script.onload = done;
          script.onerror = () => fail(new Error(say("`{name}` cannot be loaded", { name })));
          document.head.append(script);
        }),
      );
    }
    return scripts.get(name);
  };
  const inflate = async (base64) => {
    const bytes = Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    return new Response(stream).arrayBuffer();
  };

  let worker = null;
  let stop = null;
  /** Send a message to the worker and wait for its answer; whatever takes too long ends with the worker. */
  const send = (message, seconds) =>
    new Promise((done, fail) => {
      const end = (action, value) => {
        clearTimeout(timer);
        stop = null;
        action(value);
      };
      const give = (reason) => {
        worker?.terminate();
        worker = null;
        end(fail, new Error(reason));
      };
      const timer = setTimeout(give, seconds * 1000, say("The query was stopped after {seconds} seconds.", { seconds }));
      stop = () => give(say("The query was stopped."));
      worker.onmessage = ({ data }) => (data.error ? end(fail, new Error(data.error)) : end(done, data));
      worker.onerror = (event) => give(event.message || say("The engine failed."));
      worker.postMessage(message, message.engine ? [message.engine] : []);
    });
  const start = async () => {
    await Promise.all([load("policyspec-ask/engine.js"), load("policyspec-ask/graph.js"), load("policyspec-data.js")]);
    const [engine, graph] = await Promise.all([inflate(self.policyspecEngine[1]), inflate(self.policyspecGraph)]);
    const address = URL.createObjectURL(new Blob([self.policyspecEngine[0]], { type: "text/javascript" }));
    worker = new Worker(address);
    URL.revokeObjectURL(address);
    await send({ engine, graph: new TextDecoder().decode(graph) }, 60);
  };
  let starting = null;
  /** Load the engine unless it is there, or on its way; one that ended is loaded again. */
  const prepare = () => {
    if (!worker) {
      starting ??= start().finally(() => {
        starting = null;
      });
      starting.catch(() => {});
    }
    return starting;
  };
  const ask = async (sparql) => {
    await prepare();
    // One line, so that the engine's lines are those of the editor.
    return send({ sparql: place.dataset.prefixes + sparql, limit: ROWS }, SECONDS);
  };

  /* ---- the form ---- */

  const questions = new Map(
    [...document.querySelectorAll("details[data-question]")].map((node) => [
      node.dataset.question,
      {
        text: node.querySelector("summary").textContent.trim(),
        asks: node.dataset.asks || "",
        none: node.dataset.none || "",
        row: node.dataset.row || "",
        parameters: JSON.parse(node.dataset.parameters),
        sparql: node.querySelector("pre").textContent,
      },
    ]),
  );
  const picker = make("select", { id: "ps-ask-question" }, make("option", { value: "" }, say("A query of my own")), ...[...questions].map(([name, { text }]) => make("option", { value: name }, text)));
  const fields = make("p", { class: "ps-ask-sentence" });
  const editor = make("textarea", { id: "ps-ask-sparql", rows: "12", spellcheck: "false", autocapitalize: "off", autocomplete: "off" });
  const terms = make("p", { class: "ps-ask-terms" });
  const query = make("details", {}, make("summary", {}, say("Show the query")), make("p", {}, make("label", { for: editor.id }, "SPARQL"), editor), terms);
  const run = make("button", { type: "submit" }, say("Run"));
  const halt = make("button", { type: "button", disabled: true, onclick: () => stop?.() }, say("Stop"));
  const link = make("button", { type: "button", onclick: (event) => copy(event.currentTarget) }, say("Copy link"));
  const save = make("button", { type: "button", disabled: true, onclick: () => download() }, say("Download CSV"));
  const status = make("p", { class: "ps-ask-status", role: "status" });
  const results = make("div", { class: "ps-ask-results" });
  const form = make(
    "form",
    { onsubmit: (event) => (event.preventDefault(), answer()) },
    make("p", {}, make("label", { for: picker.id }, say("Question")), " ", picker),
    fields,
    query,
    make("p", { class: "ps-ask-actions" }, run, " ", halt, " ", link, " ", save),
  );

  /** A value as a SPARQL string; no engine may take a part of it for anything else. */
  const literal = (value) =>
    `"${value.replace(/\\[uU]?|["\n\r\t]/g, (found) => ({ '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t", "\\": "\\\\", "\\u": "\\\\\\U00000075", "\\U": "\\\\\\U00000055" })[found])}"`;
  const ALONE = /[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]/g;
  /** Words as the graph has those of texts: in lower case, with a blank before, between and after. */
  const words = (value) => ` ${value.toLowerCase().replace(ALONE, " $& ")} `.replace(/[^\p{L}\p{M}\p{Nd}\p{Nl}\p{Pc}\u200c\u200d]+/gu, " ");
  const bound = () => {
    const question = questions.get(picker.value);
    if (!question) return editor.value;
    let { sparql } = question;
    for (const input of fields.querySelectorAll("input")) {
      const marker = new RegExp(`VALUES \\?${input.name} \\{ "[^"]*" \\}`, "g");
      const value = input.dataset.type === "words" ? words(input.value) : input.value;
      sparql = sparql.replace(marker, () => `VALUES ?${input.name} { ${literal(value)} }`);
    }
    return sparql;
  };
  const choices = async (input, type) => {
    await load("policyspec-data.js").catch(() => {});
    if (!input.isConnected) return;
    const levels = window.policyspecData?.levels;
    const known = { topic: window.policyspecData?.topics, level: levels, speaker: levels }[type];
    if (!known) return;
    const list = make("datalist", { id: `${input.id}-known` }, ...known.map(([value, label]) => make("option", { value }, label)));
    input.setAttribute("list", list.id);
    input.after(list);
  };
  /** A question as a sentence with a field at the place of each value that it takes. */
  const sentence = ({ asks, text, parameters }, values) => {
    const field = (key, blank = "") => {
      const [, type, value] = parameters.find(([name]) => name === key);
      const input = make("input", { id: `ps-ask-${key}`, "data-type": type, name: key, value: values[key] ?? value ?? "", placeholder: blank, "aria-label": key, required: value === null, autocomplete: "off" });
      const fit = () => input.setAttribute("size", Math.max(input.value.length, blank.length, 4) + 1);
      input.addEventListener("input", () => {
        editor.value = bound();
        fit();
      });
      fit();
      choices(input, type);
      return input;
    };
    return (asks || text).split(/\{([^}]*)\}/).map((part, n) => (n % 2 ? field(...part.split("|")) : part));
  };
  const choose = (name, values = {}) => {
    picker.value = questions.has(name) ? name : "";
    const question = questions.get(picker.value);
    fields.replaceChildren(...(question?.parameters.length ? sentence(question, values) : []));
    query.open = !question;
    if (question) editor.value = bound();
  };
  picker.addEventListener("change", () => {
    choose(picker.value);
    results.replaceChildren();
    status.textContent = "";
    if (questions.get(picker.value)?.parameters.every(([, , value]) => value !== null)) answer();
  });
  editor.addEventListener("input", () => {
    // What was changed by hand is no named question any more.
    if (picker.value && editor.value !== bound()) choose("");
  });
  editor.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit();
  });
  /** Offer the terms of ours that begin as the one before the cursor does. */
  const complete = () => {
    const before = editor.value.slice(0, editor.selectionStart);
    const begun = /\bps:(\w*)$/.exec(before)?.[1];
    const all = begun === undefined ? [] : JSON.parse(place.dataset.terms);
    const found = all.filter((term) => term !== begun && term.toLowerCase().startsWith((begun || "").toLowerCase())).slice(0, OFFERED);
    const put = (term) => {
      editor.setRangeText(term, before.length - begun.length, before.length, "end");
      editor.focus();
      editor.dispatchEvent(new Event("input"));
    };
    const buttons = found.flatMap((term) => [" ", make("button", { type: "button", onclick: () => put(term) }, `ps:${term}`)]);
    terms.replaceChildren(...(found.length ? [say("Terms:"), ...buttons] : []));
  };
  for (const event of ["input", "click", "keyup"]) editor.addEventListener(event, complete);
  // Whoever fills in a field will ask: the engine may as well be there by then.
  form.addEventListener("input", () => prepare(), { once: true });

  /* ---- what nothing has ---- */

  const TOKEN = /#[^\n]*|<[^<>"{}|^`\\\s]*>|"""[^]*?"""|'''[^]*?'''|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|[?$]\w+|[\w.-]*:[\w%-]*|[\w-]+|\S/g;
  /** How many letters are too many, too few, wrong or swapped. */
  const slips = (one, other) => {
    const rows = [[...Array(other.length + 1).keys()]];
    for (let i = 1; i <= one.length; i++) {
      rows.push([i]);
      for (let j = 1; j <= other.length; j++) {
        const wrong = rows[i - 1][j - 1] + (one[i - 1] !== other[j - 1]);
        const swapped = i > 1 && j > 1 && one[i - 1] === other[j - 2] && one[i - 2] === other[j - 1] ? rows[i - 2][j - 2] + 1 : wrong;
        rows[i].push(Math.min(rows[i - 1][j] + 1, rows[i][j - 1] + 1, wrong, swapped));
      }
    }
    return rows[one.length][other.length];
  };
  const near = (word, known, prefix = "") => {
    let [best, least] = ["", Math.floor(Math.max(word.length, 3) / 3) + 1];
    for (const name of known) {
      const count = Math.abs(name.length - word.length) < least ? slips(word.toLowerCase(), name.toLowerCase()) : least;
      if (count < least) [best, least] = [name, count];
    }
    return best && ` ${say("Did you mean `{name}`?", { name: prefix + best })}`;
  };
  const names = new Map();
  /** The names that a query finds; nothing where there are too many to know them all. */
  const known = async (query) => {
    if (!names.has(query)) {
      const found = await ask(query);
      names.set(query, found.total > found.rows.length ? null : new Set(found.rows.map((row) => row.name?.value)));
    }
    return names.get(query);
  };
  const unknownTexts = async (query, texts) => {
    const all = texts.length ? await known(query) : null;
    const lower = new Set([...(all || [])].map((name) => name.toLowerCase()));
    return texts.filter((text) => text && all && !lower.has(text.toLowerCase())).map((text) => say("Nothing has the name `{name}`.", { name: text }) + near(text, all));
  };
  /** What a question of ours is given that nothing has. */
  const unknownValues = async () => {
    const queries = JSON.parse(place.dataset.names);
    const found = [];
    for (const [key, type] of questions.get(picker.value).parameters) {
      if (queries[type]) found.push(...(await unknownTexts(queries[type], [fields.querySelector(`input[name="${key}"]`).value])));
    }
    return found;
  };
  /** What a query names that nothing has, for which it finds nothing and says nothing. */
  const unknown = async (sparql) => {
    const tokens = (sparql.match(TOKEN) || []).filter((token) => !token.startsWith("#"));
    const terms = JSON.parse(place.dataset.terms);
    const first = tokens.indexOf("{");
    const is = (n, words) => words.test(tokens[n] || "");
    const found = [];
    for (const token of new Set(tokens)) {
      const local = /^(?:ps:|<https:\/\/w3id\.org\/policyspec#)(\w+)/.exec(token)?.[1];
      if (local && !terms.includes(local)) found.push(say("Unknown term `{name}`.", { name: `ps:${local}` }) + near(local, terms, "ps:"));
    }
    const used = new Set(tokens.slice(first).filter((token) => /^[?$]\w/.test(token)).map((token) => token.slice(1)));
    const holders = new Set();
    const texts = [];
    let listed = "";
    tokens.forEach((token, n) => {
      const name = token.slice(1);
      if (/^[?$]\w/.test(token)) {
        if (n < first && !used.has(name) && !is(n - 1, /^AS$/i)) found.push(say("Nothing binds `{name}`.", { name: token }) + near(name, used, token[0]));
        if (tokens[n - 1] === "dcterms:identifier") holders.add(name);
        if (is(n - 1, /^VALUES$/i) || is(n + 1, /^IN$/i)) listed = name;
      } else if (token.startsWith("<") && is(n - 1, /^(FROM|NAMED|GRAPH)$/i)) {
        found.push(say("There is no graph `{name}`: the spec is the one graph, which needs no name.", { name: token.slice(1, -1) }));
      } else if (/^["'](?!["'])/.test(token) && !is(n + 1, /^[@^]/)) {
        const holder = tokens[n - 1] === "=" ? (tokens[n - 2] || "").slice(1) : listed;
        if (tokens[n - 1] === "dcterms:identifier" || holders.has(holder)) texts.push(token.slice(1, -1));
      } else if (/^[})]$/.test(token)) listed = "";
    });
    return [...found, ...(await unknownTexts("SELECT DISTINCT ?name { ?thing dcterms:identifier ?name }", texts))];
  };

  /* ---- the answer ---- */

  let current = null;
  const itemAt = (anchor) => {
    const items = window.policyspecData?.items;
    return items && Object.hasOwn(items, anchor) ? { anchor, page: items[anchor][3], title: items[anchor][1] } : null;
  };
  const PREFIXES = { example: "example-", topic: "topic-", level: "level-" };
  /** What a cell names, if a page shows it: an IRI of the spec, or an id in a column of ids. */
  const named = (cell, prefix) => {
    if (cell?.type === "uri" && cell.value.startsWith(place.dataset.base)) {
      const [kind, ...rest] = cell.value.slice(place.dataset.base.length).split("/");
      let id = rest.join("/");
      try {
        id = decodeURIComponent(id);
      } catch {
        return null;
      }
      return itemAt(kind === "provision" ? id : `${kind}-${id}`);
    }
    return cell && prefix !== null ? itemAt(prefix + cell.value) : null;
  };
  const prefixOf = (column, rows) => {
    if (column === "id" || column === "other") return "";
    if (PREFIXES[column]) return PREFIXES[column];
    const cells = rows.map((row) => row[column]).filter((cell) => cell?.value);
    const fits = (prefix) => cells.length > 0 && cells.every((cell) => itemAt(prefix + cell.value));
    return ["", "example-"].find(fits) ?? null;
  };
  const linkTo = (item, text) => make("a", { class: "reference internal", href: new URL(`${item.page.split("#")[0]}#${encodeURIComponent(item.anchor)}`, root) }, text);
  const table = (columns, rows) => {
    const prefixes = columns.map((column) => prefixOf(column, rows));
    const cell = (row, n) => {
      const value = row[columns[n]];
      const item = named(value, prefixes[n]);
      const text = item && value.type === "uri" ? item.title : (value?.value ?? "");
      const shown = item ? linkTo(item, text) : text;
      return make("td", {}, make("p", { dir: "auto" }, shown));
    };
    const head = make("thead", {}, make("tr", {}, ...columns.map((name) => make("th", { scope: "col" }, make("p", {}, name)))));
    const body = make("tbody", {}, ...rows.map((row) => make("tr", {}, ...columns.map((_, n) => cell(row, n)))));
    const label = say("Table: {columns}", { columns: columns.join(", ") });
    return make("div", { class: "ps-wide", role: "region", tabindex: "0", "aria-label": label }, make("table", { class: "docutils ps-answer" }, head, body));
  };
  /** Rows about principles, or other things with a place, as one card for each: its title, then what each row says of it. */
  const cards = (found, rows) => {
    const { columns } = found;
    const column = columns.find((name) => prefixOf(name, rows) !== null);
    const prefix = column && prefixOf(column, rows);
    if (!column || !rows.every((row) => named(row[column], prefix))) return null;
    const about = new Map();
    for (const row of rows) {
      const { anchor } = named(row[column], prefix);
      about.set(anchor, [...(about.get(anchor) || []), row]);
    }
    const rest = columns.filter((name) => ![column, "title", "level"].includes(name));
    const shown = ({ value }) => (itemAt(value) ? linkTo(itemAt(value), itemAt(value).title) : value);
    const word = (name, cell) => {
      const key = `${name}=${cell.value}`;
      return say(key) === key ? shown(cell) : say(key);
    };
    const listed = (row) => rest.filter((name) => row[name]?.value).flatMap((name, n) => [n ? " · " : "", make("span", { class: "ps-ask-name" }, name), " ", word(name, row[name])]);
    const worded = (row) => found.row.split(/\{(\w+)\}/).map((part, n) => (n % 2 ? word(part, row[part] || { value: "" }) : part));
    const said = found.row ? worded : listed;
    const card = ([anchor, its]) => {
      const item = itemAt(anchor);
      const level = window.policyspecData.levels.find(([name, title]) => its[0].level && [name, title].includes(its[0].level.value));
      const head = make("p", { class: "ps-ask-title", dir: "auto" }, linkTo(item, item.title));
      if (level) head.append(" ", make("span", { class: `ps-chip ps-level-${level[0]}`, title: level[2] }, level[1]));
      const lines = rest.length ? its.map((row) => make("li", { dir: "auto" }, ...said(row))).filter((line) => line.textContent) : [];
      return make("li", { class: "ps-ask-card" }, head, ...(lines.length ? [make("ul", {}, ...lines)] : []));
    };
    return make("ul", { class: "ps-ask-cards" }, ...[...about].map(card));
  };
  const asTable = make("input", { type: "checkbox", onchange: () => current && put(current) });
  const put = (found) => {
    const rows = found.rows.slice(0, SHOWN);
    const made = rows.length ? cards(found, rows) : null;
    const choice = made ? [make("p", { class: "ps-ask-choice" }, make("label", {}, asTable, " ", say("Answer as a table")))] : [];
    results.replaceChildren(...choice, ...(rows.length ? [made && !asTable.checked ? made : table(found.columns, rows)] : []));
  };
  /** Why there are no rows, in the words of a question of ours. */
  const reason = () => {
    const none = questions.get(picker.value)?.none || "";
    return none.replace(/\{(\w+)\}/g, (_, key) => fields.querySelector(`input[name="${key}"]`)?.value || "");
  };
  /** The answer to a question of ours as it is told: words stand as many lines below the first of their text as lines begin before them. */
  const told = (found) => {
    if (!picker.value || !found.columns?.includes("starts")) return found;
    const below = ({ at, starts }) => (starts?.value || "").split(" ").filter((start) => start && Number(start) <= Number(at.value)).length;
    const rows = found.rows.map((row) => ({ ...row, line: { ...row.line, value: String(Number(row.line.value) + below(row)) } }));
    return { ...found, rows, columns: found.columns.filter((name) => !["at", "starts"].includes(name)) };
  };
  const show = (found, seconds) => {
    const rows = found.rows || found.triples;
    const parts = [say("{count} answers in {seconds} s.", { count: found.total, seconds: seconds.toFixed(2) })];
    if (!rows.length) parts.push(reason());
    const most = Math.min(rows.length, SHOWN);
    if (found.total > most) parts.push(say("The first {shown} are shown.", { shown: most }));
    if (found.total > rows.length) parts.push(say("The CSV has the first {shown}.", { shown: rows.length }));
    status.textContent = parts.join(" ");
    if (found.triples) results.replaceChildren(make("pre", { tabindex: "0" }, rows.slice(0, SHOWN).join("\n")));
    current = found.rows ? { ...found, row: questions.get(picker.value)?.row || "" } : null;
    if (current) put(current);
    save.disabled = !current;
  };
  const answer = async () => {
    const sparql = bound();
    remember();
    results.replaceChildren();
    save.disabled = true;
    run.disabled = true;
    halt.disabled = false;
    status.textContent = say(worker ? "Asking …" : "Loading the engine …");
    try {
      const before = performance.now();
      const found = told(await ask(sparql));
      show(found, (performance.now() - before) / 1000);
      const lost = await (picker.value ? unknownValues() : unknown(sparql));
      if (lost.length) results.prepend(make("ul", { class: "ps-ask-unknown", role: "alert" }, ...lost.map((line) => make("li", {}, line))));
    } catch (error) {
      // The engine counts the prefixes that stand before the first line.
      const before = place.dataset.prefixes.length;
      status.textContent = error.message.replace(/\b1:(\d+)/, (all, at) => (Number(at) > before ? `1:${at - before}` : all));
    } finally {
      run.disabled = false;
      halt.disabled = true;
    }
  };

  /** A cell as CSV; a spreadsheet must not run it as a formula (OWASP, "CSV Injection"). */
  const quoted = (text) => {
    const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
    return /[",\n\r]/.test(safe) ? `"${safe.replace(/"/g, '""')}"` : safe;
  };
  const download = () => {
    const lines = [current.columns, ...current.rows.map((row) => current.columns.map((name) => row[name]?.value ?? ""))];
    const text = lines.map((line) => line.map(quoted).join(",")).join("\n");
    const address = URL.createObjectURL(new Blob([`${text}\n`], { type: "text/csv" }));
    make("a", { href: address, download: `${picker.value || "answer"}.csv` }).click();
    setTimeout(() => URL.revokeObjectURL(address), 1000);
  };
  const copy = async (button) => {
    remember();
    try {
      await navigator.clipboard.writeText(location.href);
    } catch {
      const area = make("textarea", { class: "ps-status", readonly: true }, location.href);
      document.body.append(area);
      area.select();
      document.execCommand("copy");
      area.remove();
      button.focus();
    }
    status.textContent = say("Copied.");
  };

  /* ---- the address holds the query ---- */

  const remember = () => {
    const values = new URLSearchParams();
    if (picker.value) {
      values.set("q", picker.value);
      for (const input of fields.querySelectorAll("input")) values.set(`p.${input.name}`, input.value);
    } else values.set("sparql", editor.value);
    history.replaceState(history.state, "", MARK + values);
  };
  const recall = () => {
    if (!location.hash.startsWith(MARK)) return false;
    const values = new URLSearchParams(location.hash.slice(MARK.length));
    const given = Object.fromEntries([...values].filter(([key]) => key.startsWith("p.")).map(([key, value]) => [key.slice(2), value]));
    choose(values.get("q") || "", given);
    if (!picker.value) editor.value = values.get("sparql") || "";
    return Boolean(editor.value.trim());
  };

  place.replaceChildren(form, status, results);
  place.hidden = false;
  for (const node of document.querySelectorAll("details[data-question]")) {
    const use = () => {
      choose(node.dataset.question);
      place.scrollIntoView();
      picker.focus();
    };
    node.querySelector("pre").before(make("p", {}, make("button", { type: "button", class: "ps-ask-use", onclick: use }, say("Use this question"))));
  }
  const open = async () => {
    choose([...questions.keys()][0] || "");
    const first = JSON.parse(place.dataset.first);
    await load("policyspec-data.js").catch(() => {});
    if (current || !run.isConnected || run.disabled || !first.rows.length) return;
    current = { ...first, total: first.rows.length, row: questions.get(picker.value)?.row || "" };
    put(current);
    status.textContent = say("{count} answers.", { count: current.total });
    save.disabled = false;
  };
  if (recall()) answer();
  else open();
  addEventListener("hashchange", () => recall() && answer());
})();
