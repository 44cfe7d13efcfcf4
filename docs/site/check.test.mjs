import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, test } from 'node:test'

import { check } from './check.mjs'
import { site, source } from './repository.mjs'

let directory

const write = (file, text) => {
  mkdirSync(dirname(join(directory, file)), { recursive: true })
  writeFileSync(join(directory, file), text)
}

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'site'))
  write('sitemap.xml', `<loc>${site}</loc><loc>${site}docs/</loc><loc>${site}guide.html</loc>`)
  write('index.html', `<img src="plot.svg"><a href="docs/#a%26b">all</a> &lt;a href="gone.html"&gt; <a href="${source}pom.xml">`)
  write('docs/index.html', '<h2 id="a&amp;b">All</h2> <a href="../guide.html">guide</a>')
  write('guide.html', '<script>"<a href="gone.html">"</script><!-- <a href="gone.html"> --><a class="x>y" href="#top" id="top">')
  write('plot.svg', '<svg/>')
})

afterEach(() => rmSync(directory, { recursive: true }))

test('a sound site has no problems', () => assert.deepEqual(check(directory), []))

const faults = {
  'a page': ['<a href="gone.html">', 'guide.html: gone.html: no such file'],
  'a page outside of the site': ['<a href="/gone.html">', 'guide.html: /gone.html: no such file'],
  'a page, by the address of the site': [`<a href="${site}gone/">`, `guide.html: ${site}gone/: no such file`],
  'an anchor of the page': ['<a href="#gone">', 'guide.html: #gone: no such anchor'],
  'an anchor of another page': ['<a href="docs/#a">', 'guide.html: docs/#a: no such anchor'],
  'an image': ['<img src="gone.svg">', 'guide.html: gone.svg: no such file'],
  'a method in the Javadoc': ['<a href="index.html#get()">', 'guide.html: index.html#get(): no such anchor'],
  'a file of the repository': [`<a href="${source}gone">`, `guide.html: ${source}gone: no such file`]
}
for (const [name, [html, problem]] of Object.entries(faults)) {
  test(`a dead link to ${name} is a problem`, () => {
    write('guide.html', html)

    assert.deepEqual(check(directory), [problem])
  })
}

test('a page that docs/README.md does not list is a problem', () => {
  write('docs/index.html', '<h2 id="a&amp;b">All</h2>')

  assert.deepEqual(check(directory), [`${site}guide.html: not in docs/README.md`])
})

test('a dead link in a style sheet is a problem', () => {
  write('fonts/style.css', '@import url("gone.css"); a { background: url(../plot.svg) }')

  assert.deepEqual(check(directory), ['fonts/style.css: gone.css: no such file'])
})

test('a dead link in the sitemap or in llms.txt is a problem', () => {
  rmSync(join(directory, 'guide.html'))
  write('docs/index.html', `<h2 id="a&amp;b">All</h2> <a href="${site}guide.html">guide</a>`)
  write('llms.txt', `[Guide](${site}guide.html)`)

  assert.deepEqual(check(directory).sort(), ['docs/index.html', 'llms.txt', 'sitemap.xml'].map((file) => `${file}: ${site}guide.html: no such file`))
})
