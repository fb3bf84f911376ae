"use strict";
/* The last minutes as a chart: points are [second, calls, talking, waiting, ready]. */
const chart = (() => {
  const GAP_S = 5, KEEP_S = 900, HOLE = 1;
  let points = [], minutes = 5, graph = null;
  const box = document.getElementById("chart"), notice = document.getElementById("chart-notice");
  const tone = (name) => getComputedStyle(document.documentElement).getPropertyValue("--" + name).trim();
  const two = (n) => String(n).padStart(2, "0");
  const hour = (date) => two(date.getHours()) + ":" + two(date.getMinutes()) + (date.getSeconds() ? ":" + two(date.getSeconds()) : "");

  /* Its legend writes inline styles, which our content policy forbids; we have our own. */
  if (typeof Dygraph !== "undefined") Dygraph.PLUGINS = Dygraph.PLUGINS.filter((plugin) => plugin !== Dygraph.Plugins.Legend);

  function rows() {
    const out = [], last = points.length ? points[points.length - 1][0] : 0;
    let before = 0;
    for (const p of points) {
      if (p[0] < last - minutes * 60) continue;
      if (before && p[0] - before > GAP_S) out.push([new Date((before + HOLE) * 1000), null, null, null]);
      out.push([new Date(p[0] * 1000), p[1], p[2], p[3]]);
      before = p[0];
    }
    return out;
  }
  function colours() {
    return { colors: [tone("calls"), tone("talking"), tone("waiting")], gridLineColor: tone("line"), axisLineColor: tone("line") };
  }
  function draw() {
    if (typeof Dygraph === "undefined") {
      notice.textContent = WORDS.chart_missing;
      notice.hidden = false;
      box.hidden = true;
      return;
    }
    const data = rows();
    notice.textContent = WORDS.chart_empty;
    notice.hidden = data.length > 1;
    box.hidden = data.length <= 1;
    if (data.length <= 1) return;
    const end = data[data.length - 1][0].getTime(), top = Math.max(4, ...data.map((r) => Math.max(r[1], r[2], r[3])));
    /* A young floor does not begin with an empty chart. */
    const begin = Math.max(end - minutes * 60000, Math.min(data[0][0].getTime(), end - 60000));
    const view = { file: data, dateWindow: [begin, end], valueRange: [0, top * 1.12] };
    if (graph) return graph.updateOptions(view);
    graph = new Dygraph(box, data, Object.assign(view, colours(), {
      labels: ["time", "calls", "talking", "waiting"],
      series: { calls: { fillGraph: true, strokeWidth: 1.5 }, talking: { strokeWidth: 2.2 }, waiting: { strokeWidth: 2.2 } },
      fillAlpha: 0.12, highlightCircleSize: 3, drawAxesAtZero: true, interactionModel: {}, rightGap: 8, axisLabelWidth: 44,
      axes: { x: { drawGrid: false, axisLabelWidth: 70, axisLabelFormatter: (d) => hour(d), pixelsPerLabel: 90 }, y: { pixelsPerLabel: 40, axisLabelFormatter: (v) => (Number.isInteger(v) ? String(v) : "") } },
      highlightCallback: (event, x, near) => legend(near.map((p) => p.yval)),
      unhighlightCallback: () => legend(null),
    }));
  }
  function legend(values) {
    const last = points.length ? points[points.length - 1].slice(1, 4) : ["", "", ""];
    document.querySelectorAll("#legend b").forEach((b, i) => { b.textContent = (values || last)[i] ?? ""; });
    if (!values && points.length) {
      box.setAttribute("aria-label", WORDS.chart_text.replace("{calls}", last[0]).replace("{talking}", last[1]).replace("{waiting}", last[2]));
    }
  }
  function add(point) {
    const last = points.length ? points[points.length - 1][0] : 0;
    if (point[0] < last) points = [];
    else if (point[0] === last) points.pop();
    points.push(point);
    while (points.length && points[0][0] < point[0] - KEEP_S) points.shift();
    if (point[0] === last) return;
    draw();
    legend(null);
  }
  function load(all) {
    points = all;
    draw();
    legend(null);
  }
  const buttons = document.querySelectorAll("#span button");
  for (const button of buttons) {
    button.textContent = WORDS.minutes.replace("{n}", button.dataset.minutes);
    button.addEventListener("click", () => {
      minutes = Number(button.dataset.minutes);
      for (const b of buttons) b.setAttribute("aria-pressed", String(b === button));
      draw();
    });
  }
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => { if (graph) graph.updateOptions(colours()); });
  return { add, load };
})();
