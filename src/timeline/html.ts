/** The page: one file with everything in it, which asks the network for nothing. */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { bundled } from '../ground/paths.js'
import { packageVersion } from '../ground/version.js'
import { grouped, renderMoment } from './amounts.js'
import type { Chart } from './chart.js'
import type { Skipped } from './read.js'
import { escaped } from './text.js'
import { type Theme, themes } from './theme.js'

/** By this line a page is known as one of ours. */
export const pageMark = '<meta name="generator" content="jobshim timeline">'

/** What esbuild made of src/timeline/page. */
const pageFile = (suffix: string): string => readFileSync(bundled(`page.${suffix}`), 'utf8')

/** Returns the page's text. */
export function renderHtml(chart: Chart, skipped: Skipped): string {
  const script = pageFile('js')
  const policy = [
    "default-src 'none'",
    `script-src 'sha256-${createHash('sha256').update(script).digest('base64')}'`,
    "style-src 'unsafe-inline'", // the libraries place what they draw by style attributes
    'img-src data:',
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ')
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
${pageMark}
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escaped(chart.title)} – jobshim timeline</title>
<style>${schemes()}${pageFile('css')}</style>
</head>
<body>
<header>
<h1 title="${escaped(chart.title)}">${escaped(chart.title)}</h1>
<p class="faint">${escaped(chart.directory)}, <time id="began" datetime="${new Date(chart.began).toISOString()}">${renderMoment(chart.began)}</time></p>
</header>
<main>
<noscript><p>This page draws with JavaScript, which is switched off here.</p></noscript>
<section aria-label="Figures"><dl id="facts"></dl></section>
<section id="past" hidden>
<h2>Past the shims</h2>
<p class="faint">These tools ran without a slot, since nothing led them through a shim. They are not in the picture.</p>
<div class="scroll"><table><thead><tr><th>Tool</th><th>Started by</th><th>Why</th><th>What to do</th><th class="number">Runs</th><th class="number">Time</th></tr></thead><tbody id="past-rows"></tbody></table></div>
</section>
<section aria-labelledby="picture-head">
<h2 id="picture-head">Slots over time</h2>
<div id="narrow" hidden><p>Longest times in which one slot was used, or none:</p><ul id="stretches"></ul></div>
<div id="tools">
<button type="button" id="zoom-in" title="zoom in (+)">Zoom in</button><button type="button" id="zoom-out" title="zoom out (-)">Zoom out</button><button type="button" id="earlier" title="earlier (left arrow)">Earlier</button><button type="button" id="later" title="later (right arrow)">Later</button><button type="button" id="whole" title="the whole build (0)">Whole</button><button type="button" id="scheme">Light / dark</button>
<span id="by-mouse" class="faint">Ctrl and wheel zoom, dragging moves.</span>
</div>
<ul id="legend" aria-label="Legend"></ul>
<div id="around"><div id="picture" tabindex="0" role="application" aria-label="Picture of the slots over time; its figures stand above, its files in the table below. Keys: plus and minus zoom, arrows move, 0 shows all."></div><div id="mark" hidden></div><div id="wait" hidden></div><div id="tip" hidden></div></div>
</section>
<section aria-labelledby="costs-head">
<h2 id="costs-head">Costliest files</h2>
<p id="search"><label for="filter">Filter by file or tool </label><input type="search" id="filter" autocomplete="off" spellcheck="false"> <span id="count" class="faint" role="status"></span></p>
<div id="costs"></div>
</section>
</main>
<footer class="faint"><p>${footer(skipped)}</p></footer>
<script type="application/json" id="chart">${dataOf(chart)}</script>
<script>${script}</script>
</body>
</html>
`
}

/** In HTML only `<` ends a script; in JSON it stands in texts only, which may have it escaped. */
const dataOf = (chart: Chart): string => JSON.stringify(chart).replaceAll('<', '\\u003c')

function footer({ cut, foreign, otherVersion }: Skipped): string {
  const skipped = cut + foreign + otherVersion
  return [
    'Memory is the sum of the peaks of what ran at that instant, so more than there was. The processor time of a run is spread evenly over it. A tool waits before its bar begins. Pale: the highest of several values that share a pixel. The likely critical path: back from the end, each tool follows the one that ended last before it began; while all slots are in use no tool is on it. A journal does not tell which tool needs what another one made.',
    ...(skipped > 0
      ? [
          `Of the journal ${skipped === 1 ? 'a line was' : `${grouped(skipped)} lines were`} passed over: ${cut} cut off, ${foreign} of other programs, ${otherVersion} of another jobshim.`,
        ]
      : []),
    `Made by jobshim ${packageVersion()}.`,
  ].join(' ')
}

/** The same colours as in the picture, for what stands around it. */
function schemes(): string {
  const variables = (theme: Theme, scheme: string): string =>
    [
      `color-scheme:${scheme}`,
      ...Object.entries(theme).flatMap(([name, value]) =>
        typeof value === 'string'
          ? [`--${name}:${value}`]
          : value.map((colour: string, index: number) => `--tool-${index}:${colour}`),
      ),
    ].join(';')
  const dark = variables(themes.dark, 'dark')
  return [
    `:root{${variables(themes.light, 'light')}}`,
    `@media(prefers-color-scheme:dark){:root:not([data-theme=light]){${dark}}}`,
    `:root[data-theme=dark]{${dark}}`,
  ].join('')
}
