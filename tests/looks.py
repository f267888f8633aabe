"""Measures a page as it is drawn: what is too small to hit, what overlaps, what is too pale to read."""

from playwright.sync_api import Page

#: The part of an element that is really seen: within the window and within what scrolls around it.
_SEEN = """
const seen = (element) => {
  if (!element.checkVisibility({ visibilityProperty: true })) return null;
  const box = element.getBoundingClientRect();
  let [left, top, right, bottom] = [box.left, box.top, box.right, box.bottom];
  for (let frame = element.parentElement; frame; frame = frame.parentElement) {
    if (getComputedStyle(frame).overflowY === "visible") continue;
    const edge = frame.getBoundingClientRect();
    [left, top] = [Math.max(left, edge.left), Math.max(top, edge.top)];
    [right, bottom] = [Math.min(right, edge.right), Math.min(bottom, edge.bottom)];
  }
  const [width, height] = [right - left, bottom - top];
  return width > 1 && height > 1 ? { left, top, right, bottom, width, height, whole: box } : null;
};
const name = (element) => element.id || element.className || element.tagName;
"""

_LAYOUT = f"""() => {{
{_SEEN}
const faults = [];
for (const frame of [document.documentElement, ...document.querySelectorAll("#log, .bubble, .composer")]) {{
  if (frame.scrollWidth > frame.clientWidth) faults.push(`${{name(frame)}} scrolls sideways`);
}}
const controls = [...document.querySelectorAll("button, a[href], input, textarea, summary")]
  .map((control) => [control, seen(control)]).filter(([, box]) => box);
for (const [control, box] of controls) {{
  if (box.whole.width < 43.9 || box.whole.height < 43.9) {{
    faults.push(`${{name(control)}} is only ${{box.whole.width}} by ${{box.whole.height}}`);
  }}
}}
const blocks = ".top, #ticket, #known, #notice, #composer, .day, .bubble, .hint";
const parts = [...document.querySelectorAll(blocks)]
  .map((part) => [part, seen(part)]).filter(([, box]) => box);
for (const group of [controls, parts]) {{
  for (const [index, [one, first]] of group.entries()) {{
    for (const [other, second] of group.slice(index + 1)) {{
      const wide = Math.min(first.right, second.right) - Math.max(first.left, second.left);
      const high = Math.min(first.bottom, second.bottom) - Math.max(first.top, second.top);
      if (wide > 1 && high > 1) faults.push(`${{name(one)}} lies on ${{name(other)}}`);
    }}
  }}
}}
return faults;
}}"""

_CONTRAST = f"""() => {{
{_SEEN}
const parse = (colour) => colour.match(/[\\d.]+/g).map(Number);
const light = ([red, green, blue]) => [red, green, blue].map((part) => part / 255)
  .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4))
  .reduce((sum, part, index) => sum + part * [0.2126, 0.7152, 0.0722][index], 0);
const solid = (colour) => (parse(colour)[3] ?? 1) === 1;
const ground = (element) => {{
  for (let box = element; box; box = box.parentElement) {{
    for (const part of ["::before", null]) {{
      const colour = getComputedStyle(box, part).backgroundColor;
      if (solid(colour)) return parse(colour);
    }}
  }}
  return [255, 255, 255];
}};
const pale = [];
for (const element of document.querySelectorAll("body *:not(svg *, :disabled)")) {{
  const own = [...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.data.trim());
  if (!own || !seen(element)) continue;
  const [text, behind] = [light(parse(getComputedStyle(element).color)), light(ground(element))];
  const ratio = (Math.max(text, behind) + 0.05) / (Math.min(text, behind) + 0.05);
  if (ratio < 4.5) pale.push(`${{name(element)}} has a contrast of ${{ratio.toFixed(2)}}`);
}}
return pale;
}}"""


def faults_of_layout(page: Page) -> list[str]:
    """Find what scrolls sideways, what lies on something else, and controls smaller than 44 px."""
    return list(page.evaluate(_LAYOUT))


def pale_texts(page: Page) -> list[str]:
    """Find texts whose contrast with what is behind them is below 4.5 to 1 (WCAG 2.2, AA)."""
    return list(page.evaluate(_CONTRAST))
