import { existsSync, writeFileSync } from 'node:fs'
import { posix, relative, resolve } from 'node:path'

import { defineConfig } from 'vitepress'

import { read, repository, root, site, source } from '../repository.mjs'

/** Returns what a page of the repository is on the site, where docs/ is at the top and a README is the index of its directory. */
const rewrite = (page) => page.replace(/^docs\/(?!README)/, '').replace(/README\.md$/, 'index.md')

/** Returns where a link in a file of the repository leads to: to a page of the site, or to the repository's other files. */
function target(file, link) {
  if (/^(\w+:|#)/.test(link)) return link
  const [path, hash] = link.split('#')
  const linked = posix.join(posix.dirname(file), path)
  const page = `/${rewrite(linked)}`.replace(/\/index\.md$/, '/').replace(/\.md$/, '.html')
  return (linked.endsWith('.md') ? page : source + linked) + (hash ? `#${hash}` : '')
}

/** Returns the links of docs/README.md by section and group. Pages have their own titles there. */
function sidebar() {
  const sections = []
  let items
  for (const line of read('docs/README.md').split('\n')) {
    const [, section] = line.match(/^##+ ([^:]+)/) ?? []
    const [, group] = line.match(/^([A-Z].*):$/) ?? []
    if (section ?? group) {
      const parent = section ? sections : sections.at(-1).items
      parent.push({ text: section ?? group, items: (items = []) })
    }
    for (const [, link] of line.matchAll(/\]\(([^)]+\.md)\)/g)) {
      const [, title] = read(posix.join('docs', link)).match(/^# (.+)/m)
      items?.push({ text: title.replaceAll('`', ''), link: target('docs/README.md', link) })
    }
  }
  return sections
}

/** Resolves links as GitHub does, puts tables into boxes in which they scroll, and lets chains of calls wrap. */
function github(md) {
  md.core.ruler.push('links', ({ tokens, env }) => {
    const page = relative(root, env.realPath ?? env.path)
    for (const token of tokens.flatMap((block) => block.children ?? [])) {
      if (token.type === 'link_open') token.attrSet('href', target(page, token.attrGet('href')))
    }
  })
  md.renderer.rules.table_open = () => '<div class="table" tabindex="0"><table>\n'
  md.renderer.rules.table_close = () => '</table></div>\n'
  const code = md.renderer.rules.code_inline
  md.renderer.rules.code_inline = (...args) => code(...args).replace(/\((?=\w)|\)(?=\.)/g, '$&<wbr>')
}

/** Names the anchors of headings as GitHub does. */
const slugify = (heading) => heading.toLowerCase().replace(/[^\p{L}\p{N}_\- ]/gu, '').replaceAll(' ', '-')

/** Finds Vue, which is not installed where the pages are, when they are rendered. */
const vue = {
  name: 'vue',
  enforce: 'pre',
  resolveId: (id, page, { ssr }) => (ssr && /^vue($|\/)/.test(id) ? { id, external: true } : null)
}

export default defineConfig({
  title: 'contextvars',
  description: read('pom.xml').match(/<description>(.+)<\//)[1],
  lang: 'en',
  base: new URL(site).pathname,
  srcDir: root,
  srcExclude: ['**/{node_modules,src,target}/**'],
  rewrites: rewrite,
  outDir: resolve(root, 'target/site'),
  cacheDir: resolve(root, 'target/vitepress'),
  ignoreDeadLinks: true, // check.mjs finds them, and dead anchors too
  sitemap: { hostname: site },
  markdown: { config: github, anchor: { slugify }, attrs: { disable: true } },
  vite: { plugins: [vue] },
  head: [['link', { rel: 'icon', href: 'data:,' }]],
  themeConfig: {
    nav: [
      { text: 'Documentation', link: '/docs/' },
      { text: 'Javadoc', link: '/api/index.html', target: '_self' }
    ],
    sidebar: sidebar(),
    outline: [2, 3],
    search: {
      provider: 'local',
      options: { miniSearch: { searchOptions: { combineWith: 'AND', boost: { title: 8, titles: 2 } } } }
    },
    editLink: { pattern: `${source}:path`, text: 'Source of this page' },
    socialLinks: [{ icon: 'github', link: repository }]
  },
  buildEnd({ outDir }) {
    if (!existsSync(resolve(root, 'docs/llms.txt'))) return
    const address = (link) => target('docs/llms.txt', link).replace(/^\//, site)
    writeFileSync(resolve(outDir, 'llms.txt'), read('docs/llms.txt').replace(/(?<=]\()[^)]+/g, address))
  }
})
