import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { Problem, asProblem, fieldErrors, problemFromAnswer, problemText } from '@/api/problem'
import { mayRetry } from '@/app/query'

const base = join(import.meta.dirname, '../src/locales')
function flat(value: unknown, prefix = '', into: Record<string, string> = {}): Record<string, string> {
  if (typeof value === 'string') into[prefix] = value
  else {
    for (const [key, child] of Object.entries(value as object))
      flat(child, prefix ? `${prefix}.${key}` : key, into)
  }
  return into
}
const words = (locale: string, file: string) =>
  flat(JSON.parse(readFileSync(join(base, locale, file), 'utf8')) as unknown)
const files = readdirSync(join(base, 'zh-CN'))
const placeholders = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map((match) => match[1]).sort()

describe('the language files', () => {
  it('are the same files in both languages', () => {
    expect(readdirSync(join(base, 'en'))).toEqual(files)
  })
  for (const file of files) {
    const zh = words('zh-CN', file)
    const en = words('en', file)
    it(`${file}: both have the same keys`, () => {
      expect(Object.keys(en).sort()).toEqual(Object.keys(zh).sort())
    })
    it(`${file}: both have the same placeholders, and no text is empty`, () => {
      for (const key of Object.keys(zh)) {
        expect(placeholders(en[key] ?? ''), key).toEqual(placeholders(zh[key] ?? ''))
        expect(zh[key]?.trim(), key).not.toBe('')
        expect(en[key]?.trim(), key).not.toBe('')
      }
    })
    it(`${file}: none holds what vue-i18n would read as its own syntax`, () => {
      for (const [key, text] of [...Object.entries(zh), ...Object.entries(en)]) {
        expect(text.replace(/\{\w+\}/g, ''), key).not.toMatch(/[@|{}]/)
      }
    })
  }

  it('hold every key that the pages ask for by a fixed name', () => {
    const known = new Set(files.flatMap((file) => Object.keys(words('zh-CN', file))))
    const src = join(import.meta.dirname, '../src')
    const missing: string[] = []
    for (const entry of readdirSync(src, { recursive: true, withFileTypes: true })) {
      if (!/\.(vue|ts)$/.test(entry.name)) continue
      const text = readFileSync(join(entry.parentPath, entry.name), 'utf8')
      for (const [, key] of text.matchAll(/\bt\(\s*'([a-z][\w.-]*\.[\w.-]+)'/g)) {
        if (key && !known.has(key)) missing.push(`${entry.name}: ${key}`)
      }
    }
    expect(missing).toEqual([])
  })
})

describe('a problem', () => {
  const core = words('zh-CN', 'core.json')
  const t = (key: string, named: Record<string, unknown>) =>
    (core[key] ?? key).replace(/\{(\w+)\}/g, (_, name: string) => String(named[name]))
  const te = (key: string) => key in core
  const say = (problem: Problem) => problemText(problem, { t, te })

  it('is said by its code, with the wait in it', () => {
    const headers = new Headers({ 'retry-after': '12' })
    const problem = problemFromAnswer(429, { code: 'auth.locked' }, headers)
    expect(problem.retryAfter).toBe(12)
    expect(say(problem)).toBe('尝试次数过多，12 秒后可重试')
  })
  it('takes the wait from the body when there is no header', () => {
    expect(problemFromAnswer(429, { code: 'x', retry_after_secs: 7 }, new Headers()).retryAfter).toBe(7)
  })
  it('falls back to the words of the server, then to the class of the status', () => {
    const headers = new Headers()
    expect(say(problemFromAnswer(409, { code: 'queue.odd', detail: '正在使用' }, headers))).toBe('正在使用')
    expect(say(problemFromAnswer(404, { code: 'queue.odd' }, headers))).toBe(core['problem.family.missing'])
    expect(say(problemFromAnswer(502, null, headers))).toBe(core['problem.family.server'])
  })
  it('survives an answer that is no problem document', () => {
    const problem = problemFromAnswer(503, '<html>bad gateway</html>', new Headers({ 'x-request-id': 'r1' }))
    expect(problem).toMatchObject({ status: 503, code: 'http.503', errors: [], instance: 'r1' })
  })
  it('tells a silent network from a slow server', () => {
    expect(asProblem(new TypeError('Failed to fetch')).code).toBe('client.network')
    expect(asProblem(new DOMException('late', 'TimeoutError')).code).toBe('client.timeout')
    const own = new Problem({ status: 404, code: 'x' })
    expect(asProblem(own)).toBe(own)
  })
  it('lands its errors on fields by pointer, the first one wins', () => {
    const problem = new Problem({
      status: 422,
      code: 'invalid',
      errors: [
        { pointer: '/number', code: 'taken', detail: 'a' },
        { pointer: '/number', code: 'invalid', detail: 'b' },
        { pointer: '#/agents/0/level', code: 'out_of_range', detail: 'c' },
        { pointer: '', code: 'x', detail: 'd' },
      ],
    })
    const fields = fieldErrors(problem)
    expect(Object.keys(fields)).toEqual(['number', 'agents.0.level'])
    expect(fields.number?.code).toBe('taken')
  })
  it('is asked again only when the server or the way to it failed, and only twice', () => {
    expect(mayRetry(0, new Problem({ status: 503, code: 'x' }))).toBe(true)
    expect(mayRetry(1, new TypeError())).toBe(true)
    expect(mayRetry(2, new TypeError())).toBe(false)
    expect(mayRetry(0, new Problem({ status: 403, code: 'x' }))).toBe(false)
  })
})
