/** Runs first, on fresh data: everything after it uses the password that is set here. */
import { expect, test } from '@playwright/test'
import { changePassword, toolbar } from './console'
import { world } from './world'

test('the first login has to change the password before anything else opens', async ({ page }) => {
  await page.goto('/login')
  await page.getByLabel('用户名').fill(world.admin.userName)
  await page.getByLabel('密码', { exact: true }).fill(world.admin.first)
  await page.getByRole('button', { name: '登录', exact: true }).click()
  const change = page.getByRole('heading', { name: '修改密码' })
  await expect(change).toBeVisible()
  await page.goto('/voice/servers')
  await expect(change).toBeVisible()
  await changePassword(page)
  await expect(toolbar(page)).toBeVisible()
})
