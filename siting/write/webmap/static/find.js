// Finding places: by name, id or the initials of their pinyin; in a table that can be sorted; and by a link to one place.
"use strict";
const sitingFind = (() => {
  const MOST = 12;
  // The first character of each initial in the order of pinyin, in which browsers can sort.
  const FIRST = "阿八嚓哒妸发旮哈讥咔垃妈拏噢妑七呥仨他哇夕丫匝";
  const INITIALS = "abcdefghjklmnopqrstwxyz";
  const LEVELS = ["proposed", "facility", "residential_area", "community", "street", "planning", "district", "city"];
  const COLUMNS = {
    proposed: ["elderly_new", "covered_share_after", "cost_cny"],
    facility: ["land_m2", "floor_area_m2", "beds"],
    place: ["elderly", "covered_share", "land_gap_02_m2"],
  };

  let tools = null;
  let all = [];
  let sorted = { column: 0, up: true };
  const box = document.getElementById("find");
  const list = document.getElementById("found");
  const table = document.getElementById("places");
  const level = document.getElementById("places-level");

  const collator = new Intl.Collator("zh-Hans-u-co-pinyin");
  const byPinyin = collator.resolvedOptions().collation === "pinyin";

  function initialOf(character) {
    if (!/[\u4e00-\u9fff]/.test(character)) return character;
    if (!byPinyin) return "";
    let at = -1;
    while (at + 1 < FIRST.length && collator.compare(FIRST[at + 1], character) <= 0) at += 1;
    return at < 0 ? "" : INITIALS[at];
  }

  const initials = (name) => [...name].map(initialOf).join("").toLowerCase();

  function matches(query) {
    const asked = query.trim().toLowerCase();
    if (!asked) return [];
    const ranked = [];
    for (const one of all) {
      const places = [one.name.indexOf(asked), one.id.indexOf(asked), one.initials.indexOf(asked)].filter((at) => at >= 0);
      if (places.length) ranked.push([Math.min(...places), one]);
    }
    ranked.sort((one, other) => one[0] - other[0] || one[1].order - other[1].order);
    return ranked.slice(0, MOST).map(([, one]) => one);
  }

  function offer() {
    const { make, both, data } = tools;
    const found = matches(box.value);
    const none = make("li", "none", both(data.labels.nothing_found));
    const rows = found.map((one, i) => {
      const node = make("li", "", make("b", "", one.entry.n), make("small", "", both(one.entry.k), ` ${one.key.slice(one.key.indexOf("/") + 1)}`));
      node.id = `found-${i}`;
      node.setAttribute("role", "option");
      node.setAttribute("aria-selected", "false");
      node.dataset.key = one.key;
      return node;
    });
    list.replaceChildren(...(rows.length ? rows : box.value.trim() ? [none] : []));
    open(list.childElementCount > 0);
  }

  function open(shown) {
    list.hidden = !shown;
    box.setAttribute("aria-expanded", String(shown));
    if (!shown) box.removeAttribute("aria-activedescendant");
  }

  function choose(node) {
    if (!node || !node.dataset.key) return;
    open(false);
    tools.find(node.dataset.key, { focus: true });
  }

  function step(by) {
    const rows = [...list.querySelectorAll("[role=option]")];
    if (!rows.length) return;
    const at = rows.findIndex((row) => row.getAttribute("aria-selected") === "true");
    const next = rows[(at + by + rows.length + (at < 0 && by < 0 ? 1 : 0)) % rows.length];
    for (const row of rows) row.setAttribute("aria-selected", String(row === next));
    box.setAttribute("aria-activedescendant", next.id);
    next.scrollIntoView({ block: "nearest" });
  }

  function keys(event) {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (list.hidden) offer();
      step(event.key === "ArrowDown" ? 1 : -1);
    } else if (event.key === "Enter") {
      choose(list.querySelector("[aria-selected=true]") || list.querySelector("[role=option]"));
    } else if (event.key === "Escape") {
      open(false);
    }
  }

  // The figure by which a cell is sorted: a bound by its number, nothing last.
  function figure(entry, column) {
    const row = entry.r.find(([key]) => key === column);
    const text = row && typeof row[1] === "string" ? row[1].replace(/,/g, "") : "";
    const number = text.match(/-?[0-9.]+/);
    return number ? Number(number[0]) : null;
  }

  function rowsOf() {
    const columns = columnsOf();
    const rows = all.filter(({ key }) => key.startsWith(`${level.value}/`));
    const direction = sorted.up ? 1 : -1;
    const by = ["name", ...columns][sorted.column] || "name";
    const names = new Intl.Collator("zh-Hans-u-co-pinyin", { numeric: true });
    return rows.sort((one, other) => {
      if (by === "name") return direction * names.compare(one.entry.n, other.entry.n);
      const [first, second] = [figure(one.entry, by), figure(other.entry, by)];
      if (first === null || second === null) return (first === null) - (second === null);
      return direction * (first - second);
    });
  }

  const columnsOf = () =>
    (COLUMNS[level.value] || tools.data.listed || COLUMNS.place).filter((column) => tools.data.fields[column]);

  function draw() {
    const { make, both, data, value } = tools;
    const columns = columnsOf();
    const heads = [data.labels.column_name, ...columns.map((column) => data.fields[column])].map((pair, i) => {
      const button = make("button", "", both(pair));
      button.type = "button";
      button.addEventListener("click", () => {
        sorted = { column: i, up: sorted.column === i ? !sorted.up : i === 0 };
        draw();
        table.querySelectorAll("th button")[i].focus();
      });
      const head = make("th", "", button);
      head.scope = "col";
      head.setAttribute("aria-sort", sorted.column !== i ? "none" : sorted.up ? "ascending" : "descending");
      return head;
    });
    const body = rowsOf().map(({ key, entry }) => {
      const name = make("button", "link", entry.n);
      name.type = "button";
      name.dataset.find = key;
      const cells = columns.map((column) => {
        const row = entry.r.find(([named]) => named === column);
        return make("td", "", row ? value(row[1]) : "–");
      });
      const first = make("th", entry.v ? entry.v.replace("verdict.", "is-") : "", name);
      first.scope = "row";
      const node = make("tr", "", first, ...cells);
      node.dataset.key = key;
      return node;
    });
    table.replaceChildren(make("thead", "", make("tr", "", ...heads)), make("tbody", "", ...body));
  }

  // An index begins with the largest figures of its first column.
  const first = () => (tools.data.listed && !COLUMNS[level.value] ? { column: 1, up: false } : { column: 0, up: true });

  function mark(key) {
    for (const row of table.querySelectorAll("tr.current")) row.classList.remove("current");
    const row = [...table.querySelectorAll("tr[data-key]")].find((one) => one.dataset.key === key);
    if (!row) return;
    row.classList.add("current");
    // Only the list moves, and only if it is in sight.
    const frame = table.parentNode;
    if (frame.offsetParent) frame.scrollTop = row.offsetTop - frame.clientHeight / 2;
  }

  // The address names the place whose popup is open.
  function remember(key) {
    try {
      history.replaceState(null, "", key ? `#place=${encodeURIComponent(key)}` : "#");
    } catch {
      // A page inside another page has no address of its own.
    }
  }

  function follow() {
    const asked = /[#&]place=([^&]+)/.exec(window.location.hash);
    if (!asked) return;
    try {
      tools.find(decodeURIComponent(asked[1]), { jump: true });
    } catch (error) {
      if (!(error instanceof URIError)) throw error;
    }
  }

  function levels() {
    const { data, make, say } = tools;
    const present = LEVELS.filter((one) => all.some(({ key }) => key.startsWith(`${one}/`)));
    const told = present.map((one) => {
      const option = make("option", "", say(data.levels[one]));
      option.value = one;
      option.selected = one === level.value;
      return option;
    });
    level.replaceChildren(...told);
  }

  function speak() {
    if (!tools) return;
    box.placeholder = tools.say(tools.data.labels.find_hint);
    levels();
  }

  function start(given) {
    tools = given;
    const { data, map } = tools;
    all = Object.entries(data.popups)
      .filter(([key]) => !key.startsWith("excluded/"))
      .map(([key, entry], order) => ({
        key,
        entry,
        order,
        name: entry.n.toLowerCase(),
        id: key.slice(key.indexOf("/") + 1).toLowerCase(),
        initials: initials(entry.n),
      }));
    speak();
    sorted = first();
    draw();
    box.addEventListener("focus", tools.raise);
    box.addEventListener("input", offer);
    box.addEventListener("keydown", keys);
    box.addEventListener("blur", () => setTimeout(() => open(false), 200));
    list.addEventListener("pointerdown", (event) => {
      event.preventDefault();
      choose(event.target.closest("[role=option]"));
    });
    level.addEventListener("change", () => {
      sorted = first();
      draw();
    });
    map.on("popupopen", ({ popup }) => {
      const key = popup._source && popup._source.key;
      if (!key) return;
      remember(key);
      const of = key.slice(0, key.indexOf("/"));
      if (level.value !== of && [...level.options].some((option) => option.value === of)) {
        level.value = of;
        draw();
      }
      mark(key);
    });
    map.on("popupclose", () => remember(""));
    window.addEventListener("hashchange", follow);
    follow();
  }

  return { start, speak };
})();
