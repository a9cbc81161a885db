/** A pool that several builds share: a `jobshim serve`, or a server that keeps an account in its place. */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { accounted, openAccount } from '../support/pools.js'
import { censusIsTaken, endRestored, endServer, freeTokens, type Serve, serve } from './served.js'
import { makeYard, type Yard } from './yard.js'

export type Shared = {
  yard: Yard // its tools use it
  fifo: string // its path
  free(): number
  ledger(): string // its path
  looked(): Promise<void> // once the census has seen what is lost by now; a server with an account takes none
  end(restored?: number | 'some'): Promise<void> // tokens that were lost with killed clients: of these a server with an account says nothing
}

/** Opens one of so many tokens. */
export async function share(tokens: number, { args = [] }: Pick<Serve, 'args'> = {}): Promise<Shared> {
  if (accounted === undefined) {
    const served = await serve(tokens, { args })
    return {
      yard: served.yard,
      fifo: served.fifo,
      free: () => freeTokens(served),
      ledger: () => `${served.fifo}.ledger`,
      looked: () => censusIsTaken(served),
      end: (restored = 0) =>
        restored === 0 ? endServer(served) : endRestored(served, restored === 'some' ? undefined : restored),
    }
  }
  const yard = await makeYard('')
  const { path, account } = await openAccount(tokens, accounted)
  return {
    yard,
    fifo: path,
    free: () => account().free,
    ledger: () => ledgerIn(yard),
    looked: () => Promise.resolve(),
    async end() {
      assert.is(account().free, tokens)
    },
  }
}

/** The yard's only ledger: its own pool is not used. */
function ledgerIn({ runtime }: Yard): string {
  const [file = ''] = readdirSync(runtime, { recursive: true, encoding: 'utf8' }).filter(name =>
    /\/v1-[^/.]*$/.test(name),
  )
  return join(runtime, file === '' ? 'no ledger yet' : file)
}
