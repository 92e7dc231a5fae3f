// Sizes of the built console against the budgets (ux §15). Fails when one is exceeded.
// What a page loads is followed through the manifest: the entry, the route's chunk and everything they import.
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'

const dist = join(dirname(fileURLToPath(import.meta.url)), '..', 'dist')
const manifest = JSON.parse(readFileSync(join(dist, '.vite', 'manifest.json'), 'utf8'))
const size = (file) => gzipSync(readFileSync(join(dist, file)), { level: 9 }).length

function collect(key, seen) {
  const chunk = manifest[key]
  if (!chunk) throw new Error(`no such chunk: ${key}`)
  if (seen.has(key)) return
  seen.add(key)
  for (const imported of chunk.imports ?? []) collect(imported, seen)
}
function measure(keys) {
  const seen = new Set()
  for (const key of keys) collect(key, seen)
  const js = new Set()
  const css = new Set()
  for (const key of seen) {
    js.add(manifest[key].file)
    for (const sheet of manifest[key].css ?? []) css.add(sheet)
  }
  const sum = (files) => [...files].reduce((total, file) => total + size(file), 0)
  return { js: sum(js), css: sum(css) }
}

const words = ['src/locales/zh-CN/core.json', 'node_modules/element-plus/es/locale/lang/zh-cn.mjs']
const entry = ['index.html', ...words]
const login = [...entry, 'src/features/system/sessions/LoginPage.vue']
const shell = [...entry, 'src/shell/AppShell.vue']
const pages = {
  'list page: history': ['calls', 'src/features/calls/ledger/HistoryPage.vue'],
  'list page: routes': ['voice', 'src/features/voice/routes/RoutesPage.vue'],
  'list page: servers': ['voice', 'src/features/voice/servers/ServersPage.vue'],
  'live page: calls': ['calls', 'src/features/calls/live/CallsPage.vue'],
  workplace: ['calls', 'src/features/desk/workplace/WorkplacePage.vue'],
}
const KB = 1000
const rows = [
  { what: 'login', ...measure(login), jsLimit: 145 * KB, cssLimit: 32 * KB },
  { what: 'shell', ...measure(shell), jsLimit: 175 * KB, cssLimit: 32 * KB },
  ...Object.entries(pages).map(([what, [chapter, page]]) => ({
    what,
    ...measure([...shell, `src/locales/zh-CN/${chapter}.json`, page]),
    jsLimit: 265 * KB,
    cssLimit: 32 * KB,
  })),
]

let failed = false
const kb = (bytes) => `${(bytes / KB).toFixed(1)} kB`
console.log(
  `${'gzip'.padEnd(22)}${'JS'.padStart(10)}${'limit'.padStart(10)}${'CSS'.padStart(10)}${'limit'.padStart(10)}`,
)
for (const row of rows) {
  const over = row.js > row.jsLimit || row.css > row.cssLimit
  failed ||= over
  console.log(
    row.what.padEnd(22) +
      kb(row.js).padStart(10) +
      kb(row.jsLimit).padStart(10) +
      kb(row.css).padStart(10) +
      kb(row.cssLimit).padStart(10) +
      (over ? '  EXCEEDED' : ''),
  )
}
process.exit(failed ? 1 : 0)
