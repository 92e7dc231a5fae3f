import { defineConfig } from '@playwright/test'

// Runs against a built server with the simulator behind it (scripts/test starts both). Nothing is downloaded: the
// browser is the distribution's.
export default defineConfig({
  testDir: 'e2e',
  outputDir: 'test-results',
  // One world, one seat: the tests take turns.
  workers: 1,
  fullyParallel: false,
  timeout: 30_000,
  expect: { timeout: 10_000 },
  reporter: process.env.CI ? [['list'], ['html', { open: 'never' }]] : 'list',
  use: {
    baseURL: process.env.CORDBOARD_URL ?? 'http://127.0.0.1:8088',
    viewport: { width: 1440, height: 900 },
    locale: 'zh-CN',
    timezoneId: 'Asia/Shanghai',
    trace: 'retain-on-failure',
    screenshot: 'only-on-failure',
    launchOptions: { executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox'] },
  },
})
