/**
 * Makes dist/bundle, which is all of dist that is shipped: run by `npm run build`. A start reads one file for the first words
 * of the command line, and one for the command with all it needs. What is imported where it is first needed stands apart.
 */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join, relative } from 'node:path'
import { build, type Plugin } from 'esbuild'
import { loadCommands } from './commands/command-table.js'
import { completionScripts } from './commands/completion-script.js'
import { renderOverview } from './commands/overview.js'
import { bundled, packageRoot } from './ground/paths.js'
import { packageVersion } from './ground/version.js'

const sources = join(packageRoot, 'src')

/** Returns a bundle's name, without an ending: src/shimdir/install.ts is shimdir-install, a package has its own. */
const nameOf = (module: string): string =>
  module.startsWith('/')
    ? relative(sources, module)
        .replace(/\.[jt]s$/, '')
        .replaceAll('/', '-')
    : module

/** Leaves out what is imported where it is first needed, and notes it: it has a bundle of its own. So has a package that is large and
 * rarely needed; another one is part of what imports it. */
const apart = (found: Set<string>): Plugin => ({
  name: 'apart',
  setup({ onResolve }) {
    onResolve({ filter: /./ }, ({ kind, path, resolveDir }) => {
      const isApart = path.startsWith('.') ? resolveDir.startsWith(sources) : path === 'cosmiconfig'
      if (kind !== 'dynamic-import' || !isApart) return undefined
      const module = path.startsWith('.') ? join(resolveDir, path.replace(/\.js$/, '.ts')) : path
      found.add(module)
      return { path: `./${nameOf(module)}.cjs`, external: true }
    })
  },
})

/** Modules of Node's own that its start does not load, and that take up to 5 ms each. `util` is loaded by then; `os` takes less
 * than to put off its loading does. */
const slowModules =
  /^(node:)?(child_process|crypto|fs\/promises|net|readline|timers\/promises|tty|worker_threads)$/

const keysOf = (module: string): [key: string, value: unknown][] =>
  Object.entries(createRequire(import.meta.url)(module) as Record<string, unknown>)

/**
 * Has Node load them where something of theirs is used first, not where they are imported. What we import of them are functions;
 * a package may want anything.
 */
const lazily: Plugin = {
  name: 'lazily',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: slowModules }, ({ path, namespace, importer }) => {
      if (namespace.startsWith('lazily')) return { path, external: true }
      return { path, namespace: importer.startsWith(sources) ? 'lazily' : 'lazily for a package' }
    })
    onLoad({ filter: /./, namespace: 'lazily' }, ({ path }) => ({
      contents: keysOf(path)
        .filter(([, value]) => typeof value === 'function')
        .map(([key]) => `export const ${key} = (...words) => require('${path}').${key}(...words)\n`)
        .join(''),
    }))
    onLoad({ filter: /./, namespace: 'lazily for a package' }, ({ path }) => ({
      contents: `
        let loaded
        const load = () => (loaded ??= require('${path}'))
        for (const key of ${JSON.stringify(keysOf(path).map(([key]) => key))})
          Object.defineProperty(exports, key, { enumerable: true, get: () => load()[key] })
      `,
    }))
  },
}

const commands = await loadCommands()
rmSync(bundled(''), { recursive: true, force: true })
mkdirSync(bundled(''), { recursive: true })
writeFileSync(bundled('overview.txt'), renderOverview(commands))
for (const [shell, script] of completionScripts(commands))
  writeFileSync(bundled(`completion.${shell}`), script)

const common = {
  absWorkingDir: packageRoot,
  bundle: true,
  logLevel: 'warning',
  legalComments: 'eof',
} as const

/** Bundles files, and whatever these load apart. `made`: what has a bundle by now. */
async function bundle(paths: readonly string[], made: ReadonlySet<string> = new Set(paths)): Promise<void> {
  const found = new Set<string>()
  await build({
    ...common,
    entryPoints: Object.fromEntries(paths.map(path => [nameOf(path), path])),
    outdir: bundled(''),
    outExtension: { '.js': '.cjs' },
    platform: 'node',
    target: 'node20',
    minifySyntax: true,
    minifyWhitespace: true, // names stay, for the stack of an internal error
    format: 'cjs', // starts sooner than an ES module
    supported: { 'dynamic-import': false }, // Node starts its other loader for one
    external: ['typescript'], // cosmiconfig's, for configs that are code
    plugins: [apart(found), lazily],
    banner: { js: "'use strict'; const ownDirectory = __dirname + '/own'" }, // as deep as the directory of a source
    define: { 'import.meta.dirname': 'ownDirectory', bundledVersion: JSON.stringify(packageVersion()) },
  })
  const fresh = [...found].filter(path => !made.has(path))
  if (fresh.length > 0) await bundle(fresh, new Set([...made, ...fresh]))
}

await bundle([join(packageRoot, 'src/main.ts')])
await build({
  ...common,
  entryPoints: { page: join(packageRoot, 'src/timeline/page/main.ts') },
  outdir: bundled(''),
  minify: true,
  target: 'es2022',
  format: 'iife',
})
