// Runs in the page: every visible text with too little contrast to what is behind it.
(() => {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = 1;
  const paint = canvas.getContext("2d", { willReadFrequently: true });

  /** @returns red, green, blue from 0 to 255, opacity from 0 to 1 */
  function parse(color) {
    paint.clearRect(0, 0, 1, 1);
    paint.fillStyle = color;
    paint.fillRect(0, 0, 1, 1);
    const [red, green, blue, alpha] = paint.getImageData(0, 0, 1, 1).data;
    return [red, green, blue, alpha / 255];
  }
  const over = ([r, g, b, a], under) => [r, g, b].map((value, i) => value * a + under[i] * (1 - a));

  function background(element) {
    if (!element) return [255, 255, 255];
    const color = parse(getComputedStyle(element).backgroundColor);
    return color[3] === 1 ? color.slice(0, 3) : over(color, background(element.parentElement));
  }

  function luminance(rgb) {
    const [r, g, b] = rgb.map((value) => {
      const part = value / 255;
      return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  }

  function ratio(color, element) {
    const behind = background(element);
    const [dark, light] = [luminance(over(parse(color), behind)), luminance(behind)].sort((a, b) => a - b);
    return (light + 0.05) / (dark + 0.05);
  }

  const found = [];
  let count = 0;
  function check(what, color, element) {
    count += 1;
    const value = ratio(color, element);
    if (value < 4.5) found.push(`${what}: ${value.toFixed(2)}`);
  }

  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    const text = walker.currentNode.data.trim();
    const isSeen = element.checkVisibility({ opacityProperty: true, visibilityProperty: true });
    if (text === "" || !isSeen || element.closest("option, script, noscript")) continue;
    check(`${element.tagName.toLowerCase()}.${element.className} "${text}"`, getComputedStyle(element).color, element);
  }
  for (const box of document.querySelectorAll("[placeholder]")) {
    if (box.checkVisibility()) check("placeholder", getComputedStyle(box, "::placeholder").color, box);
  }
  return { count, found };
})();
