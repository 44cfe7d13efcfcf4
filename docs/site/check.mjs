import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { extname, join, resolve } from 'node:path'

import { root, site, source } from './repository.mjs'

const TAG = /<[a-z](?:"[^"]*"|[^">])*>/gi
const ANCHOR = /\s(?:id|name)="([^"]*)"/g
const LINKS = {
  '.css': /url\(['"]?([^'")]+)/g,
  '.html': /\s(?:href|src)="([^"]*)"/g,
  '.txt': /]\(([^)\s]+)/g,
  '.xml': /<loc>([^<]+)/g
}

/** The page that lists all others. */
const INDEX = 'docs/index.html'

const unescape = (text) => text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&quot;', '"').replaceAll('&amp;', '&')

const find = (text, pattern) => new Set([...text.matchAll(pattern)].map(([, match]) => unescape(match)))

/** Returns the tags of a page of HTML, and other files as they are. */
function markup(file, text) {
  if (extname(file) !== '.html') return text
  return text.replace(/<!--[^]*?-->|(?<=<script[^>]*>)[^]*?(?=<\/script>)/g, '').match(TAG).join('')
}

/**
 * Returns the problems of a site: links to pages, anchors, images and files of the repository that do not exist, and pages that
 * the index does not list. The sitemap, llms.txt and style sheets are checked as pages are.
 */
export function check(directory) {
  const files = new Set(readdirSync(directory, { recursive: true }))
  const pages = new Map()
  for (const file of files) {
    if (!(extname(file) in LINKS)) continue
    const text = markup(file, readFileSync(join(directory, file), 'utf8'))
    pages.set(file, { anchors: find(text, ANCHOR), links: find(text, LINKS[extname(file)]) })
  }

  function problem(page, link) {
    const { href, hash } = new URL(link, site + page)
    const address = decodeURIComponent(href.replace(/[?#].*/, ''))
    const anchor = decodeURIComponent(hash.slice(1))
    if (address.startsWith(source)) return existsSync(join(root, address.slice(source.length))) ? null : 'no such file'
    if (!href.startsWith(new URL('/', site))) return null
    const file = address.slice(site.length).replace(/(?<=^|\/)$/, 'index.html')
    if (!href.startsWith(site) || !files.has(file)) return 'no such file'
    return !anchor || pages.get(file)?.anchors.has(anchor) ? null : 'no such anchor'
  }

  const problems = []
  for (const [page, { links }] of pages) {
    for (const link of links) {
      const reason = problem(page, link)
      if (reason) problems.push(`${page}: ${link}: ${reason}`)
    }
  }
  const listed = new Set([site, site + 'docs/'])
  for (const link of pages.get(INDEX).links) listed.add(new URL(link, site + INDEX).href)
  for (const page of pages.get('sitemap.xml').links) if (!listed.has(page)) problems.push(`${page}: not in docs/README.md`)
  return problems
}

if (process.argv[1] === import.meta.filename) {
  const problems = check(resolve(root, 'target/site'))
  for (const problem of problems) console.error(problem)
  process.exitCode = problems.length ? 1 : 0
}
