/**
 * Foreign sources, as Debian has them: fetched by apt-get into a temporary directory; nothing of the system's changes. `SOURCE_CCACHE=DIR`
 * names an unpacked one that is taken instead, and so for each package.
 */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** `deb-src` lines for where the system has its packages from. */
function sourceLines(): string {
  const format = ['--format', '$(SITE) $(RELEASE) $(COMPONENT)', 'Created-By: Packages', 'Component: main']
  const found = execFileSync('apt-get', ['indextargets', ...format], { encoding: 'utf8' })
  const lines = [...new Set(found.split('\n'))].filter(line => /\bdebian\b/.test(line))
  return lines.map(line => `deb-src ${line}\n`).join('')
}

export type Sources = { fetch(name: string): string }

/** Makes ready to fetch below `directory`. */
export function debianSources(directory: string): Sources {
  const lists = join(directory, 'lists')
  const list = join(directory, 'sources.list')
  const options = [
    `Dir::Etc::SourceList=${list}`,
    'Dir::Etc::SourceParts=/dev/null',
    `Dir::State::Lists=${lists}`,
    'Dir::Cache::pkgcache=',
    'Dir::Cache::srcpkgcache=',
    `APT::Sandbox::User=${process.env.USER ?? 'root'}`,
  ].flatMap(option => ['-o', option])
  const apt = (words: readonly string[], cwd: string): void => {
    execFileSync('apt-get', [...options, '-qq', ...words], { cwd, stdio: ['ignore', 'ignore', 'inherit'] })
  }
  let isUpdated = false
  return {
    /** Returns the directory of the unpacked source package. */
    fetch(name) {
      const given = process.env[`SOURCE_${name.toUpperCase()}`]
      if (given !== undefined) return given
      if (!isUpdated) {
        mkdirSync(join(lists, 'partial'), { recursive: true })
        writeFileSync(list, sourceLines())
        apt(['update'], directory)
        isUpdated = true
      }
      const place = join(directory, name)
      mkdirSync(place)
      apt(['source', name], place)
      const unpacked = readdirSync(place).find(entry => existsSync(join(place, entry, 'debian')))
      if (unpacked === undefined) throw new Error(`${name}: apt-get source unpacked nothing`)
      return join(place, unpacked)
    },
  }
}
