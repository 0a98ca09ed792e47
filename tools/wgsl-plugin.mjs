/**
 * Makes `import source from "./x.wgsl"` give the shader's text, in esbuild, Vite and Vitest alike.
 *
 * A line `// #import name` is replaced by `shaders/lib/name.wgsl`. Libraries may import libraries; each is
 * pasted in once per shader, at the first import. An unknown name or a circle is a build error.
 */
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const libraryFolder = join(dirname(fileURLToPath(import.meta.url)), "../shaders/lib");
const importLine = /^[ \t]*\/\/[ \t]*#import[ \t]+(.*?)[ \t]*\r?$/gm;
const libraryName = /^[a-z][a-z0-9_]*$/;

/**
 * @param {string} path the shader file
 * @param {string} libraries the folder of what can be imported
 * @returns {{ text: string, files: string[] }} its text with all imports pasted in, and every file read
 */
export function resolveShader(path, libraries = libraryFolder) {
  const files = [];
  const pasted = new Set();
  const expand = (file, chain) => {
    files.push(file);
    return readFileSync(file, "utf8").replace(importLine, (_line, name) => {
      const library = join(libraries, `${name}.wgsl`);
      if (chain.includes(library)) throw new Error(`${file}: "#import ${name}" closes a circle.`);
      if (!libraryName.test(name) || !existsSync(library)) {
        throw new Error(`${file}: "#import ${name}" names no file; expected ${library}.`);
      }
      if (pasted.has(library)) return "";
      pasted.add(library);
      return expand(library, [...chain, library]);
    });
  };
  return { text: expand(path, []), files };
}

/** The esbuild plugin. */
export function wgslForEsbuild() {
  return {
    name: "wgsl",
    setup(build) {
      build.onLoad({ filter: /\.wgsl$/ }, ({ path }) => {
        const { text, files } = resolveShader(path);
        return { contents: text, loader: "text", watchFiles: files };
      });
    },
  };
}

/** The Vite and Vitest plugin. */
export function wgslForVite() {
  return {
    name: "wgsl",
    enforce: "pre",
    load(id) {
      const path = id.split("?", 1)[0];
      if (!path.endsWith(".wgsl")) return null;
      const { text, files } = resolveShader(path);
      for (const file of files) this.addWatchFile(file);
      return `export default ${JSON.stringify(text)};`;
    },
  };
}
