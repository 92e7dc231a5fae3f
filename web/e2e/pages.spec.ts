import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { expect, test, type Page } from '@playwright/test'
import { signIn } from './console'

// Every page, light and dark, full, empty and failed: no accessibility finding, no sideways scrolling.
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']
const PAGES = [
  '/workplace',
  '/calls/history',
  '/calls/live',
  '/calls/waiting',
  '/calls/agents',
  '/voice/servers',
  '/voice/gateways',
  '/voice/extensions',
  '/voice/queues',
  '/voice/routes',
  '/no/such/page',
]
type Theme = 'light' | 'dark'

interface AxeWindow {
  axe: {
    run(
      context: Document,
      options: object,
    ): Promise<{ violations: { id: string; nodes: { target: unknown; failureSummary?: string }[] }[] }>
  }
}

async function findings(page: Page): Promise<string[]> {
  // Through the debugger: the page's own policy forbids foreign scripts.
  await page.evaluate(axe)
  return page.evaluate(async (tags) => {
    const { violations } = await (window as unknown as AxeWindow).axe.run(document, {
      runOnly: { type: 'tag', values: tags },
    })
    return violations.flatMap((violation) =>
      violation.nodes.map((node) => `${violation.id}: ${String(node.target)} – ${node.failureSummary ?? ''}`),
    )
  }, TAGS)
}
async function choose(page: Page, theme: Theme): Promise<void> {
  await page.emulateMedia({ colorScheme: theme, reducedMotion: 'reduce' })
}
async function settled(page: Page): Promise<void> {
  await expect(page.locator('h1')).toBeVisible()
  await expect(page.getByRole('status', { name: /正在载入/ })).toHaveCount(0)
}
async function expectNoSidewaysScroll(page: Page): Promise<void> {
  const wider = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)
  expect(wider).toBeLessThanOrEqual(0)
}

for (const theme of ['light', 'dark'] as const) {
  test(`the login page has no finding, ${theme}`, async ({ page }) => {
    await choose(page, theme)
    await page.goto('/login')
    await expect(page.getByRole('heading', { name: '登录' })).toBeVisible()
    expect(await findings(page)).toEqual([])
  })

  test(`pages with data have no finding, ${theme}`, async ({ page }) => {
    test.setTimeout(120_000)
    await choose(page, theme)
    await signIn(page)
    for (const path of PAGES) {
      await page.goto(path)
      await settled(page)
      expect(await findings(page), path).toEqual([])
    }
  })

  test(`empty and failed pages have no finding, ${theme}`, async ({ page }) => {
    test.setTimeout(120_000)
    await choose(page, theme)
    await signIn(page)
    const lists = /\/api\/v1\/(calls|voice\/\w+)(\?|$)/
    const empty = {
      rows: [],
      total: 0,
      total_is_exact: true,
      page: 1,
      page_size: 20,
      next_cursor: null,
      prev_cursor: null,
    }
    await page.route(lists, (route) => route.fulfill({ json: empty }))
    for (const path of ['/calls/history', '/voice/routes', '/voice/servers']) {
      await page.goto(path)
      await settled(page)
      expect(await findings(page), `${path} empty`).toEqual([])
    }
    await page.unroute(lists)
    await page.route(lists, (route) =>
      route.fulfill({
        status: 403,
        contentType: 'application/problem+json',
        body: '{"code":"auth.forbidden"}',
      }),
    )
    for (const path of ['/calls/history', '/voice/routes']) {
      await page.goto(path)
      await expect(page.getByRole('alert')).toBeVisible()
      expect(await findings(page), `${path} failed`).toEqual([])
    }
  })

  test(`forms, dialogs and the call detail have no finding, ${theme}`, async ({ page }) => {
    test.setTimeout(120_000)
    await choose(page, theme)
    await signIn(page)
    for (const path of [
      '/voice/servers',
      '/voice/gateways',
      '/voice/extensions',
      '/voice/queues',
      '/voice/routes',
    ]) {
      await page.goto(path)
      await settled(page)
      await page.getByRole('button', { name: '新建' }).first().click()
      await expect(page.getByRole('dialog')).toBeVisible()
      // Failed fields too.
      await page.getByRole('dialog').getByRole('button', { name: '保存', exact: true }).click()
      await expect(page.locator('[aria-invalid="true"]').first()).toBeFocused()
      expect(await findings(page), path).toEqual([])
    }
    await page.goto('/calls/history?period=last30')
    await settled(page)
    const first = page.getByRole('button', { name: /查看 .* 的通话/ }).first()
    if (await first.isVisible()) {
      await first.click()
      await expect(page.getByRole('heading', { name: '时间线' })).toBeVisible()
      expect(await findings(page), 'call detail').toEqual([])
    }
  })
}

test('no page scrolls sideways at 1440 and 1024, in both languages', async ({ page }) => {
  test.setTimeout(180_000)
  await signIn(page)
  for (const language of ['zh', 'en'] as const) {
    if (language === 'en') await page.getByRole('button', { name: 'Switch to English' }).click()
    for (const path of PAGES) {
      await page.goto(path)
      await expect(page.locator('h1')).toBeVisible()
      for (const width of [1024, 1440]) {
        await page.setViewportSize({ width, height: 768 })
        await expectNoSidewaysScroll(page)
      }
    }
  }
})

test('a page the person has no right for says so inside the shell', async ({ page }) => {
  await page.route('**/api/v1/me', async (route) => {
    const answer = await route.fetch()
    const me = (await answer.json()) as Record<string, unknown>
    await route.fulfill({ response: answer, json: { ...me, is_admin: false, permissions: ['desk.use'] } })
  })
  await signIn(page)
  await page.goto('/voice/routes')
  await expect(page.getByRole('heading', { name: '没有权限' })).toBeVisible()
  await expect(page.getByRole('toolbar', { name: '语音工具条' })).toBeVisible()
  await expect(page.getByRole('navigation', { name: '主菜单' }).getByText('路由规则')).toHaveCount(0)
})
