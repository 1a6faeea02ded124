// Lists what WCAG 2.2 AA forbids on the page as it stands: text whose contrast
// with its ground is under 4.5 (3 where it is large), and controls without a name.
(() => {
  const parts = (color) => {
    const canvas = new OffscreenCanvas(1, 1).getContext("2d");
    canvas.fillStyle = color;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const luminance = (color) => {
    const [r, g, b] = parts(color).slice(0, 3).map((v) => v / 255).map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = (element) => {
    for (let e = element; e; e = e.parentElement) {
      const color = getComputedStyle(e).backgroundColor;
      if (parts(color)[3] === 255) return color;
    }
    return "white";
  };
  const faults = [];
  const checkContrast = (element, color, what) => {
    const style = getComputedStyle(element);
    const size = parseFloat(style.fontSize);
    const least = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700) ? 3 : 4.5;
    const [dark, light] = [luminance(color), luminance(ground(element))].sort((a, b) => a - b);
    const ratio = (light + 0.05) / (dark + 0.05);
    if (ratio < least) faults.push(`contrast ${ratio.toFixed(2)}, want ${least}: ${what} of ${element.outerHTML.slice(0, 120)}`);
  };
  for (const element of document.querySelectorAll("body *")) {
    if (!element.checkVisibility()) continue;
    const ownText = [...element.childNodes].some((n) => n.nodeType === Node.TEXT_NODE && n.textContent.trim() !== "");
    if (ownText || element.value) checkContrast(element, getComputedStyle(element).color, "text");
    if (element.placeholder) checkContrast(element, getComputedStyle(element, "::placeholder").color, "placeholder");
    if (element.matches("button, input, select, textarea")) {
      const name = element.ariaLabel || element.labels?.[0]?.textContent || (element.matches("button") ? element.textContent : "");
      if (element.type !== "hidden" && name.trim() === "") faults.push(`no name: ${element.outerHTML.slice(0, 120)}`);
    }
  }
  return faults;
})();
