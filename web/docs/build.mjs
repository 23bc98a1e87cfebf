// The guide and the reference as one page: node build.mjs FOLDER. Links between them become links within it.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Marked } from 'marked';

const here = dirname(fileURLToPath(import.meta.url));
const docs = join(here, '../../docs');
const GROUPS = {
  'Begin': ['guide/quick-start.md', 'guide/javascript.md', 'guide/python.md', 'guide/go.md', 'guide/sql-apis.md',
    'guide/jobs.md', 'guide/webhooks-workers.md', 'guide/maps.md', 'guide/shared-polls.md', 'guide/bandwidth.md', 'guide/proxies.md', 'guide/events.md', 'guide/chat.md', 'guide/sdks.md',
    'guide/concepts.md'],
  'Run it': ['guide/transports.md', 'guide/deployment.md', 'guide/redis.md', 'guide/postgres.md', 'guide/outbox.md', 'guide/accounts.md', 'guide/live-queries.md', 'guide/live-dashboard.md',
    'guide/jobs-operations.md',
    'guide/console.md', 'guide/operating-connections.md', 'guide/metrics.md', 'guide/metrics-reference.md', 'guide/security.md', 'guide/troubleshooting.md', 'guide/codes.md', 'guide/upgrading.md'],
  'Coming from': ['guide/from-centrifugo.md', 'guide/from-socketio.md', 'guide/from-pusher.md',
    'guide/from-postgrest.md', 'guide/from-sidekiq-faktory.md', 'guide/from-bullmq.md', 'guide/from-celery.md',
    'guide/from-river.md'],
  'Reference': ['configuration.md', 'guide/jobs-reference.md', 'formats/sql-files.md', 'formats/rest.md', 'formats/sql-tests.md', 'compatibility.md'],
};
const PAGES = Object.values(GROUPS).flat();

const idOf = (path) => path.replace(/^.*\//, '').replace(/\.md$/, '');
const slug = (text) => text.toLowerCase().replace(/<[^>]*>|[^\p{L}\p{N}_\- ]/gu, '').trim().replaceAll(' ', '-');
const escape = (text) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

// A link of the page `from`; null: it leads to a file that is not here.
function target(href, from) {
  if (/^https?:/.test(href)) return href;
  const [path, anchor] = href.split('#');
  const page = path === '' ? from : normalize(join(dirname(from), path));
  if (!PAGES.includes(page)) return null;
  return `#${idOf(page)}${anchor ? `--${anchor}` : ''}`;
}

function render(page) {
  const id = idOf(page);
  const marked = new Marked({
    renderer: {
      heading({ tokens, depth }) {
        const html = this.parser.parseInline(tokens);
        const anchor = depth === 1 ? id : `${id}--${slug(html)}`;
        return `<h${depth} id="${anchor}"><a href="#${anchor}">${html}</a></h${depth}>\n`;
      },
      link({ href, tokens }) {
        const html = this.parser.parseInline(tokens);
        const to = target(href, page);
        return to === null ? html : `<a href="${escape(to)}">${html}</a>`;
      },
      table(token) {
        const row = (cells, tag) => `<tr>${cells.map((each) => `<${tag}>${this.parser.parseInline(each.tokens)}</${tag}>`).join('')}</tr>`;
        const head = token.header.some((each) => each.text !== '') ? `<thead>${row(token.header, 'th')}</thead>` : '';
        return `<div class="table"><table>${head}<tbody>${token.rows.map((each) => row(each, 'td')).join('\n')}</tbody></table></div>\n`;
      },
      code({ text, lang }) {
        const file = (lang ?? '').split(' ')[1];
        const name = file ? `<figcaption>${escape(file)}</figcaption>` : '';
        return `<figure>${name}<pre><code>${escape(text)}</code></pre></figure>\n`;
      },
    },
  });
  return `<article>\n${marked.parse(readFileSync(join(docs, page), 'utf8'))}</article>\n`;
}

const titleOf = (page) => readFileSync(join(docs, page), 'utf8').match(/^# (.*)$/m)[1]
  .replace(/^Coming from /, '').replace(/^A first app in /, 'First app: ').replace(/ from an existing Postgres in ten minutes$/, '');
const nav = Object.entries(GROUPS).map(([name, pages]) => `<p>${name}</p>\n<ul>\n${
  pages.map((page) => `<li><a href="#${idOf(page)}">${titleOf(page)}</a></li>`).join('\n')}\n</ul>`).join('\n');
const html = readFileSync(join(here, 'template.html'), 'utf8')
  .replace('{{nav}}', () => nav)
  .replace('{{pages}}', () => PAGES.map(render).join('\n'));
const folder = process.argv[2];
mkdirSync(folder, { recursive: true });
writeFileSync(join(folder, 'index.html'), html);
writeFileSync(join(folder, 'docs.css'), readFileSync(join(here, 'docs.css')));

for (const [, id] of html.matchAll(/href="#([^"]*)"/g)) {
  if (!html.includes(`id="${id}"`)) throw new Error(`docs: no place is called ${id}`);
}
