// Participants per minute as bars, one for each of the last sixty minutes.

import { clock, make, words } from "./page.js";

const WIDTH = 720;
const HEIGHT = 180;
const EDGE = { left: 34, right: 8, top: 10, bottom: 22 };
const MINUTES = 60;

function draw(name, attributes, text) {
  const shape = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) shape.setAttribute(key, value);
  if (text !== undefined) shape.textContent = text;
  return shape;
}

export function chart(timeline, now = Date.now()) {
  if (!timeline.length) return make("p", { text: words.no_data });
  const most = Math.max(...timeline.map((one) => one.participants));
  const wide = (WIDTH - EDGE.left - EDGE.right) / MINUTES;
  const high = HEIGHT - EDGE.top - EDGE.bottom;
  const floor = EDGE.top + high;
  const about = `${words.timeline}: ${timeline.map((one) => `${clock(one.minute)} ${one.participants}`).join(", ")}`;
  const svg = draw("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": about });
  for (const part of [0, 0.5, 1]) {
    const y = floor - part * high;
    svg.append(draw("line", { x1: EDGE.left, x2: WIDTH - EDGE.right, y1: y, y2: y }));
    const count = part * most;
    if (Number.isInteger(count)) svg.append(draw("text", { x: EDGE.left - 6, y: y + 4, "text-anchor": "end" }, count));
  }
  for (const one of timeline) {
    const ago = Math.min(MINUTES - 1, Math.max(0, Math.floor((now - new Date(one.minute)) / 60_000)));
    const tall = (one.participants / most) * high;
    const x = EDGE.left + (MINUTES - 1 - ago) * wide;
    const bar = draw("rect", { x: x + 1, y: floor - tall, width: wide - 2, height: tall });
    bar.append(draw("title", {}, `${clock(one.minute)}: ${one.participants}`));
    svg.append(bar);
  }
  for (const ago of [59, 30, 0]) {
    const x = EDGE.left + (MINUTES - 0.5 - ago) * wide;
    const anchor = ago === 59 ? "start" : ago ? "middle" : "end";
    const at = { x: ago === 59 ? EDGE.left : ago ? x : WIDTH - EDGE.right, y: HEIGHT - 6, "text-anchor": anchor };
    svg.append(draw("text", at, clock(now - ago * 60_000)));
  }
  return svg;
}
