import type { Generator } from "./generator.ts";

const HAIR = ["4a2f27", "7b4a2d", "c98f5a", "e8c07d", "2c2a33", "8d5a97", "d9748f", "5b7db1"];
const SKIN = ["fdebdd", "f8d9c4", "eec1a2", "c68e6a", "8f5c3e"];
const BACKGROUNDS = ["fde2e4", "e2ece9", "dfe7fd", "fff1c9", "e8dff5", "d7f0e5"];
const NEON = ["ff3fa4", "3fe0ff", "b6ff3f", "ffcf3f", "8a3fff", "ff5f3f", "3fffb0", "3f6bff"];

const PLAIN = {
  beardProbability: 0,
  earringsProbability: 25,
  frecklesProbability: 15,
  glassesProbability: 15,
  hairAccessoriesProbability: 20,
  hairColor: HAIR,
  skinColor: SKIN,
  earringsColor: ["d9a441", "9aa5b1"],
  hairAccessoriesColor: ["d9748f", "e8c07d"],
  backgroundColor: BACKGROUNDS,
} as const;

const MESS = {
  beardProbability: 35,
  earringsProbability: 70,
  frecklesProbability: 60,
  glassesProbability: 60,
  hairAccessoriesProbability: 60,
  hairColor: NEON,
  hairColorFill: "linear",
  hairColorAngle: [0, 360],
  skinColor: NEON,
  skinColorFill: "radial",
  eyesColor: NEON,
  eyebrowsColor: NEON,
  mouthColor: NEON,
  earringsColor: NEON,
  glassesColor: NEON,
  hairAccessoriesColor: NEON,
  backgroundColor: NEON,
  backgroundColorFill: "linear",
  backgroundColorAngle: [0, 360],
  rotate: [-70, 70],
  scale: [0.7, 1.6],
  translateX: [-12, 12],
  flip: ["none", "horizontal", "vertical"],
} as const;

/** Draws a portrait on this machine, without a model and without the network: the same seed gives the same bytes. */
export function portrait({ size }: { readonly size: number }): Generator {
  let pen: Promise<Pen> | undefined;
  return {
    async draw({ seed, truncation }) {
      pen ??= loadPen();
      const { draw, render } = await pen;
      const look = Math.abs(truncation) >= 1 ? MESS : PLAIN;
      const svg = draw({ seed: `${seed}`, ...look, ...(truncation < 0 && { flip: "horizontal" }) });
      const options = { fitTo: { mode: "width", value: size }, font: { loadSystemFonts: false } } as const;
      return (await render(svg, options)).asPng();
    },
  };
}

interface Pen {
  draw(options: Readonly<Record<string, unknown>>): string;
  render: typeof import("@resvg/resvg-js").renderAsync;
}

/** Only for the first picture: a bot that draws none does not load the libraries. */
async function loadPen(): Promise<Pen> {
  const [core, { default: lorelei }, { renderAsync }] = await Promise.all([
    import("@dicebear/core"),
    import("@dicebear/styles/lorelei.json", { with: { type: "json" } }),
    import("@resvg/resvg-js"),
  ]);
  const style = new core.Style<unknown>(lorelei);
  return {
    draw: (options) => new core.Avatar(style, options).toString(),
    render: renderAsync,
  };
}
