import type { Plugin as EsbuildPlugin } from "esbuild";
import type { Plugin as VitePlugin } from "vite";

export function resolveShader(path: string, libraries?: string): { text: string; files: string[] };
export function wgslForEsbuild(): EsbuildPlugin;
export function wgslForVite(): VitePlugin;
