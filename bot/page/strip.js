// Takes in the strip of days that the server draws.

const ELEMENTS = new Set(["svg", "g", "rect", "text", "line", "circle", "path", "title"]);
const ATTRIBUTES = new Set(("class role aria-label viewBox width height x y rx ry cx cy r d x1 y1 x2 y2 " +
  "transform fill fill-opacity stroke stroke-width text-anchor font-size font-weight").split(" "));

/** Parse a strip of days, keeping only harmless elements and attributes; no SVG at all gives its words. */
export function drawStrip({ svg, alt }) {
  const drawing = new DOMParser().parseFromString(svg, "image/svg+xml").documentElement;
  if (drawing.localName !== "svg" || drawing.querySelector("parsererror")) return document.createTextNode(alt);
  for (const node of [drawing, ...drawing.querySelectorAll("*")]) {
    if (!ELEMENTS.has(node.localName)) node.remove();
    for (const { name, value } of [...node.attributes]) {
      if (!ATTRIBUTES.has(name) || value.includes("url(")) node.removeAttribute(name);
    }
  }
  return document.adoptNode(drawing);
}
