/** What a person does in the console, in words of the person. */
import { expect, type Page } from '@playwright/test'
import { world } from './world'

export async function signIn(page: Page): Promise<void> {
  await page.goto('/login')
  const attempt = async (password: string) => {
    await page.getByLabel('用户名').fill(world.admin.userName)
    await page.getByLabel('密码', { exact: true }).fill(password)
    await page.getByRole('button', { name: '登录', exact: true }).click()
  }
  await attempt(world.admin.password)
  const shell = page.getByRole('toolbar', { name: '语音工具条' })
  const refused = page.getByRole('alert')
  await expect(shell.or(refused)).toBeVisible()
  if (await shell.isVisible()) return
  // A fresh installation: the first password has to be changed.
  await attempt(world.admin.first)
  await changePassword(page)
  await expect(shell).toBeVisible()
}

export async function changePassword(page: Page): Promise<void> {
  await expect(page.getByRole('heading', { name: '修改密码' })).toBeVisible()
  await page.getByLabel('当前密码').fill(world.admin.first)
  await page.getByLabel('新密码', { exact: true }).fill(world.admin.password)
  await page.getByLabel('再次输入新密码').fill(world.admin.password)
  await page.getByRole('button', { name: '保存新密码' }).click()
}

export const toolbar = (page: Page) => page.getByRole('toolbar', { name: '语音工具条' })
export const button = (page: Page, name: string) => toolbar(page).getByRole('button', { name, exact: true })
export const pill = (page: Page) => toolbar(page).locator('[data-state]')

export async function expectState(page: Page, state: string): Promise<void> {
  await expect(pill(page)).toHaveAttribute('data-state', state)
}

/** Signs in to the extension, unless that is so already. */
export async function takeSeat(page: Page): Promise<void> {
  await expect(pill(page)).not.toHaveAttribute('data-state', 'connecting')
  if ((await pill(page).getAttribute('data-state')) !== 'signed_out') return
  await button(page, '登录').click()
  const dialog = page.getByRole('dialog', { name: '登录分机' })
  await dialog.getByLabel('分机号').fill(world.extension)
  await dialog.getByLabel('分机密码').fill(world.extensionPassword)
  await dialog.getByRole('button', { name: '登录', exact: true }).click()
  await expect(dialog).toBeHidden()
}

export async function becomeReady(page: Page): Promise<void> {
  if ((await pill(page).getAttribute('data-state')) === 'ready') return
  await expect(button(page, '就绪')).toHaveAttribute('aria-disabled', 'false')
  await button(page, '就绪').click()
  await expectState(page, 'ready')
}
