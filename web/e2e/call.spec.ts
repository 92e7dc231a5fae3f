import { expect, test } from '@playwright/test'
import { becomeReady, button, expectState, pill, signIn, takeSeat, toolbar } from './console'
import { ownQueue } from './queue'
import { callIn, hangUp, manualPhone, quiet } from './switch'
import { world } from './world'

test.beforeAll(async ({ request }) => ownQueue(request))

test.beforeEach(async ({ page }) => {
  await quiet()
  await manualPhone()
  await signIn(page)
})

test('an agent signs in to an extension, becomes ready and not ready with a reason', async ({ page }) => {
  await takeSeat(page)
  await becomeReady(page)
  await page.getByRole('button', { name: '未就绪的原因' }).click()
  await page.getByRole('menuitem', { name: '会议' }).click()
  await expectState(page, 'not_ready')
  await expect(pill(page)).toContainText('会议')
  // The state is the server's: a reload finds it again.
  await page.reload()
  await expectState(page, 'not_ready')
  await expect(pill(page)).toContainText('会议')
})

test('a call rings, is answered, held, retrieved, hung up, and stands in the history with its recording', async ({
  page,
}) => {
  await takeSeat(page)
  await becomeReady(page)
  const before = Date.now()
  await callIn()

  const bar = page.getByTestId('ring-bar')
  await expect(bar).toBeVisible()
  await expect(bar).toContainText('138 0013 8000')
  await expectState(page, 'ringing')
  await bar.getByRole('button', { name: '接听' }).click()
  await expectState(page, 'talking')
  await expect(bar).toBeHidden()
  await expect(page.getByTestId('call-card')).toContainText('138 0013 8000')

  await page.goto('/calls/live')
  await expect(page.getByRole('table', { name: '当前通话' })).toContainText('通话中')

  await button(page, '保持').click()
  await expectState(page, 'held')
  await button(page, '取回').click()
  await expectState(page, 'talking')
  await button(page, '挂断').click()
  await expect(page.getByTestId('call-card')).toBeHidden()

  await page.goto(`/calls/history?number=${world.caller}`)
  const table = page.getByRole('table', { name: '历史通话' }).last()
  await expect(async () => {
    await page.getByRole('button', { name: '刷新' }).click()
    await expect(table.getByRole('row').first()).toContainText('已接听', { timeout: 500 })
  }).toPass()
  await table
    .getByRole('button', { name: /查看 .* 的通话/ })
    .first()
    .click()
  const detail = page.getByRole('dialog', { name: '通话详情' })
  await expect(detail.getByRole('heading', { name: '时间线' })).toBeVisible()
  await expect(detail).toContainText(`接通`)
  const started = await detail.locator('time').first().getAttribute('datetime')
  expect(Date.parse(started ?? '')).toBeGreaterThan(before - 5000)
  await detail.getByRole('button', { name: '播放' }).click()
  await expect(detail.getByRole('button', { name: '暂停' })).toBeVisible()
})

test('a caller who gives up while it rings leaves no ring bar behind', async ({ page }) => {
  await takeSeat(page)
  await becomeReady(page)
  const caller = await callIn()
  await expect(page.getByTestId('ring-bar')).toBeVisible()
  await hangUp(caller)
  await expect(page.getByTestId('ring-bar')).toBeHidden()
})

test('buttons that cannot be pressed stay focusable and say why', async ({ page }) => {
  await takeSeat(page)
  const answer = button(page, '接听')
  await expect(answer).toHaveAttribute('aria-disabled', 'true')
  await answer.focus()
  await expect(answer).toBeFocused()
  await expect(answer).toHaveAccessibleDescription(/当前没有通话/)
  await expect(toolbar(page)).toBeVisible()
})
