import { expect, test, type WebSocketRoute } from '@playwright/test'
import { signIn } from './console'

test('the live pages open with a snapshot', async ({ page }) => {
  await signIn(page)
  for (const [path, name] of [
    ['/calls/live', '当前通话'],
    ['/calls/waiting', '排队队列'],
    ['/calls/agents', '坐席'],
  ] as const) {
    await page.goto(path)
    await expect(page.getByRole('heading', { name, exact: true })).toBeVisible()
    await expect(page.getByRole('status', { name: '正在载入实时数据' })).toBeHidden()
  }
  await expect(page.getByRole('table', { name: '坐席' })).toContainText('1001')
})

test('a lost socket is shown, and everything is back by itself', async ({ page }) => {
  let socket: WebSocketRoute | null = null
  let open = true
  await page.routeWebSocket('**/api/v1/ws', (route) => {
    socket = route
    if (open) route.connectToServer()
    else void route.close()
  })
  await signIn(page)
  await page.goto('/calls/agents')
  const table = page.getByRole('table', { name: '坐席' })
  await expect(table).toContainText('1001')

  open = false
  await (socket as WebSocketRoute | null)?.close()
  await expect(page.getByTestId('link-dot')).toBeVisible()
  // The old rows stay, with their age, and the toolbar does not pretend.
  await expect(table).toContainText('1001')
  await expect(page.getByText(/数据截至/)).toBeVisible()
  await expect(page.getByTestId('banner')).toContainText('实时数据', { timeout: 15_000 })

  open = true
  await page.getByRole('button', { name: '立即重连' }).click()
  await expect(page.getByTestId('banner')).toBeHidden()
  await expect(page.getByTestId('link-dot')).toBeHidden()
  await expect(page.getByText(/数据截至/)).toBeHidden()
})

test('a short break heals unseen within a second', async ({ page }) => {
  let socket: WebSocketRoute | null = null
  let connections = 0
  await page.routeWebSocket('**/api/v1/ws', (route) => {
    socket = route
    connections += 1
    route.connectToServer()
  })
  await signIn(page)
  await page.goto('/calls/agents')
  await expect(page.getByRole('table', { name: '坐席' })).toContainText('1001')
  const before = connections
  await (socket as WebSocketRoute | null)?.close()
  await expect.poll(() => connections, { timeout: 1500 }).toBe(before + 1)
  await expect(page.getByTestId('banner')).toBeHidden()
})
