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
  const finder = loader(new URL("policyspec-find.js", self.src), "policyspecFind");
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
  /** A text as it is compared: without case and signs, a space before each word. */
  const flat = (text) => ` ${text.toLowerCase().replace(/[^\p{L}\p{M}\p{N}]+/gu, " ").trim()}`;
  /** The words of a query, each with a space before it. */
  const parts = (query) => flat(query).trim().split(" ").filter(Boolean).map((word) => ` ${word}`);
  const CLOSE = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]/u;
  /** Whether a text has a word that begins so: "lie" is not in "believe". Scripts without spaces have it anywhere. */
  const has = (text, word) => text.includes(CLOSE.test(word) ? word.trim() : word);
  /** What finds the words of a query in a text. */
  const wordsIn = (words) => {
    const all = words.map((word) => word.trim()).sort((one, other) => other.length - one.length);
    const [close, apart] = [all.filter((word) => CLOSE.test(word)), all.filter((word) => !CLOSE.test(word))];
    const found = [...close, ...(apart.length ? [`(?<![\\p{L}\\p{M}\\p{N}])(?:${apart.join("|")})[\\p{L}\\p{M}\\p{N}]*`] : [])];
    return new RegExp(found.join("|") || "(?!)", "giu");
  };
  /** Take the marks away that Sphinx puts inside of words. */
  const unmark = (part) => {
    for (const mark of part.querySelectorAll("span.highlighted")) {
      const before = mark.previousSibling;
      if (before?.nodeType === Node.TEXT_NODE && /\p{L}$/u.test(before.data) && !CLOSE.test(mark.textContent)) {
        const around = mark.parentNode;
        mark.replaceWith(...mark.childNodes);
        around.normalize();
      }
    }
  };
  // What other scripts of ours use, which come later.
  window.policyspec = { make, speaker, say, data, texts, root, flat, parts, has, wordsIn, decoded, unmark };
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
        const anchors = [...row.querySelectorAll("a[href*='#']")].filter((link) => itemOf(known, link)).map((link) => decoded(link.hash.slice(1)));
        const item = anchors.length ? itemOf(known, { hash: `#${anchors[0]}` }) : EMPTY;
        const shown = row.cloneNode(true);
        shown.querySelectorAll(".ps-filled").forEach((fold) => fold.remove());
        const ids = anchors.flatMap((anchor) => [anchor, ...(known.former[anchor] || [])]);
        return { row, at, item, anchor: anchors[0], text: flat([shown.textContent, ...ids].join(" , ")) };
      });
      this.count = make("output", { class: "ps-count-shown" });
      this.nothing = make("div", { class: "ps-nothing", hidden: true });
      this.form = this.makeForm();
      // A few rows are seen at a glance.
      if (this.rows.length >= FEW) (this.table.closest(".ps-scroll") || this.table).before(this.form, this.nothing);
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

    /** Whether a row is what is asked for. */
    matches({ item, text }, values) {
      const levels = values.level ? values.level.split(",") : [];
      const topic = (this.known?.topics || []).findIndex(([id]) => id === values.topic);
      const flag = (name) => 1 << FLAGS.indexOf(name);
      // An id is one word to who types it.
      return (
        values.q.split(/\s+/).every((part) => has(text, flat(part).trimEnd())) &&
        (!levels.length || levels.includes(this.known?.levels[item.level]?.[0])) &&
        (!values.by || this.mayOverride(values.by, item)) &&
        (!values.topic || item.topics.includes(topic)) &&
        (!values.has || item.flags & flag(values.has)) &&
        (!values.lacks || !(item.flags & flag(values.lacks)))
      );
    }

    apply(keep) {
      const values = this.values();
      let count = 0;
      for (const entry of this.rows) {
        entry.row.hidden = !this.matches(entry, values);
        count += !entry.row.hidden;
      }
      this.count.textContent = say("{shown} of {all}", { shown: count, all: this.rows.length });
      if (values.q && !this.isWhole) this.deepen();
      else this.explain(count, values);
      this.order();
      if (keep) store(this.number, values);
    }

    /** Search all that the things of the rows say, once that is there. */
    async deepen() {
      const more = await texts();
      if (this.isWhole) return;
      this.isWhole = true;
      for (const entry of this.rows) {
        const answers = (more?.answers[entry.anchor] || []).flatMap(([, , ...words]) => words);
        entry.text += flat([...(more?.said[entry.anchor] || []), ...answers].join(" , "));
      }
      this.apply(false);
    }

    /** Say where no row is left, and which choice leaves some when it is dropped. */
    explain(count, values) {
      this.nothing.hidden = count > 0;
      this.table.closest(".ps-scroll")?.classList.toggle("ps-is-empty", !count);
      if (count) return this.nothing.replaceChildren();
      const chosen = Object.keys(values).filter((name) => name !== "sort" && values[name]);
      const ways = chosen.map((name) => {
        const controls = [...this.form.elements].filter((control) => control.name === name && (control.type !== "checkbox" || control.checked));
        const left = this.rows.filter((entry) => this.matches(entry, { ...values, [name]: "" })).length;
        const words = controls.map((control) => (control.selectedOptions ? `${control.labels[0].textContent}: ${control.selectedOptions[0].textContent}` : control.type === "checkbox" ? control.labels[0].textContent.trim() : `“${control.value.trim()}”`));
        const drop = () => {
          for (const control of controls) control.type === "checkbox" ? (control.checked = false) : (control.value = "");
          this.apply(true);
          this.form.elements.q.focus();
        };
        return [left, make("button", { type: "button", onclick: drop }, say("Without {choice} ({count})", { choice: words.join(", "), count: left }))];
      });
      const useful = ways.filter(([left]) => left).map(([, button]) => button);
      const reset = make("button", { type: "button", onclick: () => this.form.reset() }, say("Reset"));
      const said = useful.length > 1 ? say("No row matches all of this. Rows are left:") : say("No row matches.");
      return this.nothing.replaceChildren(make("p", { role: "status" }, said), ...(useful.length ? useful : [reset]));
    }

    order() {
      const down = this.sort.startsWith("-");
      const column = this.sort === "" ? -1 : Math.abs(Number(this.sort));
      const head = this.heads[column];
      const text = ({ row }) => squeeze(row.cells[column].textContent).trim();
      const compare = (one, other) => {
        if (!head) return 0;
        // A number may stand behind a sign, and before what it is about; nothing is less than 0.
        const number = (entry) => parseFloat(text(entry).replace(/^\D+/, "") || -1);
        if (head.isNumber) return number(one) - number(other);
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
    ((await texts())?.answers[anchor] || []).map(([role, verdict, text, note]) => {
      const chip = verdict && make("span", { class: `ps-chip ps-verdict-${verdict}` }, `${SIGN[verdict]} ${say(`verdict ${verdict}`)}`);
      return make("div", { class: "ps-turn" }, make("strong", {}, role), " ", chip, make("div", { dir: "auto" }, text), ...(note ? [make("div", { class: "ps-turn-note", dir: "auto" }, note)] : []));
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

  /* ---- what is looked for: the script that finds it comes when it is asked for ---- */

  const jump = async (text) => (await finder())?.jump(text);
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
  for (const field of document.querySelectorAll(".ps-find input")) {
    field.addEventListener("focus", async () => (await finder())?.equipField(field), { once: true });
  }
  const results = document.querySelector(".ps-search");
  if (results) finder().then((found) => found?.equipSearch(results));
  // A site of one page has none for a search: the forms of its theme lead to itself.
  document.addEventListener("submit", (event) => {
    const field = event.target.querySelector("input[name='q']");
    if (!field || event.target.getAttribute("action") !== "#") return;
    event.preventDefault();
    jump(field.value);
  });

  const visible = (node) => node.checkVisibility?.() && !node.closest("details:not([open])");
  // Whoever comes from a search of Sphinx stands at the first of the words that it has marked, not at the top of a long page.
  // Sphinx marks them a moment after the page is there.
  const toMarked = () => {
    for (const part of document.querySelectorAll("main, [role='main'], .body")) unmark(part);
    const marked = [...document.querySelectorAll(":is(main, [role='main'], .body) span.highlighted")];
    if (!location.hash && !scrollY) marked.find(visible)?.scrollIntoView({ block: "center" });
  };
  /** Whoever comes from a search of ours stands at the paragraph that has the words, which are marked. */
  const toFound = (query) => {
    const target = document.getElementById(decoded(location.hash.slice(1)));
    const box = target?.closest(".ps-example, .ps-definition, section");
    const words = parts(query);
    if (!box || !words.length) return;
    const blocks = "p, li, pre, td, dd";
    const all = [...box.querySelectorAll(blocks)].filter((node) => !node.querySelector(blocks) && !node.closest(".ps-panel, .ps-since, .ps-says") && visible(node));
    const fit = (node) => words.filter((word) => has(flat(node.textContent), word)).length;
    const best = all.reduce((one, other) => (fit(other) > (one ? fit(one) : 0) ? other : one), null);
    if (!best) return;
    if (window.Highlight && CSS.highlights) {
      const walker = document.createTreeWalker(best, NodeFilter.SHOW_TEXT);
      const ranges = [];
      for (let node = walker.nextNode(); node; node = walker.nextNode()) {
        for (const match of node.data.matchAll(wordsIn(words))) {
          const range = new Range();
          range.setStart(node, match.index);
          range.setEnd(node, match.index + match[0].length);
          ranges.push(range);
        }
      }
      CSS.highlights.set("ps-found", new Highlight(...ranges));
    }
    best.scrollIntoView({ block: "center" });
  };
  const sought = new URLSearchParams(location.search).get("find");
  addEventListener("load", () => setTimeout(() => (sought ? toFound(sought) : toMarked()), 50));

  /* ---- on a phone, a line that says where one is ---- */

  const narrow = matchMedia("(max-width: 48em)");
  const sections = [...document.querySelectorAll(":is(.ps-principle, .ps-section)[id]")].map((section) => [section, section.querySelector(":scope > :is(h1, h2, h3, h4, h5, h6)")]).filter(([, heading]) => heading);
  const crumb = make("a", { class: "ps-crumb", tabindex: "-1", "aria-hidden": "true", hidden: true });
  /** How far down what a theme keeps at the top of the window reaches. */
  const covered = () => {
    const line = document.querySelector(".ps-old-release")?.getBoundingClientRect();
    if (line && line.top <= 120 && scrollY > line.height) return line.bottom;
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
  const onScroll = (look) => {
    let due = 0;
    const soon = () => (due ||= requestAnimationFrame(() => ((due = 0), look())));
    for (const type of ["scroll", "resize", "load"]) addEventListener(type, soon, { passive: true });
  };
  if (sections.length > 1) {
    document.body.append(crumb);
    onScroll(orient);
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

  // On an old release the line at the top says of the principle that is being read whether it has changed since.
  const old = document.querySelector(".ps-old-release");
  const since = new Map([...document.querySelectorAll(".ps-old-changes [data-ps-for]")].map((item) => [item.dataset.psFor, item]));
  const compare = () => {
    const section = reading();
    const is = section?.matches(".ps-principle") ? section.id : "";
    const place = old.querySelector("span > span");
    if (place.dataset.at === is) return;
    place.dataset.at = is;
    const item = since.get(is);
    const said = item ? (item.querySelector("a") ? say("changed since") : say("no longer in it")) : say("unchanged since");
    place.replaceChildren(...(is ? [" · ", make("span", { dir: "auto" }, `${titleOf(section)}: `), said] : []));
  };
  if (old && document.querySelector(".ps-old-changes")) onScroll(compare);

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
