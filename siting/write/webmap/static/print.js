// The map on paper: one full sheet with title, map, scale, north arrow, legend of the layers that are on, and sources; what
// does not fit follows on a further sheet.
"use strict";
const sitingPrint = (() => {
  const METRES_A_PIXEL = 0.0254 / 96;
  const EQUATOR_M = 156543.03392804097;
  const STEPS = [1, 1.1, 1.2, 1.25, 1.4, 1.5, 1.6, 1.8, 2, 2.2, 2.5, 2.8, 3, 3.2, 3.5, 4, 4.5, 5, 5.5, 6, 6.5, 7, 7.5, 8, 9];
  const BAR_MM = 50;

  let map = null;
  let names = null;
  let kept = null;
  const sheet = document.getElementById("print");
  const part = (name) => sheet.querySelector(`.${name}`);

  // The next larger round denominator of a scale.
  function rounded(denominator) {
    const power = 10 ** Math.floor(Math.log10(denominator));
    const step = STEPS.find((each) => each * power >= denominator * 0.9999) || 10;
    return step * power;
  }

  function zoomOf(denominator, latitude) {
    return Math.log2((EQUATOR_M * Math.cos((latitude * Math.PI) / 180)) / (denominator * METRES_A_PIXEL));
  }

  function denominatorOf(zoom, latitude) {
    return (EQUATOR_M * Math.cos((latitude * Math.PI) / 180)) / 2 ** zoom / METRES_A_PIXEL;
  }

  // The largest round scale at which the bounds fit the frame.
  function fit(bounds) {
    const middle = bounds.getCenter();
    const zoom = map.getBoundsZoom(bounds, false, L.point(16, 16));
    const denominator = rounded(denominatorOf(zoom, middle.lat));
    map.setView(middle, zoomOf(denominator, middle.lat), { animate: false });
    return denominator;
  }

  function drawScale(denominator) {
    const most = (BAR_MM / 1000) * denominator;
    const power = 10 ** Math.floor(Math.log10(most));
    const metres = [5, 2, 1].find((step) => step * power <= most) * power;
    part("print-bar").style.width = `${(metres * 1000) / denominator}mm`;
    part("print-length").textContent = metres >= 1000 ? `${metres / 1000} km` : `${metres} m`;
    part("print-denominator").textContent = `1 : ${denominator.toLocaleString("en-US")}`;
  }

  // Copies without what can be clicked: a copied switch would switch off the one that it was copied from.
  function copy(where, nodes) {
    const copies = nodes.map((node) => node.cloneNode(true));
    for (const [i, each] of copies.entries()) {
      for (const input of each.querySelectorAll("input")) input.remove();
      each.querySelectorAll("i").forEach((dot, at) => { dot.style.cssText = nodes[i].querySelectorAll("i")[at].style.cssText; });
      for (const held of each.querySelectorAll("button, label")) held.replaceWith(...held.childNodes);
      for (const named of each.querySelectorAll("[id]")) named.removeAttribute("id");
    }
    part(where).replaceChildren(...copies);
  }

  function legend() {
    const on = [...document.querySelectorAll("#switches .layer")].filter((layer) => {
      const input = layer.querySelector("input");
      return input.checked && sitingWhatIf.keeps(input.dataset.layer) && (layer.querySelector("svg") || layer.querySelector(".samples"));
    });
    copy("print-legend", [...on, ...document.querySelectorAll(".what-if #what-if-card .samples")]);
    // A sheet must say by which clause its verdicts are coloured, and that it shows a choice of the reader's.
    const clause = document.getElementById("clause");
    const told = part("print-clause");
    told.textContent = sitingWhatIf.headline() || (clause && clause.value ? clause.selectedOptions[0].textContent : "");
    told.hidden = !told.textContent;
  }

  // What does not fit beside the map goes to a further sheet: first the stations, then the sources.
  function overflow() {
    const aside = part("print-aside");
    const further = part("print-further");
    const full = () => aside.scrollHeight > aside.clientHeight + 1 || aside.scrollWidth > aside.clientWidth + 1;
    aside.append(part("print-stations"), part("print-sources"));
    for (const name of ["print-stations", "print-sources"]) if (full()) further.append(part(name));
    further.hidden = !further.childElementCount;
  }

  function prepare(paper, extent) {
    if (kept) return;
    const frame = map.getContainer();
    kept = { paper, home: frame.parentNode, next: frame.nextSibling, center: map.getCenter(), zoom: map.getZoom() };
    Object.assign(kept, { snap: map.options.zoomSnap, retina: L.Browser.retina });
    const seen = extent || map.getBounds();
    map.closePopup();
    document.body.classList.add("printing", `paper-${paper}`);
    document.documentElement.classList.add("printing");
    sheet.hidden = false;
    legend();
    copy("print-documents", [...document.querySelectorAll(".documents li")]);
    copy("print-head", [...document.querySelectorAll(".panel header > :not(.bar-top, .tabs)")]);
    copy("print-made", [...document.querySelectorAll(".panel footer p")]);
    // The plan's stations are not those of a reader's choice.
    const rows = sitingWhatIf.headline() ? [] : [...document.querySelectorAll(".ranking li")];
    part("print-stations").hidden = !rows.length;
    copy("print-ranking", rows);
    overflow();
    part("print-map").append(frame);
    // Sharper than a screen.
    L.Browser.retina = true;
    map.options.zoomSnap = 0;
    map.invalidateSize({ animate: false, pan: false });
    drawScale(fit(seen));
    names.place();
  }

  // Chromium prints what a canvas was drawn with in this very event stroke by stroke, and its clearing as white over all
  // that lies below; read and touched once more, it is printed as the picture that it is.
  function settle() {
    for (const canvas of map.getContainer().querySelectorAll("canvas")) {
      const pen = canvas.getContext("2d");
      pen.getImageData(0, 0, 1, 1);
      pen.save();
      pen.setTransform(1, 0, 0, 1, 0, 0);
      pen.fillStyle = "rgba(0, 0, 0, 0.01)";
      pen.fillRect(0, 0, 1, 1);
      pen.restore();
      pen.getImageData(0, 0, 1, 1);
    }
  }

  function restore() {
    if (!kept) return;
    const { home, next, center, zoom, snap, retina, paper } = kept;
    home.insertBefore(map.getContainer(), next);
    document.body.classList.remove("printing", `paper-${paper}`);
    document.documentElement.classList.remove("printing");
    sheet.hidden = true;
    map.options.zoomSnap = snap;
    L.Browser.retina = retina;
    map.invalidateSize({ animate: false, pan: false });
    map.setView(center, zoom, { animate: false });
    kept = null;
  }

  // Where a browser does not say that it has printed, or may not print, the next touch brings the page back.
  function printed() {
    window.print();
    for (const kind of ["pointerdown", "keydown"]) window.addEventListener(kind, restore, { once: true });
  }

  // `extent` gives the bounds to print, or nothing for what is on the screen.
  function start(made, labels, extent) {
    map = made;
    names = labels;
    for (const button of document.querySelectorAll("[data-print]")) {
      button.addEventListener("click", () => {
        prepare(button.dataset.print, extent());
        requestAnimationFrame(() => setTimeout(printed, 150));
      });
    }
    window.addEventListener("beforeprint", () => {
      prepare("a4-landscape", extent());
      settle();
    });
    window.addEventListener("afterprint", restore);
  }

  return { start, prepare, restore, printing: () => kept !== null };
})();
