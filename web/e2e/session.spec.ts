import { expect, test } from '@playwright/test'
import { signIn, toolbar } from './console'
import { world } from './world'

test('a wrong password is refused in words and the name stays', async ({ page }) => {
  await page.goto('/login')
  await page.getByLabel('用户名').fill(world.admin.userName)
  await page.getByLabel('密码', { exact: true }).fill('certainly wrong')
  await page.getByRole('button', { name: '登录', exact: true }).click()
  await expect(page.getByRole('alert')).toContainText('用户名或密码不对')
  await expect(page.getByLabel('用户名')).toHaveValue(world.admin.userName)
})

test('a reload keeps the session and the page', async ({ page }) => {
  await signIn(page)
  await page.goto('/calls/history?period=last7')
  await expect(page.getByRole('heading', { name: '历史通话' })).toBeVisible()
  await page.reload()
  await expect(page.getByRole('heading', { name: '历史通话' })).toBeVisible()
  await expect(page).toHaveURL(/period=last7/)
})

test('a session that ended asks over the page and keeps what was typed', async ({ page, context }) => {
  await signIn(page)
  await page.goto('/voice/routes')
  await page.getByRole('button', { name: '新建' }).click()
  const drawer = page.getByRole('dialog', { name: '新建路由规则' })
  await drawer.getByLabel('名称').fill('草稿规则')
  // The server forgets the session: every token is refused, the cookie is gone.
  await context.clearCookies()
  let refuse = true
  await page.route('**/api/v1/voice/**', (route) =>
    refuse
      ? route.fulfill({
          status: 401,
          contentType: 'application/problem+json',
          body: '{"code":"auth.session_over"}',
        })
      : route.continue(),
  )
  await drawer.getByLabel('号码规则').fill('^9$')
  await drawer.getByLabel('类型').press('Enter')
  await page.getByRole('option', { name: '内部' }).click()
  await drawer.getByRole('button', { name: '保存' }).click()
  const over = page.getByRole('dialog', { name: '登录已过期' })
  await expect(over).toBeVisible()
  refuse = false
  await page.route('**/api/v1/voice/routes', (route) =>
    route.request().method() === 'POST'
      ? route.fulfill({ status: 422, json: { code: 'invalid', detail: '试验' } })
      : route.continue(),
  )
  await over.getByLabel('密码', { exact: true }).fill(world.admin.password)
  await over.getByRole('button', { name: '登录', exact: true }).click()
  await expect(over).toBeHidden()
  await expect(drawer.getByLabel('名称')).toHaveValue('草稿规则')
})

test('an unknown address is a page inside the shell', async ({ page }) => {
  await signIn(page)
  await page.goto('/no/such/page')
  await expect(page.getByRole('heading', { name: '页面不存在' })).toBeVisible()
  await expect(toolbar(page)).toBeVisible()
})

test('language and theme switch without a reload', async ({ page }) => {
  await signIn(page)
  await page.goto('/calls/live')
  await page.getByRole('button', { name: 'Switch to English' }).click()
  await expect(page.getByRole('heading', { name: 'Current calls' })).toBeVisible()
  await expect(page.locator('html')).toHaveAttribute('lang', 'en')
  await page.getByRole('button', { name: '切换到中文' }).click()
  await expect(page.getByRole('heading', { name: '当前通话' })).toBeVisible()
})
