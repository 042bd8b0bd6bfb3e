/* What the pages of a behaviour spec can do beyond HTML: filter and sort tables, preview links, copy.
   A classic script that needs no server: data comes as another script, since pages opened from a disk may not fetch.
   Whatever it adds is made of nodes, never of HTML text, and everything works without it, too. */
(() => {
  "use strict";

  const self = document.currentScript;
  const root = new URL("..", self.src);
  /** Return what says a sentence in the language of the site, from the words that a script is given. */
  const speaker = (script) => {
    const words = JSON.parse(script.dataset.words || "{}");
    return (key, values = {}) =>
      (words[key] || key).replace(/\{(\w+)\}/g, (_, name) => String(values[name] ?? ""));
  };
  const say = speaker(self);

  /** Make an element; properties that start with `on` are listeners. */
  const make = (tag, attributes = {}, ...children) => {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
      if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
      else if (value !== false && value != null) node.setAttribute(name, value === true ? "" : value);
    }
    node.append(...children);
    return node;
  };

  // The page "Ask the spec" has a script of its own, which comes later.
  window.policyspec = { make, speaker };

  /* ---- what is known of the spec ---- */

  /** Return what gives the data of another script, which is loaded once, when it is first asked for. */
  const loader = (file, name, loading) => () =>
    (loading ??= new Promise((done) => {
      const script = make("script", { src: new URL(file, root), async: true });
      script.onload = () => done(window[name] || null);
      script.onerror = () => done(null);
      document.head.append(script);
    }));
  const data = loader("policyspec-data.js", "policyspecData");
  const texts = loader("policyspec-texts.js", "policyspecTexts");
  /** Make a fold that is filled when it is first opened. */
  const fold = (summary, fill) => {
    const box = make("details", { class: "ps-fold ps-filled" }, make("summary", {}, summary));
    const open = async () => box.open && box.append(...(await fill()));
    box.addEventListener("toggle", open, { once: true });
    return box;
  };

  const decoded = (text) => {
    try {
      return decodeURIComponent(text);
    } catch {
      return text;
    }
  };
  const EMPTY = { title: "", level: -1, topics: [], flags: 0 };
  /** What a link leads to, if it is something of the spec. */
  const itemOf = (known, link) => {
    const anchor = decoded(link.hash.slice(1));
    if (!known || !Object.hasOwn(known.items, anchor)) return null;
    const found = known.items[anchor];
    const [kind, title, level, page, excerpt, topics, flags] = found;
    return { kind, title, level, page, excerpt, topics, flags };
  };

  /* ---- copying ---- */

  const status = make("div", { class: "ps-status", role: "status" });
  const copy = async (text, button) => {
    let done = true;
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      // Pages that came from a disk, or over plain HTTP, may have no clipboard.
      const area = make("textarea", { class: "ps-status", readonly: true, "aria-hidden": "true" }, text);
      document.body.append(area);
      area.select();
      done = document.execCommand("copy");
      area.remove();
      button.focus();
    }
    if (!status.isConnected) document.body.append(status);
    status.textContent = say(done ? "Copied." : "Your browser does not let pages copy.");
    button.dataset.copied = done;
    setTimeout(() => {
      delete button.dataset.copied;
      status.textContent = "";
    }, 2500);
  };
  const levelOf = (section) => section.querySelector(":scope > :is(h1, h2, h3, h4, h5, h6) .ps-badge-level")?.textContent;
  /** The short id of an example, which stands first in it; else its long one. */
  const shortOf = (example) => (/-e\d+$/.test(example.firstElementChild?.id || "") ? example.firstElementChild.id : example.id);
  const addressOf = (anchor) => `${location.href.split("#")[0]}#${encodeURIComponent(anchor)}`;

  /** Cite a principle, or an example in it by its number. */
  const cite = async (section, example) => {
    const spec = (await data())?.spec || {};
    const level = levelOf(section);
    const title = titleOf(section);
    const parts = [spec.title || document.title, spec.version && `${say("version")} ${spec.version}`, spec.issued !== spec.version && spec.issued];
    const named = level ? `“${title}” (${level})` : `“${title}”`;
    const tail = spec.publisher ? `${spec.publisher}. ` : "";
    const head = example ? `${squeeze(example.querySelector(".ps-kind").textContent).trim()}, ` : "";
    return `${head}${named}, ${parts.filter(Boolean).join(", ")}. ${tail}${addressOf(example ? shortOf(example) : section.id)}`;
  };

  /* ---- a section as Markdown ---- */

  const SKIPPED = ".ps-panel, .ps-badge, .ps-level-word, .headerlink, .ps-copy, .ps-icon, script, style, button:not(.ps-chip)";
  const squeeze = (text) => text.replace(/\s+/g, " ");
  const inline = (node) => {
    if (node.nodeType === Node.TEXT_NODE) return squeeze(node.data).replace(/([\\`*_[\]<])/g, "\\$1");
    if (node.nodeType !== Node.ELEMENT_NODE || node.matches(SKIPPED)) return "";
    const inner = () => [...node.childNodes].map(inline).join("");
    switch (node.localName) {
      case "a":
        return node.href ? `[${inner().trim()}](${node.href})` : inner();
      case "code": {
        const text = squeeze(node.textContent);
        const ticks = "`".repeat(1 + Math.max(0, ...(text.match(/`+/g) || []).map((run) => run.length)));
        return ticks.length > 1 ? `${ticks} ${text} ${ticks}` : `${ticks}${text}${ticks}`;
      }
      case "strong":
      case "b":
        return `**${inner()}**`;
      case "em":
      case "i":
        return `*${inner()}*`;
      case "br":
        return "  \n";
      case "img":
        return `![${node.alt}](${node.src})`;
      default:
        return inner();
    }
  };
  const indent = (text, first, rest) => first + text.replace(/\n(?=[^\n])/g, `\n${rest}`);
  const rowOf = (row) => `| ${[...row.cells].map((cell) => inline(cell).trim().replace(/\|/g, "\\|")).join(" | ")} |`;
  const BLOCKS = "address,article,aside,blockquote,details,div,dl,figure,h1,h2,h3,h4,h5,h6,hr,ol,p,pre,section,table,ul";
  const blocksIn = (node) => {
    const found = [];
    let text = "";
    const flush = () => {
      if (text.trim()) found.push(text.trim());
      text = "";
    };
    for (const child of node.childNodes) {
      if (child.nodeType === Node.ELEMENT_NODE && child.matches(BLOCKS)) {
        flush();
        found.push(block(child));
      } else text += inline(child);
    }
    flush();
    return found.filter(Boolean).join("\n\n");
  };
  const block = (node) => {
    if (node.matches(SKIPPED)) return "";
    const tag = node.localName;
    if (/^h[1-6]$/.test(tag)) {
      const level = node.querySelector(".ps-badge-level");
      return `${"#".repeat(Number(tag[1]))} ${inline(node).trim()}${level ? ` (${level.textContent})` : ""}`;
    }
    if (node.matches(".ps-kind, .ps-role, .ps-verdict, .ps-example-title")) return `**${inline(node).trim()}**`;
    if (node.matches("aside, blockquote, .ps-message")) return indent(blocksIn(node), "> ", "> ").replace(/\n\n/g, "\n>\n");
    if (tag === "pre") {
      const fence = "`".repeat(Math.max(3, ...(node.textContent.match(/`+/g) || []).map((run) => run.length + 1)));
      return `${fence}\n${node.textContent.replace(/\n$/, "")}\n${fence}`;
    }
    if (tag === "ul" || tag === "ol") {
      const first = Number(node.getAttribute("start") || 1);
      const items = [...node.children].map((item, n) =>
        indent(blocksIn(item), tag === "ul" ? "- " : `${first + n}. `, tag === "ul" ? "  " : "   "),
      );
      return items.join("\n");
    }
    if (tag === "table") {
      const [head, ...rows] = [...node.rows].map(rowOf);
      return head ? [head, `|${" --- |".repeat(node.rows[0].cells.length)}`, ...rows].join("\n") : "";
    }
    if (tag === "hr") return "---";
    return blocksIn(node);
  };
  const markdown = (section) => `${block(section).replace(/\n{3,}/g, "\n\n")}\n\n${addressOf(section.id)}\n`;

  const titleOf = (section) => {
    const heading = section.querySelector("h1, h2, h3, h4, h5, h6")?.cloneNode(true);
    heading?.querySelectorAll(SKIPPED).forEach((part) => part.remove());
    return squeeze(heading?.textContent || "").trim();
  };

  /** Show the buttons of a panel, which its author's language names. */
  const equip = (tools) => {
    const section = tools.closest("section[id]");
    if (!section) return;
    const actions = {
      link: () => addressOf(section.id),
      markdown: () => markdown(section),
      cite: () => cite(section),
    };
    for (const button of tools.querySelectorAll("button[data-ps]")) {
      button.addEventListener("click", async () => copy(await actions[button.dataset.ps](), button));
      button.hidden = false;
    }
    const asking = tools.querySelector("a[data-ps='ask']");
    // Escapes of JSON are those of SPARQL, but for what follows a backslash of the id's own.
    if (asking && !section.id.includes("\\")) {
      const about = `?it a ps:Provision ; dcterms:identifier ${JSON.stringify(section.id)} ; ?property ?value .`;
      const sparql = `SELECT ?property ?value WHERE {\n  ${about}\n}\nORDER BY ?property ?value`;
      asking.href = `${asking.href.split("#")[0]}#ask:${new URLSearchParams({ sparql })}`;
    }
  };

  /** Put a button that copies its address behind the link of a box to itself. */
  const addCopy = (link) => {
    const box = link.closest(".ps-example, .ps-commentary, .ps-definition, .ps-declaration");
    if (!box) return;
    const anchor = decoded(link.hash.slice(1));
    const named = squeeze(link.parentElement.textContent.replace(link.textContent, "")).trim();
    const example = box.matches(".ps-example[id]") && box;
    const section = example && box.closest("section[id]");
    // The title of an example has an id, so that its buttons need not say it again.
    const about = example && link.parentElement.querySelector(".ps-example-title")?.id;
    const label = about ? say("Copy link") : say("Copy link to {title}", { title: named });
    const button = (name, style, text, ...sign) => make("button", { class: `ps-copy${style}`, type: "button", "aria-label": name, "aria-describedby": about || null, title: name, onclick: async (event) => {
      const at = event.currentTarget;
      copy(await text(), at);
    } }, ...sign);
    link.after(button(label, "", () => addressOf(example ? shortOf(example) : anchor)));
    const citing = about ? say("Copy citation") : say("Copy citation of {title}", { title: named });
    if (section) link.nextElementSibling.after(button(citing, " ps-cite", () => cite(section, example), "\u201C"));
  };

  /* ---- previews of what a link leads to ---- */

  const preview = make("div", { class: "ps-preview", id: "ps-preview", role: "tooltip", popover: "manual" });
  let shownFor = null;
  let timer;
  const hide = () => {
    clearTimeout(timer);
    if (!shownFor) return;
    shownFor.removeAttribute("aria-describedby");
    shownFor = null;
    preview.hidePopover();
  };
  const place = (link) => {
    const at = link.getClientRects()[0] || link.getBoundingClientRect();
    const { width, height } = preview.getBoundingClientRect();
    const below = at.bottom + 6 + height <= innerHeight || at.top < height + 6;
    preview.style.left = `${Math.max(8, Math.min(at.left, innerWidth - width - 8))}px`;
    preview.style.top = `${Math.max(8, below ? at.bottom + 6 : at.top - height - 6)}px`;
  };
  const show = async (link) => {
    const known = await data();
    const item = itemOf(known, link);
    if (!item || shownFor === link || !(link.matches(":hover") || link === document.activeElement)) return;
    hide();
    const [level, levelTitle, words] = known.levels[item.level] || [];
    const title = make("p", { class: "ps-preview-title", dir: "auto" }, item.title);
    if (levelTitle) title.append(" ", make("span", { class: `ps-chip ps-level-${level}` }, levelTitle));
    preview.replaceChildren(title);
    if (words) preview.append(make("p", { class: "ps-preview-says" }, words));
    if (item.excerpt) preview.append(make("p", { class: "ps-preview-text", dir: "auto" }, item.excerpt));
    if (!preview.isConnected) document.body.append(preview);
    preview.showPopover();
    place(link);
    link.setAttribute("aria-describedby", preview.id);
    shownFor = link;
  };
  const previewed = (event) => {
    const link = event.target instanceof Element && event.target.closest("a.reference.internal[href*='#']");
    return link && link.closest("main, [role='main'], .body") && !link.closest("nav, .toctree-wrapper, .ps-preview, .ps-says") ? link : null;
  };
  const listen = () => {
    const soon = (wait) => (event) => {
      const link = previewed(event);
      if (!link || link === shownFor) return;
      clearTimeout(timer);
      timer = setTimeout(show, wait, link);
    };
    const leave = (event) => {
      const to = event.relatedTarget;
      if (to instanceof Node && (preview.contains(to) || shownFor?.contains(to))) return;
      clearTimeout(timer);
      if (shownFor) timer = setTimeout(() => !preview.matches(":hover") && !shownFor?.matches(":hover") && hide(), 200);
    };
    document.addEventListener("pointerover", (event) => event.pointerType !== "touch" && soon(300)(event));
    document.addEventListener("pointerout", leave);
    preview.addEventListener("pointerleave", leave);
    document.addEventListener("focusin", soon(100));
    document.addEventListener("focusout", hide);
    document.addEventListener("keydown", (event) => event.key === "Escape" && hide());
    // A link that takes the focus may be scrolled to, smoothly: the preview goes with it.
    const follow = () => {
      const at = shownFor?.getBoundingClientRect();
      if (at) at.bottom < 0 || at.top > innerHeight ? hide() : place(shownFor);
    };
    addEventListener("scroll", follow, { passive: true });
  };

  /* ---- what a badge says: its button opens that by itself; here on hover and focus, too ---- */

  let asked;
  const says = (badge) => document.getElementById(badge.getAttribute("popovertarget"));
  const badgeOf = (event) => event.target instanceof Element && event.target.closest("button[popovertarget^='ps-says-']");
  const tell = (badge, wait) => {
    clearTimeout(asked);
    // The browser's own hint would say it once more.
    badge.removeAttribute("title");
    asked = setTimeout(() => {
      if (badge.matches(":hover") || badge === document.activeElement) says(badge).showPopover({ source: badge });
    }, wait);
  };
  const untell = () => {
    clearTimeout(asked);
    asked = setTimeout(() => {
      const box = document.querySelector(".ps-says:popover-open");
      const held = `[popovertarget="${box?.id}"]:is(:hover, :focus)`;
      if (box && !box.matches(":hover, :focus-within") && !document.querySelector(held)) box.hidePopover();
    }, 200);
  };
  const explain = () => {
    document.addEventListener("pointerover", (event) => event.pointerType !== "touch" && badgeOf(event) && tell(badgeOf(event), 200));
    document.addEventListener("focusin", (event) => badgeOf(event)?.matches(":focus-visible") && tell(badgeOf(event), 0));
    for (const type of ["pointerout", "focusout"]) document.addEventListener(type, untell);
  };

  /* ---- tables that can be filtered and sorted ---- */

  const MARK = "#ps:";
  const state = () => new URLSearchParams(location.hash.startsWith(MARK) ? location.hash.slice(MARK.length) : "");
  const store = (number, values) => {
    const all = state();
    for (const key of [...all.keys()]) if (key.startsWith(`${number}.`)) all.delete(key);
    for (const [key, value] of Object.entries(values)) if (value) all.set(`${number}.${key}`, value);
    const text = all.toString();
    if (text || location.hash.startsWith(MARK)) {
      history.replaceState(history.state, "", text ? MARK + text : location.pathname + location.search);
    }
  };
  const collator = new Intl.Collator(document.documentElement.lang || undefined, { numeric: true });
  const FEW = 6;
  const FLAGS = ["example", "good", "bad", "prompt", "reference", "ok"];
  /** A control with its label; not inside of it, or the label would say all choices. */
  const labelled = (label, control) => make("span", {}, make("label", { for: control.id }, label), " ", control);
  const select = (label, id, name, options) => {
    const choices = options.map(([value, text]) => make("option", { value }, text));
    return labelled(label, make("select", { id, name }, make("option", { value: "" }, say("any")), ...choices));
  };

  class Table {
    constructor(view, number, known) {
      this.number = number;
      this.known = known;
      this.table = view.querySelector("table");
      this.body = this.table.tBodies[0];
      this.rows = [...this.body.rows].map((row, at) => {
        const item = [...row.querySelectorAll("a[href*='#']")].map((link) => itemOf(known, link)).find(Boolean);
        return { row, at, item: item || EMPTY, text: row.textContent.toLowerCase() };
      });
      this.count = make("output", { class: "ps-count-shown" });
      this.form = this.makeForm();
      // A few rows are seen at a glance.
      if (this.rows.length >= FEW) (this.table.closest(".ps-scroll") || this.table).before(this.form);
      this.sort = "";
      this.heads = [...this.table.tHead.rows[0].cells].map((cell, column) => this.makeSortable(cell, column));
      this.read();
    }

    makeForm() {
      const used = (has) => this.rows.some(({ item }) => has(item));
      const id = (name) => `ps-filter-${this.number}-${name}`;
      const controls = [labelled(say("Text"), make("input", { id: id("q"), type: "search", name: "q", autocomplete: "off" }))];
      const levels = (this.known?.levels || []).filter((_, n) => used((item) => item.level === n));
      if (levels.length > 1) {
        const boxes = levels.map(([value, title]) => make("label", {}, make("input", { type: "checkbox", name: "level", value }), ` ${title}`));
        controls.push(make("fieldset", {}, make("legend", {}, say("Level")), ...boxes));
      }
      const topics = (this.known?.topics || []).filter((_, n) => used((item) => item.topics.includes(n)));
      const roles = Object.entries(this.known?.speakers || {}).filter(([role]) => used((item) => this.mayOverride(role, item)));
      if (roles.length) controls.push(select(say("Overridable by"), id("by"), "by", roles));
      if (topics.length) controls.push(select(say("Topic"), id("topic"), "topic", topics));
      const differ = FLAGS.filter((_, n) => used((item) => item.flags & (1 << n)) && used((item) => !(item.flags & (1 << n))));
      if (differ.length) {
        const options = differ.map((name) => [name, say(`facet ${name}`)]);
        controls.push(select(say("Has"), id("has"), "has", options), select(say("Lacks"), id("lacks"), "lacks", options));
      }
      const changed = () => this.apply(true);
      return make(
        "form",
        { class: "ps-filter", "aria-label": say("Filter the table"), oninput: changed, onsubmit: (event) => event.preventDefault(), onreset: () => setTimeout(() => { this.sort = ""; changed(); }) },
        ...controls,
        make("button", { type: "reset" }, say("Reset")),
        this.count,
      );
    }

    mayOverride(role, item) {
      return (this.known.levels[item.level]?.[3] || []).includes(role);
    }

    makeSortable(cell, column) {
      const label = cell.querySelector("p") || cell;
      const name = squeeze(label.textContent).trim();
      const button = make("button", { type: "button", class: "ps-sort", onclick: () => {
        const is = this.sort === String(column);
        this.sort = is ? `-${column}` : String(column);
        this.apply(true);
      } }, ...label.childNodes);
      label.append(button);
      return { cell, name, isNumber: cell.classList.contains("ps-number"), isLevel: Boolean(this.body.querySelector(`td:nth-child(${column + 1}) .ps-chip`)) };
    }

    read() {
      const values = state();
      const get = (key) => values.get(`${this.number}.${key}`) || "";
      const wanted = get("level").split(",");
      for (const control of this.form.elements) {
        if (control.type === "checkbox") control.checked = wanted.includes(control.value);
        else if (control.name) control.value = get(control.name);
      }
      const sort = get("sort");
      this.sort = /^-?\d+$/.test(sort) && Math.abs(Number(sort)) < this.heads.length ? sort : "";
      this.apply(false);
    }

    values() {
      const found = new FormData(this.form);
      const of = (name) => String(found.get(name) || "");
      return { q: of("q").trim(), level: found.getAll("level").join(","), by: of("by"), topic: of("topic"), has: of("has"), lacks: of("lacks"), sort: this.sort };
    }

    apply(keep) {
      const values = this.values();
      const levels = values.level ? values.level.split(",") : [];
      const topic = (this.known?.topics || []).findIndex(([id]) => id === values.topic);
      const parts = values.q.toLowerCase().split(/\s+/).filter(Boolean);
      const flag = (name) => 1 << FLAGS.indexOf(name);
      let count = 0;
      for (const { row, item, text } of this.rows) {
        const level = this.known?.levels[item.level]?.[0];
        row.hidden = !(
          parts.every((part) => text.includes(part)) &&
          (!levels.length || levels.includes(level)) &&
          (!values.by || this.mayOverride(values.by, item)) &&
          (!values.topic || item.topics.includes(topic)) &&
          (!values.has || item.flags & flag(values.has)) &&
          (!values.lacks || !(item.flags & flag(values.lacks)))
        );
        count += !row.hidden;
      }
      this.count.textContent = say("{shown} of {all}", { shown: count, all: this.rows.length });
      this.order();
      if (keep) store(this.number, values);
    }

    order() {
      const down = this.sort.startsWith("-");
      const column = this.sort === "" ? -1 : Math.abs(Number(this.sort));
      const head = this.heads[column];
      const text = ({ row }) => squeeze(row.cells[column].textContent).trim();
      const compare = (one, other) => {
        if (!head) return 0;
        // A number may stand behind a sign.
        if (head.isNumber) return Number(text(one).replace(/^\D+/, "")) - Number(text(other).replace(/^\D+/, ""));
        return (head.isLevel && one.item.level - other.item.level) || collator.compare(text(one), text(other));
      };
      const sorted = [...this.rows].sort((one, other) => (down ? -1 : 1) * compare(one, other) || one.at - other.at);
      this.body.append(...sorted.map(({ row }) => row));
      this.heads.forEach(({ cell }, n) =>
        n === column ? cell.setAttribute("aria-sort", down ? "descending" : "ascending") : cell.removeAttribute("aria-sort"),
      );
    }
  }

  const SIGN = { good: "\u2713", bad: "\u2717", ok: "\u2248" };
  const messagesOf = (anchor) => async () =>
    ((await texts())?.answers[anchor] || []).map(([role, verdict, text]) => {
      const chip = verdict && make("span", { class: `ps-chip ps-verdict-${verdict}` }, `${SIGN[verdict]} ${say(`verdict ${verdict}`)}`);
      return make("div", { class: "ps-turn" }, make("strong", {}, role), " ", chip, make("div", { dir: "auto" }, text));
    });
  const INK = { "-": "del", "+": "ins" };
  const inked = (runs) => make("p", { dir: "auto" }, ...runs.map(([op, text]) => (INK[op] ? make(INK[op], {}, text) : text)));
  const changesOf = (anchor, step) => async () => {
    const [changes, then] = (await texts())?.changes[anchor]?.[step] || [[], ""];
    const told = changes.flatMap(([said, parts]) => [make("p", {}, said), ...parts.map(inked)]);
    return then ? [...told, make("strong", {}, say("The text of this release")), make("div", { class: "ps-turn", dir: "auto" }, then)] : told;
  };
  for (const row of document.querySelectorAll(".ps-history tr[data-ps-step]")) {
    row.cells[1].append(fold("psThen" in row.dataset ? say("Show the text of then") : say("Show the changed words"), changesOf(row.closest("section[id]")?.id, row.dataset.psStep)));
  }
  // What is closed does not open by itself where a link leads to it.
  const openNamed = () => document.getElementById(decoded(location.hash.slice(1)))?.closest(".ps-diff details")?.setAttribute("open", "");
  addEventListener("hashchange", openNamed);
  openNamed();
  for (const link of document.querySelectorAll(".ps-example-table td:first-child > p > a[href*='#']")) {
    link.closest("td").append(fold(say("Answers"), messagesOf(decoded(link.hash.slice(1)))));
  }

  const equipTables = async () => {
    const views = [...document.querySelectorAll(".ps-principle-table, .ps-example-table, .ps-coverage")];
    const wanted = views.filter((view) => view.querySelector("table")?.tHead && view.querySelector("table").tBodies[0]?.rows.length > 1);
    if (!wanted.length) return;
    const known = await data();
    const tables = wanted.map((view, n) => new Table(view, n + 1, known));
    addEventListener("hashchange", () => location.hash.startsWith(MARK) && tables.forEach((table) => table.read()));
    const first = tables.find(({ number }) => [...state().keys()].some((key) => key.startsWith(`${number}.`)));
    first?.table.closest(".ps-view").scrollIntoView();
  };

  /* ---- a box to go to whatever has a title or an id ---- */

  const KINDS = ["principle", "section", "definition", "example", "topic", "goal", "level"];
  const MOST = 12;
  const dialog = make("dialog", { class: "ps-jump", "aria-label": say("Go to") });
  const hits = make("div", { id: "ps-jump-hits", role: "listbox", "aria-label": say("Go to") });
  const field = make("input", {
    type: "search", role: "combobox", autocomplete: "off", spellcheck: "false", "aria-label": say("Go to"), placeholder: say("Titles, ids and first words"),
    "aria-expanded": "true", "aria-controls": hits.id, "aria-autocomplete": "list",
  });
  let wanted = 0;
  const flat = (text) => ` ${text.toLowerCase().replace(/[^\p{L}\p{M}\p{N}]+/gu, " ").trim()}`;
  /** How well something fits what is sought: titles and ids before first words, principles before the rest; below zero, not at all. */
  const fits = (kind, title, ids, excerpt, sought) => {
    const words = sought.trim().split(" ").map((word) => ` ${word}`);
    const [name, other, text] = [flat(title), ids.map(flat), flat(excerpt)];
    const head = [name, ...other].join();
    if (!words.every((word) => head.includes(word) || text.includes(word))) return -1;
    const fit = name === sought || other.includes(sought) ? 400 : name.startsWith(sought) ? 300 : words.every((word) => head.includes(word)) ? 200 : 100;
    return fit - KINDS.indexOf(kind);
  };
  const find = (known, text) => {
    const sought = flat(text);
    if (!known || !sought.trim()) return [];
    const found = [];
    for (const [anchor, [kind, title, level, page, excerpt]] of Object.entries(known.items)) {
      const fit = fits(kind, title, [anchor, ...(known.former[anchor] || [])], excerpt, sought);
      if (fit >= 0) found.push({ anchor, kind, title, level, page, excerpt, fit });
    }
    return found.sort((one, other) => other.fit - one.fit).slice(0, MOST);
  };
  const choose = (place) => {
    const all = [...hits.children];
    const next = all.length ? (place + all.length) % all.length : 0;
    all.forEach((hit, n) => hit.setAttribute("aria-selected", n === next));
    if (all.length) field.setAttribute("aria-activedescendant", all[next].id);
    else field.removeAttribute("aria-activedescendant");
    all[next]?.scrollIntoView({ block: "nearest" });
    wanted = next;
  };
  const hit = (address, ...shown) => make("a", { href: new URL(address, root), role: "option", tabindex: "-1" }, ...shown);
  const sought = async () => {
    const text = field.value;
    const known = await data();
    if (text !== field.value) return;
    const lines = find(known, text).map(({ anchor, kind, title, level, page, excerpt }) => {
      const [style, levelTitle] = known.levels[level] || [];
      const badge = kind === "principle" && levelTitle ? make("span", { class: `ps-chip ps-level-${style}` }, levelTitle) : make("span", { class: "ps-jump-kind" }, say(`kind ${kind}`));
      const head = make("span", { class: "ps-jump-title", dir: "auto" }, title);
      return hit(`${page}#${encodeURIComponent(anchor)}`, head, " ", badge, ...(excerpt ? [make("span", { class: "ps-jump-text", dir: "auto" }, excerpt)] : []));
    });
    if (text.trim()) lines.push(hit(`search.html?q=${encodeURIComponent(text.trim())}`, say("Search the full text for “{words}”", { words: text.trim() })));
    lines.forEach((line, n) => (line.id = `ps-jump-${n}`));
    hits.replaceChildren(...lines);
    hits.dataset.for = text;
    if (lines.length === 1) status.textContent = say("Nothing is called that.");
    choose(0);
  };
  const jump = (text = "") => {
    if (!dialog.isConnected) {
      dialog.append(field, hits, status);
      document.body.append(dialog);
    }
    if (!dialog.open) dialog.showModal();
    field.value = text;
    field.focus();
    sought();
  };
  field.addEventListener("input", sought);
  field.addEventListener("keydown", async (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step && event.key !== "Enter" && event.key !== "Escape") return;
    event.preventDefault();
    if (step) choose(wanted + step);
    else if (event.key === "Escape") dialog.close();
    else {
      // Whoever types fast is not taken to what fits half of it.
      if (hits.dataset.for !== field.value) await sought();
      hits.children[wanted]?.click();
    }
  });
  dialog.addEventListener("click", (event) => (event.target === dialog || event.target.closest("a")) && dialog.close());
  dialog.addEventListener("close", () => document.body.append(status));
  const isTyping = (node) => node instanceof Element && node.matches("input, textarea, select, [contenteditable]");
  // Before Sphinx, for which a slash leads to its own field; a theme with a box of its own keeps its keys.
  document.addEventListener(
    "keydown",
    (event) => {
      const slash = event.key === "/" && !event.ctrlKey && !event.metaKey && !event.altKey && !isTyping(event.target);
      const k = event.key.toLowerCase() === "k" && (event.ctrlKey || event.metaKey) && !event.shiftKey;
      if (!(slash || (k && !document.querySelector(".search-button-field, .searchbox-mounted, #pst-search-dialog")))) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      jump();
    },
    true,
  );
  document.querySelector(".ps-find input")?.addEventListener("input", ({ target }) => {
    jump(target.value);
    target.value = "";
  });
  // Whoever comes from a search stands at the first of the words that Sphinx has marked, not at the top of a long page.
  // Sphinx marks them a moment after the page is there.
  const toMarked = () => {
    const marked = [...document.querySelectorAll(":is(main, [role='main'], .body) span.highlighted")];
    marked.find((word) => word.checkVisibility?.() && !word.closest("details:not([open])"))?.scrollIntoView({ block: "center" });
  };
  addEventListener("load", () => location.hash || setTimeout(() => scrollY || toMarked(), 50));

  // Themes that fold their sidebar show the principles of the chapter that is read.
  for (const box of document.querySelectorAll("li.current-page .toctree-checkbox")) box.checked = true;

  /* ---- on a phone, a line that says where one is ---- */

  const narrow = matchMedia("(max-width: 48em)");
  const sections = [...document.querySelectorAll(":is(.ps-principle, .ps-section)[id]")].map((section) => [section, section.querySelector(":scope > :is(h1, h2, h3, h4, h5, h6)")]).filter(([, heading]) => heading);
  const crumb = make("a", { class: "ps-crumb", tabindex: "-1", "aria-hidden": "true", hidden: true });
  /** How far down what a theme keeps at the top of the window reaches. */
  const covered = () => {
    for (let node = document.elementsFromPoint(innerWidth / 2, 1).find((other) => other !== crumb && !crumb.contains(other)); node; node = node.parentElement) {
      if (/fixed|sticky/.test(getComputedStyle(node).position)) return node.getBoundingClientRect().bottom;
    }
    return 0;
  };
  const orient = () => {
    const top = narrow.matches ? covered() : 0;
    // The next one is where its heading comes close to the line.
    const now = narrow.matches && sections.findLast(([section]) => section.getBoundingClientRect().top < top + 84);
    // Where its own heading is in sight, it says so itself.
    crumb.hidden = !now || now[1].getBoundingClientRect().bottom > top || now[0].getBoundingClientRect().bottom < top;
    if (crumb.hidden || (crumb.dataset.at === now[0].id && crumb.style.top === `${top}px`)) return;
    crumb.dataset.at = now[0].id;
    crumb.style.top = `${top}px`;
    crumb.href = `#${encodeURIComponent(now[0].id)}`;
    const level = now[1].querySelector(".ps-badge-level");
    const style = [...(now[1].querySelector(".ps-badge")?.classList || [])].find((name) => name.startsWith("ps-level-"));
    const above = sections[0][0] === now[0] ? [] : [make("span", { dir: "auto" }, titleOf(sections[0][0])), " › "];
    crumb.replaceChildren(...above, make("strong", { dir: "auto" }, titleOf(now[0])), ...(level ? [" ", make("span", { class: `ps-chip ${style}` }, level.textContent)] : []));
  };
  if (sections.length > 1) {
    let due = 0;
    const soon = () => (due ||= requestAnimationFrame(() => ((due = 0), orient())));
    document.body.append(crumb);
    addEventListener("scroll", soon, { passive: true });
    addEventListener("resize", soon);
  }

  /* ---- other releases ---- */

  /** The principle that is being read: the last that began, or the one that the address names while it is in sight,
      and at the top of the page, where a reader scrolls to who looks for a way out. */
  const reading = () => {
    const named = document.getElementById(decoded(location.hash.slice(1)))?.closest("section:has(> .ps-panel)");
    const at = named?.getBoundingClientRect();
    if (at && ((at.top < innerHeight && at.bottom > 0) || scrollY < innerHeight / 3)) return named;
    const all = [...document.querySelectorAll("section:has(> .ps-panel)")];
    return all.findLast((section) => section.getBoundingClientRect().top < innerHeight / 3);
  };
  // Such a link leads to a page; where a principle is being read, it leads to that, as the panel knows.
  const keepPlace = (link) => {
    const page = link.href;
    const lead = () => {
      const known = [...(reading()?.querySelectorAll(":scope > .ps-panel a[data-ps-release]") || [])];
      link.href = (known.find((other) => other.dataset.psRelease === link.dataset.psRelease) || { href: page }).href;
    };
    for (const type of ["pointerover", "focus", "click"]) link.addEventListener(type, lead);
  };
  document.querySelectorAll(":is(.ps-releases, .ps-old-release) a").forEach(keepPlace);

  // Code that is wider than the page scrolls by keyboard only where it takes the focus.
  for (const code of document.querySelectorAll(".ps-principle pre, .ps-section pre")) {
    if (code.scrollWidth > code.clientWidth) code.tabIndex = 0;
  }
  // Some themes unfold a line of the sidebar by a sign alone, which a screen reader cannot tell from others.
  for (const fold of document.querySelectorAll("li > details > summary:not([aria-label])")) {
    const line = fold.closest("li").querySelector("a");
    if (line && !fold.textContent.trim()) fold.setAttribute("aria-label", squeeze(line.textContent).trim());
  }
  document.querySelectorAll(".ps-tools").forEach(equip);
  document.querySelectorAll(".ps-example-head > .headerlink, .ps-kind > .headerlink, dt > .headerlink").forEach(addCopy);
  if (preview.showPopover) {
    listen();
    explain();
  }
  equipTables();
})();
