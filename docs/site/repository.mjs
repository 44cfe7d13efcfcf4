import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'

/** The directory of the repository. */
export const root = resolve(import.meta.dirname, '../..')

/** Returns the text of a file of the repository. */
export const read = (file) => readFileSync(resolve(root, file), 'utf8')

/** The address of the repository. */
export const [, repository] = read('pom.xml').match(/<repository\.url>(.+)<\//)

/** The address of the repository's files: those of the tag that is published, or else of the branch main. */
export const source = `${repository}/blob/${process.env.GITHUB_REF_NAME ?? 'main'}/`

/** The address of the site on GitHub Pages. */
export const site = repository.replace(/^https:\/\/github\.com\/(.+)\/(.+)/, 'https://$1.github.io/$2/')
