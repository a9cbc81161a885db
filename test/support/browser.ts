import { join } from 'node:path'
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core'
import { findClient } from './clients.js'

const args = [
  '--no-sandbox',
  '--disable-gpu',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

/** Starts the machine's browser without a window. */
export const startBrowser = (): Promise<Browser> =>
  chromium.launch({ executablePath: join(findClient('chromium') ?? '', 'chromium'), args, headless: true })

/** A page, what it said on its console, and what it asked for. */
export type Visit = { page: Page; complaints: string[]; requests: string[] }

/** Opens a file. */
export async function visit(
  browser: Browser,
  file: string,
  options: BrowserContextOptions = {},
): Promise<Visit> {
  const context = await browser.newContext({ viewport: { width: 1200, height: 900 }, ...options })
  const page = await context.newPage()
  const complaints: string[] = []
  const requests: string[] = []
  page.on('console', message => complaints.push(`${message.type()}: ${message.text()}`))
  page.on('pageerror', error => complaints.push(error.message))
  page.on('request', request => requests.push(request.url()))
  await page.goto(`file://${file}`)
  return { page, complaints, requests }
}
